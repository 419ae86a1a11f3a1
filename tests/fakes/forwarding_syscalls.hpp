// The kernel's system calls, for a test that changes some of them.
#pragma once

#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::fakes {

class ForwardingSyscalls : public kvm::Syscalls {
 public:
  int open(const char* path, int flags) override { return system().open(path, flags); }
  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override {
    return system().ioctl(fd, request, argument);
  }
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    return system().mmap(address, size, protection, flags, fd, offset);
  }
  int munmap(void* address, std::size_t size) override { return system().munmap(address, size); }
  int mprotect(void* address, std::size_t size, int protection) override {
    return system().mprotect(address, size, protection);
  }
};

}  // namespace lowmeg::fakes
