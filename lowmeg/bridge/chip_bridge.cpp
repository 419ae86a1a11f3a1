#include "lowmeg/bridge/chip_bridge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/bridge/i440bx_table.hpp"
#include "lowmeg/bridge/i440fx_table.hpp"

namespace lowmeg::bridge {

/// Which chip it is, strap included.
struct ChipModel {
  const RegisterMasks& masks;
  std::uint16_t device;
  std::uint32_t nbxcfg_bits;  // of dword 50h, those that decode depends on
  const RegisterMasks* agp;   // of device 1; null where there is none
};

namespace {

// What decode depends on within its registers (290633, 4.1; 3.4.3, 3.4.21). E_SMERR is none of it: clearing
// it tells nobody.
constexpr std::uint32_t kNbxcfgBits = 0x00000620;  // PCI agent to aperture disable, aperture enable, MDAP
constexpr std::uint32_t kNoNbxcfg = 0;             // the 82441FX has PMCCFG there
constexpr std::uint8_t kEsmramcBits = 0x87;        // H_SMRAM_EN, TSEG_SZ, TSEG_EN
constexpr std::uint8_t kPmcrBits = 0x02;           // AGP_DIS
constexpr std::uint16_t kPcicmd1Bits = 0x0002;     // MAE1
constexpr std::uint8_t kBctrlBits = 0x08;          // VGA_EN

constexpr ChipModel kFx{kI440fxMasks, 0x1237, kNoNbxcfg, nullptr};
constexpr ChipModel kBx{kI440bxMasks, 0x7190, kNbxcfgBits, &kAgpBridgeMasks};
constexpr ChipModel kBxWithoutAgp{kI440bxWithoutAgpMasks, 0x7192, kNbxcfgBits, nullptr};

constexpr bool agrees(const RegisterMasks& masks, const Identity& identity) {
  return masks.reset[0] == (identity.vendor | std::uint32_t{identity.device} << 16) &&
         byte_of(masks.reset, 0x08) == identity.revision && byte_of(masks.reset, 0x58) == identity.dramt;
}
static_assert(agrees(kI440fxMasks, kI440fx) && agrees(kI440bxMasks, kI440bx));

const ChipModel& model_of(const Identity& identity, Agp agp) {
  if (identity.device == kI440fx.device) return kFx;
  LOWMEG_INVARIANT(identity.device == kI440bx.device, "the identity of a chip");
  return agp == Agp::kPresent ? kBx : kBxWithoutAgp;
}

constexpr std::uint64_t kRowUnit = 8 << 20;
constexpr std::uint64_t kMostRowUnits = (1 << 30) / kRowUnit;

ConfigDwords reset_values(const RegisterMasks& masks, const ChipOptions& options) {
  ConfigDwords dwords = masks.reset;
  for (std::size_t i = 0; i < options.drb.size(); ++i) put_bytes(dwords, 0x60 + i, options.drb[i], 1);
  return dwords;
}

// Of registers as they read; bytes without a row, which a dump of a real chip may fill, are left out. Which
// of APBASE's bits there are is APSIZE's matter.
DecodeRegisters registers_of(const ChipModel& model, ConfigDwords dwords, const ConfigDwords* agp) {
  const std::uint32_t apbase = model.masks.reset[dword_of(0x10)] != 0 ? dwords[dword_of(0x10)] : 0;
  for (std::size_t i = 0; i < kConfigDwords; ++i)
    dwords[i] &= model.masks.writable[i] | model.masks.cleared[i] | model.masks.reset[i];
  DecodeRegisters registers{
      .pam = {},
      .drb7 = byte_of(dwords, 0x67),
      .fdhc = byte_of(dwords, 0x68),
      .smram = byte_of(dwords, 0x72),
      .esmramc = static_cast<std::uint8_t>(byte_of(dwords, 0x73) & kEsmramcBits),
      .nbxcfg = dwords[dword_of(0x50)] & model.nbxcfg_bits,
      .apbase = apbase,
      .apsize = byte_of(dwords, 0xb4),
      .pmcr = static_cast<std::uint8_t>(byte_of(dwords, 0x7a) & kPmcrBits),
      .agp = {},
  };
  for (std::size_t i = 0; i < registers.pam.size(); ++i) registers.pam[i] = byte_of(dwords, 0x59 + i);
  if (!agp) return registers;
  registers.agp = {
      .pcicmd1 = static_cast<std::uint16_t>(word_of(*agp, 0x04) & kPcicmd1Bits),
      .mbase = word_of(*agp, 0x20),
      .mlimit = word_of(*agp, 0x22),
      .pmbase = word_of(*agp, 0x24),
      .pmlimit = word_of(*agp, 0x26),
      .bctrl = static_cast<std::uint8_t>(byte_of(*agp, 0x3e) & kBctrlBits),
  };
  return registers;
}

Result<void> check_agp_bridge(const ConfigDwords& dwords) {
  for (std::size_t i = 0; i < kConfigDwords; ++i) {
    const std::uint32_t possible = kAgpBridgeMasks.writable[i] | kAgpBridgeMasks.cleared[i];
    const auto checked = check_dword("AGP bridge, ", i, dwords[i], kAgpBridgeMasks.reset[i], possible);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace

std::optional<DecodeRegisters> decode_registers_of(const ConfigDwords& host_bridge,
                                                   const ConfigDwords* agp_bridge) {
  for (const ChipModel* model : {&kFx, &kBx, &kBxWithoutAgp}) {
    if (host_bridge[0] != model->masks.reset[0]) continue;
    return registers_of(*model, host_bridge, model->agp ? agp_bridge : nullptr);
  }
  return std::nullopt;
}

std::array<std::uint8_t, 8> drb_for(std::uint64_t ram_bytes) {
  const std::uint64_t units = std::min(ram_bytes / kRowUnit + (ram_bytes % kRowUnit != 0), kMostRowUnits);
  std::array<std::uint8_t, 8> drb{};
  drb.fill(static_cast<std::uint8_t>(units));
  return drb;
}

ChipBridge::ChipBridge(const Identity& identity, const ChipOptions& options, DecodeSink& sink,
                       EventSink& events)
    : ChipBridge(model_of(identity, options.agp), identity, options, sink, events) {}

ChipBridge::ChipBridge(const ChipModel& model, Identity identity, const ChipOptions& options,
                       DecodeSink& sink, EventSink& events)
    : model_(model),
      identity_(identity),
      registers_(model.masks, reset_values(model.masks, options), events),
      sink_(sink) {
  identity_.device = model.device;
  if (model.agp != nullptr) agp_.emplace(*this);
  told_ = decode_registers();
}

Result<void> ChipBridge::power_on() {
  return tell(Apply::kForced);
}

Result<void> ChipBridge::reset() {
  registers_.reset();
  if (agp_) agp_->reset();
  return tell(Apply::kForced);
}

Result<void> ChipBridge::check(const ChipBridgeState& state) const {
  const std::uint32_t id = state.host_bridge.dwords[0];
  if (id != registers_.read(0x00)) {
    return fail(Errc::kInvalidArgument,
                fmt::format("chip: the state is of {:04x}:{:04x}, where this one is {:04x}:{:04x}",
                            id & 0xffff, id >> 16, identity_.vendor, identity_.device));
  }
  if (state.agp_bridge.has_value() != agp_.has_value()) {
    return fail(Errc::kInvalidArgument, agp_ ? "AGP bridge: the state has none, where this chip has one"
                                             : "AGP bridge: the state has one, where this chip has none");
  }
  if (auto possible = registers_.check(state.host_bridge); !possible) return possible;
  return agp_ ? check_agp_bridge(*state.agp_bridge) : Result<void>();
}

Result<void> ChipBridge::restore(const ChipBridgeState& state) {
  LOWMEG_INVARIANT(check(state), "a state that this chip can hold");
  const ChipBridgeState old = this->state();
  const DecodeRegisters told = told_;
  const bool was_told = is_told_;
  put(state);
  auto result = tell(Apply::kForced);
  if (!result) {
    put(old);
    told_ = told;
    is_told_ = was_told;
  }
  return result;
}

Result<void> ChipBridge::write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) {
  if (!registers_.write(offset, value, enables) && is_told_) return {};
  return tell_if_changed();
}

DecodeRegisters ChipBridge::decode_registers() const {
  return registers_of(model_, registers_.state().dwords, agp_ ? &agp_->dwords : nullptr);
}

ChipBridgeState ChipBridge::state() const {
  ChipBridgeState state{registers_.state(), {}};
  if (agp_) state.agp_bridge = agp_->dwords;
  return state;
}

void ChipBridge::put(const ChipBridgeState& state) {
  registers_.restore(state.host_bridge);
  if (agp_) agp_->dwords = *state.agp_bridge;
}

Result<void> ChipBridge::tell(Apply apply) {
  told_ = decode_registers();
  const Result<void> told = sink_.changed(told_, apply);
  is_told_ = told.has_value();
  return told;
}

Result<void> ChipBridge::tell_if_changed() {
  if (is_told_ && decode_registers() == told_) return {};
  return tell(Apply::kDelta);
}

Result<void> ChipBridge::AgpBridge::write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) {
  const std::size_t index = dword_of(offset);
  const std::uint32_t bytes = enables.mask();
  dwords[index] = as_written(dwords[index], value, kAgpBridgeMasks.writable[index] & bytes,
                             kAgpBridgeMasks.cleared[index] & bytes);
  return chip_.tell_if_changed();
}

void ChipBridge::AgpBridge::reset() {
  dwords = kAgpBridgeMasks.reset;
}

}  // namespace lowmeg::bridge
