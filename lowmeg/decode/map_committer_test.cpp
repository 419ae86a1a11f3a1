#include "lowmeg/decode/map_committer.hpp"

#include <gtest/gtest.h>

namespace lowmeg::decode {
namespace {

using memory::Layout;
using memory::MemoryMap;

// Counts commits; refuses them on demand, and then keeps the map before.
class FakeMapper final : public memory::Mapper {
 public:
  Result<void> commit(const MemoryMap& map) override {
    ++commits;
    if (refuses) return fail(Errc::kNotSupported, "not this one");
    map_ = map;
    return {};
  }
  const MemoryMap& map() const override { return map_; }

  int commits = 0;
  bool refuses = false;

 private:
  MemoryMap map_ = MemoryMap::uniform(Layout(kWindow));
};

struct MapCommitterTest : testing::Test {
  MapCommitterTest() { registers.drb7 = 8; }

  AddressDecoder decoder{{Layout(kWindow), Layout(kWindow)}, 64 << 20};
  FakeMapper mapper;
  MapCommitter committer{decoder, mapper};
  DecodeRegisters registers;
};

// "Commits the map that the registers ask for": whichever of them changed since the last call.
TEST_F(MapCommitterTest, CommitsWhatTheRegistersAskFor) {
  using Change = void (*)(DecodeRegisters&);
  const Change changes[] = {
      [](DecodeRegisters& r) { r.pam[0] = 0x30; }, [](DecodeRegisters& r) { r.pam[6] = 0x01; },
      [](DecodeRegisters& r) { r.drb7 = 4; },      [](DecodeRegisters& r) { r.fdhc = 0x80; },
      [](DecodeRegisters& r) { r.smram = 0x4a; },  [](DecodeRegisters& r) { r.esmramc = 0xb9; },
      [](DecodeRegisters& r) { r.pam[3] = 0x12; },
  };
  ASSERT_TRUE(committer.changed(registers, Apply::kForced));
  EXPECT_EQ(mapper.map(), decoder.decode(registers));
  int commits = 1;
  for (const Change change : changes) {
    SCOPED_TRACE(commits);
    change(registers);
    ASSERT_TRUE(committer.changed(registers, Apply::kDelta));
    EXPECT_EQ(mapper.map(), decoder.decode(registers));
    EXPECT_EQ(mapper.commits, ++commits);
  }
}

// "With kDelta only if it is not the one in place"; "kForced: power-on, reset and restore".
TEST_F(MapCommitterTest, CommitsAnEqualMapOnlyWhenForced) {
  ASSERT_TRUE(committer.changed(registers, Apply::kForced));
  registers.pam[0] = 0x0f;  // reserved bits
  ASSERT_TRUE(committer.changed(registers, Apply::kDelta));
  EXPECT_EQ(mapper.commits, 1);
  ASSERT_TRUE(committer.changed(registers, Apply::kForced));
  EXPECT_EQ(mapper.commits, 2);
}

// "Errors are the mapper's", and one that is gone with the next call leaves no trace.
TEST_F(MapCommitterTest, PassesErrorsThrough) {
  mapper.refuses = true;
  const Result<void> refused = committer.changed(registers, Apply::kDelta);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Errc::kNotSupported, "not this one", 0}));
  mapper.refuses = false;
  ASSERT_TRUE(committer.changed(registers, Apply::kDelta));
  EXPECT_EQ(mapper.map(), decoder.decode(registers));
}

BusMap with_card(Gpa start) {
  const memory::Region card{{start, start + 0x4000}, memory::rom_routes(0)};
  return {Layout(kWindow, {&card, 1}), Layout(kWindow)};
}

// "One commit of the map that the registers told last ask for, if it is not the one in place; before the
// first registers there is none."
TEST_F(MapCommitterTest, FollowsTheBuses) {
  ASSERT_TRUE(committer.bus_changed(with_card(0xd0000)));
  EXPECT_EQ(mapper.commits, 0);
  ASSERT_TRUE(committer.changed(registers, Apply::kForced));
  EXPECT_EQ(mapper.map(), decoder.with_bus(with_card(0xd0000)).decode(registers));
  ASSERT_TRUE(committer.bus_changed(with_card(0xd8000)));
  EXPECT_EQ(mapper.map(), decoder.with_bus(with_card(0xd8000)).decode(registers));
  EXPECT_EQ(mapper.commits, 2);
  ASSERT_TRUE(committer.bus_changed(with_card(0x200000))) << "under DRAM";
  EXPECT_EQ(mapper.map(), decoder.decode(registers));
  ASSERT_TRUE(committer.bus_changed(with_card(0x300000)));
  EXPECT_EQ(mapper.commits, 3);
  registers.pam[3] = 0x10;
  registers.drb7 = 0;
  ASSERT_TRUE(committer.changed(registers, Apply::kDelta));
  EXPECT_EQ(mapper.map(), decoder.with_bus(with_card(0x300000)).decode(registers)) << "DRAM is gone";
}

// "The buses are then as before, and who tells again is heard"; of registers that were refused nothing stays.
TEST_F(MapCommitterTest, RollsBackTheBuses) {
  ASSERT_TRUE(committer.changed(registers, Apply::kForced));
  mapper.refuses = true;
  EXPECT_FALSE(committer.bus_changed(with_card(0xd0000)));
  DecodeRegisters refused = registers;
  refused.pam[4] = 0x33;
  EXPECT_FALSE(committer.changed(refused, Apply::kDelta));
  mapper.refuses = false;
  registers.pam[0] = 0x10;
  ASSERT_TRUE(committer.changed(registers, Apply::kDelta));
  EXPECT_EQ(mapper.map(), decoder.decode(registers));
  mapper.refuses = true;
  EXPECT_FALSE(committer.changed(refused, Apply::kDelta));
  mapper.refuses = false;
  ASSERT_TRUE(committer.bus_changed(with_card(0xd0000)));
  EXPECT_EQ(mapper.map(), decoder.with_bus(with_card(0xd0000)).decode(registers));
}

}  // namespace
}  // namespace lowmeg::decode
