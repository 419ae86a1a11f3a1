// lowmeg check as a person runs it: exit status, table, failures and complaints.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/fakes/temp_folder.hpp"

namespace {

using testing::EndsWith;
using testing::HasSubstr;

struct Ended {
  int exit_status;
  std::string text;  ///< stdout and stderr
};

Ended check(const std::string& arguments) {
  std::FILE* const pipe = popen(("'" LOWMEG_PROGRAM "' check " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

class CheckCommand : public testing::Test {
 protected:
  // A ROM in real mode that says `report` on port 402h and turns the machine off, or halts.
  std::string rom_saying(const std::string& report, const std::vector<std::uint8_t>& end) const {
    std::vector<std::uint8_t> rom(0x10000, 0);
    std::vector<std::uint8_t> code = {0xfc, 0xbe, 0x00, 0x01, 0xba, 0x02, 0x04,  // cld; si = 100h; dx = 402h
                                      0x2e, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee,  // cs lodsb; until 0; out
                                      0xeb, 0xf7};
    code.insert(code.end(), end.begin(), end.end());
    std::copy(code.begin(), code.end(), rom.begin());
    std::copy(report.begin(), report.end(), rom.begin() + 0x100);
    const std::uint8_t jump[] = {0xea, 0x00, 0x00, 0x00, 0xf0};  // f000:0000
    std::copy(std::begin(jump), std::end(jump), rom.begin() + 0xfff0);
    const std::string path = folder_.file("rom");
    std::ofstream(path, std::ios::binary) << std::string(rom.begin(), rom.end());
    return path;
  }
  Ended check_saying(const std::string& report, const std::vector<std::uint8_t>& end) const {
    return check("--accel soft --bridge i440fx --rom '" + rom_saying(report, end) + "'");
  }

  const std::vector<std::uint8_t> kOff = {0xba, 0x01, 0x05, 0xee};  // dx = 501h; out
  const std::vector<std::uint8_t> kHalt = {0xfa, 0xf4};
  const std::vector<std::uint8_t> kLoop = {0xeb, 0xfe};
  lowmeg::fakes::TempFolder folder_;
};

TEST_F(CheckCommand, PassesOnBothBridges) {
  const Ended ended = check("--accel soft");
  EXPECT_EQ(ended.exit_status, 0) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr("i440fx on software CPU, as asked for\ngroup           passed   "
                                    "total\npam-read           781     781\n"));
  EXPECT_THAT(ended.text, HasSubstr("tseg                  left out\nall               3602    3602\n"));
  EXPECT_THAT(ended.text, HasSubstr("i440bx on software CPU, as asked for\ngroup "));
  EXPECT_THAT(ended.text, EndsWith("\nall 7254 checks passed\n"));
}

TEST_F(CheckCommand, ShowsEveryLineWhenVerbose) {
  const Ended ended = check("--accel soft --bridge i440bx --verbose");
  EXPECT_EQ(ended.exit_status, 0);
  EXPECT_THAT(ended.text, HasSubstr("PASS pam-read EC000 wo dword last\n"));
  EXPECT_THAT(ended.text, HasSubstr("DONE 3652 3652\n"));
  EXPECT_THAT(ended.text, testing::Not(HasSubstr("i440fx")));
}

TEST_F(CheckCommand, ListsFailures) {
  const Ended ended = check_saying("PASS a x\nFAIL a y got=000000ff want=12\nGROUP a 1 2\nDONE 1 2\n", kOff);
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_THAT(ended.text, HasSubstr("a                    1       2\n"));
  EXPECT_THAT(ended.text, HasSubstr("FAIL a y: got 000000FF, want 00000012\n"));
  EXPECT_THAT(ended.text, EndsWith("\n1 of 2 checks failed\n"));
}

TEST_F(CheckCommand, CutsALongListShort) {
  std::string report;
  for (int i = 0; i < 22; ++i) report += "FAIL a x got=1 want=2\n";
  const Ended ended = check_saying(report + "GROUP a 0 22\nDONE 0 22\n", kOff);
  EXPECT_THAT(ended.text, HasSubstr("\nand 2 more (--verbose lists them)\n"));
}

// "If the machine stops or the ROM ends without DONE: one clear line and exit 1"; a report that contradicts
// itself is no success either.
TEST_F(CheckCommand, DoesNotTrustAnIncompleteReport) {
  struct Row {
    const char* report;
    std::vector<std::uint8_t> end;
    const char* complaint;
  };
  const Row rows[] = {
      {"PASS a x\n", kOff,
       "lowmeg: i440fx: the ROM ended without its totals: the guest turned the machine off\n"},
      {"PASS a x\n", kHalt, "lowmeg: i440fx: the ROM ended without its totals: the guest halted for ever"},
      {"", kOff, "ended without its totals"},
      {"PASS a x\nGROUP a 1 1\nDONE 1 2\n", kOff,
       "lowmeg: i440fx: the ROM's report: all: the totals say 1 of 2, the lines 1 of 1\n"},
      {"PASS a x\nGROUP a 1 1\nwhat\nDONE 1 1\n", kOff, "1 line is no part of a report, first: what\n"},
      {"DONE 0 0\n", kOff, "incomplete: 0 checks passed, none failed\n"},
  };
  for (const Row& row : rows) {
    const Ended ended = check_saying(row.report, row.end);
    EXPECT_EQ(ended.exit_status, 1) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr(row.complaint));
  }
}

TEST_F(CheckCommand, EndsAtTheTimeout) {
  const Ended ended =
      check("--accel soft --bridge i440bx --timeout 0.2 --rom '" + rom_saying("PASS a x\n", kLoop) + "'");
  EXPECT_EQ(ended.exit_status, 124);
  EXPECT_THAT(ended.text, HasSubstr("lowmeg: i440bx: time-out: the guest is still running at F000:"));
}

TEST_F(CheckCommand, RefusesWrongUsageInOneLine) {
  for (const char* arguments : {"--bridge hyperv", "--memory 1M", "--memory 2048M", "--rom no-such-file",
                                "--rom .", "--timeout 0", "--accel tcg", "rom"}) {
    const Ended ended = check(arguments);
    EXPECT_EQ(ended.exit_status, 2) << arguments;
    EXPECT_THAT(ended.text, testing::StartsWith("lowmeg: ")) << arguments;
    EXPECT_EQ(std::count(ended.text.begin(), ended.text.end(), '\n'), 1) << ended.text;
  }
  EXPECT_THAT(check("--memory 2048M").text, HasSubstr("1024M is the most"));
}

}  // namespace
