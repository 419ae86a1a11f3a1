// Other people's boot loaders, kernels and option ROMs on the machine, and what a person sees of them:
// packages u-boot-qemu, grub-rescue-pc, memtest86+, ipxe-qemu, qemu-system-data.
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <utility>

#include "tests/boot_machine.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"

namespace vmm {
namespace {

using testing::HasSubstr;

const std::string kUBoot = "/usr/lib/u-boot/qemu-x86/u-boot.rom";
const std::string kGrubFloppy = "/usr/lib/grub-rescue/grub-rescue-floppy.img";
const std::string kMemtest = "/boot/memtest86+ia32.bin";
const std::string kIpxe = "/usr/lib/ipxe/qemu/pxe-e1000.rom";

#define SKIP_WITHOUT_KVM() \
  if (auto vm = KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message()

MachineConfig on_screen(const std::string& until) {
  MachineConfig config = config_for(kSeaBios);
  config.memory.vga_bios = *load_vga_bios(kVgaBios, VgaBus::kIsa);
  config.pam = PamEffect::kChip;
  config.console = ConsoleSource::kScreen;
  config.until = until;
  return config;
}

// "U-Boot x86 reaches "=> " on soft and KVM": its IDE driver waits for channels that are not busy, and its
// console polls COM1 both ways. A key ends its countdown; what is typed at the prompt is answered.
void type_at_u_boot(Accel accel) {
  MachineConfig config = config_for(kUBoot);
  config.accel = accel;
  config.pam = PamEffect::kChip;
  config.console = ConsoleSource::kCom1;
  config.until = "GNU ld";  // in the answer alone
  std::string shown, key = " ", line = "version\n";
  config.com1_input = [&](std::span<std::uint8_t> to) {
    const bool counts = shown.find("autoboot") != std::string::npos;
    std::string& typed = shown.ends_with("=> ") ? line : key;
    if (!counts && &typed == &key) return std::size_t{0};
    return std::exchange(typed, "").copy(reinterpret_cast<char*>(to.data()), to.size());
  };
  const Boot boot(config, &shown);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.log;
  EXPECT_THAT(boot.log, HasSubstr("=> version\r\n")) << "the echo";
}

TEST(UBoot, AnswersAtItsPrompt) {
  type_at_u_boot(Accel::kSoft);
}

TEST(UBoot, AnswersAtItsPromptOnKvm) {
  SKIP_WITHOUT_KVM();
  type_at_u_boot(Accel::kKvm);
}

// "GRUB from the packaged rescue floppy reaches its menu".
// guest/latency: 64 lines "LAT case cycles" for each of its cases, and the machine is off.
TEST(LatencyGuest, GivesASampleALine) {
  MachineConfig config = config_for(LOWMEG_LATENCY_GUEST);
  config.pam = PamEffect::kChip;
  config.until = "";
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kPowerOff) << boot.outcome.message;
  std::istringstream lines(boot.log);
  std::map<std::string, unsigned> samples;
  for (std::string tag, name, cycles; lines >> tag >> name >> cycles;) {
    EXPECT_EQ(tag, "LAT");
    EXPECT_GT(std::stoull(cycles, nullptr, 16), 0u) << name;
    ++samples[name];
  }
  EXPECT_EQ(samples.size(), 11u);
  for (const auto& [name, count] : samples) EXPECT_EQ(count, 64u) << name;
}

TEST(Grub, ReachesItsMenuFromThePackagedFloppy) {
  MachineConfig config = on_screen("GNU GRUB");
  lowmeg::fakes::RecordingEventSink events;
  config.floppy = *load_floppy(kGrubFloppy, events);
  Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.machine->screen();
}

// "memtest86+ ia32 by --kernel shows its screen".
TEST(Memtest, ShowsItsScreen) {
  MachineConfig config = on_screen("Memtest86+");
  config.linux = *load_linux({kMemtest, "", ""});
  config.option_roms.push_back(*load_linux_loader());
  Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.machine->screen();
}

// SeaBIOS runs what it finds under genroms/.
TEST(OptionRom, IsRunByTheFirmware) {
  MachineConfig config = on_screen("iPXE");
  config.option_roms.push_back(*load_option_rom(kIpxe));
  Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.machine->screen();
}

// Hyper-V's policy loses what firmware copies below CC000, and one line says so.
TEST(OptionRom, IsWarnedOfHyperVsWay) {
  for (const PamEffect way : {PamEffect::kHyperv, PamEffect::kChip}) {
    MachineConfig config = config_for(kSeaBios);
    config.pam = way;
    config.option_roms.push_back(*load_option_rom("/usr/share/qemu/kvmvapic.bin"));
    const Boot boot(config);
    EXPECT_EQ(boot.events.text().find("below CC000") != std::string::npos, way == PamEffect::kHyperv)
        << boot.events.text();
    EXPECT_EQ(boot.events.count(lowmeg::Severity::kWarning), way == PamEffect::kHyperv ? 1u : 0u);
  }
}

}  // namespace
}  // namespace vmm
