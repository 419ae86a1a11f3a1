#include "lowmeg/bridge/config_ports.hpp"

#include <gtest/gtest.h>

#include <string>

#include <fmt/format.h>

namespace lowmeg::bridge {
namespace {

// Answers with its byte addresses and notes each cycle.
class FakeFunction final : public ConfigFunction {
 public:
  explicit FakeFunction(std::string& log) : log_(log) {}
  std::uint32_t read(std::uint8_t offset) override {
    log_ += fmt::format("r{:02x} ", offset);
    return 0x03020100u + 0x01010101u * offset;
  }
  Result<void> write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) override {
    log_ += fmt::format("w{:02x}/{:04b}={:x} ", offset, enables.bits(), value & enables.mask());
    if (failing) return fail(Errc::kClosed, "lost");
    return {};
  }
  bool failing = false;

 private:
  std::string& log_;
};

struct ConfigPortsTest : testing::Test {
  ConfigPortsTest() { ports.place(0, 0, function); }
  std::string take_log() { return std::exchange(log, {}); }

  std::string log;
  FakeFunction function{log};
  ConfigPorts ports;
};

// Hyper-V's way: "partial writes by byte enable" (OpenVMM 332a2a12); one across CF8h's end reaches both.
TEST(ConfigPortsHyperV, ReachTheAddressByAnyCycle) {
  ConfigPorts ports(AddressCycles::kAny);
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t written, address;
  };
  const Row rows[] = {{0xcf8, 4, 0x80000058, 0x80000058}, {0xcf8, 1, 0x5f, 0x8000005c},
                      {0xcf9, 1, 0x08, 0x8000085c},       {0xcfa, 2, 0x7f01, 0x0001085c},
                      {0xcfb, 1, 0x80, 0x8001085c},       {0xcf8, 2, 0x0000, 0x80010000},
                      {0xcfa, 4, 0x1234ffff, 0x80ff0000}};
  for (const Row& row : rows) {
    ASSERT_TRUE(ports.write(row.port, row.size, row.written));
    EXPECT_EQ(ports.address(), row.address) << row.port << " " << row.size;
  }
  EXPECT_EQ(ports.read(0xcfa, 2), 0x80ffu);
  EXPECT_EQ(ports.read(0xcfb, 1), 0x80u);
}

// "CONFADD is reached by dword cycles only"; "bits 30:24 and 1:0 are reserved and read 0".
TEST_F(ConfigPortsTest, ReachTheAddressByDwordsOnly) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t written, address;
  };
  const Row rows[] = {
      {0xcf8, 4, 0x80000058, 0x80000058}, {0xcf8, 4, 0xffffffff, 0x80fffffc},
      {0xcf8, 4, 0x7f000003, 0x00000000}, {0xcf8, 4, 0x00123454, 0x00123454},
      {0xcf8, 1, 0x00, 0x00123454},       {0xcf8, 2, 0x0000, 0x00123454},
      {0xcf9, 1, 0x06, 0x00123454},       {0xcfa, 2, 0xffff, 0x00123454},
      {0xcfb, 1, 0x80, 0x00123454},       {0xcf9, 4, 0xffffff, 0x00123454},
      {0xcfa, 4, 0xffff, 0x00123454},
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(ports.write(row.port, row.size, row.written));
    EXPECT_EQ(ports.address(), row.address) << row.port << " " << row.size;
    EXPECT_EQ(ports.read(0xcf8, 4), row.address);
  }
  EXPECT_EQ(take_log(), "") << "disabled: no cycle";
  ports.reset();
  EXPECT_EQ(ports.read(0xcf8, 4), 0u);
  ports.set_address(0xffffffff);
  EXPECT_EQ(ports.address(), 0x80fffffc);
}

// "Byte and word cycles at CF8h-CFBh go on to the PCI bus", where nobody answers.
TEST_F(ConfigPortsTest, ReadOnesWhereNobodyAnswers) {
  ASSERT_TRUE(ports.write(0xcf8, 4, 0x80000000));
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
  };
  const Row rows[] = {
      {0xcf8, 1, 0xff}, {0xcf8, 2, 0xffff}, {0xcf9, 1, 0xff}, {0xcfa, 2, 0xffff}, {0xcfb, 1, 0xff}};
  for (const Row& row : rows) EXPECT_EQ(ports.read(row.port, row.size), row.value) << row.port;
  EXPECT_EQ(take_log(), "");
}

// Disabled, another bus, device or function: all ones of the access's size, and writes go nowhere.
TEST_F(ConfigPortsTest, FindNobodyElse) {
  const std::uint32_t addresses[] = {0x00000000, 0x80010000, 0x80ff0000, 0x80000800,
                                     0x8000f800, 0x80000100, 0x80000700};
  for (const std::uint32_t address : addresses) {
    ASSERT_TRUE(ports.write(0xcf8, 4, address));
    EXPECT_EQ(ports.read(0xcfc, 4), 0xffffffffu) << address;
    EXPECT_EQ(ports.read(0xcfd, 2), 0xffffu) << address;
    EXPECT_EQ(ports.read(0xcff, 1), 0xffu) << address;
    ASSERT_TRUE(ports.write(0xcfc, 4, 0));
  }
  EXPECT_EQ(take_log(), "");
}

// "CONFDATA takes any size": the offset in the dword picks the bytes. What runs past CFFh finds nobody, what
// starts below CFCh is a second cycle.
TEST_F(ConfigPortsTest, TakeAnySizeAtTheData) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t read;
    const char* write_cycle;  // of 44332211h
  };
  const Row rows[] = {
      {0xcfc, 1, 0x58, "w58/0001=11 "},
      {0xcfd, 1, 0x59, "w58/0010=1100 "},
      {0xcfe, 1, 0x5a, "w58/0100=110000 "},
      {0xcff, 1, 0x5b, "w58/1000=11000000 "},
      {0xcfc, 2, 0x5958, "w58/0011=2211 "},
      {0xcfd, 2, 0x5a59, "w58/0110=221100 "},
      {0xcfe, 2, 0x5b5a, "w58/1100=22110000 "},
      {0xcff, 2, 0xff5b, "w58/1000=11000000 "},
      {0xcfc, 4, 0x5b5a5958, "w58/1111=44332211 "},
      {0xcfd, 4, 0xff5b5a59, "w58/1110=33221100 "},
      {0xcfe, 4, 0xffff5b5a, "w58/1100=22110000 "},
      {0xcff, 4, 0xffffff5b, "w58/1000=11000000 "},
      {0xcf9, 4, 0x58ffffff, "w58/0001=44 "},
      {0xcfa, 4, 0x5958ffff, "w58/0011=4433 "},
      {0xcfb, 4, 0x5a5958ff, "w58/0111=443322 "},
      {0xcfb, 2, 0x58ff, "w58/0001=22 "},
  };
  ASSERT_TRUE(ports.write(0xcf8, 4, 0x80000058));
  for (const Row& row : rows) {
    SCOPED_TRACE(fmt::format("{:x}.{}", row.port, row.size));
    EXPECT_EQ(ports.read(row.port, row.size), row.read);
    EXPECT_EQ(take_log(), "r58 ");
    const std::uint32_t value = row.size == 4 ? 0x44332211 : 0x44332211 & ((1u << 8 * row.size) - 1);
    ASSERT_TRUE(ports.write(row.port, row.size, value));
    EXPECT_EQ(take_log(), row.write_cycle);
    EXPECT_EQ(ports.address(), 0x80000058u);
  }
}

TEST_F(ConfigPortsTest, ReachEveryFunctionThatWasPlaced) {
  std::string other_log;
  FakeFunction other(other_log);
  ports.place(31, 7, other);
  ASSERT_TRUE(ports.write(0xcf8, 4, 0x8000fffc));
  EXPECT_EQ(ports.read(0xcfc, 4), 0xfffefdfcu);
  EXPECT_EQ(other_log, "rfc ");
  EXPECT_EQ(take_log(), "");
}

TEST_F(ConfigPortsTest, HandErrorsUp) {
  ASSERT_TRUE(ports.write(0xcf8, 4, 0x80000058));
  function.failing = true;
  EXPECT_EQ(ports.write(0xcfc, 1, 0).error().what, "lost");
  EXPECT_EQ(ports.write(0xcfb, 4, 0).error().what, "lost");
  EXPECT_TRUE(ports.write(0xcf8, 4, 0));
}

using ConfigPortsDeathTest = ConfigPortsTest;
TEST_F(ConfigPortsDeathTest, AbortOnAPlaceThatIsTakenOrNone) {
  EXPECT_DEATH(ports.place(0, 0, function), "one function a place");
  EXPECT_DEATH(ports.place(32, 0, function), "broken invariant");
  EXPECT_DEATH(ports.place(0, 8, function), "broken invariant");
}

}  // namespace
}  // namespace lowmeg::bridge
