// A guest whose segment at D0000 goes where a test says, on real KVM, by each way of a KvmMapper.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "tests/fakes/failing_changes.hpp"
#include "tests/fakes/kvm_guest.hpp"

namespace lowmeg::fakes {

/// A write that has reached the board.
struct SeenWrite {
  Gpa at;
  std::vector<std::uint8_t> data;
  friend bool operator==(const SeenWrite&, const SeenWrite&) = default;
};

/// RAM is full of 11h, ROM of 22h, and the bus reads 33h. Skips where KVM is missing.
class MappedGuest : public testing::TestWithParam<kvm::MapWay> {
 protected:
  static constexpr GpaRange kWindow{0xa0000, 0x100000};
  static constexpr GpaRange kSegment{0xd0000, 0xd4000};
  static constexpr std::uint16_t kCode = 0x1000, kResult = 0x2000;

  void SetUp() override {
    auto guest = KvmGuest::create();
    if (!guest) GTEST_SKIP() << guest.error().message();
    guest_ = std::move(*guest);
    kvm::KvmMapperConfig config;
    config.vm_fd = guest_->vm_fd();
    config.window = kWindow;
    config.first_slot = KvmGuest::kFirstFreeSlot;
    config.memory = kvm::GuestMemory::of(ram_, rom_);
    config.way = GetParam();
    config.vcpus = 1;
    config.demotions_until_kept = 10'000;
    mapper_ = kvm::KvmMapper::create(config, vcpus_, syscalls_).value();
    mapper_->attach_ring(guest_->run());
    std::ranges::fill(ram_.bytes(), std::uint8_t{0x11});
    std::ranges::fill(rom_.bytes(), std::uint8_t{0x22});
    // A stub at 10h of a page of either, which returns what it is in AL.
    for (const std::uint64_t offset : {0u, 0x1000u}) {
      std::ranges::copy(std::initializer_list<std::uint8_t>{0xb0, 0x1a, 0xcb}, &ram_.bytes()[offset + 0x10]);
      std::ranges::copy(std::initializer_list<std::uint8_t>{0xb0, 0x2a, 0xcb}, &rom_.bytes()[offset + 0x10]);
    }
  }
  Result<void> show(const memory::Routes& routes) {
    const memory::Region region{kSegment, routes};
    return mapper_->commit(memory::MemoryMap::uniform(memory::Layout(kWindow, {&region, 1})));
  }
  Result<void> run() { return guest_->run_until_halt(*mapper_, 0, kCode, board_); }
  std::uint8_t result(unsigned i) const { return guest_->low_memory()[kResult + i]; }

  memory::Backing ram_ = memory::Backing::create("ram", 0x10000).value();
  memory::Backing rom_ = memory::Backing::create("rom", 0x10000).value();
  kvm::NoOtherVcpus vcpus_;
  FailingChanges syscalls_;
  std::vector<SeenWrite> on_bus_;
  const std::function<void(const kvm::MmioAccess&)> board_ = [this](const kvm::MmioAccess& access) {
    if (access.direction == kvm::MmioDirection::kRead) {
      access.data[0] = 0x33;
    } else {
      on_bus_.push_back({access.gpa, {access.data.begin(), access.data.end()}});
    }
  };
  std::unique_ptr<KvmGuest> guest_;
  std::unique_ptr<kvm::KvmMapper> mapper_;
};

}  // namespace lowmeg::fakes
