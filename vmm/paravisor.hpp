// The paravisor's part of the machine: host bridge, adjuster and GET client, above a VM that somebody else
// owns.
#pragma once

#include <memory>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "lowmeg/state/restore.hpp"
#include "vmm/pam_timeline.hpp"

namespace vmm {

class Paravisor {
 public:
  /// Connects and exchanges versions; the host has not been asked for any range yet. The sink is borrowed.
  static lowmeg::Result<std::unique_ptr<Paravisor>> create(std::unique_ptr<lowmeg::get::Transport> transport,
                                                           const lowmeg::get::ClientOptions& options,
                                                           const lowmeg::bridge::Identity& identity,
                                                           lowmeg::Gpa rom_bios_offset,
                                                           lowmeg::EventSink& events,
                                                           PamTimeline::Listener listener);

  /// What a successor needs, as bytes.
  lowmeg::state::SavedChipset save() const { return lowmeg::state::save(adjuster_, bridge_); }
  /// Instead of bridge().power_on(): as state::restore.
  lowmeg::Result<void> restore(const lowmeg::state::SavedChipset& saved,
                               lowmeg::state::HostRanges ranges = lowmeg::state::HostRanges::kInPlace) {
    return lowmeg::state::restore(saved, adjuster_, bridge_, ranges);
  }

  /// Makes room for a successor's connection; from now on the host cannot be asked for anything.
  void disconnect() { client_->close(); }

  lowmeg::bridge::HypervBridge& bridge() { return bridge_; }
  const lowmeg::bridge::HypervBridge& bridge() const { return bridge_; }
  lowmeg::get::Counters counters() const { return client_->counters(); }
  lowmeg::hyperv::AdjusterState adjuster_state() const { return adjuster_.state(); }

 private:
  Paravisor(std::unique_ptr<lowmeg::get::Client> client, const lowmeg::bridge::Identity& identity,
            lowmeg::Gpa rom_bios_offset, lowmeg::EventSink& events, PamTimeline::Listener listener);

  std::unique_ptr<lowmeg::get::Client> client_;
  lowmeg::hyperv::SharedAdjuster adjuster_;
  PamTimeline timeline_;
  lowmeg::bridge::HypervBridge bridge_;
};

}  // namespace vmm
