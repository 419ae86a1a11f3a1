#include "lowmeg/kvm/demotions.hpp"

namespace lowmeg::kvm {

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
    if (!page.is_demoted || page.times >= enough_) continue;
    const memory::Routes routes = layout.find(gpa);
    if (routes.read.target() == memory::Target::kRam && routes.write == routes.read) page.is_demoted = false;
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
