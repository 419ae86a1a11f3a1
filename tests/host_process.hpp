// A `lowmeg host` process with its output in files, for the tests of the command.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/fakes/temp_folder.hpp"

namespace lowmeg {

class HostProcess {
 public:
  /// `arguments` are words with a space between. `output`, if any, takes stdout and stderr instead of files.
  HostProcess(const fakes::TempFolder& folder, const std::string& arguments, const std::string& output = "")
      : out_(output.empty() ? folder.file("out") : output),
        err_(output.empty() ? folder.file("err") : output) {
    std::vector<std::string> words{LOWMEG_PROGRAM, "host"};
    std::istringstream text(arguments);
    for (std::string word; text >> word;) words.push_back(word);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out_.c_str(), kNew, 0600);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err_.c_str(), kNew, 0600);
    const int spawned = ::posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (spawned != 0) throw std::runtime_error("posix_spawn");
  }
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;
  ~HostProcess() {
    if (pid_ > 0) end(SIGKILL);
  }

  /// Whether `text` appears on stdout, within ten seconds of a process that lives.
  bool wait_for_output(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      const bool ended = has_ended();
      if (output().find(text) != std::string::npos) return true;
      if (ended) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  /// Sends the signal and gives the exit status; -1 when a signal was the end of it.
  int end(int signal) {
    if (pid_ > 0) ::kill(pid_, signal);
    return wait();
  }
  int wait() {
    if (pid_ > 0) keep(::waitpid(pid_, &status_, 0));
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }
  pid_t pid() const { return pid_; }
  std::string output() const { return contents(out_); }
  std::string errors() const { return contents(err_); }

 private:
  bool has_ended() {
    if (pid_ > 0) keep(::waitpid(pid_, &status_, WNOHANG));
    return pid_ < 0;
  }
  void keep(pid_t waited) {
    if (waited != 0) pid_ = -1;
  }
  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string out_, err_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace lowmeg
