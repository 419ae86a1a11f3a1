// Which mmap and mprotect calls bring the host window from what is mapped to what is wanted. Pure functions
// on values.
//
// Neighbours with the same access whose bytes run on are one mmap, neighbours with the same access one
// mprotect, over a stretch between them that is in place already as well, if it is short.
#pragma once

#include <vector>

#include "lowmeg/kvm/placement.hpp"
#include "lowmeg/kvm/slot_table.hpp"

namespace lowmeg::kvm {

/// In the order in which running CPUs may see them. Who is refused a write waits until all are made, so
/// *lowering* an access shows nothing; *mapping* shows new bytes; *raising* comes last, so that nobody writes
/// by the new map and elsewhere by the old one.
struct MappingPlan {
  std::vector<SetAccess> lower;
  std::vector<MapBytes> map;
  std::vector<SetAccess> raise;

  std::size_t size() const { return lower.size() + map.size() + raise.size(); }
};

MappingPlan mapping_plan(const memory::Layout& mapped, const std::vector<Placement>& wanted);

/// `operations` with a fence: what will be mapped is first made inaccessible, so that no CPU sees one new
/// piece and one old one. Whoever looks there is turned away meanwhile. One stretch is left out where that
/// saves a call: to map it is the moment of the change. `kAll` leaves none out.
enum class Fenced { kAllButOne, kAll };
std::vector<Operation> with_fence(const std::vector<Operation>& operations, Fenced fenced);

}  // namespace lowmeg::kvm
