// Nothing is left: no slot, mapping or descriptor, after many machines and many changes. On real KVM; skipped
// without.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/fakes/kvm_guest.hpp"
#include "tests/fakes/random_map.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::KvmGuest;
using memory::Layout;

struct Held {
  long descriptors = 0;
  long mappings = 0;
};

// The mappings of our own memory: the heap's and the sanitizer's come and go as they like.
Held held() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd"), end;
  Held result{std::distance(descriptors, end), 0};
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("memfd:") != std::string::npos || line.find("kvm") != std::string::npos) ++result.mappings;
  }
  return result;
}

class Leaks : public testing::Test {
 protected:
  void SetUp() override {
    if (auto guest = KvmGuest::create(); !guest) GTEST_SKIP() << guest.error().message();
  }
  // A mapper of its own, over the slots that all of them use.
  enum class Zone { kYes, kNo };
  std::unique_ptr<KvmMapper> mapper(KvmGuest& guest, Zone zone) {
    KvmMapperConfig config;
    if (zone == Zone::kNo) config.coalesced = {};
    config.vm_fd = guest.vm_fd();
    config.first_slot = KvmGuest::kFirstFreeSlot;
    config.memory = GuestMemory::of(ram_, rom_);
    return KvmMapper::create(config, vcpus_).value();
  }
  // Each changes a segment or so.
  void change(KvmMapper& target, unsigned times) {
    for (unsigned i = 0; i < times; ++i) {
      const std::vector<memory::Region> regions = random_.regions();
      const memory::Region& region = regions[random_.pick(regions.size())];
      const Layout layout = target.map().cpu.overlaid({&region, 1});
      const auto committed = target.commit(memory::MemoryMap::uniform(layout));
      ASSERT_TRUE(committed) << committed.error().message();
      ASSERT_LE(target.slots().size(), 96u);
    }
  }

  memory::Backing ram_ = memory::Backing::create("ram", 0x100000).value();
  memory::Backing rom_ = memory::Backing::create("rom", 0x40000).value();
  NoOtherVcpus vcpus_;
  fakes::RandomMap random_{1, GpaRange(0, 0x100000), GpaRange(0, 0x40000)};
};

TEST_F(Leaks, NoneAfterManyMachines) {
  const Held before = held();
  for (int i = 0; i < 200; ++i) {
    const auto guest = KvmGuest::create().value();
    // The first slot after a zone was registered takes KVM 10 ms and more.
    change(*mapper(*guest, i % 4 == 0 ? Zone::kYes : Zone::kNo), 10);
  }
  EXPECT_EQ(held().descriptors, before.descriptors);
  EXPECT_EQ(held().mappings, before.mappings);
}

// A mapper that goes leaves its VM as it found it: the next takes the same slots and window.
TEST_F(Leaks, NoneAfterManyMappersAndChanges) {
  const auto guest = KvmGuest::create().value();
  const Held before = held();
  for (int i = 0; i < 10; ++i) {
    const auto target = mapper(*guest, Zone::kYes);
    change(*target, 1000);
    ASSERT_LE(held().mappings, before.mappings + 96) << "no more pieces than there are pages";
    ASSERT_EQ(held().descriptors, before.descriptors + 1) << "the pages of the open bus";
  }
  EXPECT_EQ(held().descriptors, before.descriptors);
  EXPECT_EQ(held().mappings, before.mappings);
}

}  // namespace
}  // namespace lowmeg::kvm
