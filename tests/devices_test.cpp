// A card's memory and its ROM in each range that the bridge leaves to PCI, on the machine, by what a guest
// reads, writes and executes there: on the software CPU and on KVM.
//
// Rules: docs/reference/decode.md, "What answers on PCI".
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "guest/script/layout.h"
#include "tests/boot_machine.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"

namespace vmm {
namespace {

using lowmeg::Gpa;

constexpr std::uint8_t kMark = 0x55, kCalled = 0x5a, kNobody = 0xff;
constexpr std::uint32_t kRoutine = 0x10;  // in the ROM: MOV AL, 5A; RET
constexpr std::uint32_t kMemory = 0x4000, kRom = 0x4000;

Image card_rom() {
  Image rom(kRom, 0x33);
  const std::uint8_t start[] = {kMark, 0xaa, 0x01};
  const std::uint8_t routine[] = {0xb0, kCalled, 0xc3};
  std::ranges::copy(start, rom.begin());
  std::ranges::copy(routine, rom.begin() + kRoutine);
  return rom;
}

// What the guest does, and what it must see.
class Script {
 public:
  void host_byte(std::uint8_t offset, std::uint32_t value) {
    step(SCRIPT_OUT_DWORD, 0xcf8, 0x80000000u | (offset & 0xfcu));
    step(SCRIPT_OUT_BYTE, 0xcfcu + offset % 4, value);
  }
  void card(std::uint8_t offset, std::uint32_t value, unsigned device = MemoryCardConfig::kFirstCard) {
    step(SCRIPT_OUT_DWORD, 0xcf8, 0x80000000u | device << 11 | offset);
    step(SCRIPT_OUT_DWORD, 0xcfc, value);
  }
  void write(Gpa gpa, std::uint8_t value) { step(SCRIPT_WRITE, gpa, value); }
  void expect(Gpa gpa, std::uint8_t value, const std::string& why) {
    step(SCRIPT_READ, gpa, 0);
    wanted_.push_back({value, fmt::format("{} at {:X}", why, gpa)});
  }
  void expect_call(Gpa gpa, std::uint8_t value, const std::string& why) {
    step(SCRIPT_CALL, gpa, 0);
    wanted_.push_back({value, fmt::format("{}, called at {:X}", why, gpa)});
  }
  void end_if(Gpa gpa, std::uint8_t value) { step(SCRIPT_END_IF, gpa, value); }
  void reset() { step(SCRIPT_OUT_BYTE, 0xcf9, 6); }

  Image firmware() const {
    Image rom(0x10000, 0xf4);
    std::ifstream file(LOWMEG_SCRIPT_GUEST, std::ios::binary);
    const Image code{std::istreambuf_iterator<char>(file), {}};
    const std::uint8_t jump[] = {0xea, 0x00, 0x00, 0x00, 0xf0};
    std::ranges::copy(code, rom.begin());
    std::ranges::copy(jump, rom.begin() + 0xfff0);
    auto to = rom.begin() + (SCRIPT_TABLE - SCRIPT_CODE);
    for (const std::uint32_t dword : steps_) {
      for (unsigned i = 0; i < 4; ++i) *to++ = static_cast<std::uint8_t>(dword >> (8 * i));
    }
    std::fill_n(to, 12, std::uint8_t{SCRIPT_END});
    return rom;
  }

  void expect_seen(const Boot& boot) const {
    ASSERT_EQ(boot.outcome.kind, Outcome::Kind::kPowerOff) << boot.outcome.message;
    ASSERT_EQ(boot.log.size(), wanted_.size());
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      EXPECT_EQ(static_cast<std::uint8_t>(boot.log[i]), wanted_[i].value) << wanted_[i].why;
  }

 private:
  struct Wanted {
    std::uint8_t value;
    std::string why;
  };
  void step(std::uint32_t what, Gpa where, std::uint32_t value) {
    steps_.insert(steps_.end(), {what, static_cast<std::uint32_t>(where), value});
  }
  std::vector<std::uint32_t> steps_;
  std::vector<Wanted> wanted_;
};

class Devices : public testing::TestWithParam<Accel> {
 protected:
  void SetUp() override {
    if (GetParam() != Accel::kKvm) return;
    if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  }
  MachineConfig config(PamEffect pam = PamEffect::kChip) const {
    MachineConfig config = config_for(script.firmware());
    config.accel = GetParam();
    config.memory.ram_size = 32 << 20;
    config.pam = pam;
    config.until = "";
    config.cards = cards;
    return config;
  }
  void run(PamEffect pam = PamEffect::kChip) const { script.expect_seen(Boot(config(pam))); }

  std::vector<MemoryCardConfig> cards{{.memory_size = kMemory, .rom = card_rom()}};
  Script script;
};
INSTANTIATE_TEST_SUITE_P(On, Devices, testing::Values(Accel::kSoft, Accel::kKvm), [](const auto& param) {
  return std::string(param.param == Accel::kKvm ? "Kvm" : "Soft");
});

// Where the bridge leaves accesses to PCI, by which byte of its registers; 0: always.
struct Place {
  Gpa gpa;
  std::uint8_t offset;
  std::uint8_t opened, closed;
};
constexpr Place kPlaces[] = {
    {0xd0000, 0x5c, 0x00, 0x33},   // PAM3, state 00
    {0xc0000, 0x5a, 0x00, 0x33},   // PAM1
    {0x80000, 0x68, 0x40, 0x00},   // FDHC, 512K-640K
    {0xf00000, 0x68, 0x80, 0x00},  // FDHC, 15M-16M
    {0xa0000, 0, 0, 0},            // the VGA window
    {0xe0000000, 0, 0, 0},         // above RAM
};

TEST_P(Devices, MemoryIsWhereItsBarPutsIt) {
  script.card(0x04, 2);
  for (const Place& place : kPlaces) {
    if (place.offset != 0) script.host_byte(place.offset, place.opened);
    script.card(0x10, static_cast<std::uint32_t>(place.gpa));
    for (const std::uint8_t value : std::initializer_list<std::uint8_t>{1, 2, 3})
      script.write(place.gpa, value);
    script.write(place.gpa + kMemory - 1, 4);
    script.expect(place.gpa, 3, "the last of three writes");
    script.write(place.gpa + 1, 5);
    script.card(0x10, 0xe8000000);
    script.expect(place.gpa, kNobody, "moved away");
    script.expect(0xe8000001, 5, "written just before the move");
    script.expect(0xe8000000 + kMemory - 1, 4, "the last byte");
    script.card(0x10, static_cast<std::uint32_t>(place.gpa));
    script.expect(place.gpa, 3, "moved back");
    script.card(0x04, 0);
    script.expect(place.gpa, kNobody, "without memory space");
    script.card(0x04, 2);
    if (place.offset == 0) continue;
    script.host_byte(place.offset, place.closed);
    script.write(place.gpa, 0x11);
    script.expect(place.gpa, 0x11, "DRAM wins");
    script.host_byte(place.offset, place.opened);
    script.expect(place.gpa, 3, "what DRAM took is not the card's");
    script.host_byte(place.offset, place.closed);
  }
  run();
}

TEST_P(Devices, RomIsBytesAndCodeWhereItsBarPutsIt) {
  for (const Place& place : kPlaces) {
    const auto on = static_cast<std::uint32_t>(place.gpa) | 1;
    if (place.offset != 0) script.host_byte(place.offset, place.opened);
    script.card(0x30, on);
    script.expect(place.gpa, kNobody, "without memory space");
    script.card(0x04, 2);
    script.expect(place.gpa, kMark, "the ROM");
    script.write(place.gpa, 0);
    script.expect(place.gpa, kMark, "takes no writes");
    script.expect_call(place.gpa + kRoutine, kCalled, "its routine");
    script.card(0x30, on & ~1u);
    script.expect(place.gpa, kNobody, "without its enable bit");
    script.card(0x30, 0xe8000001);
    script.expect(place.gpa, kNobody, "moved away");
    script.expect_call(0xe8000000 + kRoutine, kCalled, "its routine");
    script.card(0x30, on);
    script.expect(place.gpa + 1, 0xaa, "moved back");
    if (place.offset != 0) script.host_byte(place.offset, place.closed);
    script.card(0x04, 0);
  }
  run();
}

// State 10: "reads PCI, writes DRAM".
TEST_P(Devices, WriteOnlyReadsTheCardAndWritesTheDram) {
  script.card(0x04, 2);
  for (const std::uint8_t bar : std::initializer_list<std::uint8_t>{0x10, 0x30}) {
    const std::uint8_t there = bar == 0x30 ? kMark : 0x77;
    script.host_byte(0x5c, 0x00);
    script.card(bar, 0xd0001);
    if (bar == 0x10) script.write(0xd0000, there);
    script.host_byte(0x5c, 0x22);
    script.write(0xd0000, 0x12);
    script.expect(0xd0000, there, "state 10 reads the card");
    script.host_byte(0x5c, 0x33);
    script.expect(0xd0000, 0x12, "state 10 writes the DRAM");
    script.host_byte(0x5c, 0x11);
    script.write(0xd0000, 0x13);
    script.host_byte(0x5c, 0x00);
    script.expect(0xd0000, bar == 0x30 ? kMark : 0x13, "state 01 writes the card");
    script.card(bar, 0);
  }
  run();
}

// "The lowest device number first", "nobody's bytes are lost", "RAM wins".
TEST_P(Devices, ShareARange) {
  cards = {{.memory_size = 0x100, .rom = std::nullopt},
           {.device = 9, .memory_size = kMemory, .rom = card_rom()}};
  script.card(0x04, 2, 8);
  script.card(0x04, 2, 9);
  script.card(0x10, 0xd0100, 8);
  script.card(0x30, 0xd0001, 9);
  script.write(0xd0100, 0x21);
  script.expect(0xd0100, 0x21, "device 8's BAR before device 9's ROM");
  script.expect(0xd0000, kMark, "the ROM in the same page");
  script.expect(0xd0200, 0x33, "the ROM in the same page");
  script.expect(0xd1000, 0x33, "the ROM's next page");
  script.card(0x10, 0xf8000, 8);
  script.write(0xf8000, 0x22);
  script.expect(0xf8000, 0x22, "before the firmware");
  script.expect(0xf8100, 0xf4, "the firmware in the same page");
  script.card(0x10, 0x100000, 8);
  script.write(0x100000, 0x23);
  script.card(0x10, 0xe8000000, 8);
  script.expect(0x100000, 0x23, "under DRAM the DRAM answers");
  script.expect(0xe8000000, 0x22, "and the card has not seen it");
  script.card(0x30, 0xfec00001, 9);
  script.card(0x10, 0xfee00000, 9);
  script.card(0x30, 0xffffc001, 9);
  script.expect(0xffffc000, kMark, "up to 4 GiB");
  run();
}

// A hard reset turns BARs and command off, and the map follows. DRAM tells the guest that it was here before.
TEST_P(Devices, AreOffAfterAReset) {
  constexpr Gpa kBeenHere = 0x8000;
  script.end_if(kBeenHere, 0x99);
  script.expect(0xd0000, kNobody, "after power-on");
  script.card(0x04, 2);
  script.card(0x30, 0xd0001);
  script.expect(0xd0000, kMark, "set up");
  script.write(kBeenHere, 0x99);
  script.reset();
  const Boot boot(config());
  script.expect_seen(boot);
  const auto routes = boot.machine->mapper().map().cpu.find(0xd0000);
  EXPECT_EQ(routes, lowmeg::memory::open_routes()) << "after the reset";
}

// Servicing: "a restart keeps it".
TEST_P(Devices, OutliveARestartOfTheChipset) {
  for (const PamEffect pam : {PamEffect::kChip, PamEffect::kHyperv}) {
    script = {};
    script.card(0x04, 2);
    script.card(0x30, 0xe0000001);
    script.expect(0xe0000000, kMark, "the ROM");
    script.host_byte(0x5d, 0x33);
    script.expect(0xe0000000, kMark, "the ROM after more restarts");
    script.expect_call(0xe0000000 + kRoutine, kCalled, "its routine");
    script.card(0x30, 0xe8000001);
    script.expect(0xe0000000, kNobody, "moved away");
    script.expect(0xe8000000, kMark, "moved");
    MachineConfig restarting = config(pam);
    restarting.restart_after = [](std::uint64_t, ConfigAccess) { return true; };
    const Boot boot(restarting);
    EXPECT_EQ(boot.machine->restarts(), 4u) << "after each config write";
    script.expect_seen(boot);
  }
}

// Hyper-V's way: "RAM hides a device that is put under it, also where PAM says Mmio".
TEST_P(Devices, LieAboveRamInHypervsWay) {
  script.card(0x04, 2);
  script.write(0xd0000, 0x41);
  script.card(0x30, 0xd0001);
  script.card(0x10, 0xd4000);
  script.host_byte(0x5c, 0x33);
  script.write(0xd0000, 0x42);
  script.host_byte(0x5c, 0x00);
  script.expect(0xd0000, 0x42, "the RAM, read-only");
  script.card(0x30, 0xa0001);
  script.expect(0xa0000, kMark, "the VGA window is the bus'");
  script.expect_call(0xa0000 + kRoutine, kCalled, "its routine");
  script.card(0x30, 0xe0000001);
  script.expect(0xe0000000, kMark, "above RAM");
  script.expect_call(0xe0000000 + kRoutine, kCalled, "its routine");
  script.card(0x10, 0xe8000000);
  script.write(0xe8000000, 0x43);
  script.expect(0xe8000000, 0x43, "above RAM");
  run(PamEffect::kHyperv);
}

}  // namespace
}  // namespace vmm
