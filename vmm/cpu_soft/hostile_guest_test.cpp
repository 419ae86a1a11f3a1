// "Whatever a guest does is defined": random instruction streams, run under the sanitizers.
#include "vmm/cpu_soft/hostile_guest.hpp"

#include <gtest/gtest.h>

#include <random>

#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using testing::Bytes;
using testing::kCode;
using testing::TestMachine;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;

constexpr std::size_t kHeader = 100;  // about what the state takes
constexpr std::size_t kCodeBytes = 800;

// Opcodes that have hurt, and the prefixes, come more often than chance has it.
constexpr std::uint8_t kFavourites[] = {0x0f, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x8e, 0xc8,
                                        0xcd, 0xcf, 0x9d, 0xd4, 0xf6, 0xf7, 0xff, 0x9a, 0xea, 0xc4,
                                        0xc5, 0xc0, 0xc1, 0xd3, 0x6c, 0x6f, 0xa4, 0xa7, 0xab, 0xaf,
                                        0xe2, 0xe3, 0xf4, 0xfb, 0x17, 0x00, 0x45, 0x80};

Bytes random_input(std::mt19937& random) {
  Bytes input(kHeader + kCodeBytes);
  for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random());
  for (std::size_t i = kHeader; i < input.size(); ++i) {
    if (random() % 3 == 0) input[i] = kFavourites[random() % std::size(kFavourites)];
  }
  return input;
}

TEST(HostileGuest, RandomStreamsAreSurvived) {
  std::mt19937 random(4711);
  for (int stream = 0; stream < 3000; ++stream) testing::run_hostile_guest(random_input(random), 200);
}

TEST(HostileGuest, TheSameStreamGivesTheSameState) {
  std::mt19937 random(42);
  for (int stream = 0; stream < 50; ++stream) {
    const Bytes input = random_input(random);
    const CpuState first = testing::run_hostile_guest(input, 200);
    CpuState second = testing::run_hostile_guest(input, 200);
    second.instructions -= second.instructions - first.instructions;
    second.time_stamp_offset = first.time_stamp_offset;
    EXPECT_EQ(first, second);
  }
}

// Without the limit these run over a buffer of the library, or for ever.
TEST(HostileGuest, PrefixesHaveAnEnd) {
  for (Mode mode : {Mode::kReal, Mode::kProtected}) {
    for (std::uint8_t prefix : Bytes{0xf0, 0xf2, 0x66, 0x2e}) {
      TestMachine machine(mode);
      machine.load(kCode, Bytes(0x10000, prefix));
      EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
      EXPECT_EQ(machine.halted_in(), 13);
      EXPECT_EQ(machine.peek(machine.gpr(kEsp) + (mode == Mode::kReal ? 0 : 4), 2), kCode)
          << "the handler's way back";
    }
  }
}

// The 16th byte is an operand: the library is in the middle of executing when the limit is reached.
TEST(HostileGuest, OperandsCountForTheLengthToo) {
  TestMachine machine(Mode::kProtected);
  Bytes code(10, 0x3e);
  for (std::uint8_t byte : Bytes{0xc7, 0x05, 0x00, 0x80, 0x00, 0x00, 0x44, 0x33, 0x22, 0x11})
    code.push_back(byte);
  machine.load(kCode, code);  // mov dword ds:[8000h],11223344h
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.halted_in(), 13);
  EXPECT_EQ(machine.peek(testing::kData), 0u);
}

}  // namespace
}  // namespace vmm::cpu_soft
