// Lays ranges over each other, lowest priority first, and makes a Layout of the result.
#pragma once

#include <vector>

#include "lowmeg/decode/access.hpp"
#include "lowmeg/memory/layout.hpp"

namespace lowmeg::decode {

/// For one decode, by one thread. All that is laid lies within the window; ranges may be empty.
class Overlay {
 public:
  explicit Overlay(const memory::Layout& lowest);

  /// Lays what `source` has at the same addresses over `range`.
  void lay(GpaRange range, const memory::Layout& source, Accesses accesses = Accesses::kAll) {
    lay(range, source, range.start(), accesses);
  }
  /// Lays what `source` has from `source_start` on.
  void lay(GpaRange range, const memory::Layout& source, Gpa source_start,
           Accesses accesses = Accesses::kAll);
  /// Lays `routes`, those of the first page.
  void lay(GpaRange range, const memory::Routes& routes, Accesses accesses = Accesses::kAll);

  memory::Layout layout() const;

 private:
  std::size_t split(Gpa gpa);

  GpaRange window_;
  std::vector<memory::Region> regions_;  // sorted, without gap; neighbours may continue each other
};

}  // namespace lowmeg::decode
