// The bridge, its ports and maps by the C interface.
#include "lowmeg/c/bridge.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include "lowmeg/bridge/config_ports.hpp"
#include "tests/fakes/recording_adjuster.hpp"

namespace lowmeg::c {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// A caller with callbacks that record, and that return `result`.
struct Caller {
  std::vector<std::vector<lowmeg_change>> told;
  std::vector<std::vector<lowmeg_region>> committed;
  std::int32_t result = 0;
  std::function<void()> within = [] {};

  static std::int32_t adjust(void* context, const lowmeg_change* changes, std::size_t count) {
    auto& caller = *static_cast<Caller*>(context);
    caller.told.emplace_back(changes, changes + count);
    caller.within();
    return caller.result;
  }
  static std::int32_t commit(void* context, const lowmeg_map* map) {
    auto& caller = *static_cast<Caller*>(context);
    caller.committed.emplace_back(map->cpu.regions, map->cpu.regions + map->cpu.count);
    return caller.result;
  }
};

lowmeg_bridge_config adjusting(Caller& caller, std::uint32_t identity = LOWMEG_I440FX) {
  lowmeg_bridge_config config{};
  config.size = sizeof(config);
  config.identity = identity;
  config.adjust = Caller::adjust;
  config.below_context = &caller;
  return config;
}

lowmeg_bridge_config mapping(Caller& caller) {
  lowmeg_bridge_config config = adjusting(caller, LOWMEG_I440BX);
  config.adjust = nullptr;
  config.commit = Caller::commit;
  config.ram_bytes = 64 << 20;
  return config;
}

class CBridge : public testing::Test {
 public:
  ~CBridge() override {
    if (ports) lowmeg_ports_close(ports);
    if (bridge) lowmeg_bridge_close(bridge);
  }
  void power_on(const lowmeg_bridge_config& config) {
    ASSERT_EQ(lowmeg_bridge_create(&config, &bridge), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(lowmeg_ports_create(LOWMEG_DWORDS_ALONE, &ports), LOWMEG_OK);
    ASSERT_EQ(lowmeg_ports_attach(ports, bridge), LOWMEG_OK);
  }
  // A guest's write to the register at `offset` of 00:00.0.
  std::int32_t out(std::uint32_t offset, std::uint32_t value) {
    EXPECT_EQ(lowmeg_ports_write(ports, 0xcf8, 4, 0x80000000 | offset), LOWMEG_OK);
    return lowmeg_ports_write(ports, 0xcfc, 4, value);
  }

  Caller caller;
  lowmeg_bridge* bridge = nullptr;
  lowmeg_ports* ports = nullptr;
};

// "All changes of one config write in one call."
TEST_F(CBridge, TellsTheChangesOfAWriteInOneCall) {
  for (const std::uint32_t identity : {LOWMEG_I440FX, LOWMEG_I440BX, LOWMEG_HYPERV}) {
    caller = {};
    lowmeg_bridge* made = nullptr;
    const auto config = adjusting(caller, identity);
    ASSERT_EQ(lowmeg_bridge_create(&config, &made), LOWMEG_OK);
    EXPECT_THAT(caller.told, SizeIs(0)) << "nothing is told at creation";
    ASSERT_EQ(lowmeg_bridge_power_on(made), LOWMEG_OK);
    ASSERT_THAT(caller.told, SizeIs(2)) << "A0000-BFFFF, then all 13";
    EXPECT_THAT(caller.told[1], SizeIs(LOWMEG_SEGMENTS));
    EXPECT_EQ(caller.told[1][0].forced, 1u);
    ASSERT_EQ(lowmeg_bridge_write(made, 0, 0x5c, 0x00000031, 0xf), LOWMEG_OK);
    ASSERT_THAT(caller.told, SizeIs(3));
    ASSERT_THAT(caller.told[2], SizeIs(2));
    EXPECT_EQ(caller.told[2][0].start, 0xd0000u);
    EXPECT_EQ(caller.told[2][0].now, std::uint32_t{LOWMEG_WRITE_PROTECTED});
    EXPECT_EQ(caller.told[2][1].end, 0xd8000u);
    EXPECT_EQ(caller.told[2][1].now, std::uint32_t{LOWMEG_WRITABLE});
    std::uint32_t states[LOWMEG_SEGMENTS];
    ASSERT_EQ(lowmeg_bridge_pam_states(made, states), LOWMEG_OK);
    EXPECT_EQ(states[5], std::uint32_t{LOWMEG_WRITE_PROTECTED});
    EXPECT_EQ(lowmeg_bridge_close(made), LOWMEG_OK);
  }
}

// "There is one behaviour": the same random accesses by C and by C++ tell and read the same.
TEST_F(CBridge, DoesAsTheCppOneDoes) {
  power_on(adjusting(caller, LOWMEG_HYPERV));
  fakes::RecordingAdjuster adjuster;
  NullEventSink events;
  bridge::HypervBridge cpp(bridge::kHyperv, adjuster, events);
  bridge::ConfigPorts cpp_ports;
  cpp_ports.place(0, 0, cpp);
  ASSERT_TRUE(cpp.power_on());
  std::uint32_t seed = 1;
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1664525 + 1013904223;
    const std::uint32_t port = 0xcf8 + (seed >> 24) % 8, bytes = 1u << (seed >> 22) % 3;
    std::uint32_t value = seed ^ seed >> 13;
    if (port == 0xcf8) value = 0x80000000 | (value & 0xfc);
    if (seed & 0x100) {
      ASSERT_EQ(lowmeg_ports_write(ports, port, bytes, value), LOWMEG_OK);
      ASSERT_TRUE(cpp_ports.write(static_cast<std::uint16_t>(port), bytes, value));
    } else {
      std::uint32_t read = 0;
      ASSERT_EQ(lowmeg_ports_read(ports, port, bytes, &read), LOWMEG_OK);
      ASSERT_EQ(read, cpp_ports.read(static_cast<std::uint16_t>(port), bytes));
    }
  }
  std::uint32_t states[LOWMEG_SEGMENTS];
  ASSERT_EQ(lowmeg_bridge_pam_states(bridge, states), LOWMEG_OK);
  for (std::size_t i = 0; i < kPamSegmentCount; ++i)
    EXPECT_EQ(states[i], static_cast<std::uint32_t>(cpp.pam_states()[i])) << i;
}

// "Makes the guest see exactly this map": regions without gap, from 0 to 4 GiB.
TEST_F(CBridge, CommitsMapsOfAllFourGigabytes) {
  power_on(mapping(caller));
  ASSERT_EQ(out(0x58, 0x00003000), LOWMEG_OK);  // PAM0: F0000-FFFFF writable
  ASSERT_THAT(caller.committed, SizeIs(2));
  std::uint64_t next = 0;
  bool is_found = false;
  for (const lowmeg_region& region : caller.committed[1]) {
    EXPECT_EQ(region.start, next);
    next = region.end;
    if (region.start > 0xf0000 || region.end <= 0xf0000) continue;
    is_found = true;
    EXPECT_EQ(region.write.target, std::uint32_t{LOWMEG_TO_RAM});
    EXPECT_EQ(region.write.offset - region.start, 0u);
  }
  EXPECT_TRUE(is_found);
  EXPECT_EQ(next, 1ull << 32);
}

// "The PCI side's map has changed: one commit, if the guest sees a difference."
TEST_F(CBridge, FollowsTheBuses) {
  power_on(mapping(caller));
  const lowmeg_region rom{
      0xe0000, 0x100000, {LOWMEG_TO_ROM, 0, 0}, {LOWMEG_TO_BUS, 0, 0}, {LOWMEG_TO_ROM, 0, 0}};
  const lowmeg_bus pci{&rom, 1}, agp{};
  EXPECT_EQ(lowmeg_bridge_bus_changed(bridge, &pci, &agp), LOWMEG_OK);
  EXPECT_THAT(caller.committed, SizeIs(2));
  EXPECT_EQ(lowmeg_bridge_bus_changed(bridge, &pci, &agp), LOWMEG_OK);
  EXPECT_THAT(caller.committed, SizeIs(2)) << "no difference";
}

TEST_F(CBridge, HasTheAgpBridgeAtDevice1) {
  power_on(mapping(caller));
  std::uint32_t value = 0;
  ASSERT_EQ(lowmeg_bridge_read(bridge, 1, 0, &value), LOWMEG_OK);
  EXPECT_EQ(value, 0x71918086u);
  ASSERT_EQ(lowmeg_ports_write(ports, 0xcf8, 4, 0x80000800), LOWMEG_OK);
  ASSERT_EQ(lowmeg_ports_read(ports, 0xcfc, 4, &value), LOWMEG_OK);
  EXPECT_EQ(value, 0x71918086u);
}

TEST_F(CBridge, LetsTheCallerPutFunctionsBesideIt) {
  power_on(adjusting(caller));
  const lowmeg_function mine{
      sizeof(mine), 0, [](void*, std::uint32_t offset) { return 0x12340000 + offset; },
      [](void*, std::uint32_t, std::uint32_t, std::uint32_t) { return std::int32_t{7}; }, nullptr};
  ASSERT_EQ(lowmeg_ports_place(ports, 3, 1, &mine), LOWMEG_OK);
  std::uint32_t value = 0;
  ASSERT_EQ(lowmeg_ports_write(ports, 0xcf8, 4, 0x80001904), LOWMEG_OK);
  ASSERT_EQ(lowmeg_ports_read(ports, 0xcfe, 2, &value), LOWMEG_OK);
  EXPECT_EQ(value, 0x1234u);
  EXPECT_EQ(lowmeg_ports_write(ports, 0xcfc, 4, 1), LOWMEG_REFUSED);
  EXPECT_STREQ(lowmeg_error_line(), "the callback write returned 7");
  ASSERT_EQ(lowmeg_ports_address(ports, &value), LOWMEG_OK);
  EXPECT_EQ(value, 0x80001904u);
  EXPECT_EQ(lowmeg_ports_set_address(ports, 0), LOWMEG_OK);
}

// "On another result than 0 the register keeps its new value."
TEST_F(CBridge, HandsARefusalUp) {
  power_on(adjusting(caller));
  caller.result = -5;
  EXPECT_EQ(out(0x5c, 0x33), LOWMEG_REFUSED);
  EXPECT_STREQ(lowmeg_error_line(), "the callback adjust returned -5");
  std::uint32_t value = 0;
  ASSERT_EQ(lowmeg_bridge_read(bridge, 0, 0x5c, &value), LOWMEG_OK);
  EXPECT_EQ(value & 0x33, 0x33u);
}

// "A call on an object from within one of its own callbacks is LOWMEG_BUSY."
TEST_F(CBridge, IsBusyWithinItsCallbacks) {
  power_on(adjusting(caller));
  std::vector<std::int32_t> results;
  caller.within = [&] {
    std::uint32_t value = 0;
    results = {lowmeg_bridge_read(bridge, 0, 0, &value), lowmeg_bridge_close(bridge),
               lowmeg_ports_close(ports), lowmeg_ports_read(ports, 0xcfc, 4, &value),
               lowmeg_bridge_read(nullptr, 0, 0, &value)};
  };
  EXPECT_EQ(out(0x5c, 0x33), LOWMEG_OK);
  EXPECT_THAT(results, ElementsAre(LOWMEG_BUSY, LOWMEG_BUSY, LOWMEG_BUSY, LOWMEG_BUSY, LOWMEG_BAD_HANDLE));
}

// "No exception leaves it."
TEST_F(CBridge, TurnsExceptionsIntoCodes) {
  power_on(adjusting(caller));
  caller.within = [] { throw std::runtime_error("of the caller's"); };
  EXPECT_EQ(out(0x5c, 0x33), LOWMEG_INTERNAL);
  EXPECT_THAT(lowmeg_error_line(), HasSubstr("of the caller's"));
  caller.within = [] { throw std::bad_alloc(); };
  EXPECT_EQ(out(0x5c, 0x11), LOWMEG_NO_MEMORY);
  caller.within = [] { throw 1; };
  EXPECT_EQ(out(0x5c, 0x22), LOWMEG_INTERNAL);
}

TEST_F(CBridge, SaysWhatIsWrongWithAConfiguration) {
  const lowmeg_region out_of_order[] = {
      {0xf0000, 0x100000, {}, {}, {}},
      {0xe0000, 0xf0000, {}, {}, {}},
  };
  const lowmeg_region written_rom{0, 0x1000, {}, {LOWMEG_TO_ROM, 0, 0}, {}};
  const lowmeg_region off_page{0, 0x800, {}, {}, {}};
  const lowmeg_region too_far{0, 0x100001000, {}, {}, {}};
  const lowmeg_region off_page_offset{0, 0x1000, {LOWMEG_TO_RAM, 0, 5}, {}, {}};
  const lowmeg_region unknown{0, 0x1000, {9, 0, 0}, {}, {}};
  struct Row {
    std::int32_t status;
    const char* line;
    std::function<void(lowmeg_bridge_config&)> spoil;
  };
  const Row rows[] = {
      {LOWMEG_INVALID_ARGUMENT, "size is not set", [](auto& c) { c.size = 0; }},
      {LOWMEG_INVALID_ARGUMENT, "size is not set", [](auto& c) { c.size = 5000; }},
      {LOWMEG_INVALID_ARGUMENT, "one of adjust", [](auto& c) { c.commit = nullptr; }},
      {LOWMEG_INVALID_ARGUMENT, "one of adjust", [](auto& c) { c.adjust = Caller::adjust; }},
      {LOWMEG_INVALID_ARGUMENT, "identity", [](auto& c) { c.identity = 3; }},
      {LOWMEG_INVALID_ARGUMENT, "flag", [](auto& c) { c.agp_strapped_off = 2; }},
      {LOWMEG_INVALID_ARGUMENT, "whole pages", [](auto& c) { c.ram_bytes = 4097; }},
      {LOWMEG_INVALID_ARGUMENT, "whole pages", [](auto& c) { c.ram_bytes = 1ull << 63; }},
      {LOWMEG_INVALID_ARGUMENT, "a map needs ram_bytes", [](auto& c) { c.ram_bytes = 0; }},
      {LOWMEG_NOT_SUPPORTED, "has no map", [](auto& c) { c.identity = LOWMEG_HYPERV; }},
      {LOWMEG_INVALID_ARGUMENT, "missing", [](auto& c) { c.pci.count = 1; }},
      {LOWMEG_INVALID_ARGUMENT, "region 1, e0000-f0000: out of order",
       [&](auto& c) { c.pci = {out_of_order, 2}; }},
      {LOWMEG_INVALID_ARGUMENT, "cannot be", [&](auto& c) { c.agp = {&written_rom, 1}; }},
      {LOWMEG_INVALID_ARGUMENT, "whole pages", [&](auto& c) { c.agp = {&off_page, 1}; }},
      {LOWMEG_INVALID_ARGUMENT, "past 4 GiB", [&](auto& c) { c.agp = {&too_far, 1}; }},
      {LOWMEG_INVALID_ARGUMENT, "cannot be", [&](auto& c) { c.agp = {&off_page_offset, 1}; }},
      {LOWMEG_INVALID_ARGUMENT, "cannot be", [&](auto& c) { c.agp = {&unknown, 1}; }},
  };
  for (const Row& row : rows) {
    lowmeg_bridge_config config = mapping(caller);
    row.spoil(config);
    EXPECT_EQ(lowmeg_bridge_create(&config, &bridge), row.status) << row.line;
    EXPECT_THAT(lowmeg_error_line(), HasSubstr(row.line));
    EXPECT_EQ(bridge, nullptr) << "nothing is written on an error";
  }
  EXPECT_EQ(lowmeg_bridge_create(nullptr, &bridge), LOWMEG_INVALID_ARGUMENT);
}

// "A later version of the library may know more members."
TEST_F(CBridge, TakesStructuresOfOtherSizes) {
  struct {
    lowmeg_bridge_config config;
    std::uint64_t of_a_later_version;
  } longer{adjusting(caller), 0};
  longer.config.size = sizeof(longer);
  lowmeg_bridge* made = nullptr;
  ASSERT_EQ(lowmeg_bridge_create(&longer.config, &made), LOWMEG_OK);
  EXPECT_EQ(lowmeg_bridge_close(made), LOWMEG_OK);
  longer.of_a_later_version = 1;
  EXPECT_EQ(lowmeg_bridge_create(&longer.config, &made), LOWMEG_NOT_SUPPORTED);
  longer.config.size = offsetof(lowmeg_bridge_config, pci);
  ASSERT_EQ(lowmeg_bridge_create(&longer.config, &made), LOWMEG_OK);
  EXPECT_EQ(lowmeg_bridge_close(made), LOWMEG_OK);
}

TEST_F(CBridge, SaysWhatIsWrongWithACall) {
  std::uint32_t value = 0, states[LOWMEG_SEGMENTS];
  const auto config = adjusting(caller);
  ASSERT_EQ(lowmeg_bridge_create(&config, &bridge), LOWMEG_OK);
  ASSERT_EQ(lowmeg_ports_create(LOWMEG_ANY_CYCLES, &ports), LOWMEG_OK);
  ASSERT_EQ(lowmeg_ports_attach(ports, bridge), LOWMEG_OK);
  EXPECT_EQ(lowmeg_bridge_write(bridge, 0, 0x5c, 0, 0xf), LOWMEG_WRONG_STATE);
  EXPECT_EQ(lowmeg_bridge_reset(bridge), LOWMEG_WRONG_STATE);
  EXPECT_EQ(lowmeg_ports_write(ports, 0xcfc, 4, 0), LOWMEG_WRONG_STATE);
  EXPECT_EQ(lowmeg_bridge_close(bridge), LOWMEG_BUSY) << "the ports use it";
  ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK);
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_WRONG_STATE);
  EXPECT_EQ(lowmeg_bridge_reset(bridge), LOWMEG_OK);

  const lowmeg_bus none{};
  lowmeg_function empty{};
  EXPECT_EQ(lowmeg_bridge_bus_changed(bridge, &none, &none), LOWMEG_NOT_SUPPORTED);
  EXPECT_EQ(lowmeg_bridge_read(bridge, 1, 0, &value), LOWMEG_NOT_SUPPORTED);
  const std::int32_t invalid[] = {
      lowmeg_bridge_read(bridge, 0, 2, &value),
      lowmeg_bridge_read(bridge, 0, 0x100, &value),
      lowmeg_bridge_read(bridge, 0, 0, nullptr),
      lowmeg_bridge_write(bridge, 0, 0, 0, 0x10),
      lowmeg_bridge_pam_states(bridge, nullptr),
      lowmeg_bridge_bus_changed(bridge, nullptr, &none),
      lowmeg_ports_attach(ports, bridge),
      lowmeg_ports_read(ports, 0xcf7, 4, &value),
      lowmeg_ports_read(ports, 0xd00, 1, &value),
      lowmeg_ports_read(ports, 0xcfc, 3, &value),
      lowmeg_ports_read(ports, 0xcfc, 4, nullptr),
      lowmeg_ports_write(ports, 0x1cf8, 4, 0),
      lowmeg_ports_place(ports, 32, 0, &empty),
      lowmeg_ports_create(2, &ports),
      lowmeg_ports_create(0, nullptr),
      lowmeg_ports_address(ports, nullptr),
      lowmeg_decode_pam(nullptr, states),
  };
  EXPECT_THAT(invalid, testing::Each(LOWMEG_INVALID_ARGUMENT));
  empty.size = sizeof(empty);
  EXPECT_EQ(lowmeg_ports_place(ports, 1, 0, &empty), LOWMEG_INVALID_ARGUMENT) << "without read and write";

  EXPECT_EQ(lowmeg_ports_close(ports), LOWMEG_OK);
  EXPECT_EQ(lowmeg_bridge_close(bridge), LOWMEG_OK);
  // SAFETY: handles are numbers; the type is another one's on purpose.
  auto* const of_another_kind = reinterpret_cast<lowmeg_ports*>(bridge);
  const std::int32_t bad[] = {
      lowmeg_bridge_close(bridge),
      lowmeg_bridge_power_on(bridge),
      lowmeg_bridge_read(bridge, 0, 0, &value),
      lowmeg_ports_close(ports),
      lowmeg_ports_close(of_another_kind),
      lowmeg_ports_attach(ports, nullptr),
      lowmeg_bridge_pam_states(nullptr, states),
  };
  EXPECT_THAT(bad, testing::Each(LOWMEG_BAD_HANDLE));
  bridge = nullptr;
  ports = nullptr;
}

// The map that a bridge commits is the one that a dump of its registers has.
TEST_F(CBridge, DecodesItsOwnDump) {
  power_on(mapping(caller));
  ASSERT_EQ(out(0x58, 0x13000000), LOWMEG_OK);
  ASSERT_EQ(out(0x5c, 0x21003300), LOWMEG_OK);
  std::uint8_t dump[256];
  for (std::uint32_t offset = 0; offset < 256; offset += 4) {
    std::uint32_t value = 0;
    ASSERT_EQ(lowmeg_bridge_read(bridge, 0, offset, &value), LOWMEG_OK);
    for (unsigned i = 0; i < 4; ++i) dump[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  lowmeg_decode_config config{};
  config.size = sizeof(config);
  config.host_bridge = dump;
  config.ram_bytes = 64 << 20;
  Caller shown;
  ASSERT_EQ(lowmeg_decode(&config, Caller::commit, &shown), LOWMEG_OK) << lowmeg_error_line();
  ASSERT_THAT(shown.committed, SizeIs(1));
  const auto& decoded = shown.committed[0];
  const auto& committed = caller.committed.back();
  ASSERT_EQ(decoded.size(), committed.size());
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    EXPECT_EQ(decoded[i].start, committed[i].start);
    EXPECT_EQ(decoded[i].read.target, committed[i].read.target);
    EXPECT_EQ(decoded[i].write.target, committed[i].write.target);
    EXPECT_EQ(decoded[i].write.offset, committed[i].write.offset);
  }
  shown.result = 1;
  EXPECT_EQ(lowmeg_decode(&config, Caller::commit, &shown), LOWMEG_REFUSED);
  EXPECT_EQ(lowmeg_decode(&config, nullptr, &shown), LOWMEG_INVALID_ARGUMENT);
  config.ram_bytes = 5;
  EXPECT_EQ(lowmeg_decode(&config, Caller::commit, &shown), LOWMEG_INVALID_ARGUMENT);
  config.ram_bytes = 0;
  dump[2] ^= 1;
  EXPECT_EQ(lowmeg_decode(&config, Caller::commit, &shown), LOWMEG_INVALID_ARGUMENT) << "of no chip";
}

TEST(CDecode, HasPamByItself) {
  const std::uint8_t pam[7] = {0x30, 0, 0, 0x12, 0, 0, 0};
  std::uint32_t states[LOWMEG_SEGMENTS];
  ASSERT_EQ(lowmeg_decode_pam(pam, states), LOWMEG_OK);
  EXPECT_EQ(states[0], std::uint32_t{LOWMEG_WRITABLE});
  EXPECT_EQ(states[5], std::uint32_t{LOWMEG_WRITE_ONLY});
  EXPECT_EQ(states[6], std::uint32_t{LOWMEG_WRITE_PROTECTED});
}

TEST(CStatus, HasANameForEach) {
  EXPECT_STREQ(lowmeg_status_name(LOWMEG_OK), "ok");
  EXPECT_STREQ(lowmeg_status_name(LOWMEG_INTERNAL), "internal");
  EXPECT_STREQ(lowmeg_status_name(LOWMEG_INTERNAL + 1), "unknown");
  EXPECT_STREQ(lowmeg_status_name(-1), "unknown");
  EXPECT_EQ(lowmeg_c_api_version(), std::uint32_t{LOWMEG_C_API_VERSION});
  EXPECT_THAT(lowmeg_version(), HasSubstr("."));
}

}  // namespace
}  // namespace lowmeg::c
