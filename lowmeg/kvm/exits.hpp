// What a vCPU's thread asks after KVM_RUN: the ring, an exit, a write that was refused.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "lowmeg/kvm/after_run.hpp"
#include "lowmeg/kvm/map_changer.hpp"

namespace lowmeg::kvm {

/// Behind KvmMapper::after_run(). Thread-safe.
class Exits {
 public:
  /// Borrows all three.
  Exits(MapChanger& changer, WriteRing& ring, Syscalls& syscalls)
      : changer_(changer), ring_(ring), syscalls_(syscalls) {}

  AfterRun after_run(const VcpuReturn& vcpu);
  /// Reads that exited although there are bytes.
  std::uint64_t stray_reads() const { return stray_reads_.load(std::memory_order_relaxed); }

 private:
  AfterRun::Action complete(const kvm_run& run, AfterRun& after);
  AfterRun::Action not_emulated(const VcpuReturn& vcpu, AfterRun& after);
  AfterRun::Action refused(const VcpuReturn& vcpu, std::optional<Gpa> gpa, AfterRun& after);
  std::string why_stopped(const VcpuReturn& vcpu, std::optional<Gpa> gpa) const;

  MapChanger& changer_;
  WriteRing& ring_;
  Syscalls& syscalls_;
  std::atomic<std::uint64_t> stray_reads_{0};
};

}  // namespace lowmeg::kvm
