// The layer's own decoding of memory operands against the library's: SHL, the layer's, has to shift the very
// byte that MOV, the library's, reads at the offset that LEA, the library's too, computes.
#include <gtest/gtest.h>

#include <random>

#include <fmt/format.h>

#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;

constexpr std::uint32_t kStackBase = 0x80000;
constexpr std::uint8_t kLea = 0x8d, kMovByte = 0x8a, kShl = 0xd0;
constexpr std::uint8_t kToAh = 4, kToEdi = 7;  // for SHL, 4 is the operation

class Operands {
 public:
  explicit Operands(Mode mode) : mode_(mode), machine_(mode) {}

  /// `modrm` without its reg field.
  void check(const Bytes& prefixes, unsigned modrm, unsigned sib) {
    const CpuState state = draw();
    Bytes wide = prefixes;
    if (mode_ == Mode::kReal) wide.push_back(0x66);
    execute(state, wide, kLea, modrm | kToEdi << 3, sib);
    const std::uint32_t offset = machine_.gpr(kEdi);

    machine_.poke(offset, 1, 1);
    machine_.poke(kStackBase + offset, 0x11, 1);
    execute(state, prefixes, kMovByte, modrm | kToAh << 3, sib);
    const bool in_stack = ((machine_.gpr(kEax) >> 8) & 0xff) == 0x11;
    execute(state, prefixes, kShl, modrm | 4 << 3, sib);
    const std::string what =
        fmt::format("{:02x} modrm {:02x} sib {:02x}", fmt::join(prefixes, " "), modrm, sib);
    EXPECT_EQ(machine_.peek(offset, 1), in_stack ? 1u : 2u) << what;
    EXPECT_EQ(machine_.peek(kStackBase + offset, 1), in_stack ? 0x22u : 0x11u) << what;
  }

 private:
  CpuState draw() {
    CpuState state = mode_ == Mode::kReal ? real_mode_state() : protected_mode_state();
    for (std::uint32_t& value : state.gpr) value = 0x1000 + static_cast<std::uint32_t>(random_() % 0x800);
    for (Segment& segment : state.segment) segment.limit = 0xffffffff;
    state.segment[kSs].base = kStackBase;
    state.segment[kCs].base = 0xf0000;  // out of the way
    return state;
  }

  void execute(const CpuState& state, Bytes code, std::uint8_t opcode, unsigned modrm, unsigned sib) {
    code.push_back(opcode);
    code.push_back(static_cast<std::uint8_t>(modrm));
    code.push_back(static_cast<std::uint8_t>(sib));
    for (std::uint8_t byte : Bytes{0x12, 0, 0, 0}) code.push_back(byte);
    machine_.load(state.segment[kCs].base + kCode, code);
    machine_.cpu->set_state(state);
    machine_.cpu->run(1);
  }

  Mode mode_;
  TestMachine machine_;
  std::mt19937 random_{7};
};

TEST(EffectiveAddress, IsWhereTheLibraryHasIt) {
  for (Mode mode : {Mode::kReal, Mode::kProtected}) {
    Operands operands(mode);
    for (const Bytes& prefixes : {Bytes{}, Bytes{0x67}, Bytes{0x36}, Bytes{0x3e, 0x67}}) {
      for (unsigned modrm : {0x00u, 0x40u, 0x80u}) {
        for (unsigned rm = 0; rm < 8; ++rm) {
          // Where there is no SIB byte it is the first one of the displacement.
          for (unsigned sib = 0; sib < 256; ++sib) operands.check(prefixes, modrm | rm, sib);
        }
      }
    }
  }
}

}  // namespace
}  // namespace vmm::cpu_soft
