// For this room's tests: a machine of 1 MiB of RAM whose CPUs run hand-assembled real-mode code, on real KVM.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "vmm/cpu_kvm/kvm_cpus.hpp"

namespace vmm {

/// Why there is no KVM to run on, if so.
inline lowmeg::Result<void> kvm_usable() {
  auto kvm = lowmeg::kvm::open_kvm();
  if (!kvm) return tl::unexpected(kvm.error());
  return lowmeg::kvm::query_capabilities(kvm->get()).enough_for_mapper();
}

struct Access {
  std::uint64_t address;
  unsigned size;
  std::uint64_t value;
  friend bool operator==(const Access&, const Access&) = default;
};

/// Keeps every write, answers reads with 11h, 12h, 13h ... in each byte, and stops the machine at a write to
/// kStopPort.
class RecordingExits final : public VcpuExits {
 public:
  static constexpr std::uint16_t kStopPort = 0x99;

  std::uint32_t io_in(std::uint16_t port, unsigned size) override {
    const std::lock_guard lock(mutex_);
    inputs_.push_back({port, size, ++answer_});
    return answer_ * 0x01010101u;
  }
  void io_out(std::uint16_t port, unsigned size, std::uint32_t value) override {
    const std::lock_guard lock(mutex_);
    outputs_.push_back({port, size, value});
    if (port == kStopPort) cpus_->request_stop();
  }
  void mmio_read(lowmeg::Gpa gpa, std::span<std::uint8_t> data) override {
    const std::lock_guard lock(mutex_);
    memory_reads_.push_back({gpa, static_cast<unsigned>(data.size()), ++answer_});
    std::fill(data.begin(), data.end(), static_cast<std::uint8_t>(answer_));
  }
  void mmio_write(lowmeg::Gpa gpa, std::span<const std::uint8_t> data) override {
    const std::lock_guard lock(mutex_);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < data.size(); ++i) value |= std::uint64_t{data[i]} << (8 * i);
    memory_writes_.push_back({gpa, static_cast<unsigned>(data.size()), value});
  }

  void plug(KvmCpus& cpus) { cpus_ = &cpus; }
  std::vector<Access> outputs() { return copy(outputs_); }
  std::vector<Access> inputs() { return copy(inputs_); }
  std::vector<Access> memory_reads() { return copy(memory_reads_); }
  std::vector<Access> memory_writes() { return copy(memory_writes_); }

 private:
  std::vector<Access> copy(const std::vector<Access>& accesses) {
    const std::lock_guard lock(mutex_);
    return accesses;
  }

  std::mutex mutex_;
  KvmCpus* cpus_ = nullptr;
  std::uint32_t answer_ = 0x10;
  std::vector<Access> outputs_, inputs_, memory_reads_, memory_writes_;
};

/// RAM 0-FFFFF but A0000-BFFFF (the bus), ROM below 4 GiB with the reset vector.
class RealModeTest : public testing::Test {
 protected:
  static constexpr lowmeg::GpaRange kWindow{0, 1ull << 32};
  static constexpr std::uint64_t kRomSize = 0x10000;
  using Code = std::vector<std::uint8_t>;

  /// Builds it with `code` at 0:1000, and at the reset vector a jump there. Not started.
  void build(const Code& code, unsigned cpus = 1) {
    if (auto usable = kvm_usable(); !usable) GTEST_SKIP() << usable.error().message();
    place(0x1000, code);
    const Code jump{0xea, 0x00, 0x10, 0x00, 0x00};  // jmp 0:1000
    std::copy(jump.begin(), jump.end(), rom_.bytes().end() - 16);
    vm_ = KvmVm::create().value();
    cpus_ = KvmCpus::create({.cpus = cpus, .vm = *vm_, .exits = exits_}).value();
    exits_.plug(*cpus_);
    lowmeg::kvm::KvmMapperConfig config;
    config.vm_fd = vm_->fd();
    config.window = kWindow;
    config.memory = lowmeg::kvm::GuestMemory::of(ram_, rom_);
    mapper_ = lowmeg::kvm::KvmMapper::create(config, *cpus_).value();
    ASSERT_TRUE(mapper_->commit(map()));
  }
  void TearDown() override {
    if (cpus_) cpus_->stop();
    mapper_.reset();
  }

  void start() { ASSERT_TRUE(cpus_->start(*mapper_)); }
  KvmCpus::Stop wait(std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
    return cpus_->wait(std::chrono::steady_clock::now() + at_most);
  }
  /// Starts, and runs until the guest writes to the stop port.
  void run() {
    start();
    ASSERT_EQ(wait(), KvmCpus::Stop::kRequested) << cpus_->failure().message();
    ASSERT_TRUE(cpus_->park());
  }
  void place(std::size_t address, const Code& bytes) {
    std::copy(bytes.begin(), bytes.end(), ram_.bytes().begin() + static_cast<std::ptrdiff_t>(address));
  }

  static lowmeg::memory::MemoryMap map() {
    const lowmeg::memory::Region regions[] = {
        {lowmeg::GpaRange(0, 0xa0000), lowmeg::memory::ram_routes(0)},
        {lowmeg::GpaRange(0xc0000, 0x100000), lowmeg::memory::ram_routes(0xc0000)},
        {lowmeg::GpaRange(kWindow.end() - kRomSize, kWindow.end()), lowmeg::memory::rom_routes(0)}};
    return lowmeg::memory::MemoryMap::uniform(lowmeg::memory::Layout(kWindow, regions));
  }

  lowmeg::memory::Backing ram_ = lowmeg::memory::Backing::create("test-ram", 1 << 20).value();
  lowmeg::memory::Backing rom_ = lowmeg::memory::Backing::create("test-rom", kRomSize).value();
  RecordingExits exits_;
  std::unique_ptr<KvmVm> vm_;
  std::unique_ptr<KvmCpus> cpus_;
  std::unique_ptr<lowmeg::kvm::KvmMapper> mapper_;
};

}  // namespace vmm
