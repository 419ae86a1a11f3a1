// The host bridge as Hyper-V and OpenVMM have it: registers above, the first megabyte below.
//
// A config write is stored; when it changed the state of a segment the adjuster hears of the changed ones, in
// one call. After OpenVMM's i440bx_host_pci_bridge. This personality acts on PAM alone; the data sheet's
// address decode (SMRAM, holes, top of memory) is another one's.
#pragma once

#include "lowmeg/bridge/config_header.hpp"
#include "lowmeg/bridge/host_bridge.hpp"
#include "lowmeg/bridge/hyperv_registers.hpp"
#include "lowmeg/core/adjust_gpa_ranges.hpp"

namespace lowmeg::bridge {

/// What outlives the process: the values that a guest can change.
struct HypervBridgeState {
  HypervRegisterState registers{};
  ConfigHeaderState header;

  friend bool operator==(const HypervBridgeState&, const HypervBridgeState&) = default;
};

/// No threads and no locks.
class HypervBridge final : public HostBridge {
 public:
  /// Borrows the adjuster and the sink. Nothing is told yet: the owner calls power_on(), or restores.
  HypervBridge(const Identity& identity, AdjustGpaRanges& adjuster, EventSink& events)
      : header_(identity, events), registers_(identity, events), adjuster_(adjuster) {}

  /// A0000-BFFFF is Mmio, then all 13 segments by their reset values, forced.
  Result<void> power_on() override;
  /// Registers to their reset values, all 13 segments forced. The adjuster still skips what is in place.
  Result<void> reset() override;
  /// Instead of power_on(), with a state that a bridge can hold (state::accept says; any other aborts):
  /// registers, all 13 segments forced, then the header. A0000-BFFFF is not told. An adjuster that was
  /// restored before it has nothing to do. On its error the bridge is as it was.
  Result<void> restore(const HypervBridgeState& state);

  std::uint32_t read(std::uint8_t offset) override;
  Result<void> write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) override;

  const Identity& identity() const override { return header_.identity(); }
  const ConfigHeaderState& header() const { return header_.state(); }
  const HypervRegisterState& registers() const { return registers_.state(); }
  HypervBridgeState state() const { return {registers(), header()}; }
  PamDwords pam_dwords() const override { return {registers().pam_reg1, registers().pam_reg2}; }

 private:
  Result<void> tell(const PamStates& before, Apply apply);

  ConfigHeader header_;
  HypervRegisters registers_;
  AdjustGpaRanges& adjuster_;
};

}  // namespace lowmeg::bridge
