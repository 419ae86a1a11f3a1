// What the library has to say beside its results: warnings and counters go to the embedder's sink.
//
// A guest can bring an event about as often as it likes, so those that a guest causes pass an EventLimit.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace lowmeg {

enum class Severity { kDebug, kInfo, kWarning };

struct Event {
  Severity severity = Severity::kInfo;
  std::string_view room;  ///< who speaks: "bridge", "hyperv", "get", ...
  std::string text;       ///< one line
};

class EventSink {
 public:
  virtual ~EventSink() = default;

  /// Called on the thread that found the event, with that room's lock held: do not call back into Lowmeg.
  virtual void event(const Event& event) = 0;
};

/// Throws everything away; for embedders that do not listen, and for tests.
class NullEventSink final : public EventSink {
 public:
  void event(const Event& /*event*/) override {}
};

/// Lets the first `burst` events of a kind through, and then one whenever their number has doubled: a fault
/// that goes on is never silent for good, and nobody fills a log. No threads, no clock: the limit is on the
/// number.
class EventLimit {
 public:
  /// `burst` is 1 or more.
  explicit constexpr EventLimit(std::uint64_t burst) : burst_(burst) {}

  /// Counts one event; true when it may be told.
  constexpr bool admit() {
    ++count_;
    return count_ <= burst_ || (count_ % burst_ == 0 && std::has_single_bit(count_ / burst_));
  }
  constexpr std::uint64_t count() const { return count_; }

  /// The text of an event that was admitted, with what a reader must know of those that were not.
  std::string told(std::string text) const {
    if (count_ == burst_) return text + " (further ones are told whenever their number has doubled)";
    if (count_ < burst_) return text;
    return text + " (and " + std::to_string(count_ / 2 - 1) + " like it before that were not told)";
  }

 private:
  std::uint64_t burst_;
  std::uint64_t count_ = 0;
};

}  // namespace lowmeg
