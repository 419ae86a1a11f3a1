#include "lowmeg/state/envelope.hpp"

#include <gmock/gmock.h>

#include "lowmeg/state/saved_adjuster.hpp"
#include "lowmeg/state/saved_bridge.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::state {
namespace {

using fakes::golden;
using fakes::hex;
using fakes::unhex;
using testing::HasSubstr;

TEST(Envelope, HoldsTypeAndBytes) {
  const Buffer bytes = unhex("01 02");
  EXPECT_EQ(hex(wrap("ab", bytes)), "0a 02 61 62 12 02 01 02");
  EXPECT_EQ(hex(wrap("ab", {})), "0a 02 61 62");
  EXPECT_EQ(unwrap(wrap("ab", bytes), "ab").value(), bytes);
  EXPECT_EQ(unwrap(unhex("12 02 01 02 18 05 0a 02 61 62"), "ab").value(), bytes)
      << "any order, unknown fields";
}

TEST(Envelope, IsRefusedForAnotherType) {
  struct Row {
    std::string bytes;
    const char* line = "";
  };
  const Row rows[] = {
      {"", R"(type_url: "", where "ab" is right)"},
      {"0a 02 61 63", R"(type_url: "ac", where "ab" is right)"},
      {"0a 03 61 62 63", R"(type_url: "abc", where "ab" is right)"},
      {"0a 04 61 0a 22 01", R"(type_url: "a?"?", where "ab" is right)"},  // one line, whatever it says
      {"0a 02 c0 80", "type_url: not UTF-8"},
      {"08 01", "type_url: wire type 0, where 2 is right"},
      {"0a 05 61", "type_url: the input ends 4 bytes too early"},
      {"0a 02 61 62 15 00 00 00 00", "value: wire type 5, where 2 is right"},
  };
  for (const Row& row : rows) {
    const auto value = unwrap(unhex(row.bytes), "ab");
    ASSERT_FALSE(value) << row.bytes;
    EXPECT_EQ(value.error(), (Error{Errc::kInvalidArgument, row.line, 0})) << row.bytes;
  }
  EXPECT_THAT(unwrap(wrap(std::string(1000, 'x'), {}), "ab").error().what, HasSubstr("xxx...\", where"));
}

TEST(Envelope, TellsAdjusterAndBridgeApart) {
  EXPECT_EQ(decode_bridge_any(golden("adjuster_any_empty")).error().what,
            "type_url: \"type.googleapis.com/underhill.emuplat.i440bx.host_pci_bridge.SavedState\", where "
            "\"type.googleapis.com/chipset.i440bx.host_pci_bridge.SavedState\" is right");
  EXPECT_THAT(decode_adjuster_any(golden("bridge_any_initial")).error().what, HasSubstr("type_url: "));
  EXPECT_EQ(decode_bridge_any(wrap(kBridgeTypeUrl, {})).error().what, "cfg_space: absent");
  EXPECT_EQ(decode_adjuster_any(wrap(kAdjusterTypeUrl, {})).error().what, "handles: absent");
}

}  // namespace
}  // namespace lowmeg::state
