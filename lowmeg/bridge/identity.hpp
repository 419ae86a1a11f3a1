// Who a host bridge says it is. PAM acts the same behind each of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lowmeg::bridge {

struct Identity {
  std::string_view name;
  std::uint16_t vendor;
  std::uint16_t device;
  std::uint8_t revision;
  std::uint8_t dramt;  ///< 58h after reset; it shares its dword with PAM0-PAM2
};

/// What OpenVMM and Hyper-V present: a 440BX with AGP strapped off.
inline constexpr Identity kHyperv{"hyperv", 0x8086, 0x7192, 0x03, 0x03};
/// 82443BX stepping C-1, AGP enabled (data sheet 290633, 3.3.1-3.3.5).
inline constexpr Identity kI440bx{"i440bx", 0x8086, 0x7190, 0x03, 0x03};
/// 82441FX (data sheet 290549), the one that SeaBIOS knows.
inline constexpr Identity kI440fx{"i440fx", 0x8086, 0x1237, 0x02, 0x10};

inline constexpr std::array<Identity, 3> kIdentities{kI440fx, kI440bx, kHyperv};

}  // namespace lowmeg::bridge
