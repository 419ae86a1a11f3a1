// A lock that says who serves at a path, so that of many hosts started at once exactly one does.
#pragma once

#include <string>

#include "lowmeg/get/packet_socket.hpp"

namespace lowmeg::get {

/// Holds a flock(2) on PATH.lock until it is destroyed, which removes the file; a process that is killed lets
/// the lock go and leaves the file behind, which is no hindrance.
class PathLock {
 public:
  /// kInvalidArgument when another process has it: "another host listens at PATH".
  static Result<PathLock> take(const std::string& path);
  PathLock(PathLock&& other) noexcept = default;
  PathLock& operator=(PathLock&&) = delete;
  ~PathLock();

 private:
  PathLock(FileDescriptor fd, std::string file) : fd_(std::move(fd)), file_(std::move(file)) {}
  bool is_of_the_file() const;

  FileDescriptor fd_;
  std::string file_;
};

}  // namespace lowmeg::get
