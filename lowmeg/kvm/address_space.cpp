#include "lowmeg/kvm/address_space.hpp"

#include <algorithm>
#include <utility>

namespace lowmeg::kvm {

using memory::Layout;
using memory::Region;

Layout part_of(const Layout& layout, const GpaRange& window) {
  if (layout.window() == window) return layout;
  std::vector<Region> regions;
  for (const Region& region : layout.regions()) {
    if (!region.range.overlaps(window)) continue;
    const Gpa start = std::max(region.range.start(), window.start());
    regions.push_back({GpaRange(start, std::min(region.range.end(), window.end())), region.at(start)});
  }
  return Layout(window, regions);
}

Result<std::unique_ptr<AddressSpace>> AddressSpace::create(AddressSpaceConfig config, Syscalls& syscalls) {
  const bool is_in_place = config.way == MapWay::kInPlace;
  auto window = HostWindow::create(
      config.window, is_in_place ? HostWindow::Reserved::kNo : HostWindow::Reserved::kYes, syscalls);
  if (!window) return tl::unexpected(window.error());
  auto open_pages =
      OpenPages::create(is_in_place ? OpenPages::Mapped::kYes : OpenPages::Mapped::kNo, syscalls);
  if (!open_pages) return tl::unexpected(open_pages.error());
  return std::unique_ptr<AddressSpace>(
      new AddressSpace(std::move(config), std::move(*window), std::move(*open_pages), syscalls));
}

AddressSpace::AddressSpace(AddressSpaceConfig config, HostWindow window, OpenPages open_pages,
                           Syscalls& syscalls)
    : config_(std::move(config)),
      in_place_(config_.vm_fd, config_.first_slot, config_.memory, std::move(window), std::move(open_pages),
                syscalls),
      demotions_(config_.demotions_until_kept),
      layout_(config_.window) {}

Result<AddressSpace::Step> AddressSpace::step_to(const Layout& view, Demotions demotions) const {
  auto operations = way_to(view, demotions);
  if (!operations) return tl::unexpected(operations.error());
  Layout layout = part_of(view, config_.window);
  std::vector<memory::LayoutChange> changes = diff(layout_, layout);
  return Step{std::move(layout), std::move(demotions), std::move(*operations), std::move(changes)};
}

Result<std::vector<Operation>> AddressSpace::way_to(const Layout& view, const Demotions& demotions) const {
  const std::vector<GpaRange> demoted = demotions.ranges();
  auto wanted = placements(view, {config_.window, config_.way, demoted});
  if (!wanted) return tl::unexpected(wanted.error());
  return plan(table(), *wanted, config_.rules);
}

void AddressSpace::adopt(Step& step) noexcept {
  std::swap(demotions_, step.demotions);
  layout_ = step.layout;
}

Result<void> AddressSpace::restore() {
  in_place_.settle();
  auto operations = way_to(layout_, demotions_);
  if (!operations) return tl::unexpected(operations.error());
  if (auto done = in_place_.carry_out(*operations); !done) return done;
  in_place_.after_change(layout_);
  return {};
}

std::vector<GpaRange> AddressSpace::protected_pages(std::optional<Gpa> gpa) const {
  std::vector<GpaRange> result;
  const auto placed = placements(layout_, {config_.window, config_.way, {}});
  if (!placed) return result;
  for (const Placement& placement : *placed) {
    if (placement.need != SlotNeed::kEither || (gpa && !placement.range.contains(*gpa))) continue;
    for (const Slot& slot : table().slots()) {
      const GpaRange both = intersection(slot.range, placement.range);
      if (slot.kind == SlotKind::kReadWrite && !both.empty()) result.push_back(both);
    }
  }
  return result;
}

}  // namespace lowmeg::kvm
