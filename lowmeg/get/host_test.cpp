#include "lowmeg/get/host.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/get_rig.hpp"

namespace lowmeg::get {
namespace {

using fakes::GetRig;
using testing::ElementsAre;
using testing::HasSubstr;
using enum wire::CreateStatus;

constexpr CreateRamGpaRange kFirst{0, 0xc0000, 0x4000, 0x1c0000, 2};
constexpr CreateRamGpaRange kSecond{1, 0xc4000, 0x4000, 0x1c4000, 2};
constexpr CreateRamGpaRange kFirstElsewhere{0, 0xc0000, 0x4000, 0x2c0000, 0};
constexpr CreateRamGpaRange kMisaligned{2, 0xc8001, 0x4000, 0, 2};

struct HostTest : testing::Test {
  HostTest() { mapper.commits = 0; }
  std::vector<CreateStatus> apply(std::initializer_list<RangeRequest> requests) {
    std::vector<CreateStatus> statuses(requests.size(), CreateStatus{99});
    host->apply(requests, statuses);
    return statuses;
  }
  memory::Route read_route(Gpa gpa) const { return mapper.map().cpu.find(gpa).read; }

  fakes::RecordingEventSink events;
  fakes::FakeMapper mapper{GetRig::kWindow};
  std::unique_ptr<Host> host =
      Host::create(mapper, GetRig::base(), {.ram_size = GetRig::kRamSize}, events).value();
};

TEST_F(HostTest, CommitsTheBaseMapFirst) {
  EXPECT_EQ(mapper.map(), GetRig::base());
  mapper.refuse_next = 1;
  const auto refused = Host::create(mapper, GetRig::base(), {}, events);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kSystem);
}

// "All of them as one change of the map", in order.
TEST_F(HostTest, CarriesRequestsOutInOneCommit) {
  EXPECT_THAT(apply({kFirst, kSecond, ResetRamGpaRange{0}, kFirstElsewhere}),
              ElementsAre(kSuccess, kSuccess, kSuccess, kSuccess));
  EXPECT_EQ(mapper.commits, 1u);
  EXPECT_EQ(read_route(0xc0000), memory::Route::ram(0x2c0000));
  EXPECT_EQ(read_route(0xc7000), memory::Route::ram(0x1c7000));
  EXPECT_EQ(host->slots().slot_at(0xc4000), 1u);
}

TEST_F(HostTest, CommitsOnlyWhenSomethingChanges) {
  apply({kFirst});
  mapper.commits = 0;
  EXPECT_THAT(apply({kFirst, kMisaligned, ResetRamGpaRange{7}, ResetRamGpaRange{99}}),
              ElementsAre(kSlotOccupied, kInvalidGpa, kSuccess, kSuccess));
  EXPECT_THAT(apply({ResetRamGpaRange{0}, kFirst}), ElementsAre(kSuccess, kSuccess)) << "the same again";
  EXPECT_THAT(apply({}), ElementsAre());
  EXPECT_EQ(mapper.commits, 0u);
}

// "After reset the underlying RAM mapping shows again, read-write."
TEST_F(HostTest, ShowsTheRamBelowAfterAReset) {
  apply({kFirst, kSecond});
  EXPECT_THAT(apply({ResetRamGpaRange{0}, ResetRamGpaRange{1}}), ElementsAre(kSuccess, kSuccess));
  EXPECT_EQ(mapper.map(), GetRig::base());
  EXPECT_EQ(host->slots(), RangeSlots({.ram_size = GetRig::kRamSize}));
}

// "When the mapper fails, the creates get FAILED and the resets are committed alone."
TEST_F(HostTest, FailsTheCreatesAndStillResetsWhenTheMapperFails) {
  apply({kFirst});
  mapper.commits = 0;
  mapper.refuse_next = 1;
  EXPECT_THAT(apply({ResetRamGpaRange{0}, kFirstElsewhere, kMisaligned, kSecond}),
              ElementsAre(kSuccess, kFailed, kInvalidGpa, kFailed));
  EXPECT_EQ(mapper.commits, 2u);
  EXPECT_EQ(mapper.map(), GetRig::base()) << "the reset took place";
  EXPECT_EQ(host->slots(), RangeSlots({.ram_size = GetRig::kRamSize}));
  EXPECT_THAT(events.text(), HasSubstr("the map could not be changed: the fake mapper refuses"));
}

TEST_F(HostTest, LeavesAllAsItWasWhenTheMapperFailsAtACreate) {
  apply({kFirst});
  const memory::MemoryMap before = mapper.map();
  mapper.commits = 0;
  mapper.refuse_next = 1;
  EXPECT_THAT(apply({kSecond}), ElementsAre(kFailed));
  EXPECT_EQ(mapper.commits, 1u) << "no reset to commit alone";
  EXPECT_EQ(mapper.map(), before);
  EXPECT_EQ(host->slots().slot(1), std::nullopt);
  EXPECT_THAT(apply({kSecond}), ElementsAre(kSuccess)) << "the next one tries again";
}

// A reset has no status: the slot is empty from then on, and the map follows with the next request, whatever
// it is, also one that is refused.
TEST_F(HostTest, OwesTheMapAResetThatFails) {
  for (const RangeRequest& next : {RangeRequest{kSecond}, RangeRequest{ResetRamGpaRange{9}},
                                   RangeRequest{kMisaligned}, RangeRequest{kFirst}}) {
    apply({ResetRamGpaRange{0}, ResetRamGpaRange{1}, kFirst});
    const memory::MemoryMap before = mapper.map();
    mapper.refuse_next = 2;
    EXPECT_THAT(apply({ResetRamGpaRange{0}, kSecond}), ElementsAre(kSuccess, kFailed));
    EXPECT_EQ(mapper.map(), before);
    EXPECT_EQ(host->slots().slot(0), std::nullopt);
    apply({next});
    EXPECT_EQ(mapper.map(), host->slots().overlaid(GetRig::base()));
  }
}

// A lone reset is tried once: to try the same map again at once would only wait for long once more.
TEST_F(HostTest, TriesALoneResetOnce) {
  apply({kFirst});
  mapper.commits = 0;
  mapper.refuse_next = 1;
  EXPECT_THAT(apply({ResetRamGpaRange{0}}), ElementsAre(kSuccess));
  EXPECT_EQ(mapper.commits, 1u);
  EXPECT_THAT(apply({ResetRamGpaRange{0}}), ElementsAre(kSuccess));
  EXPECT_EQ(mapper.map(), GetRig::base());
}

TEST_F(HostTest, Counts) {
  mapper.refuse_next = 1;
  apply({kFirst});
  apply({kFirst, kMisaligned, kSecond});
  apply({ResetRamGpaRange{0}, ResetRamGpaRange{0}});
  const Counters counters = host->counters();
  EXPECT_EQ(counters.creates.total(), 4u);
  EXPECT_EQ(counters.creates.refused(), 2u);
  EXPECT_EQ(counters.resets, 2u);
  EXPECT_EQ(counters.requests(), 6u);
  EXPECT_EQ(counters.commits, 3u) << "the one that failed, and two";
}

// A guest can bring a failing commit about as often as it likes.
TEST_F(HostTest, TellsOfFailuresAtALimitedRate) {
  mapper.refuse_next = 1000;
  for (int i = 0; i < 500; ++i) apply({kFirst});
  EXPECT_EQ(events.events.size(), 13u) << "8, then the 16th, 32nd ... 256th of 500";
}

// "Another base map from now on, in one commit, the ranges laid over it"; "the base is as before" on an
// error.
TEST_F(HostTest, ChangesTheMapBelowTheRanges) {
  apply({kFirst});
  mapper.commits = 0;
  const memory::Region card{{0xa0000, 0xa1000}, memory::rom_routes(0)};
  const memory::MemoryMap base = memory::MemoryMap::uniform(GetRig::base().cpu.overlaid({&card, 1}));
  mapper.refuse_next = 1;
  EXPECT_FALSE(host->change_base(base));
  EXPECT_EQ(apply({kSecond}), std::vector{kSuccess});
  EXPECT_EQ(read_route(0xa0000), GetRig::base().cpu.find(0xa0000).read);
  ASSERT_TRUE(host->change_base(base));
  ASSERT_TRUE(host->change_base(base));
  EXPECT_EQ(mapper.commits, 3u) << "the one that failed, a range, and one";
  EXPECT_EQ(read_route(0xa0000), memory::Route::rom(0));
  EXPECT_EQ(read_route(0xc0000), memory::Route::ram(0x1c0000));
}

using HostDeathTest = HostTest;
TEST_F(HostDeathTest, AbortsWithoutAStatusForEachRequest) {
  const RangeRequest request = kFirst;
  EXPECT_DEATH(host->apply({&request, 1}, {}), "a status for each request");
}

}  // namespace
}  // namespace lowmeg::get
