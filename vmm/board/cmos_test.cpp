#include "vmm/board/cmos.hpp"

#include <gtest/gtest.h>

#include <string>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20, kSecond = 1'000'000'000;
constexpr auto kStart = std::chrono::sys_days(std::chrono::year(1999) / 12 / 31) + std::chrono::hours(23) +
                        std::chrono::minutes(59) + std::chrono::seconds(58);  // a Friday

struct CmosRig {
  explicit CmosRig(std::uint64_t ram_bytes = 63 * kMiB, unsigned cpus = 1)
      : cmos(clock, {ram_bytes, cpus, Coprocessor::kNone, kStart}) {}
  unsigned read(unsigned index) {
    cmos.write(0x70, 1, index | 0x80);
    return cmos.read(0x71, 1);
  }
  void write(unsigned index, unsigned value) {
    cmos.write(0x70, 1, index);
    cmos.write(0x71, 1, value);
  }
  unsigned word(unsigned low, unsigned high) { return read(low) | read(high) << 8; }
  /// Year-month-day-weekday-hours-minutes-seconds as the registers hold them.
  std::string date() {
    std::string text;
    for (const unsigned index : {9u, 8u, 7u, 6u, 4u, 2u, 0u}) text += fmt_hex(read(index));
    return text;
  }
  static std::string fmt_hex(unsigned value) {
    constexpr const char* kDigits = "0123456789abcdef";
    return {kDigits[value >> 4], kDigits[value & 15], ' '};
  }
  fakes::FakeClock clock;
  Cmos cmos;
};

// 14h, the equipment byte: bit 1 tells of an x87.
TEST(Cmos, TellsOfTheCoprocessor) {
  fakes::FakeClock clock;
  for (const Coprocessor coprocessor : {Coprocessor::kNone, Coprocessor::kFitted}) {
    Cmos cmos(clock, {kMiB, 1, coprocessor, kStart});
    cmos.write(0x70, 1, 0x14);
    EXPECT_EQ(cmos.read(0x71, 1), coprocessor == Coprocessor::kFitted ? 0x02u : 0x00u);
  }
}

// Base and extended memory in KiB (15h, 17h, 30h), above 16 MiB in 64 KiB (34h).
TEST(Cmos, TellsTheSizeOfMemory) {
  struct Row {
    std::uint64_t bytes;
    unsigned base, extended, over_16m;
  };
  const Row rows[] = {
      {63 * kMiB, 640, 63488, 47 * 16}, {64 * kMiB, 640, 64512, 48 * 16},     {kMiB / 2, 512, 0, 0},
      {8 * kMiB, 640, 7168, 0},         {4095 * kMiB, 640, 64512, 4079 * 16}, {~0ull, 640, 64512, 0xff00},
  };
  for (const Row& row : rows) {
    CmosRig rig(row.bytes);
    EXPECT_EQ(rig.word(0x15, 0x16), row.base) << row.bytes;
    EXPECT_EQ(rig.word(0x17, 0x18), row.extended) << row.bytes;
    EXPECT_EQ(rig.word(0x30, 0x31), row.extended) << row.bytes;
    EXPECT_EQ(rig.word(0x34, 0x35), row.over_16m) << row.bytes;
    EXPECT_EQ(rig.word(0x5b, 0x5c) | rig.read(0x5d) << 16, 0u) << "none above 4 GiB";
  }
}

TEST(Cmos, TellsTheNumberOfProcessors) {
  for (const unsigned cpus : {1u, 4u, 256u}) EXPECT_EQ(CmosRig(0, cpus).read(0x5f), cpus - 1);
  EXPECT_EQ(CmosRig(0, 0).read(0x5f), 0u) << "there is always one";
}

TEST(Cmos, RunsTheClock) {
  CmosRig rig;
  EXPECT_EQ(rig.date(), "99 12 31 06 23 59 58 ");
  EXPECT_EQ(rig.read(0x32), 0x19u);
  rig.clock.ns = 2 * kSecond;
  EXPECT_EQ(rig.date(), "00 01 01 07 00 00 00 ");
}

// Register B: "when the SET bit is written to a 1 ... the program may initialize the time and calendar
// bytes": they hold until it is cleared, then the clock goes on from them.
TEST(Cmos, TakesADate) {
  CmosRig rig;
  rig.write(0x0b, 0x82);
  for (const auto& [index, value] :
       {std::pair{9, 0x24}, {8, 0x02}, {7, 0x29}, {4, 0x12}, {2, 0x34}, {0, 0x56}}) {
    rig.write(static_cast<unsigned>(index), static_cast<unsigned>(value));
  }
  rig.clock.ns = kSecond;
  EXPECT_EQ(rig.read(0), 0x56u);
  rig.write(0x0b, 0x02);
  rig.clock.ns += 4 * kSecond;
  EXPECT_EQ(rig.date(), "24 02 29 06 12 35 00 ") << "a Friday of 1924: the century stays";
}

TEST(Cmos, AnyBytesAreSomeDate) {
  CmosRig rig;
  rig.write(0x0b, 0x82);
  for (unsigned index = 0; index < 10; ++index) rig.write(index, 0xff);
  rig.write(0x0b, 0x02);
  EXPECT_LE(rig.read(8), 0x12u);
  EXPECT_LE(rig.read(0), 0x59u);
}

TEST(Cmos, SpeaksBinaryOnRequest) {
  CmosRig rig;
  rig.write(0x0b, 0x06);
  EXPECT_EQ(rig.read(0), 58u);
  EXPECT_EQ(rig.read(9), 99u);
}

// Register A: "when UIP is a 0 the update cycle is not in progress and will not be for at least 244 us".
// Never for good, so a wait for either state ends.
TEST(Cmos, UpdateInProgressComesAndGoes) {
  CmosRig rig;
  struct Row {
    std::uint64_t ns;
    unsigned uip;
  };
  const Row rows[] = {
      {0, 0}, {kSecond - 244'001, 0}, {kSecond - 244'000, 0x80}, {kSecond - 1, 0x80}, {kSecond, 0}};
  for (const Row& row : rows) {
    rig.clock.ns = row.ns;
    EXPECT_EQ(rig.read(0x0a) & 0x80, row.uip) << row.ns;
  }
}

TEST(Cmos, KeepsItsRamOverAReset) {
  CmosRig rig;
  rig.write(0x0f, 0x0a);
  rig.write(0x0b, 0x86);
  rig.write(0x0c, 0xff);
  rig.write(0x0d, 0x00);
  rig.cmos.reset();
  EXPECT_EQ(rig.read(0x0f), 0x0au);
  EXPECT_EQ(rig.read(0x0b), 0x02u);
  EXPECT_EQ(rig.read(0x0c), 0x00u);
  EXPECT_EQ(rig.read(0x0d), 0x80u) << "VRT: the battery is good";
  EXPECT_EQ(rig.cmos.read(0x70, 1), 0xffu) << "the index is write-only";
}

}  // namespace
}  // namespace vmm
