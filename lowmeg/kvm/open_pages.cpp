#include "lowmeg/kvm/open_pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "lowmeg/kvm/placement.hpp"

namespace lowmeg::kvm {

Result<OpenPages> OpenPages::create(Mapped mapped, Syscalls& syscalls) {
  // SAFETY: memfd_create reads the name only.
  OpenPages pages(Descriptor(memfd_create("lowmeg open bus", MFD_CLOEXEC)), syscalls);
  if (pages.fd() < 0) return fail_errno("memfd_create for the open bus");
  std::array<std::uint8_t, kPageSize> page;
  page.fill(0xff);
  for (std::uint64_t offset = 0; offset < kOpenSlots.size(); offset += page.size()) {
    const auto written = pwrite(pages.fd(), page.data(), page.size(), static_cast<off_t>(offset));
    if (written != static_cast<ssize_t>(page.size())) return fail_errno("filling the pages of the open bus");
  }
  if (mapped == Mapped::kNo) return pages;
  // SAFETY: a new mapping at an address of the kernel's choice; unmapped by the destructor.
  void* const place = syscalls.mmap(nullptr, kOpenSlots.size(), PROT_READ, MAP_SHARED, pages.fd(), 0);
  if (place == MAP_FAILED) return fail_errno("mapping the pages of the open bus");
  // SAFETY: the address as a number; it is only given to KVM.
  pages.address_ = reinterpret_cast<std::uint64_t>(place);
  return pages;
}

OpenPages::OpenPages(OpenPages&& other) noexcept
    : fd_(std::move(other.fd_)), address_(std::exchange(other.address_, 0)), syscalls_(other.syscalls_) {}

OpenPages::~OpenPages() {
  // SAFETY: our own mapping; the slots over it are gone by now.
  if (address_ != 0) syscalls_->munmap(reinterpret_cast<void*>(address_), kOpenSlots.size());
}

}  // namespace lowmeg::kvm
