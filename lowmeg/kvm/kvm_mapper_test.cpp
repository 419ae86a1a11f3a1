#include "lowmeg/kvm/kvm_mapper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <tuple>

#include "tests/fakes/kvm_mapper_rig.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::FakeKvm;
using fakes::KvmMapperRig;
using memory::Layout;
using memory::LayoutChange;
using memory::MemoryMap;
using memory::Region;
using memory::Route;
using memory::Routes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr GpaRange kSegment{0xc8000, 0xcc000};
constexpr Routes kRam = memory::ram_routes(0xc8000);
constexpr Routes kReadOnlyRam = memory::read_only_ram_routes(0xc8000);
constexpr Routes kRom = memory::rom_routes(0x8000);
constexpr Routes kDroppingRom{Route::rom(0x8000), Route::drop(), Route::rom(0x8000)};
constexpr Routes kWriteOnly{Route::rom(0x8000), Route::ram(0xc8000), Route::rom(0x8000)};

class KvmMapperTest : public testing::Test {
 protected:
  static MemoryMap segment(const Routes& routes) { return KvmMapperRig::map({{kSegment, routes}}); }
  MmioVerdict write(Gpa gpa, std::vector<std::uint8_t> data) {
    return fakes::mmio_exit(*mapper_, *rig_.run.run(), gpa, MmioDirection::kWrite, data).verdict;
  }
  std::vector<std::uint8_t> read(Gpa gpa, std::size_t size) {
    std::vector<std::uint8_t> data(size, 0x11);  // what stays 11 is the bus's
    fakes::mmio_exit(*mapper_, *rig_.run.run(), gpa, MmioDirection::kRead, data);
    return data;
  }
  // What a vCPU is told after KVM_RUN gave it anything.
  AfterRun after_run(int error = 0, std::uint32_t exit_reason = 0) {
    rig_.run.run()->exit_reason = exit_reason;
    return mapper_->after_run({.run = *rig_.run.run(), .error = error, .entered = mapper_->generation()});
  }

  KvmMapperRig rig_;
  std::unique_ptr<KvmMapper> mapper_ = rig_.create();
};

// "starts with everything on the bus, without a slot"; "deletes its slots, unregisters the zone and unmaps
// the window".
TEST_F(KvmMapperTest, LeavesNothingBehind) {
  EXPECT_EQ(rig_.kvm.slot_count(), 0u);
  EXPECT_EQ(mapper_->map(), MemoryMap::uniform(Layout(KvmMapperRig::kWindow)));
  ASSERT_TRUE(mapper_->commit(segment(kWriteOnly)));
  EXPECT_THAT(rig_.kvm.zones(), ElementsAre(kSegment));
  EXPECT_EQ(rig_.kvm.slot_count(), 1u);
  EXPECT_EQ(mapper_->map(), segment(kWriteOnly));
  mapper_.reset();
  EXPECT_EQ(rig_.kvm.slot_count(), 0u);
  EXPECT_EQ(rig_.kvm.mapped_pages(), 0u);
  EXPECT_EQ(rig_.kvm.reserved_bytes(), 0u);
  EXPECT_THAT(rig_.kvm.zones(), IsEmpty());
  EXPECT_EQ(rig_.kvm.outside, "");
}

// ROM may come as a descriptor that was opened for reading, and nobody may write there by mistake.
TEST_F(KvmMapperTest, MapsRomWithoutTheRightToWrite) {
  ASSERT_TRUE(
      mapper_->commit(KvmMapperRig::map({{{0xc0000, 0xc1000}, kRom}, {{0xc1000, 0xc2000}, kReadOnlyRam}})));
  EXPECT_EQ(rig_.kvm.page(0xc0000)->protection, PROT_READ);
  EXPECT_EQ(rig_.kvm.page(0xc1000)->protection, PROT_READ) << "RAM is protected by its mapping";
}

// "Host addresses lie as the guest's do modulo 2 MiB."
TEST_F(KvmMapperTest, LiesWhereLargePagesCan) {
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(rig_.kvm.host_address(0xc8000) % (2 << 20), 0xc8000u);
}

// Reads, and which writes run, exit or are refused: by protection under a slot that is always read-write, but
// where writes are meant; or by slots.
TEST(KvmMapperWays, ShowEachRoute) {
  using Ends = FakeKvm::Ends;
  struct Row {
    const char* name;
    Routes routes;
    int read;  // the second page's first byte; -1: exits
    Ends by_protection, by_slots;
  };
  const Row rows[] = {
      {"RAM", kRam, 0xc9, Ends::kDone, Ends::kDone},
      {"read-only RAM", kReadOnlyRam, 0xc9, Ends::kRefused, Ends::kExits},
      {"ROM", kRom, 0x89, Ends::kRefused, Ends::kExits},
      {"write-only", kWriteOnly, 0x89, Ends::kExits, Ends::kExits},
      {"nobody", memory::open_routes(), 0xff, Ends::kRefused, Ends::kExits},
      {"the bus", memory::bus_routes(), -1, Ends::kExits, Ends::kExits},
      {"the bus, and writes to RAM",
       {Route::bus(), Route::ram(0xc8000), Route::bus()},
       -1,
       Ends::kExits,
       Ends::kExits},
  };
  for (const MapWay way : {MapWay::kProtect, MapWay::kSlots}) {
    for (const Row& row : rows) {
      KvmMapperRig rig;
      KvmMapperConfig config = rig.config();
      config.way = way;
      const auto mapper = rig.create(config);
      ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{kSegment, row.routes}}))) << row.name;
      EXPECT_EQ(rig.kvm.read(kSegment.start() + kPageSize), row.read) << row.name;
      EXPECT_EQ(rig.kvm.slot_count(), row.read < 0 ? 0u : 1u) << row.name;
      EXPECT_EQ(rig.kvm.write(kSegment.start() + 0x1008, 1),
                way == MapWay::kProtect ? row.by_protection : row.by_slots)
          << row.name;
      EXPECT_EQ(rig.kvm.page(kSegment.end()), std::nullopt) << row.name;
    }
  }
}

struct Stillnesses {
  unsigned pauses, fences, slot_calls, mappings, protections;
  friend bool operator==(const Stillnesses&, const Stillnesses&) = default;
};
std::ostream& operator<<(std::ostream& out, const Stillnesses& s) {
  return out << s.pauses << " pauses, " << s.fences << " fences, " << s.slot_calls << " slot calls, "
             << s.mappings << " mappings, " << s.protections << " protections";
}
Stillnesses since(const KvmMapperCounters& before, const KvmMapperCounters& now) {
  const auto count = [&](auto field) { return static_cast<unsigned>(now.*field - before.*field); };
  return {count(&KvmMapperCounters::pauses), count(&KvmMapperCounters::fences),
          count(&KvmMapperCounters::slot_calls), count(&KvmMapperCounters::swaps),
          count(&KvmMapperCounters::protections)};
}

// "RW<->RO is one mprotect, ROM<->RAM one mmap": no slot, no pause. A fence only where bytes change in more
// than one piece; a pause where a slot does, or where a write means something else that has left the guest.
TEST_F(KvmMapperTest, StopsNobodyWithoutNeed) {
  const GpaRange elsewhere{0xd0000, 0xd4000};
  const Routes other_ro = memory::read_only_ram_routes(0xd0000), other_ram = memory::ram_routes(0xd0000);
  const Routes other_rom{Route::rom(0), Route::drop(), Route::rom(0)};
  const auto with = [&](const Routes& routes, const Routes& other) {
    return KvmMapperRig::map({{kSegment, routes}, {elsewhere, other}});
  };
  struct Row {
    const char* name;
    MemoryMap before, after;
    Stillnesses takes;
  };
  const Row rows[] = {
      {"nothing", segment(kRom), segment(kRom), {0, 0, 0, 0, 0}},
      {"memory to read-only", segment(kRam), segment(kReadOnlyRam), {0, 0, 0, 0, 1}},
      {"and back", segment(kReadOnlyRam), segment(kRam), {0, 0, 0, 0, 1}},
      {"ROM to memory", segment(kRom), segment(kRam), {0, 0, 0, 1, 0}},
      {"memory to nobody", segment(kRam), segment(memory::open_routes()), {0, 0, 0, 1, 0}},
      {"RAM elsewhere", segment(kRam), segment(memory::ram_routes(0)), {0, 0, 0, 1, 0}},
      {"what a refused write means", segment(kRom), segment(kDroppingRom), {0, 0, 0, 0, 0}},
      {"two rights, one each way", with(kRam, other_ro), with(kReadOnlyRam, other_ram), {0, 0, 0, 0, 2}},
      {"a right and bytes", with(kRam, other_rom), with(kReadOnlyRam, other_ram), {0, 0, 0, 1, 1}},
      {"bytes in two pieces", with(kDroppingRom, other_ro), with(kReadOnlyRam, other_rom), {0, 1, 0, 2, 1}},
      {"a slot made", segment(memory::bus_routes()), segment(kRom), {1, 0, 1, 1, 0}},
      {"a slot unmade", segment(kRom), segment(memory::bus_routes()), {1, 0, 1, 0, 0}},
      {"writes begin to count", segment(kRom), segment(kWriteOnly), {1, 0, 2, 0, 0}},
      {"writes behind the bus",
       segment(memory::bus_routes()),
       segment({Route::bus(), Route::drop(), Route::bus()}),
       {1, 0, 0, 0, 0}},
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(mapper_->commit(segment(memory::bus_routes())));
    ASSERT_TRUE(mapper_->commit(row.before)) << row.name;
    const KvmMapperCounters before = mapper_->counters();
    ASSERT_TRUE(mapper_->commit(row.after)) << row.name;
    EXPECT_EQ(since(before, mapper_->counters()), row.takes) << row.name;
    EXPECT_FALSE(rig_.pause.is_paused) << row.name;
    EXPECT_EQ(mapper_->map(), row.after) << row.name;
  }
}

// "today's pause where KVM emulates and more than one vCPU exists".
TEST(KvmMapperWays, PauseInsteadOfAFenceWhereToldSo) {
  const auto two = [](const Routes& routes, const Routes& other) {
    return KvmMapperRig::map({{kSegment, routes}, {{0xd0000, 0xd4000}, other}});
  };
  for (const Stillness stillness : {Stillness::kFence, Stillness::kPause}) {
    KvmMapperRig rig;
    KvmMapperConfig config = rig.config();
    config.stillness = stillness;
    const auto mapper = rig.create(config);
    ASSERT_TRUE(mapper->commit(two(kRom, memory::rom_routes(0))));
    const KvmMapperCounters before = mapper->counters();
    ASSERT_TRUE(mapper->commit(two(kRam, memory::ram_routes(0xd0000))));
    const bool fences = stillness == Stillness::kFence;
    EXPECT_EQ(since(before, mapper->counters()),
              (Stillnesses{fences ? 0u : 1u, fences ? 1u : 0u, 0, 2, fences ? 1u : 0u}));
    EXPECT_EQ(mapper->stillness(), stillness);
  }
}

TEST(KvmMapperWays, SayWhichWasTaken) {
  const std::tuple<MapWay, Stillness, const char*> rows[] = {
      {MapWay::kProtect, Stillness::kFence, "protection, fenced"},
      {MapWay::kProtect, Stillness::kPause, "protection, vCPUs paused for more than one piece"},
      {MapWay::kSlots, Stillness::kFence, "slots, vCPUs paused"},
      {MapWay::kInPlace, Stillness::kFence, "slots in place, vCPUs paused"},
  };
  for (const auto& [way, stillness, line] : rows) {
    KvmMapperRig rig;
    KvmMapperConfig config = rig.config();
    config.way = way, config.stillness = stillness;
    EXPECT_EQ(rig.create(config)->way_line(), line);
  }
  KvmMapperRig rig;
  KvmMapperConfig config = rig.config();
  config.stillness = Stillness::kAuto, config.vcpus = 1;
  EXPECT_EQ(rig.create(config)->stillness(), Stillness::kFence) << "nobody else looks";
}

// At each moment of a change a running vCPU sees the old map or the new one, or is turned away: it never sees
// a piece of the new one and later a piece of the old one.
TEST(KvmMapperWays, ShowNoMixtureToARunningVcpu) {
  using Ends = FakeKvm::Ends;
  const GpaRange pieces[] = {{0xc4000, 0xc8000}, {0xcc000, 0xd0000}, {0xd8000, 0xdc000}};
  const auto map = [&](const Route& a, const Route& b, const Route& c, bool writes) {
    std::vector<Region> regions;
    const Route routes[] = {a, b, c};
    for (int i = 0; i < 3; ++i)
      regions.push_back(
          {pieces[i],
           {routes[i], writes && routes[i].target() == memory::Target::kRam ? routes[i] : Route::drop(),
            routes[i]}});
    return KvmMapperRig::map(regions);
  };
  const Route ram[] = {Route::ram(0xc4000), Route::ram(0xcc000), Route::ram(0xd8000)};
  const Route rom[] = {Route::rom(0x4000), Route::rom(0xc000), Route::rom(0x18000)};
  const std::pair<MemoryMap, MemoryMap> changes[] = {
      {map(rom[0], rom[1], rom[2], false), map(ram[0], ram[1], ram[2], true)},
      {map(ram[0], ram[1], ram[2], true), map(rom[0], rom[1], rom[2], false)},
      {map(ram[0], ram[1], ram[2], true), map(ram[0], ram[1], ram[2], false)},
      {map(ram[0], ram[1], ram[2], true), map(ram[0], rom[1], ram[2], false)},
      {map(ram[0], rom[1], ram[2], false), map(ram[0], ram[1], ram[2], true)},
      {map(rom[0], ram[1], Route::open(), true), map(ram[0], ram[1], ram[2], false)},
  };
  for (const auto& [before, after] : changes) {
    KvmMapperRig rig;
    const auto mapper = rig.create();
    ASSERT_TRUE(mapper->commit(before));
    KvmMapperRig other;
    const auto model = other.create();
    ASSERT_TRUE(model->commit(after));
    bool is_new_seen = false;
    unsigned steps = 0;
    rig.kvm.after_step = [&] {
      ++steps;
      bool is_old_seen = false, is_new_now = false;
      for (const GpaRange& piece : pieces) {
        const auto old_routes = before.cpu.find(piece.start()), new_routes = after.cpu.find(piece.start());
        const int byte = rig.kvm.read(piece.start());
        if (old_routes.read != new_routes.read && byte >= 0)
          (byte == other.kvm.read(piece.start()) ? is_new_now : is_old_seen) = true;
        const bool may_write = rig.kvm.write(piece.start() + 8, 1) == Ends::kDone;
        if (may_write && old_routes.write.target() != memory::Target::kRam) is_new_now = true;
        if (may_write && new_routes.write.target() != memory::Target::kRam) is_old_seen = true;
      }
      EXPECT_FALSE(is_old_seen && (is_new_now || is_new_seen)) << "step " << steps;
      is_new_seen = is_new_seen || is_new_now;
    };
    ASSERT_TRUE(mapper->commit(after));
    rig.kvm.after_step = nullptr;
    EXPECT_GT(steps, 0u);
    EXPECT_EQ(mapper->counters().pauses, 1u) << "the first map's";
  }
}

// --- Demotion. ---

constexpr int kRefusedByMapping = EFAULT;

// EFAULT: all that is protected under a read-write slot gets a read-only one, once.
TEST_F(KvmMapperTest, DemotesWhatIsWrittenTo) {
  const GpaRange ram{0xd0000, 0xd4000};
  ASSERT_TRUE(
      mapper_->commit(KvmMapperRig::map({{kSegment, kReadOnlyRam}, {ram, memory::ram_routes(0xd0000)}})));
  ASSERT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kRefused);
  const unsigned told = rig_.observer.calls;
  const std::uint64_t generation = mapper_->generation();
  EXPECT_EQ(after_run(kRefusedByMapping).action, AfterRun::Action::kRunAgain);
  EXPECT_NE(mapper_->generation(), generation);
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kExits);
  EXPECT_TRUE(write(0xc8008, {1}).done()) << "dropped";
  EXPECT_EQ(rig_.ram.bytes()[0xc8008], 0);
  EXPECT_EQ(rig_.kvm.write(0xd0008, 1), FakeKvm::Ends::kDone) << "memory stays as it is";
  EXPECT_EQ(rig_.observer.calls, told) << "the map is the same";
  EXPECT_EQ(mapper_->counters().demotions, 1u);
  EXPECT_THAT(rig_.observer.demoted_pages, ElementsAre(kSegment));
  EXPECT_FALSE(rig_.pause.is_paused);
  // As memory it is in no read-only slot, and read-only again it is protected again.
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kDone);
  ASSERT_TRUE(mapper_->commit(segment(kReadOnlyRam)));
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kRefused);
}

// KVM_EXIT_MEMORY_FAULT names the page: only what goes with it is demoted, unless the name is of no use.
TEST_F(KvmMapperTest, DemotesWhereKvmSaysSo) {
  const GpaRange rom{0xd0000, 0xd4000};
  const auto refuse = [&](Gpa gpa) {
    std::memcpy(static_cast<void*>(rig_.run.run()->padding + 8), &gpa, sizeof(gpa));
    return after_run(kRefusedByMapping, kExitMemoryFault).action;
  };
  ASSERT_TRUE(mapper_->commit(KvmMapperRig::map({{kSegment, kReadOnlyRam}, {rom, memory::rom_routes(0)}})));
  EXPECT_EQ(refuse(0xd1000), AfterRun::Action::kRunAgain);
  EXPECT_EQ(rig_.kvm.write(0xd0008, 1), FakeKvm::Ends::kExits);
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kRefused);
  EXPECT_EQ(refuse(0x5000), AfterRun::Action::kRunAgain) << "then all";
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kExits);
  const AfterRun stop = after_run(kRefusedByMapping);
  EXPECT_EQ(stop.action, AfterRun::Action::kStop);
  EXPECT_THAT(stop.line, HasSubstr("memory that the host does not have"));
}

// "A demoted segment ... after N demotions goes straight to a read-only slot."
TEST_F(KvmMapperTest, KeepsTheReadOnlySlotOfWhatIsOftenWrittenTo) {
  for (unsigned i = 0; i < 3; ++i) {
    ASSERT_TRUE(mapper_->commit(segment(kRam)));
    ASSERT_TRUE(mapper_->commit(segment(kReadOnlyRam)));
    ASSERT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kRefused) << i;
    EXPECT_EQ(after_run(kRefusedByMapping).action, AfterRun::Action::kRunAgain);
  }
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kDone);
  ASSERT_TRUE(mapper_->commit(segment(kReadOnlyRam)));
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kExits);
  // Not for ever: who wrote may be gone, and the slot makes changes dear. One demotion in sixteen if he is
  // not.
  for (unsigned i = 1; i < 16; ++i) {
    ASSERT_TRUE(mapper_->commit(segment(kRam)));
    ASSERT_TRUE(mapper_->commit(segment(kRam)));
    ASSERT_TRUE(mapper_->commit(segment(kReadOnlyRam)));
  }
  EXPECT_EQ(rig_.kvm.write(0xc8008, 1), FakeKvm::Ends::kRefused);
}

TEST(KvmMapperDemotions, LeaveNothingBehind) {
  KvmMapperRig rig;
  KvmMapperConfig config = rig.config();
  config.demotions_until_kept = 10'000;
  const auto mapper = rig.create(config);
  const MemoryMap maps[] = {KvmMapperRig::map({{kSegment, kRam}}),
                            KvmMapperRig::map({{kSegment, kReadOnlyRam}})};
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_TRUE(mapper->commit(maps[0]));
    ASSERT_TRUE(mapper->commit(maps[1]));
    rig.run.run()->exit_reason = 0;
    const AfterRun after =
        mapper->after_run({.run = *rig.run.run(), .error = EFAULT, .entered = mapper->generation()});
    ASSERT_EQ(after.action, AfterRun::Action::kRunAgain);
  }
  EXPECT_EQ(mapper->counters().demotions, 1000u);
  EXPECT_EQ(rig.kvm.slot_count(), 1u);
}

// "the map has changed since it entered -> run again".
TEST_F(KvmMapperTest, RunsAgainAfterAChangeWithoutDemoting) {
  ASSERT_TRUE(mapper_->commit(segment(kReadOnlyRam)));
  rig_.run.run()->exit_reason = 0;
  const AfterRun after =
      mapper_->after_run({.run = *rig_.run.run(), .error = EFAULT, .entered = mapper_->generation() - 1});
  EXPECT_EQ(after.action, AfterRun::Action::kRunAgain);
  EXPECT_EQ(mapper_->counters().demotions, 0u);
}

// A demotion that fails leaves the map as it is, and says so.
TEST_F(KvmMapperTest, StopsWhereADemotionFails) {
  ASSERT_TRUE(mapper_->commit(segment(kReadOnlyRam)));
  const auto picture = rig_.picture();
  rig_.kvm.fail_call(1, ENOMEM, false);
  const AfterRun after = after_run(kRefusedByMapping);
  EXPECT_EQ(after.action, AfterRun::Action::kStop);
  EXPECT_THAT(after.line, HasSubstr("Cannot allocate memory"));
  EXPECT_EQ(rig_.picture(), picture);
  EXPECT_FALSE(rig_.pause.is_paused);
  EXPECT_EQ(after_run(kRefusedByMapping).action, AfterRun::Action::kRunAgain) << "the next try";
}

TEST_F(KvmMapperTest, LeavesOtherExitsToTheEmbedder) {
  for (const std::uint32_t exit_reason : {KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_SHUTDOWN})
    EXPECT_EQ(after_run(0, exit_reason).action, AfterRun::Action::kEmbedder);
  EXPECT_EQ(after_run(EINTR).action, AfterRun::Action::kEmbedder);
  rig_.run.run()->internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
  EXPECT_EQ(after_run(0, KVM_EXIT_INTERNAL_ERROR).action, AfterRun::Action::kEmbedder);
}

// A change beside the one swap counts as well, even where no slot shows it: an exit in hand belongs to the
// old map.
TEST_F(KvmMapperTest, PausesForWhatNoSlotShows) {
  KvmMapperConfig config = rig_.config();
  config.window = GpaRange(0xc0000, 0x200000);
  const auto mapper = KvmMapper::create(config, rig_.pause, rig_.kvm).value();
  const auto map = [&](const Routes& low, const Route& read) {
    const Region regions[] = {{kSegment, low}, {{0x100000, 0x200000}, {read, Route::drop(), read}}};
    return MemoryMap::uniform(Layout(config.window, regions));
  };
  ASSERT_TRUE(mapper->commit(map(kDroppingRom, Route::bus())));
  rig_.pause.pauses = 0;
  ASSERT_TRUE(mapper->commit(map(kReadOnlyRam, Route::bus())));
  EXPECT_EQ(rig_.pause.pauses, 0u);
  ASSERT_TRUE(mapper->commit(map(kDroppingRom, Route::open())));
  EXPECT_EQ(rig_.pause.pauses, 1u);
}

// DMA alone needs no pause: a vCPU does not see it.
TEST_F(KvmMapperTest, ChangesTheBusMastersViewWithoutAPause) {
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  MemoryMap map = segment(kRam);
  map.bus_master = segment(kReadOnlyRam).bus_master;
  rig_.pause.pauses = 0;
  const std::uint64_t generation = mapper_->generation();
  ASSERT_TRUE(mapper_->commit(map));
  EXPECT_EQ(rig_.pause.pauses, 0u);
  EXPECT_EQ(mapper_->generation(), generation);
  EXPECT_THAT(rig_.observer.cpu, IsEmpty());
  EXPECT_THAT(rig_.observer.bus_master, ElementsAre(LayoutChange{kSegment, kRam, kReadOnlyRam}));
}

TEST_F(KvmMapperTest, TellsTheObserverBeforeVcpusGoOn) {
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(rig_.observer.calls, 1u);
  EXPECT_TRUE(rig_.observer.was_paused);
  EXPECT_THAT(rig_.observer.cpu, ElementsAre(LayoutChange{kSegment, memory::bus_routes(), kRam}));
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(rig_.observer.calls, 1u) << "nothing changed";
}

// The mapper acts on its part of a larger map, and keeps the whole.
// "an observer in two phases that may refuse before anything changes".
TEST_F(KvmMapperTest, AsksTheObserverFirst) {
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  const auto picture = rig_.picture();
  rig_.observer.refuses = true;
  const auto refused = mapper_->commit(segment(kRom));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "somebody has it mapped");
  EXPECT_EQ(rig_.picture(), picture);
  EXPECT_EQ(mapper_->map(), segment(kRam));
  EXPECT_EQ(rig_.observer.undone, 0u) << "it knows";
  rig_.observer.refuses = false;
  rig_.kvm.fail_call(0, ENOMEM, false);
  ASSERT_FALSE(mapper_->commit(segment(kRom)));
  EXPECT_EQ(rig_.observer.undone, 1u);
  EXPECT_EQ(rig_.observer.calls, 1u);
}

// "nothing throws between pause and resume (or is caught and resumed)".
TEST_F(KvmMapperTest, GoesOnWhenTheObserverThrows) {
  rig_.observer.throws = true;
  const auto told = mapper_->commit(segment(kRam));
  ASSERT_FALSE(told);
  EXPECT_THAT(told.error().what, HasSubstr("no room in the observer"));
  EXPECT_FALSE(rig_.pause.is_paused);
  EXPECT_EQ(mapper_->map(), segment(kRam)) << "the change is made";
  rig_.observer.throws = false;
  EXPECT_TRUE(mapper_->commit(segment(kRam)));
}

// "nothing is unmapped under a live slot".
TEST_F(KvmMapperTest, LeavesMappedWhatASlotStillShows) {
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  rig_.kvm.fail_call(0, ENOMEM, true);
  mapper_.reset();
  EXPECT_EQ(rig_.kvm.slot_count(), 1u);
  EXPECT_EQ(rig_.kvm.outside, "");
  EXPECT_EQ(rig_.kvm.read(0xc8000), 0xc8);
}

TEST_F(KvmMapperTest, TakesAMapOfMoreThanItsWindow) {
  const GpaRange all{0, 1ull << 32};
  const Region regions[] = {{{0, 0x100000}, memory::ram_routes(0)},
                            {{0xfff00000, 1ull << 32}, memory::rom_routes(0x7ff00000)}};
  const MemoryMap map = MemoryMap::uniform(Layout(all, regions));
  ASSERT_TRUE(mapper_->commit(map)) << "what is outside need not even exist";
  EXPECT_EQ(mapper_->map(), map);
  EXPECT_EQ(rig_.kvm.read(0xa5000), 0xa5);
  EXPECT_EQ(rig_.kvm.read(0x5000), -1);
  EXPECT_THAT(rig_.observer.cpu, ElementsAre(LayoutChange{KvmMapperRig::kWindow, memory::bus_routes(),
                                                          memory::ram_routes(0xa0000)}));
}

TEST_F(KvmMapperTest, RefusesWhatItCannotShow) {
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  const auto picture = rig_.picture();
  struct Row {
    MemoryMap map;
    Errc code;
    const char* line;
  };
  const Row rows[] = {
      {segment({Route::bus(), Route::bus(), Route::ram(0)}), Errc::kNotSupported,
       "KVM cannot fetch from elsewhere than it reads: 0xc8000-0xcbfff"},
      {segment(memory::ram_routes(0xff000)), Errc::kInvalidArgument,
       "the map of 0xc8000-0xcbfff reaches past the memory behind it"},
      {segment(memory::rom_routes(0x40000)), Errc::kInvalidArgument,
       "the map of 0xc8000-0xcbfff reaches past the memory behind it"},
      {segment({Route::rom(0), Route::rom(0), Route::rom(0)}), Errc::kNotSupported,
       "the map of 0xc8000-0xcbfff writes to ROM or reads from nowhere"},
      {MemoryMap::uniform(Layout(GpaRange(0xc0000, 0x100000))), Errc::kInvalidArgument,
       "the map covers 0xc0000-0xfffff, not the KVM mapper's window"},
  };
  for (const Row& row : rows) {
    const auto refused = mapper_->commit(row.map);
    ASSERT_FALSE(refused) << row.line;
    EXPECT_EQ(refused.error().code, row.code) << row.line;
    EXPECT_EQ(refused.error().what, row.line);
    EXPECT_EQ(mapper_->map(), segment(kRam));
    EXPECT_EQ(rig_.picture(), picture);
  }
  // The other views are checked as well: DMA goes by them.
  MemoryMap map = segment(kRam);
  map.bus_master = segment(memory::ram_routes(0xff000)).bus_master;
  EXPECT_FALSE(mapper_->commit(map));
}

// "On an error no vCPU is paused, resume() is not called, and the commit fails with that error."
TEST_F(KvmMapperTest, ChangesNothingWhenVcpusDoNotStop) {
  rig_.pause.fails = true;
  const auto refused = mapper_->commit(segment(kRam));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "a vCPU does not stop");
  EXPECT_EQ(rig_.kvm.slot_count(), 0u);
  EXPECT_EQ(rig_.pause.resumes, 0u);
  EXPECT_FALSE(mapper_->is_lost());
  rig_.pause.fails = false;
  EXPECT_TRUE(mapper_->commit(segment(kRam)));
}

TEST_F(KvmMapperTest, CompletesExitsByTheMap) {
  ASSERT_TRUE(
      mapper_->commit(KvmMapperRig::map({{{0xc0000, 0xc1000}, kWriteOnly},
                                         {{0xc1000, 0xc2000}, memory::open_routes()},
                                         {{0xc2000, 0xc3000}, {Route::bus(), Route::ram(0), Route::bus()}},
                                         {{0xc3000, 0xc4000}, memory::rom_routes(0)}})));
  struct Row {
    const char* name;
    Gpa gpa;
    std::uint8_t bus_bytes;
    std::uint64_t stored_at;  // in RAM; 0: not at all
  };
  const Row rows[] = {
      {"write-only: into the RAM behind", 0xc0004, 0, 0xc8004},
      {"nobody: vanishes", 0xc1000, 0, 0},
      {"a bus page over RAM", 0xc2000, 0, 0x0},
      {"ROM: to the bus", 0xc3000, 0xf, 0},
      {"across pages: byte by byte", 0xc2ffe, 0xc, 0xffe},
      {"outside of the window", 0x1000, 0xf, 0},
      {"out of the window", 0xffffe, 0xf, 0},
  };
  for (const Row& row : rows) {
    rig_.ram.bytes()[row.stored_at] = 0;
    EXPECT_EQ(write(row.gpa, {0xde, 0xad, 0xbe, 0xef}).bus_bytes, row.bus_bytes) << row.name;
    if (row.stored_at != 0) {
      EXPECT_EQ(rig_.ram.bytes()[row.stored_at], 0xde) << row.name;
    }
  }
  EXPECT_EQ(rig_.ram.bytes()[0xfff], 0xad);
  EXPECT_EQ(mapper_->counters().stray_reads, 0u);
  EXPECT_THAT(read(0xc1ffe, 4), ElementsAre(0xff, 0xff, 0x11, 0x11));
  EXPECT_THAT(read(0xc3000, 2), ElementsAre(0x80, 0x00)) << "a stray: ROM has a slot";
  EXPECT_EQ(mapper_->counters().stray_reads, 1u);
}

// "an entry is interpreted by the map it was queued under"; what is for the bus is returned, in its order.
TEST_F(KvmMapperTest, DrainsTheRingUnderTheOldMap) {
  using Space = BusWrite::Space;
  ASSERT_TRUE(mapper_->commit(segment(kWriteOnly)));
  rig_.run.queue(0xc8010, {1, 2, 3, 4});
  rig_.run.queue(0xd0000, {5});                 // bus
  rig_.run.queue(0x80, {6}, /*is_port=*/true);  // the embedder's own
  ASSERT_TRUE(mapper_->commit(segment(kRom)));
  EXPECT_EQ(rig_.ram.bytes()[0xc8010], 1);
  EXPECT_EQ(rig_.ram.bytes()[0xc8013], 4);
  rig_.run.queue(0xc8010, {9});
  mapper_->drain();
  EXPECT_EQ(rig_.ram.bytes()[0xc8010], 1) << "now ROM, and the write goes to the bus";
  const AfterRun after = after_run(EINTR);
  ASSERT_EQ(after.writes.size(), 3u);
  const std::tuple<std::uint64_t, Gpa, Space, int> expected[] = {
      {0, 0xd0000, Space::kMemory, 5}, {1, 0x80, Space::kPort, 6}, {2, 0xc8010, Space::kMemory, 9}};
  for (std::size_t i = 0; i < 3; ++i) {
    const BusWrite& write = after.writes[i];
    EXPECT_EQ(std::tuple(write.ticket, write.at, write.space, write.data()[0]), expected[i]);
  }
  EXPECT_EQ(after.ticket, 3u) << "what comes next waits for all of them";
  EXPECT_THAT(after_run(EINTR).writes, IsEmpty());
  EXPECT_EQ(mapper_->counters().drained_writes, 4u);
}

TEST_F(KvmMapperTest, DrainsTheRingRoundItsEnd) {
  ASSERT_TRUE(mapper_->commit(segment(kWriteOnly)));
  std::uint64_t next = 0;
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t start = next;
    for (int i = 0; i < 100; ++i, ++next) rig_.run.queue(0xc8000 + next, {static_cast<std::uint8_t>(next)});
    mapper_->drain();
    for (std::uint64_t at = start; at < next; ++at) ASSERT_EQ(rig_.ram.bytes()[0xc8000 + at], at % 256);
  }
}

// KVM_EXIT_INTERNAL_ERROR, suberror 1: run again if the map has changed, or after a demotion; else stop with
// one line that names the RIP. Without instruction bytes it has two causes, and the line names the right one.
TEST_F(KvmMapperTest, TellsAFetchFromNowhereFromAnInstructionThatKvmFailsAt) {
  const std::string no_memory = "where there is no memory to execute from";
  const std::string no_emulation = "KVM cannot emulate the instruction at 0xc8003";
  struct Row {
    Routes routes;
    std::uint64_t data;  // 1: with instruction bytes
    std::string line;
  };
  const Row rows[] = {
      {kRam, 0, no_emulation},
      {kRom, 0, no_emulation},
      {memory::bus_routes(), 0, no_memory},
      {memory::bus_routes(), 1, no_emulation},
      {memory::open_routes(), 0, no_memory},
      {{Route::bus(), Route::ram(0xc8000), Route::bus()}, 0, no_memory},
  };
  kvm_run& run = *rig_.run.run();
  for (const Row& row : rows) {
    const std::uint64_t before = mapper_->generation();
    ASSERT_TRUE(mapper_->commit(segment(row.routes)));
    const auto fail_from = [&](std::uint64_t entered) {
      run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
      run.internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
      run.internal.ndata = row.data == 0 ? 6 : 8;
      run.internal.data[0] = row.data;
      return mapper_->after_run(
          {.run = run, .entered = entered, .rip = [] { return std::uint64_t{0xc8003}; }});
    };
    if (mapper_->generation() != before) {
      EXPECT_EQ(fail_from(before).action, AfterRun::Action::kRunAgain);
    }
    AfterRun after = fail_from(mapper_->generation());
    if (after.action == AfterRun::Action::kRunAgain)
      after = fail_from(mapper_->generation());  // it was demoted
    EXPECT_EQ(after.action, AfterRun::Action::kStop);
    EXPECT_THAT(after.line, HasSubstr(row.line));
  }
}

// KVM leaves with an internal error and yet queues a #UD for the guest. The instruction is run again, so the
// guest must not get it; what else waits for it is its own.
TEST_F(KvmMapperTest, TakesBackTheExceptionOfAnInstructionThatIsRunAgain) {
  constexpr std::uint8_t kInvalidOpcode = 6, kPageFault = 14;
  kvm_run& run = *rig_.run.run();
  const auto come_out = [&](std::uint8_t queued) {
    rig_.kvm.events = {};
    rig_.kvm.events.exception.injected = 1;
    rig_.kvm.events.exception.nr = queued;
    rig_.kvm.events.interrupt.injected = 1;
    run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
    run.internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
    return mapper_->after_run({.run = run, .entered = mapper_->generation(), .fd = FakeKvm::kVcpuFd});
  };
  for (const Routes& routes : {kReadOnlyRam, memory::bus_routes()}) {
    ASSERT_TRUE(mapper_->commit(segment(routes)));
    const bool demotes = routes == kReadOnlyRam;
    EXPECT_EQ(come_out(kInvalidOpcode).action,
              demotes ? AfterRun::Action::kRunAgain : AfterRun::Action::kStop);
    EXPECT_EQ(rig_.kvm.events.exception.injected, 0);
    EXPECT_EQ(rig_.kvm.events.interrupt.injected, 1);
  }
  come_out(kPageFault);
  EXPECT_EQ(rig_.kvm.events.exception.injected, 1);
  rig_.kvm.fail_call(0, EINVAL, false);
  EXPECT_THAT(come_out(kInvalidOpcode).line, HasSubstr("KVM_SET_VCPU_EVENTS"));
}

TEST(KvmMapperCreate, RefusesWhatCannotBe) {
  struct Row {
    const char* line;
    void (*spoil)(KvmMapperRig& rig, KvmMapperConfig& config);
    Errc code;
  };
  const Row rows[] = {
      {"this KVM lacks KVM_CAP_READONLY_MEM: ROM and write-protected RAM cannot be shown to the guest",
       [](KvmMapperRig& rig, KvmMapperConfig&) { rig.kvm.extensions.erase(KVM_CAP_READONLY_MEM); },
       Errc::kNotSupported},
      {"the KVM mapper's window is empty", [](KvmMapperRig&, KvmMapperConfig& config) { config.window = {}; },
       Errc::kInvalidArgument},
      {"a cut of the KVM mapper is not page-aligned",
       [](KvmMapperRig&, KvmMapperConfig& config) { config.cuts = {0xa0001}; }, Errc::kInvalidArgument},
      {"slots 500 to 628 are not slots of this KVM, which has 512",
       [](KvmMapperRig&, KvmMapperConfig& config) { config.first_slot = 500; }, Errc::kInvalidArgument},
      {"this KVM has no address space for system management mode",
       [](KvmMapperRig&, KvmMapperConfig& config) { config.smm = SmmView::kMirrored; }, Errc::kNotSupported},
      {"guest memory does not begin on a page of its descriptor",
       [](KvmMapperRig&, KvmMapperConfig& config) { config.memory.ram.fd_offset = 1; },
       Errc::kInvalidArgument},
  };
  for (const Row& row : rows) {
    KvmMapperRig rig;
    KvmMapperConfig config = rig.config();
    row.spoil(rig, config);
    const auto mapper = KvmMapper::create(config, rig.pause, rig.kvm);
    ASSERT_FALSE(mapper) << row.line;
    EXPECT_EQ(mapper.error().what, row.line);
    EXPECT_EQ(mapper.error().code, row.code);
  }
}

// A zone comes with the first write-only page and stays, but not over a device, and not while the RAM shows
// at another address: there the order of writes would be lost.
TEST_F(KvmMapperTest, CoalescesWhereOrderDoesNotShow) {
  const GpaRange device{0xc9000, 0xca000};
  const Region alias{{0xe0000, 0xe1000}, memory::ram_routes(0xc9000)};
  const Region readable_alias{{0xe0000, 0xe1000}, memory::read_only_ram_routes(0xc9000)};
  const auto with = [](const Region& other) { return KvmMapperRig::map({{kSegment, kWriteOnly}, other}); };
  const auto part = [](const Routes& routes) {
    return KvmMapperRig::map({{{0xc8000, 0xc9000}, kWriteOnly}, {{0xc9000, 0xca000}, routes}});
  };
  MemoryMap differs_in_smm = segment(kWriteOnly);
  differs_in_smm.cpu_smm = segment(kRam).cpu;
  struct Row {
    const char* name;
    MemoryMap map;
    std::vector<GpaRange> zones;
  };
  const Row rows[] = {
      {"no write-only RAM", segment(kRam), {}},
      {"write-only RAM", segment(kWriteOnly), {kSegment}},
      {"and no more: it stays", segment(kRam), {kSegment}},
      {"a device in it", part(memory::bus_routes()), {{0xc8000, 0xc9000}}},
      {"gone again", segment(kWriteOnly), {{0xc8000, 0xc9000}, {0xc9000, 0xcc000}}},
      {"its RAM shows elsewhere", with(alias), {}},
      {"only there again", segment(kWriteOnly), {kSegment}},
      {"it can be read elsewhere", with(readable_alias), {}},
      {"another meaning in system management mode", differs_in_smm, {}},
      {"in the VGA window",
       KvmMapperRig::map({{{0xa0000, 0xa1000}, {Route::rom(0), Route::ram(0), Route::rom(0)}}}),
       {}},
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(mapper_->commit(row.map)) << row.name;
    EXPECT_EQ(rig_.kvm.zones(), row.zones) << row.name;
  }
}

// A zone that cannot be had is missed, not needed.
TEST_F(KvmMapperTest, DoesWithoutAZone) {
  rig_.kvm.zone_error = ENOSPC;
  ASSERT_TRUE(mapper_->commit(segment(kWriteOnly)));
  EXPECT_THAT(rig_.kvm.zones(), IsEmpty());
  EXPECT_TRUE(write(0xc8004, {7}).done());
  EXPECT_EQ(rig_.ram.bytes()[0xc8004], 7);
}

// Without the capability there is no zone and no ring; every write exits.
TEST(KvmMapperCreate, DoesWithoutCoalescing) {
  KvmMapperRig rig;
  rig.kvm.extensions.erase(KVM_CAP_COALESCED_MMIO);
  const auto mapper = rig.create();
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{kSegment, kWriteOnly}})));
  EXPECT_THAT(rig.kvm.zones(), IsEmpty());
  rig.run.queue(0xc8010, {1});
  mapper->drain();
  EXPECT_EQ(mapper->counters().drained_writes, 0u);
}

// "the SMM address space mirrored where KVM has SMM": SMRAM is seen there alone, each view is shown by its
// own slots, and an exit is completed by the view that its CPU is in.
TEST(KvmMapperSmm, IsSeenInItsOwnAddressSpace) {
  constexpr std::uint32_t kSmm = 1;
  KvmMapperRig rig;
  rig.kvm.extensions[KVM_CAP_X86_SMM] = 1;
  rig.kvm.extensions[KVM_CAP_MULTI_ADDRESS_SPACE] = 2;
  KvmMapperConfig config = rig.config();
  config.smm = SmmView::kMirrored;
  const auto mapper = rig.create(config);
  const auto with_smram = [](const Routes& routes) {
    MemoryMap map = KvmMapperRig::map({{kSegment, routes}});
    map.cpu_smm =
        KvmMapperRig::map({{{0xa0000, 0xc0000}, memory::ram_routes(0xa0000)}, {kSegment, routes}}).cpu;
    return map;
  };
  ASSERT_TRUE(mapper->commit(with_smram(kRam)));
  EXPECT_EQ(rig.kvm.page(0xa1000), std::nullopt);
  EXPECT_EQ(rig.kvm.read(0xa1000, kSmm), 0xa1);
  EXPECT_EQ(rig.kvm.read(0xc9000), 0xc9);
  EXPECT_EQ(rig.kvm.read(0xc9000, kSmm), 0xc9);
  const KvmMapperCounters before = mapper->counters();
  ASSERT_TRUE(mapper->commit(with_smram(kReadOnlyRam)));
  EXPECT_EQ(since(before, mapper->counters()), (Stillnesses{0, 0, 0, 0, 2}));
  EXPECT_EQ(rig.kvm.write(0xc9008, 1, kSmm), FakeKvm::Ends::kRefused);

  // What SMM code writes there is refused, demoted and dropped, in both views alike.
  rig.run.run()->exit_reason = 0;
  rig.run.run()->flags = KVM_RUN_X86_SMM;
  const AfterRun refused = mapper->after_run({*rig.run.run(), EFAULT, mapper->generation()});
  EXPECT_EQ(refused.action, AfterRun::Action::kRunAgain);
  EXPECT_EQ(rig.kvm.write(0xc9008, 1, kSmm), FakeKvm::Ends::kExits);
  // SMRAM is the bus for who is not in SMM.
  for (const bool is_in_smm : {true, false}) {
    std::uint8_t data[1]{5};
    rig.run.run()->flags = is_in_smm ? KVM_RUN_X86_SMM : 0;
    const AfterRun after = fakes::mmio_exit(*mapper, *rig.run.run(), 0xa2000, MmioDirection::kWrite, data);
    EXPECT_EQ(after.verdict.done(), is_in_smm);
  }
  EXPECT_EQ(rig.ram.bytes()[0xa2000], 5);
}

// Neither view shows the new map while the other still shows the old one.
TEST(KvmMapperSmm, ChangesWithTheOtherView) {
  KvmMapperRig rig;
  rig.kvm.extensions[KVM_CAP_X86_SMM] = 1;
  rig.kvm.extensions[KVM_CAP_MULTI_ADDRESS_SPACE] = 2;
  KvmMapperConfig config = rig.config();
  config.smm = SmmView::kMirrored;
  const auto mapper = rig.create(config);
  const Routes states[] = {kRam, kReadOnlyRam, kDroppingRom, kRam, kDroppingRom, kReadOnlyRam};
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{kSegment, states[0]}})));
  for (std::size_t i = 1; i < std::size(states); ++i) {
    const Routes& before = states[i - 1];
    const Routes& after = states[i];
    bool is_new_seen = false;
    rig.kvm.after_step = [&] {
      bool is_old = false, is_new = false;
      for (const std::uint32_t space : {0u, 1u}) {
        const int byte = rig.kvm.read(0xc9000, space);
        const bool writes = rig.kvm.write(0xc9008, 1, space) == FakeKvm::Ends::kDone;
        if (before.read != after.read && byte >= 0)
          (byte == (after == kDroppingRom ? 0x89 : 0xc9) ? is_new : is_old) = true;
        if (writes) (after == kRam ? is_new : is_old) = true;
      }
      EXPECT_FALSE(is_old && (is_new || is_new_seen)) << i;
      is_new_seen = is_new_seen || is_new;
    };
    ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{kSegment, after}})));
    rig.kvm.after_step = nullptr;
    EXPECT_TRUE(is_new_seen || after == kReadOnlyRam) << i;
  }
  EXPECT_EQ(mapper->counters().pauses, 1u) << "the first map's";
}

// "HVA mode: slots into the embedder's own mapping; PAM uses slots alone."
TEST(KvmMapperInPlace, PutsSlotsOverTheEmbeddersOwnBytes) {
  KvmMapperRig rig;
  KvmMapperConfig config = rig.config();
  config.way = MapWay::kInPlace;
  config.memory.ram.fd = config.memory.rom.fd = -1;  // it has none
  const auto mapper = rig.create(config);
  // SAFETY: addresses as numbers, to compare.
  const auto ram = reinterpret_cast<std::uint64_t>(rig.ram.bytes().data()),
             rom = reinterpret_cast<std::uint64_t>(rig.rom.bytes().data());
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{{0xc0000, 0xc4000}, memory::ram_routes(0xc0000)},
                                                {{0xc4000, 0xc8000}, memory::read_only_ram_routes(0xc4000)},
                                                {kSegment, kRom},
                                                {{0xcc000, 0xd0000}, memory::ram_routes(0x1000)},
                                                {{0xd0000, 0xd4000}, memory::open_routes()}})));
  EXPECT_EQ(rig.kvm.host_address(0xc1000), ram + 0xc1000);
  EXPECT_EQ(rig.kvm.host_address(0xc5000), ram + 0xc5000);
  EXPECT_EQ(rig.kvm.host_address(0xc9000), rom + 0x9000);
  EXPECT_EQ(rig.kvm.host_address(0xcc000), ram + 0x1000);
  EXPECT_EQ(rig.kvm.read(0xd0000), 0xff);
  EXPECT_EQ(rig.kvm.slot_count(), 5u);
  EXPECT_EQ(mapper->counters().swaps + mapper->counters().protections, 0u);
  // Bytes that change take their slot along, and no other.
  const KvmMapperCounters before = mapper->counters();
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{{0xc0000, 0xc4000}, memory::ram_routes(0xc0000)},
                                                {{0xc4000, 0xc8000}, memory::read_only_ram_routes(0xc4000)},
                                                {kSegment, kReadOnlyRam},
                                                {{0xcc000, 0xd0000}, memory::ram_routes(0x1000)},
                                                {{0xd0000, 0xd4000}, memory::open_routes()}})));
  EXPECT_EQ(rig.kvm.host_address(0xc9000), ram + 0xc9000);
  EXPECT_EQ(mapper->counters().slot_calls - before.slot_calls, 2u);
}

}  // namespace
}  // namespace lowmeg::kvm
