// `lowmeg host --dry-run` as a person runs it: a real process, a real socket, and a client of ours.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "tests/host_process.hpp"

namespace lowmeg {
namespace {

namespace fs = std::filesystem;
using get::CreateRamGpaRange;
using get::CreateStatus;
using get::RangeExchange;
using get::ResetRamGpaRange;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct HostCommand : testing::Test {
  HostProcess start(const std::string& more = "", const std::string& output = "") {
    return HostProcess(folder, "--dry-run --socket " + path + (more.empty() ? "" : " ") + more, output);
  }
  std::unique_ptr<get::Client> connect() {
    auto socket = get::PacketSocket::connect(path).value();
    return get::Client::connect(std::make_unique<get::UnixTransport>(std::move(socket)), events).value();
  }
  static CreateStatus perform(get::Client& client, const get::RangeRequest& request) {
    RangeExchange asked{request, std::nullopt};
    EXPECT_TRUE(client.perform({&asked, 1}));
    return asked.status.value_or(CreateStatus::kFailed);
  }

  fakes::TempFolder folder;
  const std::string path = folder.file("get");
  NullEventSink events;
};

// "Serves GET on a plain memory map and prints each request, its answer and the map that results."
TEST_F(HostCommand, PrintsEachRequestItsAnswerAndTheMap) {
  HostProcess host = start();
  ASSERT_TRUE(host.wait_for_output("serving GET at " + path + "\n")) << host.errors();
  struct stat status{};
  ASSERT_EQ(::lstat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777, 0600u);

  const auto client = connect();
  EXPECT_EQ(perform(*client, CreateRamGpaRange{0, 0xf0000, 0xe000, 0xf0000, 2}), CreateStatus::kSuccess);
  EXPECT_TRUE(
      host.wait_for_output("create slot 0: F0000-FDFFF from 000F0000, read-only -> SUCCESS\n"
                           "  F0000-FDFFF  RAM 000F0000  read-only   slot 0\n"))
      << host.output();
  EXPECT_EQ(perform(*client, CreateRamGpaRange{1, 0xc0000, 0x4000, 0x3fc0000, 0}), CreateStatus::kSuccess);
  EXPECT_TRUE(
      host.wait_for_output("create slot 1: C0000-C3FFF from 03FC0000, read-write -> SUCCESS\n"
                           "  C0000-C3FFF  RAM 03FC0000  read-write  slot 1\n"
                           "  F0000-FDFFF  RAM 000F0000  read-only   slot 0\n"))
      << host.output();
  EXPECT_EQ(perform(*client, CreateRamGpaRange{1, 0xc4000, 0x4000, 0, 0}), CreateStatus::kSlotOccupied);
  EXPECT_TRUE(host.wait_for_output("-> SLOT_OCCUPIED\n"));
  perform(*client, ResetRamGpaRange{0});
  EXPECT_TRUE(host.wait_for_output("reset  slot 0\n  C0000-C3FFF  RAM 03FC0000  read-write  slot 1\n"));
  perform(*client, ResetRamGpaRange{1});
  EXPECT_TRUE(host.wait_for_output("reset  slot 1\n  no ranges: RAM as it lies\n")) << host.output();
}

// "[--memory 64M]" is the default; a range's backing must lie within it.
TEST_F(HostCommand, HasTheMemoryItIsGiven) {
  const CreateRamGpaRange last_of_64m{3, 0xd0000, 0x1000, (64 << 20) - 0x1000, 0};
  const CreateRamGpaRange past_64m{4, 0xd4000, 0x1000, 64 << 20, 0};
  {
    HostProcess host = start();
    ASSERT_TRUE(host.wait_for_output("serving GET"));
    const auto client = connect();
    EXPECT_EQ(perform(*client, last_of_64m), CreateStatus::kSuccess);
    EXPECT_EQ(perform(*client, past_64m), CreateStatus::kInvalidGpa);
    EXPECT_EQ(host.end(SIGTERM), 0);
  }
  HostProcess host = start("--memory 65M");
  ASSERT_TRUE(host.wait_for_output("serving GET"));
  EXPECT_EQ(perform(*connect(), past_64m), CreateStatus::kSuccess);
}

// "Printed at exit with --stats": requests by kind and status, bytes, time.
TEST_F(HostCommand, EndsAtASignalAndTellsItsTotals) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    HostProcess host = start("--stats");
    ASSERT_TRUE(host.wait_for_output("serving GET")) << host.errors();
    const auto client = connect();
    perform(*client, CreateRamGpaRange{0, 0xf0000, 0xe000, 0xf0000, 2});
    perform(*client, CreateRamGpaRange{0, 0xf0000, 0xe000, 0xf0000, 2});
    perform(*client, CreateRamGpaRange{1, 0xc0000, 0x4000, 0, 1});
    perform(*client, CreateRamGpaRange{1, 0xc0000, 0x4000, 0, 4});
    perform(*client, ResetRamGpaRange{0});
    EXPECT_EQ(host.end(signal), 0) << "with a client that is still there";
    EXPECT_FALSE(fs::exists(path));
    for (const char* total : {"4 creates", "1 SUCCESS", "1 SLOT_OCCUPIED", "2 INVALID_FLAG", "1 resets",
                              "5 round trips", "176 received", "2 commits"})
      EXPECT_THAT(host.errors(), HasSubstr(total));
  }
}

// What cannot be written ends no host, and leaves no socket behind.
TEST_F(HostCommand, GoesOnWhereItsOutputIsLost) {
  HostProcess host = start("--stats", "/dev/full");
  for (int i = 0; i < 1000 && !fs::is_socket(path); ++i) ::usleep(10'000);
  const auto client = connect();
  EXPECT_FALSE(get::Client::connect(
      std::make_unique<get::UnixTransport>(get::PacketSocket::connect(path).value()), events));
  EXPECT_EQ(perform(*client, ResetRamGpaRange{0}), CreateStatus::kSuccess);
  EXPECT_EQ(host.end(SIGHUP), 1) << "stdout was lost";
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(path + ".lock"));
}

TEST_F(HostCommand, TellsNoTotalsUnasked) {
  HostProcess host = start();
  ASSERT_TRUE(host.wait_for_output("serving GET"));
  EXPECT_EQ(host.end(SIGTERM), 0);
  EXPECT_EQ(host.errors(), "");
}

// One batch is one change of the map, printed once; with --strict there are none.
TEST_F(HostCommand, TakesBatchesUnlessStrict) {
  for (const bool strict : {false, true}) {
    HostProcess host = start(strict ? "--strict" : "");
    ASSERT_TRUE(host.wait_for_output("serving GET"));
    const auto client = connect();
    perform(*client, ResetRamGpaRange{9});
    RangeExchange asked[] = {{CreateRamGpaRange{1, 0xc0000, 0x1000, 0, 0}, {}},
                             {CreateRamGpaRange{2, 0xc1000, 0x1000, 0, 0}, {}}};
    ASSERT_TRUE(client->perform(asked));
    EXPECT_EQ(client->counters().round_trips, strict ? 3u : 2u);
    EXPECT_EQ(host.end(SIGTERM), 0);
    const char* together = "C0FFF from 00000000, read-write -> SUCCESS\ncreate slot 2";
    EXPECT_EQ(host.output().find(together) == std::string::npos, strict) << host.output();
  }
}

TEST_F(HostCommand, RefusesASecondHostAtThePath) {
  HostProcess first = start();
  ASSERT_TRUE(first.wait_for_output("serving GET"));
  fakes::TempFolder elsewhere;
  HostProcess second(elsewhere, "--dry-run --socket " + path);
  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(second.output(), "");
  EXPECT_EQ(second.errors(), "lowmeg: another host listens at " + path + "\n");
  EXPECT_EQ(perform(*connect(), ResetRamGpaRange{0}), CreateStatus::kSuccess);
}

TEST_F(HostCommand, TakesOverWhereAKilledHostListened) {
  {
    HostProcess killed = start();
    ASSERT_TRUE(killed.wait_for_output("serving GET"));
    killed.end(SIGKILL);
    ASSERT_TRUE(fs::is_socket(path));
  }
  HostProcess host = start();
  ASSERT_TRUE(host.wait_for_output("serving GET")) << host.errors();
  EXPECT_TRUE(connect());
}

// "Bad input: one line, exit 2"; what the system refuses: one line, exit 1.
TEST_F(HostCommand, RefusesBadInputInOneLine) {
  struct Row {
    std::string arguments, complaint;
    int exit_status;
  };
  const Row rows[] = {
      {"--dry-run", "--socket", 2},
      {"--socket " + path + " --pam chip", "--pam chip has no paravisor", 2},
      {"--socket " + path + " /nonexistent", "/nonexistent", 2},
      {"--socket " + path + " --accel soft --wait 0", "--wait", 2},
      {"--socket " + path + " --accel soft --quiet --wait 0.05", "no paravisor came within 0.05 s", 1},
      {"--dry-run --socket " + path + " --memory 1M", "--memory: 1M is too small", 2},
      {"--dry-run --socket " + path + " --no-such", "--no-such", 2},
      {"--dry-run --socket " + folder.file("none/get"), "No such file or directory", 1},
      {"--dry-run --socket /" + std::string(200, 'x'), "longer than 107 characters", 1},
  };
  for (const Row& row : rows) {
    HostProcess host(folder, row.arguments);
    EXPECT_EQ(host.wait(), row.exit_status) << row.arguments;
    EXPECT_EQ(host.output(), "") << row.arguments;
    EXPECT_THAT(host.errors(), testing::AllOf(StartsWith("lowmeg: "), HasSubstr(row.complaint)));
    EXPECT_THAT(host.errors(), testing::MatchesRegex("[^\n]+\n"));
    EXPECT_FALSE(fs::exists(path));
  }
}

}  // namespace
}  // namespace lowmeg
