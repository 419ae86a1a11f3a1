// A host bridge with the registers of the chip, the 82443BX or the 82441FX, and the 82443BX's AGP bridge.
//
// After the data sheets 290633 and 290549; docs/reference/chip.md has each choice where they are silent. A
// config write is stored; when it changed a register of the address decode, the sink hears of all of them, in
// one call. What decode makes of them is the sink's matter: AddressDecoder acts as the chip does, RangesSink
// as Hyper-V does.
#pragma once

#include <optional>

#include "lowmeg/bridge/chip_registers.hpp"
#include "lowmeg/bridge/host_bridge.hpp"
#include "lowmeg/core/decode_sink.hpp"

namespace lowmeg::bridge {

/// The strap of the 82443BX; the 82441FX has no AGP.
enum class Agp { kPresent, kStrappedOff };

struct ChipOptions {
  /// DRB0-DRB7 after a reset. The data sheet has 01h each; where the firmware does not size memory (SeaBIOS,
  /// the Bochs BIOS), give what a firmware that does would leave: drb_for().
  std::array<std::uint8_t, 8> drb{1, 1, 1, 1, 1, 1, 1, 1};
  Agp agp = Agp::kPresent;
};

/// All memory in row 0: `ram_bytes` in units of 8 MiB, rounded up, and at most the 1 GiB that the chip can
/// address.
std::array<std::uint8_t, 8> drb_for(std::uint64_t ram_bytes);

/// The registers of the address decode of a chip that reads like this, whoever read it: a dump of a real
/// board, say. `agp_bridge`, device 1, may be null. None when vendor and device are of no chip that is known
/// here.
std::optional<DecodeRegisters> decode_registers_of(const ConfigDwords& host_bridge,
                                                   const ConfigDwords* agp_bridge);

/// A chip and its strap: chip_bridge.cpp has the three.
struct ChipModel;

/// What outlives the process: all registers as they read, and what does not show in them.
struct ChipBridgeState {
  ChipRegisterState host_bridge;
  std::optional<ConfigDwords> agp_bridge;  ///< device 1, if there is one

  friend bool operator==(const ChipBridgeState&, const ChipBridgeState&) = default;
};

/// No threads and no locks.
class ChipBridge final : public HostBridge {
 public:
  /// `identity` is kI440bx or kI440fx (else the program is wrong). Borrows the sinks. Nothing is told yet:
  /// the owner calls power_on(), or restores.
  ChipBridge(const Identity& identity, const ChipOptions& options, DecodeSink& sink, EventSink& events);
  ChipBridge(const ChipBridge&) = delete;
  ChipBridge& operator=(const ChipBridge&) = delete;

  Result<void> power_on() override;
  /// A power-on reset: the locks open, and the bridge is as a fresh one.
  Result<void> reset() override;
  /// Instead of power_on(), with a state that check() accepts (any other aborts). Told forced, in one call.
  /// On the sink's error the bridge is as it was.
  Result<void> restore(const ChipBridgeState& state);
  /// Whether this bridge can hold the state: the same chip, and each register as writes can leave it. Else
  /// kInvalidArgument with a line that names the first that is not.
  Result<void> check(const ChipBridgeState& state) const;

  std::uint32_t read(std::uint8_t offset) override { return registers_.read(offset); }
  Result<void> write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) override;

  /// As the registers say it: DID 7192h where AGP is strapped off.
  const Identity& identity() const override { return identity_; }
  PamDwords pam_dwords() const override { return {registers_.read(0x58), registers_.read(0x5c)}; }
  /// Device 1, or null: the chip has none, or AGP is strapped off.
  ConfigFunction* agp_bridge() { return agp_ ? &*agp_ : nullptr; }
  /// Only the bits that decode depends on.
  DecodeRegisters decode_registers() const;
  ChipBridgeState state() const;

 private:
  ChipBridge(const ChipModel& model, Identity identity, const ChipOptions& options, DecodeSink& sink,
             EventSink& events);

  /// Device 1 (3.4): the header of a PCI-to-PCI bridge, which only stores.
  class AgpBridge final : public ConfigFunction {
   public:
    explicit AgpBridge(ChipBridge& chip) : chip_(chip) { reset(); }

    std::uint32_t read(std::uint8_t offset) override { return dwords[dword_of(offset)]; }
    Result<void> write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) override;
    void reset();

    ConfigDwords dwords{};

   private:
    ChipBridge& chip_;
  };

  void put(const ChipBridgeState& state);
  Result<void> tell(Apply apply);
  Result<void> tell_if_changed();

  const ChipModel& model_;
  Identity identity_;
  ChipRegisters registers_;
  std::optional<AgpBridge> agp_;
  DecodeSink& sink_;
  DecodeRegisters told_;
  bool is_told_ = true;  // false: the sink failed at it, and the next write tells it again
};

}  // namespace lowmeg::bridge
