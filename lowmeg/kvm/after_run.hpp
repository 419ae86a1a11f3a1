// What an embedder's vCPU thread tells a KvmMapper after KVM_RUN, and what it is told to do.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lowmeg/kvm/mmio.hpp"
#include "lowmeg/kvm/write_ring.hpp"

namespace lowmeg::kvm {

/// A vCPU that has left the guest.
struct VcpuReturn {
  kvm_run& run;               ///< borrowed for the call
  int error = 0;              ///< KVM_RUN's errno; 0: it gave an exit
  std::uint64_t entered = 0;  ///< KvmMapper::generation() just before KVM_RUN
  int fd = -1;                ///< the vCPU's, borrowed; -1: an exception that KVM queued cannot be taken back
  /// The linear address of the instruction. Asked only when the answer is kStop or may be.
  std::function<std::uint64_t()> rip = [] { return std::uint64_t{0}; };
};

struct AfterRun {
  enum class Action : std::uint8_t {
    kEmbedder,  ///< not the memory map's affair: do as without a mapper
    kRunAgain,  ///< all is done
    kBus,       ///< `access` is the board's, as far as `verdict` says; then run again
    kStop,      ///< the vCPU cannot go on; `line` says why
  };
  Action action = Action::kEmbedder;
  /// To be carried out before anything else, in their order.
  std::vector<BusWrite> writes;
  /// What is done now comes after all writes with a lower ticket, whoever has them (KvmMapper::wait_for).
  std::uint64_t ticket = 0;
  MmioAccess access;    ///< for kBus: over the bytes of kvm_run
  MmioVerdict verdict;  ///< likewise
  std::string line;     ///< for kStop, for a person
};

}  // namespace lowmeg::kvm
