// The host's slots: which RAM GPA ranges are in place, what may be added, and the map that they make. A
// value.
//
// The slot count, the alignment and the rule for overlaps are published nowhere; a host has to choose. Ours:
// ranges and offsets in whole pages, ranges within a window, no two of them overlapping, backing within RAM.
#pragma once

#include <array>
#include <optional>

#include "lowmeg/get/codec.hpp"
#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::get {

/// What a host allows.
struct HostLimits {
  std::uint32_t slots = 32;            ///< at most RangeSlots::kCapacity; a paravisor uses 13
  GpaRange window{0xc0000, 0x100000};  ///< where ranges may lie
  std::uint64_t ram_size = 0;          ///< bytes of RAM from GPA 0, which is also offset 0 of the backing
};

class RangeSlots {
 public:
  static constexpr std::uint32_t kCapacity = 32;

  struct Slot {
    GpaRange range;
    std::uint64_t ram_offset = 0;
    bool read_only = false;
    friend bool operator==(const Slot&, const Slot&) = default;
  };

  explicit RangeSlots(const HostLimits& limits);

  /// SUCCESS and the slot filled, or the reason and nothing changed. Checked in the order of the status
  /// numbers.
  CreateStatus create(const CreateRamGpaRange& request);
  /// Empties the slot; one that is empty or does not exist stays so.
  void reset(std::uint32_t slot);

  /// The range in a slot below size(), or none.
  std::optional<Slot> slot(std::uint32_t index) const;
  std::uint32_t size() const { return limits_.slots; }
  /// The slot whose range holds `gpa`.
  std::optional<std::uint32_t> slot_at(Gpa gpa) const;

  /// `base` with every range laid over it, in each view.
  memory::MemoryMap overlaid(const memory::MemoryMap& base) const;

  friend bool operator==(const RangeSlots& a, const RangeSlots& b);

 private:
  bool occupied(std::uint32_t slot) const { return (occupied_ >> slot & 1) != 0; }
  std::optional<Slot> accept_range(const CreateRamGpaRange& request) const;

  HostLimits limits_;
  std::uint64_t occupied_ = 0;  // a bit a slot; the other slots' content has no meaning
  std::array<Slot, kCapacity> slots_{};
};

}  // namespace lowmeg::get
