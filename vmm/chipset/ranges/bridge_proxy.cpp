#include "vmm/chipset/ranges/bridge_proxy.hpp"

#include "lowmeg/core/stopwatch.hpp"

namespace vmm {

using lowmeg::Apply;
using lowmeg::PamDwords;
using lowmeg::Result;
using lowmeg::get::Access;
using lowmeg::get::AccessKind;
using lowmeg::get::Counters;
using lowmeg::get::Done;

namespace {

constexpr std::uint8_t kPamLow = 0x58, kPamHigh = 0x5c;

// Those of the segments: DRAMT shares the first dword, and changes nothing.
bool is_pam(std::uint8_t device, std::uint8_t offset) {
  return device == 0 && (offset == kPamLow || offset == kPamHigh);
}

}  // namespace

BridgeProxy::BridgeProxy(const lowmeg::bridge::Identity& identity, lowmeg::get::ParavisorSeat& seat,
                         const lowmeg::get::Host& host, ChipsetListeners listeners)
    : identity_(identity),
      seat_(seat),
      host_(host),
      listeners_(std::move(listeners)),
      functions_{Function(*this, 0), Function(*this, 1)},
      seen_(reset_value()) {}

std::uint32_t BridgeProxy::read(std::uint8_t device, std::uint8_t offset) {
  const auto done = hand_over({.kind = AccessKind::kRead, .function = device, .offset = offset});
  if (done) return done->value;
  listeners_.fault(done.error());
  return 0xffffffff;
}

Result<void> BridgeProxy::write(std::uint8_t device, std::uint8_t offset, std::uint32_t value,
                                lowmeg::bridge::ByteEnables enables) {
  const Counters counters = host_.counters();
  std::uint64_t nanoseconds = 0;
  Result<Done> done;
  {
    const lowmeg::Stopwatch stopwatch(nanoseconds);
    done = hand_over({.kind = AccessKind::kWrite,
                      .function = device,
                      .offset = offset,
                      .byte_enables = static_cast<std::uint8_t>(enables.bits()),
                      .value = value});
  }
  if (!done) return tl::unexpected(done.error());
  if (!is_pam(device, offset)) return {};
  const PamDwords before = seen_;
  std::uint32_t& dword = offset == kPamLow ? seen_.dword_58 : seen_.dword_5c;
  const RegisterChange change{offset, dword, done->value};
  dword = done->value;
  tell(change, before, Apply::kDelta, counters, nanoseconds);
  return {};
}

Result<void> BridgeProxy::told_all(AccessKind kind, const PamDwords& before) {
  const Counters counters = host_.counters();
  std::uint64_t nanoseconds = 0;
  Result<Done> done;
  {
    const lowmeg::Stopwatch stopwatch(nanoseconds);
    // Not while the devices are let go: it is the machine's thread that calls.
    done = seat_.access({.kind = kind});
  }
  if (!done) return tl::unexpected(done.error());
  seen_ = reset_value();
  tell(std::nullopt, before, Apply::kForced, counters, nanoseconds);
  return {};
}

Result<Done> BridgeProxy::hand_over(const Access& access) {
  listeners_.waiting(Waiting::kBegins);
  auto done = seat_.access(access);
  listeners_.waiting(Waiting::kEnds);
  return done;
}

void BridgeProxy::tell(std::optional<RegisterChange> config_write, const PamDwords& before, Apply apply,
                       const Counters& counters, std::uint64_t nanoseconds) {
  std::array<lowmeg::GpaStateChange, lowmeg::kPamSegmentCount> changes;
  const std::size_t count =
      lowmeg::pam_changes(lowmeg::decode_pam(before), lowmeg::decode_pam(seen_), apply, changes);
  const Counters now = host_.counters();
  const bool was_silent = apply == Apply::kForced && now.requests() == counters.requests();
  if (count == 0 || was_silent) return;
  listeners_.timeline(
      {.config_write = config_write,
       .segments = {changes.begin(), changes.begin() + count},
       .get = GetTraffic{.resets = now.resets - counters.resets,
                         .creates = now.creates.total() - counters.creates.total(),
                         .refused_creates = now.creates.refused() - counters.creates.refused(),
                         .round_trips = now.round_trips - counters.round_trips},
       .nanoseconds = nanoseconds});
}

}  // namespace vmm
