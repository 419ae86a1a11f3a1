// A hostile guest at the config ports: the bridge against the naive model of its registers. Each access is a
// byte (7: write, 6:5: size, 2:0: port - CF8h) and for a write four bytes more; the first byte picks the
// identity.
#include "fuzz/input.hpp"
#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/core/invariant.hpp"
#include "tests/naive_bridge.hpp"

namespace lowmeg::fuzz {
namespace {

// Follows what it is told, and holds the bridge to telling only what changed.
class FollowingAdjuster final : public AdjustGpaRanges {
 public:
  Result<void> adjust(std::span<const GpaStateChange> changes) override {
    LOWMEG_INVARIANT(!changes.empty() && changes.size() <= kPamSegmentCount, "1 to 13 changes");
    std::size_t i = 0;
    for (const GpaStateChange& change : changes) {
      if (change.range.start() < 0xc0000) continue;  // A0000-BFFFF
      while (i < states.size() && kPamSegments[i] != change.range) ++i;
      LOWMEG_INVARIANT(i < states.size(), "a segment, in register order");
      LOWMEG_INVARIANT(states[i] == change.before, "before is what was told before");
      LOWMEG_INVARIANT(change.apply == Apply::kForced || change.before != change.now, "only what changed");
      states[i] = change.now;
    }
    return {};
  }
  PamStates states{};
};

void run(FuzzInput input) {
  const bridge::Identity& identity = bridge::kIdentities[input.byte() % bridge::kIdentities.size()];
  NullEventSink events;
  FollowingAdjuster adjuster;
  bridge::HypervBridge host_bridge(identity, adjuster, events);
  bridge::ConfigPorts ports;
  ports.place(0, 0, host_bridge);
  NaiveBridge model(identity);
  LOWMEG_INVARIANT(host_bridge.power_on().has_value(), "powered on");
  while (!input.empty()) {
    const std::uint8_t access = input.byte();
    const auto port = static_cast<std::uint16_t>(0xcf8 + access % 8);
    constexpr unsigned kSizes[] = {4, 1, 2, 4};
    const unsigned size = kSizes[access >> 5 & 3];
    if (access & 0x80) {
      const std::uint32_t value = input.dword() & (0xffffffffu >> (32 - 8 * size));
      LOWMEG_INVARIANT(ports.write(port, size, value).has_value(), "a guest's write is never an error");
      model.write(port, size, value);
    } else {
      LOWMEG_INVARIANT(ports.read(port, size) == model.read(port, size), "reads as the model");
    }
    LOWMEG_INVARIANT(adjuster.states == host_bridge.pam_states(), "the adjuster knows every state");
    for (unsigned i = 0; i < kPamSegmentCount; ++i) {
      constexpr GpaState kStates[] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                      GpaState::kWritable};
      LOWMEG_INVARIANT(adjuster.states[i] == kStates[model.state(i)], "states as the model");
    }
  }
  LOWMEG_INVARIANT(host_bridge.reset().has_value(), "reset");
  LOWMEG_INVARIANT(host_bridge.registers() == bridge::hyperv_reset_state(identity), "as new");
}

}  // namespace
}  // namespace lowmeg::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowmeg::fuzz::run(lowmeg::fuzz::FuzzInput(data, size));
  return 0;
}
