// Random maps of A0000-FFFFF, as decoders make them and wilder: whole segments, and now and then odd pages.
#pragma once

#include <random>

#include "lowmeg/core/pam.hpp"
#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::fakes {

class RandomMap {
 public:
  static constexpr GpaRange kUpper{0xa0000, 0x100000};

  /// Offsets into RAM and ROM stay within these ranges, each of 64 KiB and more.
  RandomMap(std::uint32_t seed, GpaRange ram, GpaRange rom) : random_(seed), ram_(ram), rom_(rom) {}

  /// `below` with A0000-FFFFF replaced; `window` contains that.
  memory::MemoryMap over(const memory::Layout& below) {
    return memory::MemoryMap::uniform(below.overlaid(regions()));
  }

  std::vector<memory::Region> regions() {
    std::vector<memory::Region> result;
    Gpa start = kUpper.start();
    while (start < kUpper.end()) {
      // PAM's unit is 16 KiB; a third of the regions is longer, an eighth ends on any page.
      std::uint64_t size = 0x4000 - start % 0x4000 + (pick(3) == 0 ? pick(4) * 0x4000 : 0);
      if (pick(8) == 0) size = (1 + pick(4)) * kPageSize;
      const Gpa end = std::min(start + size, kUpper.end());
      result.push_back({GpaRange(start, end), routes(end - start)});
      start = end;
    }
    return result;
  }

  std::uint64_t pick(std::uint64_t count) { return random_() % count; }

 private:
  std::uint64_t offset(const GpaRange& memory, std::uint64_t size) {
    return memory.start() + pick((memory.size() - size) / kPageSize + 1) * kPageSize;
  }
  memory::Routes routes(std::uint64_t size) {
    using memory::Route;
    const Route ram = Route::ram(offset(ram_, size)), other = Route::ram(offset(ram_, size));
    const Route rom = Route::rom(offset(rom_, size));
    const Route bus = Route::bus(), drop = Route::drop(), open = Route::open();
    const memory::Routes choices[] = {
        {ram, ram, ram},    {ram, ram, ram},   {ram, drop, ram}, {ram, bus, ram},
        {ram, other, ram},  {rom, bus, rom},   {rom, drop, rom}, {rom, ram, rom},
        {open, drop, open}, {open, ram, open}, {bus, bus, bus},  {bus, ram, bus},
    };
    return choices[pick(std::size(choices))];
  }

  std::mt19937 random_;
  GpaRange ram_;
  GpaRange rom_;
};

}  // namespace lowmeg::fakes
