// Numbers as the remote protocol writes them: hexadecimal digits and nothing else.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace vmm::gdb {

/// None where there are no digits, others than digits, or more than 32 bits.
inline std::optional<std::uint32_t> hex_number(std::string_view digits) {
  std::uint32_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  return error == std::errc() && stop == end && !digits.empty() ? std::optional(value) : std::nullopt;
}

}  // namespace vmm::gdb
