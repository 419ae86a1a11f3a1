#include "vmm/cpu_soft/repeated_exception.hpp"

#include <gtest/gtest.h>

#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;

// Instructions for some more than kRepeats rounds of any of the handlers below.
constexpr std::uint64_t kLong = 8 * ExceptionWatch::kRepeats;

struct ExceptionRow {
  const char* what;
  Mode mode;
  Bytes code;
  Bytes handler;  // of #UD, and of #DE behind it
  bool noticed;
};

const Bytes kFxsave{0x0f, 0xae, 0x00};
const Bytes kIret{0xcf};
// Real mode: push bp; mov bp,sp; add word [bp+2],3; pop bp; iret.
const Bytes kStepOver{0x55, 0x89, 0xe5, 0x83, 0x46, 0x02, 0x03, 0x5d, 0xcf};

void put_handler(TestMachine& machine, const Bytes& handler) {
  constexpr std::uint32_t there = 0x6000;
  machine.load(there, handler);
  for (const std::uint32_t vector : {0u, 6u}) {
    machine.poke(4 * vector, there);
    machine.poke(kIdt + 8 * vector, there | std::uint32_t{kCode32} << 16);
  }
}

// "The same vector and the same CS:EIP, no other exception between them, and the instruction executed last
// was the IRET that led there."
TEST(RepeatedException, IsToldFromProgress) {
  const ExceptionRow rows[] = {
      {"FXSAVE, and a handler that returns", Mode::kReal, kFxsave, kIret, true},
      {"in protected mode", Mode::kProtected, kFxsave, kIret, true},
      {"DIV by 0", Mode::kReal, {0x31, 0xc9, 0xf7, 0xf1}, kIret, true},
      {"a handler that does something first", Mode::kReal, kFxsave, {0x40, 0x43, 0xcf}, true},
      {"a handler that steps over it, in a loop",
       Mode::kReal,
       {0x0f, 0xae, 0x00, 0xeb, 0xfb},
       kStepOver,
       false},
      {"two places by turns",
       Mode::kReal,
       {0x0f, 0xae, 0x00, 0x0f, 0xae, 0x00, 0xeb, 0xf8},
       kStepOver,
       false},
      {"INT n in a loop is no exception", Mode::kReal, {0xcd, 0x06, 0xeb, 0xfc}, kIret, false},
  };
  for (const ExceptionRow& row : rows) {
    TestMachine machine(row.mode);
    machine.load(kCode, row.code);
    put_handler(machine, row.handler);
    EXPECT_EQ(machine.cpu->run(kLong), CpuSoft::Stop::kBudget) << row.what;
    EXPECT_EQ(machine.cpu->repeated_exception().has_value(), row.noticed) << row.what;
  }
}

TEST(RepeatedException, IsDescribed) {
  TestMachine machine(Mode::kProtected);
  machine.load(kCode, {0x90, 0x0f, 0xae, 0x00, 0x12, 0x34});
  put_handler(machine, kIret);
  machine.cpu->run(2 * ExceptionWatch::kRepeats - 2);
  EXPECT_FALSE(machine.cpu->repeated_exception()) << "one less is not enough";
  machine.cpu->run(2);
  const auto repeated = machine.cpu->repeated_exception();
  ASSERT_TRUE(repeated);
  EXPECT_EQ(repeated->vector, 6);
  EXPECT_EQ(repeated->selector, kCode32);
  EXPECT_EQ(repeated->eip, kCode + 1);
  EXPECT_EQ(repeated->bytes.size(), 15u);
  EXPECT_EQ(Bytes(repeated->bytes.begin(), repeated->bytes.begin() + 5),
            (Bytes{0x0f, 0xae, 0x00, 0x12, 0x34}));
}

// An interrupt whose handler returns to the same instruction changes nothing.
TEST(RepeatedException, InterruptsMayComeBetween) {
  TestMachine machine(Mode::kReal);
  machine.load(kCode, kFxsave);
  put_handler(machine, kIret);
  machine.poke(kHandlers + 0x20, 0xcf, 1);
  machine.change([](CpuState& state) { state.eflags |= 0x200; });
  for (int i = 0; i < 100; ++i) {
    machine.cpu->set_interrupt_line(CpuSoft::Level::kHigh);
    machine.cpu->run(kLong / 100);
  }
  EXPECT_EQ(machine.interrupts.acknowledged, 100u);
  EXPECT_TRUE(machine.cpu->repeated_exception());
}

// What has ended is not told any more; a reset forgets.
TEST(RepeatedException, Ends) {
  TestMachine machine(Mode::kReal);
  machine.load(kCode, {0x0f, 0xae, 0x00, 0xeb, 0xfe});
  put_handler(machine, kIret);
  machine.cpu->run(kLong);
  ASSERT_TRUE(machine.cpu->repeated_exception());
  put_handler(machine, kStepOver);
  machine.cpu->run(10'000);
  machine.cpu->run(200'000);
  EXPECT_FALSE(machine.cpu->repeated_exception()) << "it goes on behind the place";

  TestMachine other(Mode::kReal);
  other.load(kCode, kFxsave);
  put_handler(other, kIret);
  other.cpu->run(kLong);
  other.cpu->reset();
  EXPECT_FALSE(other.cpu->repeated_exception());
}

}  // namespace
}  // namespace vmm::cpu_soft
