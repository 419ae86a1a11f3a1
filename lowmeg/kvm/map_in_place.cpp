#include "lowmeg/kvm/map_in_place.hpp"

#include <fmt/format.h>

#include "lowmeg/kvm/kvm_header.hpp"
#include "lowmeg/kvm/placement.hpp"

namespace lowmeg::kvm {

using memory::Target;

MapInPlace::~MapInPlace() {
  for (const Slot& slot : table_.slots()) {
    // Nobody is left to tell of an error; a live slot must not show what somebody else maps there next.
    if (set_slot(slot, 0)) continue;
    window_.abandon();
    open_pages_.abandon();
  }
}

Result<void> MapInPlace::carry_out(std::span<const Operation> operations) {
  for (const Operation& operation : operations) {
    if (auto done = carry_out(operation); !done) {
      table_.note_failure(operation);
      return done;
    }
    unnoted_ = operation;
    settle();
  }
  return {};
}

void MapInPlace::settle() {
  if (!unnoted_) return;
  table_.apply(*unnoted_);
  unnoted_.reset();
}

Result<void> MapInPlace::carry_out(const Operation& operation) {
  if (const auto* map = std::get_if<MapBytes>(&operation)) {
    ++calls_.mappings;
    return window_.map(*map, memory_, open_pages_);
  }
  if (const auto* change = std::get_if<SetAccess>(&operation)) {
    ++calls_.protections;
    return window_.set_access(*change);
  }
  ++calls_.slots;
  if (const auto* gone = std::get_if<DeleteSlot>(&operation)) {
    dirty_log_.harvest({&gone->slot, 1});  // its bitmap goes with it
    return set_slot(gone->slot, 0);
  }
  const Slot& slot = std::get<CreateSlot>(operation).slot;
  return set_slot(slot, slot.range.size());
}

Result<void> MapInPlace::log_writes(WriteLog* log, const memory::Layout& layout) {
  if (log == nullptr) {
    dirty_log_.end();
    return set_notes(Notes::kNo);
  }
  if (auto set = set_notes(Notes::kYes); !set) return set;
  dirty_log_.begin(*log, layout);
  return {};
}

Result<void> MapInPlace::set_notes(Notes notes) {
  const Notes before = std::exchange(notes_, notes);
  if (before == notes) return {};
  for (const Slot& slot : table_.slots()) {
    if (slot.kind != SlotKind::kReadWrite) continue;
    auto set = set_slot(slot, slot.range.size());
    if (set) continue;
    notes_ = before;
    for (const Slot& done : table_.slots()) {
      if (done == slot) return set;
      static_cast<void>(set_slot(done, done.range.size()));
    }
  }
  return {};
}

std::uint32_t MapInPlace::flags_of(const Slot& slot) const {
  if (slot.kind == SlotKind::kReadOnly) return KVM_MEM_READONLY;
  return notes_ == Notes::kYes ? KVM_MEM_LOG_DIRTY_PAGES : 0;
}

std::uint64_t MapInPlace::address(const Slot& slot) const {
  // SAFETY: addresses as numbers, for KVM. What they point to is the owner's, who outlives the slot.
  switch (slot.bytes.target()) {
    case Target::kRam:
      return reinterpret_cast<std::uint64_t>(memory_.ram.bytes.data()) + slot.bytes.offset();
    case Target::kRom:
      return reinterpret_cast<std::uint64_t>(memory_.rom.bytes.data()) + slot.bytes.offset();
    case Target::kOpen:
      return open_pages_.address() + (slot.range.start() - kOpenSlots.start());
    default:
      return window_.address(slot.range.start());
  }
}

Result<void> MapInPlace::set_slot(const Slot& slot, std::uint64_t size) {
  kvm_userspace_memory_region region{};
  region.slot = first_slot_ + slot.index;
  region.flags = flags_of(slot);
  region.guest_phys_addr = slot.range.start();
  region.memory_size = size;
  region.userspace_addr = address(slot);
  // SAFETY: KVM reads the structure; the addresses are mapped as long as the slot is there.
  if (ioctl(syscalls_, vm_fd_, KVM_SET_USER_MEMORY_REGION, region) != 0) {
    return fail_errno(fmt::format("KVM_SET_USER_MEMORY_REGION, {} slot {} at {:#x}-{:#x}",
                                  size == 0 ? "deleting" : "creating", region.slot, slot.range.start(),
                                  slot.range.end() - 1));
  }
  return {};
}

}  // namespace lowmeg::kvm
