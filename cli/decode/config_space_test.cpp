#include "cli/decode/config_space.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace cli {
namespace {

using testing::HasSubstr;

std::string row(int offset, const char* bytes = "86 80 90 71 06 00 10 22 03 00 00 06 00 40 00 00") {
  return fmt::format("{:02x}: {}\n", offset, bytes);
}

// lib/dump.c of pciutils: an address opens a function, an empty line closes it, other lines are passed over.
TEST(ConfigSpaces, AreReadFromWhatLspciPrints) {
  struct Row {
    const char* what;
    std::string text;
    std::size_t functions;
    std::size_t known;  // bytes of the first
  };
  const Row rows[] = {
      {"-x", "00:00.0 Host bridge\n" + row(0) + row(16), 1, 32},
      {"two functions", "00:00.0 a\n" + row(0) + "\n00:01.0 b\n" + row(0), 2, 16},
      {"a domain", "0000:00:00.0 a\n" + row(0), 1, 16},
      {"-vvxxx", "00:00.0 a\n\tControl: I/O- Mem+\n\tRegion 0: Memory at e0000000\n" + row(0), 1, 16},
      {"quoted", "> 00:00.0 a\n> " + row(0) + "> " + row(16), 1, 32},
      {"CRLF", "00:00.0 a\r\n00: 86 80\r\n", 1, 2},
      {"upper case", "00:00.0 a\n0A: 8F AA\n", 1, 2},
      {"-xxxx, extended bytes are left out", "00:00.0 a\n" + row(0xf0) + "100: 01 02\n", 1, 16},
      {"a row behind an empty line belongs to nobody", "00:00.0 a\n\n" + row(0), 1, 0},
      {"an offset of its own", "00:00.0 a\n59: 30 33\n", 1, 2},
      {"an address alone", "00:00.0\n" + row(0), 1, 16},
      {"prose", "On 10/25/05, somebody wrote:\n00:00.0 a\n" + row(0) + "regards: me\n", 1, 16},
  };
  for (const Row& r : rows) {
    const auto spaces = read_config_spaces(r.text);
    ASSERT_TRUE(spaces) << r.what << ": " << spaces.error().what;
    EXPECT_EQ(spaces->size(), r.functions) << r.what;
    EXPECT_EQ(spaces->front().known.count(), r.known) << r.what;
  }
}

TEST(ConfigSpaces, RefuseBadInputInOneLine) {
  struct Row {
    std::string input, complaint;
  };
  const Row rows[] = {
      {"", "there is nothing in it"},
      {"no dump at all\n", "no PCI function in it"},
      {"00:00.0 a\n00: 86 8g\n", "line 2: '8g' is no byte"},
      {"00:00.0 a\n00: 86 800\n", "line 2: '800' is no byte"},
      {"00:00.0 a\n\n00:01.0 b\n" + row(0, "86 80 90 71 06 00 10 22 03 00 00 06 00 40 00 00 00"),
       "line 4: more bytes than a row has"},
      {"00:00.0 a\nff8: 00 00 00 00 00 00 00 00 00\n", "line 2: more bytes than a row has"},
      {std::string(100, '\0'), "100 bytes that are no text; a configuration space has 256"},
      {std::string(kLongestDump + 1, ' '), "larger than 16 MiB"},
  };
  for (const Row& r : rows) {
    const auto spaces = read_config_spaces(r.input);
    ASSERT_FALSE(spaces) << r.complaint;
    EXPECT_THAT(spaces.error().message(), HasSubstr(r.complaint));
    EXPECT_EQ(spaces.error().message().find('\n'), std::string::npos);
  }
}

TEST(ConfigSpaces, AreReadRaw) {
  for (const std::size_t size : {64u, 128u, 256u, 4096u}) {
    std::string raw(size, '\0');
    raw[0] = static_cast<char>(0x86);
    const auto spaces = read_config_spaces(raw);
    ASSERT_TRUE(spaces) << size;
    EXPECT_EQ(spaces->front().bytes[0], 0x86);
    EXPECT_EQ(spaces->front().known.count(), std::min<std::size_t>(size, 256));
  }
}

TEST(ConfigSpaces, AreWrittenAsTheyAreRead) {
  const std::string text =
      "00:00.0 Host bridge: some\n" + row(0) + row(16) + "\n0001:02:1f.7 other\n" + row(0) + "\n";
  EXPECT_EQ(config_spaces_text(*read_config_spaces(text)), text);
}

TEST(PciAddresses, AreReadFromTheBeginningOfALine) {
  struct Row {
    const char* text;
    std::optional<PciAddress> address;
  };
  const Row rows[] = {
      {"00:00.0", PciAddress{}},
      {"00:1f.7 VGA", PciAddress{0, 0, 0x1f, 7}},
      {"0000:00:01.0 PCI bridge", PciAddress{0, 0, 1, 0}},
      {"10000:e1:00.0 on a long domain", PciAddress{0x10000, 0xe1, 0, 0}},
      {"00:20.0", {}},
      {"00:00.8", {}},
      {"00:00.00", {}},
      {"100:00.0", {}},
      {"000:00:00.0", {}},
      {"00:00", {}},
      {"00.0", {}},
      {"", {}},
      {"00:00.0x", {}},
      {"00: 86 80", {}},
  };
  for (const Row& r : rows) EXPECT_EQ(pci_address(r.text), r.address) << r.text;
}

// setpci(8): "OFFSET[.WIDTH]=VALUE", all hexadecimal, aligned.
TEST(Assignments, AreSetpcis) {
  struct Row {
    const char* text;
    Assignment assignment;
  };
  const Row rows[] = {
      {"59.b=30", {0x59, 1, 0x30}},     {"59=30", {0x59, 1, 0x30}},
      {"5A.W=1130", {0x5a, 2, 0x1130}}, {"58.l=33333010", {0x58, 4, 0x33333010}},
      {"ff.b=0", {0xff, 1, 0}},         {"0.b=ff", {0, 1, 0xff}},
  };
  for (const Row& r : rows) {
    const auto assignment = assignment_of(r.text);
    ASSERT_TRUE(assignment) << r.text;
    EXPECT_EQ(*assignment, r.assignment) << r.text;
  }
  for (const char* bad :
       {"", "=", "59", "59.=30", "59.x=30", "59.bb=30", "100.b=0", "59.w=30", "5a.l=0", "59.b=", "59.b=100",
        "59.b=g", "pam0=30", "59.b=30=31", "-1=0", "59.b=-1", "5a.w=10000"}) {
    const auto assignment = assignment_of(bad);
    ASSERT_FALSE(assignment) << bad;
    EXPECT_EQ(assignment.error().message().find('\n'), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace cli
