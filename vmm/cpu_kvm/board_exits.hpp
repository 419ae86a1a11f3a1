// The board's buses under two locks, for vCPUs that call them from several threads.
//
// Ports have one lock, and it may be held across a commit of the memory map. The configuration ports have one
// of their own before it: an access to them that waits for another process lets go of the other ports' lock.
// Memory devices have a lock of their own that is taken last: they call nobody, so that an access to them can
// always be completed while a commit waits for it.
#pragma once

#include <mutex>

#include "vmm/board/io_bus.hpp"
#include "vmm/board/mmio_bus.hpp"
#include "vmm/cpu_kvm/vcpu_exits.hpp"

namespace vmm {

/// Thread-safe. Coalesced writes to the bus come by mmio_write too. Order of locks: configuration
/// ports, ports, the mapper's, memory.
class BoardExits final : public VcpuExits {
 public:
  /// Borrows the buses.
  BoardExits(IoBus& io, MmioBus& mmio) : io_(io), mmio_(mmio) {}

  std::uint32_t io_in(std::uint16_t port, unsigned size) override;
  void io_out(std::uint16_t port, unsigned size, std::uint32_t value) override;
  void mmio_read(lowmeg::Gpa gpa, std::span<std::uint8_t> data) override;
  void mmio_write(lowmeg::Gpa gpa, std::span<const std::uint8_t> data) override;

  /// Keeps the vCPUs off the port devices: for a thread of the machine's that turns to one, a timer's say.
  [[nodiscard]] std::unique_lock<std::mutex> lock_ports() { return std::unique_lock(ports_); }
  /// Likewise off the memory devices; taken last.
  [[nodiscard]] std::unique_lock<std::mutex> lock_memory() { return std::unique_lock(memory_); }

  /// For a configuration port's device, while it waits in the midst of an access.
  void let_go_of_ports() { ports_.unlock(); }
  void take_ports_again() { ports_.lock(); }

 private:
  std::unique_lock<std::mutex> lock_config(std::uint16_t port, unsigned size);

  std::mutex config_;  // one access to the configuration ports at a time
  std::mutex ports_;   // guards io_ and its devices
  std::mutex memory_;  // guards mmio_ and its devices
  IoBus& io_;
  MmioBus& mmio_;
};

}  // namespace vmm
