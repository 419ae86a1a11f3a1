// The first mebibyte as a band that changes while the guest runs, in a terminal of 80 columns or more.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "vmm/machine.hpp"

namespace cli {

/// What a frame shows.
struct BandView {
  std::string title;
  std::uint64_t time_ns = 0;  ///< of the machine's time
  std::uint64_t changes = 0;
  std::string band;                ///< machine_view's; empty: not yet
  std::string before;              ///< the band before the last change
  std::deque<std::string> writes;  ///< the last ones, oldest first
  std::string console;             ///< the last line
};

/// How many writes are shown.
inline constexpr std::size_t kBandWrites = 8;

/// Lines, always as many, none wider than `columns`.
std::vector<std::string> band_frame(const BandView& view, std::size_t columns, const Terminal& terminal);

/// Draws over what it drew before. One thread at a time.
class LiveBand {
 public:
  /// On a terminal's descriptor.
  LiveBand(int fd, std::string title);

  void console(char c);
  void changed(const vmm::TimelineEntry& entry, std::uint64_t time_ns);
  /// Between the machine's turns: draws, some 25 times a second at most.
  void turn(vmm::Machine& machine);
  void finish(vmm::Machine& machine);
  /// What to write for a map at a time: the way back over the last frame, and the lines.
  std::string frame(const std::vector<vmm::MegabyteRow>& map, std::uint64_t time_ns, std::size_t columns);

 private:
  void draw(vmm::Machine& machine);

  int fd_;
  Terminal terminal_;
  BandView view_;
  std::string line_;  // of the console, so far
  std::size_t drawn_ = 0;
  bool is_new_ = true;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace cli
