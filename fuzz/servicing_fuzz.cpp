// Both sides of split mode against a hostile peer: a paravisor's messages, each with a length byte, to a
// session that hands accesses over, and a host's to a client that takes orders.
#include "fuzz/input.hpp"
#include "lowmeg/core/invariant.hpp"
#include "lowmeg/get/client.hpp"
#include "lowmeg/get/host_session.hpp"
#include "lowmeg/memory/plain_mapper.hpp"

namespace lowmeg::fuzz {
namespace {

using get::Access;
using get::Bytes;
using get::Done;

constexpr GpaRange kWindow{0, 0x200000};

// An even byte: a message of the paravisor's follows. An odd one: an access is handed over, if none is in
// hand.
void as_paravisor(FuzzInput input) {
  memory::PlainMapper mapper(kWindow);
  NullEventSink events;
  const memory::Region ram{kWindow, memory::ram_routes(0)};
  const auto host =
      get::Host::create(mapper, memory::MemoryMap::uniform(memory::Layout(kWindow, {&ram, 1})),
                        {.slots = 13, .window = GpaRange(0xc0000, 0x100000), .ram_size = 0x200000}, events);
  if (!host) return;
  get::StateKeeper keeper(0x200000, 0);
  std::optional<get::HostSession> session(std::in_place, **host, get::SessionParts{.keeper = &keeper});
  bool in_hand = false;
  while (!input.empty()) {
    if (input.byte() % 2 != 0) {
      if (!session->version_agreed() || in_hand) continue;
      static_cast<void>(session->hand_over({}));
      in_hand = true;
      continue;
    }
    const get::State before = keeper.state();
    const auto answers = session->handle(input.message());
    const auto done = session->take_done();
    LOWMEG_INVARIANT(!done || in_hand, "DONE belongs to an ACCESS");
    if (done) in_hand = false;
    if (answers) continue;
    LOWMEG_INVARIANT(answers.error().code == Errc::kProtocol, "refused as a breach of the protocol");
    LOWMEG_INVARIANT(keeper.state() == before, "a message that is refused changes nothing");
    session.emplace(**host, get::SessionParts{.keeper = &keeper});
    in_hand = false;
  }
}

class FuzzTransport final : public get::Transport {
 public:
  explicit FuzzTransport(FuzzInput& input) : input_(input) {}
  Result<void> send(std::span<const std::uint8_t> /*message*/, get::Deadline /*deadline*/) override {
    return {};
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline /*deadline*/) override {
    if (input_.empty()) return fail(Errc::kTimeout, "no more messages");
    const Bytes message = input_.message();
    std::ranges::copy(message, buffer.begin());
    return message.size();
  }
  void close() override {}

 private:
  FuzzInput& input_;
};

void as_host(FuzzInput input) {
  NullEventSink events;
  const auto client = get::Client::connect(std::make_unique<FuzzTransport>(input), events);
  if (!client) return;
  bool had_state = false;
  for (int i = 0; i < 16; ++i) {
    const auto order = (*client)->await_order(get::Deadline::min());
    if (!order) return;
    if (std::holds_alternative<get::State>(*order)) {
      LOWMEG_INVARIANT(!had_state, "one STATE");
      had_state = true;
    } else if (const auto* access = std::get_if<Access>(&*order)) {
      LOWMEG_INVARIANT(access->function <= 1 && access->offset % 4 == 0 && access->byte_enables <= 0xf,
                       "an access that a bridge can take");
      if (i % 2 == 0) static_cast<void>((*client)->report(Done{}));
    } else {
      static_cast<void>((*client)->save(std::array<std::uint8_t, 3>{}));
    }
    if (i == 7) static_cast<void>((*client)->fetch_state());
  }
}

}  // namespace
}  // namespace lowmeg::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowmeg::fuzz::as_paravisor(lowmeg::fuzz::FuzzInput(data, size));
  lowmeg::fuzz::as_host(lowmeg::fuzz::FuzzInput(data, size));
  return 0;
}
