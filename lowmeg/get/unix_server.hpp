// Serves a Host at a socket, to one client at a time; another one is refused, but for a successor that asks
// to take over. In split mode the client is the VM's paravisor, and has a seat.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "lowmeg/get/unix_link.hpp"
#include "lowmeg/get/unix_listener.hpp"

namespace lowmeg::get {

/// A client that owes its version, the rest of a batch, or to take its answers is given up after this.
inline constexpr std::chrono::milliseconds kClientPatience{5000};

/// Runs a thread from listen() until it is destroyed. The host keeps its ranges when a client goes, and when
/// the server does.
class UnixServer {
 public:
  struct Options {
    SessionParts parts = {};
    /// Where the client is handed the guest's accesses; parts has a keeper then. Null: it only asks.
    ParavisorSeat* seat = nullptr;
    /// How long a client may owe something, and a paravisor be silent over an access.
    std::chrono::milliseconds patience = kClientPatience;
  };

  /// Borrows host, seat, parts and sink; the sink is called from the server's thread, and from those that
  /// access.
  static Result<std::unique_ptr<UnixServer>> listen(const std::string& path, Host& host, EventSink& events,
                                                    const Options& options);
  ~UnixServer();

  /// Asks the paravisor, by GET's own means, to save itself and make room for a successor. Returns at once.
  void ask_to_save();

 private:
  // A client that has not said yet who it is.
  struct Candidate {
    PacketSocket socket;
    Deadline deadline;
  };

  UnixServer(UnixListener listener, FileDescriptor wake, FileDescriptor epoll, Host& host, EventSink& events,
             const Options& options);
  Result<void> start();
  void run();
  int milliseconds_to_wait() const;
  void accept();
  void give_up_the_late();
  void hear_candidate();
  void seat_candidate(Bytes first_message);
  bool make_room(bool take_over);
  void serve_seated();
  void save_seated();
  void forget_seated();
  void set_seated(std::shared_ptr<UnixLink> link);
  Result<void> watch(int fd, std::uint32_t events, int operation);
  void say(Severity severity, std::string text);

  UnixListener listener_;
  FileDescriptor wake_;  // an eventfd, readable once something is wanted of the thread
  FileDescriptor epoll_;
  Host& host_;
  EventSink& events_;
  const Options options_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> save_wanted_{false};
  // The thread's own.
  std::optional<Candidate> candidate_;
  Deadline seated_owes_until_ = Deadline::max();
  std::mutex mutex_;  // of the thread's writes to seated_, and others' looks
  std::shared_ptr<UnixLink> seated_;
  EventLimit said_{16};
  std::thread thread_;
};

}  // namespace lowmeg::get
