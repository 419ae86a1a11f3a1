// After the gdb manual, appendix E.2: what each packet is answered.
#include "vmm/gdb/session.hpp"

#include <gmock/gmock.h>

#include <map>

#include "vmm/gdb/framing.hpp"

namespace vmm::gdb {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Then = Answer::Then;

// 64 KiB of RAM; a device at F0000; ROM that shows nowhere.
class FakeTarget final : public Target {
 public:
  CpuState cpu() const override { return state; }
  void set_cpu(const CpuState& to) override { state = to; }
  std::optional<std::uint8_t> memory(std::uint32_t address) const override {
    return address < ram.size() ? std::optional(ram[address]) : std::nullopt;
  }
  bool set_memory(std::uint32_t address, std::uint8_t value) override {
    if (address >= ram.size()) return false;
    ram[address] = value;
    return true;
  }
  std::optional<std::uint8_t> dram(std::uint32_t address) const override { return memory(address); }
  std::optional<std::uint8_t> rom(std::uint32_t) const override { return std::uint8_t{0xea}; }
  std::string map() const override { return "the map\n"; }

  CpuState state;
  std::vector<std::uint8_t> ram = std::vector<std::uint8_t>(0x10000);
};

struct GdbSession : testing::Test {
  GdbSession() {
    target.state.eip = 0xe05b;
    target.state.segment[kCs] = {.selector = 0xf000, .base = 0xf0000, .limit = 0xffff, .access = 0x9b};
    target.state.gpr[kEax] = 0x12345678;
    target.state.eflags = 2;
    target.ram[0x400] = 0xaa;
  }
  std::string reply(const std::string& packet) { return session.answer(packet).reply; }
  std::string monitor(const std::string& command) { return *from_hex(reply("qRcmd," + to_hex(command))); }

  FakeTarget target;
  Session session{target};
};

TEST_F(GdbSession, AnswersEachPacket) {
  struct Row {
    const char* packet;
    const char* reply;
  };
  const Row rows[] = {
      {"?", "S05"},
      {"p0", "78563412"},
      {"p8", "5be00f00"},
      {"pa", "00f00000"},
      {"p10", "xxxxxxxx"},
      {"p", "E01"},
      {"m400,2", "aa00"},
      {"mf0000,4", "E0e"},
      {"mfffe,4", "0000"},
      {"m400", "E01"},
      {"m400,0", ""},
      {"M401,2:beef", "OK"},
      {"m400,4", "aabeef00"},
      {"M401,2:be", "E01"},
      {"M401:be", "E01"},
      {"Mf0000,1:00", "E0e"},
      {"P0=01000000", "OK"},
      {"p0", "01000000"},
      {"P0=01", "E01"},
      {"P10=00000000", "E01"},
      {"G00", "E01"},
      {"Hg0", "OK"},
      {"T1", "OK"},
      {"qC", "QC1"},
      {"qAttached", "1"},
      {"qfThreadInfo", "m1"},
      {"qsThreadInfo", "l"},
      {"qRcmd,0", "E01"},
      {"vCont?", ""},
      {"unheard of", ""},
      {"", ""},
      {"Z3,400,1", ""},
      {"Z0", "E01"},
      {"Z2,400,41", "E0e"},
      {"Z2,400,0", "E0e"},
  };
  for (const Row& row : rows) EXPECT_EQ(reply(row.packet), row.reply) << row.packet;
  EXPECT_THAT(reply("qSupported:swbreak+"), HasSubstr("PacketSize=1000"));
  EXPECT_THAT(reply("qXfer:features:read:target.xml:0,ffb"), HasSubstr("<architecture>i8086</architecture>"));
}

TEST_F(GdbSession, ResumesAndEnds) {
  EXPECT_EQ(session.answer("c").then, Then::kContinue);
  EXPECT_EQ(session.answer("s").then, Then::kStep);
  EXPECT_EQ(session.answer("D").then, Then::kDetach);
  EXPECT_EQ(session.answer("k").then, Then::kKill);
  EXPECT_EQ(session.answer("?").then, Then::kStay);
}

// EIP is linear both ways; in real mode a selector brings its base.
TEST_F(GdbSession, WritesAllRegistersThatItReads) {
  const std::string all = reply("g");
  EXPECT_EQ(all.size(), 16u * 8);
  const CpuState before = target.state;
  EXPECT_EQ(reply("G" + all), "OK");
  EXPECT_EQ(target.state, before);
  EXPECT_EQ(reply("Pa=00c00000"), "OK");
  EXPECT_EQ(target.state.segment[kCs].base, 0xc0000u);
  EXPECT_EQ(reply("P8=03000c00"), "OK");
  EXPECT_EQ(target.state.eip, 3u);
}

TEST_F(GdbSession, KeepsBreakpointsAndWatches) {
  EXPECT_FALSE(session.steps_singly());
  EXPECT_EQ(reply("Z0,fe05b,1"), "OK");
  EXPECT_TRUE(session.breakpoints().contains(0xfe05b));
  EXPECT_TRUE(session.steps_singly());
  EXPECT_EQ(reply("z0,fe05b,1"), "OK");
  EXPECT_FALSE(session.steps_singly());
  EXPECT_EQ(reply("Z2,400,2"), "OK");
  EXPECT_EQ(session.changed_watch(), std::nullopt);
  target.ram[0x401] = 1;
  EXPECT_EQ(session.changed_watch(), 0x400u);
  EXPECT_EQ(session.changed_watch(), std::nullopt) << "told once";
  for (std::size_t i = 0; i <= Session::kMostPoints; ++i)
    session.answer("Z0," + to_hex(std::to_string(i)).substr(0, 7) + ",1");
  EXPECT_LE(session.breakpoints().size(), Session::kMostPoints);
}

TEST_F(GdbSession, HasMonitorCommands) {
  EXPECT_EQ(monitor("map"), "the map\n");
  EXPECT_EQ(monitor("dram 400 2"), "00000400: aa 00\n");
  EXPECT_EQ(monitor("rom 0xf0000 1"), "000f0000: ea\n");
  EXPECT_EQ(monitor("mem f0000 2"), "000f0000: -- --\n") << "a device's";
  EXPECT_THAT(monitor("regs"), StartsWith("CS:EIP F000:0000E05B"));
  EXPECT_FALSE(session.breaks_on_pam());
  EXPECT_THAT(monitor("break pam"), StartsWith("stops after each write"));
  EXPECT_TRUE(session.breaks_on_pam());
  monitor("nobreak pam");
  EXPECT_FALSE(session.breaks_on_pam());
  for (const char* bad : {"", "help", "dram", "dram g", "dram 0 0 0", "break", "map now"})
    EXPECT_THAT(monitor(bad), StartsWith("monitor dram ADDR")) << bad;
  EXPECT_LE(reply("qRcmd," + to_hex("dram 0 ffffffff")).size(), Framer::kLongestPacket);
}

}  // namespace
}  // namespace vmm::gdb
