#include "lowmeg/memory/bus_master.hpp"

#include <algorithm>

namespace lowmeg::memory {
namespace {

// Calls piece(gpa, offset into the transfer, size) for each part that lies within one page.
template <typename Piece>
void for_each_page(Gpa gpa, std::size_t size, Piece piece) {
  for (std::size_t done = 0; done < size;) {
    const Gpa at = gpa + done;
    const std::size_t part = std::min<std::size_t>(size - done, kPageSize - at % kPageSize);
    piece(at, done, part);
    done += part;
  }
}

}  // namespace

void BusMaster::read(Gpa gpa, std::span<std::uint8_t> to) const {
  const auto held = mapper_.hold();
  for_each_page(gpa, to.size(), [&](Gpa at, std::size_t offset, std::size_t size) {
    const Route route = mapper_.map().bus_master.find(at).read;
    const auto part = to.subspan(offset, size);
    if (!route.is_bytes()) return std::ranges::fill(part, std::uint8_t{0xff}), void();
    const auto bytes = route.target() == Target::kRam ? std::as_const(ram_).bytes() : rom_.bytes();
    std::ranges::copy(bytes.subspan(route.offset() + at % kPageSize, size), part.begin());
  });
}

void BusMaster::write(Gpa gpa, std::span<const std::uint8_t> from) {
  const auto held = mapper_.hold();
  for_each_page(gpa, from.size(), [&](Gpa at, std::size_t offset, std::size_t size) {
    const Route route = mapper_.map().bus_master.find(at).write;
    if (route.target() != Target::kRam) return;
    std::ranges::copy(from.subspan(offset, size),
                      ram_.bytes().subspan(route.offset() + at % kPageSize).begin());
  });
}

}  // namespace lowmeg::memory
