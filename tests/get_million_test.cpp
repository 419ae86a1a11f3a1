// A million random and mutated messages to a host, from several sessions that come and go, with an honest
// client beside them. The same in every run; LOWMEG_LONG=1 sends ten times as many.
#include <gtest/gtest.h>

#include <cstdlib>

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/in_process.hpp"
#include "tests/hostile_messages.hpp"

namespace lowmeg::get {
namespace {

constexpr GpaRange kWindow{0, 1 << 20};
constexpr std::uint64_t kRamSize = 2 << 20;
constexpr unsigned kLook = 10'000;  // messages between two looks at the map

memory::MemoryMap base() {
  const memory::Region ram{kWindow, memory::ram_routes(0)};
  return memory::MemoryMap::uniform(memory::Layout(kWindow, {&ram, 1}));
}

// Counts the maps that reach outside RAM, and now and then fails.
class WatchfulMapper final : public memory::Mapper {
 public:
  Result<void> commit(const memory::MemoryMap& map) override {
    for (const memory::Region& region : map.cpu.regions()) {
      for (const memory::Route route : {region.routes.read, region.routes.write, region.routes.fetch}) {
        const bool within = route.offset() + region.range.size() <= kRamSize;
        if (route.is_bytes() && (route.target() != memory::Target::kRam || !within)) ++outside_ram;
      }
    }
    if (failing && ++commits_ % 61 == 0) return fail(Errc::kSystem, "the mapper fails");
    map_ = map;
    return {};
  }
  const memory::MemoryMap& map() const override { return map_; }

  std::uint64_t outside_ram = 0;
  bool failing = false;

 private:
  std::uint64_t commits_ = 0;
  memory::MemoryMap map_ = memory::MemoryMap::uniform(memory::Layout(kWindow));
};

// What the page at `gpa` shows by the slots, looked for one by one.
memory::Routes naive_page(const RangeSlots& slots, Gpa gpa) {
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    const auto slot = slots.slot(i);
    if (!slot || gpa < slot->range.start() || gpa >= slot->range.end()) continue;
    const auto ram = memory::Route::ram(slot->ram_offset + gpa - slot->range.start());
    return {ram, slot->read_only ? memory::Route::drop() : ram, ram};
  }
  return memory::ram_routes(gpa);
}

struct Million : testing::Test {
  void expect_the_map_is_the_slots() const {
    const RangeSlots slots = host->slots();
    const memory::MemoryMap& map = mapper.map();
    ASSERT_EQ(map.cpu, map.cpu_smm);
    ASSERT_EQ(map.cpu, map.bus_master);
    for (Gpa gpa = 0; gpa < kWindow.end(); gpa += kPageSize)
      ASSERT_EQ(map.cpu.find(gpa), naive_page(slots, gpa)) << std::hex << gpa;
    ASSERT_EQ(mapper.outside_ram, 0u);
  }
  // "An honest client beside them unharmed": it empties every slot and has its 13 ranges.
  void be_honest(Client& client) {
    std::vector<RangeExchange> asked;
    for (std::uint32_t i = 0; i < host->slots().size(); ++i)
      asked.push_back({ResetRamGpaRange{i}, std::nullopt});
    RangeSlots expected({.ram_size = kRamSize});
    for (std::uint32_t i = 0; i < 13; ++i) {
      const CreateRamGpaRange range{i, 0xc0000 + i * 0x4000ull, 0x4000, 0x1c0000 + i * 0x4000ull, i % 2 * 2};
      ASSERT_EQ(expected.create(range), CreateStatus::kSuccess);
      asked.push_back({range, std::nullopt});
    }
    mapper.failing = false;
    ASSERT_TRUE(client.perform(asked));
    mapper.failing = true;
    for (const RangeExchange& exchange : asked) ASSERT_EQ(exchange.status, CreateStatus::kSuccess);
    ASSERT_EQ(host->slots(), expected);
    expect_the_map_is_the_slots();
  }
  std::unique_ptr<Client> connect(Batching batching) {
    return Client::connect(std::make_unique<InProcessTransport>(*host), events, {.batching = batching})
        .value();
  }

  NullEventSink events;
  WatchfulMapper mapper;
  std::unique_ptr<Host> host = Host::create(mapper, base(), {.ram_size = kRamSize}, events).value();
};

// One of the hostile: a session that ends when it broke the protocol, and that another then takes the place
// of, which mostly agrees on the version first.
struct Hostile {
  void take(HostileMessages& messages, Host& host) {
    const auto answers = session.handle(messages.next());
    if (answers) answered += answers->size();
    if (answers && messages.pick(1000) != 0) return;
    session = HostSession(host, messages.pick(8) == 0 ? Batches::kNotOffered : Batches::kOffered);
    if (messages.pick(16) != 0) {
      EXPECT_TRUE(session.handle(encode(Request{VersionOffer{wire::kProtocolNickelRev2}}).bytes()));
    }
    ended += 1;
  }
  HostSession session;
  std::uint64_t answered = 0, ended = 0;
};

TEST_F(Million, MessagesLeaveTheHostAndAnHonestClientUnharmed) {
  const unsigned wanted = std::getenv("LOWMEG_LONG") != nullptr ? 10'000'000 : 1'000'000;
  HostileMessages messages(0x6e7);
  Hostile hostile[] = {{HostSession(*host)}, {HostSession(*host)}, {HostSession(*host)}};
  const auto strict = connect(Batching::kNever), batched = connect(Batching::kWhereOffered);
  mapper.failing = true;
  for (unsigned sent = 1; sent <= wanted; ++sent) {
    hostile[messages.pick(std::size(hostile))].take(messages, *host);
    if (sent % kLook != 0) continue;
    expect_the_map_is_the_slots();
    be_honest(sent % (2 * kLook) == 0 ? *strict : *batched);
    if (HasFailure()) FAIL() << "after " << sent << " messages";
  }
  // The messages must really do something, of every kind.
  const Counters counters = host->counters();
  for (unsigned status = 0; status <= 5; ++status)
    EXPECT_GT(counters.creates.of(static_cast<CreateStatus>(status)), wanted / 10'000) << status;
  EXPECT_GT(counters.resets, wanted / 20);
  for (const Hostile& one : hostile) {
    EXPECT_GT(one.answered, wanted / 20);
    EXPECT_GT(one.ended, wanted / 100);
  }
}

}  // namespace
}  // namespace lowmeg::get
