#include "lowmeg/core/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace lowmeg {
namespace {

TEST(Error, SaysTheOperationAndTheSystemsWord) {
  errno = ENOENT;
  const Result<int> result = fail_errno("open /nowhere");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::kSystem);
  EXPECT_EQ(result.error().message(), "open /nowhere: No such file or directory");
}

TEST(Error, IsOneLineWithoutASystemError) {
  const Result<int> result = fail(Errc::kProtocol, "GET response of 3 bytes");
  EXPECT_EQ(result.error().message(), "GET response of 3 bytes");
}

}  // namespace
}  // namespace lowmeg
