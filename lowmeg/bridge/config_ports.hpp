// PCI configuration mechanism #1: CONFADD at CF8h and CONFDATA at CFCh.
//
// After the 82443BX data sheet (290633), 3.2 "I/O mapped registers": CONFADD is reached by dword cycles only,
// byte and word cycles at CF8h-CFBh go on to the PCI bus; CONFDATA takes any size. One bus, number 0; nobody
// else answers there, so an absent function reads all ones. Left out: type 1 cycles to other buses, and
// mechanism #2.
#pragma once

#include <cstdint>
#include <vector>

#include "lowmeg/bridge/config_function.hpp"

namespace lowmeg::bridge {

/// Which cycles at CF8h reach CONFADD.
enum class AddressCycles {
  kDwords,  ///< dwords alone, as the chip has it
  kAny,     ///< bytes and words too, merged by their enables, as Hyper-V has it (OpenVMM 332a2a12)
};

/// No threads and no locks.
class ConfigPorts {
 public:
  static constexpr std::uint16_t kAddressPort = 0xcf8;
  static constexpr std::uint16_t kDataPort = 0xcfc;

  explicit ConfigPorts(AddressCycles address_cycles = AddressCycles::kDwords)
      : address_cycles_(address_cycles) {}

  /// Puts a function on bus 0. Borrowed, must outlive the ports; one function a place (else the program is
  /// wrong).
  void place(unsigned device, unsigned function, ConfigFunction& target);

  /// An access of 1, 2 or 4 bytes from `port` in CF8h-CFFh; bytes that nobody answers read FFh. One that
  /// crosses a dword is done as two cycles, as the CPU does it.
  std::uint32_t read(std::uint16_t port, unsigned size);
  Result<void> write(std::uint16_t port, unsigned size, std::uint32_t value);

  /// CONFADD, and its value after a reset.
  std::uint32_t address() const { return address_; }
  void set_address(std::uint32_t value);
  void reset() { address_ = 0; }

 private:
  struct Place {
    std::uint32_t device_function;  // bits 15:8 of CONFADD
    ConfigFunction* target;
  };
  ConfigFunction* selected() const;
  std::uint32_t read_cycle(std::uint32_t dword_port, ByteEnables enables);
  bool reaches_address(std::uint32_t dword_port, ByteEnables enables) const;
  Result<void> write_cycle(std::uint32_t dword_port, ByteEnables enables, std::uint32_t value);

  AddressCycles address_cycles_;
  std::uint32_t address_ = 0;
  std::vector<Place> places_;
};

}  // namespace lowmeg::bridge
