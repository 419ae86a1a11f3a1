// gdb's remote serial protocol, inner layer: what a packet asks for, and what is answered.
//
// After the gdb manual, appendix E.2-E.8. What stock gdb needs for `target remote`: ? g G p P m M c s Z z D
// k, qSupported, qXfer:features, qRcmd (monitor). Unknown packets get the empty answer, as the protocol
// wants.
//
// gdb's i8086 knows no segments. So register EIP is told as the linear address of the next instruction, and
// `break *0xfe05b`, `x/i $pc` and `stepi` mean what a person means; `monitor regs` has CS:EIP as they are.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/gdb/target.hpp"

namespace vmm::gdb {

struct Answer {
  enum class Then {
    kStay,      ///< the guest stands
    kContinue,  ///< it runs; the answer comes when it stops
    kStep,      ///< one instruction
    kDetach,    ///< it runs, and gdb goes
    kKill,      ///< it ends
  };
  std::string reply;  ///< without a frame; not sent with kContinue and kStep
  Then then = Then::kStay;
};

/// Memory that is watched for writes, and what it held last.
struct Watch {
  std::uint32_t address = 0, size = 0;
  std::string held;

  friend bool operator==(const Watch&, const Watch&) = default;
};

/// No threads, no I/O.
class Session {
 public:
  static constexpr std::size_t kMostPoints = 1024;    ///< breakpoints, and watches
  static constexpr std::uint32_t kLargestWatch = 64;  ///< bytes

  /// Borrows the target.
  explicit Session(Target& target) : target_(target) {}

  Answer answer(std::string_view packet);

  const std::set<std::uint32_t>& breakpoints() const { return breakpoints_; }
  bool breaks_on_pam() const { return breaks_on_pam_; }
  /// Whether the guest must be looked at after each instruction.
  bool steps_singly() const { return !breakpoints_.empty() || !watches_.empty(); }
  /// The first watch whose memory holds something else than when last asked.
  std::optional<std::uint32_t> changed_watch();

 private:
  std::string registers() const;
  bool set_registers(std::string_view digits);
  std::string read_memory(std::string_view arguments) const;
  std::string write_memory(std::string_view arguments);
  std::string one_register(std::string_view arguments) const;
  std::string set_one_register(std::string_view arguments);
  std::string point(char action, std::string_view arguments);
  std::string query(std::string_view packet);
  std::string monitor(std::string_view command);
  std::string held_at(std::uint32_t address, std::uint32_t size) const;

  Target& target_;
  std::set<std::uint32_t> breakpoints_;
  std::vector<Watch> watches_;
  bool breaks_on_pam_ = false;
};

}  // namespace vmm::gdb
