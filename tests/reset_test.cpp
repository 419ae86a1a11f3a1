// Resets of two kinds: what each leaves as it is, in both ways and on both engines.
#include <gtest/gtest.h>

#include "lowmeg/state/saved_chip.hpp"
#include "tests/boot_machine.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"

namespace vmm {
namespace {

using Code = std::vector<std::uint8_t>;

constexpr std::size_t kEmptyIdt = 0x200;  // six zeros in the ROM

// Sets PAM4 (5Dh) to 33h, closes and locks SMRAM (72h), sets port 92h's bit 1, resets by `action`; the second
// time turns the machine off with port 92h as the value. CMOS byte 50h tells the times apart.
Image resetting_rom(const Code& action) {
  Code code{
      0xb0, 0x50, 0xe6, 0x70, 0xe4, 0x71, 0x3c, 0x5a,                    // al = CMOS[50h]; cmp al, 5Ah
      0x75, 0x07,                                                        // jne first
      0xe4, 0x92, 0xba, 0x01, 0x05, 0xee, 0xf4,                          // out 501h, port 92h; hlt
      0xb0, 0x50, 0xe6, 0x70, 0xb0, 0x5a, 0xe6, 0x71,                    // first: CMOS[50h] = 5Ah
      0x66, 0xb8, 0x5c, 0x00, 0x00, 0x80, 0xba, 0xf8, 0x0c, 0x66, 0xef,  // CF8h = 8000005Ch
      0xb0, 0x33, 0xba, 0xfd, 0x0c, 0xee,                                // PAM4 = 33h
      0x66, 0xb8, 0x70, 0x00, 0x00, 0x80, 0xba, 0xf8, 0x0c, 0x66, 0xef,  // CF8h = 80000070h
      0xba, 0xfe, 0x0c, 0xb0, 0x0a, 0xee, 0xb0, 0x1a, 0xee,              // SMRAM = 0Ah, 1Ah
      0xb0, 0x02, 0xe6, 0x92,                                            // port 92h = 02h
  };
  code.insert(code.end(), action.begin(), action.end());
  code.insert(code.end(), {0xf4, 0xeb, 0xfd});  // hlt; jmp $-1
  Image rom = rom_with({});
  std::copy(code.begin(), code.end(), rom.begin());
  std::fill_n(rom.begin() + kEmptyIdt, 6, 0);
  return rom;
}

struct Cause {
  const char* name;
  Code action;
  ResetCause cause;
};
const Cause kCauses[] = {
    {"Port92", {0xe4, 0x92, 0x0c, 0x01, 0xe6, 0x92}, kResetByPort92},
    {"KeyboardController", {0xb0, 0xfe, 0xe6, 0x64}, kResetByKeyboardController},
    {"KeyboardOutputPort", {0xb0, 0xd1, 0xe6, 0x64, 0xb0, 0x02, 0xe6, 0x60}, kResetByKeyboardController},
    {"Cf9Soft", {0xba, 0xf9, 0x0c, 0xb0, 0x00, 0xee, 0xb0, 0x04, 0xee}, kSoftResetByCf9},
    {"TripleFault", {0x2e, 0x0f, 0x01, 0x1e, 0x00, kEmptyIdt >> 8, 0x0f, 0x0b}, kResetByTripleFault},
    {"Cf9Hard", {0xba, 0xf9, 0x0c, 0xb0, 0x02, 0xee, 0xb0, 0x06, 0xee}, kHardResetByCf9},
};

struct Setting {
  const char* name;
  PamEffect way;
  Accel accel;
  InitReach reach;
};
const Setting kSettings[] = {
    {"HypervSoft", PamEffect::kHyperv, Accel::kSoft, InitReach::kCpus},
    {"ChipSoft", PamEffect::kChip, Accel::kSoft, InitReach::kCpus},
    {"HypervKvm", PamEffect::kHyperv, Accel::kKvm, InitReach::kCpus},
    {"ChipKvm", PamEffect::kChip, Accel::kKvm, InitReach::kCpus},
    {"ChipSoftAsQemu", PamEffect::kChip, Accel::kSoft, InitReach::kMachine},
    {"HypervKvmAsQemu", PamEffect::kHyperv, Accel::kKvm, InitReach::kMachine},
    {"ChipKvmAsQemu", PamEffect::kChip, Accel::kKvm, InitReach::kMachine},
};

class Reset : public testing::TestWithParam<std::tuple<Cause, Setting>> {};

// INIT keeps PAM, SMRAM with its lock, and what the devices hold; a hard reset keeps none of them.
TEST_P(Reset, ReachesAsFarAsItsKind) {
  const auto& [cause, setting] = GetParam();
  if (setting.accel == Accel::kKvm && !KvmVm::create()) GTEST_SKIP() << KvmVm::create().error().message();
  MachineConfig config = config_for(resetting_rom(cause.action));
  config.pam = setting.way;
  config.accel = setting.accel;
  config.init_reach = setting.reach;
  config.until = "";
  const Boot boot(config);
  ASSERT_EQ(boot.outcome.kind, Outcome::Kind::kPowerOff) << boot.outcome.message;

  const bool kept = cause.cause.kind == ResetKind::kInit && setting.reach == InitReach::kCpus;
  const auto saved = lowmeg::state::decode_chip_any(boot.machine->chipset().save().bridge);
  ASSERT_TRUE(saved) << saved.error().message();
  EXPECT_EQ(saved->host_bridge[0x5d], kept ? 0x33 : 0x00) << "PAM4";
  EXPECT_EQ(saved->host_bridge[0x72], kept ? 0x1a : 0x02) << "SMRAM";
  const int fast_init = cause.cause == kResetByPort92 ? 1 : 0;  // the bit stays until it is cleared
  EXPECT_EQ(boot.outcome.exit_status, kept ? 2 * (0x02 | fast_init) + 1 : 1) << "port 92h";
  EXPECT_EQ(boot.machine->resets().count(), 1u);
  EXPECT_NE(boot.machine->resets().text().find(cause.cause.name), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, Reset,
                         testing::Combine(testing::ValuesIn(kCauses), testing::ValuesIn(kSettings)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) + std::get<1>(row.param).name;
                         });

}  // namespace
}  // namespace vmm
