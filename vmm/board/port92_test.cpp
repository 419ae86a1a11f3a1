#include "vmm/board/port92.hpp"

#include <gtest/gtest.h>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

// Bit 1 is read back; a rise of bit 0 resets, staying high does not.
TEST(Port92, ResetsOnARiseOfBit0) {
  fakes::FakePower power;
  fakes::FakeA20 pin;
  A20Gate gate(pin);
  Port92 port92(power, gate);
  struct Row {
    unsigned value, resets;
  };
  const Row rows[] = {{0x02, 0}, {0x00, 0}, {0x03, 1}, {0x01, 1}, {0x00, 1}, {0x01, 2}};
  for (const Row& row : rows) {
    port92.write(0x92, 1, row.value);
    EXPECT_EQ(port92.read(0x92, 1), row.value);
    EXPECT_EQ(power.resets, row.resets) << row.value;
  }
  EXPECT_EQ(power.causes, std::vector(2, kResetByPort92));
  port92.reset();
  EXPECT_EQ(port92.read(0x92, 1), 0u);
}

}  // namespace
}  // namespace vmm
