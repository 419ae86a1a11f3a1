#include "lowmeg/get/path_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace lowmeg::get {

Result<PathLock> PathLock::take(const std::string& path) {
  constexpr mode_t kOwnerOnly = 0600;
  for (;;) {
    std::string file = path + ".lock";
    FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
    if (!fd) return fail_errno(errno == ENOENT ? "listen at " + path : "lock " + file);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return fail(Errc::kInvalidArgument, "another host listens at " + path);
      return fail_errno("lock " + file);
    }
    PathLock lock(std::move(fd), std::move(file));
    // Else its owner has removed the file in between, and another may have made it anew.
    if (lock.is_of_the_file()) return lock;
    lock.fd_ = FileDescriptor();
  }
}

bool PathLock::is_of_the_file() const {
  struct stat held{}, there{};
  return ::fstat(fd_.get(), &held) == 0 && ::lstat(file_.c_str(), &there) == 0 &&
         held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

PathLock::~PathLock() {
  // While the lock is held: who opens the file now sees that it is another by then.
  if (fd_ && is_of_the_file()) ::unlink(file_.c_str());
}

}  // namespace lowmeg::get
