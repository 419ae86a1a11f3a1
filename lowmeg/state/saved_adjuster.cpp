#include "lowmeg/state/saved_adjuster.hpp"

#include <fmt/format.h>

#include "lowmeg/state/envelope.hpp"
#include "lowmeg/state/message_io.hpp"
#include "lowmeg/state/proto/adjuster.pb.h"
#include "lowmeg/state/wire_schema.hpp"

namespace lowmeg::state {
namespace {

namespace proto = underhill::emuplat::i440bx::host_pci_bridge;

void fill(proto::SavedHandle& message, const SavedHandle& handle) {
  const auto& [remote_handle, range, gpa_offset, is_rom] = handle;
  message.set_remote_handle(remote_handle);
  if (range != SavedRange{}) {  // the original drops an empty message; set, it would be 12 00
    message.mutable_range()->set_start(range.start);
    message.mutable_range()->set_end(range.end);
  }
  message.set_gpa_offset(gpa_offset);
  message.set_is_rom(is_rom);
}

SavedHandle value_of(const proto::SavedHandle& message) {
  return {.remote_handle = message.remote_handle(),
          .range = {message.range().start(), message.range().end()},
          .gpa_offset = message.gpa_offset(),
          .is_rom = message.is_rom()};
}

}  // namespace

Buffer encode(const SavedAdjuster& adjuster) {
  const auto& [base_slot, handles] = adjuster;
  proto::SavedState message;
  message.set_base_slot(base_slot);
  for (const std::optional<SavedHandle>& handle : handles) {
    proto::OptHandle& item = *message.mutable_handles()->add_items();
    if (handle) fill(*item.mutable_value(), *handle);
  }
  return serialize(message);
}

Result<SavedAdjuster> decode_adjuster(Bytes bytes) {
  proto::SavedState message;
  if (auto parsed = parse(bytes, kAdjusterRows, message); !parsed) return tl::unexpected(parsed.error());
  if (!message.has_handles()) return fail(Errc::kInvalidArgument, "handles: absent");
  SavedAdjuster adjuster{.base_slot = message.base_slot(), .handles = {}};
  const auto& items = message.handles().items();
  if (static_cast<std::size_t>(items.size()) != adjuster.handles.size()) {
    return fail(Errc::kInvalidArgument,
                fmt::format("handles: {} items, where {} are right", items.size(), adjuster.handles.size()));
  }
  for (int i = 0; i < items.size(); ++i) {
    if (items[i].has_value()) adjuster.handles[static_cast<std::size_t>(i)] = value_of(items[i].value());
  }
  return adjuster;
}

Buffer encode_any(const SavedAdjuster& adjuster) {
  return wrap(kAdjusterTypeUrl, encode(adjuster));
}

Result<SavedAdjuster> decode_adjuster_any(Bytes bytes) {
  return unwrap(bytes, kAdjusterTypeUrl).and_then([](const Buffer& value) { return decode_adjuster(value); });
}

}  // namespace lowmeg::state
