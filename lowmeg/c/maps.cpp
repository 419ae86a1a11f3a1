#include "lowmeg/c/maps.hpp"

#include <fmt/format.h>

namespace lowmeg::c {
namespace {

using memory::Layout;
using memory::Region;
using memory::Route;
using memory::Target;

static_assert(LOWMEG_TO_BUS == static_cast<int>(Target::kBus) &&
              LOWMEG_TO_DROP == static_cast<int>(Target::kDrop));
static_assert(LOWMEG_TO_OPEN == static_cast<int>(Target::kOpen));
static_assert(LOWMEG_TO_RAM == static_cast<int>(Target::kRam) &&
              LOWMEG_TO_ROM == static_cast<int>(Target::kRom));

// An offset far below where adding a range could overflow.
constexpr std::uint64_t kOffsetLimit = std::uint64_t{1} << 56;

std::optional<Route> read_route(const lowmeg_route& route) {
  const bool is_bytes = route.target == LOWMEG_TO_RAM || route.target == LOWMEG_TO_ROM;
  if (is_bytes ? !is_page_aligned(route.offset) || route.offset >= kOffsetLimit : route.offset != 0)
    return {};
  switch (route.target) {
    case LOWMEG_TO_BUS:
      return Route::bus();
    case LOWMEG_TO_DROP:
      return Route::drop();
    case LOWMEG_TO_OPEN:
      return Route::open();
    case LOWMEG_TO_RAM:
      return Route::ram(route.offset);
    case LOWMEG_TO_ROM:
      return Route::rom(route.offset);
    default:
      return {};
  }
}

std::optional<memory::Routes> read_routes(const lowmeg_region& region) {
  const auto read = read_route(region.read), write = read_route(region.write),
             fetch = read_route(region.fetch);
  if (!read || !write || !fetch) return {};
  const memory::Routes routes{*read, *write, *fetch};
  return routes.are_possible() ? std::optional(routes) : std::nullopt;
}

tl::unexpected<Error> wrong(std::size_t index, const lowmeg_region& region, const char* what) {
  return fail(Errc::kInvalidArgument,
              fmt::format("region {}, {:x}-{:x}: {}", index, region.start, region.end, what));
}

// Nobody answers where the caller says nothing.
Result<Layout> read_bus(const lowmeg_bus& bus) {
  auto regions = read_regions(bus.regions, bus.count);
  if (!regions) return tl::unexpected(regions.error());
  const Region open{decode::kWindow, memory::open_routes()};
  return Layout(decode::kWindow, std::span(&open, 1)).overlaid(*regions);
}

lowmeg_route route_for_c(Route route) {
  return {static_cast<std::uint32_t>(route.target()), 0, route.offset()};
}

std::vector<lowmeg_region> regions_for_c(const Layout& layout) {
  std::vector<lowmeg_region> regions;
  regions.reserve(layout.regions().size());
  for (const Region& region : layout.regions()) regions.push_back(region_for_c(region.range, region.routes));
  return regions;
}

}  // namespace

lowmeg_region region_for_c(const GpaRange& range, const memory::Routes& routes) {
  return {range.start(), range.end(), route_for_c(routes.read), route_for_c(routes.write),
          route_for_c(routes.fetch)};
}

Result<std::vector<Region>> read_regions(const lowmeg_region* regions, std::size_t count) {
  if (count != 0 && !regions) return fail(Errc::kInvalidArgument, "regions are missing");
  std::vector<Region> result;
  Gpa last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const lowmeg_region& region = regions[i];
    if (!is_page_aligned(region.start) || !is_page_aligned(region.end) || region.start >= region.end)
      return wrong(i, region, "not a range of whole pages");
    if (region.start < last) return wrong(i, region, "out of order, or over the one before");
    if (region.end > decode::kWindow.end()) return wrong(i, region, "past 4 GiB");
    const auto routes = read_routes(region);
    if (!routes) return wrong(i, region, "a route that cannot be");
    result.push_back({GpaRange(region.start, region.end), *routes});
    last = region.end;
  }
  return result;
}

Result<decode::BusMap> read_buses(const lowmeg_bus& pci, const lowmeg_bus& agp) {
  auto pci_layout = read_bus(pci);
  if (!pci_layout) return tl::unexpected(pci_layout.error());
  auto agp_layout = read_bus(agp);
  if (!agp_layout) return tl::unexpected(agp_layout.error());
  return decode::BusMap{std::move(*pci_layout), std::move(*agp_layout)};
}

MapForC::MapForC(const memory::MemoryMap& map)
    : cpu_(regions_for_c(map.cpu)),
      cpu_smm_(regions_for_c(map.cpu_smm)),
      bus_master_(regions_for_c(map.bus_master)),
      map_{sizeof(lowmeg_map),
           0,
           {cpu_.data(), cpu_.size()},
           {cpu_smm_.data(), cpu_smm_.size()},
           {bus_master_.data(), bus_master_.size()}} {}

Result<void> CommitCallback::commit(const memory::MemoryMap& map) {
  const MapForC for_c(map);
  if (const std::int32_t result = commit_(context_, for_c.get()); result != 0)
    return tl::unexpected(refused_by_callback("commit", result));
  map_ = map;
  return {};
}

}  // namespace lowmeg::c
