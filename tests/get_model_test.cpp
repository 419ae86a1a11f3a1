// Valid requests in any interleaving, one by one and in batches, by two clients: the guest sees what a naive
// model gives, 13 slots painted over an array of bytes.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/in_process.hpp"
#include "lowmeg/memory/soft_mapper.hpp"

namespace lowmeg::get {
namespace {

constexpr std::uint64_t kRamSize = 2 << 20;
constexpr Gpa kFirst = 0xc0000, kEnd = 0x100000;
constexpr std::uint32_t kSlots = 13;

memory::MemoryMap base() {
  const memory::Region ram{{0, kRamSize}, memory::ram_routes(0)};
  return memory::MemoryMap::uniform(memory::Layout(memory::SoftMapper::kWindow, {&ram, 1}));
}

// No request is refused by it: what it makes up is valid.
class NaiveHost {
 public:
  explicit NaiveHost(std::uint64_t seed) : random_(seed) {}

  // A request that is valid now, already carried out here.
  RangeRequest next() {
    const auto slot = static_cast<std::uint32_t>(pick(kSlots));
    if (slots_[slot].count == 0 && pick(8) != 0) {
      CreateRamGpaRange range{slot, kFirst + pick(64) * kPageSize, (1 + pick(8)) * kPageSize,
                              pick(0x1f8) * kPageSize, pick(2) * 2};
      range.gpa_count = std::min(range.gpa_count, free_from(range.gpa_start));
      if (range.gpa_count != 0) {
        slots_[slot] = {range.gpa_start, range.gpa_count, range.gpa_offset, range.flags == 2};
        return range;
      }
    }
    slots_[slot].count = 0;
    return ResetRamGpaRange{slot};
  }
  // What the guest reads at C0000-FFFFF, and at which of its bytes a write would land.
  void paint(const std::uint8_t* ram, std::vector<std::uint8_t>& bytes, std::vector<bool>& writable) const {
    bytes.assign(ram + kFirst, ram + kEnd);
    writable.assign((kEnd - kFirst) / kPageSize, true);
    for (const Slot& slot : slots_) {
      if (slot.count == 0) continue;
      std::memcpy(bytes.data() + (slot.start - kFirst), ram + slot.offset, slot.count);
      for (Gpa gpa = slot.start; gpa < slot.start + slot.count; gpa += kPageSize)
        writable[(gpa - kFirst) / kPageSize] = !slot.read_only;
    }
  }
  std::size_t pick(std::size_t count) { return random_() % count; }

 private:
  struct Slot {
    std::uint64_t start, count, offset;
    bool read_only;
  };
  // Bytes from `start` to the next range or the end; 0 within a range.
  std::uint64_t free_from(Gpa start) const {
    std::uint64_t free = kEnd - start;
    for (const Slot& slot : slots_) {
      if (slot.count == 0 || slot.start + slot.count <= start) continue;
      free = std::min(free, slot.start <= start ? 0 : slot.start - start);
    }
    return free;
  }
  std::mt19937_64 random_;
  Slot slots_[kSlots] = {};
};

struct GetModel : testing::TestWithParam<std::uint64_t> {
  GetModel() {
    // Each page holds its number, over and over.
    for (std::uint64_t at = 0; at < kRamSize; at += sizeof(std::uint32_t)) {
      const auto page = static_cast<std::uint32_t>(at / kPageSize + 1);
      std::memcpy(ram.bytes().data() + at, &page, sizeof(page));
    }
  }
  void perform(Client& client, std::size_t count) {
    std::vector<RangeExchange> asked;
    for (std::size_t i = 0; i < count; ++i) asked.push_back({model.next(), std::nullopt});
    ASSERT_TRUE(client.perform(asked));
    for (const RangeExchange& exchange : asked) ASSERT_EQ(exchange.status, CreateStatus::kSuccess);
  }
  void expect_the_guest_sees_the_model() {
    model.paint(ram.bytes().data(), bytes, writable);
    for (Gpa gpa = 0; gpa < kRamSize; gpa += kPageSize) {
      const memory::PageView& page = mapper->page(static_cast<std::uint32_t>(gpa));
      const bool in_window = gpa >= kFirst && gpa < kEnd;
      const std::uint8_t* expected = in_window ? bytes.data() + (gpa - kFirst) : ram.bytes().data() + gpa;
      ASSERT_EQ(std::memcmp(page.read, expected, kPageSize), 0) << std::hex << gpa;
      ASSERT_EQ(page.fetch, page.read) << std::hex << gpa;
      ASSERT_EQ(page.write == page.read, !in_window || writable[(gpa - kFirst) / kPageSize])
          << std::hex << gpa;
    }
  }
  std::unique_ptr<Client> connect(Batching batching) {
    return Client::connect(std::make_unique<InProcessTransport>(*host), events, {.batching = batching})
        .value();
  }

  NullEventSink events;
  memory::Backing ram = memory::Backing::create("ram", kRamSize).value();
  memory::Backing rom = memory::Backing::create("rom", 64 << 10).value();
  std::unique_ptr<memory::SoftMapper> mapper = memory::SoftMapper::create(ram, rom).value();
  std::unique_ptr<Host> host = Host::create(*mapper, base(), {.ram_size = kRamSize}, events).value();
  NaiveHost model{GetParam()};
  std::vector<std::uint8_t> bytes;
  std::vector<bool> writable;
};
INSTANTIATE_TEST_SUITE_P(Seed, GetModel, testing::Range<std::uint64_t>(1, 9));

TEST_P(GetModel, ShowsWhatThirteenSlotsPaintedOverBytesShow) {
  const auto strict = connect(Batching::kNever), batched = connect(Batching::kWhereOffered);
  for (int round = 0; round < 150; ++round) {
    const std::size_t count = 1 + model.pick(26);
    const bool together = model.pick(2) == 0;
    const std::uint64_t commits = host->counters().commits;
    perform(together ? *batched : *strict, count);
    expect_the_guest_sees_the_model();
    const std::uint64_t most = together ? 1 : count;
    EXPECT_LE(host->counters().commits, commits + most) << "one change of the map for a batch";
    if (HasFailure()) FAIL() << "round " << round << ", " << count << (together ? " together" : " strictly");
  }
  EXPECT_GT(host->counters().creates.total(), 500u);
  EXPECT_LT(batched->counters().round_trips, 151u);
  EXPECT_EQ(strict->counters().round_trips, strict->counters().requests());
}

}  // namespace
}  // namespace lowmeg::get
