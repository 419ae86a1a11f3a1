#include "vmm/reset_log.hpp"

#include <fmt/format.h>

namespace vmm {

void ResetLog::add(const ResetCause& cause, Errand errand, std::string where, std::uint64_t time_ns) {
  if (count_++ == 0) first_ns_ = time_ns;
  if (cause == kResetByTripleFault) ++triple_faults_;
  in_vain_ = errand == Errand::kStartsOver ? in_vain_ + 1 : 0;
  last_ns_ = time_ns;
  last_ = cause;
  where_ = std::move(where);
}

std::string ResetLog::text() const {
  if (count_ == 0) return {};
  const auto seconds = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e9; };
  const std::string faults =
      triple_faults_ == 0 ? "" : fmt::format(", {} of them by triple faults", triple_faults_);
  if (count_ == 1) return fmt::format("1 reset, by {} at {}", last_.name, where_);
  return fmt::format("{} resets from {:.1f} to {:.1f} s{}; the last by {} at {}", count_, seconds(first_ns_),
                     seconds(last_ns_), faults, last_.name, where_);
}

}  // namespace vmm
