// The door of a VM for its paravisor: a socket at which one may take the seat when it is empty, and a
// successor may ask for it when it is not.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "lowmeg/get/unix_link.hpp"
#include "lowmeg/get/unix_listener.hpp"

namespace lowmeg::get {

/// Runs a thread from listen() until it is destroyed.
class ParavisorServer {
 public:
  struct Options {
    SessionParts parts;                        ///< with a keeper
    std::chrono::milliseconds patience{5000};  ///< how long a paravisor may be silent over an access
  };

  /// Borrows host, seat, parts and sink; the sink is called from the server's thread, and from those that
  /// access.
  static Result<std::unique_ptr<ParavisorServer>> listen(const std::string& path, Host& host,
                                                         ParavisorSeat& seat, EventSink& events,
                                                         const Options& options);
  ~ParavisorServer();

  /// Asks the paravisor, by GET's own means, to save itself and make room for a successor. Returns at once.
  void ask_to_save();

 private:
  // A client that has not said yet who it is.
  struct Candidate {
    PacketSocket socket;
    Deadline deadline;
  };

  ParavisorServer(UnixListener listener, FileDescriptor wake, FileDescriptor epoll, Host& host,
                  ParavisorSeat& seat, EventSink& events, const Options& options);
  Result<void> start();
  void run();
  int milliseconds_to_wait() const;
  void accept();
  void hear_candidate();
  void seat_candidate(Bytes first_message);
  bool make_room(bool take_over);
  void serve_seated();
  void save_seated();
  void forget_seated();
  Result<void> watch(int fd, std::uint32_t events, int operation);
  void say(Severity severity, std::string text);

  UnixListener listener_;
  FileDescriptor wake_;  // an eventfd, readable once something is wanted of the thread
  FileDescriptor epoll_;
  Host& host_;
  ParavisorSeat& seat_;
  EventSink& events_;
  const Options options_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> save_wanted_{false};
  // The thread's own.
  std::optional<Candidate> candidate_;
  std::shared_ptr<UnixLink> seated_;
  EventLimit said_{100};
  std::thread thread_;
};

}  // namespace lowmeg::get
