#include "vmm/qtest/base64.hpp"

#include <algorithm>

namespace vmm::qtest {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kPad = '=';
constexpr std::size_t kBytes = 3, kCharacters = 4;  // of a group

}  // namespace

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + kBytes - 1) / kBytes * kCharacters);
  for (std::size_t at = 0; at < bytes.size(); at += kBytes) {
    const std::size_t size = std::min(kBytes, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i != kBytes; ++i) group = group << 8 | (i < size ? bytes[at + i] : 0u);
    for (std::size_t i = 0; i != kCharacters; ++i)
      text += i <= size ? kAlphabet[group >> (18 - 6 * i) & 0x3f] : kPad;
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  if (text.size() % kCharacters != 0) return std::nullopt;
  for (int i = 0; i != 2 && text.ends_with(kPad); ++i) text.remove_suffix(1);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / kCharacters * kBytes + kBytes);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held));
  }
  return bytes;
}

}  // namespace vmm::qtest
