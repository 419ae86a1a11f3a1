#include "lowmeg/kvm/dirty_log.hpp"

#include <algorithm>
#include <vector>

#include "lowmeg/kvm/kvm_header.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::Region;
using memory::Route;
using memory::Target;

// `ram` with what can be written in `layout`.
Layout with_memory_of(const Layout& ram, const Layout& layout) {
  std::vector<Region> regions;
  for (const Region& region : layout.regions()) {
    if (region.routes.write.target() != Target::kRam || region.routes.write != region.routes.read) continue;
    regions.push_back({region.range, {region.routes.read, Route::bus(), Route::bus()}});
  }
  return ram.overlaid(regions);
}

// Is there a page that showed other RAM before?
bool moves(const Layout& before, const Layout& after) {
  bool result = false;
  memory::for_each_change(before, after, [&](const memory::LayoutChange& change) {
    if (change.before.read.target() == Target::kRam) result = true;
  });
  return result;
}

}  // namespace

void DirtyLog::begin(WriteLog& log, const Layout& layout) {
  log_ = &log;
  ram_ = with_memory_of(Layout(ram_.window()), layout);
  next_ram_ = ram_;
}

void DirtyLog::harvest(std::span<const Slot> slots) const {
  if (!is_on()) return;
  for (const Slot& slot : slots) {
    if (slot.kind != SlotKind::kReadWrite) continue;
    // KVM fills whole words.
    std::vector<std::uint64_t> bitmap((slot.range.size() / kPageSize + 63) / 64);
    kvm_dirty_log request{};
    request.slot = first_slot_ + slot.index;
    request.dirty_bitmap = bitmap.data();
    // SAFETY: KVM fills the bitmap, which has a bit for each page of the slot.
    if (ioctl(syscalls_, vm_fd_, KVM_GET_DIRTY_LOG, request) != 0)
      std::ranges::fill(bitmap, ~std::uint64_t{0});
    tell(slot, bitmap);
  }
}

void DirtyLog::tell(const Slot& slot, std::span<const std::uint64_t> bitmap) const {
  for (std::uint64_t page = 0; page < slot.range.size() / kPageSize; ++page) {
    if ((bitmap[page / 64] >> page % 64 & 1) == 0) continue;
    const Gpa gpa = slot.range.start() + page * kPageSize;
    const Route ram = ram_.find(gpa).read, next = next_ram_.find(gpa).read;
    if (ram.target() == Target::kRam) log_->written(ram.offset(), kPageSize);
    if (next != ram && next.target() == Target::kRam) log_->written(next.offset(), kPageSize);
  }
}

void DirtyLog::before_change(const Layout& layout, std::span<const Slot> slots) {
  if (!is_on()) return;
  const Layout next = with_memory_of(ram_, layout);
  if (!moves(ram_, next)) return;
  harvest(slots);
  next_ram_ = next;
}

void DirtyLog::after_change(const Layout& layout, std::span<const Slot> slots) {
  if (!is_on()) return;
  if (is_moving()) harvest(slots);
  ram_ = with_memory_of(ram_, layout);
  next_ram_ = ram_;
}

}  // namespace lowmeg::kvm
