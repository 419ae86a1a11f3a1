// lowmeg boot --gdb with the real gdb, and with who is none.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "tests/command.hpp"

namespace {

using lowmeg::fakes::Command;
using lowmeg::fakes::Ended;
using testing::HasSubstr;

class GdbCommand : public Command {
 protected:
  // The command at "gdb.sock", and beside it gdb with these commands; their output in one.
  Ended boot_under_gdb(const std::string& commands) const {
    std::string gdb = "gdb -nx -batch -ex 'set tcp connect-timeout 30' -ex 'set architecture i8086'";
    gdb += " -ex 'target remote " + (folder_ / "gdb.sock").string() + "'" + commands;
    const std::string wait =
        "for i in $(seq 200); do [ -S " + quoted("gdb.sock") + " ] && break; sleep 0.05; done; ";
    return run_shell("'" LOWMEG_PROGRAM "' boot --gdb unix:" + quoted("gdb.sock") + " >" + quoted("console") +
                     " 2>" + quoted("log") + " & " + wait + gdb + " 2>&1; wait $!");
  }
  std::string log() const { return lowmeg::fakes::contents(folder_ / "log"); }
  std::string console() const { return lowmeg::fakes::contents(folder_ / "console"); }

  // As a boot that was killed leaves it: no hindrance to the next one.
  void leave_stale_socket() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ / "gdb.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
  }
  // A client that says this, waits for an answer if it is to, and goes.
  void talk(const std::string& bytes) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ / "gdb.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    int fd = -1;
    for (int i = 0; i < 200; ++i) {
      fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) break;
      ::close(fd);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    ::close(fd);
  }
};

std::string ex(const std::string& command) {
  return " -ex '" + command + "'";
}

// "Registers, memory as the CPU sees it and as DRAM and ROM hold it, break, step, watch, break pam."
TEST_F(GdbCommand, IsDrivenByTheRealGdb) {
  if (std::system("gdb --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "gdb is not installed";
  const Ended ended = boot_under_gdb(
      ex("printf \"pc %x\\n\", $pc") + ex("x/i $pc") + ex("stepi") + ex("printf \"then %x\\n\", $pc") +
      ex("break *0xfd0b0") + ex("delete") + ex("monitor break pam") + ex("continue") + ex("monitor map") +
      ex("monitor dram f0000 4") + ex("monitor rom f0000 4") + ex("continue") + ex("monitor nobreak pam") +
      ex("watch *(unsigned short*)0x472") + ex("delete") + ex("info registers eax") + ex("detach"));
  EXPECT_EQ(ended.exit_status, 0) << ended.out << log();
  EXPECT_THAT(ended.out, HasSubstr("pc fffffff0"));
  EXPECT_THAT(ended.out, HasSubstr("=> 0xfffffff0:\tljmp   $0xf000,$0xe05b"));
  EXPECT_THAT(ended.out, HasSubstr("then fe05b"));
  EXPECT_THAT(ended.out, HasSubstr("58h 00000010 33333010")) << "what stopped the guest";
  EXPECT_THAT(ended.out, HasSubstr("5Ch 00000000 33333333"));
  EXPECT_THAT(ended.out, HasSubstr("F0000-FFFFF   rw     RAM 000F0000   RAM 000F0000"));
  EXPECT_THAT(console(), HasSubstr("No bootable device")) << "the guest went on";
  EXPECT_THAT(log(), HasSubstr("lowmeg: gdb: gdb has detached; the guest goes on\n"));
}

TEST_F(GdbCommand, StopsAtBreakpointsAndWatches) {
  if (std::system("gdb --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "gdb is not installed";
  const Ended ended = boot_under_gdb(ex("break *0xfe05b") + ex("continue") + ex("delete") +
                                     ex("watch *(unsigned int*)0x4") + ex("continue") + ex("kill"));
  EXPECT_EQ(ended.exit_status, 1) << ended.out << log();
  EXPECT_THAT(ended.out, HasSubstr("Breakpoint 1, 0x000fe05b in ?? ()"));
  EXPECT_THAT(ended.out, HasSubstr("Hardware watchpoint 2: *(unsigned int*)0x4"));
  EXPECT_THAT(ended.out, HasSubstr("New value = "));
  EXPECT_THAT(log(), HasSubstr("lowmeg: gdb has killed the guest\n"));
}

// "gdb that sends garbage or goes: one line; the guest goes on."
TEST_F(GdbCommand, OutlivesWhoIsNoGdb) {
  struct Row {
    std::string bytes, line;
  };
  const Row rows[] = {
      {"", "gdb has gone; the guest goes on"},
      {"GET / HTTP/1.0\r\n\r\n", "gdb has gone; the guest goes on"},
      {"$" + std::string(5000, 'm'), "what comes from gdb is no packet; the guest goes on"},
      {"$c#63", "gdb has gone; the guest goes on"},
  };
  leave_stale_socket();
  for (const Row& row : rows) {
    std::thread client([&] { talk(row.bytes); });
    const Ended ended = run("boot --gdb unix:" + quoted("gdb.sock"));
    client.join();
    EXPECT_EQ(ended.exit_status, 0) << row.bytes.substr(0, 20) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("lowmeg: gdb: " + row.line + "\n"));
    EXPECT_THAT(ended.out, HasSubstr("No bootable device"));
  }
}

}  // namespace
