// The socket file that a GET host listens at: mode 0600, and only for its owner's processes.
#pragma once

#include <optional>
#include <string>

#include "lowmeg/get/packet_socket.hpp"
#include "lowmeg/get/path_lock.hpp"

namespace lowmeg::get {

/// One thread at a time.
class UnixListener {
 public:
  /// Makes the socket file. One that a dead host left behind is replaced; where a host still listens, or
  /// where the path is something else than a socket, nothing is touched and the error says so.
  static Result<UnixListener> listen(const std::string& path);

  UnixListener(UnixListener&& other) noexcept = default;
  UnixListener& operator=(UnixListener&&) = delete;
  /// Removes the file, if it is still the one that was made.
  ~UnixListener();

  /// The next connection, once fd() is readable. None when the peer has gone again; kProtocol, one line, when
  /// the peer is neither of this user nor root, and it has been hung up on.
  Result<std::optional<PacketSocket>> accept();

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  UnixListener(PathLock lock, FileDescriptor fd, std::string path)
      : lock_(std::move(lock)), fd_(std::move(fd)), path_(std::move(path)) {}
  Result<void> remember_file();

  PathLock lock_;  // outlives the socket file
  FileDescriptor fd_;
  std::string path_;
  unsigned long device_ = 0, inode_ = 0;  // of the file that was made; 0 0 until then
};

}  // namespace lowmeg::get
