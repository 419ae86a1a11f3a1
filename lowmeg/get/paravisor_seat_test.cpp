// The door and the seat over real sockets: who may sit there, what becomes of an access when one goes.
#include "lowmeg/get/unix_server.hpp"

#include <gmock/gmock.h>

#include <future>

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "tests/fakes/get_rig.hpp"
#include "tests/fakes/locked_event_sink.hpp"

namespace lowmeg::get {
namespace {

using fakes::GetRig;
using fakes::unhex;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

Deadline within(milliseconds time) {
  return steady_clock::now() + time;
}
constexpr milliseconds kWhile{10'000};

struct ParavisorSeatTest : testing::Test {
  std::unique_ptr<UnixServer> serve(milliseconds patience = kWhile) {
    return UnixServer::listen(path, *rig.host, events,
                              {.parts = {.keeper = &keeper}, .seat = &seat, .patience = patience})
        .value();
  }
  Result<std::unique_ptr<Client>> connect(bool take_over = false) {
    auto socket = PacketSocket::connect(path).value();
    return Client::connect(std::make_unique<UnixTransport>(std::move(socket)), events,
                           {.take_over = take_over});
  }
  // A client that has the seat and its STATE.
  std::unique_ptr<Client> seated(bool take_over = false) {
    auto client = connect(take_over).value();
    EXPECT_TRUE(std::holds_alternative<State>(client->await_order(within(kWhile)).value()));
    return client;
  }
  std::future<Result<Done>> access(const Access& access = {}) {
    return std::async(std::launch::async, [this, access] { return seat.access(access); });
  }
  static Access order(Client& client) { return std::get<Access>(client.await_order(within(kWhile)).value()); }
  bool says(const std::string& text) {
    for (const Deadline end = within(kWhile); steady_clock::now() < end;) {
      for (const std::string& said : events.texts()) {
        if (said.find(text) != std::string::npos) return true;
      }
      std::this_thread::sleep_for(milliseconds(2));
    }
    return false;
  }

  GetRig rig;
  fakes::LockedEventSink events;
  fakes::TempFolder folder;
  const std::string path = folder.file("get");
  StateKeeper keeper{GetRig::kRamSize, 0};
  std::mutex news_mutex;
  std::vector<SeatNews> news;
  ParavisorSeat seat{{.wait = kWhile,
                      .news =
                          [this](SeatNews now) {
                            const std::lock_guard lock(news_mutex);
                            if (news.empty() || news.back() != now) news.push_back(now);
                          }},
                     events};
};

TEST_F(ParavisorSeatTest, HandsAnAccessOverAndKeepsTheState) {
  const auto server = serve();
  const auto client = seated();
  auto done = access({.kind = AccessKind::kWrite, .offset = 0x58, .byte_enables = 2, .value = 0x3000});
  EXPECT_EQ(order(*client), (Access{AccessKind::kWrite, false, 0, 0x58, 2, 0x3000}));
  RangeExchange asked{ResetRamGpaRange{3}, {}};
  ASSERT_TRUE(client->perform({&asked, 1})) << "served by the thread of the access";
  ASSERT_TRUE(client->report(Done{Done::Outcome::kNewState, 7, {0xaa}}));
  EXPECT_EQ(done.get()->value, 7u);
  EXPECT_EQ(keeper.state().bytes, (std::vector<std::uint8_t>{0xaa}));
  ASSERT_TRUE(client->perform({&asked, 1})) << "and while there is none";
  EXPECT_TRUE(keeper.state().unsure);
}

TEST_F(ParavisorSeatTest, AnAccessWaitsForAParavisor) {
  const auto server = serve();
  auto done = access();
  EXPECT_EQ(done.wait_for(milliseconds(50)), std::future_status::timeout);
  EXPECT_TRUE(says("the guest waits for a paravisor"));
  const auto client = seated();
  EXPECT_FALSE(order(*client).redo) << "nobody had it before";
  ASSERT_TRUE(client->report(Done{}));
  EXPECT_TRUE(done.get());
}

// Who comes, goes and is waited for is news, in the order in which it happens.
TEST_F(ParavisorSeatTest, TellsWhoComesAndGoes) {
  const auto server = serve();
  auto done = access();
  EXPECT_EQ(done.wait_for(milliseconds(120)), std::future_status::timeout);
  auto client = seated();
  order(*client);
  client.reset();  // with the access in hand
  EXPECT_TRUE(says("a paravisor has gone with an access in hand"));
  client = seated();
  EXPECT_TRUE(order(*client).redo);
  ASSERT_TRUE(client->report(Done{}));
  EXPECT_TRUE(done.get());
  const std::lock_guard lock(news_mutex);
  using enum SeatNews;
  ASSERT_GE(news.size(), 6u);
  EXPECT_EQ(news[0], kWaitBegins);
  EXPECT_EQ(news[1], kWaits);
  EXPECT_THAT(news, testing::IsSupersetOf({kTaken, kWaitEnds, kLeft, kTaken}));
}

TEST_F(ParavisorSeatTest, AnAccessInHandIsRedoneByTheSuccessor) {
  const auto server = serve();
  auto client = seated();
  auto done = access({.offset = 4});
  EXPECT_FALSE(order(*client).redo);
  client.reset();
  client = seated();
  EXPECT_EQ(order(*client), (Access{.redo = true, .offset = 4}));
  ASSERT_TRUE(client->report(Done{Done::Outcome::kUnchanged, 9, {}}));
  EXPECT_EQ(done.get()->value, 9u);
}

// "The pending access is handed over only after the dead connection is drained."
TEST_F(ParavisorSeatTest, WhatADeadOneHadReportedCounts) {
  const auto server = serve();
  auto client = seated();
  auto done = access();
  order(*client);
  ASSERT_TRUE(client->report(Done{Done::Outcome::kNewState, 5, {0x55}}));
  client.reset();
  EXPECT_EQ(done.get()->value, 5u);
  EXPECT_EQ(keeper.state().bytes, (std::vector<std::uint8_t>{0x55}));
}

TEST_F(ParavisorSeatTest, RefusesASecondOneUnlessItTakesOver) {
  const auto server = serve();
  const auto first = seated();
  EXPECT_FALSE(connect());
  EXPECT_TRUE(says("a second client was refused: one is connected"));
  auto done = access();
  order(*first);
  const auto second = seated(true);
  EXPECT_TRUE(order(*second).redo);
  EXPECT_FALSE(first->report(Done{})) << "it is cut";
  ASSERT_TRUE(second->report(Done{}));
  EXPECT_TRUE(done.get());
}

TEST_F(ParavisorSeatTest, GivesUpOneThatIsSilent) {
  const auto server = serve(milliseconds(50));
  const auto hung = seated();
  auto done = access();
  EXPECT_TRUE(says("a paravisor has gone with an access in hand"));
  const auto next = seated();
  ASSERT_TRUE(order(*next).redo);
  ASSERT_TRUE(next->report(Done{}));
  EXPECT_TRUE(done.get());
}

// A client at the door that does not say who it is does not keep it.
TEST_F(ParavisorSeatTest, HangsUpOnOneThatDoesNotIntroduceItself) {
  const auto server = serve();
  auto silent = PacketSocket::connect(path).value();
  EXPECT_TRUE(says("it did not say who it is"));
  EXPECT_TRUE(silent.peer_has_gone());
  auto rude = PacketSocket::connect(path).value();
  ASSERT_TRUE(rude.send(unhex("01 02 1d 00 04 00 00 00"), within(kWhile)));
  EXPECT_TRUE(says("GET message before the version exchange"));
  seated();
}

TEST_F(ParavisorSeatTest, EndsOneThatIsOutOfTurn) {
  const auto server = serve();
  const auto client = seated();
  ASSERT_TRUE(client->report(Done{Done::Outcome::kNewState, 0, {1}}));
  EXPECT_TRUE(says("GET DONE without an ACCESS"));
  EXPECT_EQ(client->await_order(within(kWhile)).error().code, Errc::kClosed);
  EXPECT_TRUE(keeper.state().bytes.empty());
}

TEST_F(ParavisorSeatTest, AsksForASave) {
  const auto server = serve();
  const auto client = seated();
  server->ask_to_save();
  EXPECT_TRUE(std::holds_alternative<SaveNotice>(client->await_order(within(kWhile)).value()));
  ASSERT_TRUE(client->save(std::vector<std::uint8_t>{1, 2}));
  EXPECT_EQ(keeper.state().bytes, (std::vector<std::uint8_t>{1, 2}));
}

TEST_F(ParavisorSeatTest, FailsEveryAccessOnceItIsClosed) {
  const auto server = serve();
  const auto client = seated();
  auto done = access();
  order(*client);
  seat.close({Errc::kClosed, "the machine ends"});
  EXPECT_EQ(done.get().error().what, "the machine ends");
  EXPECT_EQ(seat.access({}).error().what, "the machine ends");
}

TEST_F(ParavisorSeatTest, WaitsOnlySoLong) {
  ParavisorSeat impatient({.wait = milliseconds(20)}, events);
  EXPECT_EQ(impatient.access({}).error(), (Error{Errc::kTimeout, "no paravisor came within 0.02 s", 0}));
  seat.set_deadline(within(milliseconds(20)));
  EXPECT_EQ(seat.access({}).error().code, Errc::kTimeout) << "nor longer than the machine";
}

TEST_F(ParavisorSeatTest, HandsOnTheErrorOfAnAccess) {
  const auto server = serve();
  const auto client = seated();
  auto done = access();
  order(*client);
  ASSERT_TRUE(client->report(Done{Done::Outcome::kFailed, 0, {'n', 'o'}}));
  EXPECT_EQ(done.get().error().what, "the paravisor: no");
}

}  // namespace
}  // namespace lowmeg::get
