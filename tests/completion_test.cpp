// Completion, asked of bash itself: an interactive one, with Tab pressed, and a `lowmeg` that prints its
// words.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/command.hpp"

namespace {

using lowmeg::fakes::Command;
using lowmeg::fakes::Ended;
using testing::HasSubstr;

struct CompletionRow {
  const char* typed;  // and Tab where there is a "|"
  const char* words;  // that the program then gets
};

constexpr CompletionRow kRows[] = {
    {"bo|", "<boot>"},
    {"sta|en|memory_|", "<state><encode><memory_range>"},
    {"boot --acc|k|", "<boot><--accel><kvm>"},
    {"boot --accel=s|", "<boot><--accel=soft>"},
    {"check --br|i440b|", "<check><--bridge><i440bx>"},
    {"--v|", "<--version>"},
    // Text is the name of a file, where the program takes one.
    {"boot firm|", "<boot><firmware.bin>"},
    {"boot --kernel firm|", "<boot><--kernel><firmware.bin>"},
    {"boot --memory firm|", "<boot><--memory><firm>"},
    {"check firm|", "<check><firm>"},
    // Nothing is made up.
    {"boot --accel w|", "<boot><--accel><w>"},
    {"nonsense --acc|", "<nonsense><--acc>"},
};

TEST_F(Command, CompletesInBash) {
  file_of("cwd/firmware.bin", 1);
  std::string typed;
  for (const CompletionRow& row : kRows) {
    typed += std::string("lowmeg ") + row.typed + "\n";
    std::ranges::replace(typed, '|', '\t');
  }
  const Ended completion = run("--completion");
  EXPECT_EQ(completion.exit_status, 0);
  std::ofstream(folder_ / "rc") << completion.out << "lowmeg() { printf '<%s>' \"$@\"; echo; }\n";
  const Ended bash =
      run_shell("TERM=dumb script -qec 'bash --noprofile --rcfile ../rc -i' /dev/null", typed + "exit\n");
  for (const CompletionRow& row : kRows)
    EXPECT_THAT(bash.out, HasSubstr(std::string("\n") + row.words + "\r\n"));
}

}  // namespace
