// Memory maps between C's arrays of regions and the library's values.
#pragma once

#include <optional>
#include <vector>

#include "lowmeg/c/failure.hpp"
#include "lowmeg/decode/bus_map.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::c {

/// Regions of a caller's. kInvalidArgument with a line that names the first that is wrong.
Result<std::vector<memory::Region>> read_regions(const lowmeg_region* regions, std::size_t count);
/// What answers on both buses.
Result<decode::BusMap> read_buses(const lowmeg_bus& pci, const lowmeg_bus& agp);

/// A range with its routes, as C has it.
lowmeg_region region_for_c(const GpaRange& range, const memory::Routes& routes);

/// A map as C sees it, as long as this lives.
class MapForC {
 public:
  explicit MapForC(const memory::MemoryMap& map);
  const lowmeg_map* get() const { return &map_; }

 private:
  std::vector<lowmeg_region> cpu_, cpu_smm_, bus_master_;
  lowmeg_map map_;
};

/// A Mapper that is a callback of the caller's.
class CommitCallback final : public memory::Mapper {
 public:
  CommitCallback(lowmeg_commit_fn call, void* context) : commit_(call), context_(context) {}

  Result<void> commit(const memory::MemoryMap& map) override;
  const memory::MemoryMap& map() const override { return map_; }

 private:
  lowmeg_commit_fn commit_;
  void* context_;
  memory::MemoryMap map_ = memory::MemoryMap::uniform(memory::Layout(decode::kWindow));
};

}  // namespace lowmeg::c
