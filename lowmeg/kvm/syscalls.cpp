#include "lowmeg/kvm/syscalls.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

namespace lowmeg::kvm {
namespace {

class SystemSyscalls final : public Syscalls {
 public:
  int open(const char* path, int flags) override { return ::open(path, flags); }
  // SAFETY: passed on as it came; the callers say why theirs is right.
  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override {
    return ::ioctl(fd, request, argument);
  }
  // SAFETY: as above.
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    return ::mmap(address, size, protection, flags, fd, static_cast<off_t>(offset));
  }
  // SAFETY: as above.
  int munmap(void* address, std::size_t size) override { return ::munmap(address, size); }
  // SAFETY: as above.
  int mprotect(void* address, std::size_t size, int protection) override {
    return ::mprotect(address, size, protection);
  }
};

}  // namespace

Syscalls& Syscalls::system() {
  static SystemSyscalls syscalls;
  return syscalls;
}

}  // namespace lowmeg::kvm
