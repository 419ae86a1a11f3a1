// lowmeg decode as a person runs it, on published dumps (tests/data/README.md), and beside the real pciutils.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/command.hpp"

namespace {

using lowmeg::fakes::Command;
using lowmeg::fakes::Ended;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kBoards[] = {"compaq-armada-m700", "dell-optiplex-gx1", "qemu-440fx-guest"};

std::string data(const std::string& name) {
  return LOWMEG_SOURCE_DIR "/tests/data/" + name + ".txt";
}

// The rows of bytes of a dump, and its addresses, without what each program calls the functions.
std::string bytes_of(const std::string& dump) {
  std::istringstream lines(dump);
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    const bool is_row = line.size() == 51 && line[2] == ':';
    bytes += (is_row ? line : line.substr(0, line.find(' '))) + "\n";
  }
  return bytes;
}

TEST_F(Command, DecodesADumpFromAFileFromStdinAndFromRawBytes) {
  const std::string file = data("award-desktop");
  const Ended from_file = run("decode " + file);
  EXPECT_EQ(from_file.exit_status, 0) << from_file.err;
  EXPECT_THAT(from_file.out,
              StartsWith("82443BX (440BX) host bridge, 8086:7190 rev 02, at 00:00.0; AGP bridge at 00:01.0\n"
                         "PAM0-PAM6 10 11 11 00 00 00 00\n"));
  EXPECT_THAT(from_file.out, HasSubstr("\nC0000-C3FFF   ro     DRAM   PCI    PAM1 1:0\n"));
  EXPECT_THAT(from_file.out, HasSubstr("\nTop of memory: 128 MiB\n"));
  EXPECT_EQ(run("decode", lowmeg::fakes::contents(file)).out, from_file.out);
  EXPECT_EQ(run("decode -", lowmeg::fakes::contents(file)).out, from_file.out);
}

TEST_F(Command, DecodesPamAloneAndRegistersOnTop) {
  const Ended words = run("decode 10 11 11 00 00 00 31");
  EXPECT_EQ(words.exit_status, 0) << words.err;
  EXPECT_THAT(words.out, HasSubstr("warning: EC000-EFFFF is RAM that nothing protects\n"));
  EXPECT_EQ(run("decode 10111100000031").out, words.out);
  EXPECT_EQ(run("decode '10 11 11 00 00 00 00' 5f.b=31").out, words.out);
  EXPECT_THAT(run("decode " + data("award-desktop") + " 59.b=30 72.b=4a").out,
              HasSubstr("warning: F0000-FFFFF is writable: anybody can change the BIOS in it\n"
                        "warning: SMRAM is open (D_OPEN): code outside of SMM can read and write it\n"));
}

TEST_F(Command, ComparesDumps) {
  const Ended same = run("decode --diff " + data("award-desktop") + " " + data("award-desktop"));
  EXPECT_EQ(same.exit_status, 0);
  EXPECT_EQ(same.out, "");
  const Ended changed =
      run_shell("'" LOWMEG_PROGRAM "' decode --dump " + data("award-desktop") +
                " 59.b=30 | '" LOWMEG_PROGRAM "' decode --diff " + data("award-desktop") + " -");
  EXPECT_EQ(changed.exit_status, 1) << changed.err;
  EXPECT_EQ(changed.out, "59 PAM0     10 -> 30\n\nF0000-FFFFF   ro -> rw\n");
  const Ended chips = run("decode --diff " + data("award-desktop") + " " + data("qemu-440fx-guest"));
  EXPECT_EQ(chips.exit_status, 2);
  EXPECT_EQ(chips.err, "lowmeg: a 82443BX (440BX) and a 82441FX (440FX) cannot be compared\n");
}

// Real pciutils reads what decode --dump writes, and writes the same bytes: lspci -F is their reader.
TEST_F(Command, WritesDumpsThatPciutilsReads) {
  if (std::system("lspci --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "pciutils is not installed";
  for (const char* board : kBoards) {
    const Ended ours = run("decode --dump " + data(board));
    ASSERT_EQ(ours.exit_status, 0) << board << ours.err;
    const Ended theirs = run_shell("lspci -F " + quoted("in") + " -xxx", ours.out);
    EXPECT_EQ(theirs.exit_status, 0) << board << theirs.err;
    EXPECT_EQ(bytes_of(theirs.out), bytes_of(ours.out)) << board;
    EXPECT_GT(bytes_of(ours.out).size(), 1500u) << board;
    const Ended again = run("decode", theirs.out);
    EXPECT_EQ(again.out, run("decode " + data(board)).out) << board;
  }
}

TEST_F(Command, DecodesIntoJson) {
  const Ended ended = run("decode --json " + data("dell-latitude-cpi-a"));
  EXPECT_EQ(ended.exit_status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("\"top_of_memory\": \"0x10000000\""));
  EXPECT_THAT(ended.out, HasSubstr("\"code\": \"smram-unlocked\""));
}

}  // namespace
