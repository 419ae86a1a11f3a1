// What a vCPU asks of the board when it leaves the guest.
#pragma once

#include <cstdint>
#include <span>

#include "lowmeg/core/gpa.hpp"

namespace vmm {

/// Called on the vCPUs' threads, several at a time: whoever implements it locks.
///
/// Port accesses may block and may commit a map; a vCPU in one counts as paused. Memory accesses come from an
/// instruction that another thread's pause waits for: they may wait for nobody who pauses, so they must not
/// take a lock that is held across a commit.
class VcpuExits {
 public:
  virtual ~VcpuExits() = default;

  /// `size` is 1, 2 or 4. Each element of a string instruction is a call of its own.
  virtual std::uint32_t io_in(std::uint16_t port, unsigned size) = 0;
  virtual void io_out(std::uint16_t port, unsigned size, std::uint32_t value) = 0;

  /// 1 to 8 bytes, wherever they lie: only what the memory map leaves to the bus.
  virtual void mmio_read(lowmeg::Gpa gpa, std::span<std::uint8_t> data) = 0;
  virtual void mmio_write(lowmeg::Gpa gpa, std::span<const std::uint8_t> data) = 0;
};

}  // namespace vmm
