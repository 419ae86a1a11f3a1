#include "vmm/operand_address.hpp"

#include <algorithm>
#include <iterator>

namespace vmm {
namespace {

constexpr std::uint8_t kSegmentPrefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};  // by SegmentRegister

// The instruction set's maps: one byte, 0F, 0F 38, 0F 3A.
enum class Map { kPrimary, kSecondary, kThreeBytes };

// Opcodes of the primary map with a ModR/M byte.
bool has_modrm(std::uint8_t opcode) {
  struct Range {
    std::uint8_t first, last;
  };
  static constexpr Range kRanges[] = {{0x62, 0x63}, {0x69, 0x69}, {0x6b, 0x6b}, {0x80, 0x8f}, {0xc0, 0xc1},
                                      {0xc6, 0xc7}, {0xd0, 0xd3}, {0xd8, 0xdf}, {0xf6, 0xf7}, {0xfe, 0xff}};
  if (opcode < 0x40) return (opcode & 7) < 4;
  return std::ranges::any_of(kRanges, [&](const Range& r) { return opcode >= r.first && opcode <= r.last; });
}

// Opcodes of map 0F without one: system calls and moves of no operand, Jcc, pushes and pops, CPUID, BSWAP.
bool lacks_modrm(std::uint8_t opcode) {
  static constexpr std::uint8_t kWithout[] = {0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x30, 0x31, 0x32, 0x33,
                                              0x34, 0x35, 0x37, 0x77, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa};
  return (opcode >= 0x80 && opcode < 0x90) || (opcode >= 0xc8 && opcode < 0xd0) ||
         std::ranges::find(kWithout, opcode) != std::end(kWithout);
}

class Decoder {
 public:
  Decoder(std::span<const std::uint8_t> bytes, const CpuLook& look)
      : bytes_(bytes), look_(look), address_size_(look.code_size) {}

  std::optional<std::uint64_t> operand() {
    prefixes();
    const std::uint8_t opcode = next();
    if (const auto segment = implicit(opcode)) return segment;
    switch (map_of(opcode)) {
      case Map::kPrimary:
        if (!vex_ && !has_modrm(opcode)) return std::nullopt;
        break;
      case Map::kSecondary:
        if (lacks_modrm(next())) return std::nullopt;
        break;
      case Map::kThreeBytes:
        ++at_, next();
        break;
    }
    return modrm();
  }

 private:
  std::uint8_t peek() const { return at_ < bytes_.size() ? bytes_[at_] : 0; }
  std::uint8_t next() {
    const std::uint8_t byte = peek();
    ++at_;
    return byte;
  }
  std::uint64_t immediate(unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint64_t{next()} << (8 * i);
    return value;
  }
  std::uint64_t displacement(unsigned size) {
    const std::uint64_t value = immediate(size);
    const std::uint64_t sign = std::uint64_t{1} << (8 * size - 1);
    return (value ^ sign) - sign;
  }

  void prefixes() {
    for (;; ++at_) {
      const std::uint8_t byte = peek();
      const auto* const segment = std::ranges::find(kSegmentPrefixes, byte);
      if (segment != std::end(kSegmentPrefixes)) {
        override_ = static_cast<unsigned>(segment - std::begin(kSegmentPrefixes));
      } else if (byte == 0x67) {
        address_size_ = look_.code_size == 4 ? 2 : 4;
      } else if (byte != 0x66 && byte != 0xf0 && byte != 0xf2 && byte != 0xf3) {
        break;
      }
    }
    if (look_.code_size == 8 && (peek() & 0xf0) == 0x40) rex_ = next();
  }

  // VEX: C5 has one more byte before the opcode, C4 two. In 16- and 32-bit code they are LDS and LES unless
  // the next byte's top bits are ones.
  Map map_of(std::uint8_t opcode) {
    if (opcode == 0x0f) return peek() == 0x38 || peek() == 0x3a ? Map::kThreeBytes : Map::kSecondary;
    const bool is_vex = (opcode == 0xc4 || opcode == 0xc5) && (look_.code_size == 8 || peek() >= 0xc0);
    if (is_vex) at_ += opcode == 0xc4 ? 3 : 2;
    vex_ = is_vex || opcode == 0xc4 || opcode == 0xc5;
    return Map::kPrimary;
  }

  // String instructions that write, moves between the accumulator and an address, and the stack.
  std::optional<std::uint64_t> implicit(std::uint8_t opcode) {
    if (opcode >= 0xa0 && opcode <= 0xa3) return linear(kDs, immediate(address_size_));
    static constexpr std::uint8_t kToEs[] = {0x6c, 0x6d, 0xa4, 0xa5, 0xaa, 0xab};
    if (std::ranges::find(kToEs, opcode) != std::end(kToEs)) return look_.base[kEs] + masked(look_.gpr[kEdi]);
    static constexpr std::uint8_t kFromDs[] = {0x6e, 0x6f, 0xac, 0xad};
    if (std::ranges::find(kFromDs, opcode) != std::end(kFromDs)) return linear(kDs, look_.gpr[kEsi]);
    return std::nullopt;
  }

  std::optional<std::uint64_t> modrm() {
    const std::uint8_t byte = next();
    const unsigned mod = byte >> 6, rm = byte & 7;
    if (mod == 3) return std::nullopt;
    return address_size_ == 2 ? address_16(mod, rm) : address_32(mod, rm);
  }

  std::uint64_t address_16(unsigned mod, unsigned rm) {
    if (mod == 0 && rm == 6) return linear(kDs, immediate(2));
    static constexpr Gpr kBase[] = {kEbx, kEbx, kEbp, kEbp, kEsi, kEdi, kEbp, kEbx};
    std::uint64_t offset = look_.gpr[kBase[rm]];
    if (rm < 4) offset += look_.gpr[rm % 2 == 0 ? kEsi : kEdi];
    const SegmentRegister segment = kBase[rm] == kEbp ? kSs : kDs;
    return linear(segment, offset + (mod == 0 ? 0 : displacement(mod)));
  }

  std::uint64_t address_32(unsigned mod, unsigned rm) {
    const unsigned extend_base = (rex_ & 1) * 8u;
    if (mod == 0 && rm == 5) {
      const std::uint64_t distance = displacement(4);
      return linear(kDs, look_.code_size == 8 ? look_.ip + at_ + distance : distance);
    }
    std::uint64_t offset = 0;
    bool on_stack = rm == kEbp;
    if (rm == 4) {
      const std::uint8_t sib = next();
      const unsigned base = sib & 7, index = (sib >> 3 & 7) | (rex_ & 2) * 4u;
      if (index != 4) offset = look_.gpr[index] << (sib >> 6);
      if (base == 5 && mod == 0) return linear(kDs, offset + displacement(4));
      offset += look_.gpr[base | extend_base];
      on_stack = base == kEsp || base == kEbp;
    } else {
      offset = look_.gpr[rm | extend_base];
    }
    if (mod != 0) offset += displacement(mod == 1 ? 1 : 4);
    return linear(on_stack ? kSs : kDs, offset);
  }

  std::uint64_t masked(std::uint64_t offset) const {
    return address_size_ == 8 ? offset : offset & ((std::uint64_t{1} << (8 * address_size_)) - 1);
  }
  std::uint64_t linear(SegmentRegister segment, std::uint64_t offset) const {
    return look_.base[override_.value_or(segment)] + masked(offset);
  }

  std::span<const std::uint8_t> bytes_;
  const CpuLook& look_;
  unsigned address_size_;
  std::size_t at_ = 0;
  std::optional<unsigned> override_;
  std::uint8_t rex_ = 0;
  bool vex_ = false;
};

}  // namespace

std::optional<std::uint64_t> operand_address(std::span<const std::uint8_t> bytes, const CpuLook& look) {
  return Decoder(bytes, look).operand();
}

}  // namespace vmm
