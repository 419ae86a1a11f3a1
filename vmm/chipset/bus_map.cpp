#include "vmm/chipset/bus_map.hpp"

#include <algorithm>

namespace vmm {
namespace {

using lowmeg::GpaRange;
using lowmeg::memory::Layout;
using lowmeg::memory::Region;
using lowmeg::memory::Route;
using lowmeg::memory::Routes;

constexpr GpaRange kVgaWindow{0xa0000, 0xc0000};
constexpr lowmeg::Gpa kVgaBios = 0xc0000;
constexpr lowmeg::Gpa kMiB = 0x100000;
constexpr std::uint64_t kMostShown = 0x20000;
constexpr GpaRange kApics{0xfec00000, 0xff000000};

// A mask ROM: a write to it vanishes, whoever sends it.
constexpr Routes rom_chip(std::uint64_t offset) {
  return {Route::rom(offset), Route::drop(), Route::rom(offset)};
}

}  // namespace

std::vector<RomChip> rom_chips(const MemoryChips& memory) {
  const std::uint64_t size = memory.firmware_size, shown = std::min(size, kMostShown);
  std::vector<RomChip> chips;
  if (memory.vga_bios_size != 0) {
    chips.push_back({GpaRange(kVgaBios, kVgaBios + memory.vga_bios_size),
                     {memory.vga_bios_offset, memory.vga_bios_size}});
  }
  chips.push_back({GpaRange(kMiB - shown, kMiB), {size - shown, shown}});
  chips.push_back({GpaRange(kWindow.end() - size, kWindow.end()), {0, size}});
  return chips;
}

lowmeg::decode::BusMap board_bus_map(const MemoryChips& memory,
                                     std::span<const lowmeg::memory::Claim> claims) {
  const Region low[] = {
      {{0, kVgaWindow.start()}, lowmeg::memory::open_routes()},
      {kVgaWindow, lowmeg::memory::bus_routes()},
      {{kVgaWindow.end(), kMiB}, lowmeg::memory::open_routes()},
  };
  std::vector<Region> chips;
  for (const RomChip& chip : rom_chips(memory)) chips.push_back({chip.range, rom_chip(chip.bytes.offset)});
  const Layout isa = Layout(kWindow, low).overlaid(chips);
  const Region apics{kApics, lowmeg::memory::bus_routes()};
  const Region nobody{kWindow, lowmeg::memory::open_routes()};
  return {lowmeg::memory::with_claims(isa, claims).overlaid({&apics, 1}), Layout(kWindow, {&nobody, 1})};
}

}  // namespace vmm
