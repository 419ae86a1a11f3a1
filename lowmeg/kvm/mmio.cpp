#include "lowmeg/kvm/mmio.hpp"

#include <algorithm>
#include <atomic>

namespace lowmeg::kvm {
namespace {

using memory::Route;
using memory::Routes;
using memory::Target;

enum class Outcome { kDone, kBus };

Outcome read_byte(Route route, const GuestMemory& memory, std::uint64_t offset_in_page, std::uint8_t& byte) {
  const std::uint64_t offset = route.offset() + offset_in_page;
  switch (route.target()) {
    case Target::kRam:
      byte = std::atomic_ref(memory.ram.bytes[offset]).load(std::memory_order_relaxed);
      return Outcome::kDone;
    case Target::kRom:
      byte = memory.rom.bytes[offset];
      return Outcome::kDone;
    case Target::kOpen:
      byte = 0xff;
      return Outcome::kDone;
    default:
      return Outcome::kBus;
  }
}

// Atomic: two CPUs may race for a byte, which is the guest's affair.
Outcome write_byte(Route route, const GuestMemory& memory, std::uint64_t offset_in_page, std::uint8_t byte) {
  if (route.target() == Target::kRam) {
    std::atomic_ref(memory.ram.bytes[route.offset() + offset_in_page]).store(byte, std::memory_order_relaxed);
  }
  return route.target() == Target::kBus ? Outcome::kBus : Outcome::kDone;
}

}  // namespace

MmioAccess MmioAccess::of(kvm_run& run) {
  const std::size_t length = std::min<std::size_t>(run.mmio.len, sizeof(run.mmio.data));
  return {run.mmio.phys_addr, run.mmio.is_write ? MmioDirection::kWrite : MmioDirection::kRead,
          std::span(run.mmio.data, length)};
}

MmioVerdict complete_by(const memory::Layout& layout, const GuestMemory& memory, const MmioAccess& access,
                        WriteLog* log) {
  LOWMEG_INVARIANT(access.data.size() <= 8, "an access has at most 8 bytes");
  MmioVerdict verdict;
  Routes routes;
  for (std::size_t i = 0; i < access.data.size(); ++i) {
    const Gpa gpa = access.gpa + i;
    const std::uint64_t offset = gpa % kPageSize;
    if (i == 0 || offset == 0) routes = layout.find(gpa);
    const Outcome outcome = access.direction == MmioDirection::kRead
                                ? read_byte(routes.read, memory, offset, access.data[i])
                                : write_byte(routes.write, memory, offset, access.data[i]);
    const bool is_stored = access.direction == MmioDirection::kWrite && routes.write.target() == Target::kRam;
    if (log != nullptr && is_stored) log->written(routes.write.offset() + offset, 1);
    if (outcome == Outcome::kBus) verdict.bus_bytes = static_cast<std::uint8_t>(verdict.bus_bytes | 1u << i);
  }
  return verdict;
}

bool is_emulation_failure(const kvm_run& run) {
  return run.exit_reason == KVM_EXIT_INTERNAL_ERROR && run.internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
}

bool is_fetch_without_slot(const kvm_run& run) {
  return is_emulation_failure(run) && run.internal.ndata >= 1 && run.internal.data[0] == 0;
}

}  // namespace lowmeg::kvm
