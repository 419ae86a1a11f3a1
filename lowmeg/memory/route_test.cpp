#include "lowmeg/memory/route.hpp"

#include <gtest/gtest.h>

namespace lowmeg::memory {
namespace {

TEST(Route, IsATargetAndAnOffset) {
  struct Row {
    Route route;
    Target target;
    std::uint64_t offset;
    bool is_bytes;
    Route advanced;  // by 3000h
  };
  const Row rows[] = {
      {Route(), Target::kBus, 0, false, Route::bus()},
      {Route::bus(), Target::kBus, 0, false, Route::bus()},
      {Route::drop(), Target::kDrop, 0, false, Route::drop()},
      {Route::ram(0), Target::kRam, 0, true, Route::ram(0x3000)},
      {Route::ram(0xf000'0000'0000'0000), Target::kRam, 0xf000'0000'0000'0000, true,
       Route::ram(0xf000'0000'0000'3000)},
      {Route::rom(0x1000), Target::kRom, 0x1000, true, Route::rom(0x4000)},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.route.target(), row.target);
    EXPECT_EQ(row.route.offset(), row.offset);
    EXPECT_EQ(row.route.is_bytes(), row.is_bytes);
    EXPECT_EQ(row.route.advanced(0x3000), row.advanced);
  }
  EXPECT_NE(Route::ram(0), Route::rom(0));
  EXPECT_NE(Route::bus(), Route::drop());
}

TEST(Routes, AreTriples) {
  EXPECT_EQ(ram_routes(0x1000), (Routes{Route::ram(0x1000), Route::ram(0x1000), Route::ram(0x1000)}));
  // "A read-only override (GET's rom flag) writes to drop."
  EXPECT_EQ(read_only_ram_routes(0x1000), (Routes{Route::ram(0x1000), Route::drop(), Route::ram(0x1000)}));
  // "ROM bytes; a write goes to the bus."
  EXPECT_EQ(rom_routes(0x1000), (Routes{Route::rom(0x1000), Route::bus(), Route::rom(0x1000)}));
  EXPECT_EQ(bus_routes(), (Routes{Route::bus(), Route::bus(), Route::bus()}));
  EXPECT_EQ(read_only_ram_routes(0).advanced(0x2000), read_only_ram_routes(0x2000));
}

}  // namespace
}  // namespace lowmeg::memory
