// Base64 (RFC 4648, section 4), as qtest's b64read and b64write have their bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vmm::qtest {

std::string to_base64(std::span<const std::uint8_t> bytes);
/// None: other characters, or not whole groups of four. Bits past the last byte are passed over.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace vmm::qtest
