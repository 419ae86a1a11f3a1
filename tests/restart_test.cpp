// Servicing within one process: bridge, adjuster and client go and come again from bytes alone while guest,
// VM and GET host stay. Neither the guest nor the host notices.
#include <random>
#include <set>

#include "tests/boot_machine.hpp"

namespace vmm {
namespace {

// Notes every request that reaches the host and its answer.
class RequestRecord final : public lowmeg::get::HostObserver {
 public:
  void applied(std::span<const lowmeg::get::RangeRequest> asked,
               std::span<const lowmeg::get::CreateStatus> answered,
               const lowmeg::get::RangeSlots& /*slots*/) override {
    requests.insert(requests.end(), asked.begin(), asked.end());
    statuses.insert(statuses.end(), answered.begin(), answered.end());
  }
  std::vector<lowmeg::get::RangeRequest> requests;
  std::vector<lowmeg::get::CreateStatus> statuses;
};

struct Observed {
  explicit Observed(MachineConfig config) {
    config.ranges.observer = &record;
    config.ranges.wrap = [this](std::unique_ptr<lowmeg::get::Transport> transport) {
      ++connections;
      return transport;
    };
    boot.emplace(config);
  }
  RequestRecord record;
  unsigned connections = 0;
  std::optional<Boot> boot;
};

MachineConfig config_of(const std::string& firmware) {
  MachineConfig config = config_for(firmware);
  if (firmware == kBochsLatest) config.bridge.identity = lowmeg::bridge::kHyperv;
  return config;
}

// "Log, RAM hash, registers and map equal to an undisturbed boot", and "the host has seen the same requests,
// one for one, and nothing more."
void expect_same(const Observed& undisturbed, const Observed& restarted) {
  expect_same(*undisturbed.boot, *restarted.boot);
  EXPECT_EQ(undisturbed.boot->machine->ranges()->paravisor()->adjuster_state(),
            restarted.boot->machine->ranges()->paravisor()->adjuster_state());
  EXPECT_EQ(undisturbed.record.requests, restarted.record.requests);
  EXPECT_EQ(undisturbed.record.statuses, restarted.record.statuses);
}

TEST(Restart, AtEveryConfigWriteIsNotNoticed) {
  for (const std::string& firmware : {kSeaBios, kBochsLatest}) {
    MachineConfig config = config_of(firmware);
    const Observed undisturbed(config);
    config.restart_after = [](std::uint64_t /*n*/, ConfigAccess access) {
      return access == ConfigAccess::kWrite;
    };
    const Observed restarted(config);
    EXPECT_GT(restarted.boot->machine->restarts(), 4u) << firmware;
    EXPECT_EQ(restarted.connections, 1 + restarted.boot->machine->restarts());
    expect_same(undisturbed, restarted);
  }
}

TEST(Restart, At200RandomAccessesIsNotNoticed) {
  for (const std::string& firmware : {kSeaBios, kBochsLatest}) {
    MachineConfig config = config_of(firmware);
    std::uint64_t accesses = 0;
    config.restart_after = [&accesses](std::uint64_t n, ConfigAccess) {
      accesses = n;
      return false;
    };
    const Observed undisturbed(config);
    std::mt19937_64 random(440);
    std::set<std::uint64_t> points;
    while (points.size() < std::min<std::uint64_t>(200, accesses)) points.insert(1 + random() % accesses);
    config.restart_after = [points](std::uint64_t n, ConfigAccess) { return points.count(n) != 0; };
    const Observed restarted(config);
    EXPECT_EQ(restarted.boot->machine->restarts(), points.size()) << firmware;
    expect_same(undisturbed, restarted);
  }
}

// The chip's way: registers alone go over; the map is decoded from them again, and nothing changes.
TEST(Restart, AtEveryConfigWriteIsNotNoticedInTheChipsWay) {
  struct Row {
    std::string firmware;
    lowmeg::bridge::Identity identity;
    bool has_pci_vga;
  };
  const Row rows[] = {{kSeaBios, lowmeg::bridge::kI440fx, false},
                      {kBochsLatest, lowmeg::bridge::kI440fx, true},
                      {kBochsLatest, lowmeg::bridge::kI440bx, true}};
  for (const Row& row : rows) {
    MachineConfig config = config_for(row.firmware);
    config.pam = PamEffect::kChip;
    config.bridge.identity = row.identity;
    if (row.has_pci_vga) config.pci_vga_bios = *load_vga_bios(kVgaBios, VgaBus::kPci);
    const Boot undisturbed(config);
    config.restart_after = [](std::uint64_t /*n*/, ConfigAccess access) {
      return access == ConfigAccess::kWrite;
    };
    const Boot restarted(config);
    EXPECT_EQ(restarted.outcome.kind, Outcome::Kind::kUntil) << restarted.outcome.message;
    EXPECT_GT(restarted.machine->restarts(), 4u) << row.firmware;
    expect_same(undisturbed, restarted);
  }
}

// A successor that cannot connect: the machine stops with one line.
TEST(Restart, StopsWithOneLineWhenTheHostIsGone) {
  MachineConfig config = config_for(kSeaBios);
  unsigned connections = 0;
  config.ranges.wrap = [&connections](std::unique_ptr<lowmeg::get::Transport> transport) {
    if (++connections > 1) transport->close();
    return transport;
  };
  config.restart_after = [](std::uint64_t n, ConfigAccess) { return n == 10; };
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kStopped);
  EXPECT_EQ(boot.outcome.message, "the GET connection is closed");
}

}  // namespace
}  // namespace vmm
