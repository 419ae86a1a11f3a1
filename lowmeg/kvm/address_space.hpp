// One of a VM's address spaces: the layout that vCPUs see in it, and what shows it to them.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 4.35: bits 16 to 31 of a slot's id name the address space,
// where KVM has KVM_CAP_MULTI_ADDRESS_SPACE; on x86 space 1 is that of system management mode.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lowmeg/kvm/demotions.hpp"
#include "lowmeg/kvm/map_in_place.hpp"
#include "lowmeg/kvm/placement.hpp"
#include "lowmeg/kvm/slot_plan.hpp"

namespace lowmeg::kvm {

/// The part of `layout` that lies in `window`, which it covers.
memory::Layout part_of(const memory::Layout& layout, const GpaRange& window);

struct AddressSpaceConfig {
  int vm_fd = -1;
  std::uint32_t first_slot = 0;  ///< with the number of the address space
  GpaRange window;
  const GuestMemory& memory;  ///< outlives the space
  MapWay way = MapWay::kProtect;
  PlanRules rules;
  unsigned demotions_until_kept = 0;
};

/// Plans and carries out; when, and with which vCPUs standing still, is KvmMapper's affair. No lock.
class AddressSpace {
 public:
  /// What leads from the layout in place to another.
  struct Step {
    memory::Layout layout;
    Demotions demotions;
    std::vector<Operation> operations;
    std::vector<memory::LayoutChange> changes;

    bool is_empty() const { return operations.empty() && changes.empty(); }
  };

  /// Reserves the host addresses; everything is on the bus, without a slot. Borrows `syscalls`.
  static Result<std::unique_ptr<AddressSpace>> create(AddressSpaceConfig config, Syscalls& syscalls);

  const memory::Layout& layout() const { return layout_; }
  const Demotions& demotions() const { return demotions_; }
  const SlotTable& table() const { return in_place_.table(); }
  const CallCounters& calls() const { return in_place_.calls(); }

  /// The way to `view`, which covers the window. kNotSupported for what KVM cannot show.
  Result<Step> step_to(const memory::Layout& view, Demotions demotions) const;
  /// The pages under read-write slots whose mapping refuses writes: all, or those that go with `gpa`.
  std::vector<GpaRange> protected_pages(std::optional<Gpa> gpa) const;

  /// A step: begin, its operations, end, and (which cannot fail) adopt. Instead of the last: restore().
  void begin(const Step& step) { in_place_.before_change(step.layout); }
  Result<void> carry_out(const Operation& operation) { return in_place_.carry_out({&operation, 1}); }
  void end(const Step& step) { in_place_.after_change(step.layout); }
  void adopt(Step& step) noexcept;
  /// Back to the layout in place, from wherever a step had come to.
  Result<void> restore();

  /// As KvmMapper's.
  Result<void> log_writes(WriteLog* log) { return in_place_.log_writes(log, layout_); }
  void harvest() const { in_place_.harvest(); }

 private:
  AddressSpace(AddressSpaceConfig config, HostWindow window, OpenPages open_pages, Syscalls& syscalls);
  Result<std::vector<Operation>> way_to(const memory::Layout& view, const Demotions& demotions) const;

  const AddressSpaceConfig config_;
  MapInPlace in_place_;
  Demotions demotions_;
  memory::Layout layout_;
};

}  // namespace lowmeg::kvm
