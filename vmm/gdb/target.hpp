// What a debugger may look at and change of a guest that stands still.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vmm/cpu_soft/cpu_state.hpp"

namespace vmm::gdb {

/// Addresses are linear, which without paging is physical. Called between instructions alone.
class Target {
 public:
  virtual ~Target() = default;

  virtual CpuState cpu() const = 0;
  virtual void set_cpu(const CpuState& state) = 0;

  /// As the CPU sees it now, by PAM and the A20 gate. None: a device's, which a look could change.
  virtual std::optional<std::uint8_t> memory(std::uint32_t address) const = 0;
  /// As the CPU's write would go: into RAM, or nowhere. False: to a device.
  virtual bool set_memory(std::uint32_t address, std::uint8_t value) = 0;
  /// What DRAM holds, and what a ROM chip has for the address, whoever shows there. None: nothing.
  virtual std::optional<std::uint8_t> dram(std::uint32_t address) const = 0;
  virtual std::optional<std::uint8_t> rom(std::uint32_t address) const = 0;
  /// The map of the first mebibyte, in lines.
  virtual std::string map() const = 0;
};

}  // namespace vmm::gdb
