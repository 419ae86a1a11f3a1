// What is told of writes is what a naive model saw written: whatever slots, mappings and the ring have made
// of them, and whatever PAM did between.
#include "lowmeg/kvm/dirty_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <set>

#include "tests/fakes/kvm_mapper_rig.hpp"
#include "tests/fakes/random_map.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::FakeKvm;
using fakes::KvmMapperRig;
using memory::MemoryMap;
using memory::Route;
using memory::Routes;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(DirtyPages, TellEachPageOnce) {
  DirtyPages pages(0x100000);
  pages.written(0xfff, 2);
  pages.written(0x42000, 0x1000);
  pages.written(0xfffff, 0x5000);  // no page of RAM after the last
  EXPECT_THAT(pages.take(), ElementsAre(0, 1, 0x42, 0xff));
  EXPECT_THAT(pages.take(), IsEmpty());
}

class DirtyLogs : public testing::TestWithParam<MapWay> {
 protected:
  DirtyLogs() {
    KvmMapperConfig config = rig_.config();
    config.way = GetParam();
    mapper_ = rig_.create(config);
  }
  // A guest writes a byte: it runs, exits, waits in the ring, or is refused and comes again.
  void write(Gpa gpa) {
    const auto byte = static_cast<std::uint8_t>(random_());
    auto ends = rig_.kvm.write(gpa, byte);
    if (ends == FakeKvm::Ends::kRefused) {
      rig_.run.run()->exit_reason = 0;
      const AfterRun after = mapper_->after_run({*rig_.run.run(), EFAULT, mapper_->generation()});
      ASSERT_EQ(after.action, AfterRun::Action::kRunAgain);
      ends = rig_.kvm.write(gpa, byte);
    }
    if (ends == FakeKvm::Ends::kDone) return;
    ASSERT_EQ(ends, FakeKvm::Ends::kExits);
    const auto& zones = rig_.kvm.zones();
    if (std::ranges::any_of(zones, [&](const GpaRange& zone) { return zone.contains(gpa); })) {
      rig_.run.queue(gpa, {byte});
    } else {
      std::uint8_t data[1]{byte};
      fakes::mmio_exit(*mapper_, *rig_.run.run(), gpa, MmioDirection::kWrite, data);
    }
  }
  static MemoryMap segment(const Routes& routes) { return KvmMapperRig::map({{{0xc8000, 0xcc000}, routes}}); }
  std::set<std::uint64_t> harvested() {
    mapper_->harvest();
    const auto pages = log_.take();
    return {pages.begin(), pages.end()};
  }

  KvmMapperRig rig_;
  std::unique_ptr<KvmMapper> mapper_;
  DirtyPages log_{0x100000};
  std::mt19937 random_{5};
};

// "A dirty bitmap after a random run of writes, PAM changes and ring writes equals the pages that a naive
// model saw change." One change in four fails half-way.
TEST_P(DirtyLogs, AreWhatAModelSawWritten) {
  fakes::RandomMap random(11, GpaRange(0, 0x100000), GpaRange(0, 0x40000));
  ASSERT_TRUE(mapper_->log_writes(&log_));
  std::set<std::uint64_t> model;
  std::size_t told = 0;
  for (unsigned round = 0; round < 300; ++round) {
    if (round % 4 == 3) rig_.kvm.fail_call(static_cast<unsigned>(random.pick(6)), ENOMEM, false);
    static_cast<void>(mapper_->commit(KvmMapperRig::map(random.regions())));
    rig_.kvm.fail_none();
    ASSERT_FALSE(mapper_->is_lost());
    for (unsigned i = 0; i < 20; ++i) {
      const Gpa gpa = KvmMapperRig::kWindow.start() + random.pick(KvmMapperRig::kWindow.size());
      const Route route = mapper_->map().cpu.find(gpa).write;
      if (route.target() == memory::Target::kRam)
        model.insert((route.offset() + gpa % kPageSize) / kPageSize);
      write(gpa);
    }
    if (round % 3 != 0) continue;
    told += model.size();
    ASSERT_EQ(harvested(), model) << round;
    model.clear();
  }
  EXPECT_GT(told, 1000u);
  EXPECT_GT(mapper_->counters().drained_writes, 0u);
}

// "the bitmap survives PAM changes": they ask KVM for nothing where the RAM stays in its place.
TEST_P(DirtyLogs, OutliveChangesOfPam) {
  const Routes ram = memory::ram_routes(0xc8000), read_only = memory::read_only_ram_routes(0xc8000);
  ASSERT_TRUE(mapper_->commit(segment(ram)));
  ASSERT_TRUE(mapper_->log_writes(&log_));
  write(0xc9000);
  ASSERT_TRUE(mapper_->commit(segment(read_only)));
  ASSERT_TRUE(mapper_->commit(segment(memory::rom_routes(0))));
  if (GetParam() == MapWay::kProtect) {
    EXPECT_THAT(log_.take(), IsEmpty()) << "nobody asked yet";
  }
  ASSERT_TRUE(mapper_->commit(segment(ram)));
  write(0xca000);
  ASSERT_TRUE(mapper_->commit(segment(memory::bus_routes())));
  EXPECT_THAT(log_.take(), ElementsAre(0xc9, 0xca)) << "asked before the slot went";
  EXPECT_THAT(harvested(), IsEmpty());
}

// A vCPU writes between any two calls of a change that puts other RAM in a page's place.
TEST_P(DirtyLogs, MissNothingThatIsWrittenDuringAChange) {
  ASSERT_TRUE(mapper_->commit(segment(memory::ram_routes(0xc8000))));
  ASSERT_TRUE(mapper_->log_writes(&log_));
  std::uint8_t next = 1;
  rig_.kvm.after_step = [&] { static_cast<void>(rig_.kvm.write(0xc9008, next++)); };
  ASSERT_TRUE(mapper_->commit(segment(memory::ram_routes(0x10000))));
  rig_.kvm.after_step = nullptr;
  const auto told = harvested();
  for (const std::uint64_t page : {0xc9, 0x11}) {
    if (rig_.ram.bytes()[page * kPageSize + 8] != 0) {
      EXPECT_TRUE(told.contains(page)) << page;
    }
  }
  ASSERT_TRUE(mapper_->commit(segment(memory::ram_routes(0x20000))));
  EXPECT_THAT(harvested(), IsEmpty()) << "all was told";
}

TEST_P(DirtyLogs, AreAllOrNothing) {
  const GpaRange other{0xd0000, 0xd4000};
  ASSERT_TRUE(mapper_->commit(KvmMapperRig::map(
      {{{0xc8000, 0xcc000}, memory::ram_routes(0xc8000)}, {other, memory::ram_routes(0xd0000)}})));
  for (unsigned n = 0; n < 2; ++n) {
    rig_.kvm.fail_call(n, ENOMEM, false);
    EXPECT_FALSE(mapper_->log_writes(&log_));
    write(0xd0000);
    EXPECT_THAT(harvested(), IsEmpty());
    EXPECT_FALSE(rig_.kvm.notes(0xc8000) || rig_.kvm.notes(0xd0000)) << n;
  }
  ASSERT_TRUE(mapper_->log_writes(&log_));
  EXPECT_TRUE(rig_.kvm.notes(0xc8000) && rig_.kvm.notes(0xd0000));
  // What KVM does not give is told as written.
  rig_.kvm.dirty_log_error = EFAULT;
  EXPECT_THAT(harvested(), ElementsAre(0xc8, 0xc9, 0xca, 0xcb, 0xd0, 0xd1, 0xd2, 0xd3));
  rig_.kvm.dirty_log_error = 0;
  write(0xd0000);
  ASSERT_TRUE(mapper_->log_writes(nullptr));
  EXPECT_FALSE(rig_.kvm.notes(0xc8000) || rig_.kvm.notes(0xd0000));
  EXPECT_THAT(harvested(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Ways, DirtyLogs, testing::Values(MapWay::kProtect, MapWay::kSlots));

}  // namespace
}  // namespace lowmeg::kvm
