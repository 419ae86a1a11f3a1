// The system calls that this room makes, as a seam: a test makes the n-th of them fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowmeg::kvm {

/// Each does what its namesake in section 2 of the manual does, errno included. Thread-safe.
class Syscalls {
 public:
  virtual ~Syscalls() = default;

  virtual int open(const char* path, int flags) = 0;
  /// `argument` is a number or an address, as the request has it.
  virtual int ioctl(int fd, unsigned long request, std::uintptr_t argument) = 0;
  virtual void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
                     std::uint64_t offset) = 0;
  virtual int munmap(void* address, std::size_t size) = 0;
  virtual int mprotect(void* address, std::size_t size, int protection) = 0;

  /// The kernel's. Lives as long as the program.
  static Syscalls& system();
};

/// An ioctl whose argument is a structure.
template <typename T>
int ioctl(Syscalls& syscalls, int fd, unsigned long request, T& argument) {
  // SAFETY: the address is used within the call only; the caller picks the structure that the request names.
  return syscalls.ioctl(fd, request, reinterpret_cast<std::uintptr_t>(&argument));
}

}  // namespace lowmeg::kvm
