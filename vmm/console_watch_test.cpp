#include "vmm/console_watch.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

// "--until TEXT: success when the console shows it"; the rest of its line is still shown.
TEST(ConsoleWatch, FindsTheTextAndTheEndOfItsLine) {
  struct Row {
    const char* until;
    const char* console;
    bool found, line_complete;
  };
  const Row rows[] = {
      {"No bootable device", "No bootable device", true, false},
      {"No bootable device", "x\nNo bootable device.\n", true, true},
      {"No bootable device", "No bootable\ndevice\n", false, false},
      {"aab", "aaab", true, false},
      {"end\n", "the end\n", true, true},
      {"", "anything\n", false, false},
  };
  for (const Row& row : rows) {
    std::string shown;
    ConsoleWatch watch(row.until, [&](char c) { shown += c; });
    for (const char* c = row.console; *c != 0; ++c) watch.put(*c);
    EXPECT_EQ(watch.found(), row.found) << row.console;
    EXPECT_EQ(watch.line_complete(), row.line_complete) << row.console;
    EXPECT_EQ(shown, row.console);
  }
}

}  // namespace
}  // namespace vmm
