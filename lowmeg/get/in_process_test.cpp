#include "lowmeg/get/in_process.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/get_messages.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg::get {
namespace {

using fakes::kVersion42;
using fakes::unhex;

struct InProcessTest : testing::Test {
  Result<void> send(std::string_view message) { return transport.send(unhex(message), Deadline{}); }
  // The message in hex, or the error's text.
  std::string receive() {
    const auto size = transport.receive(buffer, Deadline{});
    return size ? fakes::hex(std::span(buffer).first(*size)) : size.error().what;
  }
  fakes::GetRig rig;
  InProcessTransport transport{*rig.host, Batches::kNotOffered};
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(wire::kMaxMessageSize);
};

// "One send is one message, and one receive gives one", in order.
TEST_F(InProcessTest, CarriesMessagesByACall) {
  ASSERT_TRUE(send(kVersion42));
  ASSERT_TRUE(send("01 02 1d 00 04 00 00 00"));
  ASSERT_TRUE(send("01 01 01 00"));  // no answer
  EXPECT_EQ(receive(), "01 03 01 00 01 00");
  EXPECT_EQ(receive(), "01 03 1d 00");
  EXPECT_EQ(transport.receive(buffer, Deadline{}).error().code, Errc::kTimeout) << "nobody answered";
}

// A message that breaks the protocol ends the connection, with what was waiting.
TEST_F(InProcessTest, ClosesWhenTheHostDoes) {
  ASSERT_TRUE(send(kVersion42));
  EXPECT_EQ(send("01 02 02 00").error().code, Errc::kProtocol);
  EXPECT_EQ(receive(), "the GET connection is closed");
  EXPECT_EQ(send(kVersion42).error().code, Errc::kClosed);
}

TEST_F(InProcessTest, IsClosedForGood) {
  ASSERT_TRUE(send(kVersion42));
  transport.close();
  EXPECT_EQ(transport.receive(buffer, Deadline{}).error().code, Errc::kClosed);
  EXPECT_EQ(send(kVersion42).error().code, Errc::kClosed);
}

}  // namespace
}  // namespace lowmeg::get
