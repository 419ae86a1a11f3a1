// What answers on the bus side of guest memory: cards and devices; elsewhere nobody.
//
// A cycle runs to the device that holds its first byte; one that runs past the device's end is done in bytes.
// Nobody there reads FFh, and a write vanishes. Memory that a guest moves by a register yields to what has
// its place for good.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lowmeg/core/gpa.hpp"

namespace vmm {

class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  /// `offset` from the device's start; `size` is 1, 2 or 4 and stays within it. Also serves instruction
  /// fetches.
  virtual std::uint32_t read(std::uint32_t offset, unsigned size) = 0;
  virtual void write(std::uint32_t offset, unsigned size, std::uint32_t value) = 0;
};

/// Memory whose place is a register of the device. It is asked at every cycle, so nobody need be told of a
/// move.
class MovableMmio : public MmioDevice {
 public:
  /// Where it lies now; none: it does not answer.
  virtual std::optional<lowmeg::GpaRange> place() const = 0;
};

class MmioBus {
 public:
  /// Borrows the device. Ranges of two devices must not overlap (else the program is wrong).
  void place(lowmeg::GpaRange range, MmioDevice& device);
  /// Borrows likewise. Where two meet, the first placed answers.
  void place_movable(MovableMmio& device) { movables_.push_back(&device); }

  std::uint32_t read(lowmeg::Gpa gpa, unsigned size);
  void write(lowmeg::Gpa gpa, unsigned size, std::uint32_t value);

 private:
  struct Placement {
    lowmeg::GpaRange range;
    MmioDevice* device = nullptr;
  };
  std::optional<Placement> find(lowmeg::Gpa gpa) const;

  std::vector<Placement> placements_;
  std::vector<MovableMmio*> movables_;
};

}  // namespace vmm
