// What the host keeps of a paravisor: its state, as bytes that the host does not look into.
//
// The paravisor may be stopped, killed and replaced while the guest runs; the host is the survivor.
#pragma once

#include <mutex>
#include <vector>

#include "lowmeg/get/servicing.hpp"

namespace lowmeg::get {

/// Thread-safe. As old as the VM.
class StateKeeper {
 public:
  /// What STATE tells beside the bytes. No state yet: power on.
  StateKeeper(std::uint64_t ram_size, std::uint32_t personality) {
    state_.ram_size = ram_size;
    state_.personality = personality;
  }

  State state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  /// The state as it is now, ranges included.
  void keep(std::vector<std::uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    state_.bytes = std::move(bytes);
    state_.unsure = false;
  }
  /// The host was asked for ranges while no access was in hand: the state does not know of it.
  void doubt() {
    const std::lock_guard lock(mutex_);
    state_.unsure = true;
  }

 private:
  mutable std::mutex mutex_;  // guards all below
  State state_;
};

}  // namespace lowmeg::get
