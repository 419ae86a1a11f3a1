#include "vmm/cpu_kvm/exit_service.hpp"

#include <cstring>

namespace vmm {

using lowmeg::kvm::AfterRun;
using lowmeg::kvm::BusWrite;
using lowmeg::kvm::MmioAccess;
using lowmeg::kvm::MmioDirection;
using lowmeg::kvm::MmioVerdict;

void serve_port(kvm_run& run, VcpuExits& exits) {
  const unsigned size = run.io.size;
  // SAFETY: KVM places count * size bytes at this offset within the mapping.
  auto* data = reinterpret_cast<std::uint8_t*>(&run) + run.io.data_offset;
  for (std::uint32_t i = 0; i < run.io.count; ++i, data += size) {
    std::uint32_t value = 0;
    if (run.io.direction == KVM_EXIT_IO_IN) {
      value = exits.io_in(run.io.port, size);
      std::memcpy(data, &value, size);
    } else {
      std::memcpy(&value, data, size);
      exits.io_out(run.io.port, size, value);
    }
  }
}

void serve_bus(const AfterRun& after, lowmeg::kvm::KvmMapper& mapper, VcpuExits& exits) {
  for (const BusWrite& write : after.writes) {
    mapper.wait_for(write.ticket);
    if (write.space == BusWrite::Space::kMemory) exits.mmio_write(write.at, write.data());
    mapper.done(write.ticket);
  }
  mapper.wait_for(after.ticket);
  if (after.action == AfterRun::Action::kBus) serve_bus(after.access, after.verdict, exits);
}

void serve_bus(const MmioAccess& access, MmioVerdict verdict, VcpuExits& exits) {
  const auto is_bus = [verdict](std::size_t byte) { return (verdict.bus_bytes >> byte & 1) != 0; };
  for (std::size_t start = 0; start < access.data.size();) {
    std::size_t end = start;
    while (end < access.data.size() && is_bus(end)) ++end;
    if (end == start) {
      ++start;
      continue;
    }
    const auto piece = access.data.subspan(start, end - start);
    if (access.direction == MmioDirection::kRead) {
      exits.mmio_read(access.gpa + start, piece);
    } else {
      exits.mmio_write(access.gpa + start, piece);
    }
    start = end;
  }
}

}  // namespace vmm
