// What answers on the bus side of guest memory: cards and devices at fixed addresses; elsewhere nobody.
//
// A cycle runs to the device that holds its first byte; one that runs past the device's end is done in bytes.
// Nobody there reads FFh, and a write vanishes.
#pragma once

#include <cstdint>
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

class MmioBus {
 public:
  /// Borrows the device. Ranges of two devices must not overlap (else the program is wrong).
  void place(lowmeg::GpaRange range, MmioDevice& device);

  std::uint32_t read(lowmeg::Gpa gpa, unsigned size);
  void write(lowmeg::Gpa gpa, unsigned size, std::uint32_t value);

 private:
  struct Placement {
    lowmeg::GpaRange range;
    MmioDevice* device = nullptr;
  };
  const Placement* find(lowmeg::Gpa gpa) const;

  std::vector<Placement> placements_;
};

}  // namespace vmm
