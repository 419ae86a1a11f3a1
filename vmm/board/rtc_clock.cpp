#include "vmm/board/rtc_clock.hpp"

#include <algorithm>

namespace vmm {
namespace {

namespace chrono = std::chrono;

// Data sheet, table 2.
enum Index : unsigned {
  kSeconds = 0,
  kMinutes = 2,
  kHours = 4,
  kWeekday = 6,
  kDay = 7,
  kMonth = 8,
  kYear = 9
};

constexpr std::uint64_t kUipNs = 244'000;

constexpr std::uint8_t to_bcd(unsigned value) {
  return static_cast<std::uint8_t>(value / 10 % 10 << 4 | value % 10);
}
constexpr unsigned from_bcd(std::uint8_t value) {
  return (value >> 4) * 10u + (value & 15u);
}

chrono::year_month_day date_of(chrono::sys_seconds time) {
  return chrono::year_month_day(chrono::floor<chrono::days>(time));
}

}  // namespace

std::uint8_t RtcClock::encode(unsigned value) const {
  return coding_ == Coding::kBcd ? to_bcd(value) : static_cast<std::uint8_t>(value);
}

unsigned RtcClock::decode(std::uint8_t value) const {
  return coding_ == Coding::kBcd ? from_bcd(value) : value;
}

chrono::sys_seconds RtcClock::now() const {
  return now_at_zero_ + chrono::seconds(static_cast<std::int64_t>(clock_.now_ns() / kNsPerSecond));
}

bool RtcClock::update_in_progress() const {
  return updates_ == Updates::kRunning && clock_.now_ns() % kNsPerSecond >= kNsPerSecond - kUipNs;
}

std::uint8_t RtcClock::century() const {
  return to_bcd(static_cast<unsigned>(int{date_of(now()).year()} / 100));
}

std::uint8_t RtcClock::read(unsigned index) {
  if (updates_ == Updates::kRunning) load();
  return bytes_[index];
}

void RtcClock::write(unsigned index, std::uint8_t value) {
  if (updates_ == Updates::kRunning) load();
  bytes_[index] = value;
  if (updates_ == Updates::kRunning) store();
}

void RtcClock::set_coding(Coding coding) {
  coding_ = coding;
}

void RtcClock::set_updates(Updates updates) {
  if (updates == updates_) return;
  updates == Updates::kHeld ? load() : store();
  updates_ = updates;
}

void RtcClock::load() {
  const chrono::sys_days day = chrono::floor<chrono::days>(now());
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss time(now() - day);
  bytes_[kSeconds] = encode(static_cast<unsigned>(time.seconds().count()));
  bytes_[kMinutes] = encode(static_cast<unsigned>(time.minutes().count()));
  bytes_[kHours] = encode(static_cast<unsigned>(time.hours().count()));
  bytes_[kWeekday] = encode(chrono::weekday(day).c_encoding() + 1);  // Sunday is 1
  bytes_[kDay] = encode(unsigned{date.day()});
  bytes_[kMonth] = encode(unsigned{date.month()});
  bytes_[kYear] = encode(static_cast<unsigned>(int{date.year()} % 100));
}

// What the guest wrote to a date. Out of range is carried on (the 31st of April is the 1st of May), so that
// any bytes are some date; the weekday follows from it. The century stays.
void RtcClock::store() {
  const int century = int{date_of(now()).year()} / 100;
  const auto year = chrono::year(century * 100 + static_cast<int>(decode(bytes_[kYear]) % 100));
  const auto month = chrono::month(std::clamp(decode(bytes_[kMonth]), 1u, 12u));
  const auto days =
      chrono::sys_days(year / month / 1) + chrono::days(static_cast<int>(decode(bytes_[kDay])) - 1);
  const chrono::sys_seconds set = days + chrono::hours(decode(bytes_[kHours]) % 24) +
                                  chrono::minutes(decode(bytes_[kMinutes])) +
                                  chrono::seconds(decode(bytes_[kSeconds]));
  now_at_zero_ += set - now();
}

}  // namespace vmm
