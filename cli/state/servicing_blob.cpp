#include "cli/state/servicing_blob.hpp"

#include "lowmeg/state/servicing_state.hpp"

namespace cli {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::state::Buffer;
using lowmeg::state::Bytes;
using lowmeg::state::ServicingParts;

namespace {

// Where a message of this kind goes; null: nowhere.
std::optional<Buffer> ServicingParts::* place_of(StateKind kind) {
  if (kind == StateKind::kAdjuster) return &ServicingParts::adjuster;
  const bool is_bridge = kind == StateKind::kBridgeAny || kind == StateKind::kChipAny;
  return is_bridge ? &ServicingParts::bridge : nullptr;
}

tl::unexpected<lowmeg::Error> no_place() {
  return lowmeg::fail(Errc::kInvalidArgument,
                      "a servicing state holds adjuster and bridge_any (or chip_any), none of the others");
}

}  // namespace

Result<Buffer> extract_state(StateKind kind, Bytes servicing_state) {
  const auto place = place_of(kind);
  if (!place) return no_place();
  auto parts = lowmeg::state::extract(servicing_state);
  if (!parts) return tl::unexpected(parts.error());
  auto& found = (*parts).*place;
  if (found) return std::move(*found);
  return lowmeg::fail(Errc::kInvalidArgument, "there is none in this servicing state");
}

Result<Buffer> insert_state(StateKind kind, Bytes servicing_state, Bytes message) {
  const auto place = place_of(kind);
  if (!place) return no_place();
  if (const auto json = state_to_json(kind, message); !json) return tl::unexpected(json.error());
  ServicingParts parts;
  parts.*place = Buffer(message.begin(), message.end());
  return lowmeg::state::insert(servicing_state, parts);
}

}  // namespace cli
