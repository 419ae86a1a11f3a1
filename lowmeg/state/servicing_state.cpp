#include "lowmeg/state/servicing_state.hpp"

#include <vector>

#include "lowmeg/state/message_reader.hpp"

namespace lowmeg::state {
namespace {

constexpr std::uint32_t kInitState = 1, kUnits = 2, kEmuplat = 4, kAdjuster = 2, kUnitName = 1,
                        kUnitState = 2;

struct Field {
  std::uint32_t number = 0;
  unsigned wire_type = 0;
  Bytes whole;    // tag included
  Bytes content;  // of a length-delimited one
};
using Fields = std::vector<Field>;

Result<Fields> fields_of(Bytes message, const Place& place) {
  Fields fields;
  MessageReader reader(message);
  while (!reader.done()) {
    const Bytes from_here = reader.rest();
    const auto tag = reader.tag(place);
    if (!tag) return tl::unexpected(tag.error());
    const auto payload = reader.payload(tag->wire_type, place);
    if (!payload) return tl::unexpected(payload.error());
    fields.push_back({tag->number, tag->wire_type, from_here.first(from_here.size() - reader.rest().size()),
                      payload->bytes});
  }
  return fields;
}

// The one field of this number: null if there is none.
Result<const Field*> only(const Fields& fields, std::uint32_t number, const Place& place) {
  const Field* found = nullptr;
  for (const Field& field : fields) {
    if (field.number != number) continue;
    if (field.wire_type != kLengthWire) return refuse(place, "the wrong wire type");
    if (found) return refuse(place, "comes twice");
    found = &field;
  }
  return found;
}

void append(Buffer& to, Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append_varint(Buffer& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<std::uint8_t>(value | 0x80));
  to.push_back(static_cast<std::uint8_t>(value));
}

void append_field(Buffer& to, std::uint32_t number, Bytes content) {
  append_varint(to, std::uint64_t{number} << 3 | kLengthWire);
  append_varint(to, content.size());
  append(to, content);
}

// The message with `content` as the field of this number, where `old` is or at the end.
Buffer with(const Fields& fields, const Field* old, std::uint32_t number, Bytes content) {
  Buffer message;
  for (const Field& field : fields) {
    if (&field == old) {
      append_field(message, number, content);
    } else {
      append(message, field.whole);
    }
  }
  if (!old) append_field(message, number, content);
  return message;
}

// A step on the way down: a sub-message, empty where it is absent.
struct Step {
  Fields fields;
  const Field* found = nullptr;
  Bytes content() const { return found ? found->content : Bytes{}; }
};
Result<Step> step(Bytes message, std::uint32_t number, const Place& outer, const Place& place) {
  auto fields = fields_of(message, outer);
  if (!fields) return tl::unexpected(fields.error());
  Step taken{std::move(*fields), nullptr};
  const auto found = only(taken.fields, number, place);
  if (!found) return tl::unexpected(found.error());
  taken.found = *found;
  return taken;
}

constexpr Place kRoot{};
constexpr Place kInitPlace{&kRoot, "init_state", {}};
constexpr Place kEmuplatPlace{&kInitPlace, "emuplat", {}};
constexpr Place kAdjusterPlace{&kEmuplatPlace, "get_backed_adjust_gpa_range", {}};
constexpr Place kUnitsPlace{&kRoot, "units", {}};

// From the state down to the adjuster's message.
struct AdjusterWay {
  Step root, init_state, emuplat;
};
Result<AdjusterWay> way_to_adjuster(Bytes servicing_state) {
  AdjusterWay way;
  const auto go = [](Step& to, Result<Step> taken) -> Result<void> {
    if (!taken) return tl::unexpected(taken.error());
    to = std::move(*taken);
    return {};
  };
  auto gone = go(way.root, step(servicing_state, kInitState, kRoot, kInitPlace));
  if (gone) gone = go(way.init_state, step(way.root.content(), kEmuplat, kInitPlace, kEmuplatPlace));
  if (gone) gone = go(way.emuplat, step(way.init_state.content(), kAdjuster, kEmuplatPlace, kAdjusterPlace));
  if (!gone) return tl::unexpected(gone.error());
  return way;
}

// The bridge's among the units, and its state.
struct BridgeWay {
  Fields root;
  const Field* unit = nullptr;
  Step state;
};
Result<BridgeWay> way_to_bridge(Bytes servicing_state) {
  auto root = fields_of(servicing_state, kRoot);
  if (!root) return tl::unexpected(root.error());
  BridgeWay way{std::move(*root), nullptr, {}};
  for (const Field& field : way.root) {
    if (field.number != kUnits) continue;
    if (field.wire_type != kLengthWire) return refuse(kUnitsPlace, "the wrong wire type");
    const auto name = step(field.content, kUnitName, kUnitsPlace, kUnitsPlace);
    if (!name) return tl::unexpected(name.error());
    const Bytes text = name->content();
    if (!std::equal(text.begin(), text.end(), kBridgeUnit.begin(), kBridgeUnit.end())) continue;
    if (way.unit) return refuse(kUnitsPlace, "the bridge's comes twice");
    way.unit = &field;
  }
  auto state = step(way.unit ? way.unit->content : Bytes{}, kUnitState, kUnitsPlace, kUnitsPlace);
  if (!state) return tl::unexpected(state.error());
  way.state = std::move(*state);
  return way;
}

Buffer copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

Result<Buffer> with_adjuster(Bytes servicing_state, Bytes adjuster) {
  const auto way = way_to_adjuster(servicing_state);
  if (!way) return tl::unexpected(way.error());
  const auto& [root, init_state, emuplat] = *way;
  const Buffer new_emuplat = with(emuplat.fields, emuplat.found, kAdjuster, adjuster);
  const Buffer new_init_state = with(init_state.fields, init_state.found, kEmuplat, new_emuplat);
  return with(root.fields, root.found, kInitState, new_init_state);
}

Result<Buffer> with_bridge(Bytes servicing_state, Bytes bridge) {
  const auto way = way_to_bridge(servicing_state);
  if (!way) return tl::unexpected(way.error());
  Buffer unit;
  if (way->unit) {
    unit = with(way->state.fields, way->state.found, kUnitState, bridge);
  } else {
    const std::vector<std::uint8_t> name(kBridgeUnit.begin(), kBridgeUnit.end());
    append_field(unit, kUnitName, name);
    append_field(unit, kUnitState, bridge);
  }
  return with(way->root, way->unit, kUnits, unit);
}

}  // namespace

Result<ServicingParts> extract(Bytes servicing_state) {
  const auto adjuster = way_to_adjuster(servicing_state);
  if (!adjuster) return tl::unexpected(adjuster.error());
  const auto bridge = way_to_bridge(servicing_state);
  if (!bridge) return tl::unexpected(bridge.error());
  ServicingParts parts;
  if (adjuster->emuplat.found) parts.adjuster = copy_of(adjuster->emuplat.content());
  if (bridge->state.found) parts.bridge = copy_of(bridge->state.content());
  return parts;
}

Result<Buffer> insert(Bytes servicing_state, const ServicingParts& parts) {
  auto whole = Result<Buffer>(copy_of(servicing_state));
  if (parts.adjuster) whole = with_adjuster(*whole, *parts.adjuster);
  if (whole && parts.bridge) whole = with_bridge(*whole, *parts.bridge);
  return whole;
}

}  // namespace lowmeg::state
