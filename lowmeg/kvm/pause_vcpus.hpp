// How KvmMapper has the embedder's vCPUs stand still.
#pragma once

#include "lowmeg/core/result.hpp"

namespace lowmeg::kvm {

/// The embedder implements it; KvmMapper calls it on the thread that commits, pause and resume in pairs.
class PauseVcpus {
 public:
  virtual ~PauseVcpus() = default;

  /// Returns when every vCPU is paused: out of KVM_RUN at an instruction boundary, and staying out. An exit
  /// in hand is completed first: its handler runs to the end (KvmMapper::drain and complete included), then
  /// KVM_RUN is called with immediate_exit set until it gives EINTR, so that the instruction is over. Repeat
  /// the kick until it is acknowledged: a signal that comes before KVM_RUN is lost otherwise.
  ///
  /// These count as paused: the calling thread's vCPU (it is inside its own config write), and any vCPU whose
  /// exit handler waits for a lock on its way to a commit. The mapper holds no lock that complete() or
  /// drain() needs.
  ///
  /// On an error no vCPU is paused, resume() is not called, and the commit fails with that error.
  virtual Result<void> pause() = 0;

  /// Lets them run on. Not called after a pause when the mapper is lost (see KvmMapper::commit).
  virtual void resume() = 0;
};

/// For a VM whose one vCPU commits on its own thread, and for one that does not run.
class NoOtherVcpus final : public PauseVcpus {
 public:
  Result<void> pause() override { return {}; }
  void resume() override {}
};

}  // namespace lowmeg::kvm
