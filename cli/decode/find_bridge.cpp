#include <fmt/format.h>

#include <algorithm>

#include "cli/decode/bridge_dump.hpp"
#include "lowmeg/bridge/i440bx_table.hpp"
#include "lowmeg/bridge/i440fx_table.hpp"

namespace cli {
namespace {

using lowmeg::Errc;
using lowmeg::Result;

constexpr std::uint16_t kIntel = 0x8086, kAgpBridge = 0x7191;
constexpr std::uint16_t kHostBridgeClass = 0x0600;
constexpr std::size_t kPam = 0x59, kPamCount = 7;

// Intel's host bridges of those years, by the PCI ID repository. Those without rows have PAM at other places,
// or with other bits, and nobody has checked them here.
struct KnownChip {
  std::uint16_t device;
  std::string_view name;
  std::span<const lowmeg::bridge::RegisterRow> rows;
};
constexpr KnownChip kChips[] = {
    {0x1237, "82441FX (440FX)", lowmeg::bridge::kI440fxRows},
    {0x7190, "82443BX (440BX)", lowmeg::bridge::kI440bxRows},
    {0x7192, "82443BX (440BX), AGP off", lowmeg::bridge::kI440bxRows},
    {0x04a3, "82434LX/NX (430LX/NX)", {}},
    {0x122d, "82437FX (430FX)", {}},
    {0x1235, "82437MX (430MX)", {}},
    {0x1250, "82439HX (430HX)", {}},
    {0x7030, "82437VX (430VX)", {}},
    {0x7100, "82439TX (430TX)", {}},
    {0x7124, "82810E (810E)", {}},
    {0x7120, "82810 (810)", {}},
    {0x1130, "82815 (815)", {}},
    {0x1a21, "82840 (840)", {}},
    {0x1a30, "82845 (845)", {}},
    {0x2501, "82820 (820)", {}},
    {0x2530, "82850 (850)", {}},
    {0x3340, "82855PM (855PM)", {}},
    {0x7180, "82443LX (440LX)", {}},
    {0x71a0, "82443GX (440GX)", {}},
    {0x71a2, "82443GX (440GX), AGP off", {}},
    {0x7194, "82440MX (440MX)", {}},
    {0x84c4, "82454KX/GX (450KX/GX)", {}},
    {0x29c0, "82G33 (Q35's)", {}},
};

const KnownChip* known_chip(const ConfigSpace& space) {
  if (space.word(0) != kIntel) return nullptr;
  const auto* const chip = std::ranges::find(kChips, space.word(2), &KnownChip::device);
  return chip == std::end(kChips) ? nullptr : chip;
}

bool is_host_bridge(const ConfigSpace& space) {
  return space.knows(0, 12) && space.word(10) == kHostBridgeClass;
}

std::string listed(std::span<const ConfigSpace> bridges) {
  std::string text;
  for (const ConfigSpace& bridge : bridges) text += (text.empty() ? "" : " and ") + text_of(bridge.address);
  return text;
}

Result<ConfigSpace> the_one(std::span<const ConfigSpace> spaces, const std::optional<PciAddress>& slot) {
  std::vector<ConfigSpace> bridges;
  std::ranges::copy_if(spaces, std::back_inserter(bridges), [&slot](const ConfigSpace& space) {
    return slot ? space.address == *slot : is_host_bridge(space);
  });
  if (bridges.empty()) {
    return lowmeg::fail(Errc::kInvalidArgument,
                        slot ? "nothing at " + text_of(*slot)
                             : fmt::format("no host bridge (class 0600) among {} functions", spaces.size()));
  }
  if (bridges.size() > 1) {
    const bool twice = bridges[0].address == bridges[1].address;
    return lowmeg::fail(Errc::kInvalidArgument,
                        twice ? text_of(bridges[0].address) + " is in it twice: that is two dumps"
                              : "two host bridges, " + listed(bridges) + ": pick one with --slot");
  }
  return bridges[0];
}

}  // namespace

Result<BridgeDump> find_bridge(std::span<const ConfigSpace> spaces, const std::optional<PciAddress>& slot) {
  auto found = the_one(spaces, slot);
  if (!found) return tl::unexpected(found.error());
  const KnownChip* const chip = found->knows(0, 4) ? known_chip(*found) : nullptr;
  const std::string id =
      fmt::format("{} is {:04x}:{:04x}", text_of(found->address), found->word(0), found->word(2));
  if (!chip || chip->rows.empty()) {
    return lowmeg::fail(
        Errc::kInvalidArgument,
        fmt::format("{}, {}; only the 440FX (8086:1237) and the 440BX (8086:7190, 7192) are decoded", id,
                    chip ? "the " + std::string(chip->name) : "which is no chip known here"));
  }
  if (!found->knows(kPam, kPamCount)) {
    return lowmeg::fail(
        Errc::kInvalidArgument,
        fmt::format("{} has {} bytes in the dump, and PAM lies at 59-5f: take lspci -xxx, as root",
                    text_of(found->address), found->known.count()));
  }
  BridgeDump dump{.host_bridge = *found, .agp_bridge = {}, .chip = std::string(chip->name)};
  const auto agp = std::ranges::find_if(spaces, [&found](const ConfigSpace& space) {
    return space.word(0) == kIntel && space.word(2) == kAgpBridge &&
           space.address.domain == found->address.domain && space.address.bus == found->address.bus;
  });
  if (agp != spaces.end()) dump.agp_bridge = *agp;
  return dump;
}

BridgeDump bridge_with_pam(std::span<const std::uint8_t, 7> pam) {
  BridgeDump dump{.host_bridge = {}, .agp_bridge = {}, .chip = "440FX or 440BX"};
  constexpr std::uint8_t kId[] = {0x86, 0x80, 0x90, 0x71};
  std::ranges::copy(kId, dump.host_bridge.bytes.begin());
  std::ranges::copy(pam, dump.host_bridge.bytes.begin() + kPam);
  for (std::size_t i = kPam; i < kPam + kPamCount; ++i) dump.host_bridge.known.set(i);
  return dump;
}

std::string_view register_name(const BridgeDump& dump, std::size_t offset) {
  const KnownChip* const chip = known_chip(dump.host_bridge);
  if (!chip) return {};
  const auto row = std::ranges::find_if(chip->rows, [offset](const lowmeg::bridge::RegisterRow& candidate) {
    return offset >= candidate.offset && offset < candidate.offset + candidate.bytes;
  });
  return row == chip->rows.end() ? std::string_view() : row->name;
}

}  // namespace cli
