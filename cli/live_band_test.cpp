// The frames of lowmeg watch, at the widths that it promises.
#include "cli/live_band.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace cli {
namespace {

using lowmeg::GpaState;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

const Terminal kNoColours(-1);

BandView a_view() {
  return {.title = "bios.bin on i440fx",
          .time_ns = 281'284'000,
          .changes = 4,
          .band = std::string(40, '#') + std::string(8, '.') + std::string(16, 'r'),
          .before = std::string(40, '#') + std::string(8, '.') + std::string(16, '#'),
          .writes = {" 0.281284  58h", " 0.281287  5Ch"},
          .console = "No bootable device."};
}

// "80 and 100 columns": as many lines whatever is to be told, and none too wide; what is cut says so.
TEST(BandFrame, KeepsToItsColumns) {
  BandView full = a_view();
  full.title = full.console = std::string(300, 'x');
  full.time_ns = full.changes = ~0ull;
  full.writes.assign(kBandWrites, std::string(300, 'y'));
  for (const std::size_t columns : {80u, 100u}) {
    const std::vector<std::string> little = band_frame({}, columns, kNoColours);
    const std::vector<std::string> much = band_frame(full, columns, kNoColours);
    EXPECT_EQ(little.size(), much.size());
    for (const auto& lines : {little, much, band_frame(a_view(), columns, kNoColours)})
      EXPECT_THAT(lines, Each(SizeIs(testing::Le(columns)))) << columns;
    EXPECT_THAT(much[0], SizeIs(columns));
    EXPECT_EQ(much.back(), "console: " + std::string(columns - 10, 'x') + ">");
  }
}

TEST(BandFrame, MarksWhatTheLastChangeTurned) {
  const std::vector<std::string> lines = band_frame(a_view(), 80, kNoColours);
  EXPECT_THAT(lines[0], StartsWith("bios.bin on i440fx "));
  EXPECT_THAT(lines[0], HasSubstr(" 0.281284 s, 4 changes"));
  EXPECT_EQ(lines[1].substr(48), "C0000") << "above its cell";
  EXPECT_EQ(lines[2], a_view().band);
  EXPECT_EQ(lines[3], std::string(48, ' ') + std::string(16, '^'));
  EXPECT_EQ(lines[7], " 0.281287  5Ch");
}

// A guest writes what it likes: nothing of it reaches the terminal as a command.
TEST(BandFrame, LetsNoControlCharacterThrough) {
  BandView view = a_view();
  view.console = "a\033[2Jb\rc\x7f";
  EXPECT_EQ(band_frame(view, 80, kNoColours).back(), "console: a [2Jb c ");
}

// The band draws over what it drew, and keeps the last writes and the last line.
TEST(LiveBandTest, DrawsOverItself) {
  const auto map = [](lowmeg::memory::Routes routes) {
    return std::vector<vmm::MegabyteRow>{{{0, 0xc0000}, {}, lowmeg::memory::ram_routes(0), {}},
                                         {{0xc0000, 0x100000}, {}, routes, {}}};
  };
  LiveBand band(-1, "title");
  const std::string first = band.frame(map(lowmeg::memory::bus_routes()), 0, 80);
  EXPECT_THAT(first, StartsWith("\rtitle "));
  for (unsigned i = 0; i < kBandWrites + 3; ++i)
    band.changed({.config_write = vmm::RegisterChange{0x58, i, i + 1}, .segments = {}, .get = {}}, i);
  for (const char c : std::string("one\ntwo\nthr")) band.console(c);
  const std::string second = band.frame(map(lowmeg::memory::ram_routes(0xc0000)), 0, 80);
  const auto lines = std::count(first.begin(), first.end(), '\n');
  EXPECT_THAT(second, StartsWith("\033[" + std::to_string(lines) + "A\r"));
  EXPECT_EQ(std::count(second.begin(), second.end(), '\n'), lines);
  EXPECT_THAT(second, HasSubstr("\r" + std::string(48, ' ') + "^^^^^^^^^^^^^^^^"));
  EXPECT_THAT(second, HasSubstr("11 changes"));
  EXPECT_THAT(second, HasSubstr(" 00000003 00000004")) << "the oldest of eight";
  EXPECT_EQ(second.find(" 00000002 00000003"), std::string::npos);
  EXPECT_THAT(second, HasSubstr("\rconsole: two\033[K\n"));
}

}  // namespace
}  // namespace cli
