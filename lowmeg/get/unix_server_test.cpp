#include "lowmeg/get/unix_server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <ctime>

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "tests/fakes/fake_mapper.hpp"
#include "tests/fakes/get_messages.hpp"
#include "tests/fakes/hex.hpp"
#include "tests/fakes/locked_event_sink.hpp"
#include "tests/fakes/temp_folder.hpp"

namespace lowmeg::get {
namespace {

using fakes::kReset;
using fakes::kVersion42;
using fakes::unhex;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kBatchOf2 = "01 01 4c ff 02 00 00 00";
constexpr std::chrono::seconds kServerLong{20};  // far more than anything here takes
constexpr GpaRange kLowRam{0, 1 << 20};

memory::MemoryMap base() {
  const memory::Region ram{kLowRam, memory::ram_routes(0)};
  return memory::MemoryMap::uniform(memory::Layout(kLowRam, {&ram, 1}));
}

struct UnixServerTest : testing::Test {
  void serve(Batches batches = Batches::kOffered) {
    server = UnixServer::listen(path, *host, events, {.parts = {.batches = batches}}).value();
  }
  PacketSocket knock() const { return PacketSocket::connect(path).value(); }
  Result<std::unique_ptr<Client>> connect() {
    return Client::connect(std::make_unique<UnixTransport>(knock()), client_events);
  }
  static void send(PacketSocket& socket, const std::string& message) {
    ASSERT_TRUE(socket.send(unhex(message), steady_clock::now() + kServerLong)) << message;
  }
  // Reads until the server hangs up; gives why the reading ended.
  static Errc wait_for_the_end(PacketSocket& socket) {
    std::vector<std::uint8_t> buffer(wire::kMaxMessageSize);
    for (;;) {
      const auto size = socket.receive(buffer, steady_clock::now() + kServerLong);
      if (!size) return size.error().code;
    }
  }
  static CreateStatus create(Client& client, std::uint32_t slot) {
    RangeExchange asked{CreateRamGpaRange{slot, 0xc0000 + slot * 0x1000ull, 0x1000, 0, 2}, std::nullopt};
    EXPECT_TRUE(client.perform({&asked, 1}));
    return asked.status.value_or(CreateStatus::kFailed);
  }

  fakes::TempFolder folder;
  const std::string path = folder.file("get");
  fakes::LockedEventSink events;
  NullEventSink client_events;
  fakes::FakeMapper mapper{kLowRam};
  std::unique_ptr<Host> host = Host::create(mapper, base(), {.ram_size = kLowRam.size()}, events).value();
  std::unique_ptr<UnixServer> server;
};

// "An event counter on both ends": both count the same.
TEST_F(UnixServerTest, ServesAClient) {
  serve();
  const auto client = connect().value();
  EXPECT_EQ(create(*client, 3), CreateStatus::kSuccess);
  EXPECT_EQ(create(*client, 3), CreateStatus::kSlotOccupied);
  EXPECT_EQ(host->slots().slot(3), (RangeSlots::Slot{{0xc3000, 0xc4000}, 0, true}));
  const Counters there = host->counters(), here = client->counters();
  EXPECT_EQ(there.creates, here.creates);
  EXPECT_EQ(there.round_trips, here.round_trips);
  EXPECT_EQ(there.bytes_received, here.bytes_sent);
  EXPECT_EQ(there.bytes_sent, here.bytes_received);
  EXPECT_EQ(here.bytes_sent, 8u + 40 + 40);
  EXPECT_THAT(events.texts(), IsEmpty());
}

// "One client at a time with the second refused in one line", and the first unharmed.
TEST_F(UnixServerTest, RefusesASecondClientInOneLine) {
  serve();
  const auto first = connect().value();
  const auto second = connect();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kClosed);
  EXPECT_THAT(events.wait_for(1), ElementsAre("a second client was refused: one is connected"));
  EXPECT_EQ(create(*first, 1), CreateStatus::kSuccess);
}

// "The host keeps its ranges when a client goes"; the client may come back at once, and finds its seat free.
TEST_F(UnixServerTest, TakesAClientThatComesBackAtOnce) {
  serve();
  for (std::uint32_t slot = 0; slot < 32; ++slot) {
    const auto client = connect();
    ASSERT_TRUE(client) << slot << ": " << client.error().message();
    ASSERT_EQ(create(**client, slot), CreateStatus::kSuccess);
  }
  for (std::uint32_t slot = 0; slot < 32; ++slot) EXPECT_TRUE(host->slots().slot(slot)) << slot;
  EXPECT_THAT(events.texts(), IsEmpty());
}

// What a client asked for before it went is done, though it does not wait for the answer.
TEST_F(UnixServerTest, DoesWhatAClientAskedForLast) {
  serve(Batches::kNotOffered);
  EXPECT_EQ(create(*connect().value(), 4), CreateStatus::kSuccess);
  {
    PacketSocket hasty = knock();
    send(hasty, kVersion42);
    std::uint8_t answer[64];
    ASSERT_EQ(hasty.receive(answer, steady_clock::now() + kServerLong), 6u);
    send(hasty, kReset);
  }
  ASSERT_TRUE(connect());
  EXPECT_EQ(host->slots().slot(4), std::nullopt);
}

// "... and when the server goes": the next server at the path serves the same host.
TEST_F(UnixServerTest, KeepsTheRangesOverItsOwnEnd) {
  serve();
  auto client = connect().value();
  create(*client, 7);
  const RangeSlots held = host->slots();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  RangeExchange asked{ResetRamGpaRange{7}, std::nullopt};
  EXPECT_EQ(client->perform({&asked, 1}).error().code, Errc::kClosed);
  EXPECT_EQ(host->slots(), held);
  serve(Batches::kNotOffered);
  client = connect().value();
  EXPECT_EQ(create(*client, 7), CreateStatus::kSlotOccupied);
}

// The server's end waits for nobody: no client, an idle one, one amid a batch, one that reads no answer.
TEST_F(UnixServerTest, EndsWhateverItsClientDoes) {
  const std::vector<std::vector<std::string>> conversations = {
      {}, {kVersion42}, {kVersion42, kBatchOf2}, {kVersion42, kBatchOf2, kReset}};
  const auto start = steady_clock::now();
  serve();
  server.reset();
  for (const auto& conversation : conversations) {
    serve();
    PacketSocket client = knock();
    for (const auto& message : conversation) send(client, message);
    server.reset();
    EXPECT_EQ(wait_for_the_end(client), Errc::kClosed);
  }
  serve();
  PacketSocket deaf = knock();
  send(deaf, kVersion42);
  while (deaf.send(unhex(kReset), steady_clock::now() + std::chrono::milliseconds(50))) {
  }
  server.reset();
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(4)) << "less than it waits for a deaf client";
}

// "A client that does not take its answers is given up", in one line, and the next is served.
TEST_F(UnixServerTest, GivesUpAClientThatDoesNotReadItsAnswers) {
  server = UnixServer::listen(path, *host, events, {.patience = std::chrono::milliseconds(700)}).value();
  PacketSocket deaf = knock();
  send(deaf, kVersion42);
  while (deaf.send(unhex(kReset), steady_clock::now() + std::chrono::milliseconds(500))) {
  }
  EXPECT_THAT(events.wait_for(1), ElementsAre(StartsWith("a client was given up: ")));
  EXPECT_EQ(wait_for_the_end(deaf), Errc::kClosed);
  EXPECT_EQ(create(*connect().value(), 1), CreateStatus::kSuccess);
}

// One that never says its version, or announces a batch and stops: the door is free again, and the next is
// served. One that has said all that it owes may be silent for as long as it likes.
TEST_F(UnixServerTest, GivesUpAClientThatBreaksOff) {
  constexpr std::chrono::milliseconds kPatience{150};
  server = UnixServer::listen(path, *host, events, {.patience = kPatience}).value();
  std::size_t lines = 0;
  for (const auto& messages : std::vector<std::vector<std::string>>{
           {}, {kVersion42, kBatchOf2}, {kVersion42, kReset, kBatchOf2, kReset}}) {
    PacketSocket stopped = knock();
    for (const auto& message : messages) send(stopped, message);
    EXPECT_THAT(events.wait_for(++lines).back(), messages.empty()
                                                     ? "a client was given up: it did not say who it is"
                                                     : "a client was given up: it broke off");
    EXPECT_EQ(wait_for_the_end(stopped), Errc::kClosed);
  }
  const auto client = connect().value();
  std::this_thread::sleep_for(2 * kPatience);
  EXPECT_EQ(create(*client, 1), CreateStatus::kSuccess);
}

// "A message that breaks the protocol ends the connection": one line, and the next client is served.
TEST_F(UnixServerTest, GivesUpAClientThatBreaksTheProtocol) {
  serve();
  struct Row {
    std::vector<std::string> messages;
    const char* says;
  };
  const Row rows[] = {
      {{kReset}, "before the version exchange"},
      {{kVersion42, "01"}, "no header"},
      {{kVersion42, "01 02 1d 00 04 00 00"}, "7 bytes where 8 are due"},
      {{kVersion42, "01 02 02 00"}, "request 2 (TIME) is one that nobody answers here"},
      {{kVersion42, "01 03 1d 00"}, "type 3"},
      {{kVersion42, "01 01 4c ff 00 00 00 00"}, "batch of 0"},
      {{kVersion42, kBatchOf2, kReset, kVersion42}, "broken off"},
  };
  std::size_t lines = 0;
  for (const Row& row : rows) {
    PacketSocket client = knock();
    for (const auto& message : row.messages) send(client, message);
    const auto told = events.wait_for(++lines);
    ASSERT_EQ(told.size(), lines) << row.says;
    EXPECT_THAT(told.back(), testing::AllOf(StartsWith("a client was given up: "), HasSubstr(row.says)));
    EXPECT_EQ(wait_for_the_end(client), Errc::kClosed);
  }
  EXPECT_EQ(create(*connect().value(), 1), CreateStatus::kSuccess);
  EXPECT_EQ(host->counters().requests(), 1u) << "of a broken batch nothing is done";
  EXPECT_EQ(events.texts().size(), lines);
}

TEST_F(UnixServerTest, GivesUpAClientWhoseMessageIsTooLong) {
  serve();
  PacketSocket client = knock();
  send(client, kVersion42);
  const std::vector<std::uint8_t> largest(wire::kMaxMessageSize + 1, 1);
  ASSERT_TRUE(client.send(largest, steady_clock::now() + kServerLong));
  EXPECT_THAT(events.wait_for(1), ElementsAre(HasSubstr("GET message of 12289 bytes is too long")));
  EXPECT_EQ(wait_for_the_end(client), Errc::kClosed);
  EXPECT_EQ(create(*connect().value(), 1), CreateStatus::kSuccess);
}

// Out of descriptors: a few lines, no busy loop, and the client is served once there is one.
TEST_F(UnixServerTest, OutlastsAShortageOfDescriptors) {
  serve();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  {
    const FileDescriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit none{static_cast<rlim_t>(next.get()) + 1, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  PacketSocket client = knock();  // takes the last descriptor
  EXPECT_THAT(events.wait_for(1), ElementsAre(HasSubstr("accept at " + path + ": Too many open files")));
  const std::clock_t busy = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_LT(std::clock() - busy, CLOCKS_PER_SEC / 10) << "processor time";
  EXPECT_LE(events.texts().size(), 8u);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  send(client, kVersion42);
  std::uint8_t answer[64];
  EXPECT_EQ(client.receive(answer, steady_clock::now() + kServerLong), 6u);
}

}  // namespace
}  // namespace lowmeg::get
