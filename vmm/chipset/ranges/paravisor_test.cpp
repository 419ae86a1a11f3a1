// A paravisor that takes a seat: what it makes of the state that the host keeps, and what it refuses.
#include "vmm/chipset/ranges/paravisor.hpp"

#include <gmock/gmock.h>

#include "lowmeg/get/in_process.hpp"
#include "lowmeg/state/servicing_state.hpp"
#include "tests/fakes/get_rig.hpp"
#include "vmm/chipset/ranges/personality.hpp"

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::fakes::GetRig;
using lowmeg::get::Access;
using lowmeg::get::AccessKind;
using lowmeg::get::Done;
using lowmeg::get::InProcessConnection;
using lowmeg::get::StateKeeper;
using lowmeg::state::Buffer;
using testing::HasSubstr;

constexpr std::uint32_t kFx = 0, kBx = 1, kHypervs = 2;

// A host, and whoever sits there.
struct Seat {
  explicit Seat(GetRig& host_rig, std::uint32_t personality = kFx, std::uint64_t ram_size = GetRig::kRamSize)
      : rig(host_rig), keeper(ram_size, personality) {}
  Result<void> take(const Paravisor::Options& options = {}) {
    connection =
        std::make_shared<InProcessConnection>(*rig.host, lowmeg::get::SessionParts{.keeper = &keeper});
    auto created =
        Paravisor::create(std::make_unique<lowmeg::get::InProcessTransport>(connection), options, events);
    if (!created) return tl::unexpected(created.error());
    paravisor = std::move(*created);
    return {};
  }
  std::optional<Done> access(const Access& access) {
    connection->to_client.push_back(connection->session.hand_over(access));
    if (!paravisor->serve(lowmeg::get::Deadline::min())) return std::nullopt;
    return connection->session.take_done();
  }
  Done write(std::uint8_t offset, std::uint32_t value, std::uint8_t function = 0) {
    return access({AccessKind::kWrite, false, function, offset, 0xf, value}).value();
  }
  std::uint32_t read(std::uint8_t offset, std::uint8_t function = 0) {
    return access({.function = function, .offset = offset})->value;
  }

  GetRig& rig;
  lowmeg::fakes::RecordingEventSink events;
  StateKeeper keeper;
  std::shared_ptr<InProcessConnection> connection;
  std::unique_ptr<Paravisor> paravisor;
};

std::uint64_t requests(const GetRig& rig) {
  return rig.host->counters().requests();
}

TEST(Paravisor, DoesWhatItIsHanded) {
  for (const std::uint32_t personality : {kFx, kBx, kHypervs}) {
    GetRig rig;
    Seat seat(rig, personality);
    ASSERT_TRUE(seat.take());
    EXPECT_EQ(requests(rig), 0u);
    EXPECT_EQ(seat.access({.kind = AccessKind::kPowerOn})->outcome, Done::Outcome::kNewState);
    constexpr std::uint32_t kDevices[] = {0x1237, 0x7190, 0x7192};
    EXPECT_EQ(seat.read(0x00) >> 16, kDevices[personality]);
    const std::uint32_t dramt = seat.read(0x58);
    const Done unlocked = seat.write(0x58, 0x33333000 | dramt);
    EXPECT_EQ(unlocked, (Done{Done::Outcome::kNewState, 0x33333000 | dramt, seat.keeper.state().bytes}));
    EXPECT_EQ(seat.write(0x58, 0x33333000 | dramt).outcome, Done::Outcome::kUnchanged);
    EXPECT_EQ(seat.access({.kind = AccessKind::kReset})->outcome, Done::Outcome::kNewState);
    EXPECT_EQ(seat.read(0x58), dramt);
  }
}

TEST(Paravisor, HasAnAgpBridgeWhereTheMachineHas) {
  GetRig rig;
  Seat bx(rig, kBx), fx(rig, kFx);
  ASSERT_TRUE(bx.take());
  EXPECT_EQ(bx.read(0x00, 1), 0x71918086u);
  EXPECT_EQ(bx.write(0x3c, 0x00080000, 1).outcome, Done::Outcome::kNewState);
  ASSERT_TRUE(fx.take());
  EXPECT_EQ(fx.access({.function = 1}), std::nullopt);
  Seat strapped(rig, kBx | kAgpStrappedOff);
  ASSERT_TRUE(strapped.take());
  EXPECT_EQ(strapped.read(0x00) >> 16, 0x7192u);
}

TEST(Paravisor, TakesTheStateUpWithoutARequest) {
  for (const std::uint32_t personality : {kFx, kBx, kHypervs}) {
    GetRig rig;
    Seat seat(rig, personality);
    ASSERT_TRUE(seat.take());
    seat.access({.kind = AccessKind::kPowerOn});
    seat.write(0x58, 0x33333010);
    seat.write(0x5c, 0x31111111);
    const auto asked = requests(rig);
    const auto state = seat.keeper.state();
    const auto adjuster = seat.paravisor->adjuster_state();
    ASSERT_TRUE(seat.take());
    EXPECT_EQ(requests(rig), asked);
    EXPECT_EQ(seat.keeper.state(), state);
    EXPECT_EQ(seat.paravisor->adjuster_state(), adjuster);
    EXPECT_EQ(seat.read(0x5c), 0x31111111u);
  }
}

// What the access before had asked for is asked again, in one batch, and is no change.
TEST(Paravisor, RedoesWithoutACommit) {
  GetRig rig;
  Seat seat(rig);
  ASSERT_TRUE(seat.take());
  seat.access({.kind = AccessKind::kPowerOn});
  const Buffer before = seat.keeper.state().bytes;
  seat.write(0x58, 0x33333010);
  const auto slots = rig.host->slots();
  const unsigned commits = rig.mapper.commits;
  seat.keeper.keep(before);  // DONE was lost
  ASSERT_TRUE(seat.take());
  EXPECT_TRUE(seat.access({AccessKind::kWrite, true, 0, 0x58, 0xf, 0x33333010}));
  EXPECT_EQ(rig.mapper.commits, commits);
  EXPECT_EQ(rig.host->slots(), slots);
}

TEST(Paravisor, MakesADoubtfulStateTrue) {
  GetRig rig;
  Seat seat(rig);
  ASSERT_TRUE(seat.take());
  seat.access({.kind = AccessKind::kPowerOn});
  const auto slots = rig.host->slots();
  const lowmeg::get::RangeRequest lost = lowmeg::get::ResetRamGpaRange{5};
  lowmeg::get::CreateStatus status{};
  rig.host->apply({&lost, 1}, {&status, 1});
  seat.keeper.doubt();
  ASSERT_TRUE(seat.take());
  EXPECT_EQ(rig.host->slots(), slots);
  EXPECT_FALSE(seat.keeper.state().unsure) << "it has told what is there now";
}

// "Refused in one line, nothing changed."
TEST(Paravisor, RefusesAStateThatDoesNotFit) {
  GetRig rig;
  Seat seat(rig);
  ASSERT_TRUE(seat.take());
  seat.access({.kind = AccessKind::kPowerOn});
  seat.write(0x58, 0x33333010);
  const Buffer good = seat.keeper.state().bytes;
  const auto asked = requests(rig);
  const auto slots = rig.host->slots();
  const auto refused = [&](Seat& other, const Buffer& bytes) {
    other.keeper.keep(bytes);
    const auto taken = other.take();
    if (taken) return std::string();
    EXPECT_EQ(taken.error().what.find('\n'), std::string::npos);
    EXPECT_EQ(requests(rig), asked);
    return taken.error().what;
  };
  Seat bx(rig, kBx), hyperv(rig, kHypervs), larger(rig, kFx, 128 << 20), unknown(rig, 99);
  EXPECT_THAT(refused(bx, good), HasSubstr("the state is of 8086:1237, where this one is 8086:7190"));
  EXPECT_THAT(refused(hyperv, good), HasSubstr("type_url"));
  EXPECT_THAT(refused(larger, good), HasSubstr("handles[1].gpa_offset"));
  EXPECT_EQ(refused(unknown, good), "the host's machine has a bridge that is not known here (63h)");
  for (std::size_t size = 1; size < good.size(); ++size)
    EXPECT_NE(refused(seat, {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}), "") << size;
  EXPECT_EQ(rig.host->slots(), slots);
  EXPECT_EQ(refused(seat, good), "");
}

// A state with one byte flipped is refused, or is another state that a machine can have; never an abort.
TEST(Paravisor, SurvivesEveryFlippedByte) {
  GetRig rig;
  Seat seat(rig);
  ASSERT_TRUE(seat.take());
  seat.access({.kind = AccessKind::kPowerOn});
  const Buffer good = seat.keeper.state().bytes;
  unsigned accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer flipped = good;
    flipped[at] ^= 0xff;
    seat.keeper.keep(flipped);
    const auto asked = requests(rig);
    const auto taken = seat.take();
    accepted += taken.has_value();
    if (taken) continue;
    EXPECT_EQ(requests(rig), asked) << at << ": " << taken.error().what;
  }
  EXPECT_LT(accepted, good.size() / 2);
}

TEST(Paravisor, RefusesAnotherMachineThanItWasMadeFor) {
  GetRig rig;
  Seat seat(rig, kFx);
  EXPECT_EQ(seat.take({.personality = kHypervs}).error(),
            (lowmeg::Error{Errc::kInvalidArgument,
                           "the host's machine has an i440fx bridge, where hyperv was asked for", 0}));
  EXPECT_TRUE(seat.take({.personality = kFx}));
}

// GET's own servicing: saved on request,
TEST(Paravisor, IsSavedByGetsOwnMeans) {
  GetRig rig;
  Seat seat(rig);
  ASSERT_TRUE(seat.take());
  seat.access({.kind = AccessKind::kPowerOn});
  seat.write(0x5c, 0x31111111);
  const auto kept = seat.keeper.state();
  seat.keeper.keep({});
  seat.connection->to_client.push_back(seat.connection->session.ask_to_save(5));
  EXPECT_EQ(seat.paravisor->serve(lowmeg::get::Deadline::min()), Paravisor::Served::kSaved);
  EXPECT_EQ(seat.connection->session.take_saved(), true);
  EXPECT_EQ(seat.keeper.state(), kept);
}

// and fetched from a host that has no STATE to send.
class WithoutState final : public lowmeg::get::Transport {
 public:
  explicit WithoutState(std::unique_ptr<Transport> inner) : inner_(std::move(inner)) {}
  Result<void> send(std::span<const std::uint8_t> message, lowmeg::get::Deadline deadline) override {
    return inner_->send(message, deadline);
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, lowmeg::get::Deadline deadline) override {
    for (;;) {
      auto size = inner_->receive(buffer, deadline);
      const bool is_state = size && buffer[1] == 4 && buffer[2] == 0x4d && buffer[3] == 0xff;
      if (!is_state) return size;
    }
  }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<Transport> inner_;
};

TEST(Paravisor, FetchesItsStateByGetsOwnMeans) {
  GetRig rig;
  Seat seat(rig);
  ASSERT_TRUE(seat.take());
  seat.access({.kind = AccessKind::kPowerOn});
  seat.write(0x5c, 0x31111111);
  const auto adjuster = seat.paravisor->adjuster_state();
  const auto asked = requests(rig);
  seat.connection =
      std::make_shared<InProcessConnection>(*rig.host, lowmeg::get::SessionParts{.keeper = &seat.keeper});
  const auto next = [&](std::uint64_t ram_size) {
    return Paravisor::create(
        std::make_unique<WithoutState>(std::make_unique<lowmeg::get::InProcessTransport>(seat.connection)),
        {.personality = kFx, .ram_size = ram_size}, seat.events);
  };
  auto created = next(GetRig::kRamSize);
  ASSERT_TRUE(created) << created.error().what;
  EXPECT_EQ((*created)->adjuster_state(), adjuster);
  EXPECT_EQ(requests(rig), asked);
}

}  // namespace
}  // namespace vmm
