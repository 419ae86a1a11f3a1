// Guest physical addresses and ranges of them.
//
// A GpaRange is half-open and page-aligned at both ends, as every mapping of guest memory is (KVM's slots,
// GET's RAM GPA ranges, OpenVMM's MemoryRange). It cannot hold anything else: bytes from outside go through
// make().
#pragma once

#include <compare>
#include <cstdint>

#include "lowmeg/core/invariant.hpp"
#include "lowmeg/core/result.hpp"

namespace lowmeg {

/// A guest physical address, in bytes.
using Gpa = std::uint64_t;

inline constexpr std::uint64_t kPageSize = 4096;

constexpr bool is_page_aligned(std::uint64_t value) {
  return value % kPageSize == 0;
}

class GpaRange {
 public:
  /// The empty range at 0.
  constexpr GpaRange() = default;

  /// [start, end) from addresses that the program itself knows to be right; breaking a rule aborts.
  constexpr GpaRange(Gpa start, Gpa end) : start_(start), end_(end) {
    LOWMEG_INVARIANT(is_page_aligned(start) && is_page_aligned(end) && start <= end,
                     "page-aligned, not inverted");
  }

  /// [start, start + size) from addresses of outside origin: refused with kInvalidArgument when misaligned or
  /// when the end would pass 2^64.
  static Result<GpaRange> make(Gpa start, std::uint64_t size);

  constexpr Gpa start() const { return start_; }
  constexpr Gpa end() const { return end_; }
  constexpr std::uint64_t size() const { return end_ - start_; }
  constexpr bool empty() const { return start_ == end_; }
  constexpr bool contains(Gpa gpa) const { return gpa >= start_ && gpa < end_; }
  constexpr bool contains(const GpaRange& other) const {
    return other.start_ >= start_ && other.end_ <= end_;
  }
  constexpr bool overlaps(const GpaRange& other) const { return start_ < other.end_ && other.start_ < end_; }

  friend constexpr bool operator==(const GpaRange&, const GpaRange&) = default;
  friend constexpr auto operator<=>(const GpaRange&, const GpaRange&) = default;

 private:
  Gpa start_ = 0;
  Gpa end_ = 0;
};

}  // namespace lowmeg
