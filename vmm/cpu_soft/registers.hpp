// The library's register file as plain C++: pointers into it, filled in by the one file that sees x86emu.h.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/cpu_soft/cpu_state.hpp"

namespace vmm::cpu_soft {

/// EFLAGS: SDM volume 1, section 3.4.3.
namespace eflags {
inline constexpr std::uint32_t kCf = 1u << 0;
inline constexpr std::uint32_t kFixed = 1u << 1;
inline constexpr std::uint32_t kPf = 1u << 2;
inline constexpr std::uint32_t kAf = 1u << 4;
inline constexpr std::uint32_t kZf = 1u << 6;
inline constexpr std::uint32_t kSf = 1u << 7;
inline constexpr std::uint32_t kTf = 1u << 8;
inline constexpr std::uint32_t kIf = 1u << 9;
inline constexpr std::uint32_t kDf = 1u << 10;
inline constexpr std::uint32_t kOf = 1u << 11;
inline constexpr std::uint32_t kIopl = 3u << 12;
inline constexpr std::uint32_t kNt = 1u << 14;
inline constexpr std::uint32_t kRf = 1u << 16;
inline constexpr std::uint32_t kVm = 1u << 17;
inline constexpr std::uint32_t kAc = 1u << 18;
inline constexpr std::uint32_t kId = 1u << 21;
inline constexpr std::uint32_t kArithmetic = kCf | kPf | kAf | kZf | kSf | kOf;
/// What PUSHF, POPF and an interrupt's frame carry: RF and VM have no use here.
inline constexpr std::uint32_t kImage = kArithmetic | kTf | kIf | kDf | kIopl | kNt | kAc | kId;
}  // namespace eflags

/// CR0: SDM volume 3, section 2.5.
namespace cr0 {
inline constexpr std::uint32_t kPe = 1u << 0;
inline constexpr std::uint32_t kMp = 1u << 1;
inline constexpr std::uint32_t kEm = 1u << 2;
inline constexpr std::uint32_t kTs = 1u << 3;
inline constexpr std::uint32_t kEt = 1u << 4;
inline constexpr std::uint32_t kNe = 1u << 5;
inline constexpr std::uint32_t kWp = 1u << 16;
inline constexpr std::uint32_t kAm = 1u << 18;
inline constexpr std::uint32_t kNw = 1u << 29;
inline constexpr std::uint32_t kCd = 1u << 30;
inline constexpr std::uint32_t kPg = 1u << 31;
}  // namespace cr0

/// Bits of Segment::access: a descriptor's, SDM volume 3, section 3.4.5.
namespace access {
inline constexpr std::uint16_t kWritable = 1u << 1;    // of a data segment
inline constexpr std::uint16_t kExpandDown = 1u << 2;  // of a data segment
inline constexpr std::uint16_t kCode = 1u << 3;
inline constexpr std::uint16_t kNotSystem = 1u << 4;
inline constexpr std::uint16_t kPresent = 1u << 7;
inline constexpr std::uint16_t kBig = 1u << 10;  // D or B: 32 bits
inline constexpr std::uint16_t kGranular = 1u << 11;
}  // namespace access

struct SegmentView {
  std::uint16_t* selector;
  std::uint32_t* base;
  std::uint32_t* limit;
  std::uint16_t* access;

  Segment load() const { return {*selector, *base, *limit, *access}; }
  void store(const Segment& segment) const {
    *selector = segment.selector;
    *base = segment.base;
    *limit = segment.limit;
    *access = segment.access;
  }
  bool is_big() const { return (*access & access::kBig) != 0; }
};

struct TableView {
  std::uint32_t* base;
  std::uint32_t* limit;
};

struct Registers {
  std::array<std::uint32_t*, 8> gpr;
  std::uint32_t* eip;
  std::uint32_t* eflags;
  std::array<SegmentView, 6> segment;
  SegmentView ldt;
  SegmentView tr;
  TableView gdt;
  TableView idt;
  std::array<std::uint32_t*, 5> cr;
  std::array<std::uint32_t*, 8> dr;

  bool is_protected() const { return (*cr[0] & cr0::kPe) != 0; }
  bool is_code32() const { return segment[kCs].is_big(); }
  /// EIP moved on by `bytes`, as far as the code segment's size lets it: 16-bit code wraps at 64 KiB.
  std::uint32_t eip_after(std::uint32_t bytes) const {
    const std::uint32_t next = *eip + bytes;
    return is_code32() ? next : (*eip & 0xffff0000u) | (next & 0xffffu);
  }
  void set_flags(std::uint32_t mask, std::uint32_t value) const {
    *eflags = (*eflags & ~mask) | (value & mask);
  }
};

/// What an instruction changes before it can fault.
struct RegisterSnapshot {
  std::array<std::uint32_t, 8> gpr;
  std::uint32_t eip;
  std::uint32_t eflags;

  static RegisterSnapshot take(const Registers& registers) {
    RegisterSnapshot snapshot{};
    for (unsigned i = 0; i < 8; ++i) snapshot.gpr[i] = *registers.gpr[i];
    snapshot.eip = *registers.eip;
    snapshot.eflags = *registers.eflags;
    return snapshot;
  }
  void restore(const Registers& registers) const {
    for (unsigned i = 0; i < 8; ++i) *registers.gpr[i] = gpr[i];
    *registers.eip = eip;
    *registers.eflags = eflags;
  }
};

}  // namespace vmm::cpu_soft
