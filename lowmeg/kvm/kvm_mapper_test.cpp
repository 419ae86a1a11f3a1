#include "lowmeg/kvm/kvm_mapper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/kvm_mapper_rig.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::FakeKvm;
using fakes::KvmMapperRig;
using fakes::RecordingBusWrites;
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
    return mapper_->complete({gpa, MmioDirection::kWrite, data});
  }
  std::vector<std::uint8_t> read(Gpa gpa, std::size_t size) {
    std::vector<std::uint8_t> data(size, 0x11);  // what stays 11 is the bus's
    mapper_->complete({gpa, MmioDirection::kRead, data});
    return data;
  }

  KvmMapperRig rig_;
  std::unique_ptr<KvmMapper> mapper_ = rig_.create();
};

// "starts with everything on the bus, without a slot"; "deletes its slots, unregisters the zone and unmaps
// the window".
TEST_F(KvmMapperTest, LeavesNothingBehind) {
  EXPECT_EQ(rig_.kvm.slot_count(), 0u);
  EXPECT_EQ(mapper_->map(), MemoryMap::uniform(Layout(KvmMapperRig::kWindow)));
  EXPECT_THAT(rig_.kvm.zones(), ElementsAre(GpaRange(0xc0000, 0x100000)));
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(rig_.kvm.slot_count(), 1u);
  EXPECT_EQ(mapper_->map(), segment(kRam));
  mapper_.reset();
  EXPECT_EQ(rig_.kvm.slot_count(), 0u);
  EXPECT_EQ(rig_.kvm.mapped_pages(), 0u);
  EXPECT_THAT(rig_.kvm.zones(), IsEmpty());
  EXPECT_EQ(rig_.kvm.outside, "");
}

// ROM may come as a descriptor that was opened for reading, and nobody may write there by mistake.
TEST_F(KvmMapperTest, MapsRomWithoutTheRightToWrite) {
  ASSERT_TRUE(
      mapper_->commit(KvmMapperRig::map({{{0xc0000, 0xc1000}, kRom}, {{0xc1000, 0xc2000}, kReadOnlyRam}})));
  EXPECT_EQ(rig_.kvm.page(0xc0000)->protection, PROT_READ);
  EXPECT_EQ(rig_.kvm.page(0xc1000)->protection, PROT_READ | PROT_WRITE) << "it may become memory as it is";
}

TEST_F(KvmMapperTest, ShowsEachRoute) {
  struct Row {
    const char* name;
    Routes routes;
    int read;  // the second page's first byte; -1: exits
    bool read_only;
  };
  const Row rows[] = {
      {"RAM", kRam, 0xc9, false},
      {"read-only RAM", kReadOnlyRam, 0xc9, true},
      {"ROM", kRom, 0x89, true},
      {"write-only", kWriteOnly, 0x89, true},
      {"nobody", memory::open_routes(), 0xff, true},
      {"the bus", memory::bus_routes(), -1, false},
      {"the bus, and writes to RAM", {Route::bus(), Route::ram(0xc8000), Route::bus()}, -1, false},
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(mapper_->commit(segment(row.routes))) << row.name;
    EXPECT_EQ(rig_.kvm.read(kSegment.start() + kPageSize), row.read) << row.name;
    EXPECT_EQ(rig_.kvm.slot_count(), row.read < 0 ? 0u : 1u) << row.name;
    if (row.read >= 0) {
      EXPECT_EQ(rig_.kvm.page(kSegment.start())->read_only, row.read_only) << row.name;
    }
    EXPECT_EQ(rig_.kvm.page(kSegment.end()), std::nullopt) << row.name;
  }
}

// "Without a pause only one contiguous MAP_FIXED swap whose write routes stay as they are (ROM <-> read-only
// RAM); all else is paused."
TEST_F(KvmMapperTest, PausesForAllButOneSwap) {
  const Region elsewhere{{0xd0000, 0xd4000}, memory::read_only_ram_routes(0xd0000)};
  const Region elsewhere_rom{{0xd0000, 0xd4000}, {Route::rom(0), Route::drop(), Route::rom(0)}};
  const auto with = [](const Routes& routes, const Region& other) {
    return KvmMapperRig::map({{kSegment, routes}, other});
  };
  struct Row {
    const char* name;
    MemoryMap before, after;
    unsigned pauses;
  };
  const Row rows[] = {
      {"nothing", segment(kRom), segment(kRom), 0},
      {"ROM to read-only RAM, writes dropped", segment(kDroppingRom), segment(kReadOnlyRam), 0},
      {"and back", segment(kReadOnlyRam), segment(kDroppingRom), 0},
      {"the write route too", segment(kRom), segment(kReadOnlyRam), 1},
      {"only the write route", segment(kRom), segment(kWriteOnly), 1},
      {"two swaps", with(kDroppingRom, elsewhere), with(kReadOnlyRam, elsewhere_rom), 1},
      {"a swap here, a write route there", with(kDroppingRom, {{0xd0000, 0xd1000}, kDroppingRom}),
       with(kReadOnlyRam, {{0xd0000, 0xd1000}, kRom}), 1},
      {"a slot made", segment(memory::bus_routes()), segment(kRom), 1},
      {"a slot unmade", segment(kRom), segment(memory::bus_routes()), 1},
      {"a slot's kind", segment(kReadOnlyRam), segment(kRam), 1},
      {"RAM elsewhere", segment(kRam), segment(memory::ram_routes(0)), 1},
      {"writes behind the bus", segment(memory::bus_routes()),
       segment({Route::bus(), Route::drop(), Route::bus()}), 1},
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(mapper_->commit(row.before)) << row.name;
    rig_.pause.pauses = 0;
    ASSERT_TRUE(mapper_->commit(row.after)) << row.name;
    EXPECT_EQ(rig_.pause.pauses, row.pauses) << row.name;
    EXPECT_FALSE(rig_.pause.is_paused) << row.name;
    EXPECT_EQ(mapper_->map(), row.after) << row.name;
  }
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

// "an entry is interpreted by the map it was queued under"
TEST_F(KvmMapperTest, DrainsTheRingUnderTheOldMap) {
  ASSERT_TRUE(mapper_->commit(segment(kWriteOnly)));
  rig_.run.queue(0xc8010, {1, 2, 3, 4});
  rig_.run.queue(0xd0000, {5});                 // bus
  rig_.run.queue(0x80, {6}, /*is_port=*/true);  // the embedder's own
  ASSERT_TRUE(mapper_->commit(segment(kRom)));
  EXPECT_EQ(rig_.ram.bytes()[0xc8010], 1);
  EXPECT_EQ(rig_.ram.bytes()[0xc8013], 4);
  EXPECT_THAT(rig_.bus.writes, ElementsAre(RecordingBusWrites::Write{0xd0000, {5}}));
  EXPECT_THAT(rig_.bus.port_writes, ElementsAre(RecordingBusWrites::Write{0x80, {6}}));
  rig_.run.queue(0xc8010, {9});
  mapper_->drain();
  EXPECT_EQ(rig_.ram.bytes()[0xc8010], 1) << "now ROM, and the write goes to the bus";
  EXPECT_EQ(rig_.bus.writes.back(), (RecordingBusWrites::Write{0xc8010, {9}}));
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

// "retried once if the map has changed since, else ... one line that names the RIP"
TEST_F(KvmMapperTest, RetriesAFetchOnlyAfterAChange) {
  const std::uint64_t entered = mapper_->generation();
  const RetryVerdict stop = mapper_->fetch_failed(entered, 0xc8003);
  EXPECT_EQ(stop.action, RetryVerdict::Action::kStop);
  EXPECT_THAT(stop.line, HasSubstr("0xc8003"));
  ASSERT_TRUE(mapper_->commit(segment(kRam)));
  EXPECT_EQ(mapper_->fetch_failed(entered, 0xc8003).action, RetryVerdict::Action::kRunAgain);
  EXPECT_EQ(mapper_->fetch_failed(mapper_->generation(), 0xc8003).action, RetryVerdict::Action::kStop);
}

// KVM_EXIT_INTERNAL_ERROR without instruction bytes has two causes, and the line names the right one.
TEST_F(KvmMapperTest, TellsAFetchFromNowhereFromAnInstructionThatKvmFailsAt) {
  const std::string no_memory = "where there is no memory to execute from";
  const std::string no_emulation = "KVM cannot emulate the instruction at 0xc8003";
  const std::pair<Routes, std::string> rows[] = {
      {kRam, no_emulation},
      {kRom, no_emulation},
      {memory::bus_routes(), no_memory},
      {memory::open_routes(), no_memory},
      {{Route::bus(), Route::ram(0xc8000), Route::bus()}, no_memory},
  };
  for (const auto& [routes, line] : rows) {
    ASSERT_TRUE(mapper_->commit(segment(routes)));
    EXPECT_THAT(mapper_->fetch_failed(mapper_->generation(), 0xc8003).line, HasSubstr(line));
  }
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

// "registered once at creation ... minus ranges that a device backs"
TEST(KvmMapperCreate, KeepsDevicesOutOfTheCoalescedZone) {
  struct Row {
    GpaRange coalesced;
    std::vector<GpaRange> devices;
    std::vector<GpaRange> zones;
  };
  const Row rows[] = {
      {{0xc0000, 0x100000}, {{0xd4000, 0xd8000}}, {{0xc0000, 0xd4000}, {0xd8000, 0x100000}}},
      {{0xc0000, 0x100000}, {{0xf0000, 0x110000}, {0xb0000, 0xc8000}}, {{0xc8000, 0xf0000}}},
      {{0xc0000, 0x100000}, {{0xc0000, 0x100000}}, {}},
      {{0x90000, 0xb0000}, {}, {{0xa0000, 0xb0000}}},  // no further than the window
      {{0x100000, 0x110000}, {}, {}},
      {{}, {}, {}},
  };
  for (const Row& row : rows) {
    KvmMapperRig rig;
    KvmMapperConfig config = rig.config();
    config.coalesced = row.coalesced;
    config.device_ranges = row.devices;
    const auto mapper = KvmMapper::create(config, rig.pause, rig.kvm);
    ASSERT_TRUE(mapper);
    EXPECT_EQ(rig.kvm.zones(), row.zones);
  }
}

// Without the capability there is no zone and no ring; every write exits.
TEST(KvmMapperCreate, DoesWithoutCoalescing) {
  KvmMapperRig rig;
  rig.kvm.extensions.erase(KVM_CAP_COALESCED_MMIO);
  const auto mapper = rig.create();
  EXPECT_THAT(rig.kvm.zones(), IsEmpty());
  rig.run.queue(0xc8010, {1});
  mapper->drain();
  EXPECT_EQ(mapper->counters().drained_writes, 0u);
}

}  // namespace
}  // namespace lowmeg::kvm
