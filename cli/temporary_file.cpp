#include "cli/temporary_file.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace cli {

lowmeg::Result<TemporaryFile> TemporaryFile::create(std::span<const std::uint8_t> bytes) {
  std::error_code unknown;
  const auto folder = std::filesystem::temp_directory_path(unknown);
  std::string path = ((unknown ? "/tmp" : folder) / "lowmeg-XXXXXX").string();
  const int fd = ::mkstemp(path.data());
  if (fd < 0) return lowmeg::fail_errno(path);
  TemporaryFile file(path);
  // SAFETY: the span is the caller's, and as long as it says.
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  auto failed = lowmeg::fail_errno("could not write " + path);
  const bool closed = ::close(fd) == 0;
  if (written != static_cast<ssize_t>(bytes.size()) || !closed) return failed;
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) static_cast<void>(::unlink(path_.c_str()));
}

}  // namespace cli
