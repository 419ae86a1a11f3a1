#include "lowmeg/state/saved_bridge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>

#include "lowmeg/state/envelope.hpp"
#include "lowmeg/state/message_io.hpp"
#include "lowmeg/state/proto/bridge.pb.h"
#include "lowmeg/state/wire_schema.hpp"

namespace lowmeg::state {
namespace {

namespace bridge_proto = chipset::i440bx::host_pci_bridge;
namespace proto_cfg = pci::cfg_space_emu;

// A value that check_wire has held against its width.
template <std::unsigned_integral T>
T narrow(std::uint32_t value) {
  return static_cast<T>(value);
}
constexpr auto u8 = narrow<std::uint8_t>;
constexpr auto u16 = narrow<std::uint16_t>;

void fill(proto_cfg::NamedBlob& message, const NamedBlob& blob) {
  const auto& [name, state] = blob;
  message.set_name(name);
  if (!state) return;
  message.mutable_state()->set_type_url(state->type_url);
  message.mutable_state()->set_value(state->value.data(), state->value.size());
}

void fill(proto_cfg::SavedState& message, const SavedCfgSpace& cfg_space) {
  const auto& [command, base_addresses, interrupt_line, latency_timer, capabilities, subordinate_bus_number,
               secondary_bus_number, primary_bus_number, memory_base, memory_limit, prefetch_base,
               prefetch_limit, prefetch_base_upper, prefetch_limit_upper, bridge_control,
               extended_capabilities, captured_bus_number, captured_devfn] = cfg_space;
  message.set_command(command);
  message.mutable_base_addresses()->Add(base_addresses.begin(), base_addresses.end());
  message.set_interrupt_line(interrupt_line);
  message.set_latency_timer(latency_timer);
  for (const NamedBlob& blob : capabilities) fill(*message.add_capabilities(), blob);
  message.set_subordinate_bus_number(subordinate_bus_number);
  message.set_secondary_bus_number(secondary_bus_number);
  message.set_primary_bus_number(primary_bus_number);
  message.set_memory_base(memory_base);
  message.set_memory_limit(memory_limit);
  message.set_prefetch_base(prefetch_base);
  message.set_prefetch_limit(prefetch_limit);
  message.set_prefetch_base_upper(prefetch_base_upper);
  message.set_prefetch_limit_upper(prefetch_limit_upper);
  message.set_bridge_control(bridge_control);
  for (const NamedBlob& blob : extended_capabilities) fill(*message.add_extended_capabilities(), blob);
  message.set_captured_bus_number(captured_bus_number);
  message.set_captured_devfn(captured_devfn);
}

template <typename Messages>
std::vector<NamedBlob> blobs_of(const Messages& messages) {
  std::vector<NamedBlob> blobs;
  for (const proto_cfg::NamedBlob& message : messages) {
    NamedBlob& blob = blobs.emplace_back(NamedBlob{message.name(), {}});
    if (!message.has_state()) continue;
    const std::string& value = message.state().value();
    blob.state = SavedAny{message.state().type_url(), Buffer(value.begin(), value.end())};
  }
  return blobs;
}

SavedCfgSpace value_of(const proto_cfg::SavedState& message) {
  SavedCfgSpace cfg_space{
      .command = u16(message.command()),
      .base_addresses = {},
      .interrupt_line = u8(message.interrupt_line()),
      .latency_timer = u8(message.latency_timer()),
      .capabilities = blobs_of(message.capabilities()),
      .subordinate_bus_number = u8(message.subordinate_bus_number()),
      .secondary_bus_number = u8(message.secondary_bus_number()),
      .primary_bus_number = u8(message.primary_bus_number()),
      .memory_base = u16(message.memory_base()),
      .memory_limit = u16(message.memory_limit()),
      .prefetch_base = u16(message.prefetch_base()),
      .prefetch_limit = u16(message.prefetch_limit()),
      .prefetch_base_upper = message.prefetch_base_upper(),
      .prefetch_limit_upper = message.prefetch_limit_upper(),
      .bridge_control = u16(message.bridge_control()),
      .extended_capabilities = blobs_of(message.extended_capabilities()),
      .captured_bus_number = u8(message.captured_bus_number()),
      .captured_devfn = u8(message.captured_devfn()),
  };
  std::ranges::copy(message.base_addresses(), cfg_space.base_addresses.begin());
  return cfg_space;
}

}  // namespace

Buffer encode(const SavedBridge& bridge) {
  const auto& [host_pci_dram1, host_pci_dram2, pam_reg1, pam_reg2, bios_scratch1, bios_scratch2,
               smm_config_word, cfg_space] = bridge;
  bridge_proto::SavedState message;
  message.set_host_pci_dram1(host_pci_dram1);
  message.set_host_pci_dram2(host_pci_dram2);
  message.set_pam_reg1(pam_reg1);
  message.set_pam_reg2(pam_reg2);
  message.set_bios_scratch1(bios_scratch1);
  message.set_bios_scratch2(bios_scratch2);
  message.set_smm_config_word(smm_config_word);
  fill(*message.mutable_cfg_space(), cfg_space);
  return serialize(message);
}

Result<SavedBridge> decode_bridge(Bytes bytes) {
  bridge_proto::SavedState message;
  if (auto parsed = parse(bytes, kBridgeRows, message); !parsed) return tl::unexpected(parsed.error());
  if (!message.has_cfg_space()) return fail(Errc::kInvalidArgument, "cfg_space: absent");
  const int count = message.cfg_space().base_addresses_size();
  if (count != 6) {
    return fail(Errc::kInvalidArgument,
                fmt::format("cfg_space.base_addresses: {} entries, where 6 are right", count));
  }
  return SavedBridge{
      .host_pci_dram1 = message.host_pci_dram1(),
      .host_pci_dram2 = message.host_pci_dram2(),
      .pam_reg1 = message.pam_reg1(),
      .pam_reg2 = message.pam_reg2(),
      .bios_scratch1 = message.bios_scratch1(),
      .bios_scratch2 = message.bios_scratch2(),
      .smm_config_word = u16(message.smm_config_word()),
      .cfg_space = value_of(message.cfg_space()),
  };
}

Buffer encode_any(const SavedBridge& bridge) {
  return wrap(kBridgeTypeUrl, encode(bridge));
}

Result<SavedBridge> decode_bridge_any(Bytes bytes) {
  return unwrap(bytes, kBridgeTypeUrl).and_then([](const Buffer& value) { return decode_bridge(value); });
}

}  // namespace lowmeg::state
