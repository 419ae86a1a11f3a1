#include "lowmeg/state/saved_bridge.hpp"

#include <gmock/gmock.h>

#include <random>

#include "tests/fakes/golden.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::state {
namespace {

using fakes::golden;
using fakes::hex;
using fakes::unhex;

const std::string bars = "12 06 00 00 00 00 00 00";  // base_addresses

SavedBridge after_reset() {
  SavedBridge bridge;
  bridge.host_pci_dram1 = 0x02020202;
  bridge.host_pci_dram2 = 2;
  bridge.pam_reg1 = 3;
  bridge.smm_config_word = 0x3802;
  return bridge;
}

TEST(SavedBridge, IsTheGoldenBytes) {
  SavedBridge shadowed = after_reset();
  shadowed.pam_reg1 = 0x11111003;
  shadowed.pam_reg2 = 0x33333331;
  shadowed.bios_scratch1 = 0xdeadbeef;
  shadowed.bios_scratch2 = 1;
  shadowed.smm_config_word = 0x3812;
  shadowed.cfg_space.command = 0x0107;
  EXPECT_EQ(encode(shadowed), golden("bridge_pam_shadowed"));
  EXPECT_EQ(decode_bridge(golden("bridge_pam_shadowed")).value(), shadowed);
  EXPECT_EQ(encode(after_reset()), golden("bridge_initial"));
  EXPECT_EQ(encode_any(after_reset()), golden("bridge_any_initial"));
  EXPECT_EQ(decode_bridge(golden("bridge_initial_command")).value().cfg_space.command, 6);
}

TEST(SavedBridge, GoesThereAndBackInEachGoldenFile) {
  const auto names = fakes::golden_names("bridge_");
  EXPECT_EQ(names.size(), 4u);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const bool any = name.starts_with("bridge_any");
    const auto bridge = any ? decode_bridge_any(golden(name)) : decode_bridge(golden(name));
    ASSERT_TRUE(bridge) << bridge.error().what;
    EXPECT_EQ(any ? encode_any(*bridge) : encode(*bridge), golden(name));
  }
}

// "base_addresses is one packed field, always written"; all else in ascending order.
TEST(SavedBridge, WritesEveryFieldInItsPlace) {
  EXPECT_EQ(hex(encode(SavedBridge{})), "42 08 " + bars);
  SavedBridge all{1, 2, 3, 4, 5, 6, 7, {}};
  all.cfg_space = {
      8,  {0, 0, 0, 0, 0, 9}, 10, 11, {{"n", SavedAny{"t", {0xff}}}}, 12, 13, 14, 15, 16, 17, 18, 19, 20,
      21, {{"m", {}}},        22, 23};
  EXPECT_EQ(
      hex(encode(all)),
      "08 01 10 02 18 03 20 04 28 05 30 06 38 07 42 3b 08 08 12 06 00 00 00 00 00 09 18 0a 20 0b "
      "2a 0b 0a 01 6e 12 06 0a 01 74 12 01 ff 30 0c 38 0d 40 0e 48 0f 50 10 58 11 60 12 68 13 70 14 78 15 "
      "82 01 03 0a 01 6d 88 01 16 90 01 17");
  EXPECT_EQ(decode_bridge(encode(all)).value(), all);
}

TEST(SavedBridge, TenThousandRandomStatesGoThereAndBack) {
  std::mt19937_64 random(5);
  const auto fill = [&](auto&... fields) {
    ((fields = static_cast<std::remove_reference_t<decltype(fields)>>(random() % 4 ? random() : 0)), ...);
  };
  for (int round = 0; round < 10'000; ++round) {
    SavedBridge b;
    SavedCfgSpace& c = b.cfg_space;
    fill(b.host_pci_dram1, b.host_pci_dram2, b.pam_reg1, b.pam_reg2, b.bios_scratch1, b.bios_scratch2,
         b.smm_config_word, c.command, c.interrupt_line, c.latency_timer, c.subordinate_bus_number,
         c.secondary_bus_number, c.primary_bus_number, c.memory_base, c.memory_limit, c.prefetch_base,
         c.prefetch_limit, c.prefetch_base_upper, c.prefetch_limit_upper, c.bridge_control,
         c.captured_bus_number, c.captured_devfn);
    for (std::uint32_t& bar : c.base_addresses) fill(bar);
    for (auto* blobs : {&c.capabilities, &c.extended_capabilities}) {
      for (std::uint64_t i = random() % 3; i > 0; --i) {
        blobs->push_back({std::string(random() % 5, 'x'), {}});
        if (random() % 2)
          blobs->back().state = SavedAny{std::string(random() % 3, 'y'), Buffer(random() % 200, 7)};
      }
    }
    ASSERT_EQ(decode_bridge(encode(b)).value(), b);
    ASSERT_EQ(decode_bridge_any(encode_any(b)).value(), b);
  }
}

TEST(SavedBridge, IsReadLiberally) {
  SavedBridge expected;
  expected.pam_reg1 = 5;
  expected.cfg_space.command = 6;
  const std::string rows[] = {
      "18 05 42 0a 08 06 " + bars,
      "42 0a " + bars + " 08 06 18 05",                         // the other way round
      "18 05 42 02 08 06 42 08 " + bars,                        // two parts are one
      "18 05 42 0e 12 03 00 00 00 08 07 12 03 00 00 00 08 06",  // the last one counts
      "18 05 42 0b 08 06 12 07 80 00 00 00 00 00 00",           // not minimal
      "9a 06 01 ff 18 05 42 0d 08 06 98 06 07 " + bars,         // unknown, at both levels
  };
  for (const std::string& row : rows) {
    const auto bridge = decode_bridge(unhex(row));
    ASSERT_TRUE(bridge) << row << ": " << bridge.error().what;
    EXPECT_EQ(*bridge, expected) << row;
  }
}

TEST(SavedBridge, IsRefusedWithALineThatNamesTheField) {
  struct Row {
    std::string bytes;
    const char* line = "";
  };
  const Row rows[] = {
      {"", "cfg_space: absent"},
      {"08 01", "cfg_space: absent"},
      {"42 00", "cfg_space.base_addresses: 0 entries, where 6 are right"},
      {"42 07 12 05 00 00 00 00 00", "cfg_space.base_addresses: 5 entries, where 6 are right"},
      {"42 09 12 07 00 00 00 00 00 00 00", "cfg_space.base_addresses: 7 entries, where 6 are right"},
      // Not packed: "a wrong wire type on a known field".
      {"42 0c 10 00 10 00 10 00 10 00 10 00 10 00",
       "cfg_space.base_addresses: wire type 0, where 2 is right"},
      {"42 0c 12 0a 00 00 00 00 00 80 80 80 80 10",
       "cfg_space.base_addresses[5]: 100000000h is wider than 32 bits"},
      {"42 08 12 06 00 00 00 00 00 80", "cfg_space.base_addresses[5]: the input ends within a varint"},
      {"42 05 2a 03 0a 01 ff", "cfg_space.capabilities[0].name: not UTF-8"},
      {"42 0b 82 01 00 82 01 05 12 03 0a 01 ff",
       "cfg_space.extended_capabilities[1].state.type_url: not UTF-8"},
      {"42 01 08", "cfg_space.command: the input ends within a varint"},
      {"45 00 00 00 00", "cfg_space: wire type 5, where 2 is right"},
  };
  for (const Row& row : rows) {
    const auto bridge = decode_bridge(unhex(row.bytes));
    ASSERT_FALSE(bridge) << row.bytes;
    EXPECT_EQ(bridge.error(), (Error{Errc::kInvalidArgument, row.line, 0})) << row.bytes;
  }
}

// Each field just within its width, and just beyond it.
TEST(SavedBridge, RefusesValuesWiderThanTheField) {
  struct Row {
    const char* name;
    std::uint32_t number;
    unsigned bits;
    bool in_cfg_space;
  };
  const Row rows[] = {
      {"host_pci_dram1", 1, 32, false},
      {"host_pci_dram2", 2, 32, false},
      {"pam_reg1", 3, 32, false},
      {"pam_reg2", 4, 32, false},
      {"bios_scratch1", 5, 32, false},
      {"bios_scratch2", 6, 32, false},
      {"smm_config_word", 7, 16, false},
      {"command", 1, 16, true},
      {"interrupt_line", 3, 8, true},
      {"latency_timer", 4, 8, true},
      {"subordinate_bus_number", 6, 8, true},
      {"secondary_bus_number", 7, 8, true},
      {"primary_bus_number", 8, 8, true},
      {"memory_base", 9, 16, true},
      {"memory_limit", 10, 16, true},
      {"prefetch_base", 11, 16, true},
      {"prefetch_limit", 12, 16, true},
      {"prefetch_base_upper", 13, 32, true},
      {"prefetch_limit_upper", 14, 32, true},
      {"bridge_control", 15, 16, true},
      {"captured_bus_number", 17, 8, true},
      {"captured_devfn", 18, 8, true},
  };
  const auto varint = [](std::uint64_t value) {
    std::string text;
    for (; value > 0x7f; value >>= 7) text += fmt::format("{:02x} ", (value & 0x7f) | 0x80);
    return text + fmt::format("{:02x}", value);
  };
  for (const Row& row : rows) {
    const auto bytes = [&](std::uint64_t value) {
      const std::string field = fmt::format("{} {}", varint(row.number << 3), varint(value));
      if (!row.in_cfg_space) return unhex(fmt::format("{} 42 08 {}", field, bars));
      return unhex(fmt::format("42 {:02x} {} {}", 8 + (field.size() + 1) / 3, bars, field));
    };
    const std::uint64_t limit = 1ull << row.bits;
    EXPECT_TRUE(decode_bridge(bytes(limit - 1))) << row.name;
    const auto wider = decode_bridge(bytes(limit));
    ASSERT_FALSE(wider) << row.name;
    EXPECT_EQ(wider.error().what,
              fmt::format("{}{}: {:x}h is wider than {} bits", row.in_cfg_space ? "cfg_space." : "", row.name,
                          limit, row.bits));
  }
}

TEST(SavedBridge, IsRefusedWhenItEndsEarly) {
  const Buffer whole = golden("bridge_pam_shadowed");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_bridge(Bytes(whole).first(size))) << size;
  }
}

}  // namespace
}  // namespace lowmeg::state
