// Each of the 13 segments through each of the 16 transitions: the requests on the wire, byte by byte. The
// expectation is written out here from the facts about the source and shares no code with the policy or the
// codec.
#include <gmock/gmock.h>

#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg::hyperv {
namespace {

using fakes::GetRig;
using testing::ElementsAreArray;

struct Shown {
  std::uint64_t size;  // 0: no override
  std::uint64_t from;
  std::uint64_t flags;  // 2: rom
  bool operator==(const Shown&) const = default;
};
constexpr Shown kNone{0, 0, 0};

struct Row {
  std::uint64_t start, size;
  Shown mmio, write_protected, writable;  // and WriteOnly is as Writable
};
// rom_bios_offset = 64 MiB - 1 MiB = 3F00000h.
constexpr Row kRows[13] = {
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

Shown shown(const Row& row, GpaState state) {
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

void expect_host_holds(const GetRig& rig, std::uint32_t slot, std::uint64_t start, const Shown& shown) {
  const auto table = rig.host->slots();
  const auto& held = table.slot(slot);
  ASSERT_EQ(held.has_value(), shown != kNone);
  if (held) {
    EXPECT_EQ(*held,
              (get::SlotTable::Slot{GpaRange(start, start + shown.size), shown.from, shown.flags == 2}));
  }
}

class Requests : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(BaseSlot, Requests, testing::Values(0u, 19u));

TEST_P(Requests, OfEverySegmentAndTransitionByteByByte) {
  for (std::uint32_t index = 0; index < 13; ++index) {
    const Row& row = kRows[index];
    const GpaRange range(row.start, row.start + row.size);
    const std::uint32_t slot = GetParam() + index;
    for (const GpaState before : kStates) {
      for (const GpaState now : kStates) {
        SCOPED_TRACE(fmt::format("{:05x} {}->{}", row.start, short_name(before), short_name(now)));
        GetRig rig;
        GetBackedAdjuster adjuster(*rig.client, GetParam(), GetRig::kRomBiosOffset, rig.events);
        const GpaStateChange first{range, GpaState::kMmio, before, Apply::kForced};
        ASSERT_TRUE(adjuster.adjust({&first, 1}));
        ASSERT_THAT(rig.take_sent(), ElementsAreArray(messages(slot, row.start, kNone, shown(row, before))));

        const GpaStateChange second{range, before, now, Apply::kDelta};
        ASSERT_TRUE(adjuster.adjust({&second, 1}));
        ASSERT_THAT(rig.take_sent(),
                    ElementsAreArray(messages(slot, row.start, shown(row, before), shown(row, now))));
        expect_host_holds(rig, slot, row.start, shown(row, now));
      }
    }
  }
}

// "Index = slot - base_slot", and the segments' order is the order of the requests.
TEST_P(Requests, OfOneCallGoOutInTheOrderOfItsChanges) {
  GetRig rig;
  GetBackedAdjuster adjuster(*rig.client, GetParam(), GetRig::kRomBiosOffset, rig.events);
  std::vector<GpaStateChange> to_mmio, to_protected;
  std::vector<std::string> first, second;
  for (std::uint32_t index = 0; index < 13; ++index) {
    const Row& row = kRows[index];
    const GpaRange range(row.start, row.start + row.size);
    to_mmio.push_back({range, GpaState::kMmio, GpaState::kMmio, Apply::kForced});
    to_protected.push_back({range, GpaState::kMmio, GpaState::kWriteProtected, Apply::kDelta});
    for (const auto& message : messages(GetParam() + index, row.start, kNone, row.mmio))
      first.push_back(message);
    for (const auto& message : messages(GetParam() + index, row.start, row.mmio, row.write_protected)) {
      second.push_back(message);
    }
  }
  ASSERT_EQ(first.size(), 12u);  // all but the TSR's
  ASSERT_TRUE(adjuster.adjust(to_mmio));
  EXPECT_THAT(rig.take_sent(), ElementsAreArray(first));
  ASSERT_TRUE(adjuster.adjust(to_protected));
  EXPECT_THAT(rig.take_sent(), ElementsAreArray(second));
}

}  // namespace
}  // namespace lowmeg::hyperv
