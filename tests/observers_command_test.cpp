// lowmeg boot --trace, --map, --lspci and --inspect, and lowmeg inspect and watch, as a person runs them.
#include <gmock/gmock.h>

#include "tests/command.hpp"

namespace {

using lowmeg::fakes::Command;
using lowmeg::fakes::contents;
using lowmeg::fakes::Ended;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Command, WritesATraceAMapAndADumpOfThePciFunctions) {
  const Ended ended = run("boot --deterministic --trace " + quoted("trace") + " --map " + quoted("map") +
                          " --lspci " + quoted("dump"));
  EXPECT_EQ(ended.exit_status, 0) << ended.err;
  const std::string trace = contents(folder_ / "trace"), map = contents(folder_ / "map");
  EXPECT_THAT(trace, StartsWith("{\"displayTimeUnit\""));
  EXPECT_THAT(trace, HasSubstr("\"name\":\"write 00:00.0 58\""));
  EXPECT_THAT(trace, HasSubstr("\"register\":\"5Ch\",\"before\":\"33333333\",\"now\":\"31111111\""));
  for (const char* kind : {"counts", "create", "reset", "commit"})
    EXPECT_THAT(trace, HasSubstr("\"name\":\"" + std::string(kind) + "\"")) << kind;
  EXPECT_THAT(map, StartsWith("<!doctype html>"));
  EXPECT_THAT(
      map, HasSubstr("\"register\":\"58h\",\"before\":\"33333010\",\"now\":\"11111010\",\"code\":\"0008:"));
  EXPECT_EQ(map.find("http://"), map.find("http://www.w3.org/2000/svg")) << "nothing is fetched";
  EXPECT_EQ(map.find("https://"), std::string::npos);
  const Ended decoded = run("decode " + quoted("dump"));
  EXPECT_EQ(decoded.exit_status, 0) << decoded.err;
  EXPECT_THAT(decoded.out, HasSubstr("PAM0-PAM6 10 11 11 11 11 11 31\n"));
  if (std::system("lspci --version >/dev/null 2>&1") != 0) return;
  EXPECT_THAT(run_shell("lspci -n -F " + quoted("dump")).out,
              HasSubstr("00:00.0 0600: 8086:1237 (rev 02)\n"));
}

// "A browser test checks hover and zoom": in headless Chromium, where there is one.
TEST_F(Command, DrawsAMapThatAnswersThePointerAndTheWheel) {
  if (std::system("chromium --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "chromium is not installed";
  ASSERT_EQ(run("boot --deterministic --quiet --map " + quoted("map.html")).exit_status, 0);
  std::ofstream(folder_ / "map.html", std::ios::app) << R"(<script>{
    const cell = () => document.querySelector('#chart .cell[data-change="4"]'), box = cell().getBoundingClientRect();
    const at = {clientX: box.left + 5, clientY: box.top + 5, bubbles: true, cancelable: true};
    cell().dispatchEvent(new PointerEvent('pointermove', at));
    const told = tip.textContent;
    chart.dispatchEvent(new WheelEvent('wheel', {deltaY: -800, ...at}));
    const grown = cell().getBoundingClientRect().width / box.width;
    document.querySelector('#tools [data-burst]').click();
    document.body.dataset.result = [told, grown > 2, mode, to - from < .01].join('|');
  }</script>)";
  const Ended ended =
      run_shell("chromium --headless --no-sandbox --disable-gpu --user-data-dir=" + quoted("profile") +
                " --dump-dom file://" + (folder_ / "map.html").string());
  EXPECT_THAT(ended.out,
              testing::ContainsRegex("data-result=\"D0000-D3FFF read-only RAM.*5Ch 33333333 .* 31111111"));
  EXPECT_THAT(ended.out, HasSubstr("|true|time|true\""));
}

// "Unwritable output, a trace on a full disk: one line, right exit code; the guest's run is not harmed."
TEST_F(Command, KeepsTheGuestFromWhatItsFilesMeet) {
  for (const char* option : {"--trace", "--map", "--lspci"}) {
    const Ended nowhere = run(std::string("boot ") + option + " no/such/folder");
    EXPECT_EQ(nowhere.exit_status, 2);
    EXPECT_EQ(nowhere.out, "");
    EXPECT_EQ(nowhere.err, "lowmeg: no/such/folder: No such file or directory\n");
  }
  const Ended full = run("boot --quiet --trace /dev/full");
  EXPECT_EQ(full.exit_status, 1);
  EXPECT_THAT(full.out, HasSubstr("No bootable device"));
  EXPECT_EQ(full.err, "lowmeg: /dev/full: No space left on device\n");
}

TEST_F(Command, IsInspectedWhileItRuns) {
  const std::string at = quoted("socket");
  const Ended ended = run_shell(
      "'" LOWMEG_PROGRAM "' boot --accel soft --quiet --until '' --timeout 60 --inspect " + at +
      " >/dev/null & " + "for i in $(seq 200); do [ -S " + at + " ] && break; sleep 0.05; done; stat -c %a " +
      at + "; '" LOWMEG_PROGRAM "' inspect " + at + " && '" LOWMEG_PROGRAM "' inspect --json " + at +
      " && '" LOWMEG_PROGRAM "' inspect --lspci " + at + "; kill $!; wait $!");
  EXPECT_THAT(ended.out, StartsWith("600\nbios.bin on i440fx, PAM as Hyper-V has it at "));
  EXPECT_THAT(ended.out, HasSubstr("\nCPU 0 "));
  EXPECT_THAT(ended.out, HasSubstr("\"runs_on\": \"software CPU, as asked for\""));
  EXPECT_THAT(ended.out, HasSubstr("\n00: 86 80 37 12 "));
  EXPECT_THAT(ended.err, HasSubstr("lowmeg: ended by SIGTERM\n"));
}

TEST_F(Command, SaysThatNobodyIsThereToInspect) {
  const Ended ended = run("inspect " + quoted("nobody"));
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_THAT(ended.err, HasSubstr("No such file or directory\n"));
}

// Lines where there is no terminal; a band of 80 or 100 columns where there is one.
TEST_F(Command, WatchesInATerminalAndInAPipe) {
  const Ended piped = run("watch --accel soft");
  EXPECT_EQ(piped.exit_status, 0);
  EXPECT_THAT(piped.err, HasSubstr(" 58h 00000010 33333010 "));
  EXPECT_EQ(piped.out.find('\033'), std::string::npos);
  if (std::system("script --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "script is not installed";
  for (const char* columns : {"80", "100"}) {
    const Ended shown = run_shell("script -qec \"stty cols " + std::string(columns) +
                                  "; NO_COLOR=1 '" LOWMEG_PROGRAM "' watch --accel soft\" /dev/null");
    EXPECT_EQ(shown.exit_status, 0) << shown.out;
    EXPECT_THAT(shown.out, HasSubstr("00000           40000           80000           C0000"));
    EXPECT_THAT(shown.out, HasSubstr("5Ch 33333333 31111111")) << columns;
    EXPECT_THAT(shown.out, HasSubstr("console: No bootable device."));
  }
}

}  // namespace
