#include "lowmeg/bridge/hyperv_bridge.hpp"

#include "lowmeg/bridge/vga_window.hpp"

namespace lowmeg::bridge {
namespace {

constexpr std::uint8_t kFirstDeviceRegister = 0x40;

}  // namespace

Result<void> HypervBridge::power_on() {
  if (auto told = adjuster_.adjust({&kVgaWindowAtPowerOn, 1}); !told) return told;
  return tell(pam_states(), Apply::kForced);
}

Result<void> HypervBridge::reset() {
  const PamStates before = pam_states();
  header_.reset();
  registers_.reset(identity());
  return tell(before, Apply::kForced);
}

Result<void> HypervBridge::restore(const HypervBridgeState& state) {
  const HypervRegisterState old = registers();
  const PamStates before = pam_states();
  registers_.restore(state.registers);
  if (auto told = tell(before, Apply::kForced); !told) {
    registers_.restore(old);
    return told;
  }
  header_.restore(state.header);
  return {};
}

std::uint32_t HypervBridge::read(std::uint8_t offset) {
  return offset < kFirstDeviceRegister ? header_.read(offset) : registers_.read(offset);
}

Result<void> HypervBridge::write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) {
  if (offset < kFirstDeviceRegister) {
    header_.write(offset, value, enables);
    return {};
  }
  const PamStates before = pam_states();
  registers_.write(offset, value, enables);
  return tell(before, Apply::kDelta);
}

Result<void> HypervBridge::tell(const PamStates& before, Apply apply) {
  std::array<GpaStateChange, kPamSegmentCount> changes;
  const std::size_t count = pam_changes(before, pam_states(), apply, changes);
  if (count == 0) return {};
  return adjuster_.adjust(std::span(changes).first(count));
}

}  // namespace lowmeg::bridge
