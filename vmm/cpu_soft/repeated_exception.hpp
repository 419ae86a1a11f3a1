// Notices an exception that leads nowhere: its handler returns to the instruction that raised it, which
// raises it again, and so on for ever. Firmware whose handlers are a bare IRET does that with an instruction
// that the CPU does not have.
//
// The rule: kRepeats times in a row an exception has the same vector and the same CS:EIP, no other exception
// comes between them, and each time the instruction executed last was the IRET that led there. A handler that
// steps over its instruction, as an emulator of a coprocessor does, never meets the third condition: a loop
// of such instructions is not noticed, however long. One that puts things right and returns, as a loader of
// segments does, does not meet the first. Interrupts may come between. Nothing is done about it but to tell,
// so a guest whose handler waits for something, which no rule can tell from this, runs on. Left out: handlers
// that return by RETF or a jump.
#pragma once

#include <cstdint>
#include <vector>

namespace vmm {

/// What a person wants to know of it. A value.
struct RepeatedException {
  std::uint8_t vector = 0;
  std::uint16_t selector = 0;  ///< CS
  std::uint32_t eip = 0;
  std::vector<std::uint8_t> bytes;  ///< of the instruction and what follows, as far as memory shows them

  friend bool operator==(const RepeatedException&, const RepeatedException&) = default;
};

namespace cpu_soft {

/// No threads. Times are instruction counts.
class ExceptionWatch {
 public:
  static constexpr std::uint32_t kRepeats = 10'000;

  struct Place {
    std::uint8_t vector = 0;
    std::uint16_t selector = 0;
    std::uint32_t base = 0;
    std::uint32_t eip = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };

  /// An IRET is done: `now` counts it.
  void returned(std::uint64_t now) { returned_at_ = now; }

  /// An exception: `now` counts the instruction that raised it.
  void raised(const Place& place, std::uint64_t now) {
    const bool again = place == place_ && returned_at_ + 1 == now;
    times_ = !again ? 1 : times_ < kRepeats ? times_ + 1 : times_;
    period_ = again ? now - raised_at_ : 0;
    place_ = place;
    raised_at_ = now;
  }

  /// Whether at `now` it repeats, as far as can be seen: the next would not be overdue yet by much.
  bool repeats(std::uint64_t now) const {
    return times_ == kRepeats && now - raised_at_ <= 2 * period_ + kPatience;
  }
  const Place& place() const { return place_; }

 private:
  static constexpr std::uint64_t kPatience = 100'000;  // for interrupt handlers between

  Place place_;
  std::uint32_t times_ = 0;
  std::uint64_t raised_at_ = 0;
  std::uint64_t period_ = 0;
  std::uint64_t returned_at_ = ~std::uint64_t{0} - 1;
};

}  // namespace cpu_soft
}  // namespace vmm
