// The examples of the documents: each `console` block is run, and prints what the page shows.
//
// A line "$ COMMAND" is run by the shell, in a folder where tests/ is this project's and `lowmeg` the
// program; the lines up to the next one are what it prints. "..." on a line of its own stands for any lines,
// "…" for the rest of a line.
#include <gmock/gmock.h>

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

struct Docs : Command, testing::WithParamInterface<const char*> {};

TEST_P(Docs, ExamplesPrintWhatThePageShows) {
  const fs::path source = LOWMEG_SOURCE_DIR;
  fs::create_directory_symlink(source / "tests", folder_ / "cwd" / "tests");
  fs::create_directory(folder_ / "bin");
  fs::create_symlink(LOWMEG_PROGRAM, folder_ / "bin" / "lowmeg");
  unsigned run = 0;
  for (const auto& block : examples_in(contents(source / GetParam()))) {
    for (const Example& example : block) {
      if (example.command.find("gdb ") != std::string::npos &&
          std::system("gdb --version >/dev/null 2>&1") != 0)
        continue;
      const Ended ended = run_shell("PATH=" + quoted("bin") + ":$PATH; " + example.command);
      EXPECT_TRUE(match(lines_of(ended.out), example.output)) << "$ " << example.command << "\n"
                                                              << ended.out << ended.err;
      ++run;
    }
  }
  EXPECT_GE(run, 2u) << "the examples were not found";
}

INSTANTIATE_TEST_SUITE_P(, Docs,
                         testing::Values("README.md", "docs/guide/run-firmware.md",
                                         "docs/guide/read-a-dump.md", "docs/guide/debug-a-bios.md",
                                         "docs/guide/judge-a-hypervisor.md"));

// "Reference pages for every command, generated from one source with the man pages."
TEST_F(Command, HasAReferencePageAsItSays) {
  const Ended page = run("--reference");
  EXPECT_EQ(page.out, contents(LOWMEG_SOURCE_DIR "/docs/reference/commands.md"))
      << "run: lowmeg --reference >docs/reference/commands.md";
  for (const char* name :
       {"lowmeg", "boot", "check", "decode", "host", "inspect", "paravisor", "state", "watch"}) {
    const Ended man = run(std::string("--man ") + name);
    EXPECT_EQ(man.exit_status, 0) << name;
    EXPECT_EQ(man.out.rfind(".TH ", 0), 0u) << name;
  }
}

}  // namespace
