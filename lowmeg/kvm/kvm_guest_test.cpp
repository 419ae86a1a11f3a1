// Each route on real KVM, by a guest of a few instructions. Skipped where KVM is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/fakes/forwarding_syscalls.hpp"
#include "tests/fakes/kvm_guest.hpp"
#include "tests/fakes/kvm_mapper_rig.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::KvmGuest;
using memory::Layout;
using memory::MemoryMap;
using memory::Region;
using memory::Route;
using memory::Routes;
using testing::HasSubstr;
using testing::IsEmpty;

struct Write {
  Gpa at;
  std::vector<std::uint8_t> data;
  friend bool operator==(const Write&, const Write&) = default;
};
using Writes = std::vector<Write>;

constexpr GpaRange kWindow{0xa0000, 0x100000};
constexpr GpaRange kSegment{0xd0000, 0xd4000};

// The kernel's calls, of which those that change the map can be made to fail from one on.
class FailingSyscalls final : public fakes::ForwardingSyscalls {
 public:
  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override {
    if (request == KVM_SET_USER_MEMORY_REGION && fails()) return -1;
    return system().ioctl(fd, request, argument);
  }
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    if ((flags & MAP_FIXED) != 0 && fails()) return MAP_FAILED;
    return system().mmap(address, size, protection, flags, fd, offset);
  }
  int mprotect(void* address, std::size_t size, int protection) override {
    return fails() ? -1 : system().mprotect(address, size, protection);
  }

  int calls_until_failure = -1;  ///< counts down; the call that finds 0 fails, and only that

 private:
  bool fails() {
    if (calls_until_failure < 0 || calls_until_failure-- > 0) return false;
    errno = ENOMEM;
    return true;
  }
};

class Guest : public testing::TestWithParam<MapWay> {
 protected:
  static constexpr std::uint16_t kCode = 0x1000, kResult = 0x2000;

  void SetUp() override {
    auto guest = KvmGuest::create();
    if (!guest) GTEST_SKIP() << guest.error().message();
    guest_ = std::move(*guest);
    KvmMapperConfig config;
    config.vm_fd = guest_->vm_fd();
    config.window = kWindow;
    config.first_slot = KvmGuest::kFirstFreeSlot;
    config.memory = GuestMemory::of(ram_, rom_);
    config.way = GetParam();
    config.vcpus = 1;
    mapper_ = KvmMapper::create(config, vcpus_, syscalls_).value();
    mapper_->attach_ring(guest_->run());
    std::ranges::fill(ram_.bytes(), std::uint8_t{0x11});
    std::ranges::fill(rom_.bytes(), std::uint8_t{0x22});
    // A stub at 10h of a page of either, which returns what it is in AL.
    for (const std::uint64_t offset : {0u, 0x1000u}) {
      std::ranges::copy(std::initializer_list<std::uint8_t>{0xb0, 0x1a, 0xcb}, &ram_.bytes()[offset + 0x10]);
      std::ranges::copy(std::initializer_list<std::uint8_t>{0xb0, 0x2a, 0xcb}, &rom_.bytes()[offset + 0x10]);
    }
  }
  Result<void> show(const Routes& routes) {
    const Region region{kSegment, routes};
    return mapper_->commit(MemoryMap::uniform(Layout(kWindow, {&region, 1})));
  }
  // What the guest reads from the bus is 33h.
  Result<void> run() { return guest_->run_until_halt(*mapper_, 0, kCode, board_); }
  std::uint8_t result(unsigned i) const { return guest_->low_memory()[kResult + i]; }

  memory::Backing ram_ = memory::Backing::create("ram", 0x10000).value();
  memory::Backing rom_ = memory::Backing::create("rom", 0x10000).value();
  NoOtherVcpus vcpus_;
  FailingSyscalls syscalls_;
  Writes on_bus_;
  const std::function<void(const MmioAccess&)> board_ = [this](const MmioAccess& access) {
    if (access.direction == MmioDirection::kRead) {
      access.data[0] = 0x33;
    } else {
      on_bus_.push_back({access.gpa, {access.data.begin(), access.data.end()}});
    }
  };
  std::unique_ptr<KvmGuest> guest_;
  std::unique_ptr<KvmMapper> mapper_;
};

// Each route, and what leaves the guest: a write that is to go elsewhere than it is read waits in the ring.
TEST_P(Guest, ReadsWritesAndExecutesByEachRoute) {
  constexpr int kNotRun = -1;
  struct Row {
    const char* name;
    Routes routes;
    int read;      // what the guest reads
    int ram;       // what is in RAM after it wrote 77h
    bool on_bus;   // whether the board saw that write
    int executed;  // what the stub returned
    unsigned exits;
  };
  const Route ram = Route::ram(0), rom = Route::rom(0), bus = Route::bus(), drop = Route::drop(),
              open = Route::open();
  const Row rows[] = {
      {"RAM", {ram, ram, ram}, 0x11, 0x77, false, 0x1a, 0},
      {"read-only RAM", {ram, drop, ram}, 0x11, 0x11, false, 0x1a, 1},
      {"RAM, writes to the bus", {ram, bus, ram}, 0x11, 0x11, true, 0x1a, 1},
      {"ROM", {rom, bus, rom}, 0x22, 0x11, true, 0x2a, 1},
      {"write-only", {rom, ram, rom}, 0x22, 0x77, false, 0x2a, 0},
      {"nobody; the zone of the write-only page stays", {open, drop, open}, 0xff, 0x11, false, kNotRun, 0},
      {"the bus", {bus, bus, bus}, 0x33, 0x11, true, kNotRun, 2},
      {"the bus over RAM", {bus, ram, bus}, 0x33, 0x77, false, kNotRun, 1},
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(show(row.routes)) << row.name;
    ram_.bytes()[8] = 0x11;
    guest_->mmio_exits = 0;
    on_bus_.clear();
    guest_->load(kCode, {0xb8, 0x00, 0xd0,              // mov ax, 0d000h
                         0x8e, 0xd8,                    // mov ds, ax
                         0xa0, 0x00, 0x00,              // mov al, [0]
                         0x26, 0xa2, 0x00, 0x20,        // mov es:[kResult], al
                         0xc6, 0x06, 0x08, 0x00, 0x77,  // mov byte [8], 77h
                         0x9a, 0x10, 0x00, 0x00, 0xd0,  // call 0d000h:10h
                         0x26, 0xa2, 0x01, 0x20,        // mov es:[kResult + 1], al
                         0xf4});                        // hlt
    if (row.executed == kNotRun) guest_->load(kCode + 17, {0xf4});
    const auto done = run();
    ASSERT_TRUE(done) << row.name << ": " << done.error().message();
    EXPECT_EQ(result(0), row.read) << row.name;
    EXPECT_EQ(ram_.bytes()[8], row.ram) << row.name;
    EXPECT_EQ(on_bus_, row.on_bus ? Writes({{0xd0008, {0x77}}}) : Writes()) << row.name;
    if (row.executed != kNotRun) {
      EXPECT_EQ(result(1), row.executed) << row.name;
    }
    EXPECT_EQ(guest_->mmio_exits, row.exits) << row.name;
  }
}

// The ring takes the writes of a write-only segment: "2049 writes ... 15 exits, still exact".
TEST_P(Guest, StoresARepStosThroughTheRingExactly) {
  ASSERT_TRUE(show({Route::rom(0), Route::ram(0), Route::rom(0)}));
  guest_->load(kCode, {0xb8, 0x00, 0xd0,                    // mov ax, 0d000h
                       0x8e, 0xc0,                          // mov es, ax
                       0x31, 0xff,                          // xor di, di
                       0x66, 0xb8, 0x44, 0x33, 0x22, 0x11,  // mov eax, 11223344h
                       0xb9, 0x00, 0x08,                    // mov cx, 2048
                       0xfc,                                // cld
                       0x66, 0xf3, 0xab,                    // rep stosd
                       0xf4});                              // hlt
  const auto done = run();
  ASSERT_TRUE(done) << done.error().message();
  for (unsigned i = 0; i < 2048 * 4; ++i) ASSERT_EQ(ram_.bytes()[i], 0x44 - 0x11 * (i % 4)) << i;
  EXPECT_EQ(ram_.bytes()[2048 * 4], 0x11) << "no further";
  EXPECT_LE(guest_->mmio_exits, 2048u / 100);
  EXPECT_EQ(mapper_->counters().drained_writes + guest_->mmio_exits, 2048u);
}

// Wide and unaligned writes keep their length, and one over a page boundary is two (KVM splits it there).
TEST_P(Guest, StoresUnalignedWritesWhole) {
  const Region regions[] = {{{0xd0000, 0xd1000}, {Route::rom(0), Route::ram(0x4000), Route::rom(0)}},
                            {{0xd1000, 0xd2000}, {Route::rom(0), Route::ram(0x8000), Route::rom(0)}}};
  ASSERT_TRUE(mapper_->commit(MemoryMap::uniform(Layout(kWindow, regions))));
  guest_->load(kCode, {0xb8, 0x00, 0xd0,                    // mov ax, 0d000h
                       0x8e, 0xd8,                          // mov ds, ax
                       0x66, 0xb8, 0x44, 0x33, 0x22, 0x11,  // mov eax, 11223344h
                       0x66, 0xa3, 0xfd, 0x0f,              // mov [0ffdh], eax
                       0xf4});                              // hlt
  ASSERT_TRUE(run());
  EXPECT_EQ(ram_.bytes()[0x4ffd], 0x44);
  EXPECT_EQ(ram_.bytes()[0x4fff], 0x22);
  EXPECT_EQ(ram_.bytes()[0x8000], 0x11);
  EXPECT_EQ(ram_.bytes()[0x5000], 0x11) << "untouched";
}

// "RIP is unchanged: add the slot, run again, it goes on."
TEST_P(Guest, StopsAtAFetchWithoutASlotAndGoesOnWithOne) {
  guest_->load(kCode,
               {0x9a, 0x10, 0x00, 0x00, 0xd0, 0x26, 0xa2, 0x00, 0x20, 0xf4});  // call 0d000h:10h; mov; hlt
  const auto stopped = run();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().what, "the guest executes at 0xd0010, where there is no memory to execute from");
  ASSERT_TRUE(show(memory::ram_routes(0)));
  ASSERT_TRUE(guest_->go_on_until_halt(*mapper_, board_));
  EXPECT_EQ(result(0), 0x1a);
}

// What a guest sees after each call of a change failed, on the real thing.
TEST_P(Guest, SeesTheOldMapAfterAFailedChange) {
  guest_->load(kCode, {0xb8, 0x00, 0xd0, 0x8e, 0xd8,  // mov ax, 0d000h; mov ds, ax
                       0xc6, 0x06, 0x08, 0x00, 0x77,  // mov byte [8], 77h
                       0xa0, 0x00, 0x00,              // mov al, [0]
                       0x26, 0xa2, 0x00, 0x20,        // mov es:[kResult], al
                       0xf4});                        // hlt
  const Routes rom = memory::rom_routes(0);
  const int calls = GetParam() == MapWay::kProtect ? 1 : 3;  // a mapping; or delete, map, create
  for (int n = 0; n < calls; ++n) {
    ASSERT_TRUE(show(rom));
    ram_.bytes()[8] = 0x11;
    syscalls_.calls_until_failure = n;
    const auto failed = show(memory::ram_routes(0));
    ASSERT_FALSE(failed) << n;
    EXPECT_THAT(failed.error().message(), HasSubstr("Cannot allocate memory"));
    ASSERT_TRUE(run());
    EXPECT_EQ(result(0), 0x22) << n;
    EXPECT_EQ(ram_.bytes()[8], 0x11) << n;
    ASSERT_TRUE(show(memory::ram_routes(0))) << n;
    ASSERT_TRUE(run());
    EXPECT_EQ(result(0), 0x11) << n;
    EXPECT_EQ(ram_.bytes()[8], 0x77) << n;
  }
}

// "mmap(MAP_FIXED) of other memory under an unchanged slot: seen at once by running vCPUs, 0 stale, no exit":
// the one change that needs no pause, while the guest reads all the time.
TEST_P(Guest, RunsOnWhileBytesAreSwapped) {
  const Routes views[] = {{Route::rom(0), Route::drop(), Route::rom(0)}, memory::read_only_ram_routes(0)};
  ASSERT_TRUE(show(views[0]));
  // Counts reads that are neither 11h nor 22h at kResult + 4, until kResult says stop; kResult + 1 is what it
  // read last.
  guest_->load(kCode, {0xb8, 0x00, 0xd0,                    // mov ax, 0d000h
                       0x8e, 0xd8,                          // mov ds, ax
                       0xa0, 0x00, 0x00,                    // next: mov al, [0]
                       0x26, 0xa2, 0x01, 0x20,              // mov es:[kResult + 1], al
                       0x3c, 0x11,                          // cmp al, 11h
                       0x74, 0x09,                          // je good
                       0x3c, 0x22,                          // cmp al, 22h
                       0x74, 0x05,                          // je good
                       0x26, 0xff, 0x06, 0x04, 0x20,        // inc word es:[kResult + 4]
                       0x26, 0x80, 0x3e, 0x00, 0x20, 0x00,  // good: cmp byte es:[kResult], 0
                       0x74, 0xe4,                          // je next
                       0xf4});                              // hlt
  std::atomic_ref stop(guest_->low_memory()[kResult]), last(guest_->low_memory()[kResult + 1]);
  stop = 0;
  Result<void> done;
  std::thread vcpu([&] { done = run(); });
  unsigned unseen = 0;
  for (unsigned i = 1; i <= 2000; ++i) {
    if (!show(views[i % 2])) ADD_FAILURE() << i;
    const int expected = i % 2 == 0 ? 0x22 : 0x11;
    if (i % 100 != 0) continue;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (last != expected && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    unseen += last == expected ? 0u : 1u;
  }
  stop = 1;
  vcpu.join();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(unseen, 0u);
  EXPECT_EQ(result(4) + result(5), 0) << "something else was seen";
  EXPECT_EQ(guest_->mmio_exits, 0u);
  EXPECT_EQ(mapper_->counters().pauses, 1u) << "only the first map";
}

INSTANTIATE_TEST_SUITE_P(Ways, Guest, testing::Values(MapWay::kProtect, MapWay::kSlots));

}  // namespace
}  // namespace lowmeg::kvm
