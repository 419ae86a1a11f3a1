#include "vmm/board/fw_cfg.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "lowmeg/memory/plain_mapper.hpp"
#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

using lowmeg::memory::Backing;
using lowmeg::memory::BusMaster;

struct FwCfgTest : testing::Test {
  Backing ram = Backing::create("ram", 0x10000).value();
  Backing rom = Backing::create("rom", 0x1000).value();
  lowmeg::memory::PlainMapper mapper{{0, 0x20000}};
  fakes::FakePatience patience;
  FwCfg fw_cfg{BusMaster(mapper, ram, rom), patience};

  FwCfgTest() {
    const lowmeg::memory::Region region{{0, 0x10000}, lowmeg::memory::ram_routes(0)};
    lowmeg::memory::MemoryMap map = mapper.map();
    map.bus_master = lowmeg::memory::Layout(mapper.map().cpu.window(), {&region, 1});
    EXPECT_TRUE(mapper.commit(map));
  }
  void store(std::uint64_t at, std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0; value >>= 8) ram.bytes()[at + i] = static_cast<std::uint8_t>(value);
  }
  std::string bytes(std::uint64_t at, std::size_t size) {
    const auto part = ram.bytes().subspan(at, size);
    return {part.begin(), part.end()};
  }
  // One command at 100h; what its control dword reads afterwards.
  std::string run(std::uint32_t control, std::uint32_t length, std::uint64_t address) {
    store(0x100, control, 4);
    store(0x104, length, 4);
    store(0x108, address, 8);
    fw_cfg.write(0x514, 4, 0);
    fw_cfg.write(0x518, 4, __builtin_bswap32(0x100));
    return bytes(0x100, 4);
  }
};
const std::string kDone("\0\0\0\0", 4), kFailed("\0\0\0\1", 4);
constexpr std::uint32_t kRead = 2, kSkip = 4, kSelect = 8, kWrite = 16;

std::string read(FwCfg& fw_cfg, unsigned key, unsigned bytes) {
  fw_cfg.write(0x510, 2, key);
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) text += static_cast<char>(fw_cfg.read(0x511, 1));
  return text;
}

// Selecting rewinds; past the end of an item, and of one that is not there, reads give 0 (spec, data
// register).
TEST_F(FwCfgTest, ReadsItemsFromTheirStart) {
  fw_cfg.set_item(FwCfg::kPresentCpus, {4, 0});
  struct Row {
    unsigned key;
    std::string bytes;
  };
  const Row rows[] = {
      {0x00, {"QEMU\0\0", 6}}, {0x01, {"\3\0\0\0", 4}}, {0x05, {"\4\0\0", 3}},
      {0x19, {"\0\0\0\0", 4}}, {0x4000, "QEMU"},  // the write bit is ignored
      {0x02, {"\0\0", 2}},     {0x20, {"\0\0", 2}},     {0x8003, {"\0\0\0\0", 4}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read(fw_cfg, row.key, static_cast<unsigned>(row.bytes.size())), row.bytes) << row.key;
    EXPECT_EQ(read(fw_cfg, row.key, static_cast<unsigned>(row.bytes.size())), row.bytes) << "rewound";
  }
}

// The directory: count, then size, selector, reserved, name; numbers big-endian (spec, "File directory").
TEST_F(FwCfgTest, ListsItsFiles) {
  fw_cfg.add_file("etc/e820", FwCfg::Bytes(20, 0x11));
  fw_cfg.add_file(std::string(80, 'x'), {'h', 'i'});
  const std::string directory = read(fw_cfg, 0x19, 4 + 2 * 64);
  const std::string first = std::string("\0\0\0\x14\0\x20\0\0", 8) + "etc/e820" + std::string(48, '\0');
  const std::string second = std::string("\0\0\0\2\0\x21\0\0", 8) + std::string(55, 'x') + '\0';
  EXPECT_EQ(directory, std::string("\0\0\0\2", 4) + first + second);
  EXPECT_EQ(read(fw_cfg, 0x20, 21), std::string(20, '\x11') + '\0');
  EXPECT_EQ(read(fw_cfg, 0x21, 3), std::string("hi\0", 3));
}

// A word selects; a byte is a write to the item, which is read-only.
TEST_F(FwCfgTest, OnlyAWordSelects) {
  fw_cfg.write(0x510, 1, 0x01);
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'Q'});
  fw_cfg.write(0x511, 1, 0x01);
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'E'});
  EXPECT_EQ(fw_cfg.read(0x510, 1), 0xffu) << "the selector is write-only";
  EXPECT_EQ(fw_cfg.read(0x510, 2), 0xff | unsigned{'M'} << 8);
  fw_cfg.reset();
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'Q'});
}

// The spec, "Guest-side DMA interface": the register reads as a signature, big-endian.
TEST_F(FwCfgTest, ShowsItsDmaSignature) {
  EXPECT_EQ(fw_cfg.read(0x514, 4), __builtin_bswap32(0x51454d55));
  EXPECT_EQ(fw_cfg.read(0x518, 4), __builtin_bswap32(0x20434647));
  EXPECT_EQ(fw_cfg.read(0x51b, 1), unsigned{'G'});
}

TEST_F(FwCfgTest, CopiesItemsByDma) {
  fw_cfg.add_file("f", {'a', 'b', 'c', 'd', 'e'});
  EXPECT_EQ(run(0x20u << 16 | kSelect | kRead, 2, 0x200), kDone);
  EXPECT_EQ(bytes(0x200, 3), std::string("ab\0", 3));
  EXPECT_EQ(run(kSkip, 1, 0), kDone);
  EXPECT_EQ(run(kRead, 4, 0x300), kDone);
  EXPECT_EQ(bytes(0x300, 4), std::string("de\0\0", 4)) << "past the end of the item zeros";
  EXPECT_EQ(run(0x20u << 16 | kSelect, 0, 0), kDone);
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'a'});
  EXPECT_EQ(run(kWrite, 1, 0x200), kFailed) << "items are read-only";
}

TEST_F(FwCfgTest, CopiesAcrossPagesAndZerosWhatWasThere) {
  fw_cfg.add_file("f", FwCfg::Bytes(0x3001, 'x'));
  std::ranges::fill(ram.bytes().subspan(0x2000), std::uint8_t{0x55});
  EXPECT_EQ(run(0x20u << 16 | kSelect | kRead, 0x5000, 0x2ff0), kDone);
  EXPECT_EQ(bytes(0x2ff0, 0x3001), std::string(0x3001, 'x'));
  EXPECT_EQ(bytes(0x5ff1, 0x1fff), std::string(0x1fff, '\0'));
  EXPECT_EQ(bytes(0x7ff0, 1), "\x55");
}

// A device's DMA sees what the map says a bus master sees: nobody past 10000h.
TEST_F(FwCfgTest, IsABusMaster) {
  EXPECT_EQ(run(kSelect | kRead, 0x2000000, 0x20000), kDone);
  EXPECT_EQ(patience.times, 1u) << "so that a guest cannot put off the machine's deadline";
  EXPECT_EQ(run(kSelect | kRead, 4, 0xfffe), kDone);
  EXPECT_EQ(patience.times, 1u);
  EXPECT_EQ(bytes(0xfffe, 2), "QE");
  fw_cfg.write(0x514, 4, 0);
  fw_cfg.write(0x518, 4, __builtin_bswap32(0x18000));  // a command of FFs: error, for it asks to write
}

TEST_F(FwCfgTest, TakesWholeHalvesOfTheAddressOnly) {
  store(0x100, kSelect | kRead, 4);
  store(0x104, 4, 4);
  store(0x108, 0x200, 8);
  fw_cfg.write(0x518, 2, 0x0001);
  fw_cfg.write(0x51b, 1, 0x01);
  EXPECT_EQ(bytes(0x200, 4), kDone);
  fw_cfg.write(0x514, 4, __builtin_bswap32(1));
  fw_cfg.write(0x518, 4, __builtin_bswap32(0x100));  // 1_00000100: nobody there
  EXPECT_EQ(bytes(0x200, 4), kDone);
  fw_cfg.write(0x518, 4, __builtin_bswap32(0x100));  // the high half was taken
  EXPECT_EQ(bytes(0x200, 4), "QEMU");
}

}  // namespace
}  // namespace vmm
