// Hyper-V's way: a host that owns the map and serves GET, and a paravisor above it with the bridge.
//
// The host lives as long as the VM; the paravisor may go and come again above it.
#pragma once

#include "lowmeg/get/host.hpp"
#include "vmm/chipset/chipset.hpp"
#include "vmm/chipset/guest_memory.hpp"
#include "vmm/chipset/paravisor.hpp"

namespace vmm {

struct HypervConfig {
  lowmeg::get::ClientOptions get;
  /// Makes the connection to the VM's host; empty: within the process.
  std::function<std::unique_ptr<lowmeg::get::Transport>(lowmeg::get::Host&)> connect;
};

class HypervWay final : public Chipset {
 public:
  /// Places the images in RAM and commits the base map. Borrows memory, mapper and sink.
  static lowmeg::Result<std::unique_ptr<HypervWay>> create(const BridgeConfig& bridge,
                                                           const HypervConfig& config, GuestMemory& memory,
                                                           lowmeg::memory::Mapper& mapper,
                                                           lowmeg::EventSink& events, Listener listener);

  lowmeg::bridge::HostBridge& bridge() override { return paravisor_->bridge(); }
  lowmeg::bridge::ConfigFunction* agp_bridge() override { return paravisor_->agp_bridge(); }
  lowmeg::state::SavedChipset save() const override { return paravisor_->save(); }
  /// The host's business: it owns the map, the paravisor hears nothing of it.
  lowmeg::Result<void> devices_changed(std::span<const lowmeg::memory::Claim> claims) override;
  lowmeg::Result<void> restart() override;
  /// Without the last mebibyte: the ROM images lie there.
  std::uint64_t ram_told() const override;
  std::vector<MegabyteRow> first_megabyte() override;

  const Paravisor& paravisor() const { return *paravisor_; }
  lowmeg::get::Host& host() { return *host_; }

 private:
  HypervWay(const BridgeConfig& bridge, const HypervConfig& config, GuestMemory& memory,
            lowmeg::memory::Mapper& mapper, lowmeg::EventSink& events, Listener listener)
      : bridge_(bridge),
        config_(config),
        memory_(memory),
        mapper_(mapper),
        events_(events),
        listener_(std::move(listener)) {}
  lowmeg::memory::MemoryMap base(std::span<const lowmeg::memory::Claim> claims) const;
  lowmeg::Result<void> start();
  lowmeg::Result<std::unique_ptr<Paravisor>> connect();

  // Static configuration.
  const BridgeConfig bridge_;
  const HypervConfig config_;
  lowmeg::Gpa rom_bios_offset_ = 0;

  // Glue to the outside.
  GuestMemory& memory_;
  lowmeg::memory::Mapper& mapper_;
  lowmeg::EventSink& events_;
  Listener listener_;

  // Sub-devices.
  std::unique_ptr<lowmeg::get::Host> host_;
  std::unique_ptr<Paravisor> paravisor_;
};

}  // namespace vmm
