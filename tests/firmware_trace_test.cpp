// The PAM writes of real firmware, and the GET requests that they make under the Hyper-V policy: recorded
// from the distribution's images on a machine of 64 MiB.
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/chain.hpp"

namespace lowmeg {
namespace {

using fakes::Chain;

// "R1 C1": a reset and a create of slot 1.
std::string take_requests(Chain& chain) {
  std::string text;
  for (const std::string& message : std::exchange(chain.wire.sent, {})) {
    const unsigned long slot = std::stoul(message.substr(12, 2), nullptr, 16);
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", message.substr(6, 2) == "1c" ? "C" : "R", slot);
  }
  return text;
}

struct Trace {
  explicit Trace(const bridge::Identity& identity) : chain(identity) {}

  void power_on() { ASSERT_TRUE(chain.power_on()); }
  std::string write(std::uint8_t offset, unsigned size, std::uint32_t value) {
    EXPECT_TRUE(chain.ports.write(0xcf8, 4, 0x80000000u | (offset & 0xfc)));
    EXPECT_TRUE(chain.ports.write(static_cast<std::uint16_t>(0xcfc + offset % 4), size, value));
    return take_requests(chain);
  }
  Chain chain;
};

// "12 creates at power-on (all but slot 3)."
constexpr const char* kPowerOn = "C0 C1 C2 C4 C5 C6 C7 C8 C9 C10 C11 C12";

TEST(FirmwareTrace, OfSeaBiosIs42Requests) {
  Trace trace(bridge::kI440fx);
  trace.power_on();
  EXPECT_EQ(take_requests(trace.chain), kPowerOn);
  EXPECT_EQ(trace.write(0x58, 4, 0x33333010), "R0 R1 C1 R2 C2 C3 R4");
  EXPECT_EQ(trace.write(0x5c, 4, 0x33333333), "R5 R6 R7 R8 R9 R10 R11 R12");
  EXPECT_EQ(trace.write(0x58, 4, 0x11111010), "C0 R1 C1 R2 C2 R3 C3 C4");
  EXPECT_EQ(trace.write(0x5c, 4, 0x31111111), "C5 C6 C7 C8 C9 C10 C11");
  const get::Counters counters = trace.chain.client->counters();
  EXPECT_EQ(counters.creates.total(), 27u);
  EXPECT_EQ(counters.resets, 15u);
  EXPECT_EQ(counters.creates.refused(), 0u);
  EXPECT_EQ(trace.chain.host->slots().slot(0)->range, GpaRange(0xf0000, 0xfe000));

  // "A warm reset of bios.bin: 5 resets + 5 creates."
  ASSERT_TRUE(trace.chain.reset());
  EXPECT_EQ(take_requests(trace.chain), "R0 C0 R3 R9 C9 R10 C10 R11 C11 C12");
}

// bios-256k.bin leaves PAM6 at 33h: 41.
TEST(FirmwareTrace, OfSeaBiosWithAnImageOf256KiBIs41) {
  Trace trace(bridge::kI440fx);
  trace.power_on();
  trace.write(0x58, 4, 0x33333010);
  trace.write(0x5c, 4, 0x33333333);
  trace.write(0x58, 4, 0x11111010);
  EXPECT_EQ(trace.write(0x5c, 4, 0x33111111), "C5 C6 C7 C8 C9 C10");
  EXPECT_EQ(trace.chain.client->counters().requests(), 41u);
}

// "BIOS-bochs-latest: bytes to 59h: 00, 30 while it builds tables, then 10", on the Hyper-V bridge too: 14.
TEST(FirmwareTrace, OfTheBochsBiosIs14) {
  for (const bridge::Identity& identity : bridge::kIdentities) {
    Trace trace(identity);
    trace.power_on();
    EXPECT_EQ(take_requests(trace.chain), kPowerOn);
    EXPECT_EQ(trace.write(0x59, 1, 0x00), "");
    EXPECT_EQ(trace.write(0x59, 1, 0x30), "R0");
    EXPECT_EQ(trace.write(0x59, 1, 0x10), "C0");
    EXPECT_EQ(trace.chain.client->counters().requests(), 14u);
  }
}

// "With a VGA card also 5Ah/5Bh with state 10, then 01": write-only is as writable.
TEST(FirmwareTrace, OfTheBochsBiosWithAVgaCardUsesWriteOnly) {
  Trace trace(bridge::kHyperv);
  trace.power_on();
  take_requests(trace.chain);
  EXPECT_EQ(trace.write(0x5a, 1, 0x22), "R1 C1 R2 C2");
  EXPECT_EQ(trace.write(0x5b, 1, 0x22), "C3 R4");
  EXPECT_EQ(trace.write(0x5a, 1, 0x33), "");
  EXPECT_EQ(trace.write(0x5a, 1, 0x11), "R1 C1 R2 C2");
  EXPECT_EQ(trace.write(0x5b, 1, 0x11), "R3 C3 C4");
}

}  // namespace
}  // namespace lowmeg
