// The host bridge as the host sees it: each access is handed to the paravisor, whoever it is just now.
//
// From what was written and what the host did meanwhile it also tells what became of each config write that
// changed a segment: the timeline is the host's, not the paravisor's.
#pragma once

#include <functional>

#include "lowmeg/bridge/config_function.hpp"
#include "lowmeg/bridge/identity.hpp"
#include "lowmeg/core/pam.hpp"
#include "lowmeg/get/host.hpp"
#include "lowmeg/get/paravisor_seat.hpp"
#include "vmm/chipset/chipset.hpp"

namespace vmm {

/// One access at a time: whoever calls holds the configuration ports' lock.
class BridgeProxy {
 public:
  /// Borrows seat and host.
  BridgeProxy(const lowmeg::bridge::Identity& identity, lowmeg::get::ParavisorSeat& seat,
              const lowmeg::get::Host& host, ChipsetListeners listeners);
  BridgeProxy(const BridgeProxy&) = delete;
  BridgeProxy& operator=(const BridgeProxy&) = delete;

  /// Device 0, or 1.
  lowmeg::bridge::ConfigFunction& function(unsigned device) { return functions_[device]; }
  lowmeg::Result<void> power_on() { return told_all(lowmeg::get::AccessKind::kPowerOn, {}); }
  lowmeg::Result<void> reset() { return told_all(lowmeg::get::AccessKind::kReset, seen_); }
  /// By what was written so far.
  lowmeg::PamDwords pam_dwords() const { return seen_; }
  /// In the place of power_on(): the bridge is another one's, and PAM holds this.
  void go_on_with(const lowmeg::PamDwords& pam) { seen_ = pam; }

 private:
  class Function final : public lowmeg::bridge::ConfigFunction {
   public:
    Function(BridgeProxy& proxy, std::uint8_t device) : proxy_(proxy), device_(device) {}
    std::uint32_t read(std::uint8_t offset) override { return proxy_.read(device_, offset); }
    lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                               lowmeg::bridge::ByteEnables enables) override {
      return proxy_.write(device_, offset, value, enables);
    }

   private:
    BridgeProxy& proxy_;
    std::uint8_t device_;
  };

  std::uint32_t read(std::uint8_t device, std::uint8_t offset);
  lowmeg::Result<void> write(std::uint8_t device, std::uint8_t offset, std::uint32_t value,
                             lowmeg::bridge::ByteEnables enables);
  lowmeg::Result<void> told_all(lowmeg::get::AccessKind kind, const lowmeg::PamDwords& before);
  lowmeg::Result<lowmeg::get::Done> hand_over(const lowmeg::get::Access& access);
  void tell(std::optional<RegisterChange> config_write, const lowmeg::PamDwords& before, lowmeg::Apply apply,
            const lowmeg::get::Counters& counters, std::uint64_t nanoseconds);
  lowmeg::PamDwords reset_value() const { return {identity_.dramt, 0}; }

  const lowmeg::bridge::Identity identity_;
  lowmeg::get::ParavisorSeat& seat_;
  const lowmeg::get::Host& host_;
  const ChipsetListeners listeners_;
  std::array<Function, 2> functions_;
  lowmeg::PamDwords seen_;
};

}  // namespace vmm
