// A machine's commits, told of one by one.
#pragma once

#include "lowmeg/memory/mapper.hpp"
#include "vmm/trace_event.hpp"

namespace vmm {

/// As thread-safe as the mapper below.
class TracingMapper final : public lowmeg::memory::Mapper {
 public:
  /// Borrows who makes the guest see it.
  TracingMapper(lowmeg::memory::Mapper& below, std::function<void(TraceEvent)> sink)
      : below_(below), sink_(std::move(sink)) {}

  lowmeg::Result<void> commit(const lowmeg::memory::MemoryMap& map) override;
  const lowmeg::memory::MemoryMap& map() const override { return below_.map(); }
  std::shared_lock<lowmeg::memory::WriterFirstMutex> hold() const override { return below_.hold(); }

 private:
  lowmeg::memory::Mapper& below_;
  std::function<void(TraceEvent)> sink_;
};

}  // namespace vmm
