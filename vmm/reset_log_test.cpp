#include "vmm/reset_log.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

using Errand = ResetLog::Errand;
constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(ResetLog, NamesCountCauseAndPlaceInOneLine) {
  ResetLog log;
  EXPECT_EQ(log.text(), "");
  log.add(kResetByPort92, Errand::kStartsOver, "F000:00001234", kSecond / 2);
  EXPECT_EQ(log.text(), "1 reset, by port 92h at F000:00001234");
  log.add(kResetByTripleFault, Errand::kStartsOver, "0008:00005678", 7 * kSecond);
  EXPECT_EQ(
      log.text(),
      "2 resets from 0.5 to 7.0 s, 1 of them by triple faults; the last by a triple fault at 0008:00005678");
  EXPECT_EQ(log.count(), 2u);
  EXPECT_EQ(log.triple_faults(), 1u);
}

// What leads nowhere is counted in a row: a word on the console or an errand in CMOS begins anew.
TEST(ResetLog, KnowsALoopFromAnErrand) {
  struct Row {
    const char* what;
    Errand errand;
    bool speaks;
    bool is_loop;
  };
  const Row rows[] = {
      {"starts over without a word", Errand::kStartsOver, false, true},
      {"starts over and tells", Errand::kStartsOver, true, false},
      {"goes back to real mode as a 286 does", Errand::kGoesOn, false, false},
  };
  for (const Row& row : rows) {
    ResetLog log;
    for (std::uint64_t i = 0; i < ResetLog::kMostInVain; ++i) {
      EXPECT_FALSE(log.is_loop()) << row.what << i;
      if (row.speaks) log.progress();
      log.add(kResetByKeyboardController, row.errand, "", i);
    }
    EXPECT_EQ(log.is_loop(), row.is_loop) << row.what;
  }
}

}  // namespace
}  // namespace vmm
