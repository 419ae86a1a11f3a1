// A file descriptor that closes itself.
#pragma once

#include <utility>

namespace lowmeg::kvm {

/// Owns a descriptor or nothing (-1). Moved, never copied.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  /// Borrowed.
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace lowmeg::kvm
