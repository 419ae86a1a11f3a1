#include "lowmeg/core/event_sink.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lowmeg {
namespace {

// "The first `burst` events, and then one whenever their number has doubled": a guest that repeats itself
// fills no log, and a fault that goes on is never silent for good.
TEST(EventLimit, TellsTheFirstFewAndEachDoubling) {
  EventLimit limit(3);
  std::vector<std::string> told;
  for (int i = 1; i <= 24; ++i) {
    if (limit.admit()) told.push_back(limit.told(std::to_string(i)));
  }
  EXPECT_EQ(told,
            (std::vector<std::string>{"1", "2", "3 (further ones are told whenever their number has doubled)",
                                      "6 (and 2 like it before that were not told)",
                                      "12 (and 5 like it before that were not told)",
                                      "24 (and 11 like it before that were not told)"}));
  EXPECT_EQ(limit.count(), 24u);
}

}  // namespace
}  // namespace lowmeg
