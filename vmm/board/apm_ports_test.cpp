#include "vmm/board/apm_ports.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

// SeaBIOS and the Bochs BIOS write 01h to APMS, raise an SMI by APMC and wait for 00h in APMS.
TEST(ApmPorts, TheSmiHandlerIsDoneAtAllTimes) {
  ApmPorts apm;
  apm.write(0xb3, 1, 0x01);
  apm.write(0xb2, 1, 0x5a);
  EXPECT_EQ(apm.read(0xb3, 1), 0x00u);
  EXPECT_EQ(apm.read(0xb2, 1), 0x5au);
  apm.reset();
  EXPECT_EQ(apm.read(0xb2, 1), 0x00u);
}

}  // namespace
}  // namespace vmm
