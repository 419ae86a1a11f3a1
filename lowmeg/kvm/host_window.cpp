#include "lowmeg/kvm/host_window.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <utility>

#include "lowmeg/kvm/placement.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Target;

constexpr std::uint64_t kLargePage = 2ull << 20, kHugePage = 1ull << 30;

struct FileRange {
  int fd;
  std::uint64_t offset;
};

int protection(Access access) {
  switch (access) {
    case Access::kNone:
      return PROT_NONE;
    case Access::kRead:
      return PROT_READ;
    case Access::kReadWrite:
      break;
  }
  return PROT_READ | PROT_WRITE;
}

std::string text(const GpaRange& range) {
  return fmt::format("{:#x}-{:#x} of the guest", range.start(), range.end() - 1);
}

}  // namespace

Result<HostWindow> HostWindow::create(GpaRange window, Reserved reserved, Syscalls& syscalls) {
  if (reserved == Reserved::kNo) return HostWindow(window, 0, syscalls);
  const std::uint64_t unit = window.size() >= kHugePage ? kHugePage : kLargePage;
  const std::size_t size = window.size() + unit;
  // SAFETY: a new mapping at an address of the kernel's choice, without memory; unmapped by the destructor.
  void* place = syscalls.mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    return fail_errno(fmt::format("reserving {:#x} bytes of addresses for guest memory", window.size()));
  }
  // SAFETY: the address as a number; it is only given to mmap, mprotect and KVM.
  const auto start = reinterpret_cast<std::uint64_t>(place);
  const std::uint64_t base = start + (window.start() - start) % unit;
  // SAFETY: the ends of the reservation that are of no use.
  if (base != start) syscalls.munmap(place, base - start);
  syscalls.munmap(reinterpret_cast<void*>(base + window.size()), start + size - (base + window.size()));
  return HostWindow(window, base, syscalls);
}

HostWindow::HostWindow(HostWindow&& other) noexcept
    : window_(other.window_), base_(std::exchange(other.base_, 0)), syscalls_(other.syscalls_) {}

HostWindow::~HostWindow() {
  // SAFETY: our own reservation with all that was mapped into it; the slots over it are gone by now.
  if (base_ != 0) syscalls_->munmap(reinterpret_cast<void*>(base_), window_.size());
}

Result<void> HostWindow::map(const MapBytes& bytes, const GuestMemory& memory, const OpenPages& open_pages) {
  LOWMEG_INVARIANT(window_.contains(bytes.range) && !bytes.range.empty(), "bytes within the window");
  const std::uint64_t offset = bytes.bytes.offset();
  FileRange file{};
  switch (bytes.bytes.target()) {
    case Target::kRam:
      file = {memory.ram.fd, memory.ram.fd_offset + offset};
      break;
    case Target::kRom:
      file = {memory.rom.fd, memory.rom.fd_offset + offset};
      break;
    default:
      LOWMEG_INVARIANT(bytes.bytes.target() == Target::kOpen && kOpenSlots.contains(bytes.range),
                       "open pages");
      file = {open_pages.fd(), bytes.range.start() - kOpenSlots.start()};
  }
  // SAFETY: replaces pages of our own reservation only, as the check above says; the caller has checked that
  // the bytes lie within the memory.
  void* const place = reinterpret_cast<void*>(address(bytes.range.start()));
  if (syscalls_->mmap(place, bytes.range.size(), protection(bytes.access), MAP_SHARED | MAP_FIXED, file.fd,
                      file.offset) == MAP_FAILED) {
    return fail_errno("mapping " + text(bytes.range));
  }
  return {};
}

Result<void> HostWindow::set_access(const SetAccess& change) {
  LOWMEG_INVARIANT(window_.contains(change.range) && !change.range.empty(), "bytes within the window");
  // SAFETY: pages of our own reservation, as the check above says.
  void* const place = reinterpret_cast<void*>(address(change.range.start()));
  if (syscalls_->mprotect(place, change.range.size(), protection(change.access)) != 0) {
    return fail_errno("protecting " + text(change.range));
  }
  return {};
}

}  // namespace lowmeg::kvm
