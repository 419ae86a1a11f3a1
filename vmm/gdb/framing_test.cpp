// After the gdb manual, appendix E.1.
#include "vmm/gdb/framing.hpp"

#include <gmock/gmock.h>

namespace vmm::gdb {
namespace {

using testing::ElementsAre;

std::vector<Input> inputs_of(std::string_view bytes) {
  Framer framer;
  framer.put(bytes);
  std::vector<Input> inputs;
  while (auto input = framer.next()) inputs.push_back(*input);
  return inputs;
}

Input packet(std::string text) {
  return {Input::Kind::kPacket, std::move(text)};
}

TEST(Framing, TakesPacketsApart) {
  const Input damaged{.kind = Input::Kind::kDamaged}, interrupt{.kind = Input::Kind::kInterrupt};
  EXPECT_THAT(inputs_of("$?#3f"), ElementsAre(packet("?")));
  EXPECT_THAT(inputs_of("+$g#67+$c#63"), ElementsAre(packet("g"), packet("c")));
  EXPECT_THAT(inputs_of("$#00"), ElementsAre(packet("")));
  EXPECT_THAT(inputs_of("$?#3e"), ElementsAre(damaged));
  EXPECT_THAT(inputs_of("$?#zz"), ElementsAre(damaged));
  EXPECT_THAT(inputs_of("\x03"), ElementsAre(interrupt));
  EXPECT_THAT(inputs_of("noise$?#3f"), ElementsAre(packet("?")));
  EXPECT_THAT(inputs_of("$cut$?#3f"), ElementsAre(packet("?"))) << "a packet that was cut short";
  EXPECT_THAT(inputs_of("$X}\x03#d8"), ElementsAre(packet("X#"))) << "an escape: the next byte by 20h";
  EXPECT_TRUE(inputs_of("$?#3").empty());
}

TEST(Framing, TakesBytesOneByOne) {
  Framer framer;
  for (const char c : std::string_view("+$qSupported#37")) {
    EXPECT_EQ(framer.next(), std::nullopt);
    framer.put(std::string_view(&c, 1));
  }
  EXPECT_EQ(framer.next(), packet("qSupported"));
}

TEST(Framing, KnowsWhatIsNoPacket) {
  Framer framer;
  framer.put("$" + std::string(Framer::kLongestPacket, 'm'));
  EXPECT_FALSE(framer.is_overrun());
  framer.put("m");
  EXPECT_TRUE(framer.is_overrun());
}

TEST(Framing, WritesPackets) {
  EXPECT_EQ(framed("OK"), "$OK#9a");
  EXPECT_EQ(framed(""), "$#00");
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x01\xff")), "01ff");
  EXPECT_EQ(from_hex("01fF"), "\x01\xff");
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

}  // namespace
}  // namespace vmm::gdb
