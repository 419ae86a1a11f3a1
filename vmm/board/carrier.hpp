// The volatile state of a device on its way out of it or into it: the device names its fields once, and the
// same list goes both ways, so that the two cannot differ.
//
// Little-endian, numbers of their own width, nothing between them. What comes in was written by anybody: a
// number may have a bound, and a field that no device can have, or bytes that end too early, fail once and
// for all; what is carried after that stays as it is. Does no I/O.
#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "lowmeg/core/result.hpp"

namespace vmm {

/// No threads, no locks.
class Carrier {
 public:
  using Bytes = std::vector<std::uint8_t>;

  /// Out of devices.
  Carrier() = default;
  /// Into devices; borrows the bytes.
  explicit Carrier(std::span<const std::uint8_t> bytes) : left_(bytes), is_loading_(true) {}

  bool is_loading() const { return is_loading_; }
  /// What was carried out of devices.
  Bytes take() { return std::move(out_); }
  /// After all was carried in: whether it was all, and what devices can have.
  lowmeg::Result<void> end() const;

  template <std::unsigned_integral T>
  void number(T& field, T greatest = std::numeric_limits<T>::max(), T least = 0) {
    std::uint64_t value = field;
    carry(value, sizeof(T));
    if (is_loading_ && check(value >= least && value <= greatest)) field = static_cast<T>(value);
  }
  /// All between the two are values as well.
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void choice(Enum& field, Enum last, Enum first = Enum{}) {
    auto value = static_cast<std::uint8_t>(field);
    number(value, static_cast<std::uint8_t>(last), static_cast<std::uint8_t>(first));
    field = static_cast<Enum>(value);
  }
  void flag(bool& field) {
    auto value = static_cast<std::uint8_t>(field);
    number(value, std::uint8_t{1});
    field = value != 0;
  }
  template <std::unsigned_integral T>
  void maybe(std::optional<T>& field, T greatest = std::numeric_limits<T>::max()) {
    bool is_there = field.has_value();
    flag(is_there);
    if (is_loading_ && !failed_) field = is_there ? std::optional<T>(T{0}) : std::nullopt;
    if (field) number(*field, greatest);
  }
  /// As many as there are.
  template <std::unsigned_integral T, std::size_t kExtent>
  void numbers(std::span<T, kExtent> fields) {
    if constexpr (sizeof(T) == 1) {
      carry_bytes(fields);
    } else {
      for (T& field : fields) number(field);
    }
  }
  /// Up to so many.
  void queue(std::deque<std::uint8_t>& field, std::uint32_t most);

 private:
  void carry(std::uint64_t& value, std::size_t size);
  void carry_bytes(std::span<std::uint8_t> fields);
  bool check(bool is_good) {
    failed_ = failed_ || !is_good;
    return !failed_;
  }

  Bytes out_;
  std::span<const std::uint8_t> left_;
  bool is_loading_ = false;
  bool failed_ = false;
};

}  // namespace vmm
