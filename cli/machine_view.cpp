#include "cli/machine_view.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/decode/config_space.hpp"
#include "cli/route_text.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using lowmeg::memory::Target;

constexpr lowmeg::Gpa kCell = 0x4000, kShown = 0x100000;

char letter_of(const lowmeg::memory::Routes& routes) {
  const bool reads = routes.read.target() == Target::kRam, writes = routes.write.target() == Target::kRam;
  if (reads) return writes ? '#' : 'r';
  return writes ? 'w' : '.';
}

Json cpu_json(const vmm::CpuLook& look) {
  constexpr const char* kActivities[] = {"runs", "stuck", "halted", "halted for ever", "waits to be started"};
  return {{"cpu", look.cpu},
          {"activity", kActivities[static_cast<std::size_t>(look.activity)]},
          {"at", fmt::format("{:04X}:{:08X}", look.cs, look.ip)}};
}

Json row_json(const vmm::MegabyteRow& row) {
  return {{"start", fmt::format("{:05X}", row.range.start())},
          {"end", fmt::format("{:05X}", row.range.end() - 1)},
          {"state", row.state ? Json(short_name(*row.state)) : Json(nullptr)},
          {"reads", route_text(row.routes.read)},
          {"writes", route_text(row.routes.write)},
          {"slot", row.slot ? Json(*row.slot) : Json(nullptr)}};
}

Json counters_json(vmm::Machine& machine) {
  Json json{{"config_accesses", machine.config_accesses()},
            {"resets", machine.resets().count()},
            {"restarts", machine.restarts()}};
  if (const vmm::RangesChipset* const ranges = machine.ranges())
    json["paravisors"] = ranges->seat().takings();
  for (const auto& [name, count] : machine.counts()) json[name] = count;
  if (vmm::RangesChipset* const ranges = machine.ranges())
    json["get_requests"] = ranges->host().counters().requests();
  return json;
}

// Where the host bridge is: Hyper-V's way has it in a paravisor.
Json paravisor_json(const vmm::RangesChipset* ranges) {
  if (!ranges) return nullptr;
  if (ranges->paravisor()) return "in this process";
  return ranges->seat().taken_by() ? "connected" : "awaited";
}

// Not in split mode: there a paravisor would have to be asked.
Json config_json(vmm::Machine& machine) {
  Json json = Json::object();
  const bool is_here = !machine.ranges() || machine.ranges()->paravisor();
  if (!is_here) return json;
  for (const vmm::PciConfig& function : machine.pci_config()) {
    std::string digits;
    for (const std::uint32_t dword : function.dwords)
      digits += fmt::format("{:02x}{:02x}{:02x}{:02x}", dword & 0xff, dword >> 8 & 0xff, dword >> 16 & 0xff,
                            dword >> 24);
    json[fmt::format("00:{:02x}.{}", function.device, function.function)] = digits;
  }
  return json;
}

std::string map_text(const Json& map) {
  std::string text =
      fmt::format("{:<13} {:<6} {:<14} {:<14} {:>4}\n", "range", "state", "reads from", "writes to", "slot");
  const auto word = [](const Json& value) {
    return value.is_null() ? std::string("-") : value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (const Json& row : map) {
    text += fmt::format("{:<13} {:<6} {:<14} {:<14} {:>4}\n",
                        word(row.at("start")) + "-" + word(row.at("end")), word(row.at("state")),
                        word(row.at("reads")), word(row.at("writes")), word(row.at("slot")));
  }
  return text;
}

}  // namespace

std::string band_scale() {
  return fmt::format("{:<16}{:<16}{:<16}{}", "00000", "40000", "80000", "C0000");
}

std::string band_of(const std::vector<vmm::MegabyteRow>& rows) {
  std::string cells(kShown / kCell, '?');
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (const vmm::MegabyteRow& row : rows) {
      if (row.range.contains(i * kCell)) cells[i] = letter_of(row.routes);
    }
  }
  return cells;
}

std::string machine_json(vmm::Machine& machine, const std::string& title) {
  const std::vector<vmm::MegabyteRow> rows = machine.first_megabyte();
  const lowmeg::PamDwords pam = machine.chipset().pam_dwords();
  Json json{
      {"machine", title},
      {"runs_on", machine.accel_line()},
      {"time_s", static_cast<double>(machine.clock().now_ns()) / 1e9},
      {"cpus", Json::array()},
      {"paravisor", paravisor_json(machine.ranges())},
      {"pam", {{"58", fmt::format("{:08x}", pam.dword_58)}, {"5c", fmt::format("{:08x}", pam.dword_5c)}}},
      {"band", band_of(rows)},
      {"map", Json::array()},
      {"counters", counters_json(machine)},
      {"config", config_json(machine)}};
  for (const vmm::CpuLook& look : machine.cpus()) json["cpus"].push_back(cpu_json(look));
  for (const vmm::MegabyteRow& row : rows) json["map"].push_back(row_json(row));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<std::string> machine_text(const std::string& json) try {
  const Json machine = Json::parse(json);
  std::string text = fmt::format("{} at {:.6f} s\n", machine.at("machine").get<std::string>(),
                                 machine.at("time_s").get<double>());
  for (const Json& cpu : machine.at("cpus"))
    text += fmt::format("CPU {} {} at {}\n", cpu.at("cpu").get<unsigned>(),
                        cpu.at("activity").get<std::string>(), cpu.at("at").get<std::string>());
  if (const Json& paravisor = machine.at("paravisor"); paravisor.is_string())
    text += "paravisor " + paravisor.get<std::string>() + "\n";
  text += fmt::format("PAM 58h {} 5Ch {}\n", machine.at("pam").at("58").get<std::string>(),
                      machine.at("pam").at("5c").get<std::string>());
  for (const auto& [name, value] : machine.at("counters").items())
    text += fmt::format("{} {}\n", name, value.dump());
  return text + "\n" + band_scale() + "\n" + machine.at("band").get<std::string>() + "\n\n" +
         map_text(machine.at("map"));
} catch (const Json::exception&) {
  return std::nullopt;
}

std::optional<std::string> machine_lspci(const std::string& json) try {
  std::string text;
  const Json machine = Json::parse(json);
  std::vector<vmm::PciConfig> functions;
  for (const auto& [address, digits] : machine.at("config").items()) {
    const auto place = pci_address(address);
    const std::string hex = digits.get<std::string>();
    if (!place || hex.size() != 512) return std::nullopt;
    vmm::PciConfig function{.device = place->device, .function = place->function};
    for (std::size_t i = 0; i < 256; ++i)
      function.dwords[i / 4] |= static_cast<std::uint32_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16))
                                << 8 * (i % 4);
    functions.push_back(function);
  }
  return lspci_text(functions);
} catch (const std::exception&) {
  return std::nullopt;
}

std::string lspci_text(const std::vector<vmm::PciConfig>& functions) {
  std::vector<ConfigSpace> spaces;
  for (const vmm::PciConfig& function : functions) {
    ConfigSpace space;
    space.address.device = static_cast<std::uint8_t>(function.device);
    space.address.function = static_cast<std::uint8_t>(function.function);
    for (std::size_t i = 0; i < space.bytes.size(); ++i)
      space.bytes[i] = static_cast<std::uint8_t>(function.dwords[i / 4] >> 8 * (i % 4));
    space.known.set();
    space.name = fmt::format("{:04x}: {:04x}:{:04x} (rev {:02x})", space.word(10), space.word(0),
                             space.word(2), space.bytes[8]);
    spaces.push_back(space);
  }
  return config_spaces_text(spaces);
}

}  // namespace cli
