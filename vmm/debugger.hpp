// Who runs the software CPU instead of the machine: a debugger.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vmm/cpu_soft/cpu_soft.hpp"

namespace vmm {

/// Called on the machine's thread, between the machine's turns.
class Debugger {
 public:
  virtual ~Debugger() = default;

  /// Runs the CPU for up to `instructions`, or not at all while the guest is to stand still; comes back after
  /// a tenth of a second at most, so that the machine can see to its other business.
  virtual CpuSoft::Stop run(CpuSoft& cpu, std::uint64_t instructions) = 0;
  /// A config write has changed what the guest sees. From within an instruction of its.
  virtual void map_changed(const std::string& what) = 0;
  /// Why the guest is to end, if it is.
  virtual std::optional<std::string> end() const = 0;
};

}  // namespace vmm
