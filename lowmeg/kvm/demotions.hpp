// Which protected pages have been written to, and so get a read-only slot: KVM refuses a write to a page that
// is protected by its mapping, while one under a read-only slot exits and can be carried out.
//
// A slot's kind is a hint of speed alone: to demote late, or a page too many, is never wrong.
#pragma once

#include <map>
#include <vector>

#include "lowmeg/memory/layout.hpp"

namespace lowmeg::kvm {

/// By the page. A value; no lock.
class Demotions {
 public:
  /// A page that was demoted `enough` times gets its read-only slot at once, for the next times that it is
  /// read-only; then it is tried without once more, for whoever wrote to it may be gone. 0: for ever.
  explicit Demotions(unsigned enough) : enough_(enough) {}

  /// Somebody writes to this range.
  void demote(const GpaRange& range);
  /// Pages that are memory in `layout` are demoted no more, though it is remembered how often they were.
  void promote(const memory::Layout& layout);

  /// Sorted, as long as they can be.
  std::vector<GpaRange> ranges() const;

 private:
  struct Page {
    unsigned times = 0, times_kept = 0;
    bool is_demoted = false, is_memory = false;
  };
  std::map<Gpa, Page> pages_;
  unsigned enough_;
};

}  // namespace lowmeg::kvm
