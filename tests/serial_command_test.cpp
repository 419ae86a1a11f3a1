// `lowmeg boot --console com1`: stdin as the other end of the guest's serial port.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "tests/command.hpp"

namespace {

namespace fs = std::filesystem;
using lowmeg::fakes::Command;
using lowmeg::fakes::contents;
using lowmeg::fakes::Ended;

// A ROM that answers each byte from COM1 with the next one of the alphabet, and turns the machine off after a
// NUL: what a file or a pipe holds comes whole, and its end does no harm.
class SerialCommand : public Command {
 protected:
  std::string echo_rom() const {
    const unsigned char code[] = {
        0xba, 0xfd, 0x03, 0xec,        // mov dx, 3fdh; in al, dx
        0xa8, 0x01, 0x74, 0xfb,        // test al, 1; jz to the in
        0xba, 0xf8, 0x03, 0xec,        // mov dx, 3f8h; in al, dx
        0x84, 0xc0, 0x74, 0x05,        // test al, al; jz to the end
        0xfe, 0xc0, 0xee, 0xeb, 0xeb,  // inc al; out dx, al; jmp to the start
        0xba, 0x01, 0x05, 0xee, 0xf4,  // mov dx, 501h; out dx, al; hlt
    };
    std::string rom(0x10000, static_cast<char>(0xf4));
    rom.replace(0, sizeof code, reinterpret_cast<const char*>(code), sizeof code);
    rom.replace(0xfff0, 5, std::string("\xea\0\0\0\xf0", 5));
    const fs::path path = folder_ / "echo.rom";
    std::ofstream(path, std::ios::binary) << rom;
    return path.string();
  }
  const std::string boot_ = "boot --quiet --console com1 --until '' ";
};

TEST_F(SerialCommand, TakesAFile) {
  const std::string text(3000, 'a');
  for (const char* timing : {"", "--deterministic "}) {
    const Ended ended = run(boot_ + timing + echo_rom(), text + std::string(1, '\0'));
    EXPECT_EQ(ended.exit_status, 1) << ended.err;
    EXPECT_EQ(ended.out, std::string(3000, 'b')) << timing;
  }
}

TEST_F(SerialCommand, TakesAPipeUnlessTheRunMustRepeat) {
  struct Row {
    const char* options;
    int exit_status;
    const char* out;
  };
  for (const Row& row : {Row{"", 1, "IBM"}, Row{"--deterministic --timeout 1 ", 124, ""}}) {
    const Ended ended = run_piped("printf 'HAL\\0'", boot_ + row.options + echo_rom());
    EXPECT_EQ(ended.exit_status, row.exit_status) << ended.err;
    EXPECT_EQ(ended.out, row.out);
  }
}

TEST_F(SerialCommand, OutlivesTheEndOfItsInput) {
  const Ended ended = run("boot --console com1 --timeout 1 --until '' " + echo_rom(), "a");
  EXPECT_EQ(ended.exit_status, 124);
  EXPECT_EQ(ended.out, "b");
}

// A terminal, and the command in its foreground with it as stdin.
class OnTerminal {
 public:
  OnTerminal(const std::vector<std::string>& arguments, const std::string& out) {
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ::grantpt(master_);
    ::unlockpt(master_);
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const int to = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    child_ = ::fork();
    if (child_ == 0) {
      ::setsid();
      ::ioctl(slave_, TIOCSCTTY, 0);
      ::dup2(slave_, 0);
      ::dup2(to, 1);
      ::dup2(to, 2);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(to);
  }
  ~OnTerminal() {
    ::close(slave_);
    ::close(master_);
  }
  tcflag_t modes() const {
    termios state{};
    ::tcgetattr(slave_, &state);
    return state.c_lflag & (ICANON | ECHO | ISIG);
  }
  bool becomes(tcflag_t wanted) const {
    for (int tries = 0; tries < 1000 && modes() != wanted; ++tries) ::usleep(10000);
    return modes() == wanted;
  }
  void type(const std::string& keys) const { (void)!::write(master_, keys.data(), keys.size()); }
  void kill(int signal) const { ::kill(child_, signal); }
  int exit_status() const {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  int master_, slave_;
  pid_t child_;
};

// "Raw mode restored at exit and on signals": keys come at once and without an echo, and Ctrl-C still ends
// it.
TEST_F(SerialCommand, TakesATerminalAndPutsItBack) {
  const std::string out = (folder_ / "out").string();
  struct Row {
    std::string last;  // key, or none and then the signal
    int signal;
    int exit_status;
  };
  const Row rows[] = {{std::string(1, '\0'), 0, 1}, {"\x03", 0, 130}, {"", SIGTERM, 143}, {"", SIGHUP, 129}};
  for (const Row& row : rows) {
    const OnTerminal terminal({LOWMEG_PROGRAM, "boot", "--accel", "soft", "--quiet", "--console", "com1",
                               "--until", "", echo_rom()},
                              out);
    const tcflag_t before = terminal.modes();
    EXPECT_EQ(before, tcflag_t{ICANON | ECHO | ISIG});
    EXPECT_TRUE(terminal.becomes(ISIG));
    terminal.type("HA\rL" + row.last);
    if (row.signal != 0) terminal.kill(row.signal);
    EXPECT_EQ(terminal.exit_status(), row.exit_status) << contents(out);
    EXPECT_EQ(terminal.modes(), before);
    if (row.exit_status == 1) {
      EXPECT_EQ(contents(out), "IB\x0eM") << "Enter is CR";
    }
  }
}

}  // namespace
