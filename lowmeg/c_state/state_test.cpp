// Save and restore by the C interface.
#include <gmock/gmock.h>
#include <lowmeg/lowmeg-state.h>

#include <vector>

#include "tests/fakes/c_get_rig.hpp"

namespace {

using testing::HasSubstr;

std::int32_t ignore(void* /*context*/, const lowmeg_change* /*changes*/, std::size_t /*count*/) {
  return 0;
}
std::int32_t take(void* /*context*/, const lowmeg_map* /*map*/) {
  return 0;
}

// A bridge that is not on yet: over changes, or over maps.
lowmeg_bridge* make(std::uint32_t identity, bool is_map = false) {
  lowmeg_bridge_config config{};
  config.size = sizeof(config);
  config.identity = identity;
  config.ram_bytes = 64 << 20;
  if (is_map) {
    config.commit = take;
  } else {
    config.adjust = ignore;
  }
  lowmeg_bridge* bridge = nullptr;
  EXPECT_EQ(lowmeg_bridge_create(&config, &bridge), LOWMEG_OK) << lowmeg_error_line();
  return bridge;
}

// Saved and restored, a bridge reads as before.
TEST(CState, GoesThroughBytes) {
  struct Row {
    std::uint32_t identity;
    bool is_map;
  };
  for (const Row row : {Row{LOWMEG_HYPERV, false}, {LOWMEG_I440FX, false}, {LOWMEG_I440BX, true}}) {
    lowmeg_bridge* const from = make(row.identity, row.is_map);
    lowmeg_bridge* const to = make(row.identity, row.is_map);
    std::vector<std::uint8_t> buffer(4096);
    lowmeg_bytes bytes{buffer.data(), 3}, none{nullptr, 0};
    EXPECT_EQ(lowmeg_state_save(from, &bytes, &none), LOWMEG_WRONG_STATE);
    ASSERT_EQ(lowmeg_bridge_power_on(from), LOWMEG_OK);
    ASSERT_EQ(lowmeg_bridge_write(from, 0, 0x5c, 0x31310000, 0xf), LOWMEG_OK);
    EXPECT_EQ(lowmeg_state_save(from, &bytes, &none), LOWMEG_TOO_SMALL);
    EXPECT_GT(bytes.size, 3u);
    bytes.size = buffer.size();
    ASSERT_EQ(lowmeg_state_save(from, &bytes, nullptr), LOWMEG_OK) << lowmeg_error_line();

    const lowmeg_bytes broken{bytes.data, bytes.size - 1};
    EXPECT_EQ(lowmeg_state_restore(to, &broken, nullptr, LOWMEG_RANGES_IN_PLACE), LOWMEG_INVALID_ARGUMENT);
    EXPECT_THAT(lowmeg_error_line(), HasSubstr("bridge: "));
    EXPECT_EQ(lowmeg_state_restore(to, nullptr, nullptr, 0), LOWMEG_INVALID_ARGUMENT);
    EXPECT_EQ(lowmeg_state_restore(to, &bytes, nullptr, 2), LOWMEG_INVALID_ARGUMENT);
    ASSERT_EQ(lowmeg_state_restore(to, &bytes, nullptr, LOWMEG_RANGES_IN_PLACE), LOWMEG_OK)
        << lowmeg_error_line();
    for (std::uint32_t offset = 0; offset < 256; offset += 4) {
      std::uint32_t before = 0, after = 0;
      ASSERT_EQ(lowmeg_bridge_read(from, 0, offset, &before), LOWMEG_OK);
      ASSERT_EQ(lowmeg_bridge_read(to, 0, offset, &after), LOWMEG_OK);
      EXPECT_EQ(before, after) << offset;
    }
    EXPECT_EQ(lowmeg_state_restore(to, &bytes, nullptr, 0), LOWMEG_WRONG_STATE);
    EXPECT_EQ(lowmeg_bridge_close(from), LOWMEG_OK);
    EXPECT_EQ(lowmeg_bridge_close(to), LOWMEG_OK);
    EXPECT_EQ(lowmeg_state_save(to, &bytes, nullptr), LOWMEG_BAD_HANDLE);
  }
}

// A paravisor's successor, at the same host: "it is asked for nothing that is there", or "all 13 slots are
// reset, and what is wanted created".
TEST(CState, GoesOnWithTheRangesOfAHost) {
  for (const std::uint32_t ranges : {LOWMEG_RANGES_IN_PLACE, LOWMEG_RANGES_UNKNOWN}) {
    lowmeg::fakes::CGetRig from, to;
    from.make({});
    from.pump();
    ASSERT_EQ(lowmeg_bridge_power_on(from.bridge), LOWMEG_OK);
    from.pump();
    ASSERT_EQ(lowmeg_bridge_write(from.bridge, 0, 0x58, 0x00001000, 0x2), LOWMEG_OK);
    std::uint8_t bridge_bytes[4096], adjuster_bytes[4096];
    lowmeg_bytes bridge{bridge_bytes, sizeof(bridge_bytes)}, adjuster{adjuster_bytes, sizeof(adjuster_bytes)};
    EXPECT_EQ(lowmeg_state_save(from.bridge, &bridge, &adjuster), LOWMEG_BUSY) << "answers are awaited";
    from.pump();
    EXPECT_EQ(lowmeg_state_save(from.bridge, &bridge, nullptr), LOWMEG_INVALID_ARGUMENT)
        << "it has an adjuster";
    ASSERT_EQ(lowmeg_state_save(from.bridge, &bridge, &adjuster), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_GT(adjuster.size, 0u);

    to.make({});
    EXPECT_EQ(lowmeg_state_restore(to.bridge, &bridge, &adjuster, ranges), LOWMEG_BUSY)
        << "the version comes first";
    to.pump();
    const lowmeg_bytes broken{adjuster_bytes, adjuster.size - 1};
    EXPECT_EQ(lowmeg_state_restore(to.bridge, &bridge, &broken, ranges), LOWMEG_INVALID_ARGUMENT);
    ASSERT_EQ(lowmeg_state_restore(to.bridge, &bridge, &adjuster, ranges), LOWMEG_OK) << lowmeg_error_line();
    to.pump();
    std::size_t resets = 0, creates = 0;
    for (const lowmeg_range& range : to.ranges.told) ++(range.created ? creates : resets);
    const bool knows = ranges == LOWMEG_RANGES_IN_PLACE;
    EXPECT_EQ(resets, 0u) << "the new host has none that a reset could show";
    EXPECT_EQ(creates == 0, knows);
    std::uint32_t before[LOWMEG_SEGMENTS], after[LOWMEG_SEGMENTS];
    ASSERT_EQ(lowmeg_bridge_pam_states(from.bridge, before), LOWMEG_OK);
    ASSERT_EQ(lowmeg_bridge_pam_states(to.bridge, after), LOWMEG_OK);
    EXPECT_THAT(after, testing::ElementsAreArray(before));
    // It knows what is in place: asked for the state that it has, it asks nothing.
    to.ranges.told.clear();
    ASSERT_EQ(lowmeg_bridge_write(to.bridge, 0, 0x58, 0x00001000, 0x2), LOWMEG_OK);
    to.pump();
    EXPECT_TRUE(to.ranges.told.empty());
  }
}

}  // namespace
