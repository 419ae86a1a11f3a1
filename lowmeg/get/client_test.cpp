#include "lowmeg/get/client.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/get_messages.hpp"
#include "tests/fakes/recording_event_sink.hpp"
#include "tests/fakes/scripted_transport.hpp"

namespace lowmeg::get {
namespace {

using fakes::kAccepted;
using fakes::Script;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kCreated = "01 03 1c 00 00 00 00 00";
constexpr const char* kOccupied = "01 03 1c 00 02 00 00 00";
constexpr const char* kWasReset = "01 03 1d 00";
constexpr const char* kBatchOffer = "01 04 4c ff 40 00 00 00";
constexpr const char* kBattery = "01 04 07 00 64 00 00 00";

struct ClientTest : testing::Test {
  Result<std::unique_ptr<Client>> connect(const ClientOptions& options = {}) {
    return Client::connect(std::make_unique<fakes::ScriptedTransport>(script), events, options);
  }
  std::unique_ptr<Client> connected() {
    script.answers.push_front(kAccepted);
    return connect().value();
  }
  static std::vector<RangeExchange> exchanges(std::initializer_list<RangeRequest> requests) {
    std::vector<RangeExchange> result;
    for (const RangeRequest& request : requests) result.push_back({request, std::nullopt});
    return result;
  }
  Script script;
  fakes::RecordingEventSink events;
};

// "First exchange on the channel. Client offers only 4.2."
TEST_F(ClientTest, OffersOneVersion) {
  script.answers = {kAccepted};
  const auto client = connect();
  ASSERT_TRUE(client);
  EXPECT_THAT(script.sent, ElementsAre("01 02 01 00 02 00 04 00"));
  EXPECT_EQ(script.closed, 0u);
  EXPECT_EQ((*client)->counters().requests(), 0u);
  EXPECT_EQ((*client)->counters().round_trips, 0u) << "the version exchange is no request";
  EXPECT_EQ((*client)->counters().bytes_sent, 8u);
  EXPECT_EQ((*client)->counters().bytes_received, 6u);
}

TEST_F(ClientTest, DoesNotConnectWithoutAnAgreement) {
  struct Row {
    const char* answer;
    Errc code;
    const char* error;
  };
  const Row rows[] = {
      {"01 03 01 00 00 00", Errc::kNotSupported, "refuses protocol version 4.2"},
      {"01 03 01 00 02 00", Errc::kProtocol, "neither 0 nor 1"},  // "another value is an invalid response"
      {"01 03 1d 00", Errc::kProtocol, "response 29 to request 1"},
      {"01 03 01 00 01", Errc::kProtocol, "5 bytes where 6"},
  };
  for (const Row& row : rows) {
    script = {};
    script.answers = {row.answer};
    const auto client = connect();
    ASSERT_FALSE(client) << row.answer;
    EXPECT_EQ(client.error().code, row.code) << row.answer;
    EXPECT_THAT(client.error().what, HasSubstr(row.error));
    EXPECT_EQ(script.closed, 1u) << row.answer;
  }
}

// "One request at a time in flight", in order; statuses come back; all is counted.
TEST_F(ClientTest, PerformsInOrderAndCounts) {
  script.answers = {kWasReset, kCreated, kOccupied};
  const auto client = connected();
  auto asked =
      exchanges({ResetRamGpaRange{1}, CreateRamGpaRange{1, 0xc0000, 0x4000, 0, 2}, CreateRamGpaRange{2}});
  ASSERT_TRUE(client->perform(asked));
  ASSERT_THAT(script.sent, SizeIs(4));
  EXPECT_EQ(script.sent[1], "01 02 1d 00 01 00 00 00");
  EXPECT_EQ(script.sent[2].substr(0, 23), "01 02 1c 00 01 00 00 00");
  EXPECT_EQ(script.sent[3].substr(0, 23), "01 02 1c 00 02 00 00 00");
  EXPECT_EQ(asked[0].status, CreateStatus::kSuccess);
  EXPECT_EQ(asked[1].status, CreateStatus::kSuccess);
  EXPECT_EQ(asked[2].status, CreateStatus::kSlotOccupied);
  const Counters counters = client->counters();
  EXPECT_EQ(counters.creates.total(), 2u);
  EXPECT_EQ(counters.creates.of(CreateStatus::kSlotOccupied), 1u);
  EXPECT_EQ(counters.resets, 1u);
  EXPECT_EQ(counters.creates.refused(), 1u);
  EXPECT_EQ(counters.requests(), 3u);
  EXPECT_EQ(counters.round_trips, 3u);
  EXPECT_GT(counters.nanoseconds, 0u);
  EXPECT_TRUE(client->perform({}));
  EXPECT_THAT(script.sent, SizeIs(4));
}

// "Unknown guest notification: logged, ignored."
TEST_F(ClientTest, IgnoresNotificationsBeforeAnAnswer) {
  script.answers = {kBattery, kBattery, kWasReset};
  script.answers.push_front(kBattery);
  const auto client = connected();
  auto asked = exchanges({ResetRamGpaRange{1}});
  ASSERT_TRUE(client->perform(asked));
  EXPECT_EQ(asked[0].status, CreateStatus::kSuccess);
  ASSERT_THAT(events.events, SizeIs(3));
  EXPECT_EQ(events.events[0].text, "notification 7 from the host ignored");
  EXPECT_EQ(client->counters().requests(), 1u);
  for (int i = 0; i < 1000; ++i) script.answers.push_back(kBattery);
  script.answers.push_back(kWasReset);
  ASSERT_TRUE(client->perform(asked));
  EXPECT_EQ(events.events.size(), 14u) << "8, then the 16th, 32nd ... 512th";
}

// E.6: what the client calls fatal closes the connection for good; what was answered before keeps its status.
TEST_F(ClientTest, GivesUpForGood) {
  struct Row {
    std::variant<std::string, Error> answer;
    Errc code;
  };
  const Row rows[] = {
      {"01 03 1d 00", Errc::kProtocol},                                  // another id
      {"01 03 1c 00", Errc::kProtocol},                                  // another size
      {"02 03 1c 00 00 00 00 00", Errc::kProtocol},                      // another version
      {"01 02 1c 00 00 00 00 00", Errc::kProtocol},                      // another type
      {"00 04 07 00", Errc::kProtocol},                                  // a notification of version 0
      {"01", Errc::kProtocol},                                           // no header
      {Error{Errc::kTimeout, "the host is silent", 0}, Errc::kTimeout},  // "after a deadline too"
      {Error{Errc::kClosed, "the peer is gone", 0}, Errc::kClosed},
  };
  for (const Row& row : rows) {
    script = {};
    script.answers = {kWasReset, row.answer, kCreated, kCreated};
    const auto client = connected();
    auto asked = exchanges({ResetRamGpaRange{1}, CreateRamGpaRange{1}, CreateRamGpaRange{2}});
    const auto performed = client->perform(asked);
    ASSERT_FALSE(performed);
    EXPECT_EQ(performed.error().code, row.code);
    EXPECT_EQ(asked[0].status, CreateStatus::kSuccess);
    EXPECT_EQ(asked[1].status, std::nullopt);
    EXPECT_EQ(asked[2].status, std::nullopt);
    EXPECT_EQ(script.closed, 1u);

    auto next = exchanges({ResetRamGpaRange{1}});
    const auto after = client->perform(next);
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().code, Errc::kClosed);
    EXPECT_THAT(after.error().what, HasSubstr(performed.error().what)) << "says why it was given up";
    EXPECT_THAT(script.sent, SizeIs(3)) << "nothing is sent any more";
    EXPECT_THAT(script.answers, SizeIs(2)) << "nor read";
    EXPECT_EQ(client->counters().resets, 1u);
    EXPECT_EQ(client->counters().creates.total(), 0u);
  }
}

TEST_F(ClientTest, GivesUpWhenItCannotSend) {
  const auto client = connected();
  script.send_fails = true;
  auto asked = exchanges({ResetRamGpaRange{1}});
  EXPECT_EQ(client->perform(asked).error().what, "nobody listens");
  EXPECT_EQ(script.closed, 1u);
}

// A caller that was stopped (a debugger, a suspended computer) past his deadline: what has arrived is looked
// at before the time is judged, and so is what was sent before the answer.
TEST_F(ClientTest, TakesAnAnswerThatHasArrivedAlthoughTheDeadlineHasPassed) {
  const auto client = [&] {
    script.answers = {kAccepted};
    return connect({.timeout = std::chrono::milliseconds(0)}).value();
  }();
  script.answers = {kBattery, kBattery, kCreated};
  auto asked = exchanges({CreateRamGpaRange{1, 0xc0000, 0x1000, 0, 0}});
  ASSERT_TRUE(client->perform(asked));
  EXPECT_EQ(asked[0].status, CreateStatus::kSuccess);
}

// The deadline is of the exchange: a host that only ever notifies does not keep the caller.
TEST_F(ClientTest, HoldsItsDeadlineAgainstEndlessNotifications) {
  script.answers = {kAccepted};
  const auto client = connect({.timeout = std::chrono::milliseconds(20)}).value();
  script.forever = kBattery;
  auto asked = exchanges({ResetRamGpaRange{1}});
  const auto performed = client->perform(asked);
  ASSERT_FALSE(performed);
  EXPECT_EQ(performed.error().code, Errc::kTimeout);
  EXPECT_EQ(script.closed, 1u);
}

// The same against a flood that arrives while nothing is asked.
TEST_F(ClientTest, HoldsItsDeadlineAgainstAFloodBeforehand) {
  script.answers = {kAccepted};
  const auto client = connect({.timeout = std::chrono::milliseconds(20)}).value();
  script.pending_forever = kBattery;
  auto asked = exchanges({ResetRamGpaRange{1}});
  EXPECT_EQ(client->perform(asked).error().code, Errc::kTimeout);
  EXPECT_EQ(script.closed, 1u);
}

// E.6: "response with empty queue: warn, drop"; notifications that arrive while nothing is pending are
// ignored too.
TEST_F(ClientTest, DropsWhatArrivesWhileNothingIsAsked) {
  const auto client = connected();
  script.pending = {kWasReset, kBattery, kCreated};
  script.answers = {kOccupied};
  auto asked = exchanges({CreateRamGpaRange{}});
  ASSERT_TRUE(client->perform(asked));
  EXPECT_EQ(asked[0].status, CreateStatus::kSlotOccupied) << "not the answer that came before the question";
  EXPECT_THAT(events.text(), HasSubstr("a response that nobody waits for was dropped"));
  EXPECT_THAT(events.text(), HasSubstr("notification 7 from the host ignored"));
}

// A host that offers batches gets the requests of one call together: BATCH{n}, n requests, n answers.
TEST_F(ClientTest, SendsABatchWhereOneIsOffered) {
  const auto client = connected();
  script.pending = {kBatchOffer};
  script.answers = {kWasReset, kCreated};
  auto asked = exchanges({ResetRamGpaRange{1}, CreateRamGpaRange{1}});
  ASSERT_TRUE(client->perform(asked));
  ASSERT_THAT(script.sent, SizeIs(4));
  EXPECT_EQ(script.sent[1], "01 01 4c ff 02 00 00 00");
  EXPECT_EQ(script.sent[2], "01 02 1d 00 01 00 00 00");
  EXPECT_EQ(script.sent[3].substr(0, 11), "01 02 1c 00");
  EXPECT_EQ(client->counters().round_trips, 1u);

  script.answers = {kWasReset};
  auto one = exchanges({ResetRamGpaRange{1}});
  ASSERT_TRUE(client->perform(one));
  EXPECT_THAT(script.sent, SizeIs(5)) << "one request is no batch";
}

TEST_F(ClientTest, CutsABatchToWhatTheHostTakes) {
  const auto client = connected();
  script.pending = {"01 04 4c ff 02 00 00 00"};
  script.answers = {kWasReset, kWasReset, kWasReset};
  auto asked = exchanges({ResetRamGpaRange{1}, ResetRamGpaRange{2}, ResetRamGpaRange{3}});
  ASSERT_TRUE(client->perform(asked));
  EXPECT_EQ(client->counters().round_trips, 2u);
  EXPECT_THAT(script.sent, SizeIs(5)) << "version, BATCH{2}, two requests, and the third alone";
}

TEST_F(ClientTest, KeepsToOneRequestWhereToldTo) {
  script.answers = {kAccepted};
  const auto client = connect({.batching = Batching::kNever}).value();
  script.pending = {kBatchOffer};
  script.answers = {kWasReset, kWasReset};
  auto asked = exchanges({ResetRamGpaRange{1}, ResetRamGpaRange{2}});
  ASSERT_TRUE(client->perform(asked));
  EXPECT_THAT(script.sent, SizeIs(3));
  EXPECT_EQ(client->counters().round_trips, 2u);
}

}  // namespace
}  // namespace lowmeg::get
