#include "lowmeg/get/paravisor_server.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

// How long a client may keep the door without saying who it is.
constexpr std::chrono::milliseconds kIntroduction{1000};
// After a failed accept (out of descriptors, say) the knock stays readable: without a pause this would spin.
constexpr int kPauseMs = 100;

}  // namespace

Result<std::unique_ptr<ParavisorServer>> ParavisorServer::listen(const std::string& path, Host& host,
                                                                 ParavisorSeat& seat, EventSink& events,
                                                                 const Options& options) {
  auto listener = UnixListener::listen(path);
  if (!listener) return tl::unexpected(listener.error());
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("eventfd");
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("epoll_create1");
  std::unique_ptr<ParavisorServer> server(new ParavisorServer(std::move(*listener), std::move(wake),
                                                              std::move(epoll), host, seat, events, options));
  if (auto started = server->start(); !started) return tl::unexpected(started.error());
  return server;
}

ParavisorServer::ParavisorServer(UnixListener listener, FileDescriptor wake, FileDescriptor epoll, Host& host,
                                 ParavisorSeat& seat, EventSink& events, const Options& options)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      epoll_(std::move(epoll)),
      host_(host),
      seat_(seat),
      events_(events),
      options_(options) {}

Result<void> ParavisorServer::start() {
  for (const int fd : {listener_.fd(), wake_.get()}) {
    if (auto watched = watch(fd, EPOLLIN, EPOLL_CTL_ADD); !watched) return watched;
  }
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return fail(Errc::kSystem, "no thread for the paravisor's door");
  }
  return {};
}

ParavisorServer::~ParavisorServer() {
  stop_ = true;
  ask_to_save();  // wakes it
  if (thread_.joinable()) thread_.join();
  forget_seated();
}

void ParavisorServer::ask_to_save() {
  save_wanted_ = true;
  const std::uint64_t one = 1;
  // SAFETY: an eventfd takes eight bytes; the counter cannot overflow by such writes.
  static_cast<void>(::write(wake_.get(), &one, sizeof(one)));
}

void ParavisorServer::run() {
  for (;;) {
    std::array<epoll_event, 4> ready{};
    // SAFETY: as many events as the array holds.
    const int count = ::epoll_wait(epoll_.get(), ready.data(), ready.size(), milliseconds_to_wait());
    if (stop_) return;
    if (candidate_ && steady_clock::now() >= candidate_->deadline) {
      say(Severity::kWarning, "a client was hung up on: it did not say who it is");
      candidate_.reset();
    }
    for (const epoll_event& event : std::span(ready).first(static_cast<std::size_t>(std::max(count, 0)))) {
      const int fd = event.data.fd;
      if (fd == wake_.get()) save_seated();
      if (fd == listener_.fd()) accept();
      if (candidate_ && fd == candidate_->socket.fd())
        hear_candidate();
      else if (seated_ && fd == seated_->fd())
        serve_seated();
    }
  }
}

int ParavisorServer::milliseconds_to_wait() const {
  if (!candidate_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(candidate_->deadline - steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void ParavisorServer::accept() {
  auto socket = listener_.accept();
  if (!socket) {
    say(Severity::kWarning, socket.error().message());
    if (socket.error().code == Errc::kSystem) static_cast<void>(::poll(nullptr, 0, kPauseMs));
    return;
  }
  if (!*socket) return;
  if (candidate_) return say(Severity::kWarning, "a client was refused: another one is at the door");
  if (auto watched = watch((*socket)->fd(), EPOLLIN, EPOLL_CTL_ADD); !watched)
    return say(Severity::kWarning, watched.error().message());
  candidate_.emplace(Candidate{std::move(**socket), steady_clock::now() + kIntroduction});
}

void ParavisorServer::hear_candidate() {
  std::array<std::uint8_t, wire::kMaxMessageSize> buffer;
  const auto size = candidate_->socket.receive(buffer, Deadline::min());
  if (!size && size.error().code == Errc::kTimeout) return;
  if (size) seat_candidate(Bytes(buffer).first(*size));
  candidate_.reset();
}

void ParavisorServer::seat_candidate(Bytes first_message) {
  const auto decoded = decode_from_guest(first_message);
  const auto* request = decoded ? std::get_if<Request>(&*decoded) : nullptr;
  const auto* offer = request ? std::get_if<VersionOffer>(request) : nullptr;
  if (!offer) return say(Severity::kWarning, "a client was hung up on: its first message is not VERSION");
  if (!make_room(offer->take_over)) return;
  const int fd = candidate_->socket.fd();
  auto link = std::make_shared<UnixLink>(std::move(candidate_->socket), host_, options_.parts,
                                         options_.patience, [this, fd](UnixLink::Watch use) {
                                           // Nobody else reads while an access is in hand. A hang-up is told
                                           // all the same.
                                           const std::uint32_t events =
                                               use == UnixLink::Watch::kIdle ? std::uint32_t{EPOLLIN} : 0;
                                           static_cast<void>(watch(fd, events, EPOLL_CTL_MOD));
                                         });
  if (auto served = link->serve(first_message); !served)
    return say(Severity::kWarning, served.error().message());
  seated_ = link;
  seat_.take(std::move(link));
}

// Whether the seat is empty now.
bool ParavisorServer::make_room(bool take_over) {
  if (!seated_) return true;
  if (!seated_->peer_has_gone()) {
    if (!take_over) {
      say(Severity::kWarning, "a second paravisor was refused: one is connected");
      return false;
    }
    say(Severity::kInfo, "a paravisor gives way to one that takes over");
  }
  forget_seated();
  return true;
}

void ParavisorServer::serve_seated() {
  if (auto served = seated_->serve_pending(); !served) {
    if (served.error().code != Errc::kClosed) say(Severity::kWarning, served.error().message());
    forget_seated();
  }
}

void ParavisorServer::save_seated() {
  std::uint64_t count = 0;
  // SAFETY: an eventfd gives eight bytes.
  static_cast<void>(::read(wake_.get(), &count, sizeof(count)));
  if (!save_wanted_.exchange(false) || stop_) return;
  if (!seated_) return say(Severity::kWarning, "nobody to save: no paravisor is connected");
  const auto saved = seated_->ask_to_save();
  if (!saved) say(Severity::kWarning, "the paravisor was not saved: " + saved.error().message());
  if (saved && !*saved) say(Severity::kWarning, "the paravisor could not be saved");
}

// It counts as dead: what it had sent is carried out, and only then may a successor come.
void ParavisorServer::forget_seated() {
  if (!seated_) return;
  seated_->cut();
  seated_->drain();
  seat_.leave(seated_);
  static_cast<void>(watch(seated_->fd(), 0, EPOLL_CTL_DEL));
  seated_.reset();
}

Result<void> ParavisorServer::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  // SAFETY: one event of ours.
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? Result<void>{} : fail_errno("epoll_ctl");
}

// At a limited rate: a peer can knock as often as it likes.
void ParavisorServer::say(Severity severity, std::string text) {
  if (!said_.admit()) return;
  events_.event({severity, "get", said_.told(std::move(text))});
}

}  // namespace lowmeg::get
