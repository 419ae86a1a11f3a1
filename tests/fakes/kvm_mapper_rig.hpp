// A KvmMapper over a FakeKvm, with all that it talks to.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "tests/fakes/fake_kvm.hpp"

namespace lowmeg::fakes {

/// Keeps count; fails when told to.
class RecordingPause final : public kvm::PauseVcpus {
 public:
  Result<void> pause() override {
    ++pauses;
    if (fails) return fail(Errc::kTimeout, "a vCPU does not stop");
    is_paused = true;
    return {};
  }
  void resume() override {
    ++resumes;
    is_paused = false;
  }

  unsigned pauses = 0, resumes = 0;
  bool is_paused = false, fails = false;
};

class RecordingObserver final : public kvm::MapObserver {
 public:
  explicit RecordingObserver(const RecordingPause& pause) : pause_(pause) {}
  Result<void> map_will_change(const kvm::MapChange&) override {
    ++asked;
    if (refuses) return fail(Errc::kNotSupported, "somebody has it mapped");
    return {};
  }
  void map_changed(const kvm::MapChange& change) override {
    ++calls;
    was_paused = pause_.is_paused;
    cpu.assign(change.cpu.begin(), change.cpu.end());
    bus_master.assign(change.bus_master.begin(), change.bus_master.end());
    if (throws) throw std::runtime_error("no room in the observer");
  }
  void map_did_not_change(const kvm::MapChange&) override { ++undone; }
  void demoted(std::span<const GpaRange> all) override { demoted_pages.assign(all.begin(), all.end()); }

  unsigned asked = 0, calls = 0, undone = 0;
  bool was_paused = false, refuses = false, throws = false;
  std::vector<memory::LayoutChange> cpu, bus_master;
  std::vector<GpaRange> demoted_pages;

 private:
  const RecordingPause& pause_;
};

/// A vCPU's mapping whose third page is the ring; the test is the kernel.
class FakeRun {
 public:
  kvm_run* run() { return static_cast<kvm_run*>(static_cast<void*>(bytes_.data())); }
  void queue(Gpa at, std::vector<std::uint8_t> data, bool is_port = false) {
    auto* ring = static_cast<kvm_coalesced_mmio_ring*>(static_cast<void*>(bytes_.data() + 2 * kPageSize));
    kvm_coalesced_mmio& entry = ring->coalesced_mmio[ring->last];
    entry = {};
    entry.phys_addr = at;
    entry.len = static_cast<std::uint32_t>(data.size());
    entry.pio = is_port ? 1 : 0;
    std::memcpy(entry.data, data.data(), data.size());
    ring->last = (ring->last + 1) % kvm::kCoalescedRingEntries;
  }

 private:
  alignas(kPageSize) std::array<std::uint8_t, 3 * kPageSize> bytes_{};
};

/// A vCPU's access that has left the guest, as its thread brings it to the mapper.
inline kvm::AfterRun mmio_exit(kvm::KvmMapper& mapper, kvm_run& run, Gpa gpa, kvm::MmioDirection direction,
                               std::span<std::uint8_t> data) {
  run.exit_reason = KVM_EXIT_MMIO;
  run.mmio.phys_addr = gpa;
  run.mmio.len = static_cast<std::uint32_t>(data.size());
  run.mmio.is_write = direction == kvm::MmioDirection::kWrite ? 1 : 0;
  std::ranges::copy(data, run.mmio.data);
  kvm::AfterRun after = mapper.after_run({.run = run, .entered = mapper.generation()});
  std::ranges::copy(std::span(run.mmio.data).first(data.size()), data.begin());
  return after;
}

class KvmMapperRig {
 public:
  static constexpr GpaRange kWindow{0xa0000, 0x100000};

  KvmMapperRig() {
    for (std::size_t i = 0; i < ram.size(); i += kPageSize)
      ram.bytes()[i] = static_cast<std::uint8_t>(i >> 12);
    for (std::size_t i = 0; i < rom.size(); i += kPageSize)
      rom.bytes()[i] = static_cast<std::uint8_t>(0x80 + (i >> 12));
  }
  kvm::KvmMapperConfig config() {
    kvm::KvmMapperConfig result;
    result.vm_fd = FakeKvm::kVmFd;
    result.window = kWindow;
    result.first_slot = 5;
    result.memory = kvm::GuestMemory::of(ram, rom);
    result.observer = &observer;
    result.stillness = kvm::Stillness::kFence;
    return result;
  }
  std::unique_ptr<kvm::KvmMapper> create() { return create(config()); }
  std::unique_ptr<kvm::KvmMapper> create(const kvm::KvmMapperConfig& config) {
    auto mapper = kvm::KvmMapper::create(config, pause, kvm).value();
    mapper->attach_ring(run.run());
    return mapper;
  }
  /// All of the window by its page, as the guest sees it.
  std::vector<std::optional<FakeKvm::Page>> picture() const {
    std::vector<std::optional<FakeKvm::Page>> pages;
    for (Gpa gpa = kWindow.start(); gpa < kWindow.end(); gpa += kPageSize) pages.push_back(kvm.page(gpa));
    return pages;
  }
  static memory::MemoryMap map(std::vector<memory::Region> regions) {
    return memory::MemoryMap::uniform(memory::Layout(kWindow, regions));
  }

  memory::Backing ram = memory::Backing::create("ram", 0x100000).value();
  memory::Backing rom = memory::Backing::create("rom", 0x40000).value();
  FakeKvm kvm;
  RecordingPause pause;
  RecordingObserver observer{pause};
  FakeRun run;
};

}  // namespace lowmeg::fakes
