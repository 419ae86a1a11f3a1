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

// A mask ROM: a write to it vanishes, whoever sends it.
constexpr Routes rom_chip(std::uint64_t offset) {
  return {Route::rom(offset), Route::drop(), Route::rom(offset)};
}

}  // namespace

lowmeg::decode::BusMap board_bus_map(const GuestMemory& memory) {
  const std::uint64_t shown = std::min<std::uint64_t>(memory.firmware_size, 0x20000);
  const lowmeg::Gpa top = kWindow.end() - memory.firmware_size;
  const Region regions[] = {
      {{0, kVgaWindow.start()}, lowmeg::memory::open_routes()},
      {kVgaWindow, lowmeg::memory::bus_routes()},
      {{kVgaBios, kVgaBios + memory.vga_bios_size}, rom_chip(memory.vga_bios_offset)},
      {{kVgaBios + memory.vga_bios_size, kMiB - shown}, lowmeg::memory::open_routes()},
      {{kMiB - shown, kMiB}, rom_chip(memory.firmware_size - shown)},
      {{kMiB, top}, lowmeg::memory::bus_routes()},
      {{top, kWindow.end()}, rom_chip(0)},
  };
  const Region nobody{kWindow, lowmeg::memory::open_routes()};
  return {Layout(kWindow, regions), Layout(kWindow, {&nobody, 1})};
}

}  // namespace vmm
