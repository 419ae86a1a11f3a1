#include "vmm/paravisor_process.hpp"

#include <poll.h>

#include <array>
#include <cerrno>

#include "lowmeg/get/unix_transport.hpp"

namespace vmm {

using lowmeg::Result;

Result<std::unique_ptr<ParavisorProcess>> ParavisorProcess::connect(const std::string& path,
                                                                    const Paravisor::Options& options,
                                                                    lowmeg::EventSink& events) {
  auto socket = lowmeg::get::PacketSocket::connect(path);
  if (!socket) return tl::unexpected(socket.error());
  const int fd = socket->fd();
  auto paravisor =
      Paravisor::create(std::make_unique<lowmeg::get::UnixTransport>(std::move(*socket)), options, events);
  if (!paravisor) return tl::unexpected(paravisor.error());
  return std::unique_ptr<ParavisorProcess>(new ParavisorProcess(fd, std::move(*paravisor)));
}

Result<ParavisorProcess::End> ParavisorProcess::run(int stop) {
  for (;;) {
    const auto served = paravisor_->serve(lowmeg::get::Deadline::min());
    if (!served) {
      if (served.error().code == lowmeg::Errc::kClosed) return End::kHostGone;
      return tl::unexpected(served.error());
    }
    if (*served == Paravisor::Served::kSaved) return End::kSaved;
    if (*served == Paravisor::Served::kOrder) continue;
    std::array<pollfd, 2> waited{{{socket_, POLLIN, 0}, {stop, POLLIN, 0}}};
    // SAFETY: two pollfds of ours.
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return lowmeg::fail_errno("poll");
    if (waited[1].revents != 0) return End::kStopped;
  }
}

}  // namespace vmm
