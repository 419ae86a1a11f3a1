// What the library has to say beside its results: warnings and counters go to the embedder's sink.
//
// A guest can bring an event about as often as it likes, so those that a guest causes pass an EventLimit.
#pragma once

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

/// Lets the first `burst` events of a kind through and counts the rest. No threads, no clock: the limit is on
/// the number, and the count stays for a summary.
class EventLimit {
 public:
  explicit constexpr EventLimit(std::uint64_t burst) : burst_(burst) {}

  /// Counts one event; true when it may be told.
  constexpr bool admit() { return ++count_ <= burst_; }
  constexpr std::uint64_t count() const { return count_; }
  /// True for the one event that is the last to be told, so that its text can say so.
  constexpr bool is_last() const { return count_ == burst_; }

 private:
  std::uint64_t burst_;
  std::uint64_t count_ = 0;
};

}  // namespace lowmeg
