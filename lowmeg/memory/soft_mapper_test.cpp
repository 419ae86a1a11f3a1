#include "lowmeg/memory/soft_mapper.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lowmeg::memory {
namespace {

constexpr GpaRange kPage{0xc0000, 0xc1000};

struct SoftMapperTest : testing::Test {
  static MemoryMap map_of(const Region& region) {
    return MemoryMap::uniform(Layout(SoftMapper::kWindow, std::span(&region, 1)));
  }
  Backing ram = Backing::create("ram", 0x10000).value();
  Backing rom = Backing::create("rom", 0x2000).value();
  std::unique_ptr<SoftMapper> mapper = SoftMapper::create(ram, rom).value();
  const std::uint8_t* ram_at(std::size_t offset) { return ram.bytes().data() + offset; }
  const std::uint8_t* rom_at(std::size_t offset) { return rom.bytes().data() + offset; }
};

TEST_F(SoftMapperTest, StartsWithEverythingOnTheBus) {
  for (const std::uint32_t gpa : {0u, 0xfffu, 0xc0000u, 0xffffffffu}) {
    EXPECT_EQ(mapper->page(gpa).read, nullptr);
    EXPECT_EQ(mapper->page(gpa).write, nullptr);
    EXPECT_EQ(mapper->page(gpa).fetch, nullptr);
  }
  EXPECT_EQ(mapper->map(), MemoryMap::uniform(Layout(SoftMapper::kWindow)));
}

// "For every page a host pointer for reads, for writes and for fetches; null: the access goes to the bus."
TEST_F(SoftMapperTest, PointsEachAccessAtItsBytes) {
  struct Row {
    const char* what;
    Routes routes;
    const std::uint8_t *read, *write, *fetch;  // of the second page
  };
  const std::uint8_t* const ram5 = ram_at(0x5000);
  const std::uint8_t* const rom1 = rom_at(0x1000);
  const Row rows[] = {
      {"RAM", ram_routes(0x4000), ram5, ram5, ram5},
      {"ROM", rom_routes(0), rom1, nullptr, rom1},
      {"bus", bus_routes(), nullptr, nullptr, nullptr},
      {"PAM 01", {Route::ram(0x4000), Route::bus(), Route::ram(0x4000)}, ram5, nullptr, ram5},
      {"PAM 10 over ROM", {Route::rom(0), Route::ram(0x4000), Route::rom(0)}, rom1, ram5, rom1},
      {"D_CLS", {Route::bus(), Route::bus(), Route::ram(0x4000)}, nullptr, nullptr, ram5},
      {"RAM of three places",
       {Route::ram(0x4000), Route::ram(0), Route::ram(0x8000)},
       ram5,
       ram_at(0x1000),
       ram_at(0x9000)},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const MemoryMap map = map_of({{0xc0000, 0xc2000}, row.routes});
    ASSERT_TRUE(mapper->commit(map));
    EXPECT_EQ(mapper->map(), map);
    EXPECT_EQ(mapper->page(0xc1fff).read, row.read);
    EXPECT_EQ(mapper->page(0xc1fff).write, row.write);
    EXPECT_EQ(mapper->page(0xc1fff).fetch, row.fetch);
    EXPECT_EQ(mapper->page(0xbffff).read, nullptr);
    EXPECT_EQ(mapper->page(0xc2000).read, nullptr);
  }
  ASSERT_TRUE(mapper->commit(map_of({{0xfffff000, 0x100000000}, ram_routes(0)})));
  EXPECT_EQ(mapper->page(0xffffffff).write, ram_at(0));
  EXPECT_EQ(mapper->page(0xc1fff).fetch, nullptr) << "what the map before had is gone";
}

// "Dropped writes have a page of their own to land in, which nothing reads."
TEST_F(SoftMapperTest, DropsWritesWhereNobodySeesThem) {
  std::ranges::fill(ram.bytes(), std::uint8_t{0x11});
  ASSERT_TRUE(mapper->commit(map_of({{0xc0000, 0xc2000}, read_only_ram_routes(0x4000)})));
  for (const std::uint32_t gpa : {0xc0000u, 0xc1000u}) {
    std::uint8_t* const write = mapper->page(gpa).write;
    ASSERT_NE(write, nullptr);
    std::fill_n(write, kPageSize, std::uint8_t{0xee});
    EXPECT_EQ(mapper->page(gpa).read, ram_at(0x4000 + gpa - 0xc0000));
  }
  EXPECT_TRUE(std::ranges::all_of(ram.bytes(), [](std::uint8_t byte) { return byte == 0x11; }));
  EXPECT_TRUE(std::ranges::all_of(rom.bytes(), [](std::uint8_t byte) { return byte == 0; }));
}

// "All of it or, with an error, the map before": refused maps change nothing, in whichever view the fault
// lies.
TEST_F(SoftMapperTest, RefusesAMapAsAWhole) {
  const MemoryMap good = map_of({kPage, ram_routes(0x1000)});
  ASSERT_TRUE(mapper->commit(good));
  struct Row {
    const char* what;
    GpaRange range;
    Routes routes;
    Errc error;
  };
  const Routes drop_read{Route::drop(), Route::bus(), Route::bus()},
      drop_fetch{Route::bus(), Route::bus(), Route::drop()};
  const Routes write_rom{Route::rom(0), Route::rom(0), Route::rom(0)};
  const Row rows[] = {
      {"starts past RAM", kPage, ram_routes(0x10000), Errc::kInvalidArgument},
      {"ends past RAM", {0xc0000, 0xc2000}, ram_routes(0xf000), Errc::kInvalidArgument},
      {"ends past ROM", {0xc0000, 0xc2000}, rom_routes(0x1000), Errc::kInvalidArgument},
      {"an offset that wraps", kPage, ram_routes(0xfffffffffffff000), Errc::kInvalidArgument},
      {"only writes past RAM",
       kPage,
       {Route::ram(0), Route::ram(0x10000), Route::ram(0)},
       Errc::kInvalidArgument},
      {"only fetches past RAM",
       kPage,
       {Route::ram(0), Route::ram(0), Route::ram(0x10000)},
       Errc::kInvalidArgument},
      {"writes to ROM", kPage, write_rom, Errc::kNotSupported},
      {"reads from nowhere", kPage, drop_read, Errc::kNotSupported},
      {"fetches from nowhere", kPage, drop_fetch, Errc::kNotSupported},
  };
  for (const Row& row : rows) {
    const Region parts[] = {{{0x1000, 0x2000}, ram_routes(0)}, {row.range, row.routes}};
    const Layout bad(SoftMapper::kWindow, parts);
    for (int view = 0; view < 3; ++view) {
      SCOPED_TRACE(testing::Message() << row.what << ", view " << view);
      MemoryMap map = MemoryMap::uniform(Layout(SoftMapper::kWindow));
      (view == 0 ? map.cpu : view == 1 ? map.cpu_smm : map.bus_master) = bad;
      const Result<void> committed = mapper->commit(map);
      ASSERT_FALSE(committed);
      EXPECT_EQ(committed.error().code, row.error);
      EXPECT_EQ(committed.error().what.find('\n'), std::string::npos);
      EXPECT_EQ(mapper->map(), good);
      EXPECT_EQ(mapper->page(0xc0000).write, ram_at(0x1000));
      EXPECT_EQ(mapper->page(0x1000).read, nullptr);
    }
  }
  const Result<void> other_window = mapper->commit(MemoryMap::uniform(Layout(GpaRange(0, 0x100000))));
  ASSERT_FALSE(other_window);
  EXPECT_EQ(other_window.error().code, Errc::kNotSupported);
  EXPECT_EQ(mapper->map(), good);
}

TEST_F(SoftMapperTest, TakesTheLastPageOfEachBacking) {
  EXPECT_TRUE(mapper->commit(map_of({kPage, ram_routes(0xf000)})));
  EXPECT_TRUE(mapper->commit(map_of({kPage, rom_routes(0x1000)})));
  EXPECT_EQ(mapper->page(0xc0000).read, rom_at(0x1000));
}

}  // namespace
}  // namespace lowmeg::memory
