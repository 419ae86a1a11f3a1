#include "lowmeg/state/servicing_state.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/hex.hpp"

namespace lowmeg::state {
namespace {

using fakes::hex;
using fakes::unhex;

// By hand, after OpenHCL's ServicingState: firmware_type, vm_stop_reference_time, an emuplat with a clock and
// a netvsp beside the adjuster's 12 00, flush_logs_result; two units, the bridge's between two fields that
// nobody knows.
const std::string kWhole =
    "0a 18 "                                   // init_state
    "0a 02 12 00 "                             //   1: firmware_type
    "10 f4 03 "                                //   2: vm_stop_reference_time
    "22 0b 0a 02 08 07 12 02 12 00 1a 01 ff "  //   4: emuplat
    "2a 02 08 09 "                             //   5: flush_logs_result
    "12 07 0a 03 72 74 63 12 00 "              // units: "rtc"
    "18 2a "                                   // 3
    "12 1c 0a 15 34 34 30 62 78 2d 68 6f 73 74 2d 70 63 69 2d 62 72 69 64 67 65 12 03 0a 01 55 "  // the
                                                                                                  // bridge's
    "25 01 02 03 04 ";  // 4, fixed32

std::string with_sizes_of_two_more(std::string text) {
  for (const auto& [old, now] : {std::pair{"0a 18 ", "0a 1a "},
                                 {"22 0b ", "22 0d "},
                                 {"12 02 12 00 1a", "12 04 12 00 0a 00 1a"},
                                 {"12 1c ", "12 1d "},
                                 {"12 03 0a 01 55", "12 04 0a 02 56 57"}}) {
    text.replace(text.find(old), std::string(old).size(), now);
  }
  return text;
}

TEST(ServicingState, FindsTheTwoMessages) {
  const auto parts = extract(unhex(kWhole));
  ASSERT_TRUE(parts) << parts.error().what;
  EXPECT_EQ(hex(parts->adjuster.value()), "12 00");
  EXPECT_EQ(hex(parts->bridge.value()), "0a 01 55");
}

TEST(ServicingState, PutsThemBackByteForByte) {
  const auto whole = unhex(kWhole);
  EXPECT_EQ(insert(whole, extract(whole).value()).value(), whole);
  EXPECT_EQ(insert(whole, {}).value(), whole) << "what is not given stays";
  const auto other = insert(whole, {unhex("12 00 0a 00"), unhex("0a 02 56 57")});
  EXPECT_EQ(hex(other.value()) + " ", with_sizes_of_two_more(kWhole)) << "all else is as it was";
}

TEST(ServicingState, AddsThemWhereThereAreNone) {
  const ServicingParts parts{unhex("12 00"), unhex("0a 01 55")};
  EXPECT_EQ(extract({}).value(), ServicingParts{});
  const auto made = insert({}, parts);
  EXPECT_EQ(hex(made.value()),
            "0a 06 22 04 12 02 12 00 "
            "12 1c 0a 15 34 34 30 62 78 2d 68 6f 73 74 2d 70 63 69 2d 62 72 69 64 67 65 12 03 0a 01 55");
  EXPECT_EQ(extract(*made).value(), parts);
}

TEST(ServicingState, RefusesInOneLine) {
  const auto whole = unhex(kWhole);
  unsigned refused = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto parts = extract(Bytes(whole).first(size));
    if (parts) continue;  // the end of a field
    ++refused;
    EXPECT_EQ(parts.error().code, Errc::kInvalidArgument);
    EXPECT_EQ(parts.error().what.find('\n'), std::string::npos);
    EXPECT_FALSE(insert(Bytes(whole).first(size), {unhex("00"), {}}));
  }
  EXPECT_GT(refused, whole.size() - 8);
  EXPECT_EQ(extract(unhex("0a 00 0a 00")).error().what, "init_state: comes twice");
  EXPECT_EQ(extract(unhex("08 00")).error().what, "init_state: the wrong wire type");
  EXPECT_EQ(extract(unhex("10 00")).error().what, "units: the wrong wire type");
}

}  // namespace
}  // namespace lowmeg::state
