// The colour palette of a VGA card: 256 colours of three six-bit values, at 3C6h-3C9h.
//
// After the IBM VGA technical reference, "Video digital-to-analog converter". Left out: any effect of the
// colours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vmm {

class Carrier;

/// No threads, no locks. `offset` counts from 3C6h.
class VgaDac {
 public:
  std::uint8_t read(unsigned offset);
  void write(unsigned offset, std::uint8_t value);
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

 private:
  enum class State : std::uint8_t { kWriting = 0, kReading = 3 };  // as 3C7h reads

  std::array<std::uint8_t, 768> palette_{};
  std::size_t read_at_ = 0, write_at_ = 0;
  State state_ = State::kWriting;
  std::uint8_t pel_mask_ = 0xff;
};

}  // namespace vmm
