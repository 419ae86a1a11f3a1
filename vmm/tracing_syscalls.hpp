// The system calls by which KVM's map is changed, told of one by one.
#pragma once

#include "lowmeg/kvm/syscalls.hpp"
#include "vmm/trace_event.hpp"

namespace vmm {

/// Thread-safe as far as the sink is.
class TracingSyscalls final : public lowmeg::kvm::Syscalls {
 public:
  /// Borrows what does the work.
  TracingSyscalls(lowmeg::kvm::Syscalls& below, std::function<void(TraceEvent)> sink)
      : below_(below), sink_(std::move(sink)) {}

  int open(const char* path, int flags) override { return below_.open(path, flags); }
  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override;
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override;
  int munmap(void* address, std::size_t size) override;
  int mprotect(void* address, std::size_t size, int protection) override;

 private:
  lowmeg::kvm::Syscalls& below_;
  std::function<void(TraceEvent)> sink_;
};

}  // namespace vmm
