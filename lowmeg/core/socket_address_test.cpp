#include "lowmeg/core/socket_address.hpp"

#include <gtest/gtest.h>

namespace lowmeg {
namespace {

TEST(SocketAddress, HoldsThePath) {
  const auto address = SocketAddress::make("/tmp/get");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->get()->sa_family, AF_UNIX);
  EXPECT_STREQ(address->un.sun_path, "/tmp/get");
}

// unix(7): sun_path has 108 bytes; the last one stays 0 here, as bind() and connect() get the whole of it.
TEST(SocketAddress, RefusesWhatDoesNotFit) {
  struct Row {
    std::size_t length;
    bool fits;
  };
  for (const Row& row : {Row{0, false}, Row{1, true}, Row{107, true}, Row{108, false}}) {
    const auto address = SocketAddress::make(std::string(row.length, 'x'));
    ASSERT_EQ(address.has_value(), row.fits) << row.length;
    if (row.fits) continue;
    EXPECT_EQ(address.error().code, Errc::kInvalidArgument) << row.length;
  }
}

}  // namespace
}  // namespace lowmeg
