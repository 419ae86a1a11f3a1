#include "lowmeg/state/bridge_meaning.hpp"

#include <fmt/format.h>

namespace lowmeg::state {
namespace {

tl::unexpected<Error> refuse(std::string_view field, std::string_view reason) {
  return fail(Errc::kInvalidArgument, fmt::format("cfg_space.{}: {}", field, reason));
}

// What a host bridge without BARs, capabilities and buses behind it never sets.
Result<void> accept_unused(const SavedCfgSpace& cfg_space) {
  const auto& [command, base_addresses, interrupt_line, latency_timer, capabilities, subordinate_bus_number,
               secondary_bus_number, primary_bus_number, memory_base, memory_limit, prefetch_base,
               prefetch_limit, prefetch_base_upper, prefetch_limit_upper, bridge_control,
               extended_capabilities, captured_bus_number, captured_devfn] = cfg_space;
  for (std::size_t i = 0; i < base_addresses.size(); ++i) {
    if (base_addresses[i] != 0)
      return refuse(fmt::format("base_addresses[{}]", i), "this bridge has no BARs");
  }
  const struct {
    std::string_view name;
    std::size_t value;
  } rows[] = {
      {"capabilities", capabilities.size()},
      {"subordinate_bus_number", subordinate_bus_number},
      {"secondary_bus_number", secondary_bus_number},
      {"primary_bus_number", primary_bus_number},
      {"memory_base", memory_base},
      {"memory_limit", memory_limit},
      {"prefetch_base", prefetch_base},
      {"prefetch_limit", prefetch_limit},
      {"prefetch_base_upper", prefetch_base_upper},
      {"prefetch_limit_upper", prefetch_limit_upper},
      {"bridge_control", bridge_control},
      {"extended_capabilities", extended_capabilities.size()},
      {"captured_bus_number", captured_bus_number},
      {"captured_devfn", captured_devfn},
  };
  for (const auto& [name, value] : rows) {
    if (value != 0) return refuse(name, "this bridge has none");
  }
  return {};
}

}  // namespace

SavedBridge to_saved(const bridge::HypervBridgeState& state) {
  const auto& [registers, header] = state;
  const auto& [host_pci_dram1, host_pci_dram2, pam_reg1, pam_reg2, bios_scratch1, bios_scratch2,
               smm_config_word] = registers;
  const auto& [command, latency_timer, interrupt_line] = header;
  SavedBridge saved{host_pci_dram1, host_pci_dram2, pam_reg1,        pam_reg2,
                    bios_scratch1,  bios_scratch2,  smm_config_word, {}};
  saved.cfg_space.command = command;
  saved.cfg_space.latency_timer = latency_timer;
  saved.cfg_space.interrupt_line = interrupt_line;
  return saved;
}

Result<bridge::HypervBridgeState> accept(const SavedBridge& bridge) {
  const auto& [host_pci_dram1, host_pci_dram2, pam_reg1, pam_reg2, bios_scratch1, bios_scratch2,
               smm_config_word, cfg_space] = bridge;
  if (const auto possible = bridge::smram_as_stored(smm_config_word); possible != smm_config_word) {
    return fail(Errc::kInvalidArgument,
                fmt::format("smm_config_word: {:04x}h, of which the bridge can hold {:04x}h", smm_config_word,
                            possible));
  }
  const unsigned refused = cfg_space.command & ~unsigned{bridge::command_as_stored(cfg_space.command)};
  if (refused != 0) return refuse("command", fmt::format("bits {:04x}h are not supported", refused));
  if (auto unused = accept_unused(cfg_space); !unused) return tl::unexpected(unused.error());
  return bridge::HypervBridgeState{
      .registers = {host_pci_dram1, host_pci_dram2, pam_reg1, pam_reg2, bios_scratch1, bios_scratch2,
                    smm_config_word},
      .header = {.command = cfg_space.command,
                 .latency_timer = cfg_space.latency_timer,
                 .interrupt_line = cfg_space.interrupt_line},
  };
}

}  // namespace lowmeg::state
