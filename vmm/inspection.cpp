#include "vmm/inspection.hpp"

#include <vector>

namespace vmm {
namespace {

using lowmeg::Result;
using lowmeg::get::PacketSocket;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetween{20};
constexpr std::chrono::seconds kPatience{5};
constexpr std::size_t kPacket = 32768;

}  // namespace

Result<InspectionDesk> InspectionDesk::open(const std::string& path, lowmeg::EventSink& events) {
  auto listener = lowmeg::get::UnixListener::listen(path);
  if (!listener) return tl::unexpected(listener.error());
  return InspectionDesk(std::move(*listener), events);
}

void InspectionDesk::attend(const std::function<std::string()>& look) {
  const auto now = steady_clock::now();
  if (now < next_) return;
  next_ = now + kBetween;
  auto comer = listener_.accept();
  if (!comer) return events_->event({lowmeg::Severity::kWarning, "inspect", comer.error().message()});
  if (!*comer) return;
  const std::string text = look();
  for (std::size_t at = 0; at < text.size(); at += kPacket) {
    const std::string part = text.substr(at, kPacket);
    const std::vector<std::uint8_t> packet(part.begin(), part.end());
    if (!(*comer)->send(packet, steady_clock::now())) return;
  }
}

Result<std::string> inspect(const std::string& path) {
  auto socket = PacketSocket::connect(path);
  if (!socket) return tl::unexpected(socket.error());
  std::string text;
  std::vector<std::uint8_t> buffer(kPacket);
  for (;;) {
    const auto size = socket->receive(buffer, steady_clock::now() + kPatience);
    if (size) {
      text.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size));
    } else if (size.error().code == lowmeg::Errc::kClosed && !text.empty()) {
      return text;
    } else {
      return tl::unexpected(size.error());
    }
  }
}

}  // namespace vmm
