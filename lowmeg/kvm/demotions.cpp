#include "lowmeg/kvm/demotions.hpp"

#include <utility>

namespace lowmeg::kvm {
namespace {

// Of read-only times that a page keeps its slot for, before it is tried without one again.
constexpr unsigned kTimesKept = 16;

bool is_memory(const memory::Routes& routes) {
  return routes.read.target() == memory::Target::kRam && routes.write == routes.read;
}

}  // namespace

void Demotions::demote(const GpaRange& range) {
  for (Gpa gpa = range.start(); gpa < range.end(); gpa += kPageSize) {
    Page& page = pages_[gpa];
    if (page.is_demoted) continue;
    page.is_demoted = true;
    ++page.times;
  }
}

void Demotions::promote(const memory::Layout& layout) {
  for (auto& [gpa, page] : pages_) {
    const bool was_memory = std::exchange(page.is_memory, is_memory(layout.find(gpa)));
    if (!page.is_demoted || !page.is_memory) continue;
    if (page.times >= enough_) {
      if (enough_ == 0 || was_memory || ++page.times_kept < kTimesKept) continue;
      page.times_kept = 0;
      page.times = enough_ - 1;
    }
    page.is_demoted = false;
  }
}

std::vector<GpaRange> Demotions::ranges() const {
  std::vector<GpaRange> result;
  for (const auto& [gpa, page] : pages_) {
    if (!page.is_demoted) continue;
    if (!result.empty() && result.back().end() == gpa) {
      result.back() = GpaRange(result.back().start(), gpa + kPageSize);
    } else {
      result.emplace_back(gpa, gpa + kPageSize);
    }
  }
  return result;
}

}  // namespace lowmeg::kvm
