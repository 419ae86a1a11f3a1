// What a change of the map takes: is the map possible, which calls lead to it, and may vCPUs run meanwhile?
// Pure: it reads what is in place, and changes nothing.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lowmeg/kvm/address_space.hpp"
#include "lowmeg/kvm/coalesced_zones.hpp"
#include "lowmeg/kvm/mapper_config.hpp"

namespace lowmeg::kvm {

/// What a change is about to do.
struct ChangePlan {
  enum class Vcpus : std::uint8_t { kRunning, kFenced, kPaused };
  struct Move {
    std::size_t space;
    Operation operation;
  };

  memory::MemoryMap map;                   ///< that it leads to
  std::vector<AddressSpace::Step> spaces;  ///< one for each address space
  ZoneChanges zones;
  std::vector<memory::LayoutChange> bus_master;
  Vcpus vcpus = Vcpus::kRunning;
  std::vector<Move> moves;  ///< the calls, in their order

  bool shows_a_change() const { return !spaces.front().changes.empty() || !bus_master.empty(); }
  bool changes_vcpus() const;
  bool is_needed() const { return changes_vcpus() || !bus_master.empty() || !zones.empty(); }
  /// For an observer; valid as long as the plan.
  MapChange change() const { return {spaces.front().changes, bus_master, map}; }
};

/// What is in place; borrows all of it.
struct PlanInputs {
  const KvmMapperConfig& config;
  const memory::MemoryMap& map;
  /// The first is what CPUs see, a second what they see in SMM.
  std::span<const std::unique_ptr<AddressSpace>> spaces;
  const std::vector<GpaRange>& zones;
  Stillness stillness;  ///< kFence or kPause
  bool has_ring;
};

/// `demotions` has one for each space. kInvalidArgument for a route outside RAM or ROM and a map that does
/// not cover the window, kNotSupported for what KVM cannot show; the line names the range.
Result<ChangePlan> plan_change(const PlanInputs& now, const memory::MemoryMap& map,
                               std::vector<Demotions> demotions);

}  // namespace lowmeg::kvm
