// Each of the 13 segments through each of the 16 transitions: the requests on the wire, byte by byte, and the
// map that results; by a call and over a real socket, strictly one by one and in batches. The expectation is
// written out here from the facts about the source and shares no code with the policy or the codec.
#include <gmock/gmock.h>

#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg::hyperv {
namespace {

using fakes::Carrier;
using fakes::GetRig;
using testing::ElementsAreArray;

struct Shown {
  std::uint64_t size;  // 0: no override
  std::uint64_t from;
  std::uint64_t flags;  // 2: rom
  bool operator==(const Shown&) const = default;
};
constexpr Shown kNone{0, 0, 0};

struct RequestRow {
  std::uint64_t start, size;
  Shown mmio, write_protected, writable;  // and WriteOnly is as Writable
};
// rom_bios_offset = 64 MiB - 1 MiB = 3F00000h.
constexpr RequestRow kRows[13] = {
    // System BIOS; the top 2000h stay writable under write protection.
    {0xf0000, 0x10000, {0x10000, 0x3ff0000, 2}, {0xe000, 0xf0000, 2}, kNone},
    // VGA BIOS, twice, then its TSR.
    {0xc0000, 0x4000, {0x4000, 0xc0000, 2}, {0x4000, 0xc0000, 2}, {0x4000, 0x3fc0000, 0}},
    {0xc4000, 0x4000, {0x4000, 0xc4000, 2}, {0x4000, 0xc4000, 2}, {0x4000, 0x3fc4000, 0}},
    {0xc8000, 0x4000, kNone, {0x4000, 0xc8000, 2}, {0x4000, 0x3fc8000, 0}},
    // None.
    {0xcc000, 0x4000, {0x4000, 0xcc000, 2}, {0x4000, 0xcc000, 2}, kNone},
    {0xd0000, 0x4000, {0x4000, 0xd0000, 2}, {0x4000, 0xd0000, 2}, kNone},
    {0xd4000, 0x4000, {0x4000, 0xd4000, 2}, {0x4000, 0xd4000, 2}, kNone},
    {0xd8000, 0x4000, {0x4000, 0xd8000, 2}, {0x4000, 0xd8000, 2}, kNone},
    {0xdc000, 0x4000, {0x4000, 0xdc000, 2}, {0x4000, 0xdc000, 2}, kNone},
    // System BIOS.
    {0xe0000, 0x4000, {0x4000, 0x3fe0000, 2}, {0x4000, 0xe0000, 2}, kNone},
    {0xe4000, 0x4000, {0x4000, 0x3fe4000, 2}, {0x4000, 0xe4000, 2}, kNone},
    {0xe8000, 0x4000, {0x4000, 0x3fe8000, 2}, {0x4000, 0xe8000, 2}, kNone},
    {0xec000, 0x4000, {0x4000, 0x3fec000, 2}, {0x4000, 0xec000, 2}, kNone},
};

constexpr GpaState kStates[] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                GpaState::kWritable};

Shown shown(const RequestRow& row, GpaState state) {
  if (state == GpaState::kMmio) return row.mmio;
  return state == GpaState::kWriteProtected ? row.write_protected : row.writable;
}

// " 78 56 34 12": how a number of `size` bytes goes over the wire.
std::string little_endian(std::uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += fmt::format(" {:02x}", (value >> (8 * i)) & 0xff);
  return text;
}

// CREATE_RAM_GPA_RANGE, 40 bytes: header, slot, gpa_start, gpa_count, gpa_offset, flags.
std::string create_message(std::uint32_t slot, std::uint64_t start, const Shown& shown) {
  return "01 02 1c 00" + little_endian(slot, 4) + little_endian(start, 8) + little_endian(shown.size, 8) +
         little_endian(shown.from, 8) + little_endian(shown.flags, 8);
}
// RESET_RAM_GPA_RANGE, 8 bytes: header, slot.
std::string reset_message(std::uint32_t slot) {
  return "01 02 1d 00" + little_endian(slot, 4);
}

// BATCH, 8 bytes: header, number of the requests that follow.
std::string batch_message(std::size_t requests) {
  return "01 01 4c ff" + little_endian(requests, 4);
}

// "No call if the override wanted equals the one in place; otherwise first reset the handle in place, then
// create the new one, if one is wanted."
std::vector<std::string> messages(std::uint32_t slot, std::uint64_t start, const Shown& before,
                                  const Shown& after) {
  std::vector<std::string> result;
  if (before == after) return result;
  if (before != kNone) result.push_back(reset_message(slot));
  if (after != kNone) result.push_back(create_message(slot, start, after));
  return result;
}

// The base of the rig with the override laid over it.
memory::MemoryMap map_with(std::uint64_t start, const Shown& shown) {
  const memory::Region region{
      {start, start + shown.size},
      shown.flags == 2 ? memory::read_only_ram_routes(shown.from) : memory::ram_routes(shown.from)};
  const std::size_t count = shown == kNone ? 0 : 1;
  return memory::MemoryMap::uniform(GetRig::base().cpu.overlaid({&region, count}));
}

struct Way {
  Carrier carrier;
  get::Batches batches;
  std::uint32_t base_slot;
};

class Requests : public testing::TestWithParam<Way> {
 protected:
  GetBackedAdjuster fresh_adjuster() {
    return GetBackedAdjuster(*rig.client, base_slot, GetRig::kRomBiosOffset, rig.events);
  }
  static Result<void> adjust(GetBackedAdjuster& adjuster, const GpaStateChange& change) {
    return adjuster.adjust({&change, 1});
  }
  // "A BATCH notification precedes two or more" where the host takes batches; the requests are the same.
  static std::vector<std::string> on_the_wire(std::vector<std::string> requests) {
    if (GetParam().batches == get::Batches::kOffered && requests.size() > 1)
      requests.insert(requests.begin(), batch_message(requests.size()));
    return requests;
  }
  void empty_the_host() {
    for (std::uint32_t index = 0; index < 13; ++index) {
      const get::RangeRequest reset = get::ResetRamGpaRange{base_slot + index};
      CreateStatus status{};
      rig.host->apply({&reset, 1}, {&status, 1});
    }
  }
  void expect_host_holds(std::uint32_t slot, std::uint64_t start, const Shown& shown) const {
    RangeSlots expected({.ram_size = GetRig::kRamSize});
    if (shown != kNone) {
      ASSERT_EQ(expected.create({slot, start, shown.size, shown.from, shown.flags}),
                get::CreateStatus::kSuccess);
    }
    ASSERT_EQ(rig.host->slots(), expected);
    ASSERT_EQ(rig.mapper.map(), map_with(start, shown));
  }
  void expect_transition(std::uint32_t index, GpaState before, GpaState now);

  using RangeSlots = get::RangeSlots;
  using CreateStatus = get::CreateStatus;
  GetRig rig{GetParam().batches, GetParam().carrier};
  const std::uint32_t base_slot = GetParam().base_slot;
};
INSTANTIATE_TEST_SUITE_P(Ways, Requests,
                         testing::Values(Way{Carrier::kCall, get::Batches::kNotOffered, 0},
                                         Way{Carrier::kCall, get::Batches::kNotOffered, 19},
                                         Way{Carrier::kCall, get::Batches::kOffered, 0},
                                         Way{Carrier::kSocket, get::Batches::kNotOffered, 0},
                                         Way{Carrier::kSocket, get::Batches::kOffered, 0},
                                         Way{Carrier::kSocket, get::Batches::kOffered, 19}),
                         [](const auto& param) {
                           const Way& way = param.param;
                           return fmt::format("{}{}From{}", way.carrier == Carrier::kCall ? "Call" : "Socket",
                                              way.batches == get::Batches::kOffered ? "Batched" : "Strict",
                                              way.base_slot);
                         });

void Requests::expect_transition(std::uint32_t index, GpaState before, GpaState now) {
  const RequestRow& row = kRows[index];
  const GpaRange range(row.start, row.start + row.size);
  const std::uint32_t slot = base_slot + index;
  SCOPED_TRACE(fmt::format("{:05x} {}->{}", row.start, short_name(before), short_name(now)));
  GetBackedAdjuster adjuster = fresh_adjuster();
  empty_the_host();
  ASSERT_TRUE(adjust(adjuster, {range, GpaState::kMmio, before, Apply::kForced}));
  ASSERT_THAT(rig.take_sent(),
              ElementsAreArray(on_the_wire(messages(slot, row.start, kNone, shown(row, before)))));
  expect_host_holds(slot, row.start, shown(row, before));

  ASSERT_TRUE(adjust(adjuster, {range, before, now, Apply::kDelta}));
  ASSERT_THAT(rig.take_sent(),
              ElementsAreArray(on_the_wire(messages(slot, row.start, shown(row, before), shown(row, now)))));
  expect_host_holds(slot, row.start, shown(row, now));
}

TEST_P(Requests, OfEverySegmentAndTransitionByteByByte) {
  for (std::uint32_t index = 0; index < 13; ++index) {
    for (const GpaState before : kStates) {
      for (const GpaState now : kStates) expect_transition(index, before, now);
    }
  }
}

// "Index = slot - base_slot", and the segments' order is the order of the requests.
TEST_P(Requests, OfOneCallGoOutInTheOrderOfItsChanges) {
  GetBackedAdjuster adjuster = fresh_adjuster();
  std::vector<GpaStateChange> to_mmio, to_protected;
  std::vector<std::string> first, second;
  for (std::uint32_t index = 0; index < 13; ++index) {
    const RequestRow& row = kRows[index];
    const GpaRange range(row.start, row.start + row.size);
    to_mmio.push_back({range, GpaState::kMmio, GpaState::kMmio, Apply::kForced});
    to_protected.push_back({range, GpaState::kMmio, GpaState::kWriteProtected, Apply::kDelta});
    for (const auto& message : messages(base_slot + index, row.start, kNone, row.mmio))
      first.push_back(message);
    for (const auto& message : messages(base_slot + index, row.start, row.mmio, row.write_protected)) {
      second.push_back(message);
    }
  }
  ASSERT_EQ(first.size(), 12u);  // all but the TSR's
  ASSERT_TRUE(adjuster.adjust(to_mmio));
  EXPECT_THAT(rig.take_sent(), ElementsAreArray(on_the_wire(first)));
  ASSERT_TRUE(adjuster.adjust(to_protected));
  EXPECT_THAT(rig.take_sent(), ElementsAreArray(on_the_wire(second)));
}

}  // namespace
}  // namespace lowmeg::hyperv
