// A config write that is done twice leaves what it leaves when done once: why an access that a paravisor had
// in hand when it died may simply be handed over again.
#include <gmock/gmock.h>

#include <random>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"

namespace lowmeg::bridge {
namespace {

constexpr unsigned kWrites = 100'000;

struct Write {
  bool to_agp;
  std::uint8_t offset;
  std::uint32_t value;
  ByteEnables enables;
};

// Half of them to the registers that have rules of their own.
Write random_write(std::mt19937_64& random) {
  constexpr std::uint8_t kRules[] = {0x04, 0x0c, 0x10, 0x2c, 0x3c, 0x50, 0x58,
                                     0x5c, 0x68, 0x70, 0x90, 0xb4, 0xd0, 0xe4};
  const auto any = static_cast<std::uint8_t>(random() % 64 * 4);
  const std::uint8_t offset = random() % 2 == 0 ? any : kRules[random() % std::size(kRules)];
  // Values of few bits, or D_LCK would be set with the first one.
  std::uint32_t value = static_cast<std::uint32_t>(random());
  if (random() % 4 != 0) value &= static_cast<std::uint32_t>(random() & random() & random());
  return {random() % 8 == 0, offset, value, ByteEnables(static_cast<unsigned>(random() % 16))};
}

// Powers the pair on anew now and then: locks would end it all.
template <typename Bridge, typename Function>
void expect_idempotent(Bridge& once, Bridge& twice, Function function) {
  std::mt19937_64 random(290633);
  for (unsigned i = 0; i < kWrites; ++i) {
    const Write write = random_write(random);
    ASSERT_TRUE(function(once, write).write(write.offset, write.value, write.enables));
    ASSERT_TRUE(function(twice, write).write(write.offset, write.value, write.enables));
    ASSERT_TRUE(function(twice, write).write(write.offset, write.value, write.enables));
    ASSERT_EQ(once.state(), twice.state())
        << "write " << i << " of " << write.value << " to " << +write.offset;
    if (random() % 100 != 0) continue;
    ASSERT_TRUE(once.reset());
    ASSERT_TRUE(twice.reset());
    ASSERT_TRUE(twice.reset());
    ASSERT_EQ(once.state(), twice.state());
  }
}

class NullAdjuster final : public AdjustGpaRanges {
 public:
  Result<void> adjust(std::span<const GpaStateChange>) override { return {}; }
};
class NullDecode final : public DecodeSink {
 public:
  Result<void> changed(const DecodeRegisters&, Apply) override { return {}; }
};

TEST(Idempotence, OfEveryWriteToHypervsRegisters) {
  NullEventSink events;
  NullAdjuster adjuster;
  HypervBridge once(kHyperv, adjuster, events), twice(kHyperv, adjuster, events);
  expect_idempotent(once, twice,
                    [](HypervBridge& bridge, const Write&) -> ConfigFunction& { return bridge; });
}

TEST(Idempotence, OfEveryWriteToAChipsRegisters) {
  NullEventSink events;
  NullDecode sink;
  for (const Identity& identity : {kI440fx, kI440bx}) {
    ChipBridge once(identity, {}, sink, events), twice(identity, {}, sink, events);
    expect_idempotent(once, twice, [](ChipBridge& bridge, const Write& write) -> ConfigFunction& {
      if (write.to_agp && bridge.agp_bridge()) return *bridge.agp_bridge();
      return bridge;
    });
  }
}

}  // namespace
}  // namespace lowmeg::bridge
