// The bytes behind guest memory: anonymous shared memory (memfd), so that an accelerator can map the same
// page at two places and another process can be handed the descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lowmeg/core/result.hpp"

namespace lowmeg::memory {

/// Owns a memfd and its one mapping in this process. Moved, never copied; the address stays. The bytes are
/// the guest's and have no lock: whoever writes them from outside the guest does so while it is stopped.
class Backing {
 public:
  /// `size` bytes of zeros, a multiple of the page size. `name` shows in /proc/self/maps. kSystem when the
  /// system has not got them, kInvalidArgument for a size of 0 or off a page.
  static Result<Backing> create(const char* name, std::uint64_t size);

  Backing(Backing&& other) noexcept;
  Backing& operator=(Backing&& other) noexcept;
  Backing(const Backing&) = delete;
  Backing& operator=(const Backing&) = delete;
  ~Backing();

  std::span<std::uint8_t> bytes() { return {data_, size_}; }
  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
  std::uint64_t size() const { return size_; }
  /// Borrowed; closed with the Backing.
  int fd() const { return fd_; }

 private:
  Backing(int fd, std::uint8_t* data, std::size_t size) : fd_(fd), data_(data), size_(size) {}

  int fd_ = -1;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lowmeg::memory
