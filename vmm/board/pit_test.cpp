#include "vmm/board/pit.hpp"

#include <gtest/gtest.h>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

constexpr std::uint64_t kTickNs = 838;           // rounded down
constexpr std::uint64_t kPeriodNs = 54'925'402;  // 65536 ticks: the PC's 18.2 Hz

struct PitRig {
  void program(std::uint8_t control, std::uint16_t count) {
    pit.write(0x43, 1, control);
    pit.write(static_cast<std::uint16_t>(0x40 + (control >> 6)), 1, count & 0xff);
    pit.write(static_cast<std::uint16_t>(0x40 + (control >> 6)), 1, count >> 8);
    lines.log.clear();
  }
  fakes::FakeClock clock;
  fakes::FakeLines lines;
  Pit pit{clock, lines};
};

TEST(Pit, SaysWhenIrq0IsDue) {
  PitRig rig;
  EXPECT_EQ(rig.pit.next_event_ns(), Pit::kNever) << "no count at power-on";
  rig.program(0x34, 0);
  EXPECT_EQ(rig.pit.next_event_ns(), kPeriodNs);
  rig.clock.ns = kPeriodNs - 1;
  rig.pit.advance();
  EXPECT_EQ(rig.lines.log, "-0") << "the tick before the rise";
  rig.clock.ns = kPeriodNs;
  rig.pit.advance();
  EXPECT_EQ(rig.lines.log, "-0-0+0");
  EXPECT_NEAR(static_cast<double>(rig.pit.next_event_ns()), 2.0 * kPeriodNs, 2);
}

TEST(Pit, CoalescesMissedTicks) {
  PitRig rig;
  rig.program(0x34, 1000);
  rig.clock.ns = 10 * kPeriodNs;
  rig.pit.advance();
  EXPECT_EQ(rig.lines.log, "-0+0");
  rig.pit.advance();
  EXPECT_EQ(rig.lines.log, "-0+0") << "delivered once";
  EXPECT_GT(rig.pit.next_event_ns(), rig.clock.ns);
}

TEST(Pit, Mode0InterruptsOnce) {
  PitRig rig;
  rig.program(0x30, 100);
  rig.clock.ns = 100 * (kTickNs + 1);
  rig.pit.advance();
  EXPECT_EQ(rig.lines.log, "-0+0");
  EXPECT_EQ(rig.pit.next_event_ns(), Pit::kNever);
}

// Read-back command (figure 10): bits 3:1 choose counters, bit 5 = 0 latches counts, bit 4 = 0 status.
TEST(Pit, ReadsBack) {
  PitRig rig;
  rig.program(0x34, 0x1000);
  rig.program(0xb0, 0x2000);
  rig.pit.write(0x43, 1, 0xda);  // counts of 0 and 2
  EXPECT_EQ(rig.pit.read(0x40, 1), 0x00u);
  EXPECT_EQ(rig.pit.read(0x40, 1), 0x10u);
  EXPECT_EQ(rig.pit.read(0x42, 1), 0x00u);
  EXPECT_EQ(rig.pit.read(0x42, 1), 0x20u);
  rig.pit.write(0x43, 1, 0xe2);  // status of 0
  EXPECT_EQ(rig.pit.read(0x40, 1), 0xb4u);
  EXPECT_EQ(rig.pit.read(0x43, 1), 0xffu) << "the control word is write-only";
}

// SeaBIOS's calibration: counter 2 in mode 0, its gate opened first, ends when bit 5 of port 61h rises.
TEST(Pit, Port61ShowsCounter2) {
  PitRig rig;
  rig.pit.write(0x61, 1, 0x01);
  rig.program(0xb0, 0x800);
  EXPECT_EQ(rig.pit.read(0x61, 1) & 0x2f, 0x01u);
  rig.clock.ns = 0x800 * (kTickNs + 1);
  EXPECT_EQ(rig.pit.read(0x61, 1) & 0x2f, 0x21u);
  rig.pit.write(0x61, 1, 0xfe);
  EXPECT_EQ(rig.pit.read(0x61, 1) & 0xcf, 0x0eu) << "bits 3:0 are kept";
}

TEST(Pit, Counter2WaitsForItsGate) {
  PitRig rig;
  rig.program(0xb0, 10);
  rig.clock.ns = 1'000'000;
  EXPECT_EQ(rig.pit.read(0x61, 1) & 0x20, 0u);
}

TEST(Pit, RefreshTogglesEach15Us) {
  PitRig rig;
  unsigned toggles = 0;
  for (unsigned before = rig.pit.read(0x61, 1) & 0x10; rig.clock.ns < 1'000'000; rig.clock.ns += 1000) {
    const unsigned now = rig.pit.read(0x61, 1) & 0x10;
    toggles += now != before;
    before = now;
  }
  EXPECT_EQ(toggles, 66u);  // 1 ms / 15.085 us
}

TEST(Pit, ResetStopsTheTimer) {
  PitRig rig;
  rig.program(0x34, 100);
  rig.pit.reset();
  EXPECT_EQ(rig.pit.next_event_ns(), Pit::kNever);
}

}  // namespace
}  // namespace vmm
