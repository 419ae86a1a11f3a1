// Each system call of a change fails, once or for good. Once: the old map stays and the error comes back. For
// good: the same, or the mapper is lost and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/kvm_mapper_rig.hpp"
#include "tests/fakes/random_map.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::FakeKvm;
using fakes::KvmMapperRig;
using memory::MemoryMap;
using memory::Region;
using memory::Route;
using testing::HasSubstr;
using testing::StartsWith;

enum class Failure { kOnce, kForGood };

const Region kRomRegion{{0xc0000, 0xd0000}, memory::rom_routes(0)};
const Region kDroppingRomRegion{{0xc0000, 0xd0000}, {Route::rom(0), Route::drop(), Route::rom(0)}};
const Region kReadOnlyRegion{{0xc0000, 0xd0000}, memory::read_only_ram_routes(0xc0000)};
const Region kRamRegion{{0xc4000, 0xc8000}, memory::ram_routes(0xc4000)};
const Region kOpen{{0xe0000, 0x100000}, memory::open_routes()};

struct Change {
  const char* name;
  MapWay way;
  std::vector<Region> before, after;
  unsigned calls;   // that it takes
  unsigned losses;  // how many of them lose the map when they and all later ones fail
};
const Region kMemory{{0xc0000, 0xd0000}, memory::ram_routes(0xc0000)};
const Region kWriteOnlyRegion{{0xc0000, 0xd0000}, {Route::rom(0), Route::ram(0xc0000), Route::rom(0)}};
const Region kOtherRom{{0xd8000, 0xdc000}, memory::rom_routes(0x18000)};
const Region kOtherRam{{0xd8000, 0xdc000}, memory::ram_routes(0xd8000)};
constexpr MapWay kProtect = MapWay::kProtect, kSlots = MapWay::kSlots;
const Change kChanges[] = {
    {"from nothing", kSlots, {}, {kRomRegion, kOpen}, 4, 1},
    {"to nothing", kSlots, {kRomRegion, kOpen}, {}, 2, 1},
    {"a slot of another kind", kSlots, {kRomRegion}, {kMemory}, 3, 2},
    {"a hole in a slot",
     kSlots,
     {kReadOnlyRegion},
     {{{0xc0000, 0xc4000}, memory::read_only_ram_routes(0xc0000)}, kRamRegion},
     3,
     2},
    {"one mapping, unpaused", kSlots, {kDroppingRomRegion}, {kReadOnlyRegion}, 1, 1},
    {"one mapping, paused", kSlots, {kRomRegion}, {kReadOnlyRegion}, 1, 1},
    {"only a write route", kSlots, {kRomRegion}, {kDroppingRomRegion}, 0, 0},
    {"a right less", kProtect, {kMemory}, {kReadOnlyRegion}, 1, 1},
    {"a right more", kProtect, {kReadOnlyRegion}, {kMemory}, 1, 1},
    {"ROM to memory", kProtect, {kRomRegion}, {kMemory}, 1, 1},
    {"two pieces behind a fence", kProtect, {kRomRegion, kOtherRom}, {kMemory, kOtherRam}, 3, 3},
    {"and back", kProtect, {kMemory, kOtherRam}, {kRomRegion, kOtherRom}, 3, 3},
    {"to a slot of another kind, with a zone", kProtect, {kMemory}, {kWriteOnlyRegion}, 3, 2},
    {"a zone and a slot less", kProtect, {kWriteOnlyRegion}, {}, 2, 0},
};

class Faults : public testing::TestWithParam<Failure> {
 protected:
  // Commits `after` with call `n` failing and checks all that is promised. Returns whether the mapper was
  // lost.
  static bool fails_well(KvmMapperRig& rig, KvmMapper& mapper, const MemoryMap& after, unsigned n) {
    const MemoryMap before = mapper.map();
    const auto picture = rig.picture();
    const auto zones = rig.kvm.zones();
    rig.pause.pauses = rig.pause.resumes = 0;
    const unsigned told = rig.observer.calls;
    rig.kvm.fail_call(n, ENOMEM, GetParam() == Failure::kForGood);
    const auto failed = mapper.commit(after);
    if (failed) return ADD_FAILURE() << "no error came back", false;
    EXPECT_THAT(failed.error().message(), HasSubstr("Cannot allocate memory"));
    EXPECT_EQ(failed.error().message().find('\n'), std::string::npos);
    EXPECT_EQ(mapper.map(), before);
    EXPECT_EQ(rig.observer.calls, told) << "of a map that is not";
    EXPECT_EQ(rig.pause.pauses, 1u) << "to put back what was";
    EXPECT_EQ(rig.pause.is_paused, mapper.is_lost());
    if (mapper.is_lost()) {
      check_lost(rig, mapper, failed.error());
      return true;
    }
    EXPECT_EQ(rig.picture(), picture) << "the old map";
    EXPECT_EQ(rig.kvm.zones(), zones);
    rig.kvm.fail_none();
    EXPECT_TRUE(mapper.commit(after)) << "the next try";
    return false;
  }
  static void check_lost(KvmMapperRig& rig, KvmMapper& mapper, const Error& error) {
    EXPECT_EQ(GetParam(), Failure::kForGood) << "one failure is put right";
    EXPECT_THAT(error.what, StartsWith("the guest's memory map is lost, its vCPUs stay paused: "));
    rig.kvm.fail_call(1000, ENOMEM, false);
    const auto again = mapper.commit(KvmMapperRig::map({}));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(), error);
    EXPECT_EQ(rig.kvm.calls, 0u) << "at once";
    EXPECT_EQ(rig.pause.resumes, 0u);
  }
};

KvmMapperConfig with(KvmMapperConfig config, MapWay way) {
  config.way = way;
  return config;
}

// A rig that shows what was before a change.
struct Start {
  explicit Start(const Change& change) : mapper(rig.create(with(rig.config(), change.way))) {
    EXPECT_TRUE(mapper->commit(KvmMapperRig::map(change.before)));
  }
  KvmMapperRig rig;
  std::unique_ptr<KvmMapper> mapper;
};

unsigned calls_of(const Change& change) {
  Start start(change);
  const unsigned before = start.rig.kvm.calls;
  EXPECT_TRUE(start.mapper->commit(KvmMapperRig::map(change.after)));
  return start.rig.kvm.calls - before;
}

TEST_P(Faults, LeaveTheOldMapOrSayThatItIsLost) {
  for (const Change& change : kChanges) {
    unsigned losses = 0;
    const unsigned calls = calls_of(change);
    EXPECT_EQ(calls, change.calls) << change.name;
    for (unsigned n = 0; n < calls; ++n) {
      SCOPED_TRACE(testing::Message() << change.name << ", call " << n);
      Start start(change);
      losses += fails_well(start.rig, *start.mapper, KvmMapperRig::map(change.after), n) ? 1u : 0u;
    }
    EXPECT_EQ(losses, GetParam() == Failure::kForGood ? change.losses : 0) << change.name;
  }
}

// The same over random maps, wherever the failure falls.
TEST_P(Faults, LeaveTheOldMapOverRandomMaps) {
  fakes::RandomMap random(3, GpaRange(0, 0x100000), GpaRange(0, 0x40000));
  unsigned losses = 0;
  for (unsigned round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    KvmMapperRig rig;
    const auto mapper = rig.create(with(rig.config(), round % 2 == 0 ? kProtect : kSlots));
    ASSERT_TRUE(mapper->commit(KvmMapperRig::map(random.regions())));
    const MemoryMap after = KvmMapperRig::map(random.regions());
    losses += fails_well(rig, *mapper, after, static_cast<unsigned>(random.pick(8))) ? 1u : 0u;
    if (HasFailure()) return;
  }
  EXPECT_EQ(losses > 100, GetParam() == Failure::kForGood);
}

INSTANTIATE_TEST_SUITE_P(Failures, Faults, testing::Values(Failure::kOnce, Failure::kForGood));

TEST(CreationFaults, LeaveNothing) {
  for (const MapWay way : {kProtect, MapWay::kInPlace}) {  // the reservation; the mapping of the open bus
    KvmMapperRig rig;
    rig.kvm.fail_call(0, ENOSPC, false);
    const auto mapper = KvmMapper::create(with(rig.config(), way), rig.pause, rig.kvm);
    ASSERT_FALSE(mapper);
    EXPECT_EQ(mapper.error().code, Errc::kSystem);
    EXPECT_EQ(mapper.error().os_error, ENOSPC);
    EXPECT_EQ(rig.kvm.reserved_bytes(), 0u);
  }
}

// A write that waits in the ring is carried out although the change fails.
TEST(CommitFaults, LoseNoQueuedWrite) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  const Region write_only{{0xc0000, 0xc4000}, {Route::rom(0), Route::ram(0), Route::rom(0)}};
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({write_only})));
  rig.run.queue(0xc0001, {7});
  rig.run.queue(0xd0000, {8});
  rig.kvm.fail_call(0, ENOMEM, false);
  ASSERT_FALSE(mapper->commit(KvmMapperRig::map({kOpen})));
  EXPECT_EQ(rig.ram.bytes()[1], 7);
  rig.run.run()->exit_reason = 0;
  EXPECT_EQ(mapper->after_run({*rig.run.run(), 0, mapper->generation()}).writes.size(), 1u);
}

}  // namespace
}  // namespace lowmeg::kvm
