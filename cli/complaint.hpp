// What a command has to say on stderr, in one line.
#pragma once

#include <cstdio>
#include <string>

#include "cli/print.hpp"
#include "vmm/machine.hpp"

namespace cli {

/// "lowmeg: " and the line.
inline void complain(const std::string& line) {
  print(stderr, "lowmeg: {}\n", line);
}

/// Events on stderr, a line each; thread-safe.
class StderrEvents final : public lowmeg::EventSink {
 public:
  enum class Voice { kHeard, kQuiet };
  explicit StderrEvents(Voice voice = Voice::kHeard) : voice_(voice) {}

  void event(const lowmeg::Event& event) override {
    if (voice_ == Voice::kQuiet || event.severity == lowmeg::Severity::kDebug) return;
    std::fflush(stdout);
    print(stderr, "lowmeg: {}: {}\n", event.room, event.text);
  }

 private:
  Voice voice_;
};

}  // namespace cli
