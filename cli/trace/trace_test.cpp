// The two files that a trace becomes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/trace/chrome_trace.hpp"
#include "cli/trace/map_page.hpp"
#include "cli/trace/recorder.hpp"

namespace cli {
namespace {

using Json = nlohmann::json;
using Kind = vmm::TraceEvent::Kind;
using lowmeg::GpaState;
using testing::HasSubstr;

// A write that turns C0000-C3FFF, as the machine tells of it: the change within the write comes first.
std::vector<vmm::TraceEvent> a_write() {
  vmm::TimelineEntry entry{
      .config_write = vmm::RegisterChange{0x58, 0x10, 0x30010},
      .segments = {{{0xc0000, 0xc4000}, GpaState::kMmio, GpaState::kWritable}},
      .get = vmm::GetTraffic{.resets = 1, .creates = 2, .refused_creates = 0, .round_trips = 1}};
  return {{.kind = Kind::kMapChange, .at_ns = 1000, .took_ns = 250, .name = "map change", .change = entry},
          {.kind = Kind::kConfigWrite,
           .at_ns = 900,
           .took_ns = 400,
           .name = "write 00:00.0 58",
           .numbers = {{"value", 0x30010}},
           .code = vmm::CodeAddress{0xf000, 0xe05b, 0xfe05b}}};
}

TEST(ChromeTrace, IsWhatPerfettoReads) {
  std::vector<vmm::TraceEvent> events = a_write();
  events.push_back({.kind = Kind::kExits, .at_ns = 2000, .name = "counts", .numbers = {{"instructions", 7}}});
  events.push_back({.kind = Kind::kReset, .at_ns = 3000, .name = "INIT", .texts = {{"by", "port 92h \xff"}}});
  const Json trace = Json::parse(chrome_trace(events, 3, "a \"title\""));
  EXPECT_EQ(trace["otherData"]["lost"], 3);
  std::map<std::string, Json> by_name;
  for (const Json& event : trace["traceEvents"]) {
    EXPECT_TRUE(event.contains("ph") && event.contains("pid")) << event;
    by_name[event["name"]] = event;
  }
  EXPECT_EQ(by_name["write 00:00.0 58"]["ph"], "X");
  EXPECT_EQ(by_name["write 00:00.0 58"]["ts"], 0.9);
  EXPECT_EQ(by_name["write 00:00.0 58"]["dur"], 0.4);
  EXPECT_EQ(by_name["write 00:00.0 58"]["args"]["code"], "F000:0000E05B");
  EXPECT_EQ(by_name["map change"]["args"]["C0000-C3FFF"], "mmio > rw");
  EXPECT_EQ(by_name["counts"]["ph"], "C");
  EXPECT_EQ(by_name["INIT"]["ph"], "i");
}

TEST(MapPage, HoldsTheChangesWithTheirWrites) {
  const Json data = Json::parse(map_data(a_write(), {"title", 5000, 0}));
  ASSERT_EQ(data["changes"].size(), 1u);
  EXPECT_EQ(data["changes"][0]["register"], "58h");
  EXPECT_EQ(data["changes"][0]["code"], "F000:0000E05B");
  EXPECT_EQ(data["changes"][0]["segments"], Json::parse(R"([[1, "mmio", "rw"]])"));
  EXPECT_EQ(data["segments"].size(), 13u);
  EXPECT_EQ(data["end"], 5000);
}

TEST(MapPage, CannotBeBrokenOutOf) {
  const std::string page = map_page(a_write(), {"</script><script>alert(1)", 5000, 0});
  EXPECT_EQ(page.find("</script><script>alert"), std::string::npos);
  EXPECT_THAT(page, HasSubstr("<\\/script><script>alert(1)"));
}

TEST(Recorder, KeepsTheFirstAndCountsTheRest) {
  TraceRecorder recorder(10);
  const vmm::TraceEvent event;
  for (std::size_t i = 0; i < 15; ++i) recorder.record(event);
  EXPECT_EQ(recorder.events().size(), 10u);
  EXPECT_EQ(recorder.lost(), 5u);
}

}  // namespace
}  // namespace cli
