#include "vmm/cpu_soft/defect_case.hpp"

#include <gtest/gtest.h>

namespace vmm::cpu_soft::testing {
namespace {

std::int64_t outcome(const Defect& defect, Corrections corrections) {
  TestMachine machine(defect.mode, corrections);
  machine.load(kCode, defect.code);
  defect.set_up(machine);
  machine.cpu->run(defect.instructions);
  return defect.probe(machine);
}

}  // namespace

void expect_right_and_wrong(std::span<const Defect> defects) {
  for (const Defect& defect : defects) {
    EXPECT_EQ(outcome(defect, Corrections::all()), defect.right) << defect.rule;
    EXPECT_EQ(outcome(defect, Corrections::all().without(defect.correction)), defect.wrong) << defect.rule;
    EXPECT_NE(defect.right, defect.wrong) << defect.rule;
  }
}

}  // namespace vmm::cpu_soft::testing
