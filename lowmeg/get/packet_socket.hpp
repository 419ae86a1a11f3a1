// A connected AF_UNIX SEQPACKET socket: whole messages, each call with a deadline.
//
// GET has no length field, so the socket's packets are the framing (unix(7)). An empty packet cannot be told
// from the peer's going, and is taken for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "lowmeg/core/result.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg::get {

/// Owns a descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The user at the other end of a connected socket, if it is neither this process's nor root. Of one that
/// was connected to a listener: who listens.
Result<std::optional<unsigned>> stranger_at(const FileDescriptor& socket);

/// One thread at a time for each direction.
class PacketSocket {
 public:
  explicit PacketSocket(FileDescriptor fd) : fd_(std::move(fd)) {}

  /// Connects to a listener at `path`, without waiting: kSystem with the reason (EAGAIN when too many wait
  /// there already), kInvalidArgument for a path too long for a socket.
  static Result<PacketSocket> connect(const std::string& path);
  /// Two sockets connected to each other.
  static Result<std::pair<PacketSocket, PacketSocket>> pair();

  /// kTimeout when the peer's queue stays full, kClosed when it has gone.
  Result<void> send(std::span<const std::uint8_t> packet, Deadline deadline);
  /// The size of the packet, copied to `buffer`; kProtocol for one that is larger than that.
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline);
  /// Whether the peer has closed its end; packets that it sent before may still lie here. Thread-safe.
  bool peer_has_gone() const;
  /// Wakes whoever waits in send or receive, here and at the peer; thread-safe.
  void shut_down();

  int fd() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

}  // namespace lowmeg::get
