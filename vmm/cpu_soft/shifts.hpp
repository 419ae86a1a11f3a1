// Shifts and rotates as functions of their operands: Intel SDM volume 2, RCL/RCR/ROL/ROR, SAL/SAR/SHL/SHR,
// SHLD, SHRD.
//
// Where the SDM leaves a flag undefined, these give what a P6 gives for the flags next to it: OF as for a
// count of 1.
#pragma once

#include <cstdint>

namespace vmm::cpu_soft {

/// In the order of the ModR/M byte's reg field; 6 is an alias of SHL.
enum class Shift : std::uint8_t { kRol, kRor, kRcl, kRcr, kShl, kShr, kSal, kSar };
enum class DoubleShift : std::uint8_t { kLeft, kRight };

struct ShiftResult {
  std::uint32_t value;
  std::uint32_t flags_changed;  ///< which of the flags below are set or cleared; none with a count of 0
  std::uint32_t flags;
};

/// `size` is 1, 2 or 4 bytes, `value` zero-extended, `count` as the instruction gives it, `flags` for the
/// carry in.
ShiftResult shift(Shift kind, unsigned size, std::uint32_t value, std::uint32_t count, std::uint32_t flags);

/// `size` is 2 or 4.
ShiftResult double_shift(DoubleShift kind, unsigned size, std::uint32_t value, std::uint32_t filler,
                         std::uint32_t count);

}  // namespace vmm::cpu_soft
