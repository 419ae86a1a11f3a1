#include "vmm/operand_address.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vmm {
namespace {

// EBX = 1000h, ESI = 20h, EDI = 30h, EBP = 400h, ESP = 500h, ECX = 3; DS at 10000h, SS at 20000h, ES at
// 30000h, FS at 40000h, CS at 50000h with IP 100h.
CpuLook look_with(unsigned code_size) {
  CpuLook look{.code_size = code_size, .ip = 0x100};
  look.gpr[kEbx] = 0x1000, look.gpr[kEsi] = 0x20, look.gpr[kEdi] = 0x30;
  look.gpr[kEbp] = 0x400, look.gpr[kEsp] = 0x500, look.gpr[kEcx] = 3, look.gpr[8] = 0x8000;
  look.base[kDs] = 0x10000, look.base[kSs] = 0x20000, look.base[kEs] = 0x30000;
  look.base[kFs] = 0x40000, look.base[kCs] = 0x50000;
  return look;
}

// Each form of the SDM's tables 2-1 to 2-3, and those that bring their operand without a ModR/M byte.
TEST(OperandAddress, IsWhereTheManualPutsIt) {
  struct Row {
    const char* what;
    unsigned code_size;
    std::vector<std::uint8_t> bytes;
    std::optional<std::uint64_t> linear;
  };
  const Row rows[] = {
      {"fstp dword [bx+si]", 2, {0xd9, 0x18}, 0x11020},
      {"mov [bp+di+2], al", 2, {0x88, 0x43, 0x02}, 0x20432},
      {"mov [bx-1], al", 2, {0x88, 0x47, 0xff}, 0x10fff},
      {"mov [1234h], al", 2, {0x88, 0x06, 0x34, 0x12}, 0x11234},
      {"mov [bp], ax", 2, {0x89, 0x46, 0x00}, 0x20400},
      {"sidt [si]", 2, {0x0f, 0x01, 0x0c}, 0x10020},
      {"fs mov [di+100h], al", 2, {0x64, 0x88, 0x85, 0x00, 0x01}, 0x40130},
      {"mov [ebx+ecx*4], al", 2, {0x67, 0x88, 0x04, 0x8b}, 0x1100c},
      {"mov [1234h], al by A2", 2, {0xa2, 0x34, 0x12}, 0x11234},
      {"stosb", 2, {0xaa}, 0x30030},
      {"rep movsd", 4, {0xf3, 0xa5}, 0x30030},
      {"lodsb", 2, {0xac}, 0x10020},
      {"movq [ebx], xmm0", 4, {0x66, 0x0f, 0xd6, 0x03}, 0x11000},
      {"fxsave [ebp+10h]", 4, {0x0f, 0xae, 0x45, 0x10}, 0x20410},
      {"mov [esp+4], eax", 4, {0x89, 0x44, 0x24, 0x04}, 0x20504},
      {"mov [disp32], eax", 4, {0x89, 0x05, 0x78, 0x56, 0x34, 0x12}, 0x12355678},
      {"pshufb xmm0, [ebx]", 4, {0x66, 0x0f, 0x38, 0x00, 0x03}, 0x11000},
      {"vmovdqu [ebx], ymm0", 4, {0xc5, 0xfe, 0x7f, 0x03}, 0x11000},
      {"les eax, [ebx]", 4, {0xc4, 0x03}, 0x11000},
      {"mov [rip+10h], eax", 8, {0x89, 0x05, 0x10, 0x00, 0x00, 0x00}, 0x10116},
      {"mov [r8], rax", 8, {0x49, 0x89, 0x00}, 0x18000},
      {"mov al, bl", 2, {0x88, 0xd8}, std::nullopt},
      {"in al, 64h", 2, {0xe4, 0x64}, std::nullopt},
      {"jmp $", 2, {0xeb, 0xfe}, std::nullopt},
      {"cpuid", 2, {0x0f, 0xa2}, std::nullopt},
      {"jne", 2, {0x0f, 0x85, 0x00, 0x00}, std::nullopt},
  };
  for (const Row& row : rows)
    EXPECT_EQ(operand_address(row.bytes, look_with(row.code_size)), row.linear) << row.what;
}

// Whatever the bytes are, and however few, there is an answer.
TEST(OperandAddress, SurvivesAnyBytes) {
  for (unsigned first = 0; first < 0x10000; ++first) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(first >> 8),
                                  0xff};
    for (std::size_t count = 0; count <= 3; ++count) {
      for (const unsigned size : {2u, 4u, 8u}) operand_address(std::span(bytes, count), look_with(size));
    }
  }
}

}  // namespace
}  // namespace vmm
