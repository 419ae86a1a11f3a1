#include "lowmeg/kvm/host_window.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "lowmeg/kvm/slot_plan.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Target;

// As many FFs as all of kOpenSlots, so that any stretch of it is one mapping at the same offset, and
// neighbours join.
Result<Descriptor> pages_of_ff() {
  // SAFETY: memfd_create reads the name only.
  Descriptor pages(memfd_create("lowmeg open bus", MFD_CLOEXEC));
  if (pages.get() < 0) return fail_errno("memfd_create for the open bus");
  std::array<std::uint8_t, kPageSize> page;
  page.fill(0xff);
  for (std::uint64_t offset = 0; offset < kOpenSlots.size(); offset += page.size()) {
    const auto written = pwrite(pages.get(), page.data(), page.size(), static_cast<off_t>(offset));
    if (written != static_cast<ssize_t>(page.size())) return fail_errno("filling the pages of the open bus");
  }
  return pages;
}

struct FileRange {
  int fd;
  std::uint64_t offset;
  int protection;
};

}  // namespace

Result<HostWindow> HostWindow::create(GpaRange window, Syscalls& syscalls) {
  auto open_pages = pages_of_ff();
  if (!open_pages) return tl::unexpected(open_pages.error());
  // SAFETY: a new mapping at an address of the kernel's choice, without memory; unmapped by the destructor.
  void* base =
      syscalls.mmap(nullptr, window.size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return fail_errno(fmt::format("reserving {:#x} bytes of addresses for guest memory", window.size()));
  }
  // SAFETY: the address as a number; it is only given to mmap and KVM.
  return HostWindow(window, reinterpret_cast<std::uint64_t>(base), std::move(*open_pages), syscalls);
}

HostWindow::HostWindow(HostWindow&& other) noexcept
    : window_(other.window_),
      base_(std::exchange(other.base_, 0)),
      open_pages_(std::move(other.open_pages_)),
      syscalls_(other.syscalls_) {}

HostWindow::~HostWindow() {
  // SAFETY: our own reservation with all that was mapped into it; the slots over it are gone by now.
  if (base_ != 0) syscalls_->munmap(reinterpret_cast<void*>(base_), window_.size());
}

Result<void> HostWindow::map(const MappedBytes& bytes, const GuestMemory& memory) {
  LOWMEG_INVARIANT(window_.contains(bytes.range) && !bytes.range.empty(), "bytes within the window");
  const std::uint64_t offset = bytes.bytes.offset();
  FileRange file{};
  switch (bytes.bytes.target()) {
    case Target::kRam:
      file = {memory.ram.fd, memory.ram.fd_offset + offset, PROT_READ | PROT_WRITE};
      break;
    case Target::kRom:
      file = {memory.rom.fd, memory.rom.fd_offset + offset, PROT_READ};
      break;
    default:
      LOWMEG_INVARIANT(bytes.bytes.target() == Target::kOpen && kOpenSlots.contains(bytes.range),
                       "open pages");
      file = {open_pages_.get(), bytes.range.start() - kOpenSlots.start(), PROT_READ};
  }
  // SAFETY: replaces pages of our own reservation only, as the check above says; the caller has checked that
  // the bytes lie within the memory.
  void* const place = reinterpret_cast<void*>(address(bytes.range.start()));
  if (syscalls_->mmap(place, bytes.range.size(), file.protection, MAP_SHARED | MAP_FIXED, file.fd,
                      file.offset) == MAP_FAILED) {
    return fail_errno(
        fmt::format("mapping {:#x}-{:#x} of the guest", bytes.range.start(), bytes.range.end() - 1));
  }
  return {};
}

}  // namespace lowmeg::kvm
