// Serves a Host at a socket: one thread accepts, one serves the client; a second client is refused.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "lowmeg/get/host_session.hpp"
#include "lowmeg/get/unix_listener.hpp"

namespace lowmeg::get {

/// A client that owes its version, the rest of a batch, or to take its answers is given up after this.
inline constexpr std::chrono::milliseconds kClientPatience{5000};

/// Runs from listen() until it is destroyed. The host keeps its ranges when a client goes, and when the
/// server does.
class UnixServer {
 public:
  /// Borrows host and sink; the sink is called from the server's threads.
  static Result<std::unique_ptr<UnixServer>> listen(const std::string& path, Host& host, EventSink& events,
                                                    Batches batches = Batches::kOffered,
                                                    std::chrono::milliseconds patience = kClientPatience);
  ~UnixServer();

 private:
  UnixServer(UnixListener listener, FileDescriptor stop, Host& host, EventSink& events, Batches batches,
             std::chrono::milliseconds patience);
  void accept_clients();
  void admit(PacketSocket socket);
  bool client_has_gone();
  void serve(PacketSocket& socket);
  void say(std::string text);

  UnixListener listener_;
  FileDescriptor stop_;  // an eventfd, readable once the server is to end
  Host& host_;
  EventSink& events_;
  const Batches batches_;
  const std::chrono::milliseconds patience_;

  std::mutex say_mutex_;  // guards the two below
  std::chrono::steady_clock::time_point said_since_{};
  unsigned said_ = 0;  // and what was not, since said_since_

  std::mutex mutex_;  // guards client_
  std::shared_ptr<PacketSocket> client_;
  std::atomic<bool> serving_ = false;
  std::thread client_thread_;  // the accepting thread's own
  std::thread accept_thread_;
};

}  // namespace lowmeg::get
