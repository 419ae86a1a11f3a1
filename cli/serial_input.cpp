#include "cli/serial_input.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace cli {
namespace {

bool is_file(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

SerialInput::SerialInput(int fd, vmm::Timing timing) : fd_(fd) {
  if (timing == vmm::Timing::kDeterministic) {
    open_ = is_file(fd);
  } else if (isatty(fd) == 1) {
    terminal_ = RawTerminal::take(fd);
    open_ = terminal_ != nullptr;
  }
}

std::size_t SerialInput::read(std::span<std::uint8_t> to) {
  pollfd ready{fd_, POLLIN, 0};
  if (!open_ || ::poll(&ready, 1, 0) <= 0) return 0;
  const ssize_t got = ::read(fd_, to.data(), to.size());
  if (got > 0) return static_cast<std::size_t>(got);
  // The end, or an error that will not mend: the guest's keyboard is unplugged.
  open_ = got < 0 && (errno == EINTR || errno == EAGAIN);
  return 0;
}

}  // namespace cli
