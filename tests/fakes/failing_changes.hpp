// The kernel's calls, of which those that change a guest's map can be made to fail.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cerrno>

#include "lowmeg/kvm/kvm_header.hpp"
#include "tests/fakes/forwarding_syscalls.hpp"

namespace lowmeg::fakes {

/// Any thread.
class FailingChanges final : public ForwardingSyscalls {
 public:
  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override {
    if (request == KVM_SET_USER_MEMORY_REGION && fails()) return -1;
    return system().ioctl(fd, request, argument);
  }
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    if ((flags & MAP_FIXED) != 0 && fails()) return MAP_FAILED;
    return system().mmap(address, size, protection, flags, fd, offset);
  }
  int mprotect(void* address, std::size_t size, int protection) override {
    return fails() ? -1 : system().mprotect(address, size, protection);
  }

  /// The change after `calls` others fails, and that alone.
  void fail_once_after(int calls) { set(calls, 1); }
  /// All changes after `calls` others fail.
  void fail_after(int calls) { set(calls, kForEver); }

 private:
  static constexpr int kForEver = 1 << 30;
  void set(int calls, int failures) {
    failures_ = failures;
    calls_ = calls;
  }
  bool fails() {
    if (failures_ == 0 || calls_-- > 0) return false;
    --failures_;
    errno = ENOMEM;
    return true;
  }

  std::atomic<int> calls_{0}, failures_{0};
};

}  // namespace lowmeg::fakes
