// Each kind of event that a machine's parts tell of when they are seen through MachineTrace.
#include "vmm/machine_trace.hpp"

#include <gmock/gmock.h>
#include <linux/kvm.h>
#include <sys/mman.h>

#include "tests/fakes/fake_mapper.hpp"

namespace vmm {
namespace {

using Kind = TraceEvent::Kind;
using lowmeg::get::CreateStatus;
using lowmeg::get::SeatNews;
using lowmeg::memory::MemoryMap;
using testing::ElementsAre;
using testing::Pair;

constexpr lowmeg::GpaRange kWindow{0xa0000, 0x100000};

// System calls that do nothing, with success or not.
class NoSyscalls final : public lowmeg::kvm::Syscalls {
 public:
  int open(const char*, int) override { return 0; }
  int ioctl(int, unsigned long, std::uintptr_t) override {
    errno = ENOMEM;
    return fails ? -1 : 0;
  }
  void* mmap(void* address, std::size_t, int, int, int, std::uint64_t) override { return address; }
  int munmap(void*, std::size_t) override { return 0; }
  int mprotect(void*, std::size_t, int) override { return 0; }
  bool fails = false;
};

class StuckPause final : public lowmeg::kvm::PauseVcpus {
 public:
  lowmeg::Result<void> pause() override { return lowmeg::fail(lowmeg::Errc::kTimeout, "a vCPU is stuck"); }
  void resume() override {}
};

class TestClock final : public Clock {
 public:
  std::uint64_t now_ns() const override { return now; }
  std::uint64_t now = 0;
};

struct MachineTraceTest : testing::Test {
  MachineTraceTest() { trace.keep_time_by(clock); }
  void set_slot(std::uint64_t size) {
    kvm_userspace_memory_region region{
        .slot = 0x10003, .flags = 2, .guest_phys_addr = 0xc0000, .memory_size = size, .userspace_addr = 0};
    traced_syscalls.ioctl(0, KVM_SET_USER_MEMORY_REGION, reinterpret_cast<std::uintptr_t>(&region));
  }
  void apply(std::vector<lowmeg::get::RangeRequest> requests, std::vector<CreateStatus> statuses) {
    trace.over(static_cast<lowmeg::get::HostObserver*>(nullptr))
        .applied(requests, statuses, lowmeg::get::RangeSlots(lowmeg::get::HostLimits{.ram_size = 64 << 20}));
  }
  static MemoryMap ram_at(lowmeg::GpaRange range) {
    const lowmeg::memory::Region region{range, lowmeg::memory::ram_routes(range.start())};
    return MemoryMap::uniform(lowmeg::memory::Layout(kWindow, {&region, 1}));
  }

  std::vector<TraceEvent> events;
  TestClock clock;
  NoSyscalls syscalls;
  lowmeg::kvm::NoOtherVcpus vcpus;
  lowmeg::fakes::FakeMapper mapper{kWindow};
  MachineTrace trace{[this](const TraceEvent& event) { events.push_back(event); }, Timing::kWall};
  lowmeg::kvm::Syscalls& traced_syscalls = trace.over(syscalls);
};

// "Config writes, GET, commits, slot calls, mprotects, demotions, pauses, exits by kind, resets, servicing":
// those that are seen on the way from one part to another. The rest is the machine's own to tell.
TEST_F(MachineTraceTest, TellsOfEachKind) {
  lowmeg::kvm::PauseVcpus& pause = trace.over(vcpus);
  lowmeg::memory::Mapper& commits = trace.over(mapper);
  struct Row {
    std::function<void()> act;
    Kind kind;
    std::string name;
    std::vector<std::pair<std::string, std::string>> texts;
    std::pair<std::string, std::uint64_t> number = {};
  };
  const lowmeg::GpaRange demoted[] = {{0xc0000, 0xc4000}, {0xf0000, 0xf1000}};
  const Row rows[] = {
      {[&] { apply({lowmeg::get::ResetRamGpaRange{3}}, {CreateStatus::kSuccess}); },
       Kind::kGetRequest,
       "reset",
       {},
       {"slot", 3}},
      {[&] {
         apply({lowmeg::get::CreateRamGpaRange{4, 0xc0000, 0x4000, 0x3fc0000, 2}},
               {CreateStatus::kSlotOccupied});
       },
       Kind::kGetRequest,
       "create",
       {{"gpa", "C0000"}, {"from", "03FC0000"}, {"status", "SLOT_OCCUPIED"}},
       {"size", 0x4000}},
      {[&] { ASSERT_TRUE(commits.commit(ram_at({0xc0000, 0xd0000}))); },
       Kind::kCommit,
       "commit",
       {{"changed", "C0000-CFFFF"}}},
      {[&] { ASSERT_TRUE(commits.commit(ram_at({0xc4000, 0xc8000}))); },
       Kind::kCommit,
       "commit",
       {{"changed", "C0000-C3FFF C8000-CFFFF"}}},
      {[&] { ASSERT_TRUE(commits.commit(ram_at({0xc4000, 0xc8000}))); },
       Kind::kCommit,
       "commit",
       {{"changed", "nothing"}}},
      {[&] {
         mapper.refuse_next = 1;
         ASSERT_FALSE(commits.commit(ram_at({0xc0000, 0xd0000})));
       },
       Kind::kCommit,
       "commit failed",
       {{"failed", "the fake mapper refuses"}}},
      {[&] {
         ASSERT_TRUE(pause.pause());
         pause.resume();
       },
       Kind::kPause,
       "pause",
       {}},
      {[&] { set_slot(0x4000); }, Kind::kSlotCall, "slot 3 set", {}, {"gpa", 0xc0000}},
      {[&] { set_slot(0); }, Kind::kSlotCall, "slot 3 deleted", {}, {"size", 0}},
      {[&] {
         syscalls.fails = true;
         set_slot(0x4000);
       },
       Kind::kSlotCall,
       "slot 3 set",
       {{"failed", "ENOMEM"}}},
      {[&] { traced_syscalls.mmap(nullptr, 0x1000, PROT_READ, 0, 0, 0x5000); },
       Kind::kMapping,
       "mmap",
       {{"protection", "read"}},
       {"offset", 0x5000}},
      {[&] { traced_syscalls.munmap(nullptr, 0x1000); }, Kind::kMapping, "munmap", {}, {"size", 0x1000}},
      {[&] { traced_syscalls.mprotect(nullptr, 0x4000, PROT_READ | PROT_WRITE); },
       Kind::kProtect,
       "mprotect",
       {{"protection", "read and write"}},
       {"size", 0x4000}},
      {[&] { trace.kvm_map().demoted(demoted); },
       Kind::kDemotion,
       "demotion",
       {{"demoted_now", "C0000-C3FFF F0000-F0FFF"}}},
      {[&] { trace.seat(SeatNews::kTaken); }, Kind::kServicing, "paravisor came", {}},
      {[&] { trace.seat(SeatNews::kLeft); }, Kind::kServicing, "paravisor went", {}},
      {[&] {
         trace.seat(SeatNews::kWaitBegins);
         trace.seat(SeatNews::kWaits);
         trace.seat(SeatNews::kWaitEnds);
       },
       Kind::kServicing,
       "the guest waited for a paravisor",
       {}},
  };
  for (const Row& row : rows) {
    events.clear();
    row.act();
    ASSERT_EQ(events.size(), 1u) << row.name;
    EXPECT_EQ(events[0].kind, row.kind) << row.name;
    EXPECT_EQ(events[0].name, row.name);
    EXPECT_EQ(events[0].texts, row.texts) << row.name;
    if (!row.number.first.empty()) {
      EXPECT_THAT(events[0].numbers, testing::Contains(row.number)) << row.name;
    }
  }
}

TEST_F(MachineTraceTest, CountsTheRequestsOfABatch) {
  apply({lowmeg::get::ResetRamGpaRange{1}, lowmeg::get::ResetRamGpaRange{2}},
        {CreateStatus::kSuccess, CreateStatus::kSuccess});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_THAT(events[1].numbers, ElementsAre(Pair("slot", 2), Pair("batch_of", 2)));
}

TEST_F(MachineTraceTest, TellsOfAPauseThatFails) {
  StuckPause stuck;
  EXPECT_FALSE(trace.over(stuck).pause());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "pause failed");
  EXPECT_THAT(events[0].texts, ElementsAre(Pair("failed", testing::HasSubstr("a vCPU is stuck"))));
}

// An event begins as long before now as it took, and not before the machine did; deterministic runs have no
// wall times, and a thread that is not the machine's does not ask its clock.
TEST_F(MachineTraceTest, KeepsTime) {
  MachineTrace deterministic([this](const TraceEvent& event) { events.push_back(event); },
                             Timing::kDeterministic);
  deterministic.keep_time_by(clock);
  struct Row {
    MachineTrace& trace;
    std::uint64_t now, took, at, took_told;
  };
  for (const Row& row :
       {Row{trace, 1000, 400, 600, 400}, {trace, 100, 400, 0, 400}, {deterministic, 1000, 400, 1000, 0}}) {
    clock.now = row.now;
    row.trace.tell({.took_ns = row.took});
    EXPECT_EQ(events.back().at_ns, row.at);
    EXPECT_EQ(events.back().took_ns, row.took_told);
  }
  clock.now = 5000;
  deterministic.turn();
  clock.now = 7000;
  deterministic.seat(SeatNews::kTaken);
  EXPECT_EQ(events.back().at_ns, 5000u);
}

TEST_F(MachineTraceTest, TellsNothingOnceItIsClosed) {
  trace.close();
  trace.seat(SeatNews::kLeft);
  trace.tell({});
  EXPECT_TRUE(events.empty());
}

}  // namespace
}  // namespace vmm
