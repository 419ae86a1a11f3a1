// Each route on real KVM, by a guest of a few instructions. Skipped where KVM is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "tests/fakes/mapped_guest.hpp"

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
using Writes = std::vector<fakes::SeenWrite>;

class Guest : public fakes::MappedGuest {};

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

// "1 000 demotions and promotions leave no slot behind" (LOWMEG_LONG=1; else a tenth of it).
TEST_P(Guest, LeavesNoSlotBehindWhereItWritesToReadOnlyMemory) {
  guest_->load(kCode, {0xb8, 0x00, 0xd0, 0x8e, 0xd8, 0xc6, 0x06, 0x08, 0x00, 0x77, 0xf4});
  const unsigned times = std::getenv("LOWMEG_LONG") != nullptr ? 1000 : 100;
  for (unsigned i = 0; i < times; ++i) {
    ASSERT_TRUE(show(memory::ram_routes(0)));
    ram_.bytes()[8] = 0x11;
    ASSERT_TRUE(show(memory::read_only_ram_routes(0)));
    ASSERT_TRUE(run());
    ASSERT_EQ(ram_.bytes()[8], 0x11);
    ASSERT_EQ(mapper_->slots().size(), 1u);
  }
  ASSERT_TRUE(show(memory::bus_routes()));
  EXPECT_EQ(mapper_->slots().size(), 0u);
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
    syscalls_.fail_once_after(n);
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

// SMRAM at A0000 is memory in system management mode and the bus's outside; the first megabyte around it is
// the same in both. SDM volume 3, 32: SMBASE is 30000h, the handler begins at SMBASE + 8000h, RSM ends it.
TEST(GuestInSmm, SeesTheViewOfItsMode) {
  auto guest = KvmGuest::create(KvmGuest::LowMemory::kNone);
  if (!guest) GTEST_SKIP() << guest.error().message();
  memory::Backing ram = memory::Backing::create("ram", 0x100000).value();
  memory::Backing rom = memory::Backing::create("rom", 0x10000).value();
  NoOtherVcpus vcpus;
  KvmMapperConfig config;
  config.vm_fd = (*guest)->vm_fd();
  config.window = GpaRange(0, 0x100000);
  config.memory = GuestMemory::of(ram, rom);
  config.smm = SmmView::kMirrored;
  config.vcpus = 1;
  auto mapper = KvmMapper::create(config, vcpus);
  if (!mapper && mapper.error().code == Errc::kNotSupported) GTEST_SKIP() << mapper.error().message();
  ASSERT_TRUE(mapper) << mapper.error().message();
  const Region outside[] = {{{0, 0xa0000}, memory::ram_routes(0)},
                            {{0xc0000, 0x100000}, memory::read_only_ram_routes(0xc0000)}};
  MemoryMap map = MemoryMap::uniform(Layout(config.window, outside));
  const Region smram{{0xa0000, 0xc0000}, memory::ram_routes(0xa0000)};
  map.cpu_smm = map.cpu.overlaid({&smram, 1});
  ASSERT_TRUE((*mapper)->commit(map));
  std::uint8_t* const bytes = ram.bytes().data();
  bytes[0xa0000] = 0x44;
  bytes[0xc0008] = 0x11;
  const std::uint8_t looks[] = {0xb8, 0x00, 0xa0, 0x8e, 0xd8,  // mov ax, 0a000h; mov ds, ax
                                0xa0, 0x00, 0x00,              // mov al, [0]
                                0x31, 0xdb, 0x8e, 0xdb,        // xor bx, bx; mov ds, bx
                                0xa2, 0x00, 0x20, 0xf4};       // mov [2000h], al; hlt
  std::ranges::copy(looks, bytes + 0x1000);
  const std::uint8_t handler[] = {0xb8, 0x00, 0xa0, 0x8e, 0xd8,   // mov ax, 0a000h; mov ds, ax
                                  0xa0, 0x00, 0x00,               // mov al, [0]
                                  0xc6, 0x06, 0x01, 0x00, 0x55,   // mov byte [1], 55h
                                  0xbb, 0x00, 0xc0, 0x8e, 0xdb,   // mov bx, 0c000h; mov ds, bx
                                  0xc6, 0x06, 0x08, 0x00, 0x77,   // mov byte [8], 77h: read-only
                                  0x31, 0xdb, 0x8e, 0xdb,         // xor bx, bx; mov ds, bx
                                  0xa2, 0x01, 0x20, 0x0f, 0xaa};  // mov [2001h], al; rsm
  std::ranges::copy(handler, bytes + 0x38000);
  ASSERT_TRUE((*guest)->send_smi());
  const auto done = (*guest)->run_until_halt(**mapper, 0, 0x1000, [](const MmioAccess& access) {
    if (access.direction == MmioDirection::kRead) access.data[0] = 0x33;
  });
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(bytes[0x2001], 0x44) << "in system management mode";
  EXPECT_EQ(bytes[0xa0001], 0x55);
  EXPECT_EQ(bytes[0xc0008], 0x11);
  EXPECT_EQ(bytes[0x2000], 0x33) << "outside";
}

INSTANTIATE_TEST_SUITE_P(Ways, Guest, testing::Values(MapWay::kProtect, MapWay::kSlots));

}  // namespace
}  // namespace lowmeg::kvm
