// GET by the C interface: client, adjuster and host, as bytes and over descriptors.
#include <gmock/gmock.h>
#include <lowmeg/lowmeg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

// A host of the caller's that notes the ranges.
struct Ranges {
  std::vector<lowmeg_range> told;
  int refuse_from = -1;  // the call from which on it refuses; -1: never

  static std::int32_t range(void* context, const lowmeg_range* range) {
    auto& ranges = *static_cast<Ranges*>(context);
    ranges.told.push_back(*range);
    if (ranges.refuse_from < 0 || static_cast<int>(ranges.told.size()) <= ranges.refuse_from) return 0;
    ranges.refuse_from = -1;
    return 1;
  }
  // Answers id 18 with the same bytes, as a response.
  static std::int32_t other(void*, const std::uint8_t* message, std::size_t size, std::uint8_t* answer,
                            std::size_t capacity, std::size_t* answer_size) {
    if (size < 4 || size > capacity || message[1] != 2 || message[2] != 18) return 1;
    std::memcpy(answer, message, size);
    answer[1] = 3;
    *answer_size = size;
    return 0;
  }
};

class CGet : public testing::Test {
 public:
  void SetUp() override { make({}); }
  void make(const lowmeg_host_config& given, std::uint32_t one_at_a_time = 0,
            lowmeg_channel* channel = nullptr) {
    close();
    lowmeg_host_config host_config = given;
    host_config.size = sizeof(host_config);
    host_config.ram_bytes = 64 << 20;
    host_config.range = Ranges::range;
    host_config.range_context = &ranges;
    host_config.other = Ranges::other;
    ASSERT_EQ(lowmeg_host_create(&host_config, &host), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(lowmeg_session_create(host, &session), LOWMEG_OK);
    lowmeg_client_config client_config{};
    client_config.size = sizeof(client_config);
    client_config.one_at_a_time = one_at_a_time;
    client_config.channel = channel;
    if (!channel) make_client(client_config);
  }
  void make_client(const lowmeg_client_config& config) {
    ASSERT_EQ(lowmeg_client_create(&config, &client), LOWMEG_OK) << lowmeg_error_line();
    lowmeg_adjuster_config adjuster_config{};
    adjuster_config.size = sizeof(adjuster_config);
    adjuster_config.ram_bytes = 64 << 20;
    adjuster_config.client = client;
    ASSERT_EQ(lowmeg_adjuster_create(&adjuster_config, &adjuster), LOWMEG_OK) << lowmeg_error_line();
    lowmeg_bridge_config bridge_config{};
    bridge_config.size = sizeof(bridge_config);
    bridge_config.identity = LOWMEG_HYPERV;
    bridge_config.adjuster = adjuster;
    ASSERT_EQ(lowmeg_bridge_create(&bridge_config, &bridge), LOWMEG_OK) << lowmeg_error_line();
  }
  // Carries messages both ways until there is nothing to carry; how many went to the host.
  int pump() {
    std::uint8_t buffer[LOWMEG_MESSAGE_MAX];
    std::size_t size = 0;
    int carried = 0;
    for (bool is_quiet = false; !is_quiet;) {
      is_quiet = true;
      while (lowmeg_client_next(client, buffer, sizeof(buffer), &size) == LOWMEG_OK && size != 0) {
        EXPECT_EQ(lowmeg_session_take(session, buffer, size), LOWMEG_OK) << lowmeg_error_line();
        ++carried;
        is_quiet = false;
      }
      while (lowmeg_session_next(session, buffer, sizeof(buffer), &size) == LOWMEG_OK && size != 0) {
        EXPECT_EQ(lowmeg_client_take(client, buffer, size), LOWMEG_OK) << lowmeg_error_line();
        is_quiet = false;
      }
    }
    return carried;
  }
  std::uint32_t state() {
    std::uint32_t state = 99;
    EXPECT_EQ(lowmeg_client_state(client, &state), LOWMEG_OK);
    return state;
  }
  void close() {
    lowmeg_bridge_close(bridge);
    lowmeg_adjuster_close(adjuster);
    lowmeg_client_close(client);
    lowmeg_session_close(session);
    lowmeg_host_close(host);
    ranges = {};
  }
  ~CGet() override { close(); }

  Ranges ranges;
  lowmeg_host* host = nullptr;
  lowmeg_session* session = nullptr;
  lowmeg_client* client = nullptr;
  lowmeg_adjuster* adjuster = nullptr;
  lowmeg_bridge* bridge = nullptr;
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

TEST(CKvm, SaysWhatIsWrongWithAConfiguration) {
  alignas(4096) static std::uint8_t ram[4096];
  lowmeg_kvm* kvm = nullptr;
  lowmeg_kvm_config good{};
  good.size = sizeof(good);
  good.vm_fd = -1;
  good.vcpus = 1;
  good.way = LOWMEG_KVM_IN_PLACE;
  good.ram.bytes = ram;
  good.ram.size = sizeof(ram);
  EXPECT_EQ(lowmeg_kvm_create(&good, &kvm), LOWMEG_NOT_SUPPORTED) << "no VM: " << lowmeg_error_line();
  void (*const spoils[])(lowmeg_kvm_config&) = {
      [](lowmeg_kvm_config& c) { c.ram.size = 5; },
      [](lowmeg_kvm_config& c) { c.ram.bytes = nullptr; },
      [](lowmeg_kvm_config& c) { c.ram.size = 0; },
      [](lowmeg_kvm_config& c) { c.way = 3; },
      [](lowmeg_kvm_config& c) { c.window_end = 1; },
      [](lowmeg_kvm_config& c) { c.vcpus = 2; },
      [](lowmeg_kvm_config& c) { c.resume = [](void*) {}; },
      [](lowmeg_kvm_config& c) { c.size = 1; },
  };
  for (const auto spoil : spoils) {
    lowmeg_kvm_config config = good;
    spoil(config);
    EXPECT_EQ(lowmeg_kvm_create(&config, &kvm), LOWMEG_INVALID_ARGUMENT);
  }
  std::uint64_t generation = 0;
  EXPECT_EQ(lowmeg_kvm_generation(kvm, &generation), LOWMEG_BAD_HANDLE);
  EXPECT_EQ(lowmeg_kvm_drain(kvm), LOWMEG_BAD_HANDLE);
  EXPECT_EQ(lowmeg_kvm_close(kvm), LOWMEG_BAD_HANDLE);
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
