// Real firmware on KVM, in both ways: what it writes, what its PAM writes are and what the guest sees at the
// end is what it is on the software CPU.
#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <sstream>

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "tests/boot_machine.hpp"
#include "tests/fakes/failing_changes.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"

namespace vmm {
namespace {

using lowmeg::bridge::Identity;
using lowmeg::bridge::kHyperv;
using lowmeg::bridge::kI440bx;
using lowmeg::bridge::kI440fx;

// Lines of SeaBIOS that tell of the CPU: KVM's has a signature and an APIC.
constexpr std::array<std::string_view, 3> kOfTheCpu{"Running on KVM", "max supported", "No apic"};

std::string without_cpu(const std::string& log) {
  std::istringstream lines(log);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const bool of_the_cpu = std::ranges::any_of(
        kOfTheCpu, [&](std::string_view text) { return line.find(text) != std::string::npos; });
    if (!of_the_cpu) kept += line + "\n";
  }
  return kept;
}

// The routes of the whole window, so also of what lies above the first megabyte.
struct Seen {
  std::string log;
  std::vector<std::optional<RegisterChange>> pam_trace;
  lowmeg::memory::MemoryMap map;
};

Seen boot_on(Accel accel, MachineConfig config) {
  config.accel = accel;
  const Boot boot(std::move(config));
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.log;
  std::vector<std::optional<RegisterChange>> trace;
  for (const TimelineEntry& entry : boot.timeline) trace.push_back(entry.config_write);
  return {without_cpu(boot.log), trace, boot.machine->mapper().map()};
}

struct KvmRow {
  std::string firmware;
  PamEffect pam;
  Identity identity;
  bool has_pci_vga = false;
};

const std::vector<KvmRow> kKvmRows{
    {kSeaBios, PamEffect::kHyperv, kI440fx},     {kSeaBios256, PamEffect::kHyperv, kI440fx},
    {kBochsQemu, PamEffect::kHyperv, kI440bx},   {kBochsLatest, PamEffect::kHyperv, kHyperv},
    {kBochsLegacy, PamEffect::kHyperv, kHyperv}, {kSeaBios, PamEffect::kChip, kI440fx},
    {kSeaBios256, PamEffect::kChip, kI440fx},    {kBochsQemu, PamEffect::kChip, kI440fx},
    {kBochsLatest, PamEffect::kChip, kI440bx},   {kBochsLatest, PamEffect::kChip, kI440bx, true},
    {kBochsLegacy, PamEffect::kChip, kI440bx},
};

class KvmBoot : public testing::TestWithParam<KvmRow> {};

TEST_P(KvmBoot, IsAsOnTheSoftwareCpu) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  const KvmRow& row = GetParam();
  MachineConfig config = config_for(row.firmware);
  config.pam = row.pam;
  config.bridge.identity = row.identity;
  if (row.has_pci_vga) config.pci_vga_bios = *load_vga_bios(kVgaBios, VgaBus::kPci);
  const Seen kvm = boot_on(Accel::kKvm, config);
  const Seen soft = boot_on(Accel::kSoft, config);
  EXPECT_EQ(kvm.log, soft.log);
  EXPECT_EQ(kvm.pam_trace, soft.pam_trace);
  EXPECT_EQ(kvm.map, soft.map);
}

INSTANTIATE_TEST_SUITE_P(All, KvmBoot, testing::ValuesIn(kKvmRows), [](const auto& row) {
  std::string name = row.param.firmware.substr(row.param.firmware.rfind('/') + 1);
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name + (row.param.pam == PamEffect::kChip ? "_chip_" : "_hyperv_") +
         std::string(row.param.identity.name) + (row.param.has_pci_vga ? "_pci_vga" : "");
});

// "SeaBIOS's boot on KVM: 0 slot calls and 0 pauses after power-on, both ways."
TEST(KvmBootCost, IsNoSlotCallAndNoPause) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  for (const PamEffect way : {PamEffect::kHyperv, PamEffect::kChip}) {
    MachineConfig config = config_for(kSeaBios);
    config.accel = Accel::kKvm;
    config.pam = way;
    lowmeg::fakes::RecordingEventSink events;
    const auto machine =
        Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
    ASSERT_TRUE(machine) << machine.error().message();
    const auto& mapper = dynamic_cast<const lowmeg::kvm::KvmMapper&>((*machine)->mapper());
    const auto before = mapper.counters();
    EXPECT_EQ((*machine)->run().kind, Outcome::Kind::kUntil);
    const auto after = mapper.counters();
    EXPECT_GT(after.commits, before.commits);
    EXPECT_EQ(after.slot_calls, before.slot_calls);
    EXPECT_EQ(after.pauses, before.pauses);
    EXPECT_EQ(after.demotions, 0u);
  }
}

std::set<TraceEvent::Kind> kinds_of(MachineConfig config) {
  config.accel = Accel::kKvm;
  lowmeg::fakes::RecordingEventSink events;
  std::mutex mutex;
  std::set<TraceEvent::Kind> kinds;
  MachineListeners listeners{events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}};
  listeners.trace = [&](const TraceEvent& event) {
    const std::lock_guard lock(mutex);
    kinds.insert(event.kind);
  };
  const auto machine = Machine::create(config, std::move(listeners));
  EXPECT_TRUE(machine) << machine.error().message();
  if (machine) (*machine)->run();
  return kinds;
}

// "Config writes, GET, commits, slot calls, mprotects, demotions, pauses": a trace has those that the way of
// the map makes.
TEST(KvmTrace, HasWhatTheMapTakes) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  using Kind = TraceEvent::Kind;
  MachineConfig config = config_for(kSeaBios);
  config.kvm_map = KvmMap::kProtect;
  EXPECT_THAT(kinds_of(config),
              testing::IsSupersetOf({Kind::kConfigWrite, Kind::kMapChange, Kind::kGetRequest, Kind::kCommit,
                                     Kind::kProtect, Kind::kMapping}));
  config.kvm_map = KvmMap::kSlots;
  EXPECT_THAT(kinds_of(config), testing::IsSupersetOf({Kind::kCommit, Kind::kPause, Kind::kSlotCall}));
  MachineConfig writes_to_read_only = config_for(rom_with({
      0x66, 0xb8, 0x58, 0x00, 0x00, 0x80,  // mov eax, 80000058h
      0xba, 0xf8, 0x0c, 0x66, 0xef,        // mov dx, CF8h; out dx, eax
      0xba, 0xfe, 0x0c, 0xb0, 0x11, 0xee,  // PAM1 = 11h
      0xb8, 0x00, 0xc0, 0x8e, 0xd8,        // mov ax, C000h; mov ds, ax
      0xa2, 0x00, 0x00,                    // mov [0], al
      0xba, 0x01, 0x05, 0xee, 0xf4,        // off
  }));
  writes_to_read_only.pam = PamEffect::kChip;
  EXPECT_THAT(kinds_of(writes_to_read_only), testing::Contains(Kind::kDemotion));
}

// "--cpus N": SeaBIOS starts the others by INIT and SIPI and counts them.
TEST(KvmCpuCount, IsWhatTheFirmwareFinds) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  MachineConfig config = config_for(kSeaBios);
  config.accel = Accel::kKvm;
  config.cpus = 2;
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message;
  EXPECT_NE(boot.log.find("Found 2 cpu(s)"), std::string::npos) << boot.log;
}

// "--accel auto takes KVM where it is usable, and says which it took and why".
TEST(AutoAccel, TakesKvmWhereItIsUsable) {
  MachineConfig config = config_for(kBochsLegacy);
  config.accel = Accel::kAuto;
  const Boot boot(config);
  const bool usable = KvmVm::create().has_value();
  EXPECT_EQ(boot.machine->soft() == nullptr, usable);
  EXPECT_EQ(
      boot.machine->accel_line().starts_with(usable ? "KVM" : "software CPU, because KVM is not usable: "),
      true)
      << boot.machine->accel_line();
}

// A guest resets and turns itself off as on the software CPU.
TEST(KvmPower, ResetsAndTurnsOff) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  // CMOS byte 50h counts: in al, 71h; inc; at 3 power off with status 3*2+1, else reset through CF9h.
  MachineConfig config = config_for(rom_with({
      0xb0, 0x50, 0xe6, 0x70,        // mov al, 50h; out 70h, al
      0xe4, 0x71, 0xfe, 0xc0,        // in al, 71h; inc al
      0xe6, 0x71, 0x3c, 0x03,        // out 71h, al; cmp al, 3
      0x74, 0x07,                    // je off
      0xb0, 0x06, 0xba, 0xf9, 0x0c,  // mov al, 6; mov dx, CF9h
      0xee, 0xf4,                    // out dx, al; hlt
      0xba, 0x01, 0x05, 0xee, 0xf4,  // off: mov dx, 501h; out dx, al; hlt
  }));
  config.accel = Accel::kKvm;
  config.until = "";
  for (const PamEffect way : {PamEffect::kHyperv, PamEffect::kChip}) {
    config.pam = way;
    const Boot boot(config);
    EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kPowerOff) << boot.outcome.message;
    EXPECT_EQ(boot.outcome.exit_status, 7);
  }
}

// Boots with every change of the map failing from the n-th on, n ever higher, until the map is lost: until a
// plan has begun, so that the old map cannot be put back either. None: it never was.
std::optional<Outcome> lose_the_map(PamEffect way) {
  for (int n = 1; n < 40; ++n) {
    MachineConfig config = config_for(kSeaBios);
    config.accel = Accel::kKvm;
    config.pam = way;
    config.timeout = std::chrono::seconds(20);
    lowmeg::fakes::FailingChanges failing;
    failing.fail_after(n);
    config.kvm_syscalls = &failing;
    lowmeg::fakes::RecordingEventSink events;
    const auto machine =
        Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
    if (!machine) continue;  // not even power-on
    const Outcome outcome = (*machine)->run();
    if (outcome.message.find("memory map is lost") != std::string::npos) return outcome;
  }
  return std::nullopt;
}

// "If that fails too, the mapper is lost: vCPUs stay paused, one line, exit", and at once.
TEST(KvmLostMap, StopsTheMachineWithOneLine) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  for (const PamEffect way : {PamEffect::kChip, PamEffect::kHyperv}) {
    const std::optional<Outcome> outcome = lose_the_map(way);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->kind, Outcome::Kind::kStopped);
    EXPECT_EQ(outcome->message.find('\n'), std::string::npos);
  }
}

// A CPU that was never let run stands still, and is not stuck.
TEST(KvmLooks, NobodyIsStuckBeforeTheFirstInstruction) {
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  MachineConfig config = config_for(kBochsLegacy);
  config.accel = Accel::kKvm;
  lowmeg::fakes::RecordingEventSink events;
  const auto machine =
      Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
  ASSERT_TRUE(machine) << machine.error().message();
  const std::vector<CpuLook> looks = (*machine)->cpus();
  ASSERT_EQ(looks.size(), 1u);
  EXPECT_EQ(looks[0].activity, CpuLook::Activity::kRuns);
}

TEST(KvmMemory, EndsBelowTheApics) {
  MachineConfig config = config_for(kBochsLegacy);
  config.accel = Accel::kKvm;
  config.memory.ram_size = 4095ull << 20;  // refused before KVM is asked
  lowmeg::fakes::RecordingEventSink events;
  const auto machine =
      Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
  ASSERT_FALSE(machine);
  EXPECT_EQ(machine.error().message(), "4095M of RAM reach the APICs' addresses; 4076M is the most with KVM");
}

}  // namespace
}  // namespace vmm
