// A board whose state was carried into it cannot be told from the one that it came from.
#include <gtest/gtest.h>

#include <random>

#include "vmm/board/board_rig.hpp"
#include "vmm/board/carrier.hpp"

namespace vmm {
namespace {

using fakes::Rig;

// Every device that a board can have.
BoardConfig everything() {
  BoardConfig config;
  config.ram_bytes_told = 32 << 20;
  config.vgabios = std::vector<std::uint8_t>(0x1000, 0x55);
  config.console = ConsoleSource::kCom1;
  config.cards = {{.device = 8, .vendor_id = 0x1234, .device_id = 1, .memory_size = 0x1000, .rom = {}}};
  config.option_roms = {{"one.rom", {1, 2, 3, 4, 5, 6, 7, 8}}};
  return config;
}

struct Ports {
  std::uint16_t first, count;
  unsigned size;
};
// Not those that end or reset the machine, nor fw_cfg's DMA, which is a bus master's.
constexpr Ports kPorts[] = {{0x20, 2, 1},  {0xa0, 2, 1},  {0x4d0, 2, 1}, {0x40, 4, 1},   {0x61, 1, 1},
                            {0x70, 2, 1},  {0x60, 1, 1},  {0x64, 1, 1},  {0x92, 1, 1},   {0xb2, 2, 1},
                            {0x510, 1, 2}, {0x511, 1, 1}, {0x514, 1, 4}, {0xcf8, 1, 4},  {0xcf9, 1, 1},
                            {0xcfc, 1, 4}, {0x402, 1, 1}, {0x3f8, 8, 1}, {0x3b0, 12, 1}, {0x3c0, 32, 1},
                            {0x8900, 1, 1}};

// The same steps on each board that is given the same random numbers; what it read.
class Steps {
 public:
  explicit Steps(std::uint64_t seed) : random_(seed) {}

  std::vector<std::uint32_t> take(Rig& rig, unsigned count) {
    std::vector<std::uint32_t> seen;
    for (unsigned i = 0; i < count; ++i) seen.push_back(step(rig));
    seen.push_back(rig.pin.level == Level::kHigh);
    seen.push_back(rig.a20.log.empty() || rig.a20.log.back() == 'H');
    return seen;
  }

 private:
  std::uint32_t step(Rig& rig) {
    const Ports& row = kPorts[below(std::size(kPorts))];
    const auto port = static_cast<std::uint16_t>(row.first + below(row.count));
    switch (below(12)) {
      case 0:
        rig.clock.ns += below(100'000'000);
        rig.board.pit().advance();
        return 0;
      case 1:
        return rig.board.pic().acknowledge();
      case 2:
        rig.board.com1().receive(std::vector<std::uint8_t>(below(4), std::uint8_t{0x41}));
        return 0;
      case 3:
        return config_write(rig);
      case 4:
        rig.board.mmio().write(0xa0000 + below(0x20000), 1, below(256));
        return 0;
      case 5:
        return rig.board.mmio().read(0xa0000 + below(0x20000), 1);
      case 6:
      case 7:
      case 8:
        return rig.board.io().read(port, row.size);
      default:
        rig.board.io().write(port, row.size, value_for(port));
        return 0;
    }
  }
  // Of the functions that there are.
  std::uint32_t config_write(Rig& rig) {
    constexpr std::uint32_t kFunctions[] = {0x80000800, 0x80000b00, 0x80004000};
    rig.board.io().write(0xcf8, 4, kFunctions[below(3)] | below(64) * 4);
    const std::uint32_t before = rig.board.io().read(0xcfc, 4);
    rig.board.io().write(0xcfc, 4, below(2) == 0 ? below(0xffffffff) : 0x00000003);
    return before;
  }
  std::uint32_t value_for(std::uint16_t port) {
    if (port == 0x8900) return "Shutdow"[below(7)];
    if (port == 0x510) return std::array{0x00u, 0x19u, 0x20u, 0x05u}[below(4)];
    return below(port == 0xcf9 ? 2 : 0xffffffff);
  }
  std::uint32_t below(std::uint64_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  std::mt19937_64 random_;
};

Carrier::Bytes carried_out(Rig& rig) {
  Carrier out;
  rig.board.carry(out);
  return out.take();
}

lowmeg::Result<void> carry_in(Rig& rig, const Carrier::Bytes& bytes) {
  Carrier in(bytes);
  rig.board.carry(in);
  return in.end();
}

TEST(CarriedState, TheSecondBoardIsTheFirst) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Rig first(everything()), second(everything());
    Steps(seed).take(first, 800);
    second.clock.ns = first.clock.ns;
    ASSERT_TRUE(carry_in(second, carried_out(first)));
    EXPECT_EQ(carried_out(first), carried_out(second));
    const auto claims = first.board.claims();
    EXPECT_EQ(claims, second.board.claims());
    EXPECT_EQ(Steps(seed + 1000).take(first, 800), Steps(seed + 1000).take(second, 800));
    EXPECT_EQ(carried_out(first), carried_out(second));
  }
}

// Truncated at each length, and one byte too many.
TEST(CarriedState, OfAnotherLengthIsRefused) {
  Rig first(everything());
  Steps(1).take(first, 2000);
  Carrier::Bytes bytes = carried_out(first);
  Rig second(everything());
  // Of the 128 KiB of text memory a few lengths stand for all.
  for (std::size_t size = 0; size < bytes.size(); size += size < 600 || size + 100 > bytes.size() ? 1 : 4999)
    ASSERT_FALSE(carry_in(second, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}))
        << size;
  bytes.push_back(0);
  EXPECT_EQ(carry_in(second, bytes).error().what, "more devices' state than there are devices");
}

// Whatever was let in, the board survives it.
TEST(CarriedState, HostileBytesAreSurvived) {
  Rig source(everything());
  Steps(2).take(source, 2000);
  const Carrier::Bytes good = carried_out(source);
  std::mt19937_64 random(82443);
  unsigned accepted = 0;
  for (unsigned i = 0; i < 60; ++i) {
    Carrier::Bytes bytes = good;
    for (unsigned n = 0; n < 1 + i % 5; ++n) bytes[random() % 1500] = static_cast<std::uint8_t>(random());
    Rig rig(everything());
    rig.clock.ns = source.clock.ns;
    if (carry_in(rig, bytes)) ++accepted;
    Steps(i).take(rig, 200);
  }
  EXPECT_GT(accepted, 20u);
  EXPECT_LT(accepted, 60u);
}

}  // namespace
}  // namespace vmm
