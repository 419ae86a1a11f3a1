#include "vmm/cpu_kvm/progress_watch.hpp"

namespace vmm {
std::optional<unsigned> ProgressWatch::add(std::span<const VcpuLook> looks, Time now) {
  cpus_.resize(looks.size(), {VcpuLook{}, now});
  std::optional<unsigned> suspected;
  for (unsigned cpu = 0; cpu < looks.size(); ++cpu) {
    if (!looks[cpu].stands_still_since(cpus_[cpu].look)) cpus_[cpu].since = now;
    cpus_[cpu].look = looks[cpu];
    if (!suspected && now - cpus_[cpu].since >= kStill) suspected = cpu;
  }
  return suspected;
}

}  // namespace vmm
