#include "vmm/board/board.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "vmm/board/board_rig.hpp"

namespace vmm {
namespace {

using fakes::Rig;

// One source at a time is the console; the others answer, and their text is dropped.
TEST(Board, OneSourceIsTheConsole) {
  struct Row {
    ConsoleSource source;
    const char* text;
  };
  const Row rows[] = {
      {ConsoleSource::kBiosPorts, "b"}, {ConsoleSource::kPortE9, "e"}, {ConsoleSource::kCom1, "c"}};
  for (const Row& row : rows) {
    BoardConfig config;
    config.console = row.source;
    Rig rig(config);
    rig.board.io().write(0x402, 1, 'b');
    rig.board.io().write(0xe9, 1, 'e');
    rig.board.io().write(0x3f8, 1, 'c');
    EXPECT_EQ(rig.console.text, row.text);
    EXPECT_EQ(rig.board.io().read(0x402, 1), 0xe9u);
    EXPECT_EQ(rig.board.io().read(0xe9, 1), 0xe9u);
    EXPECT_EQ(rig.board.io().read(0x3fd, 1), 0x60u);
  }
}

// The board checklist: what a port reads at power-on.
TEST(Board, AnswersAtPowerOn) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t reads;
  };
  const Row rows[] = {
      {0x21, 1, 0xff},    {0xa1, 1, 0xff},         {0x4d0, 2, 0x0000},      {0x64, 1, 0x10},
      {0x92, 1, 0x00},    {0xb3, 1, 0x00},         {0x501, 1, 0xff},        {0x604, 2, 0xffff},
      {0xcf9, 1, 0x00},   {0x0d, 1, 0xff},         {0xd4, 1, 0xff},         {0x80, 1, 0xff},
      {0x278, 1, 0xff},   {0x37a, 1, 0xff},        {0x2e9, 1, 0xff},        {0x3e9, 1, 0xff},
      {0x1f7, 1, 0x7f},   {0x376, 1, 0x7f},        {0x3f7, 1, 0xff},        {0x3c4, 1, 0xff},
      {0x1ce, 2, 0xffff}, {0xae0c, 4, 0xffffffff}, {0xb008, 4, 0xffffffff},
  };
  Rig rig(BoardConfig{});
  for (const Row& row : rows) EXPECT_EQ(rig.board.io().read(row.port, row.size), row.reads) << row.port;
}

// What a write of some size at some port does, by the rule of each device: those of PCI judge a whole cycle
// by its address and bytes, those of ISA get bytes, those of emulators what their emulator gives them.
TEST(Board, EachDeviceHasItsRuleForWideAndStraddlingWrites) {
  struct Row {
    const char* rule;
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
    unsigned resets = 0;
    std::vector<int> statuses = {};
    const char* text = "";
  };
  const Row rows[] = {
      {"RCR: a cycle that begins at CF9h", 0xcf9, 1, 0x06, 1},
      {"a word of them", 0xcf9, 2, 0x0606, 1},
      {"the three bytes of a dword", 0xcf9, 4, 0x00000006, 1},
      {"but the lowest byte decides", 0xcf9, 2, 0x0600},
      {"not one that begins at CF8h", 0xcf8, 2, 0x0600},
      {"nor a dword's rest", 0xcf7, 4, 0x00060000},
      {"CONFADD", 0xcf8, 4, 0x00000600},
      {"92h in a word from 91h", 0x91, 2, 0x0100, 1},
      {"92h in a dword from 8Fh", 0x8f, 4, 0x01000000, 1},
      {"64h in a dword from 61h", 0x61, 4, 0xfe000000, 1},
      {"60h does not reset", 0x60, 1, 0xfe},
      {"isa-debug-exit in a word from 500h", 0x500, 2, 0x0300, 0, {7}},
      {"PM1a of newer QEMU: the word", 0x604, 2, 0x2000, 0, {0}},
      {"not its upper byte", 0x605, 1, 0x20},
      {"not a dword", 0x604, 4, 0x2000},
      {"PMCNTRL, moved to B004h", 0xb004, 4, 0x2000, 0, {0}},
      {"its upper byte", 0xb005, 1, 0x20, 0, {0}},
      {"over a dword's boundary", 0xb003, 4, 0x00200000, 0, {0}},
      {"Bochs's text ports take a word", 0x402, 2, 0x6261, 0, {}, "ab"},
      {"in bytes if it is wider", 0x400, 4, 0x62610000, 0, {}, "ab"},
      {"panic: a word, at an odd port too", 0x401, 2, 0x0007, 0, {}, "BIOS panic at line 7\n"},
      {"a dword from there is bytes", 0x401, 4, 0x00626107, 0, {}, "ab"},
  };
  for (const Row& row : rows) {
    Rig rig(BoardConfig{});
    rig.config_dword(0x80000b40);
    rig.board.io().write(0xcfc, 4, 0xb001);
    rig.config_dword(0x80000b80);
    rig.board.io().write(0xcfc, 1, 1);
    rig.board.io().write(row.port, row.size, row.value);
    EXPECT_EQ(rig.power.resets, row.resets) << row.rule;
    EXPECT_EQ(rig.power.statuses, row.statuses) << row.rule;
    EXPECT_EQ(rig.console.text, row.text) << row.rule;
  }
}

// The same of reads and of what is read back.
TEST(Board, EachDeviceHasItsRuleForWideReads) {
  struct Row {
    const char* rule;
    std::uint16_t write_port;
    unsigned write_size;
    std::uint32_t value;
    std::uint16_t port;
    unsigned size;
    std::uint32_t reads;
  };
  const Row rows[] = {
      {"CONFADD: the dword", 0xcf8, 4, 0x80000800, 0xcf8, 4, 0x80000800},
      {"no less", 0xcf8, 4, 0x80000800, 0xcf8, 2, 0xffff},
      {"RCR in a word", 0xcf9, 1, 0x02, 0xcf9, 2, 0xff02},
      {"in a dword, with CONFDATA's first byte", 0xcf8, 4, 0x80000800, 0xcf9, 4, 0x86ffff00},
      {"CONFDATA over its end", 0xcf8, 4, 0x80000800, 0xcfe, 4, 0xffff7000},
      {"CONFDATA over its beginning", 0xcf8, 4, 0x80000800, 0xcfb, 4, 0x008086ff},
      {"CMOS: a word is index and data", 0x70, 2, 0x5a39, 0x70, 2, 0x5aff},
      {"ELCR: a word is both", 0x4d0, 2, 0x1208, 0x4d0, 2, 0x1208},
      {"fw_cfg: a word selects", 0x510, 2, 0x0000, 0x511, 1, 'Q'},
      {"two bytes do not", 0x511, 2, 0x0119, 0x511, 1, 'Q'},
      {"its DMA address over a dword's boundary", 0x80, 1, 0, 0x516, 4, 0x4320554d},
  };
  for (const Row& row : rows) {
    Rig rig(BoardConfig{});
    rig.board.io().write(row.write_port, row.write_size, row.value);
    EXPECT_EQ(rig.board.io().read(row.port, row.size), row.reads) << row.rule;
  }
}

TEST(Board, TellsFirmwareOfItsMemory) {
  BoardConfig config;
  config.ram_bytes_told = 63ull << 20;
  config.cpus = 2;
  Rig rig(config);
  EXPECT_EQ(rig.fw_cfg(0x05, 2), std::string("\2\0", 2));
  EXPECT_EQ(rig.fw_cfg(0x0f, 2), std::string("\2\0", 2));
  EXPECT_EQ(rig.fw_cfg(0x0e, 2), std::string("\0\0", 2)) << "no boot menu";
  EXPECT_EQ(rig.fw_cfg(0x19, 4), std::string("\0\0\0\1", 4)) << "only etc/e820";
  EXPECT_EQ(rig.fw_cfg(0x20, 21), std::string("\0\0\0\0\0\0\0\0\0\0\xf0\3\0\0\0\0\1\0\0\0\0", 21));
}

TEST(Board, HandsOverTheVgaBiosAndTheFloppy) {
  BoardConfig config;
  config.vgabios = {0x55, 0xaa};
  config.floppy = {'b', 'o', 'o', 't'};
  Rig rig(config);
  const std::string directory = rig.fw_cfg(0x19, 4 + 3 * 64);
  EXPECT_NE(directory.find("vgaroms/vgabios.bin"), std::string::npos);
  EXPECT_NE(directory.find("floppyimg/floppy.img"), std::string::npos);
  EXPECT_EQ(rig.fw_cfg(0x21, 2), "\x55\xaa");
  EXPECT_EQ(rig.fw_cfg(0x22, 4), "boot");
}

TEST(Board, HandsOverOptionRomsAndAKernel) {
  BoardConfig config;
  config.option_roms = {{"one.rom", {0x55, 0xaa, 1}}, {"linuxboot_dma.bin", {0x55, 0xaa, 2}}};
  config.linux = LinuxImage{.setup = {}, .kernel = {0x100000, {'k'}}, .initrd = {}, .command_line = {}};
  Rig rig(config);
  const std::string directory = rig.fw_cfg(0x19, 4 + 4 * 64);
  EXPECT_NE(directory.find("genroms/one.rom"), std::string::npos);
  EXPECT_NE(directory.find("genroms/linuxboot_dma.bin"), std::string::npos);
  EXPECT_EQ(rig.fw_cfg(0x21, 3), "\x55\xaa\1");
  EXPECT_EQ(rig.fw_cfg(0x22, 3), "\x55\xaa\2");
  EXPECT_EQ(rig.fw_cfg(0x23, 32), "/rom@genroms/linuxboot_dma.bin\n" + std::string(1, '\0'));
  EXPECT_EQ(rig.fw_cfg(0x11, 1), "k");
}

// COM1's interrupt goes to the board's own PIC, or to who takes it instead.
TEST(Board, ConnectsCom1ToIrq4) {
  fakes::FakeLines lines;
  for (InterruptLines* const other :
       {static_cast<InterruptLines*>(nullptr), static_cast<InterruptLines*>(&lines)}) {
    Rig rig(BoardConfig{}, other);
    IoBus& io = rig.board.io();
    for (const unsigned icw : {0x20u, 0x08u, 0x04u, 0x01u})
      io.write(icw == 0x20 ? 0x20 : 0x21, 1, icw == 0x20 ? 0x11 : icw);
    io.write(0x21, 1, 0xef);
    io.write(0x3f9, 1, 0x01);
    io.write(0x3fc, 1, 0x08);
    const std::uint8_t byte = 'x';
    rig.board.com1().receive({&byte, 1});
    EXPECT_EQ(rig.pin.level, other ? Level::kLow : Level::kHigh);
    EXPECT_EQ(lines.log, other ? "+4" : "");
  }
}

TEST(Board, HasACardOnlyWithItsBios) {
  Rig without(BoardConfig{});
  EXPECT_EQ(without.board.vga_text(), nullptr);
  EXPECT_EQ(without.board.mmio().read(0xb8000, 2), 0xffffu);

  BoardConfig config;
  config.vgabios.emplace();
  Rig with(config);
  with.board.mmio().write(0xb8000, 2, 0x0741);
  ASSERT_NE(with.board.vga_text(), nullptr);
  EXPECT_EQ(with.board.vga_text()->text(), "A\n");
  with.board.reset();
  EXPECT_EQ(with.board.vga_text()->text(), "");
}

TEST(Board, PlacesThePiixFunctions) {
  Rig rig(BoardConfig{});
  EXPECT_EQ(rig.config_dword(0x80000800), 0x70008086u);
  EXPECT_EQ(rig.config_dword(0x80000b00), 0x71138086u);
  EXPECT_EQ(rig.config_dword(0x80000000), 0xffffffffu) << "the host bridge is the machine's to place";
}

// SeaBIOS moves the PIIX4's block to B000h; a guest may move it over another device, which stays.
TEST(Board, ThePmTimerMovesWithItsRegister) {
  Rig rig(BoardConfig{});
  rig.clock.ns = 1'000'000'000;
  rig.config_dword(0x80000b80);
  rig.board.io().write(0xcfc, 1, 1);
  for (const std::uint16_t base : std::initializer_list<std::uint16_t>{0xb000, 0x0600, 0x0000, 0xffc0}) {
    rig.config_dword(0x80000b40);
    rig.board.io().write(0xcfc, 4, base | 1u);
    EXPECT_EQ(rig.board.io().read(static_cast<std::uint16_t>(base + 8), 4), 3579545u) << base;
  }
  rig.board.reset();
  EXPECT_EQ(rig.board.io().read(0xffc8, 4), 0xffffffffu) << "closed after a reset";
}

// The timer's interrupt from end to end, as firmware sets it up.
TEST(Board, TheTimerInterrupts) {
  Rig rig(BoardConfig{});
  const struct {
    std::uint16_t port;
    unsigned value;
  } writes[] = {{0x20, 0x11}, {0x21, 0x08}, {0x21, 0x04}, {0x21, 0x01},
                {0x21, 0xfe}, {0x43, 0x34}, {0x40, 0x00}, {0x40, 0x00}};
  for (const auto& write : writes) rig.board.io().write(write.port, 1, write.value);
  rig.clock.ns = rig.board.pit().next_event_ns();
  rig.board.pit().advance();
  EXPECT_EQ(rig.pin.level, Level::kHigh);
  EXPECT_EQ(rig.board.pic().acknowledge(), 0x08);
  EXPECT_EQ(rig.pin.level, Level::kLow);
}

// Whatever a guest does is defined: nothing here may trip a sanitizer or an invariant.
TEST(Board, SurvivesRandomTraffic) {
  BoardConfig config;
  config.vgabios = std::vector<std::uint8_t>(512, 0x55);
  config.floppy = std::vector<std::uint8_t>(512, 0xaa);
  Rig rig(config);
  std::mt19937_64 random(440);
  const auto below = [&random](std::uint64_t limit) { return random() % limit; };
  for (int i = 0; i < 1'000'000; ++i) {
    // Mostly where there are devices: below 3E0h, and the 1000h ports from 0.
    const std::uint64_t limits[] = {0x100, 0x3e0, 0x1000, 0x10000};
    const auto port = static_cast<std::uint16_t>(below(8) ? below(limits[below(4)]) : 0xcf8 + below(8));
    const unsigned size = 1u << below(3);
    if (below(2))
      rig.board.io().read(port, size);
    else
      rig.board.io().write(port, size, static_cast<std::uint32_t>(random()));
    if (below(4) == 0)
      rig.board.mmio().write(0x9ffff + below(0x20003), size, static_cast<std::uint32_t>(random()));
    if (below(4) == 0) rig.board.mmio().read(0x9ffff + below(0x20003), size);
    if (below(16) == 0) rig.board.io().write(0xcf8, 4, 0x80000800 | static_cast<std::uint32_t>(below(0x400)));
    rig.clock.ns += below(1 << below(30));
    rig.board.pit().advance();
    if (rig.pin.level == Level::kHigh) rig.board.pic().acknowledge();
    if (below(10'000) == 0) rig.board.reset();
    rig.power.statuses.clear();
    rig.console.text.clear();
    rig.observer.log.clear();
  }
  rig.board.vga_text()->text();
  EXPECT_TRUE(rig.faults.errors.empty()) << "no device of the board fails";
}

}  // namespace
}  // namespace vmm
