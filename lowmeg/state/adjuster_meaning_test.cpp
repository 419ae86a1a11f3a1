#include "lowmeg/state/adjuster_meaning.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/golden.hpp"

namespace lowmeg::state {
namespace {

constexpr Gpa kImages = 0x3f00000;  // rom_bios_offset of 64 MiB

SavedAdjuster with(std::size_t index, const SavedHandle& handle) {
  SavedAdjuster adjuster;
  adjuster.handles[index] = handle;
  return adjuster;
}

// Every override that the facts' policy table has, and no other; written out, not asked of the policy.
TEST(AdjusterMeaning, AcceptsWhatTheTableHas) {
  struct Row {
    std::uint32_t index;
    SavedRange range;
    std::uint64_t gpa_offset;
    bool is_rom;
  };
  std::vector<Row> rows{
      {0, {0xf0000, 0x100000}, 0x3ff0000, true}, {0, {0xf0000, 0xfe000}, 0xf0000, true},
      {1, {0xc0000, 0xc4000}, 0xc0000, true},    {1, {0xc0000, 0xc4000}, 0x3fc0000, false},
      {2, {0xc4000, 0xc8000}, 0xc4000, true},    {2, {0xc4000, 0xc8000}, 0x3fc4000, false},
      {3, {0xc8000, 0xcc000}, 0xc8000, true},    {3, {0xc8000, 0xcc000}, 0x3fc8000, false},
  };
  for (std::uint32_t i = 4; i < 13; ++i) {
    const std::uint64_t start = 0xcc000 + (i - 4) * 0x4000;
    rows.push_back({i, {start, start + 0x4000}, start, true});
    if (i >= 9) rows.push_back({i, {start, start + 0x4000}, start + kImages, true});
  }
  unsigned accepted = 0;
  for (const Row& row : rows) {
    for (std::uint32_t index = 0; index < 13; ++index) {
      for (const bool is_rom : {false, true}) {
        for (const std::uint64_t shift : {0ull, 0x1000ull}) {
          const SavedAdjuster saved = with(index, {index, row.range, row.gpa_offset + shift, is_rom});
          const auto state = accept(saved, kImages);
          const bool right = index == row.index && is_rom == row.is_rom && shift == 0;
          ASSERT_EQ(state.has_value(), right) << row.index << " as " << index;
          if (!state) continue;
          EXPECT_EQ(to_saved(*state), saved);
          ++accepted;
        }
      }
    }
  }
  EXPECT_EQ(accepted, rows.size());
}

TEST(AdjusterMeaning, KeepsEveryFieldBothWays) {
  hyperv::AdjusterState state{.base_slot = 7, .handles = {}};
  state.handles[1] = hyperv::Handle{8, {{0xc0000, 0xc4000}, 0x3fc0000, hyperv::Access::kReadWrite}};
  state.handles[12] = hyperv::Handle{19, {{0xec000, 0xf0000}, 0x3fec000, hyperv::Access::kReadOnly}};
  SavedAdjuster saved{.base_slot = 7, .handles = {}};
  saved.handles[1] = SavedHandle{8, {0xc0000, 0xc4000}, 0x3fc0000, false};
  saved.handles[12] = SavedHandle{19, {0xec000, 0xf0000}, 0x3fec000, true};
  EXPECT_EQ(to_saved(state), saved);
  EXPECT_EQ(accept(saved, kImages).value(), state);
}

TEST(AdjusterMeaning, RefusesWithALineThatNamesTheField) {
  struct Row {
    SavedAdjuster adjuster;
    const char* line = "";
  };
  const SavedHandle c8000{3, {0xc8000, 0xcc000}, 0xc8000, true};
  const auto third = [&](auto SavedHandle::* field, auto value) {
    SavedHandle handle = c8000;
    handle.*field = value;
    return with(3, handle);
  };
  const Row rows[] = {
      // "Handle = base_slot + index."
      {third(&SavedHandle::remote_handle, 103u), "handles[3].remote_handle: 103, where slot 3 is right"},
      {{.base_slot = 1, .handles = with(3, c8000).handles},
       "handles[3].remote_handle: 3, where slot 4 is right"},
      {{.base_slot = 0xfffffff4, .handles = {}}, "base_slot: no 13 slots from fffffff4h on"},
      // The range.
      {third(&SavedHandle::range, SavedRange{0xc8001, 0xcc000}),
       "handles[3].range.start: c8001h is not page-aligned"},
      {third(&SavedHandle::range, SavedRange{0xc8000, 0xcbfff}),
       "handles[3].range.end: cbfffh is not page-aligned"},
      {third(&SavedHandle::range, SavedRange{0xcc000, 0xc8000}),
       "handles[3].range.end: c8000h lies below the start, cc000h"},
      {third(&SavedHandle::range, SavedRange{}),
       "handles[3].range: 0h-0h is no range of segment c8000-cbfff"},
      // Another segment's, alone and overlapping its own.
      {third(&SavedHandle::range, SavedRange{0xc4000, 0xc8000}),
       "handles[3].range: c4000h-c8000h is no range of segment c8000-cbfff"},
      {third(&SavedHandle::range, SavedRange{0xc8000, 0xd0000}),
       "handles[3].range: c8000h-d0000h is no range of segment c8000-cbfff"},
      // Shortened where the table does not.
      {third(&SavedHandle::range, SavedRange{0xc8000, 0xca000}),
       "handles[3].range: c8000h-ca000h is no range of segment c8000-cbfff"},
      // Shortened with what is shown in full, and the reverse.
      {with(0, {0, {0xf0000, 0xfe000}, 0x3ff0000, true}),
       "handles[0].gpa_offset: segment f0000-fffff never shows 3ff0000h with the images at 3f00000h"},
      {with(0, {0, {0xf0000, 0x100000}, 0xf0000, true}),
       "handles[0].gpa_offset: segment f0000-fffff never shows f0000h with the images at 3f00000h"},
      // The offset of another memory size.
      {third(&SavedHandle::gpa_offset, 0x7fc8000ull),
       "handles[3].gpa_offset: segment c8000-cbfff never shows 7fc8000h with the images at 3f00000h"},
      // The flag.
      {third(&SavedHandle::is_rom, false),
       "handles[3].is_rom: segment c8000-cbfff never shows c8000h read-write"},
      {with(3, {3, {0xc8000, 0xcc000}, 0x3fc8000, true}),
       "handles[3].is_rom: segment c8000-cbfff never shows 3fc8000h read-only"},
  };
  for (const Row& row : rows) {
    const auto state = accept(row.adjuster, kImages);
    ASSERT_FALSE(state) << row.line;
    EXPECT_EQ(state.error(), (Error{Errc::kInvalidArgument, row.line, 0}));
  }
}

// "The samples are wire samples; some would not be accepted": their handles are 100 and on.
TEST(AdjusterMeaning, RefusesTheSamplesWhoseHandlesAreNoSlots) {
  constexpr Gpa kImagesOf1GiB = 0x3ff00000;
  for (const std::string& name : fakes::golden_names("adjuster_")) {
    if (name.starts_with("adjuster_any")) continue;
    SavedAdjuster saved = decode_adjuster(fakes::golden(name)).value();
    const bool empty = saved == SavedAdjuster{};
    EXPECT_EQ(accept(saved, kImagesOf1GiB).has_value(), empty) << name;
    for (std::uint32_t i = 0; i < 13; ++i) {
      if (saved.handles[i]) saved.handles[i]->remote_handle = i;
    }
    // Beyond the handles, adjuster_even shows F0000 at itself in full and the zero handle no range.
    const bool right = name != "adjuster_even" && name != "adjuster_zero_handle_first";
    EXPECT_EQ(accept(saved, kImagesOf1GiB).has_value(), right) << name;
    const bool depends = name == "adjuster_initial_mmio" || name == "adjuster_writable_vga";
    EXPECT_EQ(accept(saved, kImages).has_value(), right && !depends) << name << " in another memory size";
  }
}

TEST(AdjusterMeaning, HasRoomForTheLastBaseSlot) {
  SavedAdjuster saved{.base_slot = 0xfffffff3, .handles = {}};
  saved.handles[12] = SavedHandle{0xffffffff, {0xec000, 0xf0000}, 0xec000, true};
  EXPECT_TRUE(accept(saved, kImages));
}

}  // namespace
}  // namespace lowmeg::state
