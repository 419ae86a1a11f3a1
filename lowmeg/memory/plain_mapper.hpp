// A Mapper without memory: it takes any map and keeps it. For a host that shows what it would do.
#pragma once

#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::memory {

/// No threads, no lock: whoever commits serialises.
class PlainMapper final : public Mapper {
 public:
  explicit PlainMapper(GpaRange window) : map_(MemoryMap::uniform(Layout(window))) {}

  Result<void> commit(const MemoryMap& map) override {
    map_ = map;
    return {};
  }
  const MemoryMap& map() const override { return map_; }

 private:
  MemoryMap map_;
};

}  // namespace lowmeg::memory
