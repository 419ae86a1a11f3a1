#include "lowmeg/memory/backing.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg::memory {

Result<Backing> Backing::create(const char* name, std::uint64_t size) {
  if (size == 0 || !is_page_aligned(size)) {
    return fail(Errc::kInvalidArgument, fmt::format("{}: {} bytes are not whole pages", name, size));
  }
  // SAFETY: memfd_create reads the name only; the descriptor is ours and closed on each way out.
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return fail_errno(fmt::format("memfd_create {}", name));
  if (ftruncate(fd, static_cast<off_t>(size)) != 0) {
    auto error = fail_errno(fmt::format("ftruncate {} to {} bytes", name, size));
    close(fd);
    return error;
  }
  // SAFETY: a new mapping at an address of the kernel's choice; it covers just the size set above.
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    auto error = fail_errno(fmt::format("mmap {} of {} bytes", name, size));
    close(fd);
    return error;
  }
  return Backing(fd, static_cast<std::uint8_t*>(data), size);
}

Backing::Backing(Backing&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Backing& Backing::operator=(Backing&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Backing::~Backing() {
  // SAFETY: our own mapping, unmapped once; nothing keeps a pointer into it past the Backing's life.
  if (data_ != nullptr) munmap(data_, size_);
  if (fd_ >= 0) close(fd_);
}

}  // namespace lowmeg::memory
