#include "lowmeg/kvm/mapping_plan.hpp"

#include <algorithm>
#include <optional>

namespace lowmeg::kvm {
namespace {

using memory::Route;

// To do again what is in place costs the pages' translations, so only over a stretch as long as a few
// segments.
constexpr std::uint64_t kLongestGap = 0x20000;

enum class Change { kNothing, kLower, kMap, kRaise };

struct Piece {
  GpaRange range;
  Route bytes;
  Access access;
  Change change;
};

Change change_of(const Piece& piece, const memory::Routes& mapped) {
  if (mapped.read != piece.bytes) return Change::kMap;
  const Access now = SlotTable::access_of(mapped);
  if (now == piece.access) return Change::kNothing;
  return piece.access < now ? Change::kLower : Change::kRaise;
}

std::vector<Piece> pieces(const memory::Layout& mapped, const std::vector<Placement>& wanted) {
  std::vector<Piece> result;
  result.reserve(mapped.regions().size() + wanted.size());
  auto below = mapped.regions().begin();
  for (const Placement& placed : wanted) {
    if (placed.way == MapWay::kInPlace) continue;
    for (Gpa gpa = placed.range.start(); gpa < placed.range.end();) {
      while (below->range.end() <= gpa) ++below;
      const Gpa end = std::min(below->range.end(), placed.range.end());
      Piece piece{GpaRange(gpa, end), placed.bytes.advanced(gpa - placed.range.start()), placed.access, {}};
      piece.change = change_of(piece, below->at(gpa));
      result.push_back(piece);
      gpa = end;
    }
  }
  return result;
}

bool is_next(const Piece& a, const Piece& b) {
  return a.range.end() == b.range.start() && a.access == b.access;
}
bool runs_on(const Piece& a, const Piece& b) {
  return is_next(a, b) && a.bytes.advanced(a.range.size()) == b.bytes;
}

using Pieces = std::span<Piece>;

// Calls `take` with each run of pieces, as long as `joins` holds between neighbours, without idle pieces at
// its ends or long ones within.
template <typename Joins, typename Take>
void for_each_run(Pieces all, Joins joins, Take take) {
  std::size_t first = 0;
  while (first < all.size()) {
    if (all[first].change == Change::kNothing) {
      ++first;
      continue;
    }
    std::size_t last = first;
    std::uint64_t gap = 0;
    for (std::size_t next = first + 1; next < all.size() && joins(all[next - 1], all[next]); ++next) {
      const bool is_idle = all[next].change == Change::kNothing;
      gap = is_idle ? gap + all[next].range.size() : 0;
      if (gap > kLongestGap) break;
      if (!is_idle) last = next;
    }
    take(all.subspan(first, last - first + 1));
    first = last + 1;
  }
}

GpaRange hull(Pieces run) {
  return {run.front().range.start(), run.back().range.end()};
}

bool has(Pieces run, Change change) {
  return std::ranges::any_of(run, [change](const Piece& piece) { return piece.change == change; });
}

// The parts of a run from its first mapping to its last become one mapping, with all that lies between.
void take_mappings(Pieces all, std::vector<MapBytes>& mappings) {
  for_each_run(all, runs_on, [&](Pieces run) {
    if (!has(run, Change::kMap)) return;
    mappings.push_back({hull(run), run.front().bytes, run.front().access});
    for (Piece& piece : run) piece.change = Change::kNothing;
  });
}

}  // namespace

MappingPlan mapping_plan(const memory::Layout& mapped, const std::vector<Placement>& wanted) {
  MappingPlan plan;
  std::vector<Piece> all = pieces(mapped, wanted);
  take_mappings(all, plan.map);
  for_each_run(Pieces(all), is_next, [&](Pieces run) {
    auto& changes = has(run, Change::kLower) ? plan.lower : plan.raise;
    changes.push_back({hull(run), run.front().access});
  });
  return plan;
}

namespace {

// Stretches of mappings that touch.
std::vector<GpaRange> stretches(const std::vector<MapBytes>& mappings) {
  std::vector<GpaRange> result;
  for (const MapBytes& map : mappings) {
    if (!result.empty() && result.back().end() == map.range.start()) {
      result.back() = GpaRange(result.back().start(), map.range.end());
    } else {
      result.push_back(map.range);
    }
  }
  return result;
}

// The one mapping that needs no fence, if there is one that would need a fence of its own.
std::optional<MapBytes> alone(const std::vector<MapBytes>& mappings, const std::vector<GpaRange>& fences) {
  const auto found = std::ranges::find_if(
      mappings, [&](const MapBytes& map) { return std::ranges::find(fences, map.range) != fences.end(); });
  return found == mappings.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::vector<Operation> with_fence(const std::vector<Operation>& operations, Fenced fenced) {
  std::vector<MapBytes> mappings;
  for (const Operation& operation : operations) {
    if (const auto* map = std::get_if<MapBytes>(&operation)) mappings.push_back(*map);
  }
  std::vector<GpaRange> fences = stretches(mappings);
  const auto first = fenced == Fenced::kAll ? std::nullopt : alone(mappings, fences);
  if (first) {
    std::erase(fences, first->range);
    std::erase(mappings, *first);
    mappings.insert(mappings.begin(), *first);
  }
  std::vector<Operation> result;
  const auto is_map = [](const Operation& operation) { return std::holds_alternative<MapBytes>(operation); };
  const auto place = std::ranges::find_if(operations, is_map);
  result.assign(operations.begin(), place);
  for (const GpaRange& fence : fences) result.push_back(SetAccess{fence, Access::kNone});
  result.insert(result.end(), mappings.begin(), mappings.end());
  std::copy_if(place, operations.end(), std::back_inserter(result),
               [&](const auto& o) { return !is_map(o); });
  return result;
}

}  // namespace lowmeg::kvm
