// The paravisor's part of the machine: host bridge, adjuster and GET client, above a VM that somebody else
// owns.
#pragma once

#include <memory>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/bridge/pam_only.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "lowmeg/state/restore.hpp"
#include "vmm/chipset/bridge_config.hpp"
#include "vmm/chipset/pam_timeline.hpp"

namespace vmm {

class Paravisor {
 public:
  /// Connects and exchanges versions; the host has not been asked for any range yet. The sink is borrowed.
  static lowmeg::Result<std::unique_ptr<Paravisor>> create(std::unique_ptr<lowmeg::get::Transport> transport,
                                                           const lowmeg::get::ClientOptions& options,
                                                           const BridgeConfig& bridge,
                                                           lowmeg::Gpa rom_bios_offset,
                                                           lowmeg::EventSink& events,
                                                           Chipset::Listener listener);

  /// What a successor needs, as bytes.
  lowmeg::state::SavedChipset save() const;
  /// Instead of bridge().power_on(): as state::restore.
  lowmeg::Result<void> restore(const lowmeg::state::SavedChipset& saved,
                               lowmeg::state::HostRanges ranges = lowmeg::state::HostRanges::kInPlace);

  /// Makes room for a successor's connection; from now on the host cannot be asked for anything.
  void disconnect() { client_->close(); }

  lowmeg::bridge::HostBridge& bridge();
  lowmeg::bridge::ConfigFunction* agp_bridge() { return chip_ ? chip_->agp_bridge() : nullptr; }
  lowmeg::get::Counters counters() const { return client_->counters(); }
  lowmeg::hyperv::AdjusterState adjuster_state() const { return adjuster_.state(); }

 private:
  Paravisor(std::unique_ptr<lowmeg::get::Client> client, const BridgeConfig& bridge,
            lowmeg::Gpa rom_bios_offset, lowmeg::EventSink& events, Chipset::Listener listener);

  std::unique_ptr<lowmeg::get::Client> client_;
  lowmeg::hyperv::SharedAdjuster adjuster_;
  PamTimeline timeline_;
  // One of the two: Hyper-V's registers, or a chip's, of which PAM alone acts.
  std::optional<lowmeg::bridge::HypervBridge> hyperv_;
  lowmeg::bridge::PamOnly pam_only_;
  std::optional<lowmeg::bridge::ChipBridge> chip_;
};

}  // namespace vmm
