// A hostile host: messages, each with a length byte, first to the decoder and then as the answers that a
// Client gets.
#include "fuzz/input.hpp"
#include "lowmeg/core/invariant.hpp"
#include "lowmeg/get/client.hpp"

namespace lowmeg::fuzz {
namespace {

using get::Bytes;
using get::wire::HostRequestId;

constexpr HostRequestId kIds[] = {HostRequestId::kVersion, HostRequestId::kCreateRamGpaRange,
                                  HostRequestId::kResetRamGpaRange, HostRequestId::kSaveGuestVtl2State,
                                  HostRequestId::kRestoreGuestVtl2State};

// What the decoder takes for an answer is an answer to the request, of its exact size, and encodes to the
// same bytes.
void decode(Bytes message) {
  for (std::size_t i = 0; i < std::size(kIds); ++i) {
    const auto decoded = get::decode_from_host(message, kIds[i]);
    if (!decoded) {
      LOWMEG_INVARIANT(decoded.error().code == Errc::kProtocol, "refused as a breach of the protocol");
      continue;
    }
    const auto* answer = std::get_if<get::Answer>(&*decoded);
    if (!answer) continue;
    LOWMEG_INVARIANT(answer->index() == i, "an answer to the request");
    const get::Message again = get::encode(*answer);
    LOWMEG_INVARIANT(again.bytes().size() == message.size(), "of the exact size");
    const std::size_t compared = i == 0 ? 5 : message.size();  // the version answer ends with a pad
    LOWMEG_INVARIANT(std::ranges::equal(again.bytes().first(compared), message.first(compared)),
                     "the same bytes");
  }
}

class FuzzTransport final : public get::Transport {
 public:
  FuzzTransport(FuzzInput& input, bool& closed) : input_(input), closed_(closed) {}
  Result<void> send(std::span<const std::uint8_t> /*message*/, get::Deadline /*deadline*/) override {
    LOWMEG_INVARIANT(!closed_, "nothing is sent on a closed connection");
    return {};
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline deadline) override {
    LOWMEG_INVARIANT(!closed_, "nothing is read from a closed connection");
    // Now and then something has arrived before anything was asked.
    const bool asked = deadline != get::Deadline::min();
    if (input_.empty() || (!asked && ++looks_ % 4 != 0)) return fail(Errc::kTimeout, "no more messages");
    const Bytes message = input_.message();
    std::ranges::copy(message, buffer.begin());
    return message.size();
  }
  void close() override { closed_ = true; }

 private:
  FuzzInput& input_;
  bool& closed_;
  unsigned looks_ = 0;
};

void converse(FuzzInput input) {
  NullEventSink events;
  bool closed = false;
  const auto client = get::Client::connect(std::make_unique<FuzzTransport>(input, closed), events);
  LOWMEG_INVARIANT(client.has_value() != closed, "closed unless the versions agree");
  if (!client) return;
  for (int i = 0; i < 4; ++i) {
    get::RangeExchange asked[] = {{get::ResetRamGpaRange{1}, {}},
                                  {get::CreateRamGpaRange{1, 0, 0, 0, 0}, {}}};
    const bool performed = (*client)->perform(asked).has_value();
    LOWMEG_INVARIANT(performed != closed, "closed at the first error, for good");
    LOWMEG_INVARIANT(performed == asked[1].status.has_value(), "a status for each answer");
    LOWMEG_INVARIANT(asked[0].status.has_value() || !asked[1].status.has_value(), "in order");
  }
}

}  // namespace
}  // namespace lowmeg::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using lowmeg::fuzz::FuzzInput;
  for (FuzzInput input(data, size); !input.empty();) lowmeg::fuzz::decode(input.message());
  lowmeg::fuzz::converse(FuzzInput(data, size));
  return 0;
}
