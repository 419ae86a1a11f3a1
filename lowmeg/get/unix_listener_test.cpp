#include "lowmeg/get/unix_listener.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <fstream>
#include <mutex>
#include <thread>

#include "lowmeg/core/socket_address.hpp"
#include "lowmeg/get/stale_socket.hpp"
#include "tests/fakes/temp_folder.hpp"

namespace lowmeg::get {
namespace {

namespace fs = std::filesystem;
using fakes::TempFolder;
using testing::HasSubstr;

// A socket file with nobody behind it, as a killed host leaves it.
void leave_stale_socket(const std::string& path, int type = SOCK_SEQPACKET) {
  const FileDescriptor fd(::socket(AF_UNIX, type, 0));
  const auto address = SocketAddress::make(path).value();
  ASSERT_EQ(::bind(fd.get(), address.get(), SocketAddress::size()), 0);
}

struct UnixListenerTest : testing::Test {
  Result<UnixListener> listen() const { return UnixListener::listen(path); }
  struct stat status() const {
    struct stat result{};
    EXPECT_EQ(::lstat(path.c_str(), &result), 0);
    return result;
  }
  std::string refusal() const {
    const auto listener = listen();
    return listener ? "none" : listener.error().message();
  }
  TempFolder folder;
  std::string path = folder.file("get");
};

// "Path with mode 0600", whatever the umask is.
TEST_F(UnixListenerTest, MakesAFileForItsOwnerAlone) {
  for (const mode_t umask_value : {0u, 022u, 077u}) {
    const mode_t before = ::umask(umask_value);
    const auto listener = listen();
    ::umask(before);
    ASSERT_TRUE(listener);
    EXPECT_TRUE(S_ISSOCK(status().st_mode));
    EXPECT_EQ(status().st_mode & 07777, 0600u) << umask_value;
    EXPECT_EQ(listener->path(), path);
  }
}

TEST_F(UnixListenerTest, TakesConnections) {
  auto listener = listen().value();
  EXPECT_FALSE(listener.accept().value().has_value()) << "nobody is there: it does not wait";
  auto client = PacketSocket::connect(path).value();
  auto served = listener.accept().value();
  ASSERT_TRUE(served.has_value());
  const std::uint8_t packet[] = {1, 2, 3};
  std::uint8_t buffer[8];
  ASSERT_TRUE(client.send(packet, Deadline::max()));
  EXPECT_EQ(served->receive(buffer, Deadline::max()), 3u);
}

// "Stale socket files handled": one that a dead host left behind is replaced.
TEST_F(UnixListenerTest, ReplacesAStaleSocket) {
  leave_stale_socket(path);
  const auto listener = listen();
  ASSERT_TRUE(listener) << listener.error().message();
  EXPECT_TRUE(PacketSocket::connect(path));
}

// "Where a host still listens nothing is touched and the error says so."
TEST_F(UnixListenerTest, LeavesALiveHostAlone) {
  auto first = listen().value();
  const auto inode = status().st_ino;
  EXPECT_EQ(refusal(), "another host listens at " + path);
  EXPECT_EQ(status().st_ino, inode);
  while (first.accept().value().has_value()) {
  }  // the second one's look
  const auto client = PacketSocket::connect(path);
  ASSERT_TRUE(client);
  EXPECT_TRUE(first.accept().value().has_value());
}

// The same of one that hangs with a full queue: neither it nor a client waits for ever.
TEST_F(UnixListenerTest, DoesNotWaitForAHostThatAcceptsNobody) {
  const auto first = listen().value();
  std::vector<PacketSocket> waiting;
  for (auto client = PacketSocket::connect(path); client; client = PacketSocket::connect(path)) {
    waiting.push_back(std::move(*client));
    ASSERT_LT(waiting.size(), 1000u);
  }
  EXPECT_THAT(PacketSocket::connect(path).error().message(), HasSubstr("connect to " + path));
  EXPECT_EQ(refusal(), "another host listens at " + path);
}

// Many hosts started at once where a dead one left its socket: one serves, and is reached.
TEST_F(UnixListenerTest, LetsOneOfManyListen) {
  constexpr int kRounds = 20, kHosts = 16;
  for (int round = 0; round < kRounds; ++round) {
    leave_stale_socket(path);
    std::vector<Result<UnixListener>> listeners;
    std::mutex mutex;
    std::barrier start(kHosts);
    std::vector<std::thread> hosts;
    for (int i = 0; i < kHosts; ++i) {
      hosts.emplace_back([&] {
        start.arrive_and_wait();
        auto listener = listen();
        const std::lock_guard lock(mutex);
        listeners.push_back(std::move(listener));
      });
    }
    for (std::thread& host : hosts) host.join();
    int serving = 0;
    for (auto& listener : listeners) {
      if (!listener) {
        EXPECT_EQ(listener.error().message(), "another host listens at " + path);
        continue;
      }
      ++serving;
      EXPECT_TRUE(PacketSocket::connect(path));
      EXPECT_TRUE(listener->accept().value().has_value());
    }
    EXPECT_EQ(serving, 1);
    listeners.clear();
    EXPECT_TRUE(fs::is_empty(folder.path())) << "neither socket nor lock is left";
  }
}

// A killed host leaves its lock's file, which nobody holds.
TEST_F(UnixListenerTest, IsNotHinderedByTheFileOfALock) {
  std::ofstream(path + ".lock") << "";
  EXPECT_TRUE(listen());
}

// "Where the path is something else than a socket, nothing is touched and the error says so."
TEST_F(UnixListenerTest, TouchesNothingThatIsNoSocket) {
  std::ofstream(path) << "precious";
  EXPECT_EQ(refusal(), path + " is there already and is no socket");
  EXPECT_TRUE(fs::is_regular_file(path));
  EXPECT_EQ(fs::file_size(path), 8u);
  fs::remove(path);

  fs::create_directory(path);
  EXPECT_EQ(refusal(), path + " is there already and is no socket");
  EXPECT_TRUE(fs::is_directory(path));
  fs::remove(path);

  leave_stale_socket(folder.file("elsewhere"));
  fs::create_symlink("elsewhere", path);
  EXPECT_EQ(refusal(), path + " is there already and is no socket") << "nor does it follow links";
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_TRUE(fs::is_socket(folder.file("elsewhere")));
}

TEST_F(UnixListenerTest, LeavesAnotherKindOfServerAlone) {
  const FileDescriptor stream(::socket(AF_UNIX, SOCK_STREAM, 0));
  const auto address = SocketAddress::make(path).value();
  ASSERT_EQ(::bind(stream.get(), address.get(), SocketAddress::size()), 0);
  ASSERT_EQ(::listen(stream.get(), 1), 0);
  const auto inode = status().st_ino;
  EXPECT_THAT(refusal(), HasSubstr("another host listens at " + path));
  EXPECT_EQ(status().st_ino, inode);
}

TEST_F(UnixListenerTest, SaysWhyItCannotListen) {
  struct Row {
    std::string path, says;
  };
  const Row rows[] = {
      {"", "socket path '': empty"},
      {std::string(108, 'x'), "longer than 107 characters"},
      {folder.file("no-such-folder/get"), "No such file or directory"},
  };
  for (const Row& row : rows) {
    const auto listener = UnixListener::listen(row.path);
    ASSERT_FALSE(listener) << row.path;
    EXPECT_THAT(listener.error().message(), HasSubstr(row.says));
    EXPECT_THAT(listener.error().message(), testing::Not(HasSubstr("\n")));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

// "Removes the file, if it is still the one that was made": once, and by the owner of the descriptor.
TEST_F(UnixListenerTest, RemovesItsFileAtTheEnd) {
  {
    auto listener = listen().value();
    {
      const UnixListener owner = std::move(listener);
      EXPECT_TRUE(fs::exists(path));
    }
    EXPECT_FALSE(fs::exists(path));
    leave_stale_socket(path);
  }
  EXPECT_TRUE(fs::exists(path)) << "one that was moved from owns nothing";
}

TEST_F(UnixListenerTest, LeavesAFileThatSomebodyElsePutThere) {
  for (const bool a_socket : {false, true}) {
    {
      const auto listener = listen().value();
      fs::remove(path);
      if (a_socket)
        leave_stale_socket(path);
      else
        std::ofstream(path) << "somebody's";
    }
    EXPECT_TRUE(fs::exists(path)) << a_socket;
    fs::remove(path);
  }
  {
    const auto listener = listen().value();
    fs::remove(path);
  }
  EXPECT_FALSE(fs::exists(path));
}

// "The peer's credentials checked": even where the file's mode would let another user in.
TEST_F(UnixListenerTest, HangsUpOnAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  auto listener = listen().value();
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0711), 0);
  const auto address = SocketAddress::make(path).value();
  const pid_t child = ::fork();
  if (child == 0) {  // nothing but system calls: the parent may have threads
    const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
    const bool connected = ::setuid(65534) == 0 && ::connect(fd, address.get(), SocketAddress::size()) == 0;
    char byte;
    ::_exit(connected && ::recv(fd, &byte, 1, 0) <= 0 ? 0 : 1);
  }
  auto accepted = listener.accept();
  for (; accepted && !*accepted; accepted = listener.accept()) ::usleep(1000);
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error(), (Error{Errc::kProtocol, "a client of user 65534 was refused", 0}));
  int exit_status = -1;
  ASSERT_EQ(::waitpid(child, &exit_status, 0), child);
  EXPECT_EQ(exit_status, 0);
}

// And the other way round: what a host of another user says is not believed.
TEST_F(UnixListenerTest, IsNotTrustedByAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  const auto address = SocketAddress::make(path).value();
  const FileDescriptor fd(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
  ASSERT_EQ(::bind(fd.get(), address.get(), SocketAddress::size()), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  const pid_t child = ::fork();
  if (child == 0) {  // nothing but system calls; the peer's user is the one that called listen(2)
    ::_exit(::setuid(65534) == 0 && ::listen(fd.get(), 1) == 0 ? 0 : 1);
  }
  int exit_status = -1;
  ASSERT_EQ(::waitpid(child, &exit_status, 0), child);
  ASSERT_EQ(exit_status, 0);
  const auto connected = PacketSocket::connect(path);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error(),
            (Error{Errc::kProtocol, "the host at " + path + " is of user 65534, and not trusted", 0}));
}

// Others than GET hosts listen at paths, too, and for another type of socket: who is gone makes room, who
// lives does not.
TEST_F(UnixListenerTest, MakesRoomForOtherTypesOfSocketsToo) {
  for (const int type : {SOCK_SEQPACKET, SOCK_STREAM}) {
    leave_stale_socket(path, type);
    EXPECT_TRUE(remove_stale_socket(path, SOCK_STREAM) || type == SOCK_SEQPACKET);
    EXPECT_TRUE(remove_stale_socket(path, type));
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
    EXPECT_TRUE(remove_stale_socket(path, type)) << "nothing is there";
  }
  const auto living = listen();
  ASSERT_TRUE(living);
  for (const int type : {SOCK_SEQPACKET, SOCK_STREAM})
    EXPECT_THAT(remove_stale_socket(path, type).error().message(), HasSubstr("another host listens at"));
}

}  // namespace
}  // namespace lowmeg::get
