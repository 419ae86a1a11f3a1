// GET by the C interface: client, adjuster and host, as bytes and over descriptors.
#include <gmock/gmock.h>
#include <linux/vm_sockets.h>
#include <lowmeg/lowmeg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "tests/fakes/c_get_rig.hpp"

namespace {

using testing::Each;
using testing::HasSubstr;

using Ranges = lowmeg::fakes::CRanges;

class CGet : public testing::Test, public lowmeg::fakes::CGetRig {
 public:
  void SetUp() override { make({}); }
};

// "Config write in, GET bytes wanted out, answers in."
TEST_F(CGet, CarriesAConfigWriteToTheHost) {
  EXPECT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_OPENING});
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_BUSY) << "the version comes first";
  pump();
  ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK);
  pump();
  EXPECT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_IDLE});
  ranges.told.clear();
  ASSERT_EQ(lowmeg_bridge_write(bridge, 0, 0x5c, 0x11110000, 0xf), LOWMEG_OK);
  ASSERT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_ASKING});
  pump();
  const auto before = ranges.told.size();
  ASSERT_EQ(lowmeg_bridge_write(bridge, 0, 0x5c, 0x33330000, 0xf), LOWMEG_OK);
  ASSERT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_ASKING});
  EXPECT_EQ(lowmeg_bridge_write(bridge, 0, 0x5c, 0, 0xf), LOWMEG_BUSY) << "answers are awaited";
  EXPECT_EQ(lowmeg_bridge_reset(bridge), LOWMEG_BUSY);
  EXPECT_EQ(lowmeg_adjuster_close(adjuster), LOWMEG_BUSY);
  EXPECT_EQ(lowmeg_adjuster_doubt(adjuster), LOWMEG_BUSY);
  std::uint32_t value = 0;
  ASSERT_EQ(lowmeg_bridge_read(bridge, 0, 0x5c, &value), LOWMEG_OK);
  EXPECT_EQ(value, 0x33330000u) << "a refused write changes nothing";
  const bool has_asked = pump() > 0;
  EXPECT_EQ(has_asked, ranges.told.size() > before) << "each range has its callback";
  EXPECT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_IDLE});
  EXPECT_FALSE(ranges.told.empty());
  for (const lowmeg_range& range : ranges.told) {
    EXPECT_GE(range.start, 0xe0000u);
    EXPECT_LT(range.slot, 13u);
  }
}

// "Another result than 0 refuses the batch: what was done of it is undone by further calls."
TEST_F(CGet, UndoesWhatWasRefused) {
  pump();
  ranges.refuse_from = 2;
  ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK);
  pump();
  std::vector<int> in_place(32);
  int last = -1;
  for (const lowmeg_range& range : ranges.told) {
    ++last;
    if (last != 2) in_place[range.slot] += range.created ? 1 : -1;
  }
  EXPECT_THAT(in_place, Each(testing::AllOf(testing::Ge(0), testing::Le(1))));
}

TEST_F(CGet, AsksOneAtATimeWhereItIsTold) {
  make({}, 1);
  pump();
  ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK);
  std::uint8_t buffer[64];
  std::size_t size = 0;
  ASSERT_EQ(lowmeg_client_next(client, buffer, sizeof(buffer), &size), LOWMEG_OK);
  ASSERT_NE(size, 0u);
  EXPECT_EQ(buffer[1], 2) << "a request, not the notification of a batch";
  ASSERT_EQ(lowmeg_client_next(client, buffer, sizeof(buffer), &size), LOWMEG_OK);
  EXPECT_EQ(size, 0u) << "until it is answered";
}

// "One for ids that are not ours."
TEST_F(CGet, LetsTheCallerAnswerIdsOfHisOwn) {
  pump();
  const std::uint8_t time[] = {1, 2, 18, 0}, unknown[] = {1, 2, 99, 0};
  std::uint8_t buffer[64];
  std::size_t size = 0;
  ASSERT_EQ(lowmeg_session_take(session, time, sizeof(time)), LOWMEG_OK);
  EXPECT_EQ(lowmeg_session_next(session, buffer, 3, &size), LOWMEG_TOO_SMALL);
  EXPECT_EQ(size, 4u);
  ASSERT_EQ(lowmeg_session_next(session, buffer, sizeof(buffer), &size), LOWMEG_OK);
  ASSERT_EQ(size, 4u);
  EXPECT_EQ(buffer[1], 3);
  EXPECT_EQ(lowmeg_session_take(session, unknown, sizeof(unknown)), LOWMEG_PROTOCOL);
  EXPECT_EQ(lowmeg_session_take(session, time, sizeof(time)), LOWMEG_CLOSED);
}

// The two ends on a socket pair, the client's carried by the library.
TEST_F(CGet, CarriesItselfOverAnAdoptedDescriptor) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
  lowmeg_channel *to_host = nullptr, *to_client = nullptr;
  ASSERT_EQ(lowmeg_channel_adopt(fds[0], &to_host), LOWMEG_OK);
  ASSERT_EQ(lowmeg_channel_adopt(fds[1], &to_client), LOWMEG_OK);
  make({}, 0, to_host);
  std::int32_t served = -1;
  std::thread host_thread([&] { served = lowmeg_session_serve(session, to_client, 20000); });
  lowmeg_client_config config{};
  config.size = sizeof(config);
  config.channel = to_host;
  config.timeout_ms = 20000;
  make_client(config);
  EXPECT_EQ(lowmeg_client_create(&config, &client), LOWMEG_BUSY) << "the channel is used";
  EXPECT_EQ(lowmeg_channel_close(to_host), LOWMEG_BUSY);
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK);
  EXPECT_EQ(lowmeg_bridge_write(bridge, 0, 0x5c, 0x11110000, 0xf), LOWMEG_OK);
  EXPECT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_IDLE});
  lowmeg_bridge_close(bridge);
  lowmeg_adjuster_close(adjuster);
  lowmeg_client_close(client);
  EXPECT_EQ(lowmeg_channel_close(to_host), LOWMEG_OK);
  host_thread.join();
  EXPECT_EQ(served, LOWMEG_OK) << "the client has gone";
  EXPECT_FALSE(ranges.told.empty());
  EXPECT_EQ(lowmeg_channel_close(to_client), LOWMEG_OK);
}

TEST_F(CGet, LosesItsConnection) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
  lowmeg_channel* channel = nullptr;
  ASSERT_EQ(lowmeg_channel_adopt(fds[0], &channel), LOWMEG_OK);
  lowmeg_client_config config{};
  config.size = sizeof(config);
  config.channel = channel;
  config.timeout_ms = 5;
  lowmeg_client* none = nullptr;
  EXPECT_EQ(lowmeg_client_create(&config, &none), LOWMEG_TIMEOUT);
  ::close(fds[1]);
  EXPECT_EQ(lowmeg_client_create(&config, &none), LOWMEG_CLOSED);
  EXPECT_EQ(lowmeg_channel_close(channel), LOWMEG_OK);

  pump();
  const std::uint8_t nonsense[] = {1, 9};
  EXPECT_EQ(lowmeg_client_take(client, nonsense, sizeof(nonsense)), LOWMEG_PROTOCOL);
  EXPECT_EQ(state(), std::uint32_t{LOWMEG_CLIENT_CLOSED});
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_CLOSED);
}

TEST_F(CGet, IsRefusedTheVersion) {
  const std::uint8_t refusal[] = {1, 3, 1, 0, 0, 0};
  EXPECT_EQ(lowmeg_client_take(client, refusal, sizeof(refusal)), LOWMEG_NOT_SUPPORTED);
}

TEST(CChannel, SaysWhatIsWrong) {
  int stream[2], packets[2], pipe_ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, stream), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets), 0);
  ASSERT_EQ(pipe(pipe_ends), 0);
  lowmeg_channel* channel = nullptr;
  EXPECT_EQ(lowmeg_channel_adopt(stream[0], &channel), LOWMEG_INVALID_ARGUMENT);
  EXPECT_THAT(lowmeg_error_line(), HasSubstr("not SEQPACKET"));
  EXPECT_EQ(lowmeg_channel_adopt(-1, &channel), LOWMEG_SYSTEM);
  EXPECT_EQ(lowmeg_error_errno(), EBADF);
  EXPECT_EQ(lowmeg_channel_connect_unix("/nowhere/at/all", &channel), LOWMEG_SYSTEM);
  EXPECT_EQ(lowmeg_channel_connect_unix(nullptr, &channel), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_channel_connect_vsock(1, 0xfffffff0, 100, &channel), LOWMEG_SYSTEM);
  EXPECT_EQ(channel, nullptr);
  ASSERT_EQ(lowmeg_channel_adopt(packets[0], &channel), LOWMEG_OK);
  std::uint8_t buffer[LOWMEG_MESSAGE_MAX];
  std::size_t size = 0;
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, 10, 0, &size), LOWMEG_TOO_SMALL);
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 1, &size), LOWMEG_TIMEOUT);
  EXPECT_EQ(lowmeg_channel_send(channel, buffer, 0, 1), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_channel_send(channel, buffer, 5, 1), LOWMEG_OK);
  ::close(packets[1]);
  EXPECT_EQ(lowmeg_channel_send(channel, buffer, 5, 1), LOWMEG_CLOSED);
  EXPECT_EQ(lowmeg_channel_close(channel), LOWMEG_OK);

  // What is no socket: one read is one message.
  ASSERT_EQ(lowmeg_channel_adopt(pipe_ends[0], &channel), LOWMEG_OK);
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 1, &size), LOWMEG_TIMEOUT);
  ASSERT_EQ(write(pipe_ends[1], "abc", 3), 3);
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 1000, &size), LOWMEG_OK);
  EXPECT_EQ(size, 3u);
  ::close(pipe_ends[1]);
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 1000, &size), LOWMEG_CLOSED);
  EXPECT_EQ(lowmeg_channel_close(channel), LOWMEG_OK);
  ::close(stream[0]);
  ::close(stream[1]);
}

// "Connects to an AF_VSOCK SEQPACKET listener": here of this machine, where its kernel has vsock_loopback.
TEST(CChannel, ConnectsToAVsock) {
  const int listener = ::socket(AF_VSOCK, SOCK_SEQPACKET, 0);
  if (listener < 0) GTEST_SKIP() << "no AF_VSOCK";
  sockaddr_vm address{};
  socklen_t size = sizeof(address);
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_ANY;
  address.svm_port = VMADDR_PORT_ANY;
  // SAFETY: a sockaddr_vm is a sockaddr by the socket API's own rule.
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, general, size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, general, &size), 0);
  lowmeg_channel* channel = nullptr;
  const std::int32_t status =
      lowmeg_channel_connect_vsock(VMADDR_CID_LOCAL, address.svm_port, 5000, &channel);
  if (status != LOWMEG_OK && lowmeg_error_errno() != ECONNREFUSED) {
    ::close(listener);
    GTEST_SKIP() << "no vsock_loopback: " << lowmeg_error_line();
  }
  ASSERT_EQ(status, LOWMEG_OK) << lowmeg_error_line();
  const int peer = ::accept(listener, nullptr, nullptr);
  ASSERT_GE(peer, 0);
  const std::uint8_t first[] = {1, 2, 3}, second[] = {4};
  std::uint8_t buffer[LOWMEG_MESSAGE_MAX];
  std::size_t got = 0;
  ASSERT_EQ(lowmeg_channel_send(channel, first, sizeof(first), 5000), LOWMEG_OK) << lowmeg_error_line();
  EXPECT_EQ(lowmeg_channel_send(channel, second, sizeof(second), 5000), LOWMEG_OK);
  EXPECT_EQ(::recv(peer, buffer, sizeof(buffer), 0), 3) << "one message is one packet";
  EXPECT_EQ(::recv(peer, buffer, sizeof(buffer), 0), 1);
  ASSERT_EQ(::send(peer, first, sizeof(first), 0), 3);
  ASSERT_EQ(::send(peer, second, sizeof(second), 0), 1);
  ASSERT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 5000, &got), LOWMEG_OK)
      << lowmeg_error_line();
  EXPECT_EQ(got, 3u);
  ASSERT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 5000, &got), LOWMEG_OK);
  EXPECT_EQ(got, 1u);
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 1, &got), LOWMEG_TIMEOUT);
  ::close(peer);
  EXPECT_EQ(lowmeg_channel_receive(channel, buffer, sizeof(buffer), 5000, &got), LOWMEG_CLOSED);
  EXPECT_EQ(lowmeg_channel_close(channel), LOWMEG_OK);
  ::close(listener);
}

TEST_F(CGet, SaysWhatIsWrongWithAConfiguration) {
  lowmeg_host_config host_config{};
  host_config.size = sizeof(host_config);
  lowmeg_host* no_host = nullptr;
  EXPECT_EQ(lowmeg_host_create(&host_config, &no_host), LOWMEG_INVALID_ARGUMENT) << "without range";
  host_config.range = Ranges::range;
  host_config.slots = 33;
  EXPECT_EQ(lowmeg_host_create(&host_config, &no_host), LOWMEG_INVALID_ARGUMENT);
  host_config.slots = 0;
  host_config.window_end = 5;
  EXPECT_EQ(lowmeg_host_create(&host_config, &no_host), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_host_close(host), LOWMEG_BUSY) << "a session uses it";
  EXPECT_EQ(lowmeg_session_create(nullptr, &session), LOWMEG_BAD_HANDLE);
  lowmeg_adjuster_config config{};
  config.size = sizeof(config);
  config.client = client;
  lowmeg_adjuster* none = nullptr;
  EXPECT_EQ(lowmeg_adjuster_create(&config, &none), LOWMEG_INVALID_ARGUMENT) << "no RAM";
  config.ram_bytes = 64 << 20;
  EXPECT_EQ(lowmeg_adjuster_create(&config, &none), LOWMEG_BUSY) << "one for a client";
  config.base_slot = UINT32_MAX;
  EXPECT_EQ(lowmeg_adjuster_create(&config, &none), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_client_close(client), LOWMEG_BUSY);
  EXPECT_EQ(lowmeg_client_take(client, nullptr, 4), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_client_next(client, nullptr, 4, nullptr), LOWMEG_INVALID_ARGUMENT);
}

// Objects of different threads know nothing of each other; the table of handles is everybody's.
TEST(CThreads, UseObjectsOfTheirOwn) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 500; ++round) {
        lowmeg_ports* ports = nullptr;
        std::uint32_t value = 0;
        ASSERT_EQ(lowmeg_ports_create(0, &ports), LOWMEG_OK);
        ASSERT_EQ(lowmeg_ports_write(ports, 0xcf8, 4, 0x80000000), LOWMEG_OK);
        ASSERT_EQ(lowmeg_ports_read(ports, 0xcf8, 4, &value), LOWMEG_OK);
        ASSERT_EQ(value, 0x80000000u);
        ASSERT_EQ(lowmeg_ports_read(ports, 0, 4, &value), LOWMEG_INVALID_ARGUMENT);
        ASSERT_EQ(lowmeg_ports_close(ports), LOWMEG_OK);
        ASSERT_EQ(lowmeg_ports_close(ports), LOWMEG_BAD_HANDLE);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
