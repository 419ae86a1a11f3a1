// The paravisor dies in the midst of its work, within one process: at each named point of each config write
// that changes a segment. Neither the guest nor the map shows it.
#include <cstdlib>
#include <random>

#include "tests/boot_machine.hpp"
#include "tests/fakes/temp_folder.hpp"
#include "tests/mortal_transport.hpp"
#include "vmm/whole_file.hpp"

namespace vmm {
namespace {

using lowmeg::CrashPoint;
using lowmeg::get::Batching;
using lowmeg::get::Transport;

struct ServicedRow {
  std::string firmware;
  lowmeg::bridge::Identity identity;
};
const ServicedRow kServiced[] = {{kSeaBios, lowmeg::bridge::kI440fx},
                                 {kBochsLatest, lowmeg::bridge::kHyperv}};

MachineConfig config_of(const ServicedRow& row, Batching batching) {
  MachineConfig config = config_for(row.firmware);
  config.bridge.identity = row.identity;
  config.ranges.get.batching = batching;
  return config;
}

// Boots with a paravisor that dies at `point` of every access that changes a segment; each is redone.
struct MortalBoot {
  MortalBoot(MachineConfig config, CrashPoint point) {
    config.ranges.wrap = [this, point](std::unique_ptr<Transport> transport) -> std::unique_ptr<Transport> {
      return std::make_unique<lowmeg::MortalTransport>(std::move(transport), point, [this] { ++deaths; });
    };
    boot.emplace(std::move(config));
  }
  unsigned deaths = 0;
  std::optional<Boot> boot;
};

TEST(Servicing, ADeathAtAnyPointOfAnyChangeIsNotNoticed) {
  for (const ServicedRow& row : kServiced) {
    const MachineConfig config = config_of(row, Batching::kWhereOffered);
    const Boot undisturbed(config);
    const std::uint64_t changes = undisturbed.timeline.size();
    ASSERT_GE(changes, 3u);
    for (const auto& [point, name] : lowmeg::kCrashPoints) {
      SCOPED_TRACE(fmt::format("{} {}", row.firmware, name));
      const MortalBoot mortal(config, point);
      // A change of one request is no batch, and announces none.
      EXPECT_GE(mortal.deaths, point == CrashPoint::kAnnounced ? 1 : changes - 1);
      EXPECT_GE(mortal.boot->machine->ranges()->seat().takings(), mortal.deaths);
      expect_same_with_host(undisturbed, *mortal.boot);
      EXPECT_EQ(commits(undisturbed), commits(*mortal.boot)) << "no commit is due to a death";
    }
  }
}

// One request at a time, as with a host that takes no batches: what is redone commits once more, and shows
// the RAM below between a reset and a create once more. The end is the same.
TEST(Servicing, ADeathWithoutBatchesCostsCommitsAndNothingElse) {
  for (const ServicedRow& row : kServiced) {
    const MachineConfig config = config_of(row, Batching::kNever);
    const Boot undisturbed(config);
    for (const CrashPoint point : {CrashPoint::kAccessTaken, CrashPoint::kCommitted, CrashPoint::kAnswered}) {
      SCOPED_TRACE(row.firmware);
      const MortalBoot mortal(config, point);
      EXPECT_GE(mortal.deaths, 3u);
      expect_same_with_host(undisturbed, *mortal.boot);
      EXPECT_GE(commits(*mortal.boot), commits(undisturbed));
      fmt::print("strict, {}: {} deaths, {} commits instead of {}\n", row.firmware, mortal.deaths,
                 commits(*mortal.boot), commits(undisturbed));
    }
  }
}

// "20 planned restarts a boot x 10 boots: 0 requests to the host by a silent restore."
TEST(Servicing, APlannedRestartAsksTheHostForNothing) {
  for (const ServicedRow& row : kServiced) {
    MachineConfig config = config_of(row, Batching::kWhereOffered);
    const Boot undisturbed(config);
    for (std::uint64_t boot = 0; boot < (is_long() ? 10 : 1); ++boot) {
      SCOPED_TRACE(fmt::format("{} boot {}", row.firmware, boot));
      const std::uint64_t every = 4 + boot % 4;
      config.restart_after = [=](std::uint64_t n, ConfigAccess) {
        return n > boot && (n - boot) % every == 0 && (n - boot) / every <= 20;
      };
      const Boot restarted(config);
      EXPECT_EQ(restarted.machine->restarts(), 20u);
      expect_same_with_host(undisturbed, restarted);
      EXPECT_EQ(undisturbed.machine->ranges()->host().counters().requests(),
                restarted.machine->ranges()->host().counters().requests());
    }
  }
}

// A machine that goes on where another was saved, after so many characters of its console or config accesses.
struct SavedBoot {
  enum class After { kCharacters, kAccesses };
  SavedBoot(MachineConfig config, After after, std::uint64_t count) {
    config.save_to = folder.file("vm");
    std::uint64_t characters = 0;
    config.restart_after = [&](std::uint64_t n, ConfigAccess) {
      if (after == After::kAccesses && n == count) first->ask_to_save();
      return false;
    };
    config.timing = Timing::kDeterministic;
    auto created = Machine::create(config, {events,
                                            [&](char c) {
                                              log += c;
                                              if (after == After::kCharacters && ++characters == count)
                                                first->ask_to_save();
                                            },
                                            [](const TimelineEntry&, std::uint64_t) {}});
    first = std::move(created.value());
    // The text of --until may come in the very turn in which it is asked for.
    if (first->run().kind != Outcome::Kind::kSaved) return;
    config.saved_vm = std::make_shared<const Image>(read_whole_file(config.save_to).value());
    config.restart_after = nullptr;
    second.emplace(config);
    log += second->log;
  }
  lowmeg::fakes::TempFolder folder;
  lowmeg::fakes::RecordingEventSink events;
  std::string log;
  std::unique_ptr<Machine> first;
  std::optional<Boot> second;
};

// "A saved VM at 20 random points continues to the same log and RAM hash."
TEST(Servicing, ASavedVmGoesOnToTheSameEnd) {
  std::mt19937_64 random(82443);
  const unsigned points = is_long() ? 20 : 2;
  for (const ServicedRow& row : kServiced) {
    MachineConfig config = config_of(row, Batching::kWhereOffered);
    std::uint64_t accesses = 0;
    config.restart_after = [&](std::uint64_t n, ConfigAccess) {
      accesses = n;
      return false;
    };
    const Boot undisturbed(config);
    for (unsigned i = 0, saved = 0; saved < points; ++i) {
      ASSERT_LT(i, 2 * points);
      const auto after = i % 2 == 0 ? SavedBoot::After::kCharacters : SavedBoot::After::kAccesses;
      const std::uint64_t all = i % 2 == 0 ? undisturbed.log.find(config.until) : accesses;
      const std::uint64_t count = 1 + random() % all;
      SCOPED_TRACE(fmt::format("{} {} {}", row.firmware, i % 2 == 0 ? "characters" : "accesses", count));
      const SavedBoot boot(config, after, count);
      if (!boot.second) continue;
      ++saved;
      EXPECT_EQ(undisturbed.log, boot.log);
      const Machine& before = *undisturbed.machine;
      Machine& end = *boot.second->machine;
      EXPECT_EQ(boot.second->outcome.kind, Outcome::Kind::kUntil) << boot.second->outcome.message;
      EXPECT_EQ(before.soft()->cpu_state(), end.soft()->cpu_state());
      EXPECT_EQ(undisturbed.machine->chipset().save(), end.chipset().save());
      EXPECT_EQ(before.mapper().map(), end.mapper().map());
      EXPECT_EQ(undisturbed.machine->ranges()->host().slots(), end.ranges()->host().slots());
      EXPECT_TRUE(std::ranges::equal(before.ram(), end.ram()));
    }
  }
}

TEST(Servicing, ASavedVmOfAnotherMachineIsRefused) {
  const MachineConfig config = config_of(kServiced[0], Batching::kWhereOffered);
  const SavedBoot boot(config, SavedBoot::After::kCharacters, 100);
  ASSERT_TRUE(boot.second) << boot.events.text();
  const auto refusal = [&](MachineConfig other) {
    other.saved_vm = std::make_shared<const Image>(read_whole_file(boot.folder.file("vm")).value());
    lowmeg::fakes::RecordingEventSink events;
    const auto machine =
        Machine::create(other, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
    return machine ? std::string() : machine.error().message();
  };
  EXPECT_EQ(refusal(config), "");
  MachineConfig other = config;
  other.memory.ram_size *= 2;
  EXPECT_EQ(refusal(other), "saved VM: 64 MiB of RAM, where this machine has 128");
  other = config;
  other.bridge.identity = lowmeg::bridge::kI440bx;
  EXPECT_EQ(refusal(other), "saved VM: another bridge than this machine's (--bridge)");
  other = config_for(kBochsLatest);
  EXPECT_EQ(refusal(other), "saved VM: another firmware or VGA BIOS than this machine's");
  other = config;
  other.floppy = Image(1440 * 1024);
  EXPECT_EQ(refusal(other), "saved VM: other cards, option ROMs, floppy or kernel than this machine's");
  other = config;
  other.pam = PamEffect::kChip;
  EXPECT_EQ(refusal(other), "a VM with --pam chip is neither saved nor loaded");
}

// Closes the connection in the place of every DONE after the first `left`.
class Falling final : public Transport {
 public:
  Falling(std::unique_ptr<Transport> inner, unsigned& left) : inner_(std::move(inner)), left_(left) {}
  lowmeg::Result<void> send(std::span<const std::uint8_t> message, lowmeg::get::Deadline deadline) override {
    const auto decoded = lowmeg::get::decode_from_guest(message);
    const bool is_done = decoded && std::holds_alternative<lowmeg::get::Done>(*decoded);
    if (is_done && left_ == 0) inner_->close();
    if (is_done && left_ != 0) --left_;
    return inner_->send(message, deadline);
  }
  lowmeg::Result<std::size_t> receive(std::span<std::uint8_t> buffer,
                                      lowmeg::get::Deadline deadline) override {
    return inner_->receive(buffer, deadline);
  }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<Transport> inner_;
  unsigned& left_;
};

// A paravisor that falls over the same access for ever is not worth another one.
TEST(Servicing, EndsWithOneLineWhenEveryParavisorFalls) {
  MachineConfig config = config_for(kSeaBios);
  unsigned left = 30;
  config.ranges.wrap = [&left](std::unique_ptr<Transport> transport) -> std::unique_ptr<Transport> {
    return std::make_unique<Falling>(std::move(transport), left);
  };
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kStopped);
  EXPECT_EQ(boot.outcome.message, "8 paravisors were lost over one access");
}

}  // namespace
}  // namespace vmm
