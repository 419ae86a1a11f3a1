// An EventSink that keeps what it hears.
#pragma once

#include <string>
#include <vector>

#include "lowmeg/core/event_sink.hpp"

namespace lowmeg::fakes {

class RecordingEventSink final : public EventSink {
 public:
  void event(const Event& event) override { events.push_back(event); }

  /// How many events of this severity there are.
  std::size_t count(Severity severity) const {
    std::size_t result = 0;
    for (const Event& event : events) result += event.severity == severity ? 1 : 0;
    return result;
  }
  /// The texts, one a line.
  std::string text() const {
    std::string lines;
    for (const Event& event : events) lines += event.text + "\n";
    return lines;
  }

  std::vector<Event> events;
};

}  // namespace lowmeg::fakes
