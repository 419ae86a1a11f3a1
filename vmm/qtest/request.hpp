// One line of QEMU's qtest protocol, decoded: a program that tests a machine asks for accesses to ports and
// memory, as a CPU would make them.
//
// After QEMU's docs/devel/testing/qtest.rst and the comment at the head of its system/qtest.c. Left out:
// what is another machine's than a PC's. Devices have no QOM path here, so no interrupt line can be named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace vmm::qtest {

/// Of memory, in one request. Two digits a byte: the longest line is a little more than twice that.
inline constexpr std::uint64_t kMostBytes = 4 << 20;
/// In nanoseconds since power-on, as far as QEMU's clock goes.
inline constexpr std::uint64_t kEndOfTime = INT64_MAX;
inline constexpr std::size_t kLongestLine = 2 * kMostBytes + 64;

struct Request {
  enum class Kind {
    kEndianness,
    kClockNext,  ///< to the next event of a timer
    kClockStep,  ///< by `value` nanoseconds
    kClockSet,   ///< to `value` nanoseconds, unless they are past
    kPin,        ///< of a device that is named by its QOM path
    kIn,         ///< `size` 1, 2 or 4 at the port `address`
    kOut,        ///< likewise, of `value`
    kRead,       ///< `size` 1, 2, 4 or 8
    kWrite,      ///< likewise, of `value`
    kReadBytes,
    kReadBase64,
    kWriteBytes,   ///< `bytes`, as many as `size`
    kWriteBase64,  ///< likewise
    kFill,         ///< `size` bytes of `value`
  };
  Kind kind = Kind::kEndianness;
  std::uint64_t address = 0;  ///< a port below 10000h; in memory all of the access lies below 4 GiB
  std::uint64_t size = 0;     ///< bytes, kMostBytes at most
  std::uint64_t value = 0;    ///< of no more bits than `size` has, in kFill of 8; a time: kEndOfTime at most
  std::vector<std::uint8_t> bytes = {};

  friend bool operator==(const Request&, const Request&) = default;
};

/// What the line asks for, or why it is no request, in one line.
tl::expected<Request, std::string> parse(std::string_view line);

}  // namespace vmm::qtest
