// The conformance ROM on the reference machine: what `lowmeg check` runs, for each bridge and amount of
// memory.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <stdexcept>

#include "guest/conformance/conformance_rom.hpp"
#include "tests/fakes/recording_event_sink.hpp"
#include "vmm/conformance_report.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"
#include "vmm/machine.hpp"

namespace vmm {
namespace {

using testing::IsEmpty;

constexpr std::uint64_t kMiB = 1 << 20;

MachineConfig machine_with(const lowmeg::bridge::Identity& identity, std::uint64_t memory) {
  const auto rom = guest::conformance_rom();
  MachineConfig config;
  config.memory.ram_size = memory;
  config.memory.firmware = Image(rom.begin(), rom.end());
  config.pam = PamEffect::kChip;
  config.bridge.identity = identity;
  config.until = "";
  config.timeout = std::chrono::minutes(5);
  return config;
}

// A machine's run, and what the ROM said.
struct CheckRun {
  explicit CheckRun(const MachineConfig& config) {
    lowmeg::fakes::RecordingEventSink events;
    auto machine = Machine::create(config, {events, [this](char c) { report.put(c); }, [](auto&&...) {}});
    if (!machine) throw std::runtime_error(machine.error().message());
    outcome = (*machine)->run();
  }
  ConformanceReport report;
  Outcome outcome;
};

void expect_all_passed(const MachineConfig& config, std::uint64_t checks) {
  const CheckRun run(config);
  const std::string about =
      fmt::format("{}, {} MiB", config.bridge.identity.name, config.memory.ram_size / kMiB);
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::kPowerOff) << run.outcome.message;
  EXPECT_EQ(run.outcome.exit_status, 1) << "501h: 2 * 0 + 1";
  EXPECT_THAT(run.report.failures(), IsEmpty()) << about;
  EXPECT_THAT(run.report.complaints(), IsEmpty());
  EXPECT_EQ(run.report.counted().total, checks) << about;
}

// With 2 MiB there is no DRAM for the hole at 15M, the top of memory and TSEG; with 512 MiB the H range lies
// in DRAM.
TEST(Check, PassesOnBothBridges) {
  expect_all_passed(machine_with(lowmeg::bridge::kI440fx, 64 * kMiB), 4233);
  expect_all_passed(machine_with(lowmeg::bridge::kI440bx, 64 * kMiB), 4288);
  MachineConfig without_agp = machine_with(lowmeg::bridge::kI440bx, 64 * kMiB);
  without_agp.bridge.options.agp = lowmeg::bridge::Agp::kStrappedOff;
  expect_all_passed(without_agp, 4288);
  expect_all_passed(machine_with(lowmeg::bridge::kI440bx, 2 * kMiB), 4243);
  expect_all_passed(machine_with(lowmeg::bridge::kI440bx, 512 * kMiB), 4288);
}

TEST(Check, PassesOnKvm) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  struct Row {
    const lowmeg::bridge::Identity& identity;
    KvmMap map;
    std::uint64_t checks;  // those of descriptors that cannot be written are left out
  };
  const Row rows[] = {{lowmeg::bridge::kI440bx, KvmMap::kProtect, 4165},
                      {lowmeg::bridge::kI440fx, KvmMap::kSlots, 4110}};
  for (const Row& row : rows) {
    MachineConfig config = machine_with(row.identity, 64 * kMiB);
    config.accel = Accel::kKvm;
    config.kvm_map = row.map;
    expect_all_passed(config, row.checks);
  }
}

// A VGA card with its BIOS: what the bus shows at A0000 and C0000 is its memory and its ROM.
TEST(Check, PassesBesideACard) {
  MachineConfig config = machine_with(lowmeg::bridge::kI440bx, 64 * kMiB);
  Image bios(0x8000);
  for (std::size_t i = 0; i < bios.size(); ++i) bios[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  config.memory.vga_bios = bios;
  expect_all_passed(config, 4288);
}

// Hyper-V's way lets writes through in state 10, and has no SMRAM: the ROM says so, and gets to its end. What
// it promises is what firmware needs.
TEST(Check, FindsTheDifferencesOfHypervsWay) {
  MachineConfig config = machine_with(lowmeg::bridge::kI440bx, 64 * kMiB);
  config.pam = PamEffect::kHyperv;
  const CheckRun run(config);
  EXPECT_TRUE(run.report.is_done());
  EXPECT_THAT(run.report.complaints(), IsEmpty());
  EXPECT_FALSE(run.report.all_passed());
  const auto firmware = std::ranges::find(run.report.groups(), "firmware", &CheckGroup::name);
  ASSERT_NE(firmware, run.report.groups().end());
  EXPECT_EQ(firmware->counted, (CheckTotals{11, 11}));
}

}  // namespace
}  // namespace vmm
