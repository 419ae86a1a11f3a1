#include "vmm/qtest/session.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "vmm/qtest/lines.hpp"

namespace vmm::qtest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What comes down is kept as text; reads give a value that tells the place.
class RecordingBus final : public CpuBus {
 public:
  std::uint32_t in(std::uint16_t port, unsigned size) override {
    seen.push_back(fmt::format("in{} {:x}", size, port));
    return 0x12345678u & (0xffffffffu >> (32 - 8 * size));
  }
  void out(std::uint16_t port, unsigned size, std::uint32_t value) override {
    seen.push_back(fmt::format("out{} {:x} {:x}", size, port, value));
  }
  std::uint32_t read(std::uint32_t gpa, unsigned size) override {
    seen.push_back(fmt::format("read{} {:x}", size, gpa));
    return (0xa0b0c000u | (gpa & 0xff)) & (0xffffffffu >> (32 - 8 * size));
  }
  void write(std::uint32_t gpa, unsigned size, std::uint32_t value) override {
    seen.push_back(fmt::format("write{} {:x} {:x}", size, gpa, value));
  }
  std::vector<std::string> seen;
};

// A timer goes off each 100 ns, until it ends.
class RecordingTime final : public TestTime {
 public:
  std::uint64_t now_ns() const override { return now; }
  std::optional<std::uint64_t> next_event_ns() const override {
    return now < kLast ? std::optional(now / 100 * 100 + 100) : std::nullopt;
  }
  void pass_until(std::uint64_t ns) override { now = ns; }

  static constexpr std::uint64_t kLast = 1000;
  std::uint64_t now = 0;
};

struct SessionRow {
  const char* line;
  const char* reply;
  std::vector<std::string> seen;
};

// "All the commands ... OK [value]"; values as system/qtest.c prints them.
TEST(Session, MakesTheAccessesOfACpu) {
  const SessionRow rows[] = {
      {"endianness", "OK little\n", {}},
      {"inb 0xcfc", "OK 0x0078\n", {"in1 cfc"}},
      {"inw 112", "OK 0x5678\n", {"in2 70"}},
      {"inl 0xcfc", "OK 0x12345678\n", {"in4 cfc"}},
      {"outb 0x70 0xff", "OK\n", {"out1 70 ff"}},
      {"outw 0x70 0x12345", "OK\n", {"out2 70 2345"}},
      {"outl 0xcf8 0x80000058", "OK\n", {"out4 cf8 80000058"}},
      {"readb 0xc0001", "OK 0x0000000000000001\n", {"read1 c0001"}},
      {"readw 0xc0002", "OK 0x000000000000c002\n", {"read2 c0002"}},
      {"readl 0xc0003", "OK 0x00000000a0b0c003\n", {"read4 c0003"}},
      {"readq 0xc0004", "OK 0xa0b0c008a0b0c004\n", {"read4 c0004", "read4 c0008"}},
      {"writeb 0xc0000 0x1ff", "OK\n", {"write1 c0000 ff"}},
      {"writew 0xc0000 0x1234", "OK\n", {"write2 c0000 1234"}},
      {"writel 0xc0000 0x12345678", "OK\n", {"write4 c0000 12345678"}},
      {"writeq 0xc0000 0x123456789abcdef0", "OK\n", {"write4 c0000 9abcdef0", "write4 c0004 12345678"}},
      {"read 0xfffffffe 0x2", "OK 0xfeff\n", {"read1 fffffffe", "read1 ffffffff"}},
      {"write 0xe0000 0x3 0x0aF342", "OK\n", {"write1 e0000 a", "write1 e0001 f3", "write1 e0002 42"}},
      {"memset 0xe0000 0x2 0x82", "OK\n", {"write1 e0000 82", "write1 e0001 82"}},
      {"b64read 0xc0041 0x1", "OK QQ==\n", {"read1 c0041"}},
      {"b64read 0xc00fe 0x3", "OK /v8A\n", {"read1 c00fe", "read1 c00ff", "read1 c0100"}},
      {"b64write 0xe0000 0x2 QUI=", "OK\n", {"write1 e0000 41", "write1 e0001 42"}},
      {"b64write 0xe0000 0x1 QUI=", "OK\n", {"write1 e0000 41"}},
      {"b64write 0xe0000 0x9 QQ==", "OK\n", {"write1 e0000 41"}},
      {"  inb  0xcfc\r", "OK 0x0078\n", {"in1 cfc"}},
  };
  for (const SessionRow& row : rows) {
    RecordingBus bus;
    RecordingTime time;
    EXPECT_EQ(Session(bus, time).answer(row.line), row.reply) << row.line;
    EXPECT_EQ(bus.seen, row.seen) << row.line;
  }
}

TEST(Session, RefusesInOneLineAndTouchesNothing) {
  const SessionRow rows[] = {
      {"", "FAIL an empty line\n", {}},
      {"module_load a b", "FAIL Unknown command 'module_load'\n", {}},
      {"clock_step 1 2", "FAIL clock_step takes 0 words more\n", {}},
      {"clock_step x", "FAIL x is no number\n", {}},
      {"clock_set", "FAIL clock_set takes 1 words more\n", {}},
      {"clock_set 0x8000000000000000", "FAIL 9223372036854775808 ns are past the end of time\n", {}},
      {"irq_intercept_in ioapic", "FAIL Unknown device\n", {}},
      {"irq_intercept_out /machine/pit", "FAIL Unknown device\n", {}},
      {"set_irq_in ioapic unnamed-gpio-in 1 1", "FAIL Unknown device\n", {}},
      {"b64write 0 3 QUI", "FAIL QUI is no base64\n", {}},
      {"b64write 0 3 QU=D", "FAIL QU=D is no base64\n", {}},
      {"b64read 0 0", "FAIL 0x0 bytes in one request; from 1 to 0x400000 can be\n", {}},
      {"inb", "FAIL inb takes 1 words more\n", {}},
      {"inb 0xcfc 0", "FAIL inb takes 1 words more\n", {}},
      {"inb 0x10000", "FAIL 0x10000 is no port\n", {}},
      {"inb cfc", "FAIL cfc is no number\n", {}},
      {"inb -1", "FAIL -1 is no number\n", {}},
      {"inb 0x", "FAIL 0x is no number\n", {}},
      {"outb 0x70 \x1b[2J", "FAIL ?[2J is no number\n", {}},
      {"readl 0xfffffffd", "FAIL 0x4 bytes at 0xfffffffd do not lie below 4 GiB\n", {}},
      {"readb 0x100000000", "FAIL 0x1 bytes at 0x100000000 do not lie below 4 GiB\n", {}},
      {"read 0xffffffffffffffff 0x2", "FAIL 0x2 bytes at 0xffffffffffffffff do not lie below 4 GiB\n", {}},
      {"read 0 0", "FAIL 0x0 bytes in one request; from 1 to 0x400000 can be\n", {}},
      {"read 0 0x400001", "FAIL 0x400001 bytes in one request; from 1 to 0x400000 can be\n", {}},
      {"write 0 2 0x123", "FAIL write needs 0x and 4 digits, two a byte\n", {}},
      {"write 0 2 123456", "FAIL write needs 0x and 4 digits, two a byte\n", {}},
      {"write 0 1 0x4g", "FAIL write needs 0x and 2 digits, two a byte\n", {}},
      {"memset 0 1 x", "FAIL x is no number\n", {}},
  };
  for (const SessionRow& row : rows) {
    RecordingBus bus;
    RecordingTime time;
    EXPECT_EQ(Session(bus, time).answer(row.line), row.reply) << row.line;
    EXPECT_EQ(time.now, 0u) << row.line;
    EXPECT_THAT(bus.seen, IsEmpty()) << row.line;
  }
}

// hw/pci/pci_host.c: the register is CF8h's, low bits and all, together with the port's low bits.
TEST(Session, FindsTheRegisterAsLibqtestMeansIt) {
  RecordingBus bus;
  RecordingTime time;
  Session session(bus, time);
  for (const char* line :
       {"outl 0xcf8 0x80000059", "outb 0xcfc 0x30", "inb 0xcfc", "outl 0xcf8 0x80000002", "inw 0xcfc",
        "outw 0xcf8 0x3", "inw 0xcfc", "outl 0xcf8 0x80000058", "inl 0xcfc", "inb 0xcfd"})
    session.answer(line);
  EXPECT_THAT(bus.seen,
              ElementsAre("out4 cf8 80000059", "out1 cfd 30", "in1 cfd", "out4 cf8 80000002", "in2 cfe",
                          "out2 cf8 3", "in2 cfe", "out4 cf8 80000058", "in4 cfc", "in1 cfd"));
}

// "let you adjust the value of the clock (monotonically). All the commands return the current value".
TEST(Session, LetsTimePassAsTheTestLikes) {
  struct Line {
    const char* line;
    const char* reply;
  };
  const Line lines[] = {
      {"clock_step", "OK 100\n"},
      {"clock_step 50", "OK 150\n"},
      {"clock_step", "OK 200\n"},
      {"clock_step 0", "OK 200\n"},
      {"clock_set 120", "OK 200\n"},
      {"clock_set 0x3e8", "OK 1000\n"},
      {"clock_step", "OK 1000\n"},
      {"clock_set 0x7fffffffffffffff", "OK 9223372036854775807\n"},
      {"clock_step 1", "OK 9223372036854775807\n"},
  };
  RecordingBus bus;
  RecordingTime time;
  Session session(bus, time);
  for (const Line& row : lines) EXPECT_EQ(session.answer(row.line), row.reply) << row.line;
  EXPECT_THAT(bus.seen, IsEmpty());
}

TEST(Lines, ComeInAnyPieces) {
  Lines lines(8);
  lines.put("in");
  EXPECT_EQ(lines.next(), std::nullopt);
  lines.put("b\n\nx");
  EXPECT_EQ(lines.next(), "inb");
  EXPECT_EQ(lines.next(), "");
  EXPECT_EQ(lines.next(), std::nullopt);
  lines.put("1234567\n");
  EXPECT_EQ(lines.next(), "x1234567") << "as long as may be";
  EXPECT_FALSE(lines.is_overrun());
}

TEST(Lines, MayNotGrowWithoutEnd) {
  for (const char* bytes : {"123456789", "123456789\n"}) {
    Lines lines(8);
    lines.put(bytes);
    EXPECT_EQ(lines.next(), std::nullopt);
    EXPECT_TRUE(lines.is_overrun());
    lines.put("\ninb\n");
    EXPECT_EQ(lines.next(), std::nullopt) << "nothing is taken any more";
  }
}

}  // namespace
}  // namespace vmm::qtest
