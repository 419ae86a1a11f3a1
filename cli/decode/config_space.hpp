// The configuration space of PCI functions as people hand it around: `lspci -xxx`, the kernel's
// /sys/bus/pci/devices/.../config, 256 raw bytes.
//
// The text is what pciutils 3.9 writes with -x, -xxx and -xxxx and reads with -F (lib/dump.c): a line that
// begins with an address opens a function, lines "50: 0c 8a ..." hold its bytes, an empty line closes it, all
// else is passed over. Here lines may also be indented or quoted by a mail program ("> "). What lies above
// FFh (PCI Express) is read and left out.
#pragma once

#include <array>
#include <bitset>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowmeg/bridge/register_table.hpp"
#include "lowmeg/core/result.hpp"

namespace cli {

/// Domain, bus, device and function, as lspci writes them.
struct PciAddress {
  std::uint32_t domain = 0;
  std::uint8_t bus = 0;
  std::uint8_t device = 0;    ///< to 1Fh
  std::uint8_t function = 0;  ///< to 7

  friend auto operator<=>(const PciAddress&, const PciAddress&) = default;
};

/// "00:01.0", and "0001:00:01.0" in another domain than 0.
std::string text_of(const PciAddress& address);
/// Of such a text, alone or as the beginning of a line whose next character is a space.
std::optional<PciAddress> pci_address(std::string_view text);

/// A function's first 256 bytes, and which of them are known.
struct ConfigSpace {
  PciAddress address;
  std::string name;  ///< what follows the address on its line
  std::array<std::uint8_t, 256> bytes{};
  std::bitset<256> known;

  std::uint16_t word(std::size_t offset) const {
    return static_cast<std::uint16_t>(bytes[offset] | bytes[offset + 1] << 8);
  }
  bool knows(std::size_t offset, std::size_t size) const;
  lowmeg::bridge::ConfigDwords dwords() const;

  friend bool operator==(const ConfigSpace&, const ConfigSpace&) = default;
};

/// Longer input is refused: 32 buses full of functions are less.
inline constexpr std::size_t kLongestDump = 16 << 20;

/// All functions in the input, text or raw bytes (64, 128, 256 or 4096 of one function, at 00:00.0 then), in
/// their order. kInvalidArgument with a line that names the first line that is wrong.
lowmeg::Result<std::vector<ConfigSpace>> read_config_spaces(std::string_view input);

/// As `lspci -xxx` writes them, for `lspci -F` and for read_config_spaces: rows of 16 bytes as far as they
/// are known, an empty line after each function.
std::string config_spaces_text(std::span<const ConfigSpace> spaces);

/// A register by what setpci calls it: "59.b=30", "58.L=33333010"; without a letter a byte.
struct Assignment {
  std::uint8_t offset = 0;
  std::uint8_t size = 1;  ///< bytes
  std::uint32_t value = 0;

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// kInvalidArgument with a line for what is no assignment, reaches past FFh, is not aligned or too large.
lowmeg::Result<Assignment> assignment_of(std::string_view text);
/// The bytes are there, whatever a chip would say to the write.
void assign(const Assignment& assignment, ConfigSpace& space);

}  // namespace cli
