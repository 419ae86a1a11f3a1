// Boots firmware on the machine and keeps all that a person would see, for the tests that compare boots.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/recording_event_sink.hpp"
#include "vmm/firmware.hpp"
#include "vmm/machine.hpp"

namespace vmm {

inline const std::string kSeaBios = "/usr/share/seabios/bios.bin";
inline const std::string kSeaBios256 = "/usr/share/seabios/bios-256k.bin";
inline const std::string kBochsLatest = "/usr/share/bochs/BIOS-bochs-latest";
inline const std::string kBochsQemu = "/usr/share/bochs/BIOS-qemu-latest";
inline const std::string kBochsLegacy = "/usr/share/bochs/BIOS-bochs-legacy";
inline const std::string kVgaBios = "/usr/share/vgabios/vgabios.bin";

struct Boot {
  /// `shown`: also gets the log, for what config calls while the machine runs.
  explicit Boot(MachineConfig config, std::string* shown = nullptr) {
    config.timing = Timing::kDeterministic;
    auto created = Machine::create(config, {events,
                                            [this, shown](char c) {
                                              log += c;
                                              if (shown) *shown += c;
                                            },
                                            [this](const TimelineEntry& entry, std::uint64_t time_ns) {
                                              timeline.push_back(entry);
                                              times_ns.push_back(time_ns);
                                              if (machine && machine->board().vga_text())
                                                screen_then = machine->board().vga_text()->text();
                                            }});
    if (!created) throw std::runtime_error(created.error().message());
    machine = std::move(*created);
    outcome = machine->run();
  }

  std::uint64_t requests() const {
    std::uint64_t sum = 0;
    for (const TimelineEntry& entry : timeline) sum += entry.get ? entry.get->requests() : 0;
    return sum;
  }
  /// The entries that are config writes.
  std::vector<TimelineEntry> config_writes() const {
    std::vector<TimelineEntry> writes;
    for (const TimelineEntry& entry : timeline) {
      if (entry.config_write) writes.push_back(entry);
    }
    return writes;
  }

  lowmeg::fakes::RecordingEventSink events;
  std::string log;
  std::vector<TimelineEntry> timeline;
  std::vector<std::uint64_t> times_ns;
  std::string screen_then;  ///< text memory at the last entry of the timeline
  std::unique_ptr<Machine> machine;
  Outcome outcome;
};

/// All that a guest and a person could see.
inline void expect_same(const Boot& undisturbed, const Boot& disturbed) {
  Machine& before = *undisturbed.machine;
  Machine& after = *disturbed.machine;
  EXPECT_EQ(undisturbed.log, disturbed.log);
  EXPECT_EQ(undisturbed.times_ns, disturbed.times_ns);
  EXPECT_EQ(before.soft()->cpu_state(), after.soft()->cpu_state());
  EXPECT_EQ(before.chipset().save(), after.chipset().save());
  EXPECT_EQ(before.mapper().map(), after.mapper().map());
  EXPECT_TRUE(std::ranges::equal(before.ram(), after.ram()));
}

inline std::uint64_t commits(const Boot& boot) {
  return boot.machine->ranges()->host().counters().commits;
}

/// The same, with the state of the host of GET; both got to their `until`.
inline void expect_same_with_host(const Boot& undisturbed, const Boot& disturbed) {
  EXPECT_EQ(disturbed.outcome.kind, Outcome::Kind::kUntil) << disturbed.outcome.message;
  expect_same(undisturbed, disturbed);
  EXPECT_EQ(undisturbed.machine->ranges()->host().slots(), disturbed.machine->ranges()->host().slots());
}

/// LOWMEG_LONG=1 asks for everything.
inline bool is_long() {
  return std::getenv("LOWMEG_LONG") != nullptr;
}

inline MachineConfig config_for(const Image& firmware) {
  MachineConfig config;
  config.memory.firmware = firmware;
  return config;
}

inline MachineConfig config_for(const std::string& firmware_path) {
  const auto firmware = load_firmware(firmware_path);
  if (!firmware) throw std::runtime_error(firmware.error().message());
  return config_for(*firmware);
}

/// A ROM of 64 KiB that starts with `code` at F000:0000, in real mode, by way of the reset vector.
inline Image rom_with(std::initializer_list<std::uint8_t> code) {
  Image rom(0x10000, 0xf4);  // HLT
  std::copy(code.begin(), code.end(), rom.begin());
  const std::uint8_t jump[] = {0xea, 0x00, 0x00, 0x00, 0xf0};  // jmp f000:0000
  std::copy(std::begin(jump), std::end(jump), rom.begin() + 0xfff0);
  return rom;
}

}  // namespace vmm
