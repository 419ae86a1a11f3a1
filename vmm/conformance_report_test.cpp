#include "vmm/conformance_report.hpp"

#include <gmock/gmock.h>

namespace vmm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ConformanceReport report_of(std::string_view text) {
  ConformanceReport report;
  for (const char c : text) report.put(c);
  return report;
}

constexpr std::string_view kGood =
    "INFO bridge 71908086\n"
    "PASS pam-read C0000 ro byte first\n"
    "PASS pam-read C0000 ro byte last\n"
    "PASS lock D_LCK clears D_OPEN\n"
    "GROUP pam-read 2 2\n"
    "GROUP lock 1 1\n"
    "GROUP tseg 0 0\n"
    "DONE 3 3\n";

TEST(ConformanceReport, CountsByGroup) {
  const ConformanceReport report = report_of(kGood);
  ASSERT_EQ(report.groups().size(), 3u);
  EXPECT_EQ(report.groups()[0].name, "pam-read");
  EXPECT_EQ(report.groups()[0].counted, (CheckTotals{2, 2}));
  EXPECT_EQ(report.groups()[1].counted, (CheckTotals{1, 1}));
  EXPECT_EQ(report.groups()[2].counted, (CheckTotals{0, 0}));
  EXPECT_EQ(report.counted(), (CheckTotals{3, 3}));
  EXPECT_THAT(report.complaints(), IsEmpty());
  EXPECT_TRUE(report.is_done());
  EXPECT_TRUE(report.all_passed());
}

TEST(ConformanceReport, KeepsFailures) {
  const ConformanceReport report = report_of(
      "FAIL rmw C0000 wo xchg got=000000ff want=FFFFFFFF\n"
      "PASS rmw C0000 wo or\n"
      "GROUP rmw 1 2\n"
      "DONE 1 2\n");
  EXPECT_THAT(report.failures(), ElementsAre(CheckFailure{"rmw C0000 wo xchg", 0xff, 0xffffffff}));
  EXPECT_THAT(report.complaints(), IsEmpty());
  EXPECT_FALSE(report.all_passed());
}

// "Totals are held against the lines they sum up": one complaint for each that is wrong.
TEST(ConformanceReport, ComplainsOfTotals) {
  struct Row {
    const char* text;
    std::vector<std::string> complaints;
  };
  const Row rows[] = {
      {"PASS a b\nGROUP a 1 1\n", {"all: the totals are missing"}},
      {"PASS a b\nDONE 1 1\n", {"group a: the totals are missing"}},
      {"", {"all: the totals are missing"}},
      {"PASS a b\nGROUP a 2 2\nDONE 1 1\n", {"group a: the totals say 2 of 2, the lines 1 of 1"}},
      {"FAIL a b got=1 want=2\nGROUP a 1 1\nDONE 0 1\n",
       {"group a: the totals say 1 of 1, the lines 0 of 1"}},
      {"PASS a b\nGROUP a 1 1\nDONE 1 2\n", {"all: the totals say 1 of 2, the lines 1 of 1"}},
  };
  for (const Row& row : rows) {
    const ConformanceReport report = report_of(row.text);
    EXPECT_EQ(report.complaints(), row.complaints) << row.text;
    EXPECT_FALSE(report.all_passed()) << row.text;
  }
}

TEST(ConformanceReport, NothingCheckedIsNotPassed) {
  const ConformanceReport report = report_of("DONE 0 0\n");
  EXPECT_THAT(report.complaints(), IsEmpty());
  EXPECT_FALSE(report.all_passed());
}

// "What is no line of the report is counted": each of these, alone, spoils a good report.
TEST(ConformanceReport, CountsGarbage) {
  for (const char* line : {"",
                           "hello",
                           "PASS",
                           "PASS ",
                           "PASS  b",
                           "PASSED a b",
                           "FAIL a b",
                           "FAIL a got=1",
                           "FAIL a want=1 got=2",
                           "FAIL a got= want=",
                           "FAIL a got=123456789 want=0",
                           "FAIL a got=-1 want=0",
                           "FAIL got=1 want=2",
                           "FAIL a got=1 want=2 ",
                           "GROUP",
                           "GROUP a",
                           "GROUP a 1",
                           "GROUP a 2 1",
                           "GROUP a -1 1",
                           "GROUP a 1 1 1",
                           "GROUP a 99999999999999999999 99999999999999999999",
                           "GROUP pam-read 2 2",
                           "DONE",
                           "DONE 3",
                           "DONE 3 3",
                           "done 3 3",
                           "\x01\xff"}) {
    ConformanceReport report = report_of(kGood);
    report.add(line);
    EXPECT_THAT(report.complaints(),
                ElementsAre(testing::StartsWith("1 line is no part of a report, first: ")))
        << line;
    EXPECT_FALSE(report.all_passed()) << line;
  }
}

TEST(ConformanceReport, ShowsGarbageAsText) {
  EXPECT_THAT(report_of("\x1b[2Jx\ny\n").complaints(),
              ElementsAre("2 lines are no part of a report, first: ?[2Jx", "all: the totals are missing"));
}

// A guest may send what it likes: what is kept has a bound.
TEST(ConformanceReport, KeepsABoundedAmount) {
  ConformanceReport report;
  for (int i = 0; i < 100; ++i) report.add("PASS group" + std::to_string(i) + " x");
  for (int i = 0; i < 20000; ++i) report.add("FAIL group1 x got=1 want=2");
  for (int i = 0; i < 1000000; ++i) report.put('x');
  report.put('\n');
  EXPECT_EQ(report.groups().size(), ConformanceReport::kMostGroups);
  EXPECT_EQ(report.failures().size(), ConformanceReport::kMostFailures);
  EXPECT_EQ(report.counted().total, ConformanceReport::kMostGroups + 20000);
  EXPECT_EQ(report.complaints().front(), "37 lines are no part of a report, first: PASS group64 x");
}

}  // namespace
}  // namespace vmm
