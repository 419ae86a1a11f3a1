#include "lowmeg/memory/writer_first_mutex.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace lowmeg::memory {
namespace {

using namespace std::chrono_literals;

// Three threads of which one shares it at any time. Each lets go only when the next has it, so that without
// the rule "who wants it alone is next" it is never free.
TEST(WriterFirstMutex, IsNotHeldUpByReadersThatTakeTurns) {
  WriterFirstMutex mutex;
  std::atomic<unsigned> shares = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const std::shared_lock share(mutex);
        const unsigned before = ++shares;
        const auto patience = std::chrono::steady_clock::now() + 2ms;
        while (shares == before && !stop && std::chrono::steady_clock::now() < patience)
          std::this_thread::yield();
      }
    });
  }
  while (shares < 10) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::unique_lock alone(mutex);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

TEST(WriterFirstMutex, IsHadAloneOrShared) {
  WriterFirstMutex mutex;
  unsigned value = 0;  // no atomic: TSan judges
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (unsigned round = 0; round < 2000; ++round) {
        if (i % 2 == 0) {
          const std::unique_lock alone(mutex);
          ++value;
        } else {
          const std::shared_lock share(mutex);
          const unsigned seen = value;
          EXPECT_EQ(value, seen);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value, 4000u);
}

}  // namespace
}  // namespace lowmeg::memory
