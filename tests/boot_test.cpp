// Real firmware on the whole chain: guest -> bridge -> adjuster -> GET client -> GET host -> memory map.
#include "tests/boot_machine.hpp"

namespace vmm {
namespace {

using lowmeg::bridge::Identity;
using lowmeg::bridge::kHyperv;
using lowmeg::bridge::kI440bx;
using lowmeg::bridge::kI440fx;

// A config write that changed a segment, and what the host was asked for because of it.
struct Write {
  std::uint8_t offset;
  std::uint32_t before, now;
  std::uint64_t resets, creates;
};

struct FirmwareRow {
  std::string firmware;
  Identity identity;
  std::vector<Write> writes;
  std::uint64_t requests;  // the 12 creates of power-on included
};

// "SeaBIOS 1.16.2's PAM trace" and "Under the Hyper-V policy" of the reference on firmware. DRAMT shares
// dword 58h: 10h on the 440FX, 03h on the others.
std::vector<Write> sea_bios(std::uint32_t pam6_locked, std::uint64_t creates_at_lock) {
  return {{0x58, 0x00000010, 0x33333010, 4, 3},
          {0x5c, 0x00000000, 0x33333333, 8, 0},
          {0x58, 0x33333010, 0x11111010, 3, 5},
          {0x5c, 0x33333333, pam6_locked << 24 | 0x111111, 0, creates_at_lock}};
}
// "bytes to 59h: 00, 30 while it builds tables, then 10"
std::vector<Write> bochs_bios(std::uint32_t dramt) {
  return {{0x58, dramt, 0x3000 | dramt, 1, 0}, {0x58, 0x3000 | dramt, 0x1000 | dramt, 0, 1}};
}

const std::vector<FirmwareRow> kFirmwareRows{
    {kSeaBios, kI440fx, sea_bios(0x31, 7), 42},
    {kSeaBios256, kI440fx, sea_bios(0x33, 6), 41},
    {kBochsQemu, kI440fx, bochs_bios(0x10), 14},
    {kBochsQemu, kI440bx, bochs_bios(0x03), 14},
    {kBochsQemu, kHyperv, bochs_bios(0x03), 14},
    {kBochsLatest, kI440fx, bochs_bios(0x10), 14},
    {kBochsLatest, kI440bx, bochs_bios(0x03), 14},
    {kBochsLatest, kHyperv, bochs_bios(0x03), 14},
    {kBochsLegacy, kI440fx, {}, 12},
    {kBochsLegacy, kHyperv, {}, 12},
};

class FirmwareBoot : public testing::TestWithParam<FirmwareRow> {};

TEST_P(FirmwareBoot, FinishesPostWithItsPamWritesAndGetRequests) {
  const FirmwareRow& row = GetParam();
  MachineConfig config = config_for(row.firmware);
  config.bridge.identity = row.identity;
  config.ranges.get.batching = lowmeg::get::Batching::kNever;
  const Boot boot(config);

  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message << boot.log;
  EXPECT_NE(boot.log.find("No bootable device"), std::string::npos);
  EXPECT_EQ(boot.requests(), row.requests);
  const std::vector<TimelineEntry> writes = boot.config_writes();
  ASSERT_EQ(writes.size(), row.writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const Write& expected = row.writes[i];
    EXPECT_EQ(writes[i].config_write, (RegisterChange{expected.offset, expected.before, expected.now})) << i;
    EXPECT_EQ(writes[i].get->resets, expected.resets) << i;
    EXPECT_EQ(writes[i].get->creates, expected.creates) << i;
    EXPECT_EQ(writes[i].get->round_trips, expected.resets + expected.creates) << i;
  }
}

// "One commit a config write would make 5, 5, 3 and 1": with batches each write is one round trip and one
// commit, power-on too, and the requests are the same.
TEST_P(FirmwareBoot, MakesOneCommitForEachWriteInBatches) {
  const FirmwareRow& row = GetParam();
  MachineConfig config = config_for(row.firmware);
  config.bridge.identity = row.identity;
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message;
  EXPECT_EQ(boot.requests(), row.requests);
  const std::vector<TimelineEntry> writes = boot.config_writes();
  ASSERT_EQ(writes.size(), row.writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    EXPECT_EQ(writes[i].get->resets, row.writes[i].resets) << i;
    EXPECT_EQ(writes[i].get->creates, row.writes[i].creates) << i;
    EXPECT_EQ(writes[i].get->round_trips, 1u) << i;
  }
  EXPECT_EQ(boot.machine->ranges()->host().counters().commits, 1 + row.writes.size());
}

INSTANTIATE_TEST_SUITE_P(All, FirmwareBoot, testing::ValuesIn(kFirmwareRows), [](const auto& row) {
  std::string name = row.param.firmware.substr(row.param.firmware.rfind('/') + 1);
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name + "_" + std::string(row.param.identity.name);
});

// "with --vgabios text that the firmware wrote *after* the lock is found in text memory, so the code at C0000
// still runs": the lock puts the view at C0000 back on the image in low RAM.
TEST(VgaBios, StillRunsAfterTheLock) {
  constexpr const char* kWrittenLate = "No bootable device";
  for (const std::string& firmware : {kSeaBios, kSeaBios256, kBochsLatest}) {
    MachineConfig config = config_for(firmware);
    config.memory.vga_bios = *load_vga_bios(kVgaBios, VgaBus::kIsa);
    const Boot boot(config);
    ASSERT_NE(boot.machine->board().vga_text(), nullptr);
    EXPECT_EQ(boot.screen_then.find(kWrittenLate), std::string::npos) << firmware << ": before the lock";
    const std::string screen = boot.machine->board().vga_text()->text();
    EXPECT_NE(screen.find(kWrittenLate), std::string::npos) << firmware << "\n" << screen;
    EXPECT_EQ(boot.machine->soft()->mapper().page(0xc0000).read, boot.machine->ram().data() + 0xc0000);
  }
}

// "Two deterministic boots give identical logs, timelines and RAM hashes."
TEST(DeterministicBoot, RepeatsExactly) {
  for (const std::string& firmware : {kSeaBios, kBochsLatest}) {
    const Boot first(config_for(firmware));
    const Boot second(config_for(firmware));
    EXPECT_EQ(first.log, second.log);
    EXPECT_EQ(first.times_ns, second.times_ns);
    ASSERT_EQ(first.timeline.size(), second.timeline.size());
    for (std::size_t i = 0; i < first.timeline.size(); ++i) {
      EXPECT_EQ(first.timeline[i].config_write, second.timeline[i].config_write);
      EXPECT_EQ(first.timeline[i].segments, second.timeline[i].segments);
    }
    EXPECT_EQ(first.machine->soft()->cpu_state(), second.machine->soft()->cpu_state());
    EXPECT_TRUE(std::ranges::equal(first.machine->ram(), second.machine->ram()));
  }
}

}  // namespace
}  // namespace vmm
