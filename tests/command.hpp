// The command as a person runs it: real processes, their exit status and what they print. For a test program
// with LOWMEG_PROGRAM, the command's path.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace lowmeg::fakes {

namespace fs = std::filesystem;

struct Ended {
  int exit_status;
  std::string out, err;
};

inline std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Command : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "lowmeg-cli-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directory(folder_ / "cwd");
  }
  void TearDown() override { fs::remove_all(folder_); }

  // `arguments` are shell words; `input` is what the command reads.
  Ended run(const std::string& arguments, const std::string& input = "") const {
    std::ofstream(folder_ / "in", std::ios::binary) << input;
    return run_in_shell("'" LOWMEG_PROGRAM "' " + arguments + " <" + quoted("in"));
  }
  // The same, of a line that has the same end each time: carried out once for all tests of the program.
  const Ended& deterministic(const std::string& arguments) const {
    static std::map<std::string, Ended> ends;
    const auto known = ends.find(arguments);
    return known != ends.end() ? known->second : ends.emplace(arguments, run(arguments)).first->second;
  }
  // A whole shell command, which may redirect what it likes.
  Ended run_shell(const std::string& command, const std::string& input = "") const {
    std::ofstream(folder_ / "in", std::ios::binary) << input;
    return run_in_shell("{ " + command + "; } <" + quoted("in"));
  }
  // With the output of a shell command on its stdin.
  Ended run_piped(const std::string& input, const std::string& arguments) const {
    return run_in_shell(input + " | '" LOWMEG_PROGRAM "' " + arguments);
  }

  std::string quoted(const char* name) const { return "'" + (folder_ / name).string() + "'"; }

  // The last command of the line writes to the files.
  Ended run_in_shell(const std::string& last) const {
    const std::string line =
        "cd " + quoted("cwd") + " && " + last + " >" + quoted("out") + " 2>" + quoted("err");
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(folder_ / "out"),
            contents(folder_ / "err")};
  }

  std::string file_of(const std::string& name, std::size_t size, char fill = 'x') const {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << std::string(size, fill);
    return path.string();
  }

  fs::path folder_;
};

}  // namespace lowmeg::fakes
