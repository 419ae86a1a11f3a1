#include "lowmeg/memory/claims.hpp"

#include <ranges>

namespace lowmeg::memory {
namespace {

constexpr Gpa down_to_page(Gpa gpa) {
  return gpa - gpa % kPageSize;
}

// One claim, cut to the window: the pages that it fills, and between them and the bus' the ones that it does
// not.
Layout with_claim(const Layout& bus, const Claim& claim) {
  const GpaRange& window = bus.window();
  const Gpa start = std::max(claim.start, window.start());
  const Gpa room = window.end() - std::min(window.end(), claim.start);
  const Gpa end = claim.start + std::min(claim.size, room);
  if (start >= end) return bus;

  const Gpa first_page = down_to_page(start);
  const Gpa after_last_page = down_to_page(end - 1) + kPageSize;
  const Gpa filled_start = start == first_page ? start : first_page + kPageSize;
  const Gpa filled_end = std::max(filled_start, down_to_page(end));
  const bool in_place = is_page_aligned(claim.start);
  const Routes filled = in_place ? claim.routes.advanced(filled_start - claim.start) : bus_routes();
  const Region regions[] = {
      {{first_page, filled_start}, bus_routes()},
      {{filled_start, filled_end}, filled},
      {{filled_end, std::max(filled_end, after_last_page)}, bus_routes()},
  };
  return bus.overlaid(regions);
}

}  // namespace

Layout with_claims(const Layout& bus, std::span<const Claim> claims) {
  Layout layout = bus;
  for (const Claim& claim : claims | std::views::reverse) layout = with_claim(layout, claim);
  return layout;
}

}  // namespace lowmeg::memory
