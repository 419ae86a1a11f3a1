// GET messages that many tests speak, in hex.
#pragma once

namespace lowmeg::fakes {

inline constexpr const char* kVersion42 = "01 02 01 00 02 00 04 00";  ///< the client's offer of 4.2
inline constexpr const char* kAccepted = "01 03 01 00 01 00";
inline constexpr const char* kReset = "01 02 1d 00 04 00 00 00";  ///< of slot 4

}  // namespace lowmeg::fakes
