// What resets the machine, and how far it reaches.
//
// After the PIIX4 data sheet (290562), 82371AB signals INIT, CPURST and PCIRST#, and the PIIX3's (290550),
// RCR: port 92h, the keyboard controller's RCIN#, CF9h without SRST and a shutdown cycle (a triple fault)
// drive INIT, which reaches the processors alone; CF9h with SRST drives CPURST, PCIRST# and RSTDRV, which
// reach everything. Neither is a power-on: RAM keeps its bytes.
#pragma once

#include <string_view>

namespace vmm {

enum class ResetKind {
  kInit,  ///< the processors alone: the host bridge (PAM, SMRAM with D_LCK) and the devices stay as they are
  kHard,  ///< everything but RAM and what a battery backs
};

/// A value; the name is a literal.
struct ResetCause {
  std::string_view name;
  ResetKind kind;

  friend bool operator==(const ResetCause&, const ResetCause&) = default;
};

inline constexpr ResetCause kResetByPort92{"port 92h", ResetKind::kInit};
inline constexpr ResetCause kResetByKeyboardController{"the keyboard controller", ResetKind::kInit};
inline constexpr ResetCause kSoftResetByCf9{"port CF9h without SRST", ResetKind::kInit};
inline constexpr ResetCause kHardResetByCf9{"port CF9h with SRST", ResetKind::kHard};
inline constexpr ResetCause kResetByTripleFault{"a triple fault", ResetKind::kInit};

}  // namespace vmm
