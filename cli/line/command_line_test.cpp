// What a line becomes, and what is said of one that cannot be.
#include "cli/line/command_line.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

namespace cli {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::StartsWith;

Command parsed(const std::string& line) {
  std::vector<std::string> words{"lowmeg"};
  std::istringstream text(line);
  for (std::string word; text >> word;) words.push_back(word);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

// "Unknown options, values that cannot be, options that do not go together: one line, exit 2."
TEST(CommandLine, RefusesWrongUsageInOneLine) {
  struct Row {
    std::string line, complaint;
  };
  const Row rows[] = {
      {"boot --memory 1M", "--memory: 1M is too small; 2M is the least"},
      {"boot --memory 2100K", "is not a whole number of MiB"},
      {"boot --memory 0", "is too small"},
      {"boot --memory 4096M", "reaches 4 GiB; 4095M is the most"},
      {"boot --memory 16E", "--memory: 16E is no size"},
      {"boot --memory -1M", "--memory: -1M is no size"},
      {"boot --memory much", "--memory: much is no size"},
      {"boot --no-such-option", "--no-such-option"},
      {"boot rom another", "another"},
      {"boot --bridge q35", "--bridge: q35 not in {i440fx,i440bx,hyperv}"},
      {"boot --console tty", "--console: tty not in {402,e9,com1,screen}"},
      {"boot --get seldom", "--get: seldom not in {batched,strict}"},
      {"boot --accel kvm --deterministic", "--deterministic needs the software CPU: --accel soft"},
      {"boot --pam chip --bridge hyperv",
       "--pam chip needs a chip's bridge: --bridge i440fx or --bridge i440bx"},
      {"boot --pam chip --memory 1025M", "--memory: 1025M is more than the chip can hold; 1024M is the most"},
      {"boot --accel soft --cpus 2", "--cpus: more than one CPU needs KVM"},
      {"boot --cpus 0", "--cpus: Value 0 not in range 1 to 64"},
      {"boot --timeout soon", "--timeout: soon is no number of seconds"},
      {"boot --timeout 0", "--timeout: 0 is no number of seconds"},
      {"boot --initrd initrd", "--initrd requires --kernel"},
      {"boot --append text", "--append requires --kernel"},
      {"boot --console screen", "--console screen needs a display: --vgabios or --vgabios-pci"},
      {"boot --restart-devices 0", "--restart-devices: 0 is no number of accesses; they count from 1"},
      {"boot --restart-devices -1", "--restart-devices: -1 is no number of accesses; they count from 1"},
      {"boot --restart-at 1,soon", "--restart-at: 'soon' is no number of accesses"},
      {"boot --restart-at 1,,2", "--restart-at: '' is no number of accesses; they count from 1"},
      {"boot --restart-at 1,-2", "--restart-at: '-2' is no number of accesses; they count from 1"},
      {"state", "subcommand"},
      {"state decode", "KIND is required"},
      {"state decode letter", "KIND: letter not in"},
      {"state decode --memory 64M adjuster", "--memory requires --check"},
      {"host --dry-run", "--socket is required"},
      {"host --socket s --pam chip", "--pam chip has no paravisor"},
      {"host --socket s --cpus 2 --deterministic", "more than one CPU needs KVM"},
      {"paravisor", "--socket is required"},
      {"paravisor --socket s --bridge none", "--bridge"},
      {"decode --slot 0 x", "--slot: 0 is no PCI address; write it as 00:00.0"},
      {"decode --diff x", "--diff: At least 2 required but received 1"},
      {"decode --diff x y z", "--diff: At Most 2 required but received 3"},
      {"decode --dump --json x", "--json excludes --dump"},
      {"boot --gdb 1234 --accel kvm", "--gdb needs the software CPU: --accel soft"},
      {"inspect", "SOCKET is required"},
      {"inspect --json --lspci x", "--json excludes --lspci"},
      {"reboot", "reboot is no command"},
      {"", "a command is needed"},
  };
  for (const Row& row : rows) {
    const Command command = parsed(row.line);
    ASSERT_TRUE(std::holds_alternative<Farewell>(command)) << row.line;
    const auto& [text, exit_status] = std::get<Farewell>(command);
    EXPECT_EQ(exit_status, kWrongUsage) << row.line;
    EXPECT_THAT(text, StartsWith("lowmeg: "));
    EXPECT_THAT(text, HasSubstr(row.complaint)) << row.line;
    EXPECT_THAT(text, HasSubstr("--help)\n")) << "where to look";
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  }
}

// Each command that the help has.
std::vector<std::string> commands_of(const std::string& help) {
  std::istringstream lines(help.substr(help.find("Subcommands:\n")));
  std::vector<std::string> commands;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.starts_with("  ");)
    commands.push_back(line.substr(2, line.find(' ', 2) - 2));
  return commands;
}

// Each command is there, and its help has an example.
TEST(CommandLine, ExplainsEachCommand) {
  const std::vector<std::string> commands = commands_of(std::get<Farewell>(parsed("--help")).text);
  EXPECT_THAT(commands, IsSupersetOf({"boot", "watch", "check", "host", "paravisor", "qtest", "inspect"}));
  for (const std::string& command : commands) {
    const auto help = std::get<Farewell>(parsed(command + " --help"));
    EXPECT_EQ(help.exit_status, 0) << command;
    EXPECT_THAT(help.text, HasSubstr("Example")) << command;
  }
}

TEST(CommandLine, HasTheDefaultsOfItsHelp) {
  const auto boot = std::get<BootOptions>(parsed("boot"));
  EXPECT_EQ(boot.memory, 64u << 20);
  EXPECT_EQ(boot.pam, vmm::PamEffect::kHyperv);
  EXPECT_EQ(boot.accel, vmm::Accel::kAuto);
  EXPECT_FALSE(boot.until);
  EXPECT_FALSE(boot.live);
  EXPECT_TRUE(std::get<BootOptions>(parsed("watch")).live);
  EXPECT_EQ(std::get<BootOptions>(parsed("boot --until text")).until, "text");
}

// One option decides others: software CPU and instruction clock for who wants to repeat or to debug.
TEST(CommandLine, DrawsWhatFollowsFromAnOption) {
  const auto debugged = std::get<BootOptions>(parsed("boot --gdb 1234"));
  EXPECT_EQ(debugged.accel, vmm::Accel::kSoft);
  EXPECT_EQ(debugged.timing, vmm::Timing::kDeterministic);
  EXPECT_GT(debugged.timeout_s, 1e5) << "a person may think";
  EXPECT_EQ(std::get<BootOptions>(parsed("boot --gdb 1234 --timeout 5")).timeout_s, 5);
  EXPECT_EQ(std::get<BootOptions>(parsed("boot --deterministic")).accel, vmm::Accel::kSoft);
  EXPECT_EQ(std::get<HostOptions>(parsed("host --socket s --save f")).boot.accel, vmm::Accel::kSoft);
  EXPECT_EQ(std::get<BootOptions>(parsed("boot --restart-at 1,40")).restart_at,
            (std::vector<std::uint64_t>{1, 40}));
  EXPECT_EQ(std::get<BootOptions>(parsed("boot --get strict")).batching, lowmeg::get::Batching::kNever);
  EXPECT_EQ(std::get<StateOptions>(parsed("state insert chip --into f")).direction, StateDirection::kInsert);
}

}  // namespace
}  // namespace cli
