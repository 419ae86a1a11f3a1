#include "lowmeg/memory/bus_master.hpp"

#include <gmock/gmock.h>

#include <array>

#include "lowmeg/memory/plain_mapper.hpp"

namespace lowmeg::memory {
namespace {

using testing::ElementsAre;

constexpr GpaRange kLowWindow{0, 0x8000};

struct BusMasterTest : testing::Test {
  Backing ram = Backing::create("ram", 0x4000).value();
  Backing rom = Backing::create("rom", 0x1000).value();
  PlainMapper mapper{kLowWindow};
  BusMaster master{mapper, ram, rom};

  void show(std::initializer_list<Region> regions) {
    MemoryMap map = MemoryMap::uniform(Layout(kLowWindow));  // a CPU sees nothing of it
    map.bus_master = Layout(kLowWindow, std::vector(regions));
    ASSERT_TRUE(mapper.commit(map));
  }
  std::array<std::uint8_t, 4> read(Gpa gpa) {
    std::array<std::uint8_t, 4> bytes{};
    master.read(gpa, bytes);
    return bytes;
  }
};

// PAM, data sheet, PAM[6:0]: "the bits govern both CPU and PCI-master accesses".
TEST_F(BusMasterTest, RoutesReadsAndWritesApart) {
  show({{{0x1000, 0x2000}, {Route::rom(0), Route::ram(0x3000), Route::rom(0)}}});
  rom.bytes()[0xffc] = 0x11;
  const std::array<std::uint8_t, 2> written{0xaa, 0xbb};
  master.write(0x1ffc, written);
  EXPECT_THAT(read(0x1ffc), ElementsAre(0x11, 0, 0, 0));
  EXPECT_EQ(ram.bytes()[0x3ffc], 0xaa);
  EXPECT_EQ(ram.bytes()[0x3ffd], 0xbb);
}

TEST_F(BusMasterTest, GoesOnIntoTheNextPagesRoute) {
  show({{{0x1000, 0x2000}, ram_routes(0x3000)}, {{0x2000, 0x3000}, ram_routes(0)}});
  const std::array<std::uint8_t, 4> written{1, 2, 3, 4};
  master.write(0x1ffe, written);
  EXPECT_THAT(read(0x1ffe), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(ram.bytes()[0x3fff], 2);
  EXPECT_EQ(ram.bytes()[0], 3);
}

TEST_F(BusMasterTest, FindsNobodyElsewhere) {
  show({{{0x1000, 0x2000}, open_routes()}, {{0x2000, 0x3000}, read_only_ram_routes(0)}});
  const std::array<std::uint8_t, 4> written{1, 2, 3, 4};
  for (const Gpa gpa : {Gpa{0}, Gpa{0x1000}, Gpa{0x2000}, Gpa{0x7ffe}, Gpa{0x9000}, ~Gpa{0} - 3})
    master.write(gpa, written);
  for (const Gpa gpa : {Gpa{0x800}, Gpa{0x1000}, Gpa{0x7ffe}, Gpa{0x9000}})
    EXPECT_THAT(read(gpa), ElementsAre(0xff, 0xff, 0xff, 0xff)) << gpa;
  EXPECT_THAT(read(0x2000), ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace lowmeg::memory
