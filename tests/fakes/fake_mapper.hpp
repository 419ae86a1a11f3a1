// A Mapper that keeps the map, and refuses it when told to.
#pragma once

#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::fakes {

class FakeMapper final : public memory::Mapper {
 public:
  explicit FakeMapper(GpaRange window) : map_(memory::MemoryMap::uniform(memory::Layout(window))) {}

  Result<void> commit(const memory::MemoryMap& map) override {
    ++commits;
    if (refuse_next > 0) {
      --refuse_next;
      return fail(Errc::kSystem, "the fake mapper refuses");
    }
    map_ = map;
    return {};
  }
  const memory::MemoryMap& map() const override { return map_; }

  unsigned commits = 0;
  unsigned refuse_next = 0;  ///< so many commits fail

 private:
  memory::MemoryMap map_;
};

}  // namespace lowmeg::fakes
