// Random guest programs: on the software CPU and on KVM, against a model that has no processor; and that what
// does not agree is found and made short. random_programs runs many, on other machines as well.
#include <gtest/gtest.h>

#include <algorithm>

#include "guest/program/layout.h"
#include "tests/programs/comparison.hpp"
#include "tests/programs/generator.hpp"
#include "tests/programs/model.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"

namespace programs {
namespace {

using lowmeg::DecodeRegisters;

struct Chip {
  const lowmeg::bridge::Identity& identity;
  const lowmeg::NaiveBytes& registers;
};
const Chip kChips[] = {{lowmeg::bridge::kI440fx, lowmeg::kNaiveFx},
                       {lowmeg::bridge::kI440bx, lowmeg::kNaiveBx}};

std::vector<Program> some_programs(std::uint64_t seed, std::size_t count, const Profile& profile = kWhole) {
  Generator generator(seed, profile);
  std::vector<Program> programs(count);
  for (Program& program : programs) program = generator.next();
  return programs;
}

void expect_alike(Subject& subject, Subject& model, std::span<const Program> programs) {
  Comparison comparison(subject, model);
  const std::vector<bool> differ = comparison.differ(programs);
  for (std::size_t i = 0; i < programs.size(); ++i)
    EXPECT_FALSE(differ[i]) << i << "\n" << comparison.explain(comparison.minimized(programs[i]));
}

TEST(RandomPrograms, ComeOutOnTheSoftwareCpuAsTheModelHasThem) {
  for (const Chip& chip : kChips) {
    LowmegSubject soft(vmm::Accel::kSoft, vmm::KvmMap::kAuto, chip.identity);
    ModelSubject model(chip.registers);
    expect_alike(soft, model, some_programs(1, 64));
  }
}

TEST(RandomPrograms, ComeOutOnKvmAsTheModelHasThem) {
  if (auto vm = vmm::KvmVm::create(); !vm) GTEST_SKIP() << vm.error().message();
  for (const vmm::KvmMap map : {vmm::KvmMap::kProtect, vmm::KvmMap::kSlots}) {
    LowmegSubject kvm(vmm::Accel::kKvm, map, lowmeg::bridge::kI440fx);
    ModelSubject model(lowmeg::kNaiveFx);
    expect_alike(kvm, model, some_programs(2, 32, kForKvm));
  }
}

// A fault of the decode is found by few programs, and the shortest one that shows it has the steps that it
// takes.
TEST(RandomPrograms, FindAFaultAndShowItShort) {
  struct Row {
    const char* fault;
    ModelSubject::Fault make;
    std::size_t steps;  // at most
  };
  const Row rows[] = {
      {"10 reads as 11",
       [](DecodeRegisters r) {
         for (std::uint8_t& pam : r.pam) pam = static_cast<std::uint8_t>(pam | (pam & 0x22) >> 1);
         return r;
       },
       2},
      {"EC000 stays as after reset",
       [](DecodeRegisters r) {
         r.pam[6] &= 0x03;
         return r;
       },
       2},
      {"no hole at 15M",
       [](DecodeRegisters r) {
         r.fdhc &= 0x40;
         return r;
       },
       2},
      {"SMRAM is never open",
       [](DecodeRegisters r) {
         r.smram = 0;
         return r;
       },
       2},
  };
  ModelSubject sound(lowmeg::kNaiveFx);
  const std::vector<Program> programs = some_programs(3, 96);
  for (const Row& row : rows) {
    ModelSubject faulty(lowmeg::kNaiveFx, row.make);
    // The runtime's own fills and checksums, which it would spoil, are left sound: the fault begins with a
    // step.
    Comparison comparison(sound, faulty);
    const std::vector<bool> differ = comparison.differ(programs);
    const auto first = std::ranges::find(differ, true);
    ASSERT_NE(first, differ.end()) << row.fault;
    const Program shortest = comparison.minimized(programs[static_cast<std::size_t>(first - differ.begin())]);
    EXPECT_LE(shortest.size(), row.steps) << row.fault << "\n" << listing(shortest);
  }
}

// The seed alone says which programs; no step leaves the windows, nor the profile.
TEST(Generator, RepeatsItself) {
  EXPECT_EQ(some_programs(7, 3), some_programs(7, 3));
  EXPECT_NE(some_programs(7, 3), some_programs(8, 3));
}

bool in_a_window(const Extent& extent) {
  return std::ranges::any_of(kWindows, [&extent](const Window& window) {
    const std::uint32_t first = window.boundary - WINDOW_BEFORE;
    return extent.first >= first && extent.end <= first + WINDOW_BYTES;
  });
}

TEST(Generator, KeepsToTheWindowsAndTheProfile) {
  for (const Profile& profile : {kWhole, kForKvm, kForBochs, kForQemu}) {
    Generator generator(5, profile);
    for (int i = 0; i < 200; ++i) {
      const Program program = generator.next();
      EXPECT_TRUE(keeps_to(profile, program)) << listing(program);
      for (const Op& op : program)
        EXPECT_TRUE(std::ranges::all_of(extents_of(op), in_a_window)) << text_of(op);
    }
  }
}

TEST(Profile, KnowsWhatIsLeftOut) {
  struct Row {
    Program program;
    bool bochs, qemu;
  };
  const Op open{.kind = Kind::kConfigWrite, .size = 1, .address = 0x5a, .value = 0x33};
  const Op load{.kind = Kind::kLoad, .size = 4, .address = 0xc7ffc};
  Op crossing = load, write_only = open, reserved = open, hole = open;
  crossing.address = 0xc7ffe;
  write_only.value = 0x23;
  reserved.value = 0x77;
  hole.address = 0x68;
  const Op word{.kind = Kind::kConfigWrite, .size = 2, .address = 0x5b, .value = 0x3333};
  const Op reset{.kind = Kind::kReset};
  const Row rows[] = {
      {{open, load}, true, true},  {{load}, false, false},       {{open, crossing}, false, false},
      {{write_only}, true, false}, {{reserved}, false, false},   {{hole}, false, false},
      {{word}, false, false},      {{open, reset}, true, false}, {{open, reset, load}, false, false},
  };
  for (const Row& row : rows) {
    EXPECT_TRUE(keeps_to(kWhole, row.program));
    EXPECT_EQ(keeps_to(kForBochs, row.program), row.bochs) << listing(row.program);
    EXPECT_EQ(keeps_to(kForQemu, row.program), row.qemu) << listing(row.program);
  }
}

// ddmin: of any program that needs these steps together, these are left.
TEST(Minimized, LeavesTheStepsThatAreNeeded) {
  const Program program = some_programs(9, 1)[0];
  const Op& first = program[2];
  const Op& second = program[program.size() - 2];
  const auto has = [](const Program& some, const Op& op) {
    return std::ranges::find(some, op) != some.end();
  };
  const Judge judge = [&](std::span<const Program> candidates) {
    std::vector<bool> does;
    for (const Program& candidate : candidates)
      does.push_back(has(candidate, first) && has(candidate, second));
    return does;
  };
  EXPECT_EQ(minimized(program, judge), (Program{first, second}));
}

TEST(Report, IsReadLineByLine) {
  const Report report =
      read_report("R 00000001 00000000\nW 000C0000 12345678\nP 0000 00000001 1 2\nP 0001 0 0 0\nEND 5\n");
  EXPECT_EQ(report.programs.at(0), "R 00000001 00000000\nW 000C0000 12345678\n00000001 1 2\n");
  EXPECT_EQ(report.programs.at(1), "0 0 0\n");
  EXPECT_EQ(report.end, "END 5");
  EXPECT_EQ(read_report("P 0000 1 1 1\nP 00").programs.size(), 1u) << "a line that breaks off is none";
  EXPECT_EQ(read_report("").end, "");
}

}  // namespace
}  // namespace programs
