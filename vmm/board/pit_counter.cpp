#include "vmm/board/pit_counter.hpp"

namespace vmm {
namespace {

// A count as written to a number: four decimal digits in BCD, 0 means the largest (data sheet, programming).
std::uint64_t period_of(std::uint16_t value, bool bcd) {
  if (value == 0) return bcd ? 10000 : 0x10000;
  if (!bcd) return value;
  return (value >> 12) * 1000u + ((value >> 8) & 15) * 100u + ((value >> 4) & 15) * 10u + (value & 15);
}

// A number of remaining ticks as the counting element shows it: modulo its size.
std::uint16_t shown(std::uint64_t remaining, bool bcd) {
  if (!bcd) return static_cast<std::uint16_t>(remaining);
  const auto n = static_cast<unsigned>(remaining % 10000);
  return static_cast<std::uint16_t>((n / 1000) << 12 | (n / 100 % 10) << 8 | (n / 10 % 10) << 4 | n % 10);
}

}  // namespace

void PitCounter::reset() {
  *this = PitCounter();
}

void PitCounter::write_control(std::uint8_t control) {
  const unsigned mode = (control >> 1) & 7;
  mode_ = mode > 5 ? mode - 4 : mode;  // modes 2 and 3 have an x for bit 2
  access_ = static_cast<Access>((control >> 4) & 3);
  bcd_ = control & 1;
  start_.reset();
  held_.reset();
  written_low_.reset();
  status_latch_.reset();
  count_latch_.reset();
  read_high_ = false;
}

void PitCounter::write(std::uint64_t now, std::uint8_t value) {
  if (access_ == Access::kLow) return load(now, value);
  if (access_ == Access::kHigh) return load(now, static_cast<std::uint16_t>(value << 8));
  if (!written_low_) {
    written_low_ = value;
    if (mode_ == 0) start_.reset();  // "Writing the first byte disables counting. OUT is set low"
    return;
  }
  const auto whole = static_cast<std::uint16_t>(value << 8 | *written_low_);
  written_low_.reset();
  load(now, whole);
}

void PitCounter::load(std::uint64_t now, std::uint16_t value) {
  period_ = period_of(value, bcd_);
  if (mode_ == 1 || mode_ == 5) return;  // a rising gate starts these
  start_ = now;
  held_ = gate_ == Level::kLow ? std::optional<std::uint64_t>(0) : std::nullopt;
}

void PitCounter::set_gate(std::uint64_t now, Level gate) {
  if (gate == gate_) return;
  gate_ = gate;
  const bool triggered = mode_ == 1 || mode_ == 5;
  if (gate == Level::kHigh) {
    if (triggered || (periodic() && start_))
      start_ = now;
    else if (start_ && held_)
      start_ = now - *held_;
    held_.reset();
  } else if (start_ && !triggered) {
    held_ = elapsed(now);
  }
}

std::uint64_t PitCounter::elapsed(std::uint64_t now) const {
  if (held_) return *held_;
  return start_ && now > *start_ ? now - *start_ : 0;
}

// Data sheet, mode definitions. Mode 4's and 5's strobe is low for the one tick in which the count is 0.
Level PitCounter::out(std::uint64_t now) const {
  const std::uint64_t done = elapsed(now);
  bool high = true;
  if (mode_ == 0) high = start_ && done >= period_;
  if (mode_ == 1) high = !start_ || done >= period_;
  if (periodic() && (!start_ || gate_ == Level::kLow)) return Level::kHigh;
  if (mode_ == 2) high = period_ == 1 || done % period_ != period_ - 1;
  if (mode_ == 3) high = done % period_ < (period_ + 1) / 2;
  if (mode_ >= 4) high = !start_ || done != period_;
  return high ? Level::kHigh : Level::kLow;
}

std::optional<std::uint64_t> PitCounter::next_rise(std::uint64_t now) const {
  if (!start_ || held_) return std::nullopt;
  if (periodic()) return *start_ + (elapsed(now) / period_ + 1) * period_;
  const std::uint64_t rise = *start_ + period_ + (mode_ >= 4 ? 1 : 0);
  return rise > now ? std::optional(rise) : std::nullopt;
}

// Ticks to go. One-shot modes run on through 0 and wrap; the square wave counts by two, twice a period.
std::uint64_t PitCounter::remaining(std::uint64_t now) const {
  const std::uint64_t done = elapsed(now);
  if (!periodic()) return period_ + (bcd_ ? 10000 : 0x10000) - done % (bcd_ ? 10000 : 0x10000);
  const std::uint64_t phase = done % period_;
  if (mode_ == 2) return period_ - phase;
  const std::uint64_t half = (period_ + 1) / 2;
  return (period_ & ~1ull) - 2 * (phase < half ? phase : phase - half);
}

std::uint16_t PitCounter::count(std::uint64_t now) const {
  return shown(remaining(now), bcd_);
}

void PitCounter::latch_count(std::uint64_t now) {
  if (!count_latch_) count_latch_ = count(now);  // "the second ... is ignored"
}

// Read-back status: bit 7 OUT, bit 6 null count, 5:4 RW, 3:1 mode, 0 BCD (data sheet, figure 11).
void PitCounter::latch_status(std::uint64_t now) {
  if (status_latch_) return;
  const unsigned out_bit = out(now) == Level::kHigh ? 0x80 : 0;
  const unsigned null_count = start_ ? 0 : 0x40;
  status_latch_ = static_cast<std::uint8_t>(out_bit | null_count | static_cast<unsigned>(access_) << 4 |
                                            mode_ << 1 | (bcd_ ? 1 : 0));
}

std::uint8_t PitCounter::read(std::uint64_t now) {
  if (status_latch_) {
    const std::uint8_t status = *status_latch_;
    status_latch_.reset();
    return status;
  }
  const std::uint16_t value = count_latch_.value_or(count(now));
  const bool high = access_ == Access::kHigh || (access_ == Access::kBoth && read_high_);
  if (access_ == Access::kBoth) read_high_ = !read_high_;
  if (access_ != Access::kBoth || high) count_latch_.reset();
  return static_cast<std::uint8_t>(high ? value >> 8 : value);
}

}  // namespace vmm
