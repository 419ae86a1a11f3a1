#include "cli/qtest/qemu_words.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace cli {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream text(line);
  return {std::istream_iterator<std::string>(text), {}};
}

const std::string kLibqtest =
    "-qtest unix:/tmp/q.sock -qtest-log /dev/null -chardev socket,path=/tmp/q.qmp,id=char0 "
    "-mon chardev=char0,mode=control -display none ";

struct Taken {
  std::string line;
  QtestOptions options;
};

QtestOptions with(std::string firmware, std::string bridge = "i440fx", std::uint64_t mib = 128) {
  QtestOptions options;
  if (!firmware.empty()) options.firmware = std::move(firmware);
  options.bridge = std::move(bridge);
  options.memory = mib << 20;
  options.qtest = "/tmp/q.sock";
  options.qmp = "/tmp/q.qmp";
  options.log = "/dev/null";
  return options;
}

bool same(const QtestOptions& a, const QtestOptions& b) {
  return a.bridge == b.bridge && a.firmware == b.firmware && a.memory == b.memory && a.qtest == b.qtest &&
         a.qmp == b.qmp && a.log == b.log;
}

// The lines of libqtest.c (7.2 and 10.1) with the arguments of i440fx-test.c's cases.
TEST(QemuWords, TakesWhatLibqtestGives) {
  const Taken rows[] = {
      {kLibqtest + "-machine pc -smp 1 -accel qtest", with("")},
      {kLibqtest + "-machine pc -smp 1 -bridge i440bx -accel qtest", with("", "i440bx")},
      {kLibqtest + "-accel qtest", with("")},
      {kLibqtest + "-S -bios /tmp/blob -accel qtest", with("/tmp/blob")},
      {kLibqtest + "-S -drive if=pflash,format=raw,file=/tmp/a,,b -accel qtest", with("/tmp/a,b")},
      {kLibqtest + "-audio none -run-with exit-with-parent=on -accel qtest", with("")},
      {kLibqtest + "-M pc-i440fx-7.2,accel=qtest -m 64 --bridge i440bx", with("", "i440bx", 64)},
      {kLibqtest + "-m size=1G -nodefaults -vga none", with("", "i440fx", 1024)},
  };
  for (const Taken& row : rows) {
    const auto options = parse_qemu_words(words_of(row.line));
    ASSERT_TRUE(options) << row.line << options.error().message();
    EXPECT_TRUE(same(*options, row.options)) << row.line;
  }
}

TEST(QemuWords, NeedsNoQmpNorLog) {
  const auto options = parse_qemu_words(words_of("-qtest stdio"));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->qtest, QtestOptions::kStdio);
  EXPECT_EQ(options->qmp, "");
  EXPECT_EQ(options->log, "");
}

TEST(QemuWords, RefusesWhatIsNotThere) {
  struct Row {
    const char* line;
    const char* why;
  };
  const Row rows[] = {
      {"", "-qtest is required"},
      {"-qtest", "-qtest needs a value: unix:PATH|stdio"},
      {"-qtest tcp:1", "-qtest tcp:1: it is unix:PATH, where the test listens, or stdio"},
      {"-qtest unix:/q,server=on",
       "-qtest unix:/q,server=on: it is unix:PATH, where the test listens, or stdio"},
      {"qtest", "qtest is no option"},
      {"---S", "---S is no option"},
      {"-device e1000", "-device is no option"},
      {"-qtest stdio -mon chardev=c,mode=control", "-mon: no -chardev has the id c"},
      {"-mon chardev=c,mode=readline", "-mon chardev=c,mode=readline: it is chardev=ID,mode=control"},
      {"-chardev stdio,id=c", "-chardev stdio,id=c: it is socket,path=PATH,id=ID, where the test listens"},
      {"-machine q35", "-machine q35: the machine is a pc"},
      {"-smp 2", "-smp 2: there is one CPU"},
      {"-accel kvm", "-accel kvm: nothing runs but the test: qtest"},
      {"-drive file=/disk",
       "-drive file=/disk: it is if=pflash,format=raw,file=FILE; there are no other drives"},
      {"-m 1", "-m 1: the RAM is whole MiB from 2M to 1G, as 64M"},
      {"-m 2G", "-m 2G: the RAM is whole MiB from 2M to 1G, as 64M"},
      {"-m 18446744073709551615G", "-m 18446744073709551615G: the RAM is whole MiB from 2M to 1G, as 64M"},
      {"-m 64K", "-m 64K: the RAM is whole MiB from 2M to 1G, as 64M"},
      {"-serial stdio", "-serial stdio: there is none"},
      {"-bridge hyperv", "-bridge hyperv: it is i440fx or i440bx"},
  };
  for (const Row& row : rows) {
    const auto options = parse_qemu_words(words_of(row.line));
    ASSERT_FALSE(options) << row.line;
    EXPECT_EQ(options.error().message(), row.why);
  }
}

// libqtest.c takes the architecture from the name of the program that it starts.
TEST(QemuWords, AreMeantByAName) {
  struct Row {
    std::vector<const char*> arguments;
    std::optional<std::vector<std::string>> words;
  };
  const Row rows[] = {
      {{"/a/lowmeg-system-x86_64", "-S"}, {{"qtest", "-S"}}},
      {{"lowmeg-i440bx-system-x86_64", "-S"}, {{"qtest", "-bridge", "i440bx", "-S"}}},
      {{"/i440bx/vmm-system-x86_64"}, {{"qtest"}}},
      {{"vmm-system-x86_64", "qtest", "-S"}, std::nullopt},
      {{"lowmeg", "boot"}, std::nullopt},
      {{"/a-system-x86_64/lowmeg", "boot"}, std::nullopt},
      {{}, std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(words_of_a_machine(row.arguments), row.words);
}

}  // namespace
}  // namespace cli
