#include "vmm/chipset/ranges/paravisor.hpp"

#include <fmt/format.h>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/bridge/ranges_sink.hpp"
#include "lowmeg/hyperv/rom_bios_offset.hpp"
#include "lowmeg/state/restore.hpp"
#include "lowmeg/state/servicing_state.hpp"
#include "vmm/chipset/ranges/personality.hpp"

namespace vmm {

using lowmeg::Errc;
using lowmeg::Error;
using lowmeg::Result;
using lowmeg::get::Access;
using lowmeg::get::AccessKind;
using lowmeg::get::Client;
using lowmeg::get::Deadline;
using lowmeg::get::Done;
using lowmeg::get::State;
using lowmeg::state::Buffer;
using std::chrono::steady_clock;

// Bridge and adjuster, once it is known what they are to be.
struct Paravisor::Devices {
  Devices(Client& client, const BridgeConfig& bridge, lowmeg::Gpa rom_bios_offset, lowmeg::EventSink& events)
      : adjuster(lowmeg::hyperv::GetBackedAdjuster(client, 0, rom_bios_offset, events)),
        ranges_sink(adjuster) {
    if (is_chip(bridge)) {
      chip.emplace(bridge.identity, bridge.options, ranges_sink, events);
    } else {
      hyperv.emplace(bridge.identity, adjuster, events);
    }
  }
  lowmeg::bridge::HostBridge& bridge() {
    if (chip) return *chip;
    return *hyperv;
  }
  // 00:00.0, and 00:01.0 or null.
  lowmeg::bridge::ConfigFunction* function(unsigned device) {
    if (device == 0) return &bridge();
    return chip ? chip->agp_bridge() : nullptr;
  }
  lowmeg::state::SavedChipset save() const {
    return chip ? lowmeg::state::save(adjuster, *chip) : lowmeg::state::save(adjuster, *hyperv);
  }
  Result<void> restore(const lowmeg::state::SavedChipset& saved, lowmeg::state::HostRanges ranges) {
    constexpr auto kAnyBuild = lowmeg::state::SavedBy::kAnyBuild;
    return chip ? lowmeg::state::restore(saved, adjuster, ranges_sink, *chip, ranges, kAnyBuild)
                : lowmeg::state::restore(saved, adjuster, *hyperv, ranges, kAnyBuild);
  }

  lowmeg::hyperv::SharedAdjuster adjuster;
  // One of the two: Hyper-V's registers, or a chip's, of which PAM alone acts.
  std::optional<lowmeg::bridge::HypervBridge> hyperv;
  lowmeg::bridge::RangesSink ranges_sink;
  std::optional<lowmeg::bridge::ChipBridge> chip;
};

Result<std::unique_ptr<Paravisor>> Paravisor::create(std::unique_ptr<lowmeg::get::Transport> transport,
                                                     const Options& options, lowmeg::EventSink& events) {
  auto client = Client::connect(std::move(transport), events, options.get);
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<Paravisor> paravisor(new Paravisor(std::move(*client), options, events));
  if (auto seated = paravisor->take_seat(); !seated) return tl::unexpected(seated.error());
  return paravisor;
}

Paravisor::Paravisor(std::unique_ptr<Client> client, const Options& options, lowmeg::EventSink& events)
    : options_(options), events_(events), client_(std::move(client)) {}

Paravisor::~Paravisor() = default;

Result<void> Paravisor::take_seat() {
  const auto state = kept_state();
  if (!state) return tl::unexpected(state.error());
  if (auto built = build(*state); !built) return built;
  const auto restored = restore(*state);
  if (!fetched_) return restored;
  const auto told = client_->report(lowmeg::get::RestoreResult{
      restored ? lowmeg::get::SaveRestoreStatus::kSuccess : lowmeg::get::SaveRestoreStatus::kFailure});
  return restored ? told : restored;
}

Result<State> Paravisor::kept_state() {
  auto order = client_->await_order(steady_clock::now() + options_.get.timeout);
  if (!order) {
    const bool may_ask = order.error().code == Errc::kTimeout && options_.ram_size != 0;
    return may_ask ? fetched_state() : tl::unexpected(order.error());
  }
  if (auto* state = std::get_if<State>(&*order)) return std::move(*state);
  return lowmeg::fail(Errc::kProtocol, "the host gives an order before its STATE");
}

// From a host that knows GET's own servicing alone. What it has is a whole servicing state.
Result<State> Paravisor::fetched_state() {
  auto bytes = client_->fetch_state();
  if (!bytes) return tl::unexpected(bytes.error());
  fetched_ = bytes->has_value();
  return State{.ram_size = options_.ram_size,
               .personality = options_.personality.value_or(0),
               .unsure = false,
               .bytes = bytes->value_or(Buffer{})};
}

Result<void> Paravisor::build(const State& state) {
  const auto bridge = bridge_of(state.personality, state.ram_size);
  if (!bridge) {
    return lowmeg::fail(
        Errc::kNotSupported,
        fmt::format("the host's machine has a bridge that is not known here ({:x}h)", state.personality));
  }
  if (options_.personality && *options_.personality != state.personality) {
    const auto own = bridge_of(*options_.personality, state.ram_size);
    return lowmeg::fail(Errc::kInvalidArgument,
                        fmt::format("the host's machine has an {} bridge, where {} was asked for",
                                    bridge->identity.name, own ? own->identity.name : "another one"));
  }
  const auto offset = lowmeg::hyperv::rom_bios_offset(state.ram_size);
  if (!offset) return tl::unexpected(offset.error());
  devices_ = std::make_unique<Devices>(*client_, *bridge, *offset, events_);
  return {};
}

Result<void> Paravisor::restore(const State& state) {
  if (state.bytes.empty()) return {};  // the host will say power on
  const auto parts = lowmeg::state::extract(state.bytes);
  if (!parts) return lowmeg::fail(parts.error().code, "the host's STATE: " + parts.error().what);
  if (!parts->adjuster || !parts->bridge)
    return lowmeg::fail(Errc::kInvalidArgument, "the host's STATE: no adjuster, or no bridge, in it");
  const auto restored = devices_->restore(
      {*parts->adjuster, *parts->bridge},
      state.unsure ? lowmeg::state::HostRanges::kUnknown : lowmeg::state::HostRanges::kInPlace);
  if (!restored) return lowmeg::fail(restored.error().code, "the host's STATE: " + restored.error().what);
  told_ = state_bytes();
  if (client_->counters().requests() == 0) return {};
  return client_->keep({told_});  // this build wanted other ranges than its predecessor
}

Result<Paravisor::Served> Paravisor::serve(Deadline deadline) {
  const auto order = client_->await_order(deadline);
  if (!order) {
    if (order.error().code == Errc::kTimeout) return Served::kNothing;
    return tl::unexpected(order.error());
  }
  if (const auto* access = std::get_if<Access>(&*order)) return carry_out(*access);
  return save();
}

Result<Paravisor::Served> Paravisor::carry_out(const Access& access) {
  if (!devices_->function(access.function))
    return lowmeg::fail(Errc::kProtocol, "GET ACCESS to an AGP bridge, which this machine has not");
  // Whoever had it before may have asked for anything.
  if (access.redo) devices_->adjuster.mark_all_unsure();
  Done done;
  if (const auto value = perform(access)) {
    done.value = *value;
    // A read changes nothing.
    Buffer now = access.kind == AccessKind::kRead ? told_ : state_bytes();
    if (now != told_) {
      done.outcome = Done::Outcome::kNewState;
      done.bytes = now;
      told_ = std::move(now);
    }
  } else {
    const std::string line = value.error().message();
    done = {Done::Outcome::kFailed, 0, {line.begin(), line.end()}};
  }
  if (auto reported = client_->report(done); !reported) return tl::unexpected(reported.error());
  return Served::kOrder;
}

Result<std::uint32_t> Paravisor::perform(const Access& access) {
  const auto zero = [](Result<void> told) { return told.map([] { return std::uint32_t{0}; }); };
  switch (access.kind) {
    case AccessKind::kRead:
      return devices_->function(access.function)->read(access.offset);
    case AccessKind::kWrite:
      return write(access);
    case AccessKind::kPowerOn:
      return zero(devices_->bridge().power_on());
    case AccessKind::kReset:
      break;
  }
  return zero(devices_->bridge().reset());
}

Result<std::uint32_t> Paravisor::write(const Access& access) {
  lowmeg::bridge::ConfigFunction& function = *devices_->function(access.function);
  const auto written =
      function.write(access.offset, access.value, lowmeg::bridge::ByteEnables(access.byte_enables));
  if (!written) return tl::unexpected(written.error());
  // The host draws the timeline of these two.
  const bool holds_pam = access.function == 0 && (access.offset == 0x58 || access.offset == 0x5c);
  return holds_pam ? function.read(access.offset) : 0;
}

Result<Paravisor::Served> Paravisor::save() {
  const auto saved = client_->save(state_bytes());
  if (saved) return Served::kSaved;
  if (saved.error().code != Errc::kSystem) return tl::unexpected(saved.error());
  events_.event({lowmeg::Severity::kWarning, "vmm", saved.error().message()});
  return Served::kOrder;  // and goes on
}

Buffer Paravisor::state_bytes() const {
  const auto saved = devices_->save();
  return lowmeg::state::insert({}, {saved.adjuster, saved.bridge}).value();
}

lowmeg::hyperv::AdjusterState Paravisor::adjuster_state() const {
  return devices_->adjuster.state();
}

}  // namespace vmm
