#include "lowmeg/get/packet_socket.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pthread.h>

#include <csignal>
#include <numeric>
#include <thread>
#include <vector>

#include "lowmeg/get/unix_transport.hpp"
#include "lowmeg/get/wire.hpp"
#include "tests/fakes/temp_folder.hpp"

namespace lowmeg::get {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

using Packet = std::vector<std::uint8_t>;
constexpr std::chrono::seconds kLong{20};  // far more than anything here takes

Deadline in(milliseconds time) {
  return steady_clock::now() + time;
}

// Bytes that say where they stand and which packet they are of.
Packet packet_of(std::size_t size, std::uint8_t first = 0) {
  Packet packet(size);
  std::iota(packet.begin(), packet.end(), first);
  return packet;
}

struct PacketSocketTest : testing::Test {
  Result<Packet> receive(PacketSocket& socket, Deadline deadline = in(kLong)) {
    Packet buffer(wire::kMaxMessageSize);
    const auto size = socket.receive(buffer, deadline);
    if (!size) return tl::unexpected(size.error());
    buffer.resize(*size);
    return buffer;
  }
  static Errc code_of(const Result<void>& result) { return result ? Errc{} : result.error().code; }
  static Errc code_of(const Result<Packet>& result) { return result ? Errc{} : result.error().code; }
  // Sends until the peer's queue is full.
  static Result<void> fill(PacketSocket& socket, Deadline deadline) {
    const Packet packet = packet_of(64);
    for (;;) {
      if (auto sent = socket.send(packet, deadline); !sent) return sent;
    }
  }
  void hang_up_there() { PacketSocket gone = std::move(there); }

  std::pair<PacketSocket, PacketSocket> both = PacketSocket::pair().value();
  PacketSocket& here = both.first;
  PacketSocket& there = both.second;
};

// "Packet boundaries are the framing; sizes up to 12 288": what is sent in one call comes in one.
TEST_F(PacketSocketTest, KeepsThePacketsBounds) {
  const std::size_t sizes[] = {1, 4, 8, 40, 4096, 12287, 12288, 1};
  for (std::uint8_t i = 0; i < std::size(sizes); ++i)
    ASSERT_TRUE(here.send(packet_of(sizes[i], i), in(kLong)));
  for (std::uint8_t i = 0; i < std::size(sizes); ++i)
    EXPECT_EQ(receive(there), packet_of(sizes[i], i)) << sizes[i];
  EXPECT_EQ(code_of(receive(there, in(milliseconds(0)))), Errc::kTimeout) << "and no more than that";
}

// "kProtocol for one that is larger than the buffer": never a piece of it, and the next one is whole.
TEST_F(PacketSocketTest, RefusesAPacketLargerThanAMessage) {
  for (const std::size_t size : {std::size_t{12289}, std::size_t{65536}}) {
    ASSERT_TRUE(here.send(packet_of(size), in(kLong)));
    ASSERT_TRUE(here.send(packet_of(8), in(kLong)));
    const auto refused = receive(there);
    ASSERT_FALSE(refused) << size;
    EXPECT_EQ(refused.error(),
              (Error{Errc::kProtocol, fmt::format("GET message of {} bytes is too long", size), 0}));
    EXPECT_EQ(receive(there), packet_of(8)) << size;
  }
}

// "Each call with a deadline": one that has passed, however long ago, is no wait at all.
TEST_F(PacketSocketTest, HoldsADeadlineThatHasPassed) {
  const auto start = steady_clock::now();
  for (const Deadline deadline : {Deadline::min(), Deadline(), start - std::chrono::hours(1), start}) {
    EXPECT_EQ(code_of(receive(here, deadline)), Errc::kTimeout);
    EXPECT_EQ(code_of(fill(here, deadline)), Errc::kTimeout);
    ASSERT_TRUE(receive(there, deadline)) << "what is there is given all the same";
    while (receive(there, deadline)) {
    }
  }
  EXPECT_LT(steady_clock::now() - start, kLong);
}

TEST_F(PacketSocketTest, HoldsADeadlineThatIsToCome) {
  const auto start = steady_clock::now();
  EXPECT_EQ(code_of(receive(here, in(milliseconds(30)))), Errc::kTimeout);
  EXPECT_GE(steady_clock::now() - start, milliseconds(30));
  EXPECT_EQ(code_of(fill(here, in(milliseconds(100)))), Errc::kTimeout) << "the peer's queue stays full";
  EXPECT_LT(steady_clock::now() - start, kLong);
}

// Deadline::max() is as good as none.
TEST_F(PacketSocketTest, WaitsForAPacketThatComesLater) {
  std::thread later([this] {
    std::this_thread::sleep_for(milliseconds(20));
    EXPECT_TRUE(here.send(packet_of(8), in(kLong)));
  });
  EXPECT_EQ(receive(there, Deadline::max()), packet_of(8));
  later.join();
}

// A signal to the waiting thread neither ends the wait nor makes it longer.
TEST_F(PacketSocketTest, WaitsOnOverASignal) {
  struct sigaction ignore_it{};
  ignore_it.sa_handler = [](int) {};
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &ignore_it, &before), 0);
  const pthread_t waiting = ::pthread_self();
  std::thread signals([waiting] {
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
      ::pthread_kill(waiting, SIGUSR1);
    }
  });
  const auto start = steady_clock::now();
  EXPECT_EQ(code_of(receive(here, in(milliseconds(100)))), Errc::kTimeout);
  EXPECT_GE(steady_clock::now() - start, milliseconds(100));
  signals.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

// "kClosed when the peer has gone"; what it sent before is still given. No SIGPIPE.
TEST_F(PacketSocketTest, SaysThatThePeerHasGone) {
  ASSERT_TRUE(there.send(packet_of(40), in(kLong)));
  hang_up_there();
  EXPECT_EQ(receive(here), packet_of(40));
  EXPECT_EQ(code_of(receive(here)), Errc::kClosed);
  EXPECT_EQ(code_of(receive(here)), Errc::kClosed) << "and again";
  EXPECT_EQ(code_of(here.send(packet_of(8), in(kLong))), Errc::kClosed);
}

// Linux says ECONNRESET to one whose packets the peer never read.
TEST_F(PacketSocketTest, SaysThatThePeerHasGoneWithoutReading) {
  ASSERT_TRUE(here.send(packet_of(8), in(kLong)));
  hang_up_there();
  EXPECT_EQ(code_of(receive(here)), Errc::kClosed);
  EXPECT_EQ(code_of(here.send(packet_of(8), in(kLong))), Errc::kClosed);
}

TEST_F(PacketSocketTest, TakesAnEmptyPacketForThePeersGoing) {
  ASSERT_TRUE(here.send({}, in(kLong)));
  EXPECT_EQ(code_of(receive(there)), Errc::kClosed);
}

// "Wakes whoever waits in send or receive, here and at the peer."
TEST_F(PacketSocketTest, ShutDownWakesWhoeverWaits) {
  for (const bool at_the_peer : {false, true}) {
    for (const bool in_send : {false, true}) {
      both = PacketSocket::pair().value();
      std::thread waiting([&] {
        EXPECT_EQ(in_send ? code_of(fill(here, Deadline::max())) : code_of(receive(here, Deadline::max())),
                  Errc::kClosed);
      });
      std::this_thread::sleep_for(milliseconds(10));
      (at_the_peer ? there : here).shut_down();
      waiting.join();
    }
  }
}

// Transport's contract: "every later call gives kClosed", whatever still lies in the queue.
TEST_F(PacketSocketTest, TransportGivesNothingOnceClosed) {
  UnixTransport transport(std::move(here));
  ASSERT_TRUE(there.send(packet_of(8), in(kLong)));
  transport.close();
  Packet buffer(wire::kMaxMessageSize);
  const auto received = transport.receive(buffer, in(kLong));
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Errc::kClosed);
  EXPECT_EQ(code_of(transport.send(packet_of(8), in(kLong))), Errc::kClosed);
}

// "kSystem with the reason, kInvalidArgument for a path too long for a socket", one line each.
TEST_F(PacketSocketTest, SaysWhyItCannotConnect) {
  const fakes::TempFolder folder;
  struct Row {
    std::string path, says;
    Errc code;
  };
  const Row rows[] = {
      {folder.file("nobody"), "No such file or directory", Errc::kSystem},
      {"", "empty", Errc::kInvalidArgument},
      {std::string(108, 'x'), "longer than 107 characters", Errc::kInvalidArgument},
      {std::string(107, 'x'), "No such file or directory", Errc::kSystem},
  };
  for (const Row& row : rows) {
    const auto socket = PacketSocket::connect(row.path);
    ASSERT_FALSE(socket) << row.path;
    EXPECT_EQ(socket.error().code, row.code) << row.path;
    EXPECT_THAT(socket.error().message(), HasSubstr(row.says)) << row.path;
    EXPECT_THAT(socket.error().message(), testing::Not(HasSubstr("\n")));
  }
}

}  // namespace
}  // namespace lowmeg::get
