#include "lowmeg/core/event_sink.hpp"

#include <gtest/gtest.h>

namespace lowmeg {
namespace {

// A guest that repeats itself fills no log: the first few are told, the rest are counted.
TEST(EventLimit, AdmitsTheFirstFewAndCountsAll) {
  EventLimit limit(3);
  const bool expected[] = {true, true, true, false, false};
  for (const bool admitted : expected) EXPECT_EQ(limit.admit(), admitted);
  EXPECT_EQ(limit.count(), 5u);
}

}  // namespace
}  // namespace lowmeg
