// ioctls on KVM's descriptors that give 0 or an error.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/kvm_header.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace vmm {

/// With one structure. `name` is the request's, for the error.
template <typename T>
lowmeg::Result<void> kvm_call(int fd, unsigned long request, T& argument, const char* name) {
  // SAFETY: the request reads or writes the structure that it names, within the call only.
  if (lowmeg::kvm::ioctl(lowmeg::kvm::Syscalls::system(), fd, request, argument) < 0)
    return lowmeg::fail_errno(name);
  return {};
}

/// With a number.
inline lowmeg::Result<void> kvm_call_with_number(int fd, unsigned long request, std::uintptr_t argument,
                                                 const char* name) {
  // SAFETY: the argument is a number.
  if (lowmeg::kvm::Syscalls::system().ioctl(fd, request, argument) < 0) return lowmeg::fail_errno(name);
  return {};
}

/// KVM_CHECK_EXTENSION on /dev/kvm or a VM: 0 where it is not there.
inline int kvm_extension(int fd, int capability) {
  // SAFETY: the argument is a number.
  const int answer =
      lowmeg::kvm::Syscalls::system().ioctl(fd, KVM_CHECK_EXTENSION, static_cast<std::uintptr_t>(capability));
  return answer < 0 ? 0 : answer;
}

}  // namespace vmm
