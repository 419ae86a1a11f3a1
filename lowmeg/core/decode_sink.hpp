// Seam 2: a chip's host bridge tells of the registers that its address decode depends on, as one value.
//
// Source of the list: 82443BX data sheet (290633) chapter 4.1, "Memory address ranges".
#pragma once

#include <array>
#include <cstdint>

#include "lowmeg/core/gpa_state.hpp"
#include "lowmeg/core/result.hpp"

namespace lowmeg {

/// Device 1, the AGP bridge: what it forwards from PCI bus 0 to AGP. All zero where there is none.
struct AgpBridgeRegisters {
  std::uint16_t pcicmd1 = 0;  ///< 04h: memory space enable
  std::uint16_t mbase = 0;    ///< 20h
  std::uint16_t mlimit = 0;   ///< 22h
  std::uint16_t pmbase = 0;   ///< 24h
  std::uint16_t pmlimit = 0;  ///< 26h
  std::uint8_t bctrl = 0;     ///< 3Eh: VGA enable

  friend bool operator==(const AgpBridgeRegisters&, const AgpBridgeRegisters&) = default;
};

/// Every register that changes the address decode, by the data sheet's names. What a chip has not got is 0.
struct DecodeRegisters {
  std::array<std::uint8_t, 7> pam{};  ///< PAM0-PAM6, 59h-5Fh
  std::uint8_t drb7 = 0;              ///< 67h, top of memory in units of 8 MiB
  std::uint8_t fdhc = 0;              ///< 68h, fixed DRAM holes
  std::uint8_t smram = 0;             ///< 72h
  std::uint8_t esmramc = 0;           ///< 73h
  std::uint32_t nbxcfg = 0;           ///< 50h: MDA present, aperture access
  std::uint32_t apbase = 0;           ///< 10h
  std::uint8_t apsize = 0;            ///< B4h
  std::uint8_t pmcr = 0;              ///< 7Ah: AGP_DIS
  AgpBridgeRegisters agp;

  friend bool operator==(const DecodeRegisters&, const DecodeRegisters&) = default;
};

/// The way down of a chip's registers; Hyper-V's use AdjustGpaRanges instead.
class DecodeSink {
 public:
  virtual ~DecodeSink() = default;

  /// One call for each config write that changed any of them (kDelta), and one at power-on, reset and restore
  /// (kForced), changed or not. Threading and errors as AdjustGpaRanges::adjust.
  virtual Result<void> changed(const DecodeRegisters& registers, Apply apply) = 0;
};

}  // namespace lowmeg
