#include "lowmeg/memory/soft_mapper.hpp"

#include <fmt/format.h>

#include "lowmeg/memory/bounds.hpp"

namespace lowmeg::memory {

Result<std::unique_ptr<SoftMapper>> SoftMapper::create(Backing& ram, const Backing& rom) {
  // calloc leaves the 24 MiB untouched until a page is mapped; all bits zero is a null pointer on every host
  // we have.
  void* pages = std::calloc(kWindow.size() / kPageSize, sizeof(PageView));
  if (pages == nullptr) return fail(Errc::kSystem, "no memory for the page table of the software mapper");
  return std::unique_ptr<SoftMapper>(new SoftMapper(ram, rom, Pages(static_cast<PageView*>(pages))));
}

SoftMapper::SoftMapper(Backing& ram, const Backing& rom, Pages pages)
    : ram_(ram), rom_(rom), pages_(std::move(pages)) {
  open_.fill(0xff);
}

Result<void> SoftMapper::commit(const MemoryMap& map) {
  for (const Layout* view : {&map.cpu, &map.cpu_smm, &map.bus_master}) {
    if (view != &map.cpu && view->shares_regions_with(map.cpu)) continue;
    if (auto checked = check(*view); !checked) return checked;
  }
  for_each_change(map_.cpu, map.cpu,
                  [this](const LayoutChange& change) { place(change.range, change.after); });
  map_ = map;
  return {};
}

Result<void> SoftMapper::check(const Layout& layout) const {
  if (layout.window() != kWindow)
    return fail(Errc::kNotSupported, "the software mapper wants a window of 4 GiB");
  for (const Region& region : layout.regions()) {
    if (!are_within(region.routes, region.range.size(), {ram_.size(), rom_.size()})) {
      return fail(Errc::kInvalidArgument,
                  fmt::format("the map of {:#x}-{:#x} reaches past the memory behind it",
                              region.range.start(), region.range.end()));
    }
    if (!region.routes.are_possible()) {
      return fail(Errc::kNotSupported,
                  fmt::format("the map of {:#x}-{:#x} writes to ROM or reads from nowhere",
                              region.range.start(), region.range.end()));
    }
  }
  return {};
}

namespace {

// A run of host pages for one route: the first page and the step to the next.
template <typename Byte>
struct Run {
  Byte* page;
  std::size_t step;
};

}  // namespace

void SoftMapper::place(const GpaRange& range, const Routes& routes) {
  const auto readable = [this](Route route) -> Run<const std::uint8_t> {
    if (route.target() == Target::kOpen) return {open_.data(), 0};
    if (!route.is_bytes()) return {nullptr, 0};
    const auto bytes = route.target() == Target::kRam ? std::as_const(ram_).bytes() : rom_.bytes();
    return {bytes.data() + route.offset(), kPageSize};
  };
  Run<const std::uint8_t> read = readable(routes.read);
  Run<const std::uint8_t> fetch = readable(routes.fetch);
  Run<std::uint8_t> write{nullptr, 0};
  if (routes.write.target() == Target::kRam) write = {ram_.bytes().data() + routes.write.offset(), kPageSize};
  if (routes.write.target() == Target::kDrop) write = {dropped_.data(), 0};

  PageView* const end = &pages_[range.end() / kPageSize];
  for (PageView* page = &pages_[range.start() / kPageSize]; page != end; ++page) {
    *page = {read.page, write.page, fetch.page};
    read.page += read.step;
    write.page += write.step;
    fetch.page += fetch.step;
  }
}

}  // namespace lowmeg::memory
