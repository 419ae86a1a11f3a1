// gdb's remote serial protocol, outer layer: packets "$text#checksum", acknowledgements, and the byte 03 by
// which a person stops the guest.
//
// After the gdb manual, appendix E.1 "Overview". Run-length encoding is never sent; "}" escapes are taken.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vmm::gdb {

struct Input {
  enum class Kind {
    kPacket,
    kDamaged,    ///< a packet whose checksum is wrong: to be answered with "-"
    kInterrupt,  ///< 03 between packets
  };
  Kind kind = Kind::kPacket;
  std::string text = {};  ///< of kPacket, escapes resolved

  friend bool operator==(const Input&, const Input&) = default;
};

/// Takes bytes as they come, in any pieces. No threads, no I/O.
class Framer {
 public:
  /// What PacketSize tells gdb, in bytes of text.
  static constexpr std::size_t kLongestPacket = 4096;

  void put(std::string_view bytes);
  /// The next in order; none: more bytes are needed.
  std::optional<Input> next();
  /// A packet grew beyond the limit: whoever sends that is no gdb.
  bool is_overrun() const { return overrun_; }

 private:
  void put(char byte);
  void finish();

  enum class State { kOutside, kText, kFirstDigit, kSecondDigit };
  State state_ = State::kOutside;
  std::string raw_;     // between $ and #
  std::string digits_;  // the checksum
  std::deque<Input> inputs_;
  bool overrun_ = false;
};

/// The packet that carries `text`, which holds none of # $ } *.
std::string framed(std::string_view text);

/// Two digits a byte, lower case.
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);
/// None: an odd number of digits, or something else among them.
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace vmm::gdb
