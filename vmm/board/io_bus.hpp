// The I/O ports of the board: cuts an access into bus cycles, and finds the device for each.
//
// After the P6 bus and PCI Local Bus 2.2, 3.2.2.1: an access becomes a cycle for each dword that it touches,
// lowest first, with the address of the first byte (AD[31:0]) and byte enables, which on a PC are always of
// neighbours: (port, size) says both, and `size` may be 3. A device that decodes all of a dword, as those of
// PCI do, gets the cycle whole and judges by its address and its bytes. What nobody there claims goes on to
// the ISA bus: a cycle wider than the device's data path, or running past its ports, is done in bytes, lowest
// first, each to whoever owns that port. Nobody there reads FFh, and a write vanishes; ports do not wrap.
// Ports that a guest moves by a register yield to those that have their place for good.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vmm/board/port_device.hpp"

namespace vmm {

/// Of a device's data path. kDword: the ports are whole dwords, and it gets every cycle whole.
enum class Width : unsigned { kByte = 1, kWord = 2, kDword = 4 };

/// Ports whose place is a register of the device. It is asked at every cycle, so nobody need be told of a
/// move.
class MovablePorts : public PortDevice {
 public:
  /// The first of the ports as they lie now; none: closed.
  virtual std::optional<std::uint16_t> base() = 0;
};

class IoBus {
 public:
  /// Borrows the device, which must outlive the bus. Ports of two devices must not overlap, and those of a
  /// kDword begin and end on a dword (else the program is wrong).
  void place(std::uint16_t first, std::uint16_t count, Width width, PortDevice& device);

  /// Borrows likewise. Where movable ports meet others, those placed come first, then the movable in this
  /// order.
  void place_movable(std::uint16_t count, Width width, MovablePorts& device);

  /// An access of 1, 2 or 4 bytes at any port, as the CPU's IN and OUT make it.
  std::uint32_t read(std::uint16_t port, unsigned size);
  void write(std::uint16_t port, unsigned size, std::uint32_t value);

 private:
  struct Placement {
    std::uint32_t first, end;
    unsigned width;
    PortDevice* device;
  };
  struct Movable {
    std::uint16_t count;
    unsigned width;
    MovablePorts* device;
  };
  /// Who answers at a port, and the widest access that it takes.
  struct Owner {
    PortDevice* device = nullptr;
    unsigned width = 0;
  };
  Owner find(std::uint32_t port) const;
  PortDevice* find_whole(std::uint32_t port, unsigned size) const;
  std::uint32_t read_cycle(std::uint16_t port, unsigned size);
  void write_cycle(std::uint16_t port, unsigned size, std::uint32_t value);

  std::vector<Placement> placements_;  // sorted by first
  std::vector<Movable> movables_;
};

}  // namespace vmm
