// Bytes out of one paravisor and into another, over one host and over two.
#include "lowmeg/state/restore.hpp"

#include <gmock/gmock.h>

#include <random>

#include "lowmeg/state/adjuster_meaning.hpp"
#include "lowmeg/state/bridge_meaning.hpp"
#include "lowmeg/state/envelope.hpp"
#include "tests/fakes/get_messages.hpp"
#include "tests/fakes/get_rig.hpp"
#include "tests/fakes/golden.hpp"

namespace lowmeg::state {
namespace {

using bridge::ByteEnables;
using fakes::GetRig;
using fakes::golden;
using fakes::kVersion42;
using get::Batches;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What ends with its process: client, adjuster, bridge.
struct Paravisor {
  explicit Paravisor(GetRig& rig, std::uint32_t base_slot = 0, Batches batches = Batches::kOffered)
      : client(get::Client::connect(std::make_unique<fakes::RecordingTransport>(
                                        std::make_unique<get::InProcessTransport>(*rig.host, batches), wire),
                                    events)
                   .value()),
        adjuster(hyperv::GetBackedAdjuster(*client, base_slot, GetRig::kRomBiosOffset, events)) {}

  Result<void> restore(const SavedChipset& saved, HostRanges host = HostRanges::kInPlace) {
    return state::restore(saved, adjuster, bridge, host);
  }
  SavedChipset save() const { return state::save(adjuster, bridge); }
  bool write(std::uint8_t offset, std::uint32_t value, unsigned enables = 0xf) {
    return bridge.write(offset, value, ByteEnables(enables)).has_value();
  }

  fakes::RecordingEventSink events;
  fakes::Wire wire;
  std::unique_ptr<get::Client> client;
  hyperv::SharedAdjuster adjuster;
  bridge::HypervBridge bridge{bridge::kHyperv, adjuster, events};
};

// A guest that writes to registers that do something.
class Guest {
 public:
  explicit Guest(std::uint64_t seed) : random_(seed) {}
  void write_to(Paravisor& paravisor) {
    constexpr std::uint8_t kOffsets[] = {0x58, 0x5c, 0x58, 0x5c, 0x70, 0x04,
                                         0x0c, 0x3c, 0x60, 0x64, 0xd0, 0xd4};
    const auto value = static_cast<std::uint32_t>(random_());
    ASSERT_TRUE(paravisor.write(kOffsets[random_() % std::size(kOffsets)], value, random_() % 16));
  }

 private:
  std::mt19937_64 random_;
};

// A paravisor that shadows the system BIOS, opens the VGA BIOS and sets what else there is.
void set_up(Paravisor& paravisor) {
  ASSERT_TRUE(paravisor.bridge.power_on());
  ASSERT_TRUE(paravisor.write(0x58, 0x00331003));
  ASSERT_TRUE(paravisor.write(0x5c, 0x11110000));
  ASSERT_TRUE(paravisor.write(0x70, 0x00180000));
  ASSERT_TRUE(paravisor.write(0x04, 0x00000107));
  ASSERT_TRUE(paravisor.write(0xd0, 0x12345678));
}

// "Not one request may reach the host for what is already there."
TEST(Restore, IsSilentWhateverTheGuestDid) {
  GetRig rig;
  auto paravisor = std::make_unique<Paravisor>(rig);
  ASSERT_TRUE(paravisor->bridge.power_on());
  Guest guest(1);
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 5; ++i) guest.write_to(*paravisor);
    const SavedChipset saved = paravisor->save();
    const auto slots = rig.host->slots();
    auto next = std::make_unique<Paravisor>(rig);
    ASSERT_TRUE(next->restore(saved));
    ASSERT_THAT(next->wire.sent, ElementsAre(kVersion42));
    ASSERT_EQ(next->adjuster.state(), paravisor->adjuster.state());
    ASSERT_EQ(next->bridge.state(), paravisor->bridge.state());
    ASSERT_EQ(next->save(), saved);
    ASSERT_EQ(rig.host->slots(), slots);
    paravisor = std::move(next);
  }
  EXPECT_GT(rig.host->counters().requests(), 1000u);
}

// The successor asks for what its predecessor would have asked for.
TEST(Restore, GoesOnAsIfNothingHadHappened) {
  GetRig disturbed, undisturbed;
  auto paravisor = std::make_unique<Paravisor>(disturbed);
  Paravisor other(undisturbed);
  ASSERT_TRUE(paravisor->bridge.power_on() && other.bridge.power_on());
  Guest guest(2), same_guest(2);
  for (int round = 0; round < 1000; ++round) {
    auto next = std::make_unique<Paravisor>(disturbed);
    ASSERT_TRUE(next->restore(paravisor->save()));
    paravisor = std::move(next);
    paravisor->wire.sent.clear();
    other.wire.sent.clear();
    guest.write_to(*paravisor);
    same_guest.write_to(other);
    ASSERT_EQ(paravisor->wire.sent, other.wire.sent);
  }
  EXPECT_EQ(disturbed.host->slots(), undisturbed.host->slots());
}

// "A create that the host refuses": the segment has no handle, so restore is one of the occasions to ask
// again.
TEST(Restore, AsksAgainForWhatTheHostHadRefused) {
  GetRig rig;
  Paravisor paravisor(rig);
  set_up(paravisor);
  rig.mapper.refuse_next = 1;
  ASSERT_TRUE(paravisor.write(0x5c, 0x11100000));  // E0000: the ROM image
  ASSERT_FALSE(paravisor.adjuster.state().handles[9].has_value());
  Paravisor next(rig);
  ASSERT_TRUE(next.restore(paravisor.save()));
  EXPECT_GT(next.wire.sent.size(), 1u);
  EXPECT_TRUE(next.adjuster.state().handles[9].has_value());
}

// All slots are reset, and what is wanted is created.
TEST(Restore, BringsARangelessHostToTheSameRanges) {
  GetRig here, there;
  Paravisor paravisor(here, 5);
  set_up(paravisor);
  Paravisor next(there);
  ASSERT_TRUE(next.restore(paravisor.save(), HostRanges::kUnknown));
  EXPECT_EQ(there.host->slots(), here.host->slots());
  EXPECT_EQ(next.save(), paravisor.save());
  EXPECT_EQ(there.host->counters().resets, 13u);
}

// Firmware that runs on another CPU is not torn away: all is one change of the map, and none where the host
// held the ranges all the while.
TEST(Restore, OfAnUnknownHostIsOneCommit) {
  GetRig here, there;
  Paravisor paravisor(here);
  set_up(paravisor);
  for (const unsigned commits : {1u, 0u}) {
    const unsigned before = there.mapper.commits;
    Paravisor next(there, 0, Batches::kOffered);
    ASSERT_TRUE(next.restore(paravisor.save(), HostRanges::kUnknown));
    EXPECT_EQ(there.mapper.commits - before, commits);
    EXPECT_EQ(there.host->slots(), here.host->slots());
  }
}

TEST(Restore, RidsAHostOfOtherRanges) {
  GetRig here, there;
  Paravisor paravisor(here);
  set_up(paravisor);
  Paravisor stranger(there);
  ASSERT_TRUE(stranger.bridge.power_on());
  ASSERT_TRUE(stranger.write(0x58, 0x33333003));
  ASSERT_NE(there.host->slots(), here.host->slots());
  Paravisor next(there);
  ASSERT_TRUE(next.restore(paravisor.save(), HostRanges::kUnknown));
  EXPECT_EQ(there.host->slots(), here.host->slots());
}

// Without being asked to, restore believes the state: a host that holds other ranges goes on showing them
// until a segment changes, whose slot is then reset and filled anew.
TEST(Restore, DoesNotNoticeAHostThatHoldsOtherRanges) {
  GetRig here, there;
  Paravisor paravisor(here);
  set_up(paravisor);
  Paravisor next(there);
  ASSERT_TRUE(next.restore(paravisor.save()));
  EXPECT_THAT(next.wire.sent, ElementsAre(kVersion42));
  EXPECT_FALSE(there.host->slots().slot(0).has_value());
  ASSERT_TRUE(next.write(0x58, 0x00330003));  // F0000 becomes Mmio
  EXPECT_TRUE(there.host->slots().slot(0).has_value());
  EXPECT_FALSE(there.host->slots().slot(1).has_value());
}

// "A silent restore does not notice a lost connection: the next change does."
TEST(Restore, OverALostConnectionIsNoticedByTheNextChange) {
  GetRig rig;
  Paravisor paravisor(rig);
  set_up(paravisor);
  Paravisor next(rig);
  next.wire.cut_after = 0;
  ASSERT_TRUE(next.restore(paravisor.save()));
  EXPECT_EQ(next.save(), paravisor.save());
  EXPECT_FALSE(next.write(0x58, 0x00330003));
}

// Cut after each message in turn, until none is cut: the bridge is as it was, and the same bytes do over a
// new connection. Gives how many messages a restore takes.
int cut_after_each_message(Batches batches) {
  GetRig here, there;
  Paravisor paravisor(here);
  set_up(paravisor);
  const SavedChipset saved = paravisor.save();
  for (int messages = 0;; ++messages) {
    Paravisor next(there, 0, batches);
    const bridge::HypervBridgeState before = next.bridge.state();
    next.wire.cut_after = messages;
    const Result<void> restored = next.restore(saved, HostRanges::kUnknown);
    if (restored) return messages;
    EXPECT_EQ(restored.error().code, Errc::kClosed) << messages;
    EXPECT_EQ(next.bridge.state(), before) << messages;
    EXPECT_TRUE(accept(to_saved(next.adjuster.state()), GetRig::kRomBiosOffset)) << messages;
    Paravisor again(there);
    EXPECT_TRUE(again.restore(saved, HostRanges::kUnknown)) << messages;
    EXPECT_EQ(there.host->slots(), here.host->slots()) << messages;
    EXPECT_EQ(again.save(), saved) << messages;
  }
}

TEST(Restore, ThatLosesItsConnectionLeavesTheBridgeAlone) {
  EXPECT_GE(cut_after_each_message(Batches::kNotOffered), 20);
  EXPECT_GE(cut_after_each_message(Batches::kOffered), 2);
}

struct RefusedRestoreTest : testing::Test {
  void SetUp() override { set_up(paravisor); }

  // Feeds it; when refused, nothing may have changed and nobody may have been asked.
  Result<void> feed(const SavedChipset& saved) {
    const SavedChipset before = paravisor.save();
    const hyperv::AdjusterState adjuster = paravisor.adjuster.state();
    const bridge::HypervBridgeState bridge = paravisor.bridge.state();
    paravisor.wire.sent.clear();
    const Result<void> restored = paravisor.restore(saved);
    if (restored) return restored;
    EXPECT_EQ(paravisor.adjuster.state(), adjuster);
    EXPECT_EQ(paravisor.bridge.state(), bridge);
    EXPECT_EQ(paravisor.save(), before);
    EXPECT_THAT(paravisor.wire.sent, IsEmpty());
    return restored;
  }

  GetRig rig;
  Paravisor paravisor{rig};
};

TEST_F(RefusedRestoreTest, GivesOneLineAndChangesNothing) {
  const SavedChipset good = paravisor.save();
  SavedAdjuster handles = decode_adjuster(good.adjuster).value();
  ASSERT_TRUE(handles.handles[0] && handles.handles[4] && handles.handles[9]);
  const auto changed = [&](auto change) {
    SavedAdjuster adjuster = handles;
    change(adjuster);
    return SavedChipset{encode(adjuster), good.bridge};
  };
  const auto bridge = [&](auto change) {
    SavedBridge saved = decode_bridge_any(good.bridge).value();
    change(saved);
    return SavedChipset{good.adjuster, encode_any(saved)};
  };
  Buffer fourteen = encode(SavedAdjuster{}), twelve = fourteen;
  fourteen.insert(fourteen.end(), {0x0a, 0x00});
  fourteen[1] += 2;
  twelve.resize(twelve.size() - 2);
  twelve[1] -= 2;
  Buffer wide = golden("bridge_initial");
  ASSERT_EQ(fakes::hex(Bytes(wide).subspan(9, 3)), "38 82 70");  // smm_config_word
  wide[11] = 0xf0;
  wide.insert(wide.begin() + 12, 0x04);

  struct Row {
    SavedChipset saved;
    const char* line = "";
  };
  using A = SavedAdjuster;
  using B = SavedBridge;
  const Row rows[] = {
      {{good.adjuster, golden("adjuster_any_empty")}, "bridge: type_url: "},
      {{good.adjuster, golden("bridge_initial")}, "bridge: type_url: wire type 0, where 2 is right"},
      {{good.bridge, good.bridge}, "adjuster: base_slot: wire type 2, where 0 is right"},
      {{twelve, good.bridge}, "adjuster: handles: 12 items, where 13 are right"},
      {{fourteen, good.bridge}, "adjuster: handles: 14 items, where 13 are right"},
      {changed([](A& a) { std::swap(a.handles[4]->range, a.handles[9]->range); }),
       "adjuster: handles[4].range: "},
      {changed([](A& a) { a.handles[9]->remote_handle = 10; }),
       "adjuster: handles[9].remote_handle: 10, where slot 9 is right"},
      {changed([](A& a) { a.handles[9]->range.end += 0x1000; }),  // overlaps the next
       "adjuster: handles[9].range: e0000h-e5000h is no range of segment e0000-e3fff"},
      {changed([](A& a) { a.handles[1]->gpa_offset += 64 << 20; }),  // of 128 MiB
       "adjuster: handles[1].gpa_offset: segment c0000-c3fff never shows 7fc0000h with the images at "
       "3f00000h"},
      {changed([](A& a) { a.handles[1]->is_rom = true; }),
       "adjuster: handles[1].is_rom: segment c0000-c3fff never shows 3fc0000h read-only"},
      {{good.adjuster, wrap(kBridgeTypeUrl, wide)}, "bridge: smm_config_word: 13802h is wider than 16 bits"},
      {bridge([](B& b) { b.cfg_space.command = 0x0080; }),
       "bridge: cfg_space.command: bits 0080h are not supported"},
      {bridge([](B& b) { b.smm_config_word = 0x3852; }),
       "bridge: smm_config_word: 3852h, of which the bridge can hold 3812h"},
  };
  for (const Row& row : rows) {
    const Result<void> restored = feed(row.saved);
    ASSERT_FALSE(restored) << row.line;
    EXPECT_EQ(restored.error().code, Errc::kInvalidArgument);
    EXPECT_THAT(restored.error().what, testing::StartsWith(row.line));
    EXPECT_THAT(restored.error().what, testing::Not(HasSubstr("\n")));
  }
  EXPECT_TRUE(feed(good));
  EXPECT_THAT(paravisor.wire.sent, IsEmpty());
}

// "Every prefix and every single-byte flip of each sample, fed to restore: never a crash, never a
// half-restored device."
TEST_F(RefusedRestoreTest, SurvivesEveryPrefixAndEveryFlip) {
  const SavedChipset good = paravisor.save();
  unsigned refused = 0, accepted = 0;
  const auto feed_one = [&](const Buffer& bytes, bool as_adjuster) {
    const SavedChipset saved =
        as_adjuster ? SavedChipset{bytes, good.bridge} : SavedChipset{good.adjuster, bytes};
    if (!feed(saved)) {
      ++refused;
      return;
    }
    ++accepted;
    const auto adjuster = accept(decode_adjuster(saved.adjuster).value(), GetRig::kRomBiosOffset).value();
    ASSERT_EQ(paravisor.adjuster.state().base_slot, adjuster.base_slot);
    ASSERT_EQ(paravisor.bridge.state(), accept(decode_bridge_any(saved.bridge).value()).value());
    ASSERT_TRUE(paravisor.restore(good));
  };
  const auto feed_all = [&](const Buffer& sample, bool as_adjuster) {
    for (std::size_t size = 0; size < sample.size(); ++size) {
      feed_one(Buffer(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(size)), as_adjuster);
    }
    for (std::size_t at = 0; at < sample.size(); ++at) {
      for (const unsigned flip : {0x01u, 0x02u, 0x04u, 0x08u, 0x10u, 0x20u, 0x40u, 0x80u, 0xffu}) {
        Buffer bytes = sample;
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
        feed_one(bytes, as_adjuster);
      }
    }
  };
  for (const std::string& name : fakes::golden_names("")) {
    feed_all(golden(name), true);
    feed_all(golden(name), false);
    if (name.starts_with("bridge_") && !name.starts_with("bridge_any")) {
      feed_all(wrap(kBridgeTypeUrl, golden(name)), false);
    }
  }
  feed_all(good.adjuster, true);
  feed_all(good.bridge, false);
  EXPECT_GT(refused, 10'000u);
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace lowmeg::state
