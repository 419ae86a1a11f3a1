#include "lowmeg/state/saved_chip.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/state/envelope.hpp"
#include "lowmeg/state/message_io.hpp"
#include "lowmeg/state/proto/chip.pb.h"
#include "lowmeg/state/wire_schema.hpp"

namespace lowmeg::state {
namespace {

Result<SavedConfigSpace> config_space(std::string_view field, const std::string& bytes) {
  SavedConfigSpace space;
  if (bytes.size() != space.size()) {
    return fail(Errc::kInvalidArgument,
                fmt::format("{}: {} bytes, where {} are right", field, bytes.size(), space.size()));
  }
  std::ranges::transform(bytes, space.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
  return space;
}

}  // namespace

Buffer encode(const SavedChip& chip) {
  const auto& [host_bridge, written_once, agp_bridge] = chip;
  chip_bridge::SavedState message;
  message.set_host_bridge(host_bridge.data(), host_bridge.size());
  message.set_written_once(written_once);
  if (agp_bridge) message.set_agp_bridge(agp_bridge->data(), agp_bridge->size());
  return serialize(message);
}

Result<SavedChip> decode_chip(Bytes bytes) {
  chip_bridge::SavedState message;
  if (auto parsed = parse(bytes, kChipRows, message); !parsed) return tl::unexpected(parsed.error());
  const auto host_bridge = config_space("host_bridge", message.host_bridge());
  if (!host_bridge) return tl::unexpected(host_bridge.error());
  SavedChip chip{*host_bridge, static_cast<std::uint8_t>(message.written_once()), {}};
  if (message.agp_bridge().empty()) return chip;
  const auto agp_bridge = config_space("agp_bridge", message.agp_bridge());
  if (!agp_bridge) return tl::unexpected(agp_bridge.error());
  chip.agp_bridge = *agp_bridge;
  return chip;
}

Buffer encode_any(const SavedChip& chip) {
  return wrap(kChipTypeUrl, encode(chip));
}

Result<SavedChip> decode_chip_any(Bytes bytes) {
  return unwrap(bytes, kChipTypeUrl).and_then([](const Buffer& value) { return decode_chip(value); });
}

}  // namespace lowmeg::state
