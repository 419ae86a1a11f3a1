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

const Region kRom{{0xc0000, 0xd0000}, memory::rom_routes(0)};
const Region kDroppingRom{{0xc0000, 0xd0000}, {Route::rom(0), Route::drop(), Route::rom(0)}};
const Region kReadOnly{{0xc0000, 0xd0000}, memory::read_only_ram_routes(0xc0000)};
const Region kRam{{0xc4000, 0xc8000}, memory::ram_routes(0xc4000)};
const Region kOpen{{0xe0000, 0x100000}, memory::open_routes()};

struct Change {
  const char* name;
  std::vector<Region> before, after;
  unsigned calls;   // that it takes
  unsigned losses;  // how many of them lose the map when they and all later ones fail
};
const Change kChanges[] = {
    {"from nothing", {}, {kRom, kOpen}, 4, 1},
    {"to nothing", {kRom, kOpen}, {}, 2, 1},
    {"a slot of another kind", {kRom}, {{{0xc0000, 0xd0000}, memory::ram_routes(0xc0000)}}, 3, 2},
    {"a hole in a slot",
     {kReadOnly},
     {{{0xc0000, 0xc4000}, memory::read_only_ram_routes(0xc0000)}, kRam},
     3,
     2},
    {"one swap, unpaused", {kDroppingRom}, {kReadOnly}, 1, 1},
    {"one swap, paused", {kRom}, {kReadOnly}, 1, 1},
    {"only a write route", {kRom}, {kDroppingRom}, 0, 0},
};

class Faults : public testing::TestWithParam<Failure> {
 protected:
  // Commits `after` with call `n` failing and checks all that is promised. Returns whether the mapper was
  // lost.
  static bool fails_well(KvmMapperRig& rig, KvmMapper& mapper, const MemoryMap& after, unsigned n) {
    const MemoryMap before = mapper.map();
    const auto picture = rig.picture();
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

// A rig that shows `before`.
struct Start {
  explicit Start(const std::vector<Region>& before) : mapper(rig.create()) {
    EXPECT_TRUE(mapper->commit(KvmMapperRig::map(before)));
  }
  KvmMapperRig rig;
  std::unique_ptr<KvmMapper> mapper;
};

unsigned calls_of(const Change& change) {
  Start start(change.before);
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
      Start start(change.before);
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
    const auto mapper = rig.create();
    ASSERT_TRUE(mapper->commit(KvmMapperRig::map(random.regions())));
    const MemoryMap after = KvmMapperRig::map(random.regions());
    losses += fails_well(rig, *mapper, after, static_cast<unsigned>(random.pick(8))) ? 1u : 0u;
    if (HasFailure()) return;
  }
  EXPECT_EQ(losses > 100, GetParam() == Failure::kForGood);
}

INSTANTIATE_TEST_SUITE_P(Failures, Faults, testing::Values(Failure::kOnce, Failure::kForGood));

TEST(CreationFaults, LeaveNothing) {
  for (unsigned n = 0; n < 2; ++n) {  // the reservation, the zone
    KvmMapperRig rig;
    rig.kvm.fail_call(n, ENOSPC, false);
    const auto mapper = KvmMapper::create(rig.config(), rig.pause, rig.kvm);
    ASSERT_FALSE(mapper) << n;
    EXPECT_EQ(mapper.error().code, Errc::kSystem);
    EXPECT_EQ(mapper.error().os_error, ENOSPC);
    EXPECT_TRUE(rig.kvm.zones().empty());
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
  EXPECT_EQ(rig.bus.writes.size(), 1u);
}

}  // namespace
}  // namespace lowmeg::kvm
