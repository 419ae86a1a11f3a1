// The chip's way: the bridge's registers decoded into a map, as the silicon decodes addresses.
#pragma once

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/decode/map_committer.hpp"
#include "vmm/chipset/bridge_config.hpp"
#include "vmm/chipset/chipset.hpp"
#include "vmm/chipset/decode_timeline.hpp"
#include "vmm/chipset/guest_memory.hpp"

namespace vmm {

/// The DRAM that the chips can hold, in bytes: 1 GiB (82443BX data sheet, DRB; the 82441FX the same).
inline constexpr std::uint64_t kMostChipMemory = 1ull << 30;

class ChipWay final : public Chipset {
 public:
  /// Borrows memory, mapper and sink. `bridge` is a chip's. The DRAM rows after reset are those of the memory
  /// that is there, as firmware that sizes it would have left them: virtual machines' firmware does not.
  ChipWay(const BridgeConfig& bridge, GuestMemory& memory, lowmeg::memory::Mapper& mapper,
          lowmeg::EventSink& events, Listener listener);

  lowmeg::bridge::HostBridge& bridge() override { return *bridge_; }
  lowmeg::bridge::ConfigFunction* agp_bridge() override { return bridge_->agp_bridge(); }
  lowmeg::state::SavedChipset save() const override { return {{}, lowmeg::state::save(*bridge_)}; }
  lowmeg::Result<void> restart() override;
  std::uint64_t ram_told() const override { return memory_.ram.size(); }
  std::vector<MegabyteRow> first_megabyte() override;

 private:
  // Static configuration.
  BridgeConfig config_;

  // Glue to the outside.
  const GuestMemory& memory_;
  lowmeg::memory::Mapper& mapper_;
  lowmeg::EventSink& events_;

  // Sub-devices.
  lowmeg::decode::MapCommitter committer_;
  DecodeTimeline timeline_;
  std::unique_ptr<lowmeg::bridge::ChipBridge> bridge_;
};

}  // namespace vmm
