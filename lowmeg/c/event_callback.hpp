// The library's event sink that is a callback of the caller's.
#pragma once

#include "lowmeg/c/failure.hpp"
#include "lowmeg/core/event_sink.hpp"

namespace lowmeg::c {

class EventCallback final : public EventSink {
 public:
  /// `tell` may be null.
  EventCallback(lowmeg_event_fn tell, void* context) : tell_(tell), context_(context) {}

  void event(const Event& event) override {
    if (tell_)
      tell_(context_, static_cast<std::uint32_t>(event.severity), std::string(event.room).c_str(),
            event.text.c_str());
  }

 private:
  lowmeg_event_fn tell_;
  void* context_;
};

}  // namespace lowmeg::c
