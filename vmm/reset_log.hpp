// How often the guest has reset the machine, by what, and whether it gets anywhere in between.
//
// Programs for the 286 go back to real mode by INIT, thousands of times: the CMOS shutdown status (0Fh) tells
// the firmware where to go on. A guest that starts over from nothing again and again, and writes nothing to
// its console, is in a loop that only its owner can end.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/board/reset_cause.hpp"

namespace vmm {

/// No threads, no locks, no clock.
class ResetLog {
 public:
  /// So many resets in a row that lead nowhere are a loop.
  static constexpr std::uint64_t kMostInVain = 1000;

  enum class Errand {
    kStartsOver,  ///< the CMOS shutdown status is 0: the firmware runs POST
    kGoesOn,      ///< it has somewhere to go back to
  };

  void add(const ResetCause& cause, Errand errand, std::string where, std::uint64_t time_ns);
  /// The console got a character.
  void progress() { in_vain_ = 0; }

  std::uint64_t count() const { return count_; }
  std::uint64_t triple_faults() const { return triple_faults_; }
  bool is_loop() const { return in_vain_ >= kMostInVain; }
  /// "2135 resets from 0.1 to 7.0 s, 2135 of them by triple faults; the last by a triple fault at
  /// F000:0000E05B"; one line. Empty: none.
  std::string text() const;

 private:
  std::uint64_t count_ = 0, triple_faults_ = 0, in_vain_ = 0;
  std::uint64_t first_ns_ = 0, last_ns_ = 0;
  ResetCause last_ = kResetByTripleFault;
  std::string where_;
};

}  // namespace vmm
