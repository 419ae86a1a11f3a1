// A hostile guest: messages, each with a length byte, to a HostSession. The first byte says which commits
// fail.
#include "fuzz/input.hpp"
#include "lowmeg/core/invariant.hpp"
#include "lowmeg/get/host_session.hpp"

namespace lowmeg::fuzz {
namespace {

using memory::MemoryMap;
using memory::Region;
using memory::Route;

constexpr GpaRange kWindow{0, 0x200000};
constexpr get::HostLimits kLimits{.slots = 13, .window = GpaRange(0xc0000, 0x100000), .ram_size = 0x200000};

// Holds every map to the rules: nothing reaches outside RAM, nothing changes outside the ranges' window.
class StrictMapper final : public memory::Mapper {
 public:
  explicit StrictMapper(std::uint8_t failures) : failures_(failures) {}

  Result<void> commit(const MemoryMap& map) override {
    for (const Region& region : map.cpu.regions()) check(region);
    LOWMEG_INVARIANT(map.cpu_smm == map.cpu && map.bus_master == map.cpu, "one map for all");
    refused_last_ = failures_ & 1;
    failures_ = static_cast<std::uint8_t>(failures_ >> 1);
    if (refused_last_) return fail(Errc::kSystem, "the fuzzer refuses");
    map_ = map;
    return {};
  }
  const MemoryMap& map() const override { return map_; }
  bool refused_last() const { return refused_last_; }

 private:
  static void check(const Region& region) {
    for (const Route route : {region.routes.read, region.routes.write, region.routes.fetch}) {
      if (!route.is_bytes()) continue;
      LOWMEG_INVARIANT(route.target() == memory::Target::kRam, "RAM and nothing else");
      LOWMEG_INVARIANT(route.offset() + region.range.size() <= kLimits.ram_size, "within RAM");
    }
    if (!kLimits.window.overlaps(region.range)) {
      LOWMEG_INVARIANT(region.routes == memory::ram_routes(region.range.start()),
                       "the base outside the window");
    }
  }
  std::uint8_t failures_;
  bool refused_last_ = false;
  MemoryMap map_ = MemoryMap::uniform(memory::Layout(kWindow));
};

// The table holds no two ranges that overlap, and the map shows each page as the table has it; where a reset
// could not be committed the host owes its map the base.
void check_table(const get::RangeSlots& table, const StrictMapper& mapper) {
  const MemoryMap& map = mapper.map();
  std::array<bool, 0x40> seen{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const auto slot = table.slot(i);
    if (!slot) continue;
    LOWMEG_INVARIANT(kLimits.window.contains(slot->range) && !slot->range.empty(), "in the window");
    for (Gpa gpa = slot->range.start(); gpa < slot->range.end(); gpa += kPageSize) {
      bool& page_seen = seen[(gpa - kLimits.window.start()) / kPageSize];
      LOWMEG_INVARIANT(!page_seen, "without overlap");
      page_seen = true;
      const Route ram = Route::ram(slot->ram_offset + (gpa - slot->range.start()));
      const memory::Routes expected{ram, slot->read_only ? Route::drop() : ram, ram};
      LOWMEG_INVARIANT(map.cpu.find(gpa) == expected, "as the table has it");
    }
  }
  for (std::size_t page = 0; page < seen.size() && !mapper.refused_last(); ++page) {
    const Gpa gpa = kLimits.window.start() + page * kPageSize;
    LOWMEG_INVARIANT(seen[page] || map.cpu.find(gpa) == memory::ram_routes(gpa),
                     "the base where no range lies");
  }
}

void run(FuzzInput input) {
  StrictMapper mapper(input.byte());
  NullEventSink events;
  const Region ram{kWindow, memory::ram_routes(0)};
  const auto host =
      get::Host::create(mapper, MemoryMap::uniform(memory::Layout(kWindow, {&ram, 1})), kLimits, events);
  if (!host) return;
  std::optional<get::HostSession> session(**host);
  while (!input.empty()) {
    const auto answer = session->handle(input.message());
    if (!answer) {
      LOWMEG_INVARIANT(answer.error().code == Errc::kProtocol, "refused as a breach of the protocol");
      session.emplace(**host);  // the connection ends, the next client comes
    }
    check_table((*host)->slots(), mapper);
  }
}

}  // namespace
}  // namespace lowmeg::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowmeg::fuzz::run(lowmeg::fuzz::FuzzInput(data, size));
  return 0;
}
