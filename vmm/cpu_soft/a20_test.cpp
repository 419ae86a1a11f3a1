// The A20M# pin: Intel SDM volume 3, 8.7.13.4, and the 82443BX data sheet (290633), High BIOS Area.
#include <gtest/gtest.h>

#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using Level = CpuSoft::Level;

// Reads its number of page, and notes where it was written.
class Page final : public MmioDevice {
 public:
  std::uint32_t read(std::uint32_t offset, unsigned /*size*/) override { return offset >> 12; }
  void write(std::uint32_t offset, unsigned /*size*/, std::uint32_t /*value*/) override { written = offset; }
  std::uint32_t written = 0;
};

// RAM at 0, the upper half of it once more at 1 MiB, a page of it at 2 MiB, and devices.
struct Rig {
  Rig() : machine(Mode::kProtected) {
    using namespace lowmeg::memory;
    const Region regions[] = {{lowmeg::GpaRange(0, 0x100000), ram_routes(0)},
                              {lowmeg::GpaRange(0x100000, 0x180000), ram_routes(0x80000)},
                              {lowmeg::GpaRange(0x200000, 0x201000), ram_routes(0x40000)}};
    EXPECT_TRUE(machine.memory->commit(MemoryMap::uniform(Layout(SoftMapper::kWindow, regions))));
    machine.mmio.place({0x400000, 0x600000}, device);
    machine.mmio.place({0xffe00000, 0x100000000}, bios);
    machine.poke(0x00000, 0x00001111);
    machine.poke(0x40000, 0x22222222);
    machine.poke(0x80000, 0x33333333);
    machine.poke(0xffffc, 0x44444444);
  }
  TestMachine machine;
  Page device, bios;
};

// "Bit 20 of every address is 0."
TEST(A20, MasksBit20OfEveryAddress) {
  struct Row {
    const char* what;
    std::uint32_t gpa, open, closed;
  };
  const Row rows[] = {
      {"100000 is 0", 0x100000, 0x33333333, 0x00001111},
      {"0 stays", 0x000000, 0x00001111, 0x00001111},
      {"200000 stays", 0x200000, 0x22222222, 0x22222222},
      {"a dword over 100000 goes on at 0", 0xffffe, 0x33334444, 0x11114444},
      {"one over 200000 does not", 0x1ffffe, 0x2222ffff, 0x22224444},
      {"a device's address too", 0x501000, 0x101, 0x001},
      {"but in the top MiB the BIOS is at both places", 0xfff02000, 0x102, 0x102},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.machine.load(kCode, {0x8b, 0x03, 0xf4});  // mov eax,[ebx]
    rig.machine.change([&row](CpuState& state) { state.gpr[kEbx] = row.gpa; });
    rig.machine.cpu->run(1);
    EXPECT_EQ(rig.machine.gpr(kEax), row.open) << row.what;
    rig.machine.cpu->set_a20(Level::kLow);
    rig.machine.change([](CpuState& state) { state.eip = kCode; });
    rig.machine.cpu->run(1);
    EXPECT_EQ(rig.machine.gpr(kEax), row.closed) << row.what;
    rig.machine.cpu->set_a20(Level::kHigh);
    rig.machine.change([](CpuState& state) { state.eip = kCode; });
    rig.machine.cpu->run(1);
    EXPECT_EQ(rig.machine.gpr(kEax), row.open) << row.what << ", open again";
  }
}

TEST(A20, MasksWritesAndFetches) {
  Rig rig;
  rig.machine.cpu->set_a20(Level::kLow);
  rig.machine.load(kCode, {0xc7, 0x03, 0x78, 0x56, 0x34, 0x12,  // mov dword [ebx],12345678h
                           0xa3, 0x10, 0x10, 0x50, 0x00,        // mov [501010h],eax
                           0xe9, 0xf0, 0x03, 0x10, 0x00});      // jmp 108000h
  rig.machine.load(kData, {0x40, 0xf4});                        // inc eax; hlt
  rig.machine.change([](CpuState& state) { state.gpr[kEbx] = 0x100000; });
  EXPECT_EQ(rig.machine.cpu->run(10), CpuSoft::Stop::kHalted);
  EXPECT_EQ(rig.machine.peek(0), 0x12345678u);
  EXPECT_EQ(rig.machine.peek(0x80000), 0x33333333u);
  EXPECT_EQ(rig.device.written, 0x001010u);
  EXPECT_EQ(rig.machine.state().eip, 0x100000 + kData + 2);
}

// What programs of the 8086's time rely on: FFFF:0010 is 0.
TEST(A20, RealModeWrapsAt1MiB) {
  Rig rig;
  rig.machine.cpu->set_state(real_mode_state());
  rig.machine.load(kCode, {0x66, 0xa1, 0x10, 0x00, 0xf4});  // mov eax,[0010h]
  rig.machine.change([](CpuState& state) { state.segment[kDs].base = 0xffff0; });
  rig.machine.cpu->set_a20(Level::kLow);
  rig.machine.cpu->run(1);
  EXPECT_EQ(rig.machine.gpr(kEax), 0x00001111u);
}

}  // namespace
}  // namespace vmm::cpu_soft
