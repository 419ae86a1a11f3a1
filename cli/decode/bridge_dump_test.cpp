// What published dumps of real boards decode to (tests/data/README.md), and what is refused.
#include "cli/decode/bridge_dump.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "cli/decode/dump_view.hpp"

namespace cli {
namespace {

using lowmeg::GpaRange;
using testing::HasSubstr;

std::vector<ConfigSpace> spaces_in(const std::string& name) {
  std::ifstream file(std::string(LOWMEG_SOURCE_DIR) + "/tests/data/" + name);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return read_config_spaces(text).value();
}

BridgeDump board(const std::string& name) {
  return find_bridge(spaces_in(name), {}).value();
}

// C0000 to FFFFF, a letter a segment: "m" PCI, "r" read-only, "w" write-only, "+" read and write.
std::string states_of(const DumpReport& report) {
  std::string states;
  for (const DumpRow& row : report.rows) {
    if (row.state) states += "mrw+"[static_cast<std::size_t>(*row.state)];
  }
  return states;
}

std::string codes_of(const DumpReport& report) {
  std::string codes;
  for (const Warning& warning : report.warnings) codes += (codes.empty() ? "" : " ") + warning.code;
  return codes;
}

const DumpRow& vga_of(const DumpReport& report) {
  return *std::ranges::find(report.rows, lowmeg::Gpa{0xa0000},
                            [](const DumpRow& row) { return row.range.start(); });
}

struct Board {
  const char* file;
  const char* chip;
  const char* states;
  std::uint64_t top_mib;
  Way vga;
  bool high_smram;
  const char* warnings;
};
constexpr Board kBoards[] = {
    {"award-desktop.txt", "82443BX (440BX)", "rrrrmmmmmmmmr", 128, Way::kAgp, false, "smram-unlocked"},
    {"compaq-armada-m700.txt", "82443BX (440BX)", "rrrrrmmmmmmmr", 128, Way::kAgp, false, "smram-unlocked"},
    {"dell-optiplex-gx1.txt", "82443BX (440BX)", "rrrrmmmmmmmmr", 256, Way::kAgp, false, "smram-unlocked"},
    {"dell-inspiron-5000e.txt", "82443BX (440BX)", "rrrrmmmr+rrrr", 320, Way::kAgp, false,
     "ram-unprotected smram-unlocked smram-error"},
    {"dell-latitude-cpi-a.txt", "82443BX (440BX)", "rrrrmmmmmmmmr", 256, Way::kAgp, true, "smram-unlocked"},
    {"hp-dual-scsi.txt", "82443BX (440BX)", "rrmmmmrrrrrrr", 256, Way::kAgp, false, "smram-unlocked"},
    {"toshiba-portege-7010ct.txt", "82443BX (440BX), AGP off", "rrrmmmmmmmmmr", 96, Way::kPci, true,
     "smram-open smram-unlocked"},
    {"qemu-440fx-guest.txt", "82441FX (440FX)", "rrrrrrrrrrr+r", 0, Way::kPci, false,
     "ram-unprotected smram-unlocked no-memory"},
    {"composed-440bx-tseg.txt", "82443BX (440BX)", "rrww++mmmmmm+", 256, Way::kPci, false,
     "write-only-left ram-unprotected bios-writable hole"},
};

TEST(Dumps, OfRealBoardsDecode) {
  for (const Board& b : kBoards) {
    const BridgeDump dump = board(b.file);
    const DumpReport report = report_on(dump);
    EXPECT_EQ(dump.chip, b.chip) << b.file;
    EXPECT_EQ(states_of(report), b.states) << b.file;
    EXPECT_EQ(report.top_of_memory, b.top_mib << 20) << b.file;
    EXPECT_EQ(vga_of(report).read, b.vga) << b.file;
    EXPECT_EQ(!report.smram.high.range.empty(), b.high_smram) << b.file;
    EXPECT_EQ(codes_of(report), b.warnings) << b.file;
  }
}

// 82443BX data sheet, tables 4-2 to 4-4: the compatible space shows DRAM in SMM; D_CLS keeps data out of it.
TEST(Dumps, ShowSmmsSide) {
  const DumpReport unlocked = report_on(board("award-desktop.txt"));
  EXPECT_EQ(vga_of(unlocked).smm_fetch, Way::kDram);
  EXPECT_EQ(vga_of(unlocked).smm_data, Way::kDram);
  const DumpReport high = report_on(board("dell-latitude-cpi-a.txt"));
  EXPECT_EQ(vga_of(high).smm_fetch, std::nullopt) << "with H_SMRAM_EN A0000 is no SMM space";
  EXPECT_EQ(high.smram.high.range, GpaRange(0x100a0000, 0x10100000)) << "what its e820 map reserves";
  const DumpReport closed = report_on(board("composed-440bx-tseg.txt"));
  EXPECT_EQ(vga_of(closed).smm_fetch, Way::kDram);
  EXPECT_EQ(vga_of(closed).smm_data, std::nullopt);
  EXPECT_EQ(closed.smram.tseg.range, GpaRange(0x1ff80000, 0x20000000));
  EXPECT_EQ(closed.hole, GpaRange(0x80000, 0xa0000));
}

TEST(Dumps, WithoutABridgeThatIsKnownAreRefused) {
  const auto complaint = [](const std::string& text, const std::optional<PciAddress>& slot = {}) {
    const auto found = find_bridge(read_config_spaces(text).value(), slot);
    return found ? std::string("accepted") : found.error().message();
  };
  const auto bridge = [](const char* address, const char* id) {
    return fmt::format("{} x\n00: {} 06 00 10 22 03 00 00 06 00 40 00 00\n\n", address, id);
  };
  EXPECT_THAT(complaint("00:01.0 x\n00: 86 80 91 71 06 00 10 22 03 00 04 06 00 40 00 00\n"),
              HasSubstr("no host bridge (class 0600) among 1 functions"));
  EXPECT_THAT(complaint(bridge("00:00.0", "86 80 80 71")), HasSubstr("8086:7180, the 82443LX (440LX); only"));
  EXPECT_THAT(complaint(bridge("00:00.0", "06 11 91 06")),
              HasSubstr("1106:0691, which is no chip known here"));
  EXPECT_THAT(complaint(bridge("00:00.0", "86 80 90 71")),
              HasSubstr("16 bytes in the dump, and PAM lies at 59-5f"));
  EXPECT_THAT(complaint(bridge("00:00.0", "86 80 90 71") + bridge("01:00.0", "86 80 90 71")),
              HasSubstr("two host bridges, 00:00.0 and 01:00.0: pick one with --slot"));
  EXPECT_THAT(complaint(bridge("00:00.0", "86 80 90 71") + bridge("00:00.0", "86 80 90 71")),
              HasSubstr("00:00.0 is in it twice"));
  EXPECT_THAT(complaint(bridge("00:00.0", "86 80 90 71"), PciAddress{0, 1, 0, 0}),
              HasSubstr("nothing at 01:00.0"));
  EXPECT_THAT(
      complaint(bridge("00:00.0", "86 80 80 71") + bridge("01:00.0", "86 80 90 71"), PciAddress{0, 1, 0, 0}),
      HasSubstr("01:00.0 has 16 bytes"));
}

TEST(Pam, AloneShowsItsSegments) {
  constexpr std::array<std::uint8_t, 7> kPam{0x10, 0x11, 0x32, 0x00, 0x33, 0x00, 0x31};
  const BridgeDump dump = bridge_with_pam(kPam);
  const DumpReport report = report_on(dump);
  EXPECT_TRUE(report.only_pam);
  EXPECT_EQ(report.rows.size(), 13u);
  EXPECT_EQ(states_of(report), "rrw+mm++mmr+r");
  EXPECT_EQ(band_of(report), "C0000\nrrw#..##..r#rrrr\n# DRAM  r read-only  w write-only  . PCI  a AGP\n");
  EXPECT_EQ(report.top_of_memory, std::nullopt);
  EXPECT_EQ(codes_of(report), "write-only-left ram-unprotected ram-unprotected ram-unprotected");
}

// PAM's reserved bits "have no meaning"; the chips' tables mask them.
TEST(Pam, ReservedBitsAreWarnedOf) {
  for (const int bits : {0x01, 0x02, 0x80, 0x44}) {
    const std::array<std::uint8_t, 7> pam{static_cast<std::uint8_t>(bits), 0, 0, 0, 0, 0, 0};
    EXPECT_EQ(codes_of(report_on(bridge_with_pam(pam))), "pam-reserved") << bits;
  }
}

TEST(Warnings, FollowSmramsBits) {
  struct Row {
    std::uint32_t smram;
    const char* codes;
  };
  const Row rows[] = {{0x02, ""},
                      {0x0a, "smram-unlocked"},
                      {0x1a, ""},
                      {0x4a, "smram-open smram-unlocked"},
                      {0x5a, ""},
                      {0x6a, "smram-illegal smram-unlocked"},
                      {0x12, "smram-lock-void"},
                      {0x3a, ""}};
  for (const Row& r : rows) {
    BridgeDump dump = board("award-desktop.txt");
    assign({0x72, 1, r.smram}, dump.host_bridge);
    EXPECT_EQ(codes_of(report_on(dump)), r.codes) << std::hex << r.smram;
  }
}

TEST(Diffs, NameRegistersAndSegments) {
  const BridgeDump before = board("award-desktop.txt");
  BridgeDump now = before;
  EXPECT_TRUE(diff_of(before, now).empty());
  assign({0x59, 1, 0x30}, now.host_bridge);
  assign({0x72, 1, 0x1a}, now.host_bridge);
  EXPECT_EQ(diff_text(diff_of(before, now)),
            "59 PAM0     10 -> 30\n72 SMRAM    0a -> 1a\n\nF0000-FFFFF   ro -> rw\n");
  assign({0x68, 1, 0x40}, now.host_bridge);
  EXPECT_THAT(diff_text(diff_of(before, now)), HasSubstr("80000-9FFFF   DRAM -> PCI\n"));
}

TEST(Reports, FitInto100ColumnsWhateverTheBoard) {
  for (const Board& b : kBoards) {
    const BridgeDump dump = board(b.file);
    const std::string text = report_text(dump, report_on(dump));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(end - at, 100u) << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace cli
