#include "vmm/cpu_kvm/board_exits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace vmm {
namespace {

using testing::ElementsAre;

class Memory final : public MmioDevice {
 public:
  struct Access {
    std::uint32_t offset;
    unsigned size;
    std::uint32_t value;
    friend bool operator==(const Access&, const Access&) = default;
  };
  std::uint32_t read(std::uint32_t offset, unsigned size) override {
    accesses.push_back({offset, size, 0});
    return 0x44332211;
  }
  void write(std::uint32_t offset, unsigned size, std::uint32_t value) override {
    accesses.push_back({offset, size, value});
  }
  std::vector<Access> accesses;
};

class BoardExitsTest : public testing::Test {
 protected:
  BoardExitsTest() { mmio_.place(lowmeg::GpaRange(0xb8000, 0xb9000), memory_); }

  Memory memory_;
  IoBus io_;
  MmioBus mmio_;
  BoardExits exits_{io_, mmio_};
};

// KVM hands over 1 to 8 bytes; a cycle of the bus has 1, 2 or 4.
TEST_F(BoardExitsTest, LongAccessesGoInCyclesOfTheBus) {
  const std::vector<std::uint8_t> data{1, 2, 3, 4, 5, 6, 7, 8};
  exits_.mmio_write(0xb8010, data);
  exits_.mmio_write(0xb8020, std::span(data).first(3));
  EXPECT_THAT(memory_.accesses,
              ElementsAre(Memory::Access{0x10, 4, 0x04030201}, Memory::Access{0x14, 4, 0x08070605},
                          Memory::Access{0x20, 2, 0x0201}, Memory::Access{0x22, 1, 0x03}));
  std::vector<std::uint8_t> read(7);
  exits_.mmio_read(0xb8000, read);
  EXPECT_THAT(read, ElementsAre(0x11, 0x22, 0x33, 0x44, 0x11, 0x22, 0x11));
}

TEST_F(BoardExitsTest, NobodyThereReadsOnes) {
  std::vector<std::uint8_t> read(2);
  exits_.mmio_read(0xa0000, read);
  EXPECT_THAT(read, ElementsAre(0xff, 0xff));
  EXPECT_EQ(exits_.io_in(0x70, 2), 0xffffu);
}

// "Memory accesses must not take a lock that is held across a commit."
TEST_F(BoardExitsTest, MemoryAnswersWhileAPortIsBusy) {
  const auto busy = exits_.lock_ports();
  auto done = std::async(std::launch::async, [this] {
    const std::uint8_t byte = 7;
    exits_.mmio_write(0xb8000, {&byte, 1});
  });
  ASSERT_EQ(done.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

}  // namespace
}  // namespace vmm
