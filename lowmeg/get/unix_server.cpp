#include "lowmeg/get/unix_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace lowmeg::get {
namespace {

// After a failed accept (out of descriptors, say) the knock stays readable: without a pause this would spin.
constexpr int kPauseMs = 100;

// False when the system has no thread for it.
template <typename Work>
bool start(std::thread& thread, Work work) {
  try {
    thread = std::thread(std::move(work));
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace

Result<std::unique_ptr<UnixServer>> UnixServer::listen(const std::string& path, Host& host, EventSink& events,
                                                       Batches batches, std::chrono::milliseconds patience) {
  auto listener = UnixListener::listen(path);
  if (!listener) return tl::unexpected(listener.error());
  FileDescriptor stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return fail_errno("eventfd");
  std::unique_ptr<UnixServer> server(
      new UnixServer(std::move(*listener), std::move(stop), host, events, batches, patience));
  if (!start(server->accept_thread_, [raw = server.get()] { raw->accept_clients(); })) {
    return fail(Errc::kSystem, "no thread for the GET host");
  }
  return server;
}

UnixServer::UnixServer(UnixListener listener, FileDescriptor stop, Host& host, EventSink& events,
                       Batches batches, std::chrono::milliseconds patience)
    : listener_(std::move(listener)),
      stop_(std::move(stop)),
      host_(host),
      events_(events),
      batches_(batches),
      patience_(patience) {}

UnixServer::~UnixServer() {
  const std::uint64_t one = 1;
  // SAFETY: an eventfd takes eight bytes; the counter cannot overflow by one write.
  static_cast<void>(::write(stop_.get(), &one, sizeof(one)));
  if (accept_thread_.joinable()) accept_thread_.join();
}

void UnixServer::accept_clients() {
  for (;;) {
    std::array<pollfd, 2> waited{{{listener_.fd(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    // SAFETY: two pollfds of ours.
    if (::poll(waited.data(), waited.size(), -1) < 0) continue;
    if (waited[1].revents != 0) break;
    auto socket = listener_.accept();
    if (!socket) {
      const bool is_ours = socket.error().code == Errc::kSystem;
      say(socket.error().message());
      if (is_ours) static_cast<void>(::poll(&waited[1], 1, kPauseMs));
    } else if (*socket) {
      admit(std::move(**socket));
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (client_) client_->shut_down();
  }
  if (client_thread_.joinable()) client_thread_.join();
}

void UnixServer::admit(PacketSocket socket) {
  if (serving_ && !client_has_gone()) {
    say("a second client was refused: one is connected");
    return;
  }
  // One that has just gone may still be served: what it asked for last counts, and is done before the next.
  if (client_thread_.joinable()) client_thread_.join();
  auto client = std::make_shared<PacketSocket>(std::move(socket));
  {
    const std::lock_guard lock(mutex_);
    client_ = client;
  }
  serving_ = true;
  const auto serve_to_the_end = [this, client] {
    serve(*client);
    const std::lock_guard lock(mutex_);
    client_.reset();
    serving_ = false;
  };
  if (start(client_thread_, serve_to_the_end)) return;
  {
    const std::lock_guard lock(mutex_);
    client_.reset();  // closes the connection
  }
  serving_ = false;
  say("a client was refused: no thread to serve it");
}

bool UnixServer::client_has_gone() {
  const std::lock_guard lock(mutex_);
  return !client_ || client_->peer_has_gone();
}

void UnixServer::serve(PacketSocket& socket) {
  HostSession session(host_, batches_);
  std::vector<std::uint8_t> buffer(wire::kMaxMessageSize);
  for (;;) {
    const auto soon = std::chrono::steady_clock::now() + patience_;
    const auto size = socket.receive(buffer, session.expects_more() ? soon : Deadline::max());
    if (!size) {
      if (size.error().code == Errc::kTimeout) say("a client was given up: it broke off");
      if (size.error().code != Errc::kClosed && size.error().code != Errc::kTimeout)
        say(size.error().message());
      return;
    }
    const auto answers = session.handle(Bytes(buffer).first(*size));
    if (!answers) return say("a client was given up: " + answers.error().message());
    for (const Message& answer : *answers) {
      const auto sent = socket.send(answer.bytes(), std::chrono::steady_clock::now() + patience_);
      if (!sent) return say("a client was given up: " + sent.error().message());
    }
  }
}

// At a limited rate: a peer can knock as often as it likes.
void UnixServer::say(std::string text) {
  constexpr unsigned kLines = 8;
  constexpr std::chrono::seconds kInterval{10};
  {
    const std::lock_guard lock(say_mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - said_since_ >= kInterval) {
      if (said_ > kLines) text += fmt::format(" ({} lines before it were not told)", said_ - kLines);
      said_since_ = now;
      said_ = 0;
    }
    if (++said_ > kLines) return;
  }
  events_.event({Severity::kWarning, "get", std::move(text)});
}

}  // namespace lowmeg::get
