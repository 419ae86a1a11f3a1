// Takes a fuzzer's bytes apart. When they run out it gives zeros and empty messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace lowmeg::fuzz {

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    const auto taken = take(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
  }
  std::uint32_t dword() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value |= std::uint32_t{byte()} << (8 * i);
    return value;
  }
  /// A length byte and as many bytes, or what is left of them.
  std::span<const std::uint8_t> message() { return take(byte()); }

 private:
  std::span<const std::uint8_t> take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const std::uint8_t> rest_;
};

}  // namespace lowmeg::fuzz
