// The I/O ports of the board: finds the device for a cycle, and splits what is wider than it.
//
// After the ISA bus: an access wider than the device's data path, or running past its ports, is done in bytes,
// lowest first, each to whoever owns that port. Nobody there reads FFh, and a write vanishes.
#pragma once

#include <cstdint>
#include <vector>

#include "vmm/board/port_device.hpp"

namespace vmm {

enum class Width : unsigned { kByte = 1, kWord = 2, kDword = 4 };

class IoBus {
 public:
  /// Borrows the device, which must outlive the bus. Ports of two devices must not overlap (else the program is
  /// wrong).
  void place(std::uint16_t first, std::uint16_t count, Width width, PortDevice& device);

  std::uint32_t read(std::uint16_t port, unsigned size);
  void write(std::uint16_t port, unsigned size, std::uint32_t value);

 private:
  struct Placement {
    std::uint32_t first, end;
    unsigned width;
    PortDevice* device;
  };
  const Placement* find(std::uint32_t port) const;
  const Placement* find_whole(std::uint32_t port, unsigned size) const;

  std::vector<Placement> placements_;  // sorted by first
};

}  // namespace vmm
