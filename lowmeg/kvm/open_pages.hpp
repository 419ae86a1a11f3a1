// The bytes of a place where nobody answers: FFh, as many as kOpenSlots is long, so that any stretch of it is
// one mapping at the same offset, and neighbours join.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/descriptor.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::kvm {

/// Owns a memfd and, where wanted, a mapping of it. Moved, never copied.
class OpenPages {
 public:
  enum class Mapped { kNo, kYes };
  /// kSystem when they cannot be had.
  static Result<OpenPages> create(Mapped mapped, Syscalls& syscalls);
  OpenPages(OpenPages&& other) noexcept;
  OpenPages& operator=(OpenPages&&) = delete;
  OpenPages(const OpenPages&) = delete;
  OpenPages& operator=(const OpenPages&) = delete;
  ~OpenPages();

  /// Borrowed; the page for `gpa` lies at gpa - kOpenSlots.start().
  int fd() const { return fd_.get(); }
  /// Where the first page lies in this process; 0 unless kYes was asked for.
  std::uint64_t address() const { return address_; }
  /// Leaves the mapping to the process for good: a slot may still show it.
  void abandon() { address_ = 0; }

 private:
  OpenPages(Descriptor fd, Syscalls& syscalls) : fd_(std::move(fd)), syscalls_(&syscalls) {}

  Descriptor fd_;
  std::uint64_t address_ = 0;
  Syscalls* syscalls_;
};

}  // namespace lowmeg::kvm
