#include "vmm/board/fw_cfg.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vmm {
namespace {

std::string read(FwCfg& fw_cfg, unsigned key, unsigned bytes) {
  fw_cfg.write(0x510, 2, key);
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) text += static_cast<char>(fw_cfg.read(0x511, 1));
  return text;
}

// Selecting rewinds; past the end of an item, and of one that is not there, reads give 0 (spec, data
// register).
TEST(FwCfg, ReadsItemsFromTheirStart) {
  FwCfg fw_cfg;
  fw_cfg.set_item(FwCfg::kPresentCpus, {4, 0});
  struct Row {
    unsigned key;
    std::string bytes;
  };
  const Row rows[] = {
      {0x00, {"QEMU\0\0", 6}}, {0x01, {"\1\0\0\0", 4}}, {0x05, {"\4\0\0", 3}},
      {0x19, {"\0\0\0\0", 4}}, {0x4000, "QEMU"},  // the write bit is ignored
      {0x02, {"\0\0", 2}},     {0x20, {"\0\0", 2}},     {0x8003, {"\0\0\0\0", 4}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read(fw_cfg, row.key, static_cast<unsigned>(row.bytes.size())), row.bytes) << row.key;
    EXPECT_EQ(read(fw_cfg, row.key, static_cast<unsigned>(row.bytes.size())), row.bytes) << "rewound";
  }
}

// The directory: count, then size, selector, reserved, name; numbers big-endian (spec, "File directory").
TEST(FwCfg, ListsItsFiles) {
  FwCfg fw_cfg;
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
TEST(FwCfg, OnlyAWordSelects) {
  FwCfg fw_cfg;
  fw_cfg.write(0x510, 1, 0x01);
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'Q'});
  fw_cfg.write(0x511, 1, 0x01);
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'E'});
  EXPECT_EQ(fw_cfg.read(0x510, 1), 0xffu) << "the selector is write-only";
  EXPECT_EQ(fw_cfg.read(0x510, 2), 0xff | unsigned{'M'} << 8);
  fw_cfg.reset();
  EXPECT_EQ(fw_cfg.read(0x511, 1), unsigned{'Q'});
}

}  // namespace
}  // namespace vmm
