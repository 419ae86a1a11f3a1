// A MemoryMap for an interpreter: for every page of the CPU's 4 GiB, a host pointer for reads, for writes and
// for fetches. The other two views are kept as values: no interpreted CPU enters SMM, and DMA can afford a
// search.
#pragma once

#include <array>
#include <cstdlib>
#include <memory>

#include "lowmeg/memory/backing.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::memory {

/// Host addresses of a page's bytes; null: the access goes to the bus. Dropped writes have a page of their
/// own to land in, which nothing reads; open reads one of FFh.
struct PageView {
  const std::uint8_t* read;
  std::uint8_t* write;
  const std::uint8_t* fetch;
};

/// No threads and no lock: commit runs on the thread of the one vCPU, between or within its instructions.
class SoftMapper final : public Mapper {
 public:
  static constexpr GpaRange kWindow{0, 1ull << 32};

  /// Borrows both backings, which must outlive it. Starts with everything on the bus.
  static Result<std::unique_ptr<SoftMapper>> create(Backing& ram, const Backing& rom);

  Result<void> commit(const MemoryMap& map) override;
  const MemoryMap& map() const override { return map_; }

  /// The page that holds `gpa`. The reference stays; its content changes with a commit.
  const PageView& page(std::uint32_t gpa) const { return pages_[gpa / kPageSize]; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  using Pages = std::unique_ptr<PageView[], Free>;

  SoftMapper(Backing& ram, const Backing& rom, Pages pages);
  Result<void> check(const Layout& layout) const;
  void place(const GpaRange& range, const Routes& routes);

  Backing& ram_;
  const Backing& rom_;
  MemoryMap map_ = MemoryMap::uniform(Layout(kWindow));
  Pages pages_;
  alignas(64) std::array<std::uint8_t, kPageSize> dropped_{};
  alignas(64) std::array<std::uint8_t, kPageSize> open_{};
};

}  // namespace lowmeg::memory
