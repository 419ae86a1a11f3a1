// One line on what surrounds a CPU that does not go on: the instruction's bytes, its page, and each page that
// it refers to and that is not plain RAM, with its PAM state.
#pragma once

#include <functional>
#include <string>

#include "vmm/chipset/chipset.hpp"
#include "vmm/chipset/memory_chips.hpp"
#include "vmm/cpu_look.hpp"

namespace vmm {

/// What a CPU fetches from `gpa` on, as far as there are bytes; 8 at most.
std::vector<std::uint8_t> code_bytes(const lowmeg::memory::Layout& layout, const MemoryChips& memory,
                                     lowmeg::Gpa gpa);

/// Borrows all; for one moment, in which the map stays as it is.
class Whereabouts {
 public:
  /// Linear to physical; none where the guest's page tables have nothing.
  using Translate = std::function<std::optional<lowmeg::Gpa>(std::uint64_t linear)>;

  Whereabouts(const lowmeg::memory::Layout& layout, const MemoryChips& memory, Chipset& chipset)
      : layout_(layout), memory_(memory), chipset_(chipset) {}

  /// "linear 000FE2C3, bytes D9 3E 00 20, page 000FE000 (PAM ro: reads RAM, writes go nowhere); the operand
  /// at 000C2010, page ..."
  std::string text(const CpuLook& look, const Translate& translate) const;

 private:
  std::string page_text(lowmeg::Gpa gpa) const;
  std::string state_text(lowmeg::Gpa gpa) const;
  bool is_plain_ram(lowmeg::Gpa gpa) const;

  const lowmeg::memory::Layout& layout_;
  const MemoryChips& memory_;
  Chipset& chipset_;
};

}  // namespace vmm
