// The examples of the documents: each `console` block is run, and prints what the page shows.
//
// A block is a session of bash's, in a folder where tests/ is this project's and `lowmeg` the program: a line
// "$ COMMAND" is run, and the lines up to the next one are what it prints. "..." on a line of its own stands
// for any lines, "…" for the rest of a line.
#include <gmock/gmock.h>

#include <algorithm>
#include <span>
#include <sstream>
#include <vector>

#include "tests/command.hpp"

namespace {

namespace fs = std::filesystem;
using lowmeg::fakes::Command;
using lowmeg::fakes::contents;
using lowmeg::fakes::Ended;

constexpr std::string_view kRest = "\u2026";
constexpr const char* kMark = "@end-of-example@";

struct Example {
  std::string command;
  std::vector<std::string> output;
};

std::vector<std::vector<Example>> examples_in(const std::string& page) {
  std::vector<std::vector<Example>> blocks;
  std::istringstream lines(page);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```console") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside && line.starts_with("$ ")) {
      blocks.back().push_back({line.substr(2), {}});
    } else if (inside && !blocks.back().empty()) {
      blocks.back().back().output.push_back(line);
    }
  }
  return blocks;
}

bool matches(const std::string& line, const std::string& pattern) {
  const std::size_t rest = pattern.find(kRest);
  return rest == std::string::npos ? line == pattern : line.starts_with(pattern.substr(0, rest));
}

bool match(std::span<const std::string> lines, std::span<const std::string> patterns) {
  if (patterns.empty()) return lines.empty();
  if (patterns[0] != "...")
    return !lines.empty() && matches(lines[0], patterns[0]) && match(lines.subspan(1), patterns.subspan(1));
  for (std::size_t i = 0; i <= lines.size(); ++i) {
    if (match(lines.subspan(i), patterns.subspan(1))) return true;
  }
  return false;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Each command and, on a line of its own behind what it prints, a mark. What still runs at the end is ended.
std::string script_of(const std::vector<Example>& block) {
  std::string script;
  for (const Example& example : block) script += example.command + "\necho; echo " + kMark + "\n";
  return script + "kill $(jobs -p) 2>/dev/null\nwait\n";
}

// What each command printed.
std::vector<std::string> outputs_of(const std::string& text) {
  std::vector<std::string> outputs;
  const std::string mark = "\n" + std::string(kMark) + "\n";
  std::size_t start = 0;
  for (std::size_t end; (end = text.find(mark, start)) != std::string::npos; start = end + mark.size())
    outputs.push_back(text.substr(start, end - start));
  return outputs;
}

bool needs_absent_program(const std::vector<Example>& block) {
  const auto is_gdb = [](const Example& example) {
    return example.command.find("gdb ") != std::string::npos;
  };
  return std::ranges::any_of(block, is_gdb) && std::system("gdb --version >/dev/null 2>&1") != 0;
}

struct Docs : Command, testing::WithParamInterface<const char*> {};

TEST_P(Docs, ExamplesPrintWhatThePageShows) {
  const fs::path source = LOWMEG_SOURCE_DIR;
  fs::create_directory_symlink(source / "tests", folder_ / "cwd" / "tests");
  fs::create_directory(folder_ / "bin");
  fs::create_symlink(LOWMEG_PROGRAM, folder_ / "bin" / "lowmeg");
  unsigned run = 0;
  for (const auto& block : examples_in(contents(source / GetParam()))) {
    if (needs_absent_program(block)) continue;
    std::ofstream(folder_ / "script") << script_of(block);
    const Ended ended = run_shell("PATH=" + quoted("bin") + ":$PATH bash " + quoted("script"));
    const std::vector<std::string> outputs = outputs_of(ended.out);
    ASSERT_EQ(outputs.size(), block.size()) << ended.out << ended.err;
    for (std::size_t i = 0; i < block.size(); ++i) {
      EXPECT_TRUE(match(lines_of(outputs[i]), block[i].output)) << "$ " << block[i].command << "\n"
                                                                << outputs[i] << ended.err;
      ++run;
    }
  }
  EXPECT_GE(run, 2u) << "the examples were not found";
}

INSTANTIATE_TEST_SUITE_P(, Docs,
                         testing::Values("README.md", "docs/guide/run-firmware.md",
                                         "docs/guide/read-a-dump.md", "docs/guide/debug-a-bios.md",
                                         "docs/guide/servicing.md", "docs/guide/judge-a-hypervisor.md"));

// "Reference pages for every command, generated from one source with the man pages."
TEST_F(Command, HasAReferencePageAsItSays) {
  const Ended page = run("--reference");
  EXPECT_EQ(page.out, contents(LOWMEG_SOURCE_DIR "/docs/reference/commands.md"))
      << "run: lowmeg --reference >docs/reference/commands.md";
  for (const char* name :
       {"lowmeg", "boot", "check", "decode", "host", "inspect", "paravisor", "qtest", "state", "watch"}) {
    const Ended man = run(std::string("--man ") + name);
    EXPECT_EQ(man.exit_status, 0) << name;
    EXPECT_EQ(man.out.rfind(".TH ", 0), 0u) << name;
  }
}

}  // namespace
