// The device-specific registers (40h-FFh) of the host bridge as Hyper-V and OpenVMM have them.
//
// After OpenVMM's i440bx_host_pci_bridge, which mirrors Hyper-V "bug for bug": DRB, PAM, BSPAD and SMRAM are
// live, a list of others reads as constants and ignores writes, the rest is an invalid register. The data
// sheet's behaviour is another personality.
#pragma once

#include <cstdint>

#include "lowmeg/bridge/byte_enables.hpp"
#include "lowmeg/bridge/identity.hpp"
#include "lowmeg/core/event_sink.hpp"

namespace lowmeg::bridge {

/// What a guest can change. The names are those of OpenVMM's saved state.
struct HypervRegisterState {
  std::uint32_t host_pci_dram1;   ///< dword 60h: DRB0-DRB3
  std::uint32_t host_pci_dram2;   ///< dword 64h: DRB4-DRB7
  std::uint32_t pam_reg1;         ///< dword 58h: DRAMT, PAM0-PAM2
  std::uint32_t pam_reg2;         ///< dword 5Ch: PAM3-PAM6
  std::uint32_t bios_scratch1;    ///< dword D0h: BSPAD
  std::uint32_t bios_scratch2;    ///< dword D4h
  std::uint16_t smm_config_word;  ///< 72h SMRAM, 73h ESMRAMC

  friend bool operator==(const HypervRegisterState&, const HypervRegisterState&) = default;
};

/// The values after power-on and reset.
HypervRegisterState hyperv_reset_state(const Identity& identity);

/// What a guest's write of `written` leaves in the SMRAM word while it is not locked. A word that this gives
/// back is one that the registers can hold.
std::uint16_t smram_as_stored(std::uint16_t written);

/// No threads and no locks. It does not act on PAM: the HypervBridge compares before and after.
class HypervRegisters {
 public:
  HypervRegisters(const Identity& identity, EventSink& events);

  /// `offset` is a multiple of 4 from 40h to FCh.
  std::uint32_t read(std::uint8_t offset);
  void write(std::uint8_t offset, std::uint32_t value, ByteEnables enables);
  void reset(const Identity& identity) { state_ = hyperv_reset_state(identity); }
  /// Aborts unless the SMRAM word is one that the registers can hold; the others can be any.
  void restore(const HypervRegisterState& state);

  const HypervRegisterState& state() const { return state_; }

 private:
  void write_smram(std::uint16_t value);
  void warn(EventLimit& limit, const char* format, unsigned number);

  HypervRegisterState state_;
  EventSink& events_;
  EventLimit invalid_register_{8};
  EventLimit smram_bits_{8};
  EventLimit smram_open_{8};
};

}  // namespace lowmeg::bridge
