// The client without I/O does as the one with it: the same bytes to the same host.
#include "lowmeg/get/client_session.hpp"

#include <gmock/gmock.h>

#include "lowmeg/get/in_process.hpp"
#include "lowmeg/memory/plain_mapper.hpp"

namespace lowmeg::get {
namespace {

using testing::SizeIs;
using Progress = ClientSession::State;

// A host that notes what it is sent.
struct Peer {
  static constexpr GpaRange kWindow{0, 1 << 20};
  Peer() {
    host = std::move(
        *Host::create(mapper, memory::MemoryMap::uniform(memory::Layout(kWindow)), limits(), events));
  }
  static HostLimits limits() {
    HostLimits limits;
    limits.ram_size = 16 << 20;
    return limits;
  }
  NullEventSink events;
  memory::PlainMapper mapper{kWindow};
  std::unique_ptr<Host> host;
};

// Carries messages to the host and notes them.
class NotingTransport final : public Transport {
 public:
  NotingTransport(Host& host, Batches batches, std::vector<std::vector<std::uint8_t>>& noted)
      : inner_(host, batches), noted_(noted) {}
  Result<void> send(Bytes message, Deadline deadline) override {
    noted_.emplace_back(message.begin(), message.end());
    return inner_.send(message, deadline);
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline) override {
    return inner_.receive(buffer, deadline);
  }
  void close() override { inner_.close(); }

 private:
  InProcessTransport inner_;
  std::vector<std::vector<std::uint8_t>>& noted_;
};

using Noted = std::vector<std::vector<std::uint8_t>>;

// Carries messages both ways until there is nothing to carry.
void pump(ClientSession& client, HostSession& host, Noted& noted) {
  while (const auto message = client.next()) {
    noted.emplace_back(message->bytes().begin(), message->bytes().end());
    const auto answers = host.handle(message->bytes());
    ASSERT_TRUE(answers);
    for (const Message& answer : *answers) ASSERT_TRUE(client.take(answer.bytes()));
  }
}

std::vector<RangeExchange> requests() {
  std::vector<RangeExchange> exchanges;
  for (std::uint32_t slot = 0; slot < 5; ++slot)
    exchanges.push_back({CreateRamGpaRange{slot, 0xc0000 + slot * 0x4000ull, 0x4000, 0x100000, 0}, {}});
  exchanges.push_back({CreateRamGpaRange{1, 0xc4000, 0x4000, 0x100000, 0}, {}});  // occupied
  exchanges.push_back({ResetRamGpaRange{1}, {}});
  return exchanges;
}

TEST(ClientSession, SendsWhatTheClientWithAThreadSends) {
  for (const Batches batches : {Batches::kOffered, Batches::kNotOffered}) {
    Peer with_io, without_io;
    Noted sent_with, sent_without;
    auto client =
        Client::connect(std::make_unique<NotingTransport>(*with_io.host, batches, sent_with), with_io.events);
    ASSERT_TRUE(client);
    auto asked_with = requests();
    ASSERT_TRUE((*client)->perform(asked_with));

    ClientSession session(without_io.events);
    HostSession host(*without_io.host, batches);
    EXPECT_EQ(session.state(), Progress::kOpening);
    pump(session, host, sent_without);
    ASSERT_EQ(session.state(), Progress::kIdle);
    auto asked_without = requests();
    session.ask(asked_without);
    EXPECT_EQ(session.state(), Progress::kAsking);
    pump(session, host, sent_without);
    ASSERT_EQ(session.state(), Progress::kIdle);

    EXPECT_EQ(sent_with, sent_without);
    for (std::size_t i = 0; i < asked_with.size(); ++i)
      EXPECT_EQ(asked_with[i].status, asked_without[i].status);
    EXPECT_EQ(asked_without[5].status, CreateStatus::kSlotOccupied);
  }
}

// "One request in flight."
TEST(ClientSession, SendsTheNextRequestAfterTheAnswer) {
  Peer peer;
  Noted noted;
  ClientSession session(peer.events);
  HostSession host(*peer.host, Batches::kNotOffered);
  pump(session, host, noted);
  auto asked = requests();
  session.ask(asked);
  ASSERT_TRUE(session.next());
  EXPECT_FALSE(session.next());
}

TEST(ClientSession, GivesUpOnWhatIsNotDue) {
  struct Row {
    const char* what;
    Errc code;
    std::vector<std::uint8_t> message;
  };
  const Row rows[] = {
      {"a refused version", Errc::kNotSupported, {1, 3, 1, 0, 0, 0}},
      {"another response", Errc::kProtocol, {1, 3, 29, 0}},
      {"a header cut short", Errc::kProtocol, {1, 3}},
      {"a version cut short", Errc::kProtocol, {1, 3, 1, 0}},
  };
  for (const Row& row : rows) {
    NullEventSink events;
    ClientSession session(events);
    const auto taken = session.take(row.message);
    ASSERT_FALSE(taken) << row.what;
    EXPECT_EQ(taken.error().code, row.code) << row.what;
    EXPECT_EQ(session.state(), Progress::kGivenUp);
    EXPECT_EQ(session.take(row.message).error().code, Errc::kClosed);
    EXPECT_FALSE(session.next());
  }
}

}  // namespace
}  // namespace lowmeg::get
