#include "lowmeg/state/utf8.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/hex.hpp"

namespace lowmeg::state {
namespace {

// Unicode Standard, table 3-7.
TEST(Utf8, IsWellFormedOrNot) {
  struct Row {
    const char* bytes;
    bool good;
  };
  const Row rows[] = {
      {"", true},
      {"41 7f 00", true},
      {"c2 80", true},
      {"df bf", true},
      {"e0 a0 80", true},
      {"ed 9f bf", true},
      {"ef bf bf", true},
      {"f0 90 80 80", true},
      {"f4 8f bf bf", true},
      {"41 e2 82 ac 42", true},
      {"80", false},           // no first byte
      {"c1 bf", false},        // overlong
      {"e0 9f bf", false},     // overlong
      {"f0 8f bf bf", false},  // overlong
      {"ed a0 80", false},     // a surrogate
      {"f4 90 80 80", false},  // above 10FFFFh
      {"f5 80 80 80", false},
      {"ff", false},
      {"c2", false},  // ends early
      {"e2 82", false},
      {"f0 90 80", false},
      {"c2 41", false},
      {"e2 82 41", false},
      {"f0 90 80 c0", false},
  };
  for (const Row& row : rows) EXPECT_EQ(is_utf8(fakes::unhex(row.bytes)), row.good) << row.bytes;
}

}  // namespace
}  // namespace lowmeg::state
