#include "vmm/board/config_store.hpp"

#include <gtest/gtest.h>

#include "vmm/board/piix3.hpp"

namespace vmm {
namespace {

using lowmeg::bridge::ByteEnables;

constexpr ConfigRegister kTable[] = {{0x00, 0x70008086, 0, "ID"}, {0x60, 0x80808080, 0x8f8f8f8f, "PIRQRC"}};

TEST(ConfigStore, KeepsWhatItsTableLetsIt) {
  struct Row {
    std::uint8_t offset;
    unsigned enables;
    std::uint32_t value, reads;
  };
  const Row rows[] = {
      {0x00, 0xf, 0x00000000, 0x70008086},  // read-only
      {0x60, 0xf, 0x00000000, 0x00000000}, {0x60, 0xf, 0xffffffff, 0x8f8f8f8f},
      {0x60, 0x2, 0x00000a00, 0x80800a80},  // one byte
      {0x60, 0x0, 0x00000000, 0x80808080},  // none
      {0x64, 0xf, 0xffffffff, 0x00000000},  // no register
  };
  for (const Row& row : rows) {
    ConfigStore store(kTable);
    EXPECT_TRUE(store.write(row.offset, row.value, ByteEnables(row.enables)));
    EXPECT_EQ(store.read(row.offset), row.reads) << unsigned{row.offset};
    store.reset();
    EXPECT_EQ(store.read(0x60), 0x80808080u);
  }
}

// What firmware looks for in the PIIX3: identity, class, several functions.
TEST(Piix3, IsAnIsaBridgeOfSeveralFunctions) {
  ConfigStore piix3(piix3_registers());
  EXPECT_EQ(piix3.read(0x00), 0x70008086u);
  EXPECT_EQ(piix3.read(0x08) >> 16, 0x0601u);
  EXPECT_EQ(piix3.read(0x0c) >> 16 & 0xff, 0x80u);
  EXPECT_EQ(piix3.read(0x3c), 0u) << "no interrupt pin";
}

}  // namespace
}  // namespace vmm
