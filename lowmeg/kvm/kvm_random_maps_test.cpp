// A real vCPU against the software mapper, over random maps in a row: what it reads, writes and executes in
// every page of A0000-FFFFF is what the map says. Skipped where KVM is missing.
#include <gtest/gtest.h>

#include <set>

#include "lowmeg/memory/soft_mapper.hpp"
#include "tests/fakes/kvm_guest.hpp"
#include "tests/fakes/random_map.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::KvmGuest;
using fakes::RandomMap;
using memory::Backing;
using memory::Layout;
using memory::MemoryMap;
using memory::PageView;

constexpr std::uint64_t kRamSize = 0x180000, kRomSize = 0x80000;
constexpr std::uint64_t kFirstRam = 0xa0000;  // the maps use RAM from here on; the program may lie below
constexpr unsigned kPages = RandomMap::kUpper.size() / kPageSize;

// Where the guest program keeps its things, in the first 64 KiB.
constexpr Gpa kCode = 0x1000, kAddend = 0x2ff0, kStubOffset = 0x2ff2, kMayExecute = 0x2000, kWasRead = 0x3000,
              kWasExecuted = 0x3100;
// In each page of RAM and ROM: a byte to read, a stub that says where it lies, and a byte to write. Two pages
// of the guest can have the same RAM: the last write wins, whichever way each took.
constexpr Gpa kReadAt = 0, kStubAt = 0x10, kWriteAt = 0x100;

void fill(Backing& backing, std::uint8_t salt) {
  for (std::uint64_t page = 0; page < backing.size() / kPageSize; ++page) {
    std::uint8_t* bytes = backing.bytes().data() + page * kPageSize;
    bytes[kReadAt] = static_cast<std::uint8_t>(page * 7 + salt);
    bytes[kStubAt] = 0xb2;  // mov dl, imm8
    bytes[kStubAt + 1] = static_cast<std::uint8_t>(page * 13 + salt + 1);
    bytes[kStubAt + 2] = 0xcb;  // retf
  }
}

void load_program(std::uint8_t* low_memory) {
  constexpr std::uint8_t kProgram[] = {
      0x31, 0xdb,                          //         xor bx, bx            the page's number
      0xb8, 0x00, 0xa0,                    //         mov ax, 0a000h        its segment
      0x8e, 0xd8,                          // next:   mov ds, ax
      0x8a, 0x0e, 0x00, 0x00,              //         mov cl, [kReadAt]
      0x26, 0x88, 0x8f, 0x00, 0x30,        //         mov es:[bx + kWasRead], cl
      0x88, 0xd9,                          //         mov cl, bl
      0x26, 0x02, 0x0e, 0xf0, 0x2f,        //         add cl, es:[kAddend]
      0x88, 0x0e, 0x00, 0x01,              //         mov [kWriteAt], cl
      0x26, 0xf6, 0x87, 0x00, 0x20, 0x01,  //   test byte es:[bx + kMayExecute], 1
      0x74, 0x0e,                          //         jz skip
      0x26, 0xa3, 0xf4, 0x2f,              //         mov es:[kStubOffset + 2], ax
      0x26, 0xff, 0x1e, 0xf2, 0x2f,        //         call far es:[kStubOffset]
      0x26, 0x88, 0x97, 0x00, 0x31,        //         mov es:[bx + kWasExecuted], dl
      0x05, 0x00, 0x01,                    // skip:   add ax, 100h
      0x43,                                //         inc bx
      0x83, 0xfb, 0x60,                    //         cmp bx, 96
      0x75, 0xcb,                          //         jne next
      0xf4,                                //         hlt
  };
  std::ranges::copy(kProgram, low_memory + kCode);
  low_memory[kStubOffset] = kStubAt;
}

// One access of a page's number that reached the bus; reads are answered by a byte that depends on the page.
struct BusAccess {
  Gpa gpa;
  int written;  // -1: read
  friend bool operator==(const BusAccess&, const BusAccess&) = default;
};
std::uint8_t bus_byte(Gpa gpa) {
  return static_cast<std::uint8_t>(gpa / kPageSize * 5 + 3);
}

// The board: answers reads, notes everything. Coalesced writes come later than reads, so each has a list.
class Board {
 public:
  void access(const MmioAccess& access) {
    if (access.direction == MmioDirection::kWrite) {
      writes.push_back({access.gpa, access.data[0]});
      return;
    }
    access.data[0] = bus_byte(access.gpa);
    reads.push_back({access.gpa, -1});
  }
  void clear() { reads.clear(), writes.clear(); }

  std::vector<BusAccess> reads, writes;
};

// Who has what: the mapper all of the first megabyte as in our own machine, or the upper part in another's
// VMM; and how read-only memory is kept from being written.
struct Window {
  unsigned rounds;
  GpaRange range;
  KvmGuest::LowMemory low_memory;
  MapWay way;
};
class RandomMaps : public testing::TestWithParam<Window> {
 protected:
  // The same by the software mapper.
  void predict(unsigned addend) {
    for (unsigned i = 0; i < kPages; ++i) {
      const Gpa gpa = RandomMap::kUpper.start() + i * kPageSize;
      const PageView& page = oracle_->page(static_cast<std::uint32_t>(gpa));
      expected_read_[i] = page.read != nullptr ? page.read[kReadAt] : bus_byte(gpa);
      if (page.read == nullptr) expected_board_.reads.push_back({gpa + kReadAt, -1});
      const auto value = static_cast<std::uint8_t>(i + addend);
      if (page.write != nullptr) page.write[kWriteAt] = value;
      if (is_ram(page.write)) expected_dirty_.insert(page_of(page.write));
      if (page.write == nullptr) expected_board_.writes.push_back({gpa + kWriteAt, value});
      may_execute_[i] = page.fetch != nullptr && page.fetch[kStubAt] == 0xb2;
      expected_executed_[i] = may_execute_[i] ? page.fetch[kStubAt + 1] : 0;
    }
  }

  bool is_ram(const std::uint8_t* bytes) const {
    return bytes >= soft_ram_.bytes().data() && bytes < soft_ram_.bytes().data() + kRamSize;
  }
  std::uint64_t page_of(const std::uint8_t* bytes) const {
    return static_cast<std::uint64_t>(bytes - soft_ram_.bytes().data()) / kPageSize;
  }
  // "equals the pages that a naive model saw change": those of the maps, which lie above the program's.
  void expect_dirty(KvmMapper& mapper) {
    mapper.harvest();
    std::vector<std::uint64_t> dirty = dirty_.take();
    std::erase_if(dirty, [](std::uint64_t page) { return page < kFirstRam / kPageSize; });
    ASSERT_EQ(std::set(dirty.begin(), dirty.end()), expected_dirty_);
    expected_dirty_.clear();
  }

  Backing ram_ = Backing::create("ram", kRamSize).value(), rom_ = Backing::create("rom", kRomSize).value();
  Backing soft_ram_ = Backing::create("soft ram", kRamSize).value();
  std::unique_ptr<memory::SoftMapper> oracle_ = memory::SoftMapper::create(soft_ram_, rom_).value();
  Board board_, expected_board_;
  DirtyPages dirty_{kRamSize};
  std::set<std::uint64_t> expected_dirty_;
  std::array<std::uint8_t, kPages> expected_read_{}, expected_executed_{}, may_execute_{};
};

TEST_P(RandomMaps, AreWhatAVcpuSees) {
  auto guest = KvmGuest::create(GetParam().low_memory);
  if (!guest) GTEST_SKIP() << guest.error().message();
  fill(ram_, 1), fill(soft_ram_, 1), fill(rom_, 100);
  std::uint8_t* const low =
      GetParam().low_memory == KvmGuest::LowMemory::kNone ? ram_.bytes().data() : (*guest)->low_memory();
  NoOtherVcpus vcpus;
  auto mapper = KvmMapper::create({.vm_fd = (*guest)->vm_fd(),
                                   .window = GetParam().range,
                                   .first_slot = KvmGuest::kFirstFreeSlot,
                                   .memory = GuestMemory::of(ram_, rom_),
                                   .way = GetParam().way,
                                   .vcpus = 1},
                                  vcpus);
  ASSERT_TRUE(mapper) << mapper.error().message();
  (*mapper)->attach_ring((*guest)->run());
  load_program(low);
  ASSERT_TRUE((*mapper)->log_writes(&dirty_));

  const memory::Region low_region{KvmGuest::kLowMemory, memory::ram_routes(0)};
  const Layout below(memory::SoftMapper::kWindow, {&low_region, 1});
  RandomMap random(7, GpaRange(kFirstRam, kRamSize), GpaRange(0, kRomSize));
  for (unsigned round = 0; round < GetParam().rounds; ++round) {
    const MemoryMap map = random.over(below);
    const auto committed = (*mapper)->commit(map);
    ASSERT_TRUE(committed) << round << ": " << committed.error().message();
    ASSERT_TRUE(oracle_->commit(map));
    board_.clear(), expected_board_.clear();
    predict(round);
    std::ranges::copy(may_execute_, low + kMayExecute);
    std::fill_n(low + kWasExecuted, kPages, std::uint8_t{0});
    low[kAddend] = static_cast<std::uint8_t>(round);

    const auto run =
        (*guest)->run_until_halt(**mapper, 0, kCode, [&](const MmioAccess& a) { board_.access(a); });
    ASSERT_TRUE(run) << round << ": " << run.error().message();
    for (unsigned i = 0; i < kPages; ++i) {
      ASSERT_EQ(low[kWasRead + i], expected_read_[i]) << "round " << round << ", page " << i;
      ASSERT_EQ(low[kWasExecuted + i], expected_executed_[i]) << "round " << round << ", page " << i;
    }
    ASSERT_EQ(board_.reads, expected_board_.reads) << round;
    ASSERT_EQ(board_.writes, expected_board_.writes) << round;
    ASSERT_TRUE(std::ranges::equal(ram_.bytes().subspan(kFirstRam), soft_ram_.bytes().subspan(kFirstRam)))
        << round;
    if (round % 3 == 0) expect_dirty(**mapper);
    if (HasFatalFailure()) return;
  }
  const KvmMapperCounters counters = (*mapper)->counters();
  EXPECT_EQ(counters.stray_reads, 0u);
  EXPECT_GT(counters.drained_writes, 0u);
  EXPECT_EQ(counters.protections > 0, GetParam().way == MapWay::kProtect);
}

constexpr GpaRange kPart{0xa0000, 0x100000}, kAll{0, 1ull << 32};
INSTANTIATE_TEST_SUITE_P(Windows, RandomMaps,
                         testing::Values(Window{200, kPart, KvmGuest::LowMemory::kInSlot0, MapWay::kProtect},
                                         Window{200, kPart, KvmGuest::LowMemory::kInSlot0, MapWay::kSlots},
                                         Window{200, kPart, KvmGuest::LowMemory::kInSlot0, MapWay::kInPlace},
                                         Window{500, kAll, KvmGuest::LowMemory::kNone, MapWay::kProtect},
                                         Window{500, kAll, KvmGuest::LowMemory::kNone, MapWay::kSlots}));

}  // namespace
}  // namespace lowmeg::kvm
