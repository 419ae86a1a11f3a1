// lowmeg check as a person runs it: exit status, table, failures and complaints.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/fakes/temp_folder.hpp"

namespace {

using testing::EndsWith;
using testing::HasSubstr;

struct Judged {
  int exit_status;
  std::string text;  ///< stdout and stderr
};

Judged run(const std::string& command) {
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

Judged check(const std::string& arguments) {
  return run("'" LOWMEG_PROGRAM "' check " + arguments);
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
  std::string script(const std::string& text) const {
    const std::string path = folder_.file("peer");
    std::ofstream(path) << "#!/bin/sh\n" << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  Judged check_saying(const std::string& report, const std::vector<std::uint8_t>& end) const {
    return check("--accel soft --bridge i440fx --rom '" + rom_saying(report, end) + "'");
  }

  const std::vector<std::uint8_t> kOff = {0xba, 0x01, 0x05, 0xee};  // dx = 501h; out
  const std::vector<std::uint8_t> kHalt = {0xfa, 0xf4};
  const std::vector<std::uint8_t> kLoop = {0xeb, 0xfe};
  lowmeg::fakes::TempFolder folder_;
};

TEST_F(CheckCommand, PassesOnBothBridges) {
  const Judged ended = check("--accel soft");
  EXPECT_EQ(ended.exit_status, 0) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr("i440fx on software CPU, as asked for\ngroup           passed   "
                                    "total\npam-read           781     781\n"));
  EXPECT_THAT(ended.text, HasSubstr("tseg                         -  skipped: an 82443BX alone has it\n"));
  EXPECT_THAT(ended.text, HasSubstr("\nall               4262    4262\n"));
  EXPECT_THAT(ended.text, HasSubstr("i440bx on software CPU, as asked for\ngroup "));
  EXPECT_THAT(ended.text, EndsWith("\nall 8579 checks passed\n"));
}

TEST_F(CheckCommand, PassesOnKvmByEitherMap) {
  if (access("/dev/kvm", R_OK | W_OK) != 0) GTEST_SKIP() << "no /dev/kvm";
  for (const std::string map : {"protect", "slots"}) {
    const Judged ended = check("--accel kvm --timeout 600 --bridge i440bx --kvm-map " + map);
    EXPECT_EQ(ended.exit_status, 0) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr("i440bx on KVM, as asked for"));
    EXPECT_THAT(ended.text, HasSubstr("skipped: address bit 20 is never masked\n"));
    EXPECT_THAT(ended.text, EndsWith(" checks passed\n"));
  }
}

TEST_F(CheckCommand, ShowsEveryLineWhenVerbose) {
  const Judged ended = check("--accel soft --bridge i440bx --verbose");
  EXPECT_EQ(ended.exit_status, 0);
  EXPECT_THAT(ended.text, HasSubstr(" - pam-read: EC000 wo dword last\n"));
  EXPECT_THAT(ended.text, HasSubstr("# all: 4317 of 4317\n"));
  EXPECT_THAT(ended.text, testing::Not(HasSubstr("i440fx")));
}

TEST_F(CheckCommand, ListsFailures) {
  const Judged ended = check_saying(
      "ok 1 - a: x\nnot ok 2 - a: y\n  ---\n  got: 0x000000ff\n  want: 0x12\n  ...\n1..2\n", kOff);
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_THAT(ended.text, HasSubstr("a                    1       2\n"));
  EXPECT_THAT(ended.text, HasSubstr("FAIL a: y: got 000000FF, want 00000012\n"));
  EXPECT_THAT(ended.text, EndsWith("\n1 of 2 checks failed\n"));
}

TEST_F(CheckCommand, CutsALongListShort) {
  std::string report;
  for (int i = 1; i <= 22; ++i) report += "not ok " + std::to_string(i) + " - a: x\n";
  const Judged ended = check_saying(report + "1..22\n", kOff);
  EXPECT_THAT(ended.text, HasSubstr("\nand 2 more (--verbose lists them)\n"));
}

// "If the machine stops or the ROM ends without its plan: one clear line and exit 1"; a report that
// contradicts itself is no success either.
TEST_F(CheckCommand, DoesNotTrustAnIncompleteReport) {
  struct Row {
    const char* report;
    std::vector<std::uint8_t> end;
    const char* complaint;
  };
  const Row rows[] = {
      {"ok 1 - a: x\n", kOff,
       "lowmeg: i440fx: the ROM ended without its plan: the guest turned the machine off\n"},
      {"ok 1 - a: x\n", kHalt, "lowmeg: i440fx: the ROM ended without its plan: the guest halted for ever"},
      {"", kOff, "ended without its plan"},
      {"ok 1 - a: x\n1..2\n", kOff,
       "lowmeg: i440fx: the ROM's report: the plan is of 2 checks, the lines are of 1\n"},
      {"ok 1 - a: x\nwhat\n1..1\n", kOff, "1 line is no part of a report, first: what\n"},
      {"1..0\n", kOff, "incomplete: 0 checks passed, none failed\n"},
  };
  for (const Row& row : rows) {
    const Judged ended = check_saying(row.report, row.end);
    EXPECT_EQ(ended.exit_status, 1) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr(row.complaint));
  }
}

TEST_F(CheckCommand, EndsAtTheTimeout) {
  const Judged ended =
      check("--accel soft --bridge i440bx --timeout 0.2 --rom '" + rom_saying("ok 1 - a: x\n", kLoop) + "'");
  EXPECT_EQ(ended.exit_status, 124);
  EXPECT_THAT(ended.text, HasSubstr("lowmeg: i440bx: time-out: the guest is still running at F000:"));
}

// "Of hyperv what it promises is judged": the rest fails and is shown.
TEST_F(CheckCommand, JudgesHypervsWayByWhatItPromises) {
  const Judged ended = check("--accel soft --bridge i440fx --pam hyperv");
  EXPECT_EQ(ended.exit_status, 0) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr("\nfirmware            11      11\n"));
  EXPECT_THAT(ended.text, HasSubstr("\nFAIL pam-read: "));
  EXPECT_THAT(ended.text, EndsWith("\nall that is promised passed\n"));
}

// "not ok" and the plan are what any TAP harness reads: prove is Perl's.
TEST_F(CheckCommand, IsReadByATapHarness) {
  if (std::system("command -v prove >/dev/null") != 0) GTEST_SKIP() << "prove is not installed";
  const auto prove = [&](const std::string& rom) {
    return run("prove --exec \"" LOWMEG_PROGRAM " check --accel soft --bridge i440bx --tap --rom\" '" + rom +
               "'");
  };
  const Judged good = prove(rom_saying("TAP version 13\nok 1 - a: x\nok 2 - b # SKIP no b\n1..2\n", kOff));
  EXPECT_EQ(good.exit_status, 0) << good.text;
  EXPECT_THAT(good.text, HasSubstr("Tests=2"));
  const Judged bad = prove(rom_saying(
      "TAP version 13\nok 1 - a: x\nnot ok 2 - a: y\n  ---\n  got: 0x1\n  want: 0x2\n  ...\n1..2\n", kOff));
  EXPECT_NE(bad.exit_status, 0);
  EXPECT_THAT(bad.text, HasSubstr("Failed test:  2"));
}

// "Runs a peer's command with the ROM, and reports by group beside Lowmeg's own column."
TEST_F(CheckCommand, PutsAPeerBesideLowmeg) {
  const std::string peer = script(R"(
    echo Emulator 1.2 starts
    [ -r "$1" ] && [ "$2" = x ] || exit 9
    echo 'TAP version 13'
    echo '# bridge 12378086'
    echo 'ok 1 - a: x'
    printf 'not ok 2 - a: y\n  ---\n  got: 0x000000ff\n  want: 0x12\n  ...\n'
    echo 'ok 3 - other # SKIP no such thing'
    echo 1..3
    sleep 60)");
  const std::string rom = rom_saying("ok 1 - a: x\nok 2 - a: y\n1..2\n", kOff);
  const Judged ended = check("--accel soft --rom '" + rom + "' --against \"'" + peer + "' {rom} x\"");
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_THAT(ended.text, HasSubstr("group          lowmeg i440fx       against\n"
                                    "a                        2/2           1/2\n"
                                    "other                      -             -  skipped: no such thing\n"
                                    "all                      2/2           1/2\n"
                                    "FAIL a: y: got 000000FF, want 00000012\n"));
  EXPECT_THAT(ended.text, EndsWith("\n1 of 2 checks failed\n"));
}

// One clear line for each way in which there is nothing to judge.
TEST_F(CheckCommand, SaysWhyAPeerCannotBeJudged) {
  struct Row {
    const char* command;
    int exit_status;
    const char* complaint;
  };
  const Row rows[] = {
      {"no-such-emulator", 1, "the command ended with status 127 and without a plan; it says: "},
      {"false", 1, "the command ended with status 1 and without a plan\n"},
      {"echo hello; echo 'cannot open it' >&2; exit 3 #", 1,
       "with status 3 and without a plan; it says: cannot open it\n"},
      {"kill -9 \\$\\$ #", 1, "the command ended with status 137 and without a plan\n"},
      {"echo 'ok 1 - a: x'; sleep 60 #", 124, "time-out: no plan after 0.5 s, 1 checks came\n"},
      {"echo 'ok 1 - a: x'; echo 'Bail out! RAM was lost'; sleep 60 #", 1, "it bailed out: RAM was lost\n"},
      {"echo 'ok 1 - a: x'; echo 1..2 #", 1, "the plan is of 2 checks, the lines are of 1\n"},
  };
  for (const Row& row : rows) {
    const Judged ended = check("--timeout 0.5 --against \"" + std::string(row.command) + "\"");
    EXPECT_EQ(ended.exit_status, row.exit_status) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr("lowmeg: against: ")) << row.command;
    EXPECT_THAT(ended.text, HasSubstr(row.complaint)) << row.command;
  }
}

// The same image, unchanged: whoever runs it says the same number of checks.
TEST_F(CheckCommand, JudgesQemu) {
  if (std::system("command -v qemu-system-x86_64 >/dev/null") != 0) GTEST_SKIP() << "QEMU is not installed";
  const Judged ended = check(
      "--accel soft --against 'qemu-system-x86_64 -M pc -m 64 -bios {rom} -display none -chardev stdio,id=d "
      "-device isa-debugcon,iobase=0x402,chardev=d'");
  EXPECT_EQ(ended.exit_status, 1) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr("pam-write            832/832       832/832\n"));
  EXPECT_THAT(ended.text, HasSubstr("FAIL pam-read: C0000 wo byte first"));
}

TEST_F(CheckCommand, RefusesWrongUsageInOneLine) {
  for (const char* arguments :
       {"--bridge hyperv", "--memory 1M", "--memory 2048M", "--rom no-such-file", "--rom .", "--timeout 0",
        "--accel tcg", "rom", "--tap", "--pam both", "--pam chip --against true"}) {
    const Judged ended = check(arguments);
    EXPECT_EQ(ended.exit_status, 2) << arguments;
    EXPECT_THAT(ended.text, testing::StartsWith("lowmeg: ")) << arguments;
    EXPECT_EQ(std::count(ended.text.begin(), ended.text.end(), '\n'), 1) << ended.text;
  }
  EXPECT_THAT(check("--memory 2048M").text, HasSubstr("1024M is the most"));
}

}  // namespace
