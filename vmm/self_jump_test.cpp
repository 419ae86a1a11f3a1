#include "vmm/self_jump.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vmm {
namespace {

TEST(SelfJump, TellsASpinFromAnInstructionThatWrites) {
  struct Row {
    const char* what;
    std::vector<std::uint8_t> bytes;
    bool may;
  };
  const Row rows[] = {
      {"jmp short", {0xeb, 0xfe, 0x90}, true},
      {"jmp near", {0xe9, 0xfd, 0xff}, true},
      {"66 jmp near", {0x66, 0xe9, 0xfa, 0xff}, true},
      {"loop", {0xe2, 0xfe, 0x90}, true},
      {"jz", {0x74, 0xfe, 0x90}, true},
      {"jz near", {0x0f, 0x84, 0xfc, 0xff}, true},
      {"jmp [bx]", {0xff, 0x27, 0x90}, true},
      {"far to itself", {0xea, 0x34, 0x12, 0, 0xf0}, true},
      {"far elsewhere", {0xea, 0x35, 0x12, 0, 0xf0}, false},
      {"mov ds, ax", {0x8e, 0xd8, 0x90}, false},
      {"sidt", {0x0f, 0x01, 0x0d}, false},
      {"mov", {0x88, 0x07, 0x90}, false},
      {"no bytes", {}, true},
  };
  for (const Row& row : rows) EXPECT_EQ(may_jump_to_itself(row.bytes, 0x1234), row.may) << row.what;
}

}  // namespace
}  // namespace vmm
