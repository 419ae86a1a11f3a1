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
    "TAP version 13\n"
    "# bridge 71908086\n"
    "ok 1 - pam-read: C0000 ro byte first\n"
    "ok 2 - pam-read: C0000 ro byte last\n"
    "ok 3 - tseg # SKIP an 82443BX alone has it\n"
    "ok 4 - lock: D_LCK clears D_OPEN\r\n"
    "# all: 3 of 3\n"
    "1..4\n";

TEST(ConformanceReport, CountsByGroup) {
  const ConformanceReport report = report_of(kGood);
  ASSERT_EQ(report.groups().size(), 3u);
  EXPECT_EQ(report.groups()[0].name, "pam-read");
  EXPECT_EQ(report.groups()[0].counted, (CheckTotals{2, 2}));
  EXPECT_EQ(report.groups()[1].counted, (CheckTotals{0, 0}));
  EXPECT_EQ(report.groups()[1].skipped, "an 82443BX alone has it");
  EXPECT_EQ(report.groups()[2].name, "lock");
  EXPECT_EQ(report.groups()[2].counted, (CheckTotals{1, 1}));
  EXPECT_EQ(report.counted(), (CheckTotals{3, 3}));
  EXPECT_THAT(report.notes(), ElementsAre("bridge 71908086", "all: 3 of 3"));
  EXPECT_THAT(report.complaints(), IsEmpty());
  EXPECT_TRUE(report.is_done());
  EXPECT_TRUE(report.all_passed());
}

// TAP 13: "the diagnostic is a YAML block, indented by two spaces, from --- to ...".
TEST(ConformanceReport, KeepsFailures) {
  const ConformanceReport report = report_of(
      "not ok 1 - rmw: C0000 wo xchg\n"
      "  ---\n"
      "  got: 0x000000ff\n"
      "  want: 0xFFFFFFFF\n"
      "  at: somewhere\n"
      "  ...\n"
      "ok 2 - rmw: C0000 wo or\n"
      "not ok 3 - rmw: # SKIP is no excuse\n"
      "1..3\n");
  EXPECT_THAT(report.failures(),
              ElementsAre(CheckFailure{"rmw: C0000 wo xchg", 0xff, 0xffffffff}, CheckFailure{"rmw:"}));
  EXPECT_THAT(report.complaints(), IsEmpty());
  EXPECT_EQ(report.counted(), (CheckTotals{1, 3}));
  EXPECT_FALSE(report.all_passed());
}

// "The plan and the numbers are held against the lines": one complaint for each that is wrong.
TEST(ConformanceReport, ComplainsOfNumbers) {
  struct Row {
    const char* text;
    std::vector<std::string> complaints;
  };
  const Row rows[] = {
      {"ok 1 - a: b\n", {"the plan is missing"}},
      {"", {"the plan is missing"}},
      {"ok 1 - a: b\n1..2\n", {"the plan is of 2 checks, the lines are of 1"}},
      {"ok 1 - a: b\nok 1 - a: b\n1..2\n", {"1 check is numbered out of turn"}},
      {"ok 2 - a: b\nok 3 - a: b\n1..2\n", {"2 checks are numbered out of turn"}},
      {"ok 1 - a: b\nBail out! RAM was lost\n", {"it bailed out: RAM was lost"}},
      {"ok 1 - a: b\nBail out!\n1..1\n", {"it bailed out: no reason is given"}},
  };
  for (const Row& row : rows) {
    const ConformanceReport report = report_of(row.text);
    EXPECT_EQ(report.complaints(), row.complaints) << row.text;
    EXPECT_FALSE(report.all_passed()) << row.text;
  }
}

TEST(ConformanceReport, NothingCheckedIsNotPassed) {
  for (const char* text : {"1..0\n", "ok 1 - a # SKIP nothing to see\n1..1\n"}) {
    const ConformanceReport report = report_of(text);
    EXPECT_THAT(report.complaints(), IsEmpty());
    EXPECT_FALSE(report.all_passed());
  }
}

// "What is no line of the report is counted": each of these, alone, is told of.
TEST(ConformanceReport, CountsGarbage) {
  for (const char* line : {"",
                           "hello",
                           "ok",
                           "ok ",
                           "ok 5",
                           "ok 5 -",
                           "ok 5 - ",
                           "ok x - a: b",
                           "ok -1 - a: b",
                           "OK 5 - a: b",
                           "okay",
                           "not ok",
                           "not ok 5 a: b",
                           "ok 99999999999999999999 - a: b",
                           "1..",
                           "1..4",
                           "1..x",
                           "  ",
                           "  ...",
                           "  got: 0x1",
                           "TAP version 12",
                           "bail out!",
                           "\x01\xff"}) {
    ConformanceReport report = report_of(kGood);
    report.add(line);
    EXPECT_THAT(report.complaints(),
                ElementsAre(testing::StartsWith("1 line is no part of a report, first: ")))
        << line;
    EXPECT_THAT(report.contradictions(), IsEmpty()) << line;
  }
}

TEST(ConformanceReport, DistrustsDiagnostics) {
  struct Row {
    const char* lines;
    std::uint64_t garbage;
  };
  const Row rows[] = {{"  ---\n  got: 0x1\n  ...\n", 0},
                      {"  ---\n  ---\n  ...\n", 1},
                      {"  ---\n  got: 0x\n  ...\n", 1},
                      {"  ---\n  got: 0x123456789\n", 1},
                      {"  ---\n  got: 0x-1\n  ...\n", 1},
                      {"ok 2 - a: b\n  ---\n  got: 0x1\n  ...\n", 0},
                      {"  got: 0x1\n", 1},
                      {"  ...\n", 1}};
  for (const Row& row : rows)
    EXPECT_EQ(report_of(std::string("not ok 1 - a: b\n") + row.lines).garbage(), row.garbage) << row.lines;
}

TEST(ConformanceReport, ShowsGarbageAsText) {
  EXPECT_THAT(report_of("\x1b[2Jx\ny\n").complaints(),
              ElementsAre("2 lines are no part of a report, first: ?[2Jx", "the plan is missing"));
}

// A guest may send what it likes: what is kept has a bound.
TEST(ConformanceReport, KeepsABoundedAmount) {
  ConformanceReport report;
  std::uint64_t number = 0;
  for (int i = 0; i < 100; ++i) report.add("ok " + std::to_string(++number) + " - group" + std::to_string(i));
  for (int i = 0; i < 20000; ++i) report.add("not ok 1 - group1: x");
  for (int i = 0; i < 2000; ++i) report.add("# note");
  for (int i = 0; i < 1000000; ++i) report.put('x');
  report.put('\n');
  EXPECT_EQ(report.groups().size(), ConformanceReport::kMostGroups);
  EXPECT_EQ(report.failures().size(), ConformanceReport::kMostFailures);
  EXPECT_EQ(report.notes().size(), ConformanceReport::kMostNotes);
  EXPECT_EQ(report.counted().total, ConformanceReport::kMostGroups + 20000);
  EXPECT_EQ(report.complaints().front(), "37 lines are no part of a report, first: ok 65 - group64");
}

}  // namespace
}  // namespace vmm
