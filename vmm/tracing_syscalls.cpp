#include "vmm/tracing_syscalls.hpp"

#include <fmt/format.h>
#include <linux/kvm.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "lowmeg/core/stopwatch.hpp"

namespace vmm {
namespace {

// What `call` gives, its errno kept, and how long it took.
template <typename Call>
auto timed(std::uint64_t& nanoseconds, Call call) {
  const lowmeg::Stopwatch stopwatch(nanoseconds);
  return call();
}

std::string protection_text(int protection) {
  if (protection == PROT_NONE) return "none";
  return (protection & PROT_WRITE) != 0 ? "read and write" : "read";
}

// SAFETY: the caller's request says that the argument is the address of such a structure.
const kvm_userspace_memory_region& region_at(std::uintptr_t argument) {
  return *reinterpret_cast<const kvm_userspace_memory_region*>(argument);
}

}  // namespace

int TracingSyscalls::ioctl(int fd, unsigned long request, std::uintptr_t argument) {
  if (request != KVM_SET_USER_MEMORY_REGION) return below_.ioctl(fd, request, argument);
  const kvm_userspace_memory_region region = region_at(argument);
  TraceEvent event{
      .kind = TraceEvent::Kind::kSlotCall,
      .name = fmt::format("slot {} {}", region.slot & 0xffff, region.memory_size == 0 ? "deleted" : "set"),
      .numbers = {{"gpa", region.guest_phys_addr}, {"size", region.memory_size}, {"flags", region.flags}}};
  const int result = timed(event.took_ns, [&] { return below_.ioctl(fd, request, argument); });
  const int error = errno;
  if (result != 0) event.texts = {{"failed", std::string(strerrorname_np(error))}};
  sink_(std::move(event));
  errno = error;
  return result;
}

void* TracingSyscalls::mmap(void* address, std::size_t size, int protection, int flags, int fd,
                            std::uint64_t offset) {
  TraceEvent event{.kind = TraceEvent::Kind::kMapping,
                   .name = "mmap",
                   .texts = {{"protection", protection_text(protection)}},
                   .numbers = {{"size", size}, {"offset", offset}}};
  void* const result =
      timed(event.took_ns, [&] { return below_.mmap(address, size, protection, flags, fd, offset); });
  const int error = errno;
  sink_(std::move(event));
  errno = error;
  return result;
}

int TracingSyscalls::munmap(void* address, std::size_t size) {
  TraceEvent event{.kind = TraceEvent::Kind::kMapping, .name = "munmap", .numbers = {{"size", size}}};
  const int result = timed(event.took_ns, [&] { return below_.munmap(address, size); });
  const int error = errno;
  sink_(std::move(event));
  errno = error;
  return result;
}

int TracingSyscalls::mprotect(void* address, std::size_t size, int protection) {
  TraceEvent event{.kind = TraceEvent::Kind::kProtect,
                   .name = "mprotect",
                   .texts = {{"protection", protection_text(protection)}},
                   .numbers = {{"size", size}}};
  const int result = timed(event.took_ns, [&] { return below_.mprotect(address, size, protection); });
  const int error = errno;
  sink_(std::move(event));
  errno = error;
  return result;
}

}  // namespace vmm
