#include "cli/state/state_json.hpp"

#include <algorithm>

#include "cli/state/json_value.hpp"
#include "lowmeg/hyperv/rom_bios_offset.hpp"
#include "lowmeg/state/adjuster_meaning.hpp"
#include "lowmeg/state/bridge_meaning.hpp"
#include "lowmeg/state/chip_meaning.hpp"
#include "lowmeg/state/saved_range.hpp"

namespace cli {

using lowmeg::Result;
using lowmeg::state::Buffer;
using lowmeg::state::Bytes;
using lowmeg::state::NamedBlob;
using lowmeg::state::SavedAdjuster;
using lowmeg::state::SavedAny;
using lowmeg::state::SavedBridge;
using lowmeg::state::SavedCfgSpace;
using lowmeg::state::SavedChip;
using lowmeg::state::SavedHandle;
using lowmeg::state::SavedRange;

template <>
struct JsonFields<SavedRange> {
  static constexpr std::tuple kRows{
      JsonField{"start", &SavedRange::start},
      JsonField{"end", &SavedRange::end},
  };
};
template <>
struct JsonFields<SavedHandle> {
  static constexpr std::tuple kRows{
      JsonField{"remote_handle", &SavedHandle::remote_handle},
      JsonField{"range", &SavedHandle::range},
      JsonField{"gpa_offset", &SavedHandle::gpa_offset},
      JsonField{"is_rom", &SavedHandle::is_rom},
  };
};
template <>
struct JsonFields<SavedAdjuster> {
  static constexpr std::tuple kRows{
      JsonField{"base_slot", &SavedAdjuster::base_slot},
      JsonField{"handles", &SavedAdjuster::handles},
  };
};
template <>
struct JsonFields<SavedAny> {
  static constexpr std::tuple kRows{
      JsonField{"type_url", &SavedAny::type_url},
      JsonField{"value", &SavedAny::value},
  };
};
template <>
struct JsonFields<NamedBlob> {
  static constexpr std::tuple kRows{
      JsonField{"name", &NamedBlob::name},
      JsonField{"state", &NamedBlob::state},
  };
};
template <>
struct JsonFields<SavedCfgSpace> {
  static constexpr std::tuple kRows{
      JsonField{"command", &SavedCfgSpace::command},
      JsonField{"base_addresses", &SavedCfgSpace::base_addresses},
      JsonField{"interrupt_line", &SavedCfgSpace::interrupt_line},
      JsonField{"latency_timer", &SavedCfgSpace::latency_timer},
      JsonField{"capabilities", &SavedCfgSpace::capabilities},
      JsonField{"subordinate_bus_number", &SavedCfgSpace::subordinate_bus_number},
      JsonField{"secondary_bus_number", &SavedCfgSpace::secondary_bus_number},
      JsonField{"primary_bus_number", &SavedCfgSpace::primary_bus_number},
      JsonField{"memory_base", &SavedCfgSpace::memory_base},
      JsonField{"memory_limit", &SavedCfgSpace::memory_limit},
      JsonField{"prefetch_base", &SavedCfgSpace::prefetch_base},
      JsonField{"prefetch_limit", &SavedCfgSpace::prefetch_limit},
      JsonField{"prefetch_base_upper", &SavedCfgSpace::prefetch_base_upper},
      JsonField{"prefetch_limit_upper", &SavedCfgSpace::prefetch_limit_upper},
      JsonField{"bridge_control", &SavedCfgSpace::bridge_control},
      JsonField{"extended_capabilities", &SavedCfgSpace::extended_capabilities},
      JsonField{"captured_bus_number", &SavedCfgSpace::captured_bus_number},
      JsonField{"captured_devfn", &SavedCfgSpace::captured_devfn},
  };
};
template <>
struct JsonFields<SavedBridge> {
  static constexpr std::tuple kRows{
      JsonField{"host_pci_dram1", &SavedBridge::host_pci_dram1},
      JsonField{"host_pci_dram2", &SavedBridge::host_pci_dram2},
      JsonField{"pam_reg1", &SavedBridge::pam_reg1},
      JsonField{"pam_reg2", &SavedBridge::pam_reg2},
      JsonField{"bios_scratch1", &SavedBridge::bios_scratch1},
      JsonField{"bios_scratch2", &SavedBridge::bios_scratch2},
      JsonField{"smm_config_word", &SavedBridge::smm_config_word},
      JsonField{"cfg_space", &SavedBridge::cfg_space},
  };
};

template <>
struct JsonFields<SavedChip> {
  static constexpr std::tuple kRows{
      JsonField{"host_bridge", &SavedChip::host_bridge},
      JsonField{"written_once", &SavedChip::written_once},
      JsonField{"agp_bridge", &SavedChip::agp_bridge},
  };
};

namespace {

Buffer wrapped(const SavedAdjuster& value) {
  return encode_any(value);
}
Buffer wrapped(const SavedBridge& value) {
  return encode_any(value);
}
Buffer wrapped(const SavedChip& value) {
  return encode_any(value);
}
template <typename T>
Buffer plain(const T& value) {
  return encode(value);
}

Result<void> accepted(const SavedRange& range, std::uint64_t /*ram_size*/) {
  return accept(range).map([](const auto&) {});
}
Result<void> accepted(const SavedBridge& bridge, std::uint64_t /*ram_size*/) {
  return accept(bridge).map([](const auto&) {});
}
Result<void> accepted(const SavedAdjuster& adjuster, std::uint64_t ram_size) {
  return lowmeg::hyperv::rom_bios_offset(ram_size).and_then(
      [&](lowmeg::Gpa images) -> Result<void> { return accept(adjuster, images).map([](const auto&) {}); });
}

struct NobodyBelow final : lowmeg::DecodeSink {
  Result<void> changed(const lowmeg::DecodeRegisters&, lowmeg::Apply) override { return {}; }
};

// By the chip that the state says it is of.
Result<void> accepted(const SavedChip& chip, std::uint64_t /*ram_size*/) {
  using namespace lowmeg::bridge;
  constexpr std::uint16_t kWithoutAgp = 0x7192;
  const auto device = static_cast<std::uint16_t>(chip.host_bridge[2] | chip.host_bridge[3] << 8);
  const bool is_fx = device == kI440fx.device;
  if (!is_fx && device != kI440bx.device && device != kWithoutAgp) {
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument,
                        fmt::format("host_bridge: device {:04x}h is none of 1237h, 7190h and 7192h", device));
  }
  NobodyBelow below;
  lowmeg::NullEventSink events;
  ChipOptions options;
  if (device == kWithoutAgp) options.agp = Agp::kStrappedOff;
  const ChipBridge bridge(is_fx ? kI440fx : kI440bx, options, below, events);
  return accept(chip, bridge).map([](const auto&) {});
}

struct KindRow {
  StateKind kind;
  std::string_view name;
  Result<Buffer> (*from_json)(const Json&);
  Result<Json> (*to_json)(Bytes);
  Result<void> (*check)(Bytes, std::uint64_t ram_size);
};

template <typename T, Buffer (*encode_value)(const T&), Result<T> (*decode_value)(Bytes)>
constexpr KindRow row(StateKind kind, std::string_view name) {
  return {kind, name,
          [](const Json& json) -> Result<Buffer> {
            T value;
            return from_json(json, {}, value).map([&] { return encode_value(value); });
          },
          [](Bytes bytes) -> Result<Json> {
            return decode_value(bytes).map([](const T& value) { return to_json(value); });
          },
          [](Bytes bytes, std::uint64_t ram_size) -> Result<void> {
            return decode_value(bytes).and_then([&](const T& value) { return accepted(value, ram_size); });
          }};
}

namespace state = lowmeg::state;
constexpr std::array kKinds{
    row<SavedAdjuster, plain, state::decode_adjuster>(StateKind::kAdjuster, "adjuster"),
    row<SavedBridge, plain, state::decode_bridge>(StateKind::kBridge, "bridge"),
    row<SavedRange, plain, state::decode_range>(StateKind::kMemoryRange, "memory_range"),
    row<SavedChip, plain, state::decode_chip>(StateKind::kChip, "chip"),
    row<SavedAdjuster, wrapped, state::decode_adjuster_any>(StateKind::kAdjusterAny, "adjuster_any"),
    row<SavedBridge, wrapped, state::decode_bridge_any>(StateKind::kBridgeAny, "bridge_any"),
    row<SavedChip, wrapped, state::decode_chip_any>(StateKind::kChipAny, "chip_any"),
};

const KindRow& row_of(StateKind kind) {
  return *std::ranges::find(kKinds, kind, &KindRow::kind);
}

}  // namespace

std::optional<StateKind> state_kind(std::string_view name) {
  const auto* row = std::ranges::find(kKinds, name, &KindRow::name);
  return row == kKinds.end() ? std::nullopt : std::optional(row->kind);
}

Result<Buffer> state_from_json(StateKind kind, std::string_view json) {
  return parse_json(json).and_then(row_of(kind).from_json);
}

Result<std::string> state_to_json(StateKind kind, Bytes bytes) {
  return row_of(kind).to_json(bytes).map([](const Json& json) { return json.dump(2) + "\n"; });
}

Result<void> check_state(StateKind kind, Bytes bytes, std::uint64_t ram_size) {
  return row_of(kind).check(bytes, ram_size);
}

}  // namespace cli
