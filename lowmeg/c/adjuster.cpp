#include "lowmeg/c/client.hpp"
#include "lowmeg/c/structs.hpp"
#include "lowmeg/hyperv/rom_bios_offset.hpp"

namespace lowmeg::c {

using State = get::ClientSession::State;

Adjuster::Adjuster(const lowmeg_adjuster_config& config, Client& client, Gpa rom_bios_offset)
    : Object(kKind),
      events_(config.event, config.event_context),
      client_(client),
      use_(client),
      shared_(hyperv::GetBackedAdjuster(config.base_slot, rom_bios_offset, events_)) {
  client_.set_adjuster(this);
}

Result<void> Adjuster::adjust(std::span<const GpaStateChange> changes) {
  if (const auto& why = client_.session().given_up())
    return fail(Errc::kClosed, "the GET connection was given up: " + why->message());
  if (client_.is_waiting()) return fail(Errc::kInvalidArgument, "adjuster: the client is not idle");
  shared_.begin(changes);
  if (shared_.wanted().empty()) return {};
  client_.session().ask(shared_.wanted());
  return client_.drive();
}

void Adjuster::take_answers() {
  if (shared_.wanted().empty()) return;
  shared_.answered();
  if (client_.session().state() == State::kIdle && !shared_.wanted().empty()) {
    client_.session().ask(shared_.wanted());
  } else if (client_.session().state() == State::kGivenUp) {
    while (!shared_.wanted().empty()) shared_.answered();  // nobody answers any more
  }
}

namespace {

std::int32_t create(const lowmeg_adjuster_config* given, lowmeg_adjuster** handle) {
  std::int32_t status = LOWMEG_OK;
  const auto config = read_struct(given, status);
  if (!config) return status;
  if (!handle) return failed(LOWMEG_INVALID_ARGUMENT, "adjuster: nowhere to put the handle");
  if (config->base_slot > UINT32_MAX - hyperv::kSegmentCount)
    return failed(LOWMEG_INVALID_ARGUMENT, "adjuster: there are no 13 slots from base_slot on");
  const auto offset = hyperv::rom_bios_offset(config->ram_bytes);
  if (!offset) return failed(offset.error());
  Client* const client = find<Client>(config->client);
  if (!client) return bad_handle();
  if (client->adjuster()) return busy("the client has an adjuster");
  *handle = publish(std::make_unique<Adjuster>(*config, *client, *offset));
  return LOWMEG_OK;
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;
using c::Adjuster;

int32_t lowmeg_adjuster_create(const lowmeg_adjuster_config* config, lowmeg_adjuster** adjuster) {
  return c::guarded([&] { return c::create(config, adjuster); });
}

int32_t lowmeg_adjuster_close(lowmeg_adjuster* handle) {
  return c::guarded([&]() -> std::int32_t {
    Adjuster* const adjuster = c::find<Adjuster>(handle);
    if (adjuster && adjuster->is_waiting()) return c::busy("the adjuster awaits the host's answers");
    return c::close_handle(c::number_of(handle), Adjuster::kKind);
  });
}

int32_t lowmeg_adjuster_doubt(lowmeg_adjuster* handle) {
  return c::on<Adjuster>(handle, [](Adjuster& adjuster) -> std::int32_t {
    if (adjuster.is_waiting()) return c::busy("the adjuster awaits the host's answers");
    adjuster.shared().mark_all_unsure();
    return LOWMEG_OK;
  });
}
