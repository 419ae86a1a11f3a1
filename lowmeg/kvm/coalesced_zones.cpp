#include "lowmeg/kvm/coalesced_zones.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/kvm_header.hpp"
#include "lowmeg/kvm/placement.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::Region;
using memory::Route;
using memory::Routes;
using memory::Target;

bool is_write_only(const Routes& routes) {
  return routes.write.target() == Target::kRam && routes.read != routes.write;
}

// Do `count` bytes from `a` on and as many from `b` on share any?
bool overlap(Route a, std::uint64_t a_size, Route b, std::uint64_t b_size) {
  return a.target() == Target::kRam && b.target() == Target::kRam && a.offset() < b.offset() + b_size &&
         b.offset() < a.offset() + a_size;
}

// Does `other` show `region`'s own pages, as it does?
bool is_itself(const Region& region, const Region& other) {
  return other.range.contains(region.range) && other.at(region.range.start()).write == region.routes.write;
}

// Is any of the RAM that `region` writes to read or written in another place of `layout`?
bool shows_elsewhere(const Region& region, const Layout& layout) {
  const Route ram = region.routes.write;
  const std::uint64_t size = region.range.size();
  return std::ranges::any_of(layout.regions(), [&](const Region& other) {
    const std::uint64_t other_size = other.range.size();
    return overlap(ram, size, other.routes.read, other_size) ||
           overlap(ram, size, other.routes.fetch, other_size) ||
           (!is_itself(region, other) && overlap(ram, size, other.routes.write, other_size));
  });
}

bool has_alias(const Region& region, const memory::MemoryMap& map) {
  return shows_elsewhere(region, map.cpu) ||
         (!map.cpu_smm.shares_regions_with(map.cpu) && shows_elsewhere(region, map.cpu_smm));
}

// Calls `visit` with the parts of the CPU's view within `within`, as regions of their own.
template <typename Visit>
void for_each_part(const Layout& layout, const GpaRange& within, Visit visit) {
  for (const Region& region : layout.regions()) {
    const GpaRange range = intersection(region.range, within);
    if (!range.empty()) visit(Region{range, region.at(range.start())});
  }
}

bool has_write_only(const Layout& layout, const GpaRange& within) {
  return std::ranges::any_of(layout.regions(), [&](const Region& region) {
    return is_write_only(region.routes) && region.range.overlaps(within);
  });
}

void append(std::vector<GpaRange>& ranges, const GpaRange& range) {
  if (!ranges.empty() && ranges.back().end() == range.start()) {
    ranges.back() = GpaRange(ranges.back().start(), range.end());
  } else {
    ranges.push_back(range);
  }
}

// `range` without `holes`, which are sorted.
void append_without(std::vector<GpaRange>& result, GpaRange range, const std::vector<GpaRange>& holes) {
  for (const GpaRange& hole : holes) {
    if (!range.overlaps(hole)) continue;
    if (range.start() < hole.start()) append(result, GpaRange(range.start(), hole.start()));
    range = GpaRange(std::min(hole.end(), range.end()), range.end());
  }
  if (!range.empty()) append(result, range);
}

kvm_coalesced_mmio_zone zone_of(const GpaRange& range) {
  kvm_coalesced_mmio_zone zone{};
  zone.addr = range.start();
  zone.size = static_cast<std::uint32_t>(range.size());
  return zone;
}

std::vector<GpaRange> pages_to_coalesce(const memory::MemoryMap& map, const GpaRange& within,
                                        const std::vector<GpaRange>& unwanted) {
  std::vector<GpaRange> result;
  for_each_part(map.cpu, within, [&](const Region& region) {
    if (is_write_only(region.routes)) append_without(result, region.range, unwanted);
  });
  return result;
}

std::vector<GpaRange> pages_not_to_coalesce(const memory::MemoryMap& map, const GpaRange& within) {
  std::vector<GpaRange> result;
  for_each_part(map.cpu, within, [&](const Region& region) {
    const bool is_device = region.routes.write.target() == Target::kBus;
    if (is_device || (is_write_only(region.routes) && has_alias(region, map))) append(result, region.range);
  });
  if (map.cpu_smm.shares_regions_with(map.cpu)) return result;
  memory::for_each_change(map.cpu, map.cpu_smm, [&](const memory::LayoutChange& difference) {
    const GpaRange range = intersection(difference.range, within);
    if (!range.empty() && difference.before.write != difference.after.write) result.push_back(range);
  });
  std::ranges::sort(result);
  return result;
}

}  // namespace

std::vector<GpaRange> without(const std::vector<GpaRange>& ranges, const std::vector<GpaRange>& holes) {
  std::vector<GpaRange> result;
  for (const GpaRange& range : ranges) append_without(result, range, holes);
  return result;
}

ZoneChanges zone_changes(const std::vector<GpaRange>& zones, const memory::MemoryMap& map,
                         const GpaRange& within) {
  if (zones.empty() && !has_write_only(map.cpu, within)) return {};  // most of the time
  const std::vector<GpaRange> unwanted = pages_not_to_coalesce(map, within);
  ZoneChanges changes;
  std::vector<GpaRange> kept;
  for (const GpaRange& zone : zones) {
    const bool stays =
        std::ranges::none_of(unwanted, [&](const GpaRange& hole) { return zone.overlaps(hole); });
    if (stays) {
      kept.push_back(zone);
    } else {
      changes.gone.push_back(zone);
    }
  }
  changes.added = without(pages_to_coalesce(map, within, unwanted), kept);
  return changes;
}

CoalescedZones::~CoalescedZones() {
  // Nobody is left to tell of an error, and the VM's end takes along what stays.
  while (!zones_.empty() && end({zones_.back()})) {
  }
}

bool CoalescedZones::contains(Gpa gpa) const {
  return std::ranges::any_of(zones_, [gpa](const GpaRange& zone) { return zone.contains(gpa); });
}

Result<void> CoalescedZones::end(const std::vector<GpaRange>& zones) {
  for (const GpaRange& range : zones) {
    kvm_coalesced_mmio_zone zone = zone_of(range);
    // SAFETY: KVM reads the structure and keeps no address.
    if (ioctl(syscalls_, vm_fd_, KVM_UNREGISTER_COALESCED_MMIO, zone) != 0) {
      return fail_errno(
          fmt::format("KVM_UNREGISTER_COALESCED_MMIO {:#x}-{:#x}", range.start(), range.end() - 1));
    }
    std::erase(zones_, range);
  }
  return {};
}

Result<void> CoalescedZones::begin(const std::vector<GpaRange>& zones) {
  zones_.reserve(zones_.size() + zones.size());
  for (const GpaRange& range : zones) {
    kvm_coalesced_mmio_zone zone = zone_of(range);
    // SAFETY: as above.
    if (ioctl(syscalls_, vm_fd_, KVM_REGISTER_COALESCED_MMIO, zone) != 0) {
      return fail_errno(
          fmt::format("KVM_REGISTER_COALESCED_MMIO {:#x}-{:#x}", range.start(), range.end() - 1));
    }
    zones_.insert(std::ranges::upper_bound(zones_, range), range);
  }
  return {};
}

}  // namespace lowmeg::kvm
