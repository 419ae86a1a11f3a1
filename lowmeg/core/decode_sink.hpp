// Seam 2: a chip's host bridge tells of the registers that its address decode depends on, as one value.
//
// Source of the list: 82443BX data sheet (290633) chapter 4.1, "Memory address ranges".
#pragma once

#include <array>
#include <cstdint>

#include "lowmeg/core/result.hpp"

namespace lowmeg {

/// Every register of device 0 that changes the address decode, by the data sheet's names.
struct DecodeRegisters {
  std::array<std::uint8_t, 7> pam{};  ///< PAM0-PAM6, 59h-5Fh
  std::uint8_t drb7 = 0;              ///< 67h, top of memory in units of 8 MiB
  std::uint8_t fdhc = 0;              ///< 68h, fixed DRAM holes
  std::uint8_t smram = 0;             ///< 72h
  std::uint8_t esmramc = 0;           ///< 73h
  std::uint32_t nbxcfg = 0;           ///< 50h: MDA present, aperture access
  std::uint32_t apbase = 0;           ///< 10h
  std::uint8_t apsize = 0;            ///< B4h

  friend bool operator==(const DecodeRegisters&, const DecodeRegisters&) = default;
};

/// The chip personality's way down; the hyperv personality uses AdjustGpaRanges instead.
class DecodeSink {
 public:
  virtual ~DecodeSink() = default;

  /// One call for each config write that changed any of them; threading and errors as
  /// AdjustGpaRanges::adjust.
  virtual Result<void> changed(const DecodeRegisters& registers) = 0;
};

}  // namespace lowmeg
