#include "vmm/board/pit.hpp"

namespace vmm {
namespace {

constexpr unsigned kIrq = 0;

// A memory refresh each 15.085 us toggles bit 4 of port 61h: 18 ticks of the timer.
constexpr std::uint64_t kRefreshTicks = 18;

constexpr std::uint64_t ticks_at(std::uint64_t ns) {
  return ns / kNsPerSecond * Pit::kHertz + ns % kNsPerSecond * Pit::kHertz / kNsPerSecond;
}

// The first nanosecond of a tick.
constexpr std::uint64_t ns_of(std::uint64_t tick) {
  const std::uint64_t part = (tick % Pit::kHertz * kNsPerSecond + Pit::kHertz - 1) / Pit::kHertz;
  return tick / Pit::kHertz * kNsPerSecond + part;
}
static_assert(ticks_at(ns_of(1)) == 1 && ticks_at(ns_of(1) - 1) == 0);

}  // namespace

Pit::Pit(const Clock& clock, InterruptLines& lines) : clock_(clock), lines_(lines) {
  reset();
}

std::uint64_t Pit::now() const {
  return ticks_at(clock_.now_ns());
}

void Pit::reset() {
  for (PitCounter& counter : counters_) counter.reset();
  counters_[2].set_gate(now(), Level::kLow);  // port 61h, bit 0
  control_b_ = 0;
  seen_ = now();
  out0_ = Level::kHigh;
}

std::uint32_t Pit::read(std::uint16_t port, unsigned /*size*/) {
  if (port == kControlB) return read_control_b();
  const unsigned index = port & 3;
  return index < counters_.size() ? counters_[index].read(now()) : 0xff;
}

void Pit::write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  if (port == kControlB) return write_control_b(byte);
  advance();
  const unsigned index = port & 3;
  if (index < counters_.size())
    counters_[index].write(now(), byte);
  else
    write_control(byte);
  show_out0();
}

// Control word (figure 7): 7:6 the counter, 11 = read-back of the counters in bits 3:1; 5:4 = 00 latches the
// count.
void Pit::write_control(std::uint8_t value) {
  const unsigned index = value >> 6;
  if (index < counters_.size()) {
    if (value & 0x30)
      counters_[index].write_control(value);
    else
      counters_[index].latch_count(now());
    return;
  }
  for (unsigned i = 0; i < counters_.size(); ++i) {
    if (!(value & (2u << i))) continue;
    if (!(value & 0x20)) counters_[i].latch_count(now());
    if (!(value & 0x10)) counters_[i].latch_status(now());
  }
}

std::uint64_t Pit::next_event_ns() const {
  const std::optional<std::uint64_t> rise = counters_[0].next_rise(seen_);
  return rise ? ns_of(*rise) : kNever;
}

void Pit::advance() {
  const std::optional<std::uint64_t> rise = counters_[0].next_rise(seen_);
  seen_ = now();
  if (rise && *rise <= seen_) {
    lines_.lower(kIrq);
    lines_.raise(kIrq);
    out0_ = Level::kHigh;
  }
  show_out0();
}

void Pit::show_out0() {
  const Level level = counters_[0].out(now());
  if (level == out0_) return;
  out0_ = level;
  level == Level::kHigh ? lines_.raise(kIrq) : lines_.lower(kIrq);
}

std::uint8_t Pit::read_control_b() const {
  const std::uint64_t ticks = now();
  const unsigned refresh = ticks / kRefreshTicks % 2 ? 0x10 : 0;
  const unsigned out2 = counters_[2].out(ticks) == Level::kHigh ? 0x20 : 0;
  return static_cast<std::uint8_t>(control_b_ | refresh | out2);
}

void Pit::write_control_b(std::uint8_t value) {
  control_b_ = value & 0x0f;
  counters_[2].set_gate(now(), value & 1 ? Level::kHigh : Level::kLow);
}

}  // namespace vmm
