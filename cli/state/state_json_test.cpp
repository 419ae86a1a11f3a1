#include "cli/state/state_json.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "cli/state/json_value.hpp"
#include "tests/fakes/golden.hpp"

namespace cli {
namespace {

using lowmeg::Errc;
using lowmeg::Error;
using lowmeg::state::Buffer;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Buffer unhex(const std::string& text) {
  Buffer bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

Json samples() {
  std::ifstream file(lowmeg::fakes::golden_path("saved_state.json"));
  return Json::parse(file);
}

StateKind kind_of(const Json& sample) {
  return state_kind(sample["kind"].get<std::string>()).value();
}

// "All samples encode to those bytes and decode to those values"; and the golden files are those bytes.
TEST(StateJson, IsTheSamples) {
  const Json accept = samples()["accept"];
  EXPECT_EQ(accept.size(), 13u);
  for (const Json& sample : accept) {
    const auto name = sample["name"].get<std::string>();
    SCOPED_TRACE(name);
    const Buffer bytes = unhex(sample["hex"].get<std::string>());
    EXPECT_EQ(state_from_json(kind_of(sample), sample["value"].dump()).value(), bytes);
    const auto json = state_to_json(kind_of(sample), bytes);
    ASSERT_TRUE(json) << json.error().what;
    EXPECT_EQ(*json, sample["value"].dump(2) + "\n");
    EXPECT_EQ(lowmeg::fakes::golden(name), bytes);
  }
}

TEST(StateJson, RefusesTheSamplesToBeRefused) {
  const Json refuse = samples()["refuse"];
  EXPECT_EQ(refuse.size(), 11u);
  for (const Json& sample : refuse) {
    const auto json = state_to_json(kind_of(sample), unhex(sample["hex"].get<std::string>()));
    ASSERT_FALSE(json) << sample["name"];
    EXPECT_EQ(json.error().code, Errc::kInvalidArgument);
    EXPECT_THAT(json.error().what, Not(HasSubstr("\n")));
  }
}

TEST(StateJson, HasSevenKinds) {
  EXPECT_EQ(state_kind("adjuster"), StateKind::kAdjuster);
  EXPECT_EQ(state_kind("bridge"), StateKind::kBridge);
  EXPECT_EQ(state_kind("memory_range"), StateKind::kMemoryRange);
  EXPECT_EQ(state_kind("adjuster_any"), StateKind::kAdjusterAny);
  EXPECT_EQ(state_kind("bridge_any"), StateKind::kBridgeAny);
  EXPECT_EQ(state_kind("chip"), StateKind::kChip);
  EXPECT_EQ(state_kind("chip_any"), StateKind::kChipAny);
  EXPECT_EQ(state_kind("any"), std::nullopt);
}

// What no sample has: blobs, and the largest number of each width.
TEST(StateJson, GoesThereAndBackWithEveryField) {
  const Json all = samples();
  Json value;
  for (const Json& sample : all["accept"]) {
    if (sample["name"] == "bridge_pam_shadowed") value = sample["value"];
  }
  Json& cfg = value["cfg_space"];
  cfg["capabilities"] = Json::parse(R"([{"name":"é","state":{"type_url":"t","value":[1,255]}}])");
  cfg["extended_capabilities"] = Json::parse(R"([{"name":"","state":null}])");
  value["pam_reg1"] = 0xffffffff;
  cfg["base_addresses"][5] = 0xffffffff;
  cfg["memory_base"] = 0xffff;
  cfg["captured_devfn"] = 0xff;
  const auto bytes = state_from_json(StateKind::kBridge, value.dump());
  ASSERT_TRUE(bytes) << bytes.error().what;
  EXPECT_EQ(state_to_json(StateKind::kBridge, *bytes).value(), value.dump(2) + "\n");
  const auto largest = state_from_json(StateKind::kMemoryRange, R"({"end":18446744073709551615,"start":1})");
  EXPECT_EQ(largest.value(), unhex("080110ffffffffffffffffff01")) << "in any order";
}

TEST(StateJson, IsRefusedWithALineThatNamesTheField) {
  struct Row {
    StateKind kind;
    std::string json;
    const char* line = "";
  };
  const std::string nulls = "null,null,null,null,null,null,null,null,null,null,null,null";
  const auto handle = [&](const std::string& text) {
    return R"({"base_slot":0,"handles":[)" + text + "," + nulls + "]}";
  };
  using enum StateKind;
  const Row rows[] = {
      {kMemoryRange, "", "the state: parse error at line 1, column 1: "},
      {kMemoryRange, "{\"start\":\n1", "the state: parse error at line 2, column 2: "},
      {kMemoryRange, R"({"start":1,"end":2} 3)", "the state: parse error at line 1, column 21: "},
      {kMemoryRange, "[]", "the state: not an object"},
      {kMemoryRange, "null", "the state: not an object"},
      {kMemoryRange, R"({"start":1})", "end: missing"},
      {kMemoryRange, R"({"start":1,"end":2,"size":1})", "the state: unknown field \"size\""},
      {kMemoryRange, R"({"start":1,"end":2,"a\nb":1})", R"(the state: unknown field "a\nb")"},
      {kMemoryRange, R"({"start":1,"end":2,"end":3})", "the state: the field \"end\" is given twice"},
      {kMemoryRange, R"({"start":-1,"end":2})", "start: not a whole number from 0 on"},
      {kMemoryRange, R"({"start":1.5,"end":2})", "start: not a whole number from 0 on"},
      {kMemoryRange, R"({"start":"1","end":2})", "start: not a whole number from 0 on"},
      {kMemoryRange, R"({"start":true,"end":2})", "start: not a whole number from 0 on"},
      {kMemoryRange, R"({"start":null,"end":2})", "start: not a whole number from 0 on"},
      {kMemoryRange, R"({"start":18446744073709551616,"end":2})", "start: not a whole number from 0 on"},
      {kAdjuster, R"({"base_slot":4294967296,"handles":[]})", "base_slot: 4294967296 does not fit 32 bits"},
      {kAdjuster, R"({"base_slot":0,"handles":{}})", "handles: not an array"},
      {kAdjuster, R"({"base_slot":0,"handles":[)" + nulls + "]}", "handles: 12 items, where 13 are right"},
      {kAdjuster, handle("null,null"), "handles: 14 items, where 13 are right"},
      {kAdjuster, handle("0"), "handles[0]: not an object"},
      {kAdjuster, handle(R"({"remote_handle":0,"range":{"start":0},"gpa_offset":0,"is_rom":true})"),
       "handles[0].range.end: missing"},
      {kAdjusterAny, handle(R"({"remote_handle":0,"range":{"start":0,"end":0},"gpa_offset":0,"is_rom":1})"),
       "handles[0].is_rom: neither true nor false"},
      {kBridge, "{}", "host_pci_dram1: missing"},
  };
  for (const Row& row : rows) {
    const auto bytes = state_from_json(row.kind, row.json);
    ASSERT_FALSE(bytes) << row.json;
    EXPECT_EQ(bytes.error().code, Errc::kInvalidArgument);
    EXPECT_THAT(bytes.error().what, StartsWith(row.line)) << row.json;
    EXPECT_THAT(bytes.error().what, Not(HasSubstr("\n"))) << row.json;
  }
}

TEST(StateJson, ChecksWhatRestoreWouldSay) {
  using lowmeg::fakes::golden;
  constexpr std::uint64_t kGiB = 1 << 30;
  EXPECT_TRUE(check_state(StateKind::kBridgeAny, golden("bridge_any_initial"), kGiB));
  EXPECT_TRUE(check_state(StateKind::kAdjusterAny, golden("adjuster_any_empty"), kGiB));
  EXPECT_TRUE(check_state(StateKind::kMemoryRange, golden("range_bios"), kGiB));
  EXPECT_EQ(check_state(StateKind::kAdjuster, golden("adjuster_initial_mmio"), kGiB).error(),
            (Error{Errc::kInvalidArgument, "handles[0].remote_handle: 100, where slot 0 is right", 0}));
  EXPECT_EQ(check_state(StateKind::kAdjuster, golden("adjuster_initial_mmio"), 0).error().what,
            "the first RAM block must hold at least 2 MiB");
  EXPECT_EQ(check_state(StateKind::kMemoryRange, unhex("0801"), kGiB).error().what,
            "start: 1h is not page-aligned");
  EXPECT_EQ(check_state(StateKind::kBridge, unhex("0801"), kGiB).error().what, "cfg_space: absent");
}

// The chips' own message, by the golden files: there and back, and what a restore would say.
TEST(StateJson, GoesThereAndBackWithChips) {
  struct Row {
    const char* golden;
    StateKind kind;
  };
  const Row rows[] = {{"chip_i440fx_initial", StateKind::kChip},
                      {"chip_i440bx_initial", StateKind::kChip},
                      {"chip_i440bx_locked", StateKind::kChip},
                      {"chip_i440bx_without_agp", StateKind::kChip},
                      {"chip_any_i440bx_initial", StateKind::kChipAny}};
  for (const Row& row : rows) {
    const Buffer bytes = lowmeg::fakes::golden(row.golden);
    const auto json = state_to_json(row.kind, bytes);
    ASSERT_TRUE(json) << row.golden << json.error().what;
    EXPECT_EQ(state_from_json(row.kind, *json).value(), bytes) << row.golden;
    EXPECT_TRUE(check_state(row.kind, bytes, 64 << 20)) << row.golden;
  }
}

TEST(StateJson, ChecksChips) {
  struct Row {
    unsigned byte;
    unsigned value;
    const char* complaint;
  };
  const Row rows[] = {{2, 0x91, "device 7191h is none of 1237h, 7190h and 7192h"},
                      {3, 0x12, "device 1290h is none of"},
                      {0x59, 0x40, "dword 58h"},
                      {0x72, 0x50, "dword 70h"}};
  for (const Row& row : rows) {
    Json json = Json::parse(*state_to_json(StateKind::kChip, lowmeg::fakes::golden("chip_i440bx_initial")));
    json["host_bridge"][row.byte] = row.value;
    const Buffer bytes = state_from_json(StateKind::kChip, json.dump()).value();
    const auto checked = check_state(StateKind::kChip, bytes, 64 << 20);
    ASSERT_FALSE(checked) << row.byte;
    EXPECT_THAT(checked.error().what, HasSubstr(row.complaint));
  }
}

}  // namespace
}  // namespace cli
