#include "lowmeg/decode/smram.hpp"

#include <array>

#include "lowmeg/decode/dram.hpp"

namespace lowmeg::decode {
namespace {

constexpr std::uint8_t kGSmrame = 0x08;             // SMRAM bit 3; 6:4 are D_OPEN, D_CLS, D_LCK
constexpr std::uint8_t kHSmramEn = 0x80;            // ESMRAMC bit 7
constexpr std::uint8_t kTsegEn = 0x01;              // ESMRAMC bit 0
constexpr std::uint64_t kSmallestTseg = 128 << 10;  // ESMRAMC 2:1, TSEG_SZ: 128K, 256K, 512K, 1M
constexpr Gpa kExtendedBase = 256ull << 20;  // table 4-2: the H and T spaces lie 256 MiB above their DRAM

constexpr GpaRange kCompatible{0xa0000, 0xc0000};
constexpr GpaRange kHighDram{0xa0000, 0x100000};

using enum Accesses;

// Table 4-4 for G_SMRAME = 1, by SMRAM 6:4 (D_OPEN, D_CLS, D_LCK). Columns: CPU, CPU in SMM, bus master.
constexpr std::array<std::array<Accesses, 3>, 8> kDecodeControl{{
    /* 0 0 0 */ {{kNone, kAll, kNone}},
    /* 0 0 1 */ {{kNone, kAll, kNone}},
    /* 0 1 0 */ {{kNone, kFetch, kNone}},
    /* 0 1 1 */ {{kNone, kFetch, kNone}},
    /* 1 0 0 */ {{kAll, kAll, kNone}},
    /* 1 0 1 */ {{kNone, kAll, kNone}},
    /* 1 1 0 */ {{kNone, kFetch, kNone}},  // illegal: taken as 0 1 0
    /* 1 1 1 */ {{kNone, kFetch, kNone}},
}};

SmramSpace extended(GpaRange dram) {
  if (dram.empty()) return {};
  return {{dram.start() + kExtendedBase, dram.end() + kExtendedBase}, dram.start()};
}

}  // namespace

Accesses smram_accesses(const DecodeRegisters& registers, View view) {
  if (!(registers.smram & kGSmrame)) return kNone;
  return kDecodeControl[registers.smram >> 4 & 7][static_cast<std::size_t>(view)];
}

GpaRange tseg(const DecodeRegisters& registers) {
  const Gpa top = top_of_memory(registers);
  if (!(registers.smram & kGSmrame) || !(registers.esmramc & kTsegEn) || top == 0) return {};
  return {top - (kSmallestTseg << (registers.esmramc >> 1 & 3)), top};
}

SmramSpaces smram_spaces(const DecodeRegisters& registers) {
  if (!(registers.smram & kGSmrame)) return {};
  // With H_SMRAM_EN the compatible range is no SMM space.
  if (registers.esmramc & kHSmramEn) return {{}, extended(kHighDram), extended(tseg(registers))};
  return {{kCompatible, kCompatible.start()}, {}, extended(tseg(registers))};
}

}  // namespace lowmeg::decode
