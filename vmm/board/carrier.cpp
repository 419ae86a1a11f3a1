#include "vmm/board/carrier.hpp"

#include <algorithm>

namespace vmm {

void Carrier::carry(std::uint64_t& value, std::size_t size) {
  if (!is_loading_) {
    for (std::size_t i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return;
  }
  if (!check(left_.size() >= size)) return;
  value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{left_[i]} << (8 * i);
  left_ = left_.subspan(size);
}

void Carrier::carry_bytes(std::span<std::uint8_t> fields) {
  if (!is_loading_) {
    out_.insert(out_.end(), fields.begin(), fields.end());
  } else if (check(left_.size() >= fields.size())) {
    std::ranges::copy(left_.first(fields.size()), fields.begin());
    left_ = left_.subspan(fields.size());
  }
}

void Carrier::queue(std::deque<std::uint8_t>& field, std::uint32_t most) {
  auto count = static_cast<std::uint32_t>(field.size());
  number(count, most);
  if (is_loading_ && !failed_) field.resize(count);
  for (std::uint8_t& byte : field) number(byte);
}

lowmeg::Result<void> Carrier::end() const {
  if (failed_)
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument, "a device's state that no device can have");
  if (left_.empty()) return {};
  return lowmeg::fail(lowmeg::Errc::kInvalidArgument, "more devices' state than there are devices");
}

}  // namespace vmm
