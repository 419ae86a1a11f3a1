// Descriptors in the GDT and the LDT, and what the CPU itself writes there: Intel SDM volume 3,
// sections 3.4.5, 3.5 and 7.2.2.
//
// Left out, as the CPU has no rings: privilege.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/cpu_soft/processor.hpp"

namespace vmm::cpu_soft {

/// A descriptor's type bits that the CPU sets: "accessed" of a segment, "busy" of a task state segment.
inline constexpr std::uint16_t kAccessed = 1u << 0, kBusy = 1u << 1;

struct Descriptor {
  Segment segment;            ///< its selector as it was asked for
  std::uint32_t address = 0;  ///< of its eight bytes

  bool has(std::uint16_t access_bits) const { return (segment.access & access_bits) == access_bits; }
  bool is_present() const { return has(access::kPresent); }
  bool is_code() const { return has(access::kNotSystem | access::kCode); }
};

/// Index 0 of the GDT: a selector that names nothing.
constexpr bool is_null(std::uint16_t selector) {
  return (selector & 0xfffc) == 0;
}

/// Reads the descriptor that a selector names; none: null, or beyond its table.
std::optional<Descriptor> find_descriptor(const Processor& processor, std::uint16_t selector);

/// Sets `bit` in the descriptor and in its memory. There it is one locked read-modify-write of the type's
/// byte, "if clear" alone (volume 3, 3.4.5.1 and 8.1.2.1). It goes out as any write does: ROM drops it, and
/// in write-only RAM each load sees the bit clear again.
void set_in_memory(const Processor& processor, Descriptor& descriptor, std::uint16_t bit);

}  // namespace vmm::cpu_soft
