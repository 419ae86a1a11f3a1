// The least that any change of 64 pages costs a software mapper: storing their pointers. Each benchmark that
// is compared with it registers it, so that it runs in the same process.
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "lowmeg/memory/soft_mapper.hpp"

namespace lowmeg {

inline void floor_64_pages_of_pointers(benchmark::State& state) {
  std::array<memory::PageView, 64> pages{};
  std::array<std::uint8_t, 64> bytes{};
  for (auto _ : state) {
    for (std::size_t i = 0; i < pages.size(); ++i) pages[i] = {&bytes[i], &bytes[i], &bytes[i]};
    benchmark::DoNotOptimize(pages.data());
    benchmark::ClobberMemory();
  }
}

}  // namespace lowmeg
