// The command as a person runs it: real processes, their exit status and what they print.
#include <algorithm>
#include <vector>

#include "tests/command.hpp"

namespace {

namespace fs = std::filesystem;
using lowmeg::fakes::Command;
using lowmeg::fakes::contents;
using lowmeg::fakes::Ended;

constexpr const char* kBochs =
    "boot --until bootable --deterministic --bridge hyperv /usr/share/bochs/BIOS-bochs-latest";

// "Bad input: missing, empty, odd-sized or too large files, unknown options: one line, exit 2, nothing
// created." More of wrong usage is in cli/line/command_line_test.cpp.
TEST_F(Command, RefusesBadInputInOneLine) {
  struct Row {
    std::string arguments, complaint;
  };
  const std::string rom = file_of("rom", 65536);
  const Row rows[] = {
      {"boot no-such-file", "firmware no-such-file: No such file or directory"},
      {"boot .", "firmware .: Is a directory"},
      {"boot " + file_of("empty", 0), "the file is empty"},
      {"boot " + file_of("small", 32768), "32768 bytes; a power of two from 64 KiB to 1 MiB is needed"},
      {"boot " + file_of("odd", 65537), "65537 bytes; a power of two"},
      {"boot " + file_of("even", 3 * 65536), "196608 bytes; a power of two"},
      {"boot " + file_of("large", (1 << 20) + 1),
       "1048577 bytes; a power of two from 64 KiB to 1 MiB is needed"},
      {"boot --memory 16E " + rom, "--memory: 16E is no size"},
      {"boot --no-such-option", "--no-such-option"},
      {"boot --vgabios " + file_of("no-rom", 512),
       "no option ROM (it does not start with 55 AA and a length)"},
      {"boot --vgabios no-such-file", "VGA BIOS no-such-file: No such file or directory"},
      {"boot --vgabios-pci " + file_of("no-rom", 512),
       "no option ROM (it does not start with 55 AA and a length)"},
      {"boot --floppy " + file_of("part", 513), "513 bytes are not whole sectors of 512"},
      {"boot --floppy " + file_of("empty-floppy", 0), "the file is empty"},
      {"boot --floppy " + file_of("large-floppy", 2880 * 1024 + 512), "larger than 2880 KiB"},
      {"boot --floppy no-such-file", "floppy image no-such-file: No such file or directory"},
      {"boot --option-rom no-such-file", "option ROM no-such-file: No such file or directory"},
      {"boot --option-rom " + file_of("no-rom", 512),
       "no option ROM (it does not start with 55 AA and a length)"},
      {"boot --option-rom " + file_of("huge-rom", 128 * 1024 + 1), "larger than 128 KiB"},
      {"boot --vgabios " + file_of("huge-vga", 48 * 1024 + 1), "larger than 48 KiB; --vgabios-pci takes 128"},
      {"boot --kernel no-such-file", "kernel no-such-file: No such file or directory"},
      {"boot --kernel " + file_of("no-kernel", 4096), "no Linux kernel (no HdrS at offset 202h)"},
      {"decode no-such-file", "no-such-file: No such file or directory"},
      {"decode .", ".: Is a directory"},
      {"decode " + file_of("no-dump", 300), "no PCI function in it"},
      {"decode " + file_of("few-bytes", 100, '\0'), "100 bytes that are no text"},
      {"decode " + file_of("short", 64, '\0'), "no host bridge (class 0600) among 1 functions"},
      {"decode 30 33", "2 inputs; give one file, or PAM0-PAM6 as seven bytes of hex"},
      {"decode 3033333333333g", "3033333333333g: No such file or directory"},
      {"decode 30333333333333 59.b=100", "59.b=100: the value is no hexadecimal number of that size"},
      {"decode 30333333333333 00.w=1234", "00-03 say which chip it is"},
      {"decode --diff no-a no-b", "no-a: No such file or directory"},
      {"boot --gdb 0", "--gdb 0: neither a port from 1 to 65535 nor unix:PATH"},
      {"boot --gdb localhost:1234", "neither a port from 1 to 65535 nor unix:PATH"},
      {"boot --gdb unix:no/such/folder/socket", "listen at no/such/folder/socket: No such file or directory"},
      {"boot --inspect no/such/folder/socket",
       "lowmeg: listen at no/such/folder/socket: No such file or directory"},
      {"boot --trace .", ".: Is a directory"},
      {"watch --map no/such/folder/map", "no/such/folder/map: No such file or directory"},
      {"reboot", "reboot is no command"},
      {"", "a command is needed"},
  };
  for (const Row& row : rows) {
    const Ended ended = run(row.arguments);
    EXPECT_EQ(ended.exit_status, 2) << row.arguments;
    EXPECT_EQ(ended.out, "") << row.arguments;
    EXPECT_NE(ended.err.find(row.complaint), std::string::npos) << row.arguments << ": " << ended.err;
    EXPECT_EQ(ended.err.rfind("lowmeg: ", 0), 0u) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_TRUE(fs::is_empty(folder_ / "cwd")) << row.arguments;
  }
}

TEST_F(Command, BootsSeaBiosAndShowsItsPamWrites) {
  const Ended& ended = deterministic("boot --deterministic --get strict");
  EXPECT_EQ(ended.exit_status, 0);
  EXPECT_NE(ended.out.find("No bootable device"), std::string::npos);
  EXPECT_EQ(ended.out.find("reads from"), std::string::npos) << "the timeline and the map go to stderr";
  // Times are those of the instruction count, and none of the wall clock is shown.
  for (const char* line :
       {" 58h 00000010 33333010      4       3     7     -  C0000-CFFFF F0000-FFFFF mmio>rw",
        " 5Ch 00000000 33333333      8       0     8     -  D0000-EFFFF mmio>rw",
        " 58h 33333010 11111010      3       5     8     -  C0000-CFFFF F0000-FFFFF rw>ro",
        " 5Ch 33333333 31111111      0       7     7     -  D0000-EBFFF rw>ro",
        "\nF0000-FDFFF   ro     RAM 000F0000   nowhere           0\n",
        "\nFE000-FFFFF   ro     RAM 000FE000   RAM 000FE000      -\n",
        "GET: 42 requests (27 creates, 15 resets), 42 round trips\n"}) {
    EXPECT_NE(ended.err.find(line), std::string::npos) << line << "\n" << ended.err;
  }
  EXPECT_EQ(ended.err.find('\033'), std::string::npos) << "colour only on a terminal";
}

TEST_F(Command, SendsOneBatchForEachWrite) {
  const Ended& ended = deterministic("boot --deterministic");
  EXPECT_NE(ended.err.find(" 58h 00000010 33333010      4       3     1     -  "), std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("GET: 42 requests (27 creates, 15 resets), 5 round trips\n"), std::string::npos);
}

TEST_F(Command, PrintsTheSameTwiceWhenDeterministic) {
  const Ended& first = deterministic(kBochs);
  const Ended second = run(kBochs);
  EXPECT_EQ(first.exit_status, 0) << first.err;
  EXPECT_EQ(first.out, second.out);
  EXPECT_EQ(first.err, second.err);
}

// "readable at 100 columns"
TEST_F(Command, KeepsTo100Columns) {
  for (const char* arguments : {"boot", "--help", "boot --help"}) {
    const Ended ended = run(arguments);
    const std::string text = ended.err.empty() ? ended.out : ended.err;
    std::size_t longest = 0;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      longest = std::max(longest, end - start);
      start = end + 1;
    }
    EXPECT_GT(longest, 0u) << arguments;
    EXPECT_LE(longest, 100u) << arguments << "\n" << text;
  }
}

TEST_F(Command, QuietLeavesTheLogAlone) {
  const Ended ended = run("boot --deterministic --quiet");
  EXPECT_EQ(ended.exit_status, 0);
  EXPECT_NE(ended.out.find("SeaBIOS (version"), std::string::npos);
  EXPECT_EQ(ended.err, "");
}

// "one source at a time": what SeaBIOS prints at 402h is not on the others.
TEST_F(Command, ShowsOneConsoleAndEndsAtTheTimeOut) {
  for (const char* console : {"e9", "com1"}) {
    const Ended ended = run(std::string("boot --timeout 1 --console ") + console);
    EXPECT_EQ(ended.exit_status, 124) << console;
    EXPECT_EQ(ended.out.find("enter handle_19"), std::string::npos) << console;
    EXPECT_NE(ended.err.find("lowmeg: time-out: the guest is "), std::string::npos) << ended.err;
  }
}

// "--console screen": what a person would see on the display, and --until looks for its text there.
TEST_F(Command, ShowsTheScreen) {
  const Ended ended =
      run("boot --deterministic --quiet --console screen --vgabios /usr/share/vgabios/vgabios.bin");
  EXPECT_EQ(ended.exit_status, 0) << ended.err;
  EXPECT_NE(ended.out.find("SeaBIOS (version"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("No bootable device."), std::string::npos) << ended.out;
  EXPECT_EQ(ended.out.find("enter handle_19"), std::string::npos) << "the log goes to port 402h";
}

// "--quiet must not hide triple faults", and what the defaults are: an unknown ROM is waited for until it
// ends.
TEST_F(Command, TellsOfTripleFaultsAlsoWhenQuiet) {
  // lidt [cs:0010h] with a limit of 0, then int 3
  std::string rom(65536, '\0');
  rom.replace(0, 7, std::string("\x2e\x0f\x01\x1e\x10\x00\xcc", 7));
  rom.replace(0xfff0, 5, std::string("\xea\x00\x00\x00\xf0", 5));
  std::ofstream(folder_ / "falls", std::ios::binary) << rom;
  const Ended ended = run("boot --accel soft --quiet " + (folder_ / "falls").string());
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_EQ(ended.err.rfind("lowmeg: the guest resets for ever and tells nothing: 1000 resets from ", 0), 0u)
      << ended.err;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
}

TEST_F(Command, ExplainsItsExitStatus) {
  const Ended& ended = deterministic("boot --help");
  for (const char* text :
       {"Exit status:", "2v+1", "124", "8900h", "604h", "501h", "SeaBIOS (version", "--init-resets-board"})
    EXPECT_NE(ended.out.find(text), std::string::npos) << text;
}

// "Tears bridge, adjuster and client down at chosen config accesses and builds them anew from bytes alone":
// neither the log nor the timeline shows it.
TEST_F(Command, RestartsItsDevicesUnnoticed) {
  const Ended& plain = deterministic(kBochs);
  const Ended often =
      run("boot --until bootable --deterministic --restart-devices 1 --bridge hyperv "
          "/usr/share/bochs/BIOS-bochs-latest");
  const Ended thrice =
      run("boot --until bootable --deterministic --restart-at 1,5,9 --bridge hyperv "
          "/usr/share/bochs/BIOS-bochs-latest");
  EXPECT_EQ(often.out, plain.out);
  EXPECT_EQ(thrice.out, plain.out);
  EXPECT_EQ(thrice.err, plain.err + "Restarts: 3\n");
  EXPECT_EQ(often.err.substr(0, plain.err.size()), plain.err);
}

// "Raw bytes, or hex with --hex; a refusal is one line and exit 1; --check --memory SIZE adds what restore
// would say."
TEST_F(Command, EncodesAndDecodesState) {
  const std::string json = "{\n  \"start\": 0,\n  \"end\": 4096\n}\n";
  EXPECT_EQ(run("state decode --hex memory_range", "10 80 20\n").out, json);
  EXPECT_EQ(run("state decode memory_range", "\x10\x80\x20").out, json);
  EXPECT_EQ(run("state encode --hex memory_range", json).out, "108020\n");
  EXPECT_EQ(run("state encode memory_range", json).out, "\x10\x80\x20");

  struct Row {
    std::string arguments, input, complaint;
  };
  const std::string bridge = "08828488101002180338827042081206000000000000";
  const Row rows[] = {
      {"decode --hex memory_range", "1080", "end: the input ends within a varint"},
      {"decode --hex memory_range", "108", "the hex input ends within a byte"},
      {"decode --hex memory_range", "10x0", "the input is not hex"},
      {"decode adjuster", "", "handles"},
      {"encode bridge", "{}", "host_pci_dram1"},
      {"encode memory_range", "{\"start\": 1e999, \"end\": 0}", "the state: number overflow parsing '1e999'"},
      {"encode bridge", "no JSON", "the state: parse error at line 1"},
      {"encode memory_range", "{\"start\": 0, \"end\": -1}", "end"},
      {"decode --hex --check bridge", "08828488101002180338ffff0342081206000000000000", "smm_config_word"},
  };
  for (const Row& row : rows) {
    const Ended ended = run("state " + row.arguments, row.input);
    EXPECT_EQ(ended.exit_status, 1) << row.arguments;
    EXPECT_EQ(ended.out, "") << row.arguments;
    EXPECT_NE(ended.err.find(row.complaint), std::string::npos) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  }
  EXPECT_EQ(run("state decode --hex --check --memory 64M bridge", bridge).exit_status, 0);
}

// stdout that cannot be written: exit 1 and one line, whatever the command; an end of its own stays.
TEST_F(Command, SaysThatStdoutIsLost) {
  for (const char* arguments : {"--version", "boot --help", "state decode --hex memory_range"}) {
    for (const char* stream : {" >/dev/full", " >&-"}) {
      const Ended ended = run_shell(std::string("'" LOWMEG_PROGRAM "' ") + arguments + stream, "108020");
      EXPECT_EQ(ended.exit_status, 1) << arguments << stream;
      EXPECT_EQ(ended.err.rfind("lowmeg: stdout: ", 0), 0u) << ended.err;
      EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    }
  }
}

// No output that fails stops a machine; and a closed descriptor is not the guest's RAM's.
TEST_F(Command, BootsWhereItsOutputIsLost) {
  const std::string boot = "'" LOWMEG_PROGRAM "' boot --deterministic";
  const std::string whole = deterministic("boot --deterministic").out;
  for (const char* stream : {" 2>/dev/full", " 2>&-", " 2>&- <&-"})
    EXPECT_EQ(run_shell(boot + stream).out, whole) << stream;
  const Ended cut = run_shell("{ " + boot + "; echo $? >../status; } | head -n 1");
  EXPECT_EQ(std::count(cut.out.begin(), cut.out.end(), '\n'), 1);
  EXPECT_NE(cut.err.find("The first megabyte at the end"), std::string::npos);
  EXPECT_EQ(contents(folder_ / "status"), "1\n");
}

// Ctrl-C and its like end a boot with the final map and 128 + the signal's number.
TEST_F(Command, EndsAtASignalWithTheFinalMap) {
  const std::pair<const char*, int> rows[] = {{"INT", 130}, {"TERM", 143}, {"HUP", 129}};
  for (const auto& [signal, status] : rows) {
    const Ended ended = run_shell(std::string("timeout --foreground --preserve-status -s ") + signal +
                                  " 2 '" LOWMEG_PROGRAM "' boot --accel soft --until '' --timeout 50");
    EXPECT_EQ(ended.exit_status, status) << signal;
    EXPECT_NE(ended.err.find("The first megabyte at the end"), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find(std::string("lowmeg: ended by SIG") + signal + "\n"), std::string::npos);
  }
}

TEST_F(Command, HelpHasAnExample) {
  const Ended& ended = deterministic("boot --help");
  EXPECT_EQ(ended.exit_status, 0);
  EXPECT_NE(ended.out.find("Example: lowmeg boot"), std::string::npos);
  EXPECT_EQ(run("--version").out, "lowmeg 0.1.0\n");
}

}  // namespace
