// GET by the C interface: a bridge over an adjuster over a client, and a host with a session, the test being
// the wire.
#pragma once

#include <gtest/gtest.h>
#include <lowmeg/lowmeg.h>

#include <cstring>
#include <vector>

namespace lowmeg::fakes {

// A host of the caller's that notes the ranges.
struct CRanges {
  std::vector<lowmeg_range> told;
  int refuse_from = -1;  // the call from which on it refuses; -1: never

  static std::int32_t range(void* context, const lowmeg_range* range) {
    auto& ranges = *static_cast<CRanges*>(context);
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

class CGetRig {
 public:
  CGetRig() = default;
  CGetRig(const CGetRig&) = delete;
  CGetRig& operator=(const CGetRig&) = delete;
  ~CGetRig() { close(); }

  // A host, and without a channel all that asks it.
  void make(const lowmeg_host_config& given, std::uint32_t one_at_a_time = 0,
            lowmeg_channel* channel = nullptr) {
    close();
    lowmeg_host_config host_config = given;
    host_config.size = sizeof(host_config);
    host_config.ram_bytes = 64 << 20;
    host_config.range = CRanges::range;
    host_config.range_context = &ranges;
    host_config.other = CRanges::other;
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

  CRanges ranges;
  lowmeg_host* host = nullptr;
  lowmeg_session* session = nullptr;
  lowmeg_client* client = nullptr;
  lowmeg_adjuster* adjuster = nullptr;
  lowmeg_bridge* bridge = nullptr;
};

}  // namespace lowmeg::fakes
