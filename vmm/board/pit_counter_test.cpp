#include "vmm/board/pit_counter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vmm {
namespace {

constexpr std::uint64_t kLoaded = 1000;  // the tick at which each test loads its count

PitCounter loaded(unsigned mode, std::uint16_t count) {
  PitCounter counter;
  counter.write_control(static_cast<std::uint8_t>(0x30 | mode << 1));
  counter.write(kLoaded, static_cast<std::uint8_t>(count));
  counter.write(kLoaded, static_cast<std::uint8_t>(count >> 8));
  return counter;
}

std::uint16_t count_at(PitCounter counter, std::uint64_t tick) {
  const unsigned low = counter.read(tick);
  const unsigned high = counter.read(tick);
  return static_cast<std::uint16_t>(low | high << 8);
}

// OUT in the ticks after the load, '-' high and '_' low (data sheet, figures 15 to 20, without the tick of
// the load).
TEST(PitCounter, DrivesOutByItsMode) {
  struct Row {
    unsigned mode;
    std::uint16_t count;
    const char* out;
  };
  const Row rows[] = {
      {0, 3, "___-------"},  // interrupt on terminal count
      {1, 3, "----------"},  // one-shot: waits for its gate
      {2, 3, "--_--_--_-"},  // rate generator
      {3, 4, "--__--__--"},  // square wave
      {3, 5, "---__---__"},  // "OUT will be high for (N + 1)/2 counts"
      {4, 3, "---_------"},  // software triggered strobe
      {5, 3, "----------"},  // hardware triggered strobe
      {6, 3, "--_--_--_-"},  // modes 2 and 3 have an x for bit 2 of the mode
      {7, 4, "--__--__--"},
  };
  for (const Row& row : rows) {
    const PitCounter counter = loaded(row.mode, row.count);
    std::string out;
    for (std::uint64_t i = 0; i < 10; ++i) out += counter.out(kLoaded + i) == Level::kHigh ? '-' : '_';
    EXPECT_EQ(out, row.out) << "mode " << row.mode;
  }
}

TEST(PitCounter, NextRiseAgreesWithOut) {
  for (unsigned mode = 0; mode < 6; ++mode) {
    const PitCounter counter = loaded(mode, 5);
    for (std::uint64_t from = kLoaded; from < kLoaded + 20; ++from) {
      std::optional<std::uint64_t> rise;
      for (std::uint64_t tick = from + 1; tick < from + 30 && !rise; ++tick) {
        if (counter.out(tick - 1) == Level::kLow && counter.out(tick) == Level::kHigh) rise = tick;
      }
      EXPECT_EQ(counter.next_rise(from), rise) << "mode " << mode << " from " << from;
    }
  }
}

TEST(PitCounter, CountsDown) {
  struct Row {
    unsigned mode;
    std::uint16_t count;
    std::uint64_t after;
    std::uint16_t shows;
  };
  const Row rows[] = {
      {0, 0x1234, 0, 0x1234}, {0, 0x1234, 4, 0x1230}, {0, 2, 2, 0}, {0, 2, 3, 0xffff},
      {0, 0, 1, 0xffff},      {2, 3, 2, 1},           {2, 3, 3, 3}, {2, 0, 1, 0xffff},
      {3, 10, 1, 8},          {3, 10, 5, 10},         {4, 5, 1, 4},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(count_at(loaded(row.mode, row.count), kLoaded + row.after), row.shows)
        << "mode " << row.mode << " count " << row.count << " after " << row.after;
  }
}

TEST(PitCounter, CountsInBcd) {
  PitCounter counter;
  counter.write_control(0x31);
  counter.write(0, 0x00);
  counter.write(0, 0x10);  // 1000
  EXPECT_EQ(count_at(counter, 1), 0x0999);
  EXPECT_EQ(count_at(counter, 1001), 0x9999);
}

// "GATE = 1 enables counting; GATE = 0 disables counting": modes 0 and 4 go on, 2 and 3 begin again, 1 and 5
// start then.
TEST(PitCounter, ObeysItsGate) {
  struct Row {
    unsigned mode = 0;
    std::optional<std::uint64_t> rise;  // ticks after the gate's rise
  };
  const Row rows[] = {{0, 6}, {1, 10}, {2, 10}, {3, 10}, {4, 7}, {5, 11}};
  for (const Row& row : rows) {
    PitCounter counter = loaded(row.mode, 10);
    counter.set_gate(kLoaded + 4, Level::kLow);
    EXPECT_EQ(counter.next_rise(kLoaded + 4), std::nullopt) << row.mode;
    counter.set_gate(kLoaded + 100, Level::kHigh);
    EXPECT_EQ(counter.next_rise(kLoaded + 100), kLoaded + 100 + row.rise.value()) << row.mode;
  }
}

TEST(PitCounter, ReadsOneByteOrTwo) {
  struct Row {
    std::uint8_t control;
    std::uint8_t reads[3];
  };
  const Row rows[] = {{0x10, {0x34, 0x34, 0x34}}, {0x20, {0x00, 0x00, 0x00}}, {0x30, {0x34, 0x12, 0x34}}};
  for (const Row& row : rows) {
    PitCounter counter;
    counter.write_control(row.control);
    counter.write(0, 0x34);
    if (row.control == 0x20) counter.write(0, 0x00);
    if (row.control == 0x30) counter.write(0, 0x12);
    for (const std::uint8_t expected : row.reads)
      EXPECT_EQ(counter.read(0), expected) << unsigned{row.control};
  }
}

// Latched again before the count is read, "the second Counter Latch Command is ignored".
TEST(PitCounter, HoldsALatchedCount) {
  PitCounter counter = loaded(2, 100);
  counter.latch_count(kLoaded + 1);
  counter.latch_count(kLoaded + 50);
  EXPECT_EQ(counter.read(kLoaded + 60), 99);
  EXPECT_EQ(counter.read(kLoaded + 60), 0);
  EXPECT_EQ(counter.read(kLoaded + 60), 40);
}

// "The first read operation of that counter will return latched status, regardless of which was latched
// first."
TEST(PitCounter, TellsItsStatusOnce) {
  PitCounter counter = loaded(2, 100);
  counter.latch_count(kLoaded);
  counter.latch_status(kLoaded);
  EXPECT_EQ(counter.read(kLoaded), 0xb4);  // OUT, low then high byte, mode 2
  EXPECT_EQ(counter.read(kLoaded), 100);
  counter.write_control(0x30);
  counter.latch_status(kLoaded);
  EXPECT_EQ(counter.read(kLoaded), 0x70);  // OUT low, no count yet, mode 0
}

}  // namespace
}  // namespace vmm
