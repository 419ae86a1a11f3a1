#include "cli/trace/recorder.hpp"

namespace cli {

void TraceRecorder::record(const vmm::TraceEvent& event) {
  const std::lock_guard lock(mutex_);
  if (events_.size() < most_events_) {
    events_.push_back(event);
  } else {
    ++lost_;
  }
}

}  // namespace cli
