#include "lowmeg/bridge/config_header.hpp"

#include <fmt/format.h>

namespace lowmeg::bridge {
namespace {

constexpr std::uint8_t kId = 0x00, kCommandStatus = 0x04, kClassRevision = 0x08, kInterrupt = 0x3c;
// Where cfg_space_emu has it since OpenVMM c98a2403; dword 0Ch reads 0 and takes nothing. PCI has MIN_GNT
// there, and the timer at 0Dh.
constexpr unsigned kLatencyTimerShift = 16;
// Hyper-V's constant: memory and bus master enabled, medium DEVSEL (facts of OpenVMM's
// i440bx_host_pci_bridge).
constexpr std::uint32_t kCommandStatusRead = 0x02000006;
constexpr std::uint32_t kHostBridgeClass = 0x060000;
// The bits of the PCI command register that cfg_space_emu knows.
constexpr std::uint16_t kCommandBits = 0x077f;

}  // namespace

std::uint16_t command_as_stored(std::uint16_t written) {
  return written & kCommandBits;
}

std::uint32_t ConfigHeader::read(std::uint8_t offset) const {
  switch (offset) {
    case kId:
      return identity_.vendor | std::uint32_t{identity_.device} << 16;
    case kCommandStatus:
      return kCommandStatusRead;
    case kClassRevision:
      return identity_.revision | kHostBridgeClass << 8;
    case kInterrupt:
      return state_.interrupt_line | std::uint32_t{state_.latency_timer} << kLatencyTimerShift;
    default:
      return 0;
  }
}

void ConfigHeader::write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) {
  if (offset == kCommandStatus) {
    const auto command = static_cast<std::uint16_t>(enables.merge(state_.command, value));
    const auto refused = static_cast<std::uint16_t>(command & ~kCommandBits);
    if (refused != 0 && bad_command_.admit()) {
      events_.event({Severity::kWarning, "bridge",
                     bad_command_.told(fmt::format("command register: bits {:04x}h refused", refused))});
    }
    state_.command = command_as_stored(command);
  } else if (offset == kInterrupt) {
    const std::uint32_t merged = enables.merge(read(kInterrupt), value);
    state_.interrupt_line = static_cast<std::uint8_t>(merged);
    state_.latency_timer = static_cast<std::uint8_t>(merged >> kLatencyTimerShift);
  }
}

void ConfigHeader::restore(const ConfigHeaderState& state) {
  LOWMEG_INVARIANT(command_as_stored(state.command) == state.command, "a possible command register");
  state_ = state;
}

}  // namespace lowmeg::bridge
