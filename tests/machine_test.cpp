// What a guest can do to the machine as a whole: stop it, reset it, leave what is modelled.
#include <algorithm>

#include "tests/boot_machine.hpp"

namespace vmm {
namespace {

// A batch may try two maps, and each pause may take that long: a client that gave up first would lose a host
// that is about to answer.
static_assert(lowmeg::get::kClientTimeout > 2 * kPausePatience);

// "power off: the guest stops the machine by writing to 501h (exit status = 2 * value + 1), the string
// "Shutdown" to 8900h, or 2000h to 604h"; and what ends a run otherwise is one clear line.
TEST(Machine, StopsAsTheGuestAsks) {
  struct Row {
    const char* what;
    Image rom;
    Outcome::Kind kind;
    int exit_status;
    const char* message;
  };
  const Row rows[] = {
      {"mov al, 3; mov dx, 501h; out dx, al", rom_with({0xb0, 0x03, 0xba, 0x01, 0x05, 0xee}),
       Outcome::Kind::kPowerOff, 7, "turned the machine off"},
      {"mov ax, 2000h; mov dx, 604h; out dx, ax", rom_with({0xb8, 0x00, 0x20, 0xba, 0x04, 0x06, 0xef}),
       Outcome::Kind::kPowerOff, 0, "turned the machine off"},
      {"Shutdown to 8900h, by outsb from CS",
       rom_with({0xfc, 0xbe, 0x0d, 0x00, 0xb9, 0x08, 0x00, 0xba, 0x00, 0x89, 0xf3,
                 0x2e, 0x6e, 'S',  'h',  'u',  't',  'd',  'o',  'w',  'n'}),
       Outcome::Kind::kPowerOff, 0, "turned the machine off"},
      {"cli; hlt", rom_with({0xfa, 0xf4}), Outcome::Kind::kStopped, 1,
       "halted for ever, interrupts off, at F000:0000000"},
      {"mov eax, cr0; or eax, 80000001h; mov cr0, eax",
       rom_with({0x0f, 0x20, 0xc0, 0x66, 0x0d, 0x01, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0}),
       Outcome::Kind::kStopped, 1,
       "turns paging on (CR0.PG) at F000:00000009, which the software CPU does not have"},
  };
  for (const Row& row : rows) {
    const Boot boot(config_for(row.rom));
    EXPECT_EQ(boot.outcome.kind, row.kind) << row.what << ": " << boot.outcome.message;
    EXPECT_EQ(boot.outcome.exit_status, row.exit_status) << row.what;
    EXPECT_NE(boot.outcome.message.find(row.message), std::string::npos) << boot.outcome.message;
  }
}

TEST(Machine, EndsAtTheTimeOut) {
  MachineConfig config = config_for(rom_with({0xeb, 0xfe}));  // jmp $
  config.timeout = std::chrono::milliseconds(50);
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kTimeout);
  EXPECT_EQ(boot.outcome.exit_status, 124);
}

// A boot sector: the first time it marks CMOS byte 50h and resets by CF9h; the second time it powers off with
// value 3.
Image resetting_floppy() {
  const std::uint8_t code[] = {
      0xb0, 0x50, 0xe6, 0x70, 0xe4, 0x71,  // al = CMOS[50h]
      0x3c, 0x5a, 0x74, 0x0f,              // the mark? then on to the end
      0xb0, 0x50, 0xe6, 0x70, 0xb0, 0x5a, 0xe6, 0x71, 0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, 0xf4,  // CF9h = 06h
      0xba, 0x01, 0x05, 0xb0, 0x03, 0xee, 0xf4,                                                  // 501h = 3
  };
  Image floppy(1440 * 1024);
  std::copy(std::begin(code), std::end(code), floppy.begin());
  floppy[510] = 0x55;
  floppy[511] = 0xaa;
  return floppy;
}

// "A warm reset of bios.bin: 5 resets + 5 creates": forced, yet what is in place is skipped. Then the
// firmware starts over from its untouched image and makes the same four writes.
TEST(Machine, WarmResetStartsOverFromTheImage) {
  MachineConfig config = config_for(kSeaBios);
  config.floppy = resetting_floppy();
  config.until = "";
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kPowerOff) << boot.outcome.message << boot.log;
  EXPECT_EQ(boot.outcome.exit_status, 7);

  std::vector<TimelineEntry> resets;
  std::copy_if(boot.timeline.begin() + 1, boot.timeline.end(), std::back_inserter(resets),
               [](const TimelineEntry& entry) { return !entry.config_write; });
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].get->resets, 5u);
  EXPECT_EQ(resets[0].get->creates, 5u);
  const std::vector<TimelineEntry> writes = boot.config_writes();
  ASSERT_EQ(writes.size(), 8u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(writes[i].config_write, writes[i + 4].config_write);
}

// A host that goes after so many requests for ranges, for every paravisor.
class GoingHost final : public lowmeg::get::Transport {
 public:
  GoingHost(std::unique_ptr<Transport> inner, int& left) : inner_(std::move(inner)), left_(left) {}
  lowmeg::Result<void> send(std::span<const std::uint8_t> message, lowmeg::get::Deadline deadline) override {
    const bool is_range = message[1] == 2 && message[2] >= 28;
    if (left_ == 0 && (is_range || gone_)) gone_ = true;
    if (gone_) return lowmeg::fail(lowmeg::Errc::kClosed, "the GET host is gone");
    if (is_range) --left_;
    return inner_->send(message, deadline);
  }
  lowmeg::Result<std::size_t> receive(std::span<std::uint8_t> buffer,
                                      lowmeg::get::Deadline deadline) override {
    return inner_->receive(buffer, deadline);
  }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<Transport> inner_;
  int& left_;
  bool gone_ = false;
};

// The machine stops with one line when no successor can reach the host either; what it keeps is the state
// before the access.
TEST(Machine, StopsWithOneLineWhenTheHostGoes) {
  MachineConfig config = config_for(kSeaBios);
  config.ranges.get.batching = lowmeg::get::Batching::kNever;
  int left = 12 + 2;
  unsigned paravisors = 0;
  config.ranges.wrap = [&](std::unique_ptr<lowmeg::get::Transport> transport) {
    if (++paravisors > 1) transport->close();
    return std::make_unique<GoingHost>(std::move(transport), left);
  };
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kStopped);
  EXPECT_EQ(boot.outcome.exit_status, 1);
  EXPECT_EQ(boot.outcome.message, "the GET connection is closed");
  EXPECT_EQ(boot.machine->chipset().pam_dwords().dword_58, 0x00000010u);
  // The unlock is R0, R1 C1, R2 C2, C3, R4: the first two were answered, the rest never sent.
  const auto state = boot.machine->ranges()->paravisor()->adjuster_state();
  EXPECT_FALSE(state.handles[0].has_value());
  EXPECT_FALSE(state.handles[1].has_value());
  EXPECT_TRUE(state.handles[2].has_value());
}

// A guest that means harm: a triple fault resets, again and again, without a word: that has an end, and is
// named.
TEST(Machine, EndsATripleFaultLoop) {
  // lidt [cs:0010h] with a limit of 0, then int 3: nothing can be delivered.
  MachineConfig config = config_for(
      rom_with({0x2e, 0x0f, 0x01, 0x1e, 0x10, 0x00, 0xcc, 0xf4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kStopped);
  EXPECT_EQ(boot.outcome.exit_status, 1);
  EXPECT_THAT(boot.outcome.message,
              testing::StartsWith("the guest resets for ever and tells nothing: 1000 resets from 0.0 to "));
  EXPECT_THAT(boot.outcome.message, testing::HasSubstr("the last by a triple fault at F000:0000000"));
  ASSERT_FALSE(boot.events.events.empty());
  EXPECT_NE(boot.events.events[0].text.find("triple fault at F000:0000000"), std::string::npos)
      << boot.events.text();
  EXPECT_EQ(boot.events.events.size(), 11u) << "4, then the 8th, 16th ... 512th of 1000";
}

// One that writes to its console each time may mean it: the time-out names the resets.
TEST(Machine, NamesResetsAtTheTimeOut) {
  MachineConfig config =
      config_for(rom_with({0xb0, 'x', 0xba, 0x02, 0x04, 0xee,  // mov al, x; mov dx, 402h; out
                           0xb0, 0xfe, 0xe6, 0x64, 0xf4}));    // 64h = FEh; hlt
  config.timeout = std::chrono::milliseconds(300);
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kTimeout) << boot.outcome.message;
  EXPECT_GT(boot.machine->resets().count(), ResetLog::kMostInVain);
  EXPECT_THAT(boot.outcome.message, testing::HasSubstr(" resets from 0.0 to "));
  EXPECT_THAT(boot.outcome.message,
              testing::HasSubstr("; the last by the keyboard controller at F000:0000000A"));
}

// "Success when the console shows this text", also when no newline follows because the guest waits for a key.
TEST(Machine, FindsATextWithoutANewline) {
  const Image rom = rom_with({0xba, 0x02, 0x04, 0xb0, '=', 0xee, 0xb0, '>', 0xee, 0xb0, ' ', 0xee, 0xe4, 0x64,
                              0xeb, 0xfc});  // in al, 64h; jmp $-2
  std::vector<std::uint64_t> instructions;
  for (int i = 0; i < 2; ++i) {
    MachineConfig config = config_for(rom);
    config.until = "=> ";
    const Boot boot(config);
    EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil) << boot.outcome.message;
    EXPECT_EQ(boot.log, "=> ");
    instructions.push_back(boot.machine->soft()->cpu_state().instructions);
  }
  EXPECT_EQ(instructions[0], instructions[1]) << "a deterministic run ends at the same instruction";
}

// And the line is shown to its end if it goes on; a guest that never ends it does not hold the machine.
TEST(Machine, ShowsTheRestOfALineButNotForEver) {
  const Image whole =
      rom_with({0xba, 0x02, 0x04, 0xb0, 'a',  0xee, 0xb9, 0x00, 0x40, 0xe2, 0xfe,  // loop $ 4000h times
                0xb0, 'b',  0xee, 0xb0, '\n', 0xee, 0xb0, 'c',  0xee, 0xeb, 0xfe});
  const Image endless = rom_with({0xba, 0x02, 0x04, 0xb0, 'a', 0xee, 0xeb, 0xfd});
  MachineConfig config = config_for(whole);
  config.until = "a";
  EXPECT_EQ(Boot(config).log, "ab\n");
  config.memory.firmware = endless;
  const Boot boot(config);
  EXPECT_EQ(boot.outcome.kind, Outcome::Kind::kUntil);
  EXPECT_GT(boot.log.size(), 1000u);
}

// The line at the time-out names the place, the bytes, the page and its PAM state.
TEST(Machine, SaysAtTheTimeOutWhereAndWhat) {
  // PAM4 (5Dh) = 11h; ds = D800h; mov [10h], al; jmp $-3
  MachineConfig config = config_for(
      rom_with({0x66, 0xb8, 0x5c, 0x00, 0x00, 0x80, 0xba, 0xf8, 0x0c, 0x66, 0xef, 0xb0, 0x11, 0xba, 0xfd,
                0x0c, 0xee, 0xb8, 0x00, 0xd8, 0x8e, 0xd8, 0xc6, 0x06, 0x10, 0x00, 0x00, 0xeb, 0xf9}));
  config.pam = PamEffect::kChip;
  config.timeout = std::chrono::milliseconds(50);
  const Boot boot(config);
  EXPECT_THAT(boot.outcome.message,
              testing::MatchesRegex("time-out: the guest is still running at F000:000000(16|1B), linear "
                                    "000F00(16|1B), bytes .*, page 000F0000 "
                                    "\\(PAM mmio: reads ROM, writes go nowhere\\).*"));
}

// 82443BX 3.3.19, FDHC 7:6 = 01: "512 KB-640 KB (128 KB hole)". A stack there is named by the register.
TEST(Machine, NamesTheHoleThatTheGuestMade) {
  // FDHC (68h) = 40h; ss:sp = 8000h:1000h; jmp $
  MachineConfig config =
      config_for(rom_with({0x66, 0xb8, 0x68, 0x00, 0x00, 0x80, 0xba, 0xf8, 0x0c, 0x66, 0xef, 0xb0, 0x40, 0xba,
                           0xfc, 0x0c, 0xee, 0xb8, 0x00, 0x80, 0x8e, 0xd0, 0xbc, 0x00, 0x10, 0xeb, 0xfe}));
  config.pam = PamEffect::kChip;
  config.timeout = std::chrono::milliseconds(50);
  const Boot boot(config);
  EXPECT_THAT(boot.outcome.message,
              testing::HasSubstr("page 00080000 (in the hole 512K-640K that FDHC (40h) makes: "));
}

}  // namespace
}  // namespace vmm
