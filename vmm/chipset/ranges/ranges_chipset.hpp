// The effect of ranges, Hyper-V's: a register's change asks the host for RAM GPA ranges. A host that owns the
// map, serves GET and keeps the paravisor's state; and a paravisor above it with the bridge.
//
// The host lives as long as the VM; the paravisor may go and come again above it. It sits in this process,
// or, in split mode, in one that connects to a socket.
#pragma once

#include "lowmeg/get/host.hpp"
#include "lowmeg/get/unix_server.hpp"
#include "vmm/chipset/chipset.hpp"
#include "vmm/chipset/memory_chips.hpp"
#include "vmm/chipset/ranges/bridge_proxy.hpp"
#include "vmm/chipset/ranges/in_process_link.hpp"

namespace vmm {

/// Where paravisors of other processes come to.
struct SplitConfig {
  std::string socket;
  std::chrono::nanoseconds wait = std::chrono::seconds(30);  ///< how long the guest waits for one
  std::chrono::milliseconds patience{5000};                  ///< how long one may be silent over an access
  lowmeg::get::Batches batches = lowmeg::get::Batches::kOffered;
  lowmeg::get::OtherMessages* others = nullptr;  ///< answers what Lowmeg does not; borrowed; null: nobody
};

struct RangesConfig {
  lowmeg::get::ClientOptions get;  ///< of a paravisor in this process
  InProcessLink::Wrap wrap;        ///< what stands between it and the host
  std::optional<SplitConfig> split;
  lowmeg::get::HostObserver* observer = nullptr;  ///< hears of all that the host does; borrowed
  /// In split mode, hears of paravisors that come and go (ParavisorSeat::Options::news).
  std::function<void(lowmeg::get::SeatNews)> seat_news = [](lowmeg::get::SeatNews) {};
};

/// What a saved VM has of the host: the paravisor's state, the ranges in place, and PAM as the timeline knows
/// it.
struct SavedRanges {
  std::vector<std::uint8_t> state;
  bool unsure = false;  ///< get::State
  std::vector<lowmeg::get::CreateRamGpaRange> ranges;
  lowmeg::PamDwords pam;
};

class RangesChipset final : public Chipset {
 public:
  /// Places the images in RAM, commits the base map and, in split mode, begins to listen. Borrows memory,
  /// mapper and sink.
  static lowmeg::Result<std::unique_ptr<RangesChipset>> create(
      const BridgeConfig& bridge, const RangesConfig& config, MemoryChips& memory,
      lowmeg::memory::Mapper& mapper, lowmeg::EventSink& events, ChipsetListeners listeners);
  ~RangesChipset() override;

  /// The host's business: it owns the map, the paravisor hears nothing of it.
  lowmeg::Result<void> devices_changed(std::span<const lowmeg::memory::Claim> claims) override;
  lowmeg::Result<void> power_on() override { return proxy_->power_on(); }
  lowmeg::Result<void> reset() override { return proxy_->reset(); }
  lowmeg::bridge::ConfigFunction& host_bridge() override { return proxy_->function(0); }
  lowmeg::bridge::ConfigFunction* agp_bridge() override;
  lowmeg::PamDwords pam_dwords() const override { return proxy_->pam_dwords(); }
  /// What the host keeps.
  lowmeg::state::SavedChipset save() const override;
  /// In this process another paravisor at once; in split mode the one that sits there must go.
  lowmeg::Result<void> restart() override;
  void set_deadline(Clock::time_point deadline) override { seat_->set_deadline(deadline); }
  void give_up(const lowmeg::Error& why) override { seat_->close(why); }
  /// Without the last mebibyte: the ROM images lie there.
  std::uint64_t ram_told() const override;
  std::vector<MegabyteRow> first_megabyte() override;

  /// The one in this process; null in split mode.
  const Paravisor* paravisor() const { return link_ ? &link_->paravisor() : nullptr; }
  lowmeg::get::Host& host() { return *host_; }
  const lowmeg::get::ParavisorSeat& seat() const { return *seat_; }
  /// While no access is in hand.
  SavedRanges save_host() const;
  /// In the place of power_on(), after devices_changed(): the ranges are in place, and the next paravisor
  /// gets the state. On an error the machine is good for nothing.
  lowmeg::Result<void> load_host(SavedRanges saved);
  /// Asks a paravisor of another process, by GET's own means, to save itself and make room.
  void ask_to_save();

 private:
  RangesChipset(const BridgeConfig& bridge, const RangesConfig& config, MemoryChips& memory,
                lowmeg::memory::Mapper& mapper, lowmeg::EventSink& events)
      : bridge_(bridge), config_(config), memory_(memory), mapper_(mapper), events_(events) {}
  lowmeg::Result<void> start(ChipsetListeners listeners);
  lowmeg::Result<void> listen();
  lowmeg::Result<std::shared_ptr<lowmeg::get::ParavisorLink>> summon();
  lowmeg::memory::MemoryMap base(std::span<const lowmeg::memory::Claim> claims) const;

  // Static configuration.
  const BridgeConfig bridge_;
  const RangesConfig config_;

  // Glue to the outside.
  MemoryChips& memory_;
  lowmeg::memory::Mapper& mapper_;
  lowmeg::EventSink& events_;

  // Sub-devices.
  std::unique_ptr<lowmeg::get::Host> host_;
  std::unique_ptr<lowmeg::get::StateKeeper> keeper_;
  std::unique_ptr<lowmeg::get::ParavisorSeat> seat_;
  std::unique_ptr<BridgeProxy> proxy_;
  std::shared_ptr<InProcessLink> link_;
  std::unique_ptr<lowmeg::get::UnixServer> server_;
};

}  // namespace vmm
