// A plain type 0 configuration header (00h-3Fh) without BARs, capabilities or an interrupt pin.
//
// After OpenVMM's cfg_space_emu as the Hyper-V bridge uses it: the command register stores what is written,
// but dword 04h of this bridge always reads 02000006h ("bug for bug" with Hyper-V).
#pragma once

#include <cstdint>

#include "lowmeg/bridge/byte_enables.hpp"
#include "lowmeg/bridge/identity.hpp"
#include "lowmeg/core/event_sink.hpp"

namespace lowmeg::bridge {

/// What a guest can change in the header, and so what is saved of it.
struct ConfigHeaderState {
  std::uint16_t command = 0;
  std::uint8_t latency_timer = 0;
  std::uint8_t interrupt_line = 0;

  friend bool operator==(const ConfigHeaderState&, const ConfigHeaderState&) = default;
};

/// What a guest's write of `written` leaves in the command register.
std::uint16_t command_as_stored(std::uint16_t written);

class ConfigHeader {
 public:
  ConfigHeader(const Identity& identity, EventSink& events) : identity_(identity), events_(events) {}

  std::uint32_t read(std::uint8_t offset) const;
  void write(std::uint8_t offset, std::uint32_t value, ByteEnables enables);
  void reset() { state_ = {}; }
  /// Aborts unless the command register can hold `state.command`.
  void restore(const ConfigHeaderState& state);

  const ConfigHeaderState& state() const { return state_; }
  const Identity& identity() const { return identity_; }

 private:
  Identity identity_;
  EventSink& events_;
  EventLimit bad_command_{8};
  ConfigHeaderState state_;
};

}  // namespace lowmeg::bridge
