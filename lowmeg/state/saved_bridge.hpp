// The host bridge's saved state as bytes: OpenVMM's chipset.i440bx.host_pci_bridge.
//
// The step of the wire alone. Whether a bridge can take a state up is bridge_meaning.hpp's matter.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

/// A google.protobuf.Any that is not looked into.
struct SavedAny {
  std::string type_url;
  Buffer value;

  friend bool operator==(const SavedAny&, const SavedAny&) = default;
};

struct NamedBlob {
  std::string name;
  std::optional<SavedAny> state;

  friend bool operator==(const NamedBlob&, const NamedBlob&) = default;
};

/// pci.cfg_space_emu: of any PCI function. This bridge uses four of the fields.
struct SavedCfgSpace {
  std::uint16_t command = 0;
  std::array<std::uint32_t, 6> base_addresses{};
  std::uint8_t interrupt_line = 0;
  std::uint8_t latency_timer = 0;
  std::vector<NamedBlob> capabilities;
  std::uint8_t subordinate_bus_number = 0;
  std::uint8_t secondary_bus_number = 0;
  std::uint8_t primary_bus_number = 0;
  std::uint16_t memory_base = 0;
  std::uint16_t memory_limit = 0;
  std::uint16_t prefetch_base = 0;
  std::uint16_t prefetch_limit = 0;
  std::uint32_t prefetch_base_upper = 0;
  std::uint32_t prefetch_limit_upper = 0;
  std::uint16_t bridge_control = 0;
  std::vector<NamedBlob> extended_capabilities;
  std::uint8_t captured_bus_number = 0;
  std::uint8_t captured_devfn = 0;

  friend bool operator==(const SavedCfgSpace&, const SavedCfgSpace&) = default;
};

/// The names are explained at bridge::HypervRegisterState.
struct SavedBridge {
  std::uint32_t host_pci_dram1 = 0;
  std::uint32_t host_pci_dram2 = 0;
  std::uint32_t pam_reg1 = 0;
  std::uint32_t pam_reg2 = 0;
  std::uint32_t bios_scratch1 = 0;
  std::uint32_t bios_scratch2 = 0;
  std::uint16_t smm_config_word = 0;
  SavedCfgSpace cfg_space;

  friend bool operator==(const SavedBridge&, const SavedBridge&) = default;
};

inline constexpr std::string_view kBridgeTypeUrl =
    "type.googleapis.com/chipset.i440bx.host_pci_bridge.SavedState";

/// The bytes that OpenVMM writes for this value, bit for bit.
Buffer encode(const SavedBridge& bridge);
/// kInvalidArgument with a line that names the field: as check_wire, when cfg_space is absent, and when there
/// are not just 6 base addresses.
Result<SavedBridge> decode_bridge(Bytes bytes);

/// The same in a google.protobuf.Any; another type_url is refused.
Buffer encode_any(const SavedBridge& bridge);
Result<SavedBridge> decode_bridge_any(Bytes bytes);

}  // namespace lowmeg::state
