// Real firmware in the chip's way: guest -> bridge -> address decoder -> memory map.
#include <algorithm>

#include "tests/boot_machine.hpp"

namespace vmm {
namespace {

using lowmeg::GpaState;
using lowmeg::bridge::Identity;
using lowmeg::bridge::kI440bx;
using lowmeg::bridge::kI440fx;

const std::string kQboot = "/usr/share/qemu/qboot.rom";
const std::string kSeaVgaBios = "/usr/share/seabios/vgabios-stdvga.bin";

MachineConfig chip_config(const std::string& firmware, const Identity& identity) {
  MachineConfig config = config_for(firmware);
  config.pam = PamEffect::kChip;
  config.bridge.identity = identity;
  return config;
}

// The PAM dwords at the end, DRAMT left out.
std::pair<std::uint32_t, std::uint32_t> pam_at_end(const Boot& boot) {
  const lowmeg::PamDwords pam = boot.machine->chipset().pam_dwords();
  return {pam.dword_58 & 0xffffff00, pam.dword_5c};
}

struct ChipRow {
  std::string firmware;
  Identity identity;
  std::size_t pam_writes;
  std::uint32_t dword_58, dword_5c;  // at the end
};

// The reference on firmware: SeaBIOS writes four dwords, the Bochs BIOS 59h twice, the legacy one never.
const std::vector<ChipRow> kChipRows{
    {kSeaBios, kI440fx, 4, 0x11111000, 0x31111111},     {kSeaBios256, kI440fx, 4, 0x11111000, 0x33111111},
    {kBochsQemu, kI440fx, 2, 0x00001000, 0x00000000},   {kBochsQemu, kI440bx, 2, 0x00001000, 0x00000000},
    {kBochsLatest, kI440fx, 2, 0x00001000, 0x00000000}, {kBochsLatest, kI440bx, 2, 0x00001000, 0x00000000},
    {kBochsLegacy, kI440fx, 0, 0x00000000, 0x00000000}, {kBochsLegacy, kI440bx, 0, 0x00000000, 0x00000000},
};

class ChipBoot : public testing::TestWithParam<ChipRow> {};

TEST_P(ChipBoot, FinishesPostWithItsPamWrites) {
  const ChipRow& row = GetParam();
  const Boot boot(chip_config(row.firmware, row.identity));
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.log;
  EXPECT_NE(boot.log.find("No bootable device"), std::string::npos);
  std::size_t pam_writes = 0;
  for (const TimelineEntry& entry : boot.config_writes()) {
    pam_writes += entry.config_write->offset == 0x58 || entry.config_write->offset == 0x5c;
    EXPECT_FALSE(entry.get) << "nobody is asked";
  }
  EXPECT_EQ(pam_writes, row.pam_writes);
  EXPECT_EQ(pam_at_end(boot), std::pair(row.dword_58, row.dword_5c));
}

INSTANTIATE_TEST_SUITE_P(All, ChipBoot, testing::ValuesIn(kChipRows), [](const auto& row) {
  std::string name = row.param.firmware.substr(row.param.firmware.rfind('/') + 1);
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name + "_" + std::string(row.param.identity.name);
});

// "qboot.rom: 1237, unlocks": it has nothing to say and ends at a kernel that is not there, so its PAM writes
// and the code it has put into the shadowed segment prove that it ran.
TEST(Qboot, UnlocksAndRunsFromShadowRam) {
  MachineConfig config = chip_config(kQboot, kI440fx);
  config.timeout = std::chrono::seconds(10);
  const Boot boot(config);
  EXPECT_EQ(pam_at_end(boot), std::pair(0x33333000u, 0x33333333u)) << boot.outcome.message;
}

// The bytes that a CPU reads at C0000-CBFFF.
std::vector<std::uint8_t> video_segment(const Machine& machine) {
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t gpa = 0xc0000; gpa < 0xcc000; gpa += lowmeg::kPageSize) {
    const std::uint8_t* page = machine.soft()->mapper().page(gpa).read;
    bytes.insert(bytes.end(), page, page + lowmeg::kPageSize);
  }
  return bytes;
}

std::size_t differences(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) count += a[i] != b[i];
  return count;
}

constexpr const char* kWrittenLate = "No bootable device";

// Real firmware that needs write-only: "sets state 10, copies, then 01, and its text appears".
TEST(WriteOnly, LetsTheBochsBiosShadowTheRomOfAPciCard) {
  for (const Identity& identity : {kI440fx, kI440bx}) {
    MachineConfig config = chip_config(kBochsLatest, identity);
    config.pci_vga_bios = *load_vga_bios(kVgaBios, VgaBus::kPci);
    const Boot boot(config);
    std::vector<GpaState> states;
    for (const TimelineEntry& entry : boot.config_writes()) {
      for (const auto& change : entry.segments) {
        if (change.range.start() == 0xc0000) states.push_back(change.now);
      }
    }
    EXPECT_THAT(states, testing::ElementsAre(GpaState::kWriteOnly, GpaState::kWriteProtected));
    const Image& image = *config.pci_vga_bios;
    EXPECT_EQ(differences(video_segment(*boot.machine), image), 0u);
    const std::string screen = boot.machine->board().vga_text()->text();
    EXPECT_NE(screen.find(kWrittenLate), std::string::npos) << screen;
    EXPECT_THAT(boot.events.events, testing::IsEmpty());
  }
}

// The same in Hyper-V's way: "WriteOnly becomes Writable, with a warning", and the image lies there already.
TEST(WriteOnly, IsAWarningInHypervsWay) {
  MachineConfig config = config_for(kBochsLatest);
  config.memory.vga_bios = *load_vga_bios(kVgaBios, VgaBus::kIsa);
  config.pci_vga_bios = config.memory.vga_bios;
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message;
  const auto warnings = std::ranges::count_if(boot.events.events, [](const lowmeg::Event& event) {
    return event.text.find("write-only RAM is not supported") != std::string::npos;
  });
  EXPECT_GT(warnings, 0);
  EXPECT_NE(boot.machine->board().vga_text()->text().find(kWrittenLate), std::string::npos);
}

// SeaVGABIOS keeps variables in its own segment, C000: "with the chip's way all of it works", while Hyper-V's
// lock puts back the image: "what POST writes to C0000-CBFFF is lost at the lock, by design".
TEST(SeaVgaBios, KeepsItsVariablesOverTheLockInTheChipsWayAlone) {
  for (const PamEffect way : {PamEffect::kChip, PamEffect::kHyperv}) {
    MachineConfig config = config_for(kSeaBios);
    config.pam = way;
    config.memory.vga_bios = *load_vga_bios(kSeaVgaBios, VgaBus::kIsa);
    const Boot boot(config);
    EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message;
    const std::size_t variables = differences(video_segment(*boot.machine), *config.memory.vga_bios);
    EXPECT_EQ(variables != 0, way == PamEffect::kChip) << variables;
  }
}

// "RAM behind the 13 segments starts as zeros": the images are ROM, and nobody copies them.
TEST(ChipMemory, StartsAsZeros) {
  MachineConfig config = chip_config(kSeaBios, kI440fx);
  config.memory.vga_bios = *load_vga_bios(kVgaBios, VgaBus::kIsa);
  lowmeg::fakes::RecordingEventSink events;
  const auto machine =
      Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
  EXPECT_TRUE(std::ranges::all_of((*machine)->ram(), [](std::uint8_t byte) { return byte == 0; }));
}

// "Never shown in state 00", and "reset restores the ROM map (QEMU's does not)": a guest unlocks E0000,
// writes AAh there and resets; then it reads E0000, where nobody is beside a ROM of 64 KiB, and gives that as
// its status.
TEST(ChipReset, RestoresTheRomMap) {
  MachineConfig config = config_for(rom_with({
      0xb0, 0x50, 0xe6, 0x70, 0xe4, 0x71,        // CMOS byte 50h: in al, 71h
      0xb9, 0x00, 0xe0, 0x8e, 0xd9,              // mov cx, E000h; mov ds, cx
      0x84, 0xc0, 0x75, 0x25,                    // test al, al; jnz second
      0xfe, 0xc0, 0xe6, 0x71,                    // inc al; out 71h, al
      0x66, 0xb8, 0x5c, 0x00, 0x00, 0x80,        // mov eax, 8000005Ch
      0xba, 0xf8, 0x0c, 0x66, 0xef,              // mov dx, CF8h; out dx, eax
      0x66, 0xb8, 0x33, 0x33, 0x33, 0x33,        // mov eax, 33333333h
      0xb2, 0xfc, 0x66, 0xef,                    // mov dl, FCh; out dx, eax
      0xc6, 0x06, 0x00, 0x00, 0xaa,              // mov byte [0], AAh
      0xb0, 0x06, 0xba, 0xf9, 0x0c, 0xee, 0xf4,  // mov al, 6; out CF9h, al; hlt
      0xa0, 0x00, 0x00,                          // second: mov al, [0]
      0xba, 0x01, 0x05, 0xee, 0xf4,              // out 501h, al; hlt
  }));
  config.pam = PamEffect::kChip;
  config.until = "";
  for (const Accel accel : {Accel::kSoft, Accel::kAuto}) {
    config.accel = accel;
    const Boot boot(config);
    EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kPowerOff) << boot.outcome.message;
    EXPECT_EQ(boot.outcome.exit_status, 2 * 0xff + 1) << "E0000 reads FFh";
    EXPECT_EQ(boot.machine->ram()[0xe0000], 0xaa) << "RAM keeps its bytes over a reset";
    EXPECT_EQ(boot.timeline.size(), 3u) << "power-on, the write, the reset";
  }
}

// "The timeline shows what the guest reads": DRAMT's byte, too.
TEST(ChipTimeline, ShowsDwordsAsTheGuestReadsThem) {
  const Boot boot(chip_config(kSeaBios, kI440fx));
  const std::vector<TimelineEntry> writes = boot.config_writes();
  ASSERT_GE(writes.size(), 3u);
  EXPECT_EQ(writes[0].config_write, (RegisterChange{0x58, 0x00000010, 0x33333010}));
  EXPECT_EQ(writes[2].config_write, (RegisterChange{0x58, 0x33333010, 0x11111010}));
}

// A write to the AGP bridge shows as one, and not as a reset. BCTRL is 80h after reset, its bit 7 writable.
TEST(ChipTimeline, TellsOfDevice1) {
  MachineConfig config = config_for(rom_with({
      0x66, 0xb8, 0x3c, 0x08, 0x00, 0x80,  // mov eax, 8000083Ch
      0xba, 0xf8, 0x0c, 0x66, 0xef,        // mov dx, CF8h; out dx, eax
      0xb0, 0x08, 0xb2, 0xfe, 0xee,        // mov al, 8; mov dl, FEh; out dx, al
      0xb0, 0x00, 0xba, 0x01, 0x05, 0xee,  // mov al, 0; mov dx, 501h; out dx, al
  }));
  config.pam = PamEffect::kChip;
  config.bridge.identity = kI440bx;
  const Boot boot(config);
  ASSERT_EQ(boot.timeline.size(), 2u);
  EXPECT_EQ(boot.timeline[1].config_write, (RegisterChange{0x3c, 0x00800000, 0x00080000, 1}));
  EXPECT_THAT(boot.timeline[1].segments, testing::IsEmpty());
}

}  // namespace
}  // namespace vmm
