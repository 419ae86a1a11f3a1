#include "vmm/whole_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lowmeg/get/packet_socket.hpp"

namespace vmm {

using lowmeg::fail_errno;
using lowmeg::Result;
using lowmeg::get::FileDescriptor;

namespace {

Result<void> write_all(int fd, std::span<const std::uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    // SAFETY: reads just these bytes.
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write " + path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0 ? Result<void>{} : fail_errno("fsync " + path);
}

}  // namespace

Result<void> write_whole_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  std::string other = path + ".XXXXXX";
  // SAFETY: mkostemp writes within the string; the descriptor is owned at once.
  const FileDescriptor fd(::mkostemp(other.data(), O_CLOEXEC));
  if (!fd) return fail_errno("create " + other);
  auto written = write_all(fd.get(), bytes, path);
  if (written && ::rename(other.c_str(), path.c_str()) != 0) written = fail_errno("rename to " + path);
  if (!written) ::unlink(other.c_str());
  return written;
}

Result<std::vector<std::uint8_t>> read_whole_file(const std::string& path) {
  // SAFETY: the descriptor is owned at once.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path);
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat " + path);
  if (!S_ISREG(status.st_mode)) return lowmeg::fail(lowmeg::Errc::kInvalidArgument, path + " is no file");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    // SAFETY: writes no more than what is left of the buffer.
    const ssize_t size = ::read(fd.get(), bytes.data() + at, bytes.size() - at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno("read " + path);
    if (size == 0) bytes.resize(at);  // it has been cut meanwhile
    at += static_cast<std::size_t>(size);
  }
  return bytes;
}

}  // namespace vmm
