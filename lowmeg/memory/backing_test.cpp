#include "lowmeg/memory/backing.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace lowmeg::memory {
namespace {

TEST(Backing, IsZerosBehindADescriptor) {
  Result<Backing> backing = Backing::create("test", 0x3000);
  ASSERT_TRUE(backing);
  EXPECT_EQ(backing->size(), 0x3000u);
  ASSERT_EQ(backing->bytes().size(), 0x3000u);
  EXPECT_TRUE(std::ranges::all_of(backing->bytes(), [](std::uint8_t byte) { return byte == 0; }));
  // The descriptor and the mapping are the same bytes.
  backing->bytes()[0x2fff] = 0x5a;
  std::uint8_t byte = 0;
  ASSERT_EQ(pread(backing->fd(), &byte, 1, 0x2fff), 1);
  EXPECT_EQ(byte, 0x5a);
  EXPECT_NE(fcntl(backing->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

// "kInvalidArgument for a size of 0 or off a page", kSystem when the system has not got them.
TEST(Backing, RefusesWhatItCannotHold) {
  EXPECT_EQ(Backing::create("test", 0).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(Backing::create("test", 0x1001).error().code, Errc::kInvalidArgument);
  const Result<Backing> huge = Backing::create("test", 1ull << 62);
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, Errc::kSystem);
  EXPECT_NE(huge.error().os_error, 0);
}

TEST(Backing, MovesWithItsAddressAndClosesOnce) {
  Backing first = Backing::create("first", 0x1000).value();
  const std::uint8_t* const address = first.bytes().data();
  const int fd = first.fd();
  Backing second = std::move(first);
  EXPECT_EQ(second.bytes().data(), address);
  EXPECT_EQ(second.fd(), fd);
  EXPECT_EQ(first.fd(), -1);  // NOLINT(bugprone-use-after-move): the state it is left in
  EXPECT_EQ(first.size(), 0u);

  Backing third = Backing::create("third", 0x2000).value();
  third = std::move(second);
  EXPECT_EQ(third.bytes().data(), address);
  EXPECT_EQ(third.size(), 0x1000u);
  {
    const Backing last = std::move(third);
  }
  struct stat unused;
  EXPECT_EQ(fstat(fd, &unused), -1) << "closed";
}

}  // namespace
}  // namespace lowmeg::memory
