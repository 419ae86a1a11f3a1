// The pauses of KVM's vCPUs, told of one by one.
#pragma once

#include <chrono>

#include "lowmeg/kvm/pause_vcpus.hpp"
#include "vmm/trace_event.hpp"

namespace vmm {

/// As PauseVcpus is called: in pairs, by one thread at a time.
class TracingPause final : public lowmeg::kvm::PauseVcpus {
 public:
  /// Borrows who pauses.
  TracingPause(lowmeg::kvm::PauseVcpus& below, std::function<void(TraceEvent)> sink)
      : below_(below), sink_(std::move(sink)) {}

  lowmeg::Result<void> pause() override {
    began_ = Clock::now();
    auto paused = below_.pause();
    still_ns_ = since_begin();
    if (!paused) tell("pause failed", {{"failed", paused.error().message()}});
    return paused;
  }
  void resume() override {
    below_.resume();
    tell("pause", {});
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t since_begin() const { return static_cast<std::uint64_t>((Clock::now() - began_).count()); }
  void tell(const char* name, std::vector<std::pair<std::string, std::string>> texts) {
    sink_({.kind = TraceEvent::Kind::kPause,
           .took_ns = since_begin(),
           .name = name,
           .texts = std::move(texts),
           .numbers = {{"still_after_ns", still_ns_}}});
  }

  lowmeg::kvm::PauseVcpus& below_;
  std::function<void(TraceEvent)> sink_;
  Clock::time_point began_{};
  std::uint64_t still_ns_ = 0;  // until all stood still
};

}  // namespace vmm
