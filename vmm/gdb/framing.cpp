#include "vmm/gdb/framing.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vmm::gdb {
namespace {

std::uint8_t checksum(std::string_view raw) {
  std::uint8_t sum = 0;
  for (const char c : raw) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
  return sum;
}

std::optional<std::uint8_t> byte_of(std::string_view digits) {
  std::uint8_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  return digits.size() == 2 && error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::string unescaped(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool is_escape = raw[i] == '}' && i + 1 < raw.size();
    text += is_escape ? static_cast<char>(raw[++i] ^ 0x20) : raw[i];
  }
  return text;
}

}  // namespace

void Framer::put(std::string_view bytes) {
  for (const char byte : bytes) put(byte);
}

void Framer::put(char byte) {
  switch (state_) {
    case State::kOutside:
      // Acknowledgements and noise are passed over: the link loses nothing.
      if (byte == '\x03') inputs_.push_back({.kind = Input::Kind::kInterrupt});
      if (byte == '$') state_ = State::kText;
      break;
    case State::kText:
      if (byte == '#') {
        state_ = State::kFirstDigit;
      } else if (byte == '$') {
        raw_.clear();  // the packet before was cut short
      } else if (raw_.size() < kLongestPacket) {
        raw_ += byte;
      } else {
        overrun_ = true;
      }
      break;
    case State::kFirstDigit:
      digits_ = byte;
      state_ = State::kSecondDigit;
      break;
    case State::kSecondDigit:
      digits_ += byte;
      finish();
      break;
  }
}

void Framer::finish() {
  const bool good = byte_of(digits_) == checksum(raw_);
  inputs_.push_back(good ? Input{Input::Kind::kPacket, unescaped(raw_)}
                         : Input{.kind = Input::Kind::kDamaged});
  raw_.clear();
  state_ = State::kOutside;
}

std::optional<Input> Framer::next() {
  if (inputs_.empty()) return std::nullopt;
  Input input = std::move(inputs_.front());
  inputs_.pop_front();
  return input;
}

std::string framed(std::string_view text) {
  return fmt::format("${}#{:02x}", text, checksum(text));
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string digits;
  for (const std::uint8_t byte : bytes) digits += fmt::format("{:02x}", byte);
  return digits;
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) digits += fmt::format("{:02x}", static_cast<std::uint8_t>(byte));
  return digits;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = byte_of(digits.substr(i, 2));
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

}  // namespace vmm::gdb
