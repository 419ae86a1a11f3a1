// lowmeg qtest as a test of QEMU's starts it: this side listens at two sockets, and speaks its protocol.
//
// Rules: the data sheets' (docs/reference/chip.md, decode.md) and QEMU's tests/qtest/i440fx-test.c, whose own
// checks are among the rows. tools/qemu-qtest runs that test itself.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <span>
#include <sstream>

#include "tests/command.hpp"

namespace {

using lowmeg::fakes::Command;
using lowmeg::fakes::Ended;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kPatienceMs = 10'000;

// One of the test's two ends: listens, then has the machine at the other end.
class End {
 public:
  explicit End(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1) != 0)
      throw std::runtime_error("listening at " + path);
  }
  ~End() {
    ::close(listener_);
    hang_up();
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void let_in() {
    if (!comes(listener_)) throw std::runtime_error("nobody connects");
    fd_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  }
  void say(const std::string& text) const {
    if (::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("sending");
  }
  // A line without its newline; "" when the machine has gone or says nothing.
  std::string line() {
    std::array<char, 65536> bytes{};
    while (heard_.find('\n') == std::string::npos) {
      const ssize_t size = comes(fd_) ? ::recv(fd_, bytes.data(), bytes.size(), 0) : 0;
      if (size <= 0) return "";
      heard_.append(bytes.data(), static_cast<std::size_t>(size));
    }
    const std::size_t end = heard_.find('\n');
    std::string line = heard_.substr(0, end);
    heard_.erase(0, end + 1);
    return line;
  }
  std::string ask(const std::string& request) {
    say(request + "\n");
    return line();
  }
  void hang_up() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  static bool comes(int fd) {
    pollfd waited{fd, POLLIN, 0};
    return ::poll(&waited, 1, kPatienceMs) > 0;
  }
  int listener_, fd_ = -1;
  std::string heard_;
};

class QtestCommand : public Command {
 protected:
  // As libqtest does it, with `extra` behind its own words.
  void start(const std::string& extra, const std::string& name = "lowmeg-system-x86_64") {
    for (const std::string& old : {std::string("qtest.sock"), std::string("qtest.qmp"), name})
      lowmeg::fakes::fs::remove(folder_ / old);
    test_ = std::make_unique<End>((folder_ / "qtest.sock").string());
    monitor_ = std::make_unique<End>((folder_ / "qtest.qmp").string());
    lowmeg::fakes::fs::create_symlink(LOWMEG_PROGRAM, folder_ / name);
    const std::string line = "exec " + quoted(name.c_str()) + " -qtest unix:" + quoted("qtest.sock") +
                             " -qtest-log " + quoted("log") + " -chardev socket,path=" + quoted("qtest.qmp") +
                             ",id=char0 -mon chardev=char0,mode=control -display none " + extra +
                             " -accel qtest 2>" + quoted("err");
    const char* const words[] = {"sh", "-c", line.c_str(), nullptr};
    ASSERT_EQ(::posix_spawn(&pid_, "/bin/sh", nullptr, nullptr, const_cast<char* const*>(words), ::environ),
              0);
    test_->let_in();
    monitor_->let_in();
    EXPECT_EQ(test_->ask("endianness"), "OK little");
    EXPECT_THAT(monitor_->line(), StartsWith("{\"QMP\":"));
    EXPECT_EQ(monitor_->ask("{ 'execute': 'qmp_capabilities' }"), kNoJson) << "JSON has double quotes";
    EXPECT_EQ(monitor_->ask("{\"execute\": \"qmp_capabilities\"}"), "{\"return\":{}}");
  }
  int end(int signal = 0) {
    if (signal != 0) ::kill(pid_, signal);
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void TearDown() override {
    if (pid_ > 0) end(SIGKILL);
    Command::TearDown();
  }
  std::string config_read(unsigned offset, char width) {
    test_->ask(config_address(offset));
    return test_->ask(std::string("in") + width + " 0xcfc");
  }
  void config_write(unsigned offset, unsigned value) {
    test_->ask(config_address(offset));
    EXPECT_EQ(test_->ask("outb 0xcfc " + std::to_string(value)), "OK");
  }
  static std::string config_address(unsigned offset) {
    return "outl 0xcf8 " + std::to_string(0x80000000u | offset);
  }

  static constexpr const char* kNoJson =
      "{\"error\":{\"class\":\"GenericError\",\"desc\":\"a line must hold one JSON object\"}}";
  std::unique_ptr<End> test_, monitor_;
  pid_t pid_ = -1;
};

// 82441FX data sheet (290549), section 3.2: the values after reset, each read as i440fx-test reads it and
// those that QEMU has wrong ("BROKEN" there), too.
TEST_F(QtestCommand, HasTheRegistersOfThe82441fx) {
  struct Row {
    unsigned offset;
    char width;
    const char* value;
  };
  const Row rows[] = {
      {0x00, 'w', "8086"}, {0x02, 'w', "1237"}, {0x04, 'w', "0006"}, {0x06, 'w', "0280"}, {0x09, 'b', "0000"},
      {0x0a, 'w', "0600"}, {0x0d, 'b', "0000"}, {0x0e, 'b', "0000"}, {0x0f, 'b', "0000"}, {0x52, 'b', "0000"},
      {0x53, 'b', "0080"}, {0x54, 'b', "0000"}, {0x55, 'w', "0000"}, {0x57, 'b', "0001"}, {0x58, 'b', "0010"},
      {0x59, 'b', "0000"}, {0x5f, 'b', "0000"}, {0x68, 'b', "0000"}, {0x70, 'b', "0000"}, {0x71, 'b', "0010"},
      {0x72, 'b', "0002"}, {0x90, 'b', "0000"}, {0x91, 'b', "0000"}, {0x93, 'b', "0000"},
  };
  start("-machine pc -smp 1");
  for (const Row& row : rows)
    EXPECT_EQ(config_read(row.offset, row.width), std::string("OK 0x") + row.value) << row.offset;
  EXPECT_EQ(end(SIGTERM), 0) << "libqtest ends it by SIGTERM and wants status 0";
}

// PAM, all four states (DS-GX p. 44): what reads, what writes, and that nothing is lost.
TEST_F(QtestCommand, ReadsAndWritesAreRoutedApart) {
  struct Row {
    unsigned state;     // WE RE of C8000, 5Bh
    const char* write;  // first
    const char* shown;
  };
  const Row rows[] = {
      {1, "0x11", "00"}, {3, "0x42", "42"}, {2, "0x43", "ff"}, {0, "0x44", "ff"},
      {1, "0x45", "43"}, {3, "0x82", "82"}, {0, "0x46", "ff"}, {3, "0x82", "82"},
  };
  for (const char* name : {"lowmeg-system-x86_64", "lowmeg-i440bx-system-x86_64"}) {
    start("-machine pc -smp 1", name);
    EXPECT_EQ(config_read(0x02, 'w'),
              std::string_view(name).find("i440bx") == std::string_view::npos ? "OK 0x1237" : "OK 0x7190");
    for (const Row& row : rows) {
      config_write(0x5b, row.state);
      EXPECT_EQ(test_->ask(std::string("memset 0xc8000 0x4000 ") + row.write), "OK");
      std::string all = "OK 0x";
      for (int i = 0; i < 0x4000; ++i) all += row.shown;
      EXPECT_EQ(test_->ask("read 0xc8000 0x4000"), all) << row.state << " " << row.write;
    }
    EXPECT_EQ(end(SIGTERM), 0);
    EXPECT_THAT(lowmeg::fakes::contents(folder_ / "log"), HasSubstr("] memset 0xc8000 0x4000 0x42\n[S +"));
    EXPECT_EQ(lowmeg::fakes::contents(folder_ / "err"), "");
  }
}

// i440fx-test, firmware/bios and firmware/pflash: the image ends at 4 GiB, and is seen below 1 MiB.
TEST_F(QtestCommand, ShowsTheFirmwareInBothPlaces) {
  std::string image;
  for (unsigned i = 0; i < 0x10000; ++i) image += static_cast<char>(i);
  std::ofstream(folder_ / "blob", std::ios::binary) << image;
  for (const char* option : {"-S -bios ", "-S -drive if=pflash,format=raw,file="}) {
    start(option + quoted("blob"));
    for (const char* place : {"0xffff0000", "0xf0000"}) {
      const std::string reply = test_->ask(std::string("read ") + place + " 0x10000");
      ASSERT_EQ(reply.size(), 5u + 2 * 0x10000);
      EXPECT_THAT(reply, StartsWith("OK 0x000102030405"));
      EXPECT_EQ(reply.substr(reply.size() - 8), "fcfdfeff");
    }
    EXPECT_EQ(end(SIGTERM), 0);
  }
}

// A reset by QMP and one by the guest's port both reach PAM before the next request (82441FX: "00h after
// reset").
TEST_F(QtestCommand, IsResetBetweenTwoRequests) {
  start("");
  config_write(0x59, 0x30);
  EXPECT_EQ(monitor_->ask("{\"execute\":\"system_reset\"}"), "{\"return\":{}}");
  EXPECT_THAT(monitor_->line(), HasSubstr("\"event\":\"RESET\""));
  EXPECT_EQ(config_read(0x59, 'b'), "OK 0x0000");
  config_write(0x59, 0x30);
  EXPECT_EQ(config_read(0x59, 'b'), "OK 0x0030");
  test_->say("outb 0xcf9 6\noutl 0xcf8 0x80000059\ninb 0xcfc\n");
  for (const char* reply : {"OK", "OK", "OK 0x0000"}) EXPECT_EQ(test_->line(), reply);
}

// Each is the test's own wish, so a thousand of them are no loop of the guest's.
TEST_F(QtestCommand, IsResetAsOftenAsTheTestLikes) {
  start("");
  for (int i = 0; i < 1100; ++i) ASSERT_EQ(test_->ask("outb 0xcf9 6"), "OK") << i;
  EXPECT_EQ(config_read(0x59, 'b'), "OK 0x0000");
  EXPECT_EQ(end(SIGTERM), 0);
}

// 8254 data sheet: counter 0 in mode 2 with 11932 goes off each 10 ms, and IRQ 0 stands in the PIC's IRR
// until somebody takes it.
TEST_F(QtestCommand, LetsTimersGoOffWhenTheTestLetsTimePass) {
  struct Row {
    const char* request;
    const char* reply;
  };
  const Row rows[] = {
      {"outb 0x20 0x11", "OK"},
      {"outb 0x21 0x08", "OK"},
      {"outb 0x21 0x04", "OK"},
      {"outb 0x21 0x01", "OK"},
      {"outb 0x43 0x34", "OK"},
      {"outb 0x40 0x9c", "OK"},
      {"outb 0x40 0x2e", "OK"},
      {"clock_step 9000000", "OK 9000000"},
      {"outb 0x20 0x0a", "OK"},
      {"inb 0x20", "OK 0x0000"},
      {"clock_step 2000000", "OK 11000000"},
      {"inb 0x20", "OK 0x0001"},
      {"clock_set 10", "OK 11000000"},
  };
  start("");
  for (const Row& row : rows) EXPECT_EQ(test_->ask(row.request), row.reply) << row.request;
  EXPECT_THAT(test_->ask("clock_step"), StartsWith("OK 2000"));
  EXPECT_EQ(end(SIGTERM), 0);
}

// "quit", a test that goes, and the guest's own end.
TEST_F(QtestCommand, EndsWithItsTest) {
  start("");
  EXPECT_EQ(monitor_->ask("{\"execute\":\"quit\"}"), "{\"return\":{}}");
  EXPECT_EQ(end(), 0);
}

TEST_F(QtestCommand, EndsWhenTheTestHasGone) {
  start("");
  monitor_->hang_up();
  EXPECT_EQ(test_->ask("inb 0x71x"), "FAIL 0x71x is no number") << "without QMP it goes on";
  test_->hang_up();
  EXPECT_EQ(end(), 0);
}

TEST_F(QtestCommand, EndsWithTheGuestsStatus) {
  start("");
  EXPECT_EQ(test_->ask("outb 0x501 3"), "OK");
  EXPECT_EQ(end(), 7) << "2v+1, as lowmeg boot";
}

TEST_F(QtestCommand, SpeaksOverStdioWithWhoeverLikes) {
  const Ended ended =
      run("qtest -qtest stdio -m 16", "outl 0xcf8 0x80000000\ninl 0xcfc\nreadb 0xfffffff0\nx\n");
  EXPECT_EQ(ended.exit_status, 0) << ended.err;
  EXPECT_EQ(ended.out, "OK\nOK 0x12378086\nOK 0x00000000000000ea\nFAIL Unknown command 'x'\n");
}

TEST_F(QtestCommand, SaysInOneLineWhatIsWrong) {
  struct Row {
    const char* arguments;
    int exit_status;
    const char* err;
  };
  const Row rows[] = {
      {"qtest", 2, "lowmeg: -qtest is required (see lowmeg qtest --help)\n"},
      {"qtest -qtest stdio -device e1000", 2, "lowmeg: -device is no option (see lowmeg qtest --help)\n"},
      {"qtest -qtest unix:/nowhere", 2, "lowmeg: connecting to /nowhere: No such file or directory\n"},
      {"qtest -qtest stdio -bios /nowhere", 2, "lowmeg: firmware /nowhere: No such file or directory\n"},
      {"qtest -qtest stdio -qtest-log /nowhere/log", 2,
       "lowmeg: -qtest-log /nowhere/log: No such file or directory\n"},
  };
  for (const Row& row : rows) {
    const Ended ended = run(row.arguments);
    EXPECT_EQ(ended.exit_status, row.exit_status) << row.arguments;
    EXPECT_EQ(ended.err, row.err);
    EXPECT_EQ(ended.out, "");
  }
  const Ended endless = run("qtest -qtest stdio", std::string(9 << 20, 'x'));
  EXPECT_EQ(endless.exit_status, 1);
  EXPECT_EQ(endless.err, "lowmeg: what comes from the test is no line of the qtest protocol\n");
}

}  // namespace
