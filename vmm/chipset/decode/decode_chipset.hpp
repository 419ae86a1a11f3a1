// The effect of decode, the chip's: a register's change is decoded into a map, as the silicon decodes
// addresses.
#pragma once

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/decode/map_committer.hpp"
#include "vmm/chipset/bridge_config.hpp"
#include "vmm/chipset/chipset.hpp"
#include "vmm/chipset/decode/decode_timeline.hpp"
#include "vmm/chipset/memory_chips.hpp"

namespace vmm {

/// The DRAM that the chips can hold, in bytes: 1 GiB (82443BX data sheet, DRB; the 82441FX the same).
inline constexpr std::uint64_t kMostChipMemory = 1ull << 30;

class DecodeChipset final : public Chipset {
 public:
  /// Borrows memory, mapper and sink. `bridge` is a chip's.
  DecodeChipset(const BridgeConfig& bridge, MemoryChips& memory, lowmeg::memory::Mapper& mapper,
                lowmeg::EventSink& events, ChipsetListeners listeners);

  lowmeg::Result<void> power_on() override { return parts_->bridge.power_on(); }
  lowmeg::Result<void> reset() override { return parts_->bridge.reset(); }
  lowmeg::bridge::ConfigFunction& host_bridge() override { return parts_->bridge; }
  lowmeg::bridge::ConfigFunction* agp_bridge() override { return parts_->bridge.agp_bridge(); }
  lowmeg::PamDwords pam_dwords() const override { return parts_->bridge.pam_dwords(); }
  lowmeg::state::SavedChipset save() const override { return {{}, lowmeg::state::save(parts_->bridge)}; }
  lowmeg::Result<void> devices_changed(std::span<const lowmeg::memory::Claim> claims) override;
  lowmeg::Result<void> restart() override;
  std::uint64_t ram_told() const override { return memory_.ram.size(); }
  std::vector<MegabyteRow> first_megabyte() override;

 private:
  // Static configuration.
  BridgeConfig config_;

  // Glue to the outside.
  const MemoryChips& memory_;
  lowmeg::memory::Mapper& mapper_;
  lowmeg::EventSink& events_;
  ChipsetListeners listeners_;

  // Volatile state of the board's devices, which no restart touches.
  lowmeg::decode::BusMap bus_;

  // Sub-devices; a restart builds all of them anew.
  struct Parts {
    Parts(const DecodeChipset& owner, DecodeTimeline::Start start);

    lowmeg::decode::MapCommitter committer;
    DecodeTimeline timeline;
    lowmeg::bridge::ChipBridge bridge;
  };
  std::unique_ptr<Parts> parts_;
};

}  // namespace vmm
