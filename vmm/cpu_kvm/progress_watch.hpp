// Which vCPU has not moved for long: at each look the same registers, and no exit in between.
//
// That is a suspicion only: a guest may spin at one instruction. Whether KVM ends the instruction a single
// step tells (KvmCpus::begin_step). A vCPU that takes interrupts while it is stuck moves, and is not
// suspected.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "vmm/cpu_kvm/vcpu_look.hpp"

namespace vmm {

/// No threads, no clock of its own.
class ProgressWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// So long a vCPU must have stood still.
  static constexpr std::chrono::milliseconds kStill{2000};

  /// One look at all vCPUs, always as many. The index of one that is suspected.
  std::optional<unsigned> add(std::span<const VcpuLook> looks, Time now);
  /// They have been reset, or one was suspected in vain.
  void forget() { cpus_.clear(); }

 private:
  struct Cpu {
    VcpuLook look;
    Time since;
  };
  std::vector<Cpu> cpus_;
};

}  // namespace vmm
