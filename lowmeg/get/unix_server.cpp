#include "lowmeg/get/unix_server.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

// How long a client may keep the door without saying who it is, at most.
constexpr std::chrono::milliseconds kIntroduction{1000};
// After a failed accept (out of descriptors, say) the knock stays readable: without a pause this would spin.
constexpr int kPauseMs = 100;

}  // namespace

Result<std::unique_ptr<UnixServer>> UnixServer::listen(const std::string& path, Host& host, EventSink& events,
                                                       const Options& options) {
  auto listener = UnixListener::listen(path);
  if (!listener) return tl::unexpected(listener.error());
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("eventfd");
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("epoll_create1");
  std::unique_ptr<UnixServer> server(
      new UnixServer(std::move(*listener), std::move(wake), std::move(epoll), host, events, options));
  if (auto started = server->start(); !started) return tl::unexpected(started.error());
  return server;
}

UnixServer::UnixServer(UnixListener listener, FileDescriptor wake, FileDescriptor epoll, Host& host,
                       EventSink& events, const Options& options)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      epoll_(std::move(epoll)),
      host_(host),
      events_(events),
      options_(options) {}

Result<void> UnixServer::start() {
  for (const int fd : {listener_.fd(), wake_.get()}) {
    if (auto watched = watch(fd, EPOLLIN, EPOLL_CTL_ADD); !watched) return watched;
  }
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return fail(Errc::kSystem, "no thread for the GET host");
  }
  return {};
}

UnixServer::~UnixServer() {
  stop_ = true;
  ask_to_save();  // wakes it
  {
    const std::lock_guard lock(mutex_);
    if (seated_) seated_->cut();  // it may be amid an answer to a client that takes none
  }
  if (thread_.joinable()) thread_.join();
  forget_seated();
}

void UnixServer::ask_to_save() {
  save_wanted_ = true;
  ::eventfd_write(wake_.get(), 1);  // cannot fail: the counter is far from its end
}

void UnixServer::run() {
  for (;;) {
    std::array<epoll_event, 4> ready{};
    // SAFETY: as many events as the array holds.
    const int count = ::epoll_wait(epoll_.get(), ready.data(), ready.size(), milliseconds_to_wait());
    if (stop_) return;
    for (const epoll_event& event : std::span(ready).first(static_cast<std::size_t>(std::max(count, 0)))) {
      const int fd = event.data.fd;
      if (fd == wake_.get()) save_seated();
      if (fd == listener_.fd()) accept();
      if (candidate_ && fd == candidate_->socket.fd())
        hear_candidate();
      else if (seated_ && fd == seated_->fd())
        serve_seated();
    }
    give_up_the_late();
  }
}

void UnixServer::give_up_the_late() {
  const auto now = steady_clock::now();
  if (candidate_ && now >= candidate_->deadline) {
    say(Severity::kWarning, "a client was given up: it did not say who it is");
    candidate_.reset();
  }
  if (now < seated_owes_until_) return;
  seated_owes_until_ = Deadline::max();
  if (!seated_ || !seated_->owes()) return;
  say(Severity::kWarning, "a client was given up: it broke off");
  forget_seated();
}

int UnixServer::milliseconds_to_wait() const {
  const Deadline next = std::min(candidate_ ? candidate_->deadline : Deadline::max(), seated_owes_until_);
  if (next == Deadline::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

void UnixServer::accept() {
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
  candidate_.emplace(
      Candidate{std::move(**socket), steady_clock::now() + std::min(options_.patience, kIntroduction)});
}

void UnixServer::hear_candidate() {
  std::array<std::uint8_t, wire::kMaxMessageSize> buffer{};
  const auto size = candidate_->socket.receive(buffer, Deadline::min());
  if (!size && size.error().code == Errc::kTimeout) return;
  if (size) seat_candidate(Bytes(buffer).first(*size));
  candidate_.reset();
}

void UnixServer::seat_candidate(Bytes first_message) {
  const auto decoded = decode_from_guest(first_message);
  const auto* request = decoded ? std::get_if<Request>(&*decoded) : nullptr;
  const auto* offer = request ? std::get_if<VersionOffer>(request) : nullptr;
  if (!make_room(offer && offer->take_over)) return;
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
    return say(Severity::kWarning, "a client was given up: " + served.error().message());
  set_seated(link);
  if (options_.seat) options_.seat->take(std::move(link));
}

// Whether the seat is empty now.
bool UnixServer::make_room(bool take_over) {
  if (!seated_) return true;
  if (!seated_->peer_has_gone()) {
    if (!take_over) {
      say(Severity::kWarning, "a second client was refused: one is connected");
      return false;
    }
    say(Severity::kInfo, "a client gives way to one that takes over");
  }
  forget_seated();
  return true;
}

void UnixServer::serve_seated() {
  const auto served = seated_->serve_pending();
  if (served) {
    seated_owes_until_ =
        *served == UnixLink::Debt::kSomething ? steady_clock::now() + options_.patience : Deadline::max();
    return;
  }
  if (served.error().code != Errc::kClosed)
    say(Severity::kWarning, "a client was given up: " + served.error().message());
  forget_seated();
}

void UnixServer::set_seated(std::shared_ptr<UnixLink> link) {
  const std::lock_guard lock(mutex_);
  seated_ = std::move(link);
  seated_owes_until_ = Deadline::max();
}

void UnixServer::save_seated() {
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
  if (!save_wanted_.exchange(false) || stop_) return;
  if (!seated_) return say(Severity::kWarning, "nobody to save: no paravisor is connected");
  const auto saved = seated_->ask_to_save();
  if (!saved) say(Severity::kWarning, "the paravisor was not saved: " + saved.error().message());
  if (saved && !*saved) say(Severity::kWarning, "the paravisor could not be saved");
}

// It counts as dead: what it had sent is carried out, and only then may a successor come.
void UnixServer::forget_seated() {
  if (!seated_) return;
  seated_->cut();
  seated_->drain();
  if (options_.seat) options_.seat->leave(seated_);
  static_cast<void>(watch(seated_->fd(), 0, EPOLL_CTL_DEL));
  set_seated(nullptr);
}

Result<void> UnixServer::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  // SAFETY: one event of ours.
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? Result<void>{} : fail_errno("epoll_ctl");
}

// At a limited rate: a peer can knock as often as it likes.
void UnixServer::say(Severity severity, std::string text) {
  if (!said_.admit()) return;
  events_.event({severity, "get", said_.told(std::move(text))});
}

}  // namespace lowmeg::get
