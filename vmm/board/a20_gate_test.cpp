#include "vmm/board/a20_gate.hpp"

#include <gtest/gtest.h>

#include <string>

#include "vmm/board/board_fakes.hpp"
#include "vmm/board/i8042.hpp"
#include "vmm/board/port92.hpp"

namespace vmm {
namespace {

struct GateRig {
  fakes::FakeA20 pin;
  fakes::FakePower power;
  A20Gate gate{pin};
  I8042 i8042{power, gate};
  Port92 port92{power, gate};
};

// "Open when port 92h bit 1 or the keyboard controller's output port bit 1 is high": H and L as the pin is
// told.
TEST(A20Gate, IsOpenWhenEitherInputIs) {
  struct Write {
    std::uint16_t port;
    unsigned value;
  };
  struct Row {
    const char* rule;
    std::vector<Write> writes;
    const char* pin;
  };
  const Row rows[] = {
      {"open at power-on, and told of changes alone", {{0x92, 0x02}, {0x92, 0x00}, {0x64, 0xdf}}, ""},
      {"DDh closes, DFh opens", {{0x64, 0xdd}, {0x64, 0xdd}, {0x64, 0xdf}}, "LH"},
      {"D1h writes the output port", {{0x64, 0xd1}, {0x60, 0xdd}, {0x64, 0xd1}, {0x60, 0xdf}}, "LH"},
      {"92h keeps it open", {{0x92, 0x02}, {0x64, 0xdd}}, ""},
      {"until that closes too", {{0x92, 0x02}, {0x64, 0xdd}, {0x92, 0x00}}, "L"},
      {"92h opens what the keyboard controller closed", {{0x64, 0xdd}, {0x92, 0x02}, {0x92, 0x00}}, "LHL"},
      {"other bits and ports do not matter", {{0x64, 0xdd}, {0x92, 0xfc}, {0x60, 0x02}, {0x64, 0xad}}, "L"},
  };
  for (const Row& row : rows) {
    GateRig rig;
    for (const Write& write : row.writes) {
      if (write.port == Port92::kPort)
        rig.port92.write(write.port, 1, write.value);
      else
        rig.i8042.write(write.port, 1, write.value);
    }
    EXPECT_EQ(rig.pin.log, row.pin) << row.rule;
  }
}

// "After a reset it is open."
TEST(A20Gate, OpensWithAReset) {
  GateRig rig;
  rig.i8042.write(0x64, 1, 0xdd);
  rig.i8042.reset();
  rig.port92.reset();
  EXPECT_EQ(rig.pin.log, "LH");
}

}  // namespace
}  // namespace vmm
