// Split mode with real processes: the machine here, its paravisor in a process of its own that is killed
// (-9), stopped and replaced while the guest runs.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "tests/boot_machine.hpp"
#include "tests/fakes/temp_folder.hpp"
#include "tests/host_process.hpp"
#include "tests/mortal_transport.hpp"
#include "tests/relay.hpp"

namespace vmm {
namespace {

using lowmeg::Relay;
using lowmeg::Words;
using testing::HasSubstr;

const std::string kProgram = LOWMEG_PROGRAM;
const std::string kMortal = LOWMEG_MORTAL_PARAVISOR;
const std::string kSkewed = LOWMEG_SKEWED_PARAVISOR;

struct Firmware {
  std::string path;
  lowmeg::bridge::Identity identity;
};
const Firmware kFirmwares[] = {{kSeaBios, lowmeg::bridge::kI440fx}, {kBochsLatest, lowmeg::bridge::kHyperv}};

// Each paravisor is a process of its own, which takes its time to start: all of it with LOWMEG_LONG=1.
std::span<const Firmware> firmwares() {
  return std::span(kFirmwares).first(is_long() ? 2 : 1);
}

struct SplitTest : testing::Test {
  MachineConfig config_of(const Firmware& firmware) {
    MachineConfig config = config_for(firmware.path);
    config.bridge.identity = firmware.identity;
    return config;
  }
  MachineConfig split(MachineConfig config) {
    config.ranges.split = SplitConfig{.socket = path};
    config.timeout = std::chrono::minutes(5);  // many processes are started meanwhile
    return config;
  }
  Relay lowmeg_relay(const std::string& more = "") {
    return Relay([=, this](unsigned) {
      Words words{kProgram, "paravisor", "--socket", path};
      if (!more.empty()) words.push_back(more);
      return words;
    });
  }

  lowmeg::fakes::TempFolder folder;
  const std::string path = folder.file("get");
};

void expect_same_commits(const Boot& undisturbed, const Boot& disturbed) {
  expect_same_with_host(undisturbed, disturbed);
  EXPECT_EQ(commits(undisturbed), commits(disturbed));
}

TEST_F(SplitTest, IsTheSameMachine) {
  for (const Firmware& firmware : kFirmwares) {
    const Boot undisturbed(config_of(firmware));
    const Relay relay = lowmeg_relay();
    const Boot boot(split(config_of(firmware)));
    expect_same_commits(undisturbed, boot);
    EXPECT_EQ(undisturbed.machine->ranges()->host().counters().requests(),
              boot.machine->ranges()->host().counters().requests());
    EXPECT_EQ(relay.killed(), 0u);
  }
}

// "Killed -9 at each named crash point x each config write that changes a segment."
TEST_F(SplitTest, KilledAtEachPointOfEachChange) {
  for (const Firmware& firmware : firmwares()) {
    const Boot undisturbed(config_of(firmware));
    for (const auto& [point, name] : lowmeg::kCrashPoints) {
      SCOPED_TRACE(fmt::format("{} {}", firmware.path, name));
      const Relay relay([&, text = std::string(name)](unsigned) { return Words{kMortal, path, text}; });
      const Boot boot(split(config_of(firmware)));
      const bool is_announced = point == lowmeg::CrashPoint::kAnnounced;  // a single request is not
      EXPECT_GE(relay.killed(), is_announced ? 1 : undisturbed.timeline.size() - 2);
      expect_same_commits(undisturbed, boot);
    }
  }
}

// "At 200 random moments"; and the same with SIGTERM, which lets an access in hand be done first.
TEST_F(SplitTest, KilledAndReplacedAtRandomMoments) {
  struct Row {
    int signal;
    unsigned moments;
  };
  for (const Row& row : {Row{SIGKILL, is_long() ? 200u : 25u}, Row{SIGTERM, is_long() ? 20u : 5u}}) {
    for (const Firmware& firmware : firmwares()) {
      std::uint64_t accesses = 0;
      MachineConfig config = config_of(firmware);
      config.restart_after = [&](std::uint64_t n, ConfigAccess) {
        accesses = n;
        return false;
      };
      const Boot undisturbed(config);
      std::mt19937_64 random(82443);
      std::set<std::uint64_t> moments;
      while (moments.size() < std::min<std::uint64_t>(row.moments, accesses / 2))
        moments.insert(1 + random() % accesses);
      Relay relay = lowmeg_relay();
      unsigned signalled = 0;
      config.restart_after = [&](std::uint64_t n, ConfigAccess) {
        if (moments.count(n) == 0) return false;
        relay.wait_for_ends(signalled++);
        relay.signal(row.signal, std::chrono::microseconds(random() % 400));
        return false;
      };
      const Boot boot(split(config));
      expect_same_commits(undisturbed, boot);
      EXPECT_EQ(signalled, moments.size());
      EXPECT_GE(relay.killed() + 1, row.signal == SIGKILL ? signalled : 1);
      fmt::print("{}: {} moments, {} paravisors, {} of them killed\n", firmware.path, moments.size(),
                 relay.started(), relay.killed());
    }
  }
}

// "Version skew: a successor that asks for other ranges than its predecessor is right", and the one after it.
TEST_F(SplitTest, ASuccessorWithAnotherPolicyIsRight) {
  const MachineConfig config = config_of(kFirmwares[0]);
  // Each at a socket of its own: the machines live side by side.
  const auto boot_with = [&](const std::string& name, std::function<bool(std::uint64_t accesses)> is_ours) {
    const std::string socket = folder.file(name);
    std::atomic<std::uint64_t> accesses{0};
    Relay relay([&](unsigned) {
      return is_ours(accesses) ? Words{kProgram, "paravisor", "--socket", socket} : Words{kSkewed, socket};
    });
    MachineConfig relayed = split(config);
    relayed.ranges.split->socket = socket;
    relayed.restart_after = [&](std::uint64_t n, ConfigAccess) {
      accesses = n;
      if (n % 40 == 20) relay.signal(SIGTERM);
      return false;
    };
    return std::make_unique<Boot>(relayed);
  };
  const auto all_theirs = boot_with("theirs", [](std::uint64_t) { return false; });
  const auto changed_once = boot_with("once", [](std::uint64_t accesses) { return accesses < 100; });
  const auto and_back = boot_with("back", [](std::uint64_t accesses) { return accesses % 80 < 40; });
  EXPECT_EQ(all_theirs->log, changed_once->log);
  EXPECT_EQ(all_theirs->log, and_back->log);
  EXPECT_GT(changed_once->machine->ranges()->seat().takings(), 1u);
  EXPECT_EQ(all_theirs->machine->ranges()->host().slots(), changed_once->machine->ranges()->host().slots());
  EXPECT_EQ(all_theirs->machine->mapper().map(), changed_once->machine->mapper().map());
}

// "A paravisor that hangs": SIGSTOP; taken over by one that asks to, and given up by the host's time-out.
TEST_F(SplitTest, AHungParavisorIsTakenOver) {
  const MachineConfig config = config_of(kFirmwares[0]);
  const Boot undisturbed(config);
  Relay relay = lowmeg_relay();
  std::optional<Relay> successor;
  MachineConfig stopped = split(config);
  stopped.ranges.split->patience = std::chrono::minutes(1);
  stopped.restart_after = [&](std::uint64_t n, ConfigAccess) {
    if (n != 30) return false;
    relay.signal(SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    successor.emplace(
        [this](unsigned) { return Words{kProgram, "paravisor", "--socket", path, "--take-over"}; });
    return false;
  };
  const Boot boot(stopped);
  successor.reset();
  expect_same_commits(undisturbed, boot);
  EXPECT_GE(boot.machine->ranges()->seat().takings(), 2u);
}

TEST_F(SplitTest, AHungParavisorIsGivenUp) {
  const MachineConfig config = config_of(kFirmwares[0]);
  const Boot undisturbed(config);
  Relay relay = lowmeg_relay();
  MachineConfig stopped = split(config);
  stopped.ranges.split->patience = std::chrono::milliseconds(300);
  stopped.restart_after = [&](std::uint64_t n, ConfigAccess) {
    if (n == 30) {
      relay.signal(SIGSTOP);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  std::thread reaper([&] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    relay.signal(SIGKILL);  // the hung one ends for good, and the next one comes
  });
  const Boot boot(stopped);
  reaper.join();
  expect_same_commits(undisturbed, boot);
  EXPECT_THAT(boot.events.text(), HasSubstr("has gone with an access in hand"));
}

// The command: the same log and the same RAM, whether or not the VM went over to a new process on its way.
struct SavedVmTest : SplitTest {
  struct Ended {
    int exit_status;
    std::string log, errors;
    // Of --stats.
    std::string ram() const { return errors.substr(std::min(errors.find("RAM: CRC-32"), errors.size())); }
  };
  std::string machine(const std::string& more) const {
    return "--deterministic --stats --quiet --socket " + path + " " + more;
  }
  Ended run(const std::string& more) {
    lowmeg::fakes::TempFolder output;
    lowmeg::HostProcess host(output, machine(more));
    const int status = host.wait();
    return {status, host.output(), host.errors()};
  }
  // Saved when the log has so many lines; nothing, if the guest was quicker.
  std::optional<Ended> run_and_save(const std::string& file, std::ptrdiff_t lines) {
    lowmeg::fakes::TempFolder output;
    lowmeg::HostProcess host(output, machine("--save " + file));
    while (std::ranges::count(host.output(), '\n') < lines)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const int status = host.end(SIGUSR1);
    if (!std::filesystem::exists(file)) return std::nullopt;
    return Ended{status, host.output(), host.errors()};
  }
};

TEST_F(SavedVmTest, GoesOnToTheSameEndInANewProcess) {
  const Relay relay = lowmeg_relay();
  const Ended undisturbed = run("");
  ASSERT_EQ(undisturbed.exit_status, 0) << undisturbed.errors;
  ASSERT_NE(undisturbed.ram(), "");
  std::mt19937_64 random(82443);
  unsigned points = is_long() ? 20 : 3;
  for (unsigned attempts = 0; points != 0 && attempts < 100; ++attempts) {
    const auto lines = static_cast<std::ptrdiff_t>(1 + random() % 30);
    const std::string file = folder.file(fmt::format("vm{}", attempts));
    const auto first = run_and_save(file, lines);
    if (!first) continue;
    --points;
    const Ended second = run("--load " + file);
    EXPECT_EQ(first->exit_status, 0) << first->errors;
    EXPECT_EQ(second.exit_status, 0) << second.errors;
    EXPECT_EQ(undisturbed.log, first->log + second.log);
    EXPECT_EQ(undisturbed.ram(), second.ram());
    fmt::print("saved after {} of {} lines\n", std::ranges::count(first->log, '\n'),
               std::ranges::count(undisturbed.log, '\n'));
  }
  EXPECT_EQ(points, 0u);
}

TEST_F(SavedVmTest, IsRefusedInOneLine) {
  const std::string file = folder.file("vm");
  std::ofstream(file) << "LOWMEGVM and what not, and what not";
  const std::pair<std::string, std::string> rows[] = {
      {"--load " + file, "lowmeg: saved VM: version 1684955424, where 1 is known here\n"},
      {"--load " + folder.file("none"),
       "lowmeg: open " + folder.file("none") + ": No such file or directory\n"},
      {"--accel kvm --load " + file,
       "lowmeg: --save and --load need the software CPU: --accel soft, and one CPU (see lowmeg host "
       "--help)\n"},
  };
  for (const auto& [more, line] : rows) {
    const Ended ended = run(more);
    EXPECT_EQ(ended.exit_status, 2) << more;
    EXPECT_EQ(ended.errors, line);
  }
}

// A file that cannot be written: one line, and the guest runs on to its end.
TEST_F(SavedVmTest, RunsOnWhenItCannotBeSaved) {
  const Relay relay = lowmeg_relay();
  lowmeg::HostProcess host(folder,
                           "--deterministic --until \"\" --timeout 30 --socket " + path + " --save /proc/vm");
  ASSERT_TRUE(host.wait_for_output("\n")) << host.errors();
  ::kill(host.pid(), SIGUSR1);
  for (unsigned i = 0; i < 1000 && host.errors().find("not saved") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_THAT(host.errors(), HasSubstr("the VM is not saved: create /proc/vm."));
  EXPECT_EQ(host.end(SIGTERM), 128 + SIGTERM) << "it ran";
}

// Everybody who may not sit down is told so in one line, and the guest does not notice.
struct RefusedTest : SplitTest {
  std::string program = kProgram;
  std::pair<int, std::string> paravisor(const std::string& more, const std::string& prefix = "") {
    const std::string err = folder.file("paravisor-err");
    const int status =
        std::system((prefix + program + " paravisor " + more + " >/dev/null 2>" + err).c_str());
    std::ifstream file(err);
    return {WEXITSTATUS(status), {std::istreambuf_iterator<char>(file), {}}};
  }
};

TEST_F(RefusedTest, OfAnotherBridgeAndASecondOne) {
  const Relay relay = lowmeg_relay();
  lowmeg::HostProcess host(folder, "--accel soft --until \"\" --timeout 60 --socket " + path);
  ASSERT_TRUE(host.wait_for_output("\n")) << host.errors();
  EXPECT_EQ(paravisor("--socket " + path).first, 1);
  EXPECT_THAT(host.errors(), HasSubstr("a second client was refused: one is connected"));
  EXPECT_EQ(paravisor("--socket " + path + " --take-over --bridge hyperv"),
            (std::pair<int, std::string>(
                2, "lowmeg: the host's machine has an i440fx bridge, where hyperv was asked for\n")));
  EXPECT_EQ(host.end(SIGTERM), 128 + SIGTERM);
}

// Who comes first waits for the other, whichever that is.
TEST_F(RefusedTest, OrItWaitsForAHost) {
  const std::string nowhere = "lowmeg: connect to " + path + ": No such file or directory\n";
  EXPECT_EQ(paravisor("--socket " + path), (std::pair<int, std::string>(1, nowhere)));
  EXPECT_EQ(paravisor("--wait 0.2 --socket " + path), (std::pair<int, std::string>(1, nowhere)));
  EXPECT_EQ(paravisor("--wait 60 --socket ''").first, 2) << "nobody will ever be there";
  const std::string served = folder.file("served");
  const std::string command = program + " paravisor --wait 60 --socket " + path + " >" + served + " &";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  lowmeg::HostProcess host(folder, "--accel soft --quiet --timeout 60 --socket " + path);
  ASSERT_TRUE(host.wait_for_output("No bootable device")) << host.errors();
  std::ifstream file(served);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "serving the guest of " + path + "\n");
}

// "Another user's client and another user's host."
TEST_F(RefusedTest, OfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  const std::string nobody = "setpriv --reuid=65534 --clear-groups ";
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
  // Where everybody may run it.
  program = folder.file("lowmeg");
  std::filesystem::copy_file(kProgram, program);
  const std::string run = " --accel soft --until '' --timeout 60 --wait 60 --socket ";
  const auto in_background = [&](const std::string& who, const std::string& socket) {
    const std::string command =
        who + program + " host" + run + socket + " >/dev/null 2>&1 & echo $! >" + folder.file("pid");
    EXPECT_EQ(std::system(command.c_str()), 0);
    for (unsigned i = 0; i < 2000 && !std::filesystem::exists(socket); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    int pid = 0;
    std::ifstream(folder.file("pid")) >> pid;
    return pid;
  };
  const std::string theirs = folder.file("theirs"), ours = folder.file("ours");
  const int host_of_nobody = in_background(nobody, theirs);
  EXPECT_EQ(paravisor("--socket " + theirs),
            (std::pair<int, std::string>(
                1, "lowmeg: the host at " + theirs + " is of user 65534, and not trusted\n")));
  const int host_of_root = in_background("", ours);
  EXPECT_EQ(paravisor("--socket " + ours, nobody).first, 1) << "the socket is its owner's alone";
  std::filesystem::permissions(ours, std::filesystem::perms(0666));
  EXPECT_EQ(paravisor("--socket " + ours, nobody).first, 1) << "and so is the host";
  for (const int pid : {host_of_nobody, host_of_root}) ::kill(pid, SIGTERM);
}

// "--wait SECONDS, then one clear line."
TEST_F(SplitTest, EndsWithOneLineWhenNoParavisorComes) {
  MachineConfig config = split(config_of(kFirmwares[0]));
  config.ranges.split->wait = std::chrono::milliseconds(100);
  lowmeg::fakes::RecordingEventSink events;
  const auto machine =
      Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
  ASSERT_FALSE(machine);
  EXPECT_EQ(machine.error().message(), "no paravisor came within 0.1 s");
}

}  // namespace
}  // namespace vmm
