#include "lowmeg/kvm/write_ring.hpp"

#include <algorithm>
#include <utility>

namespace lowmeg::kvm {

void WriteRing::attach(CoalescedRing ring) {
  const std::lock_guard lock(lock_);
  ring_ = ring;
}

void WriteRing::drain(const Store& store) {
  const std::lock_guard lock(lock_);
  for (unsigned left = ring_.waiting(); left != 0; --left) {
    auto entry = ring_.take();
    if (!entry) return;
    ++drained_;
    const std::span data(entry->data, std::min<std::size_t>(entry->len, sizeof(entry->data)));
    if (entry->pio == 0 && store({entry->phys_addr, MmioDirection::kWrite, data})) continue;
    keep(*entry, data);
  }
}

void WriteRing::keep(const kvm_coalesced_mmio& entry, std::span<const std::uint8_t> data) {
  BusWrite write{tickets_,
                 entry.phys_addr,
                 entry.pio != 0 ? BusWrite::Space::kPort : BusWrite::Space::kMemory,
                 static_cast<std::uint8_t>(data.size()),
                 {}};
  std::ranges::copy(data, write.bytes.begin());
  for_the_bus_.push_back(write);
  ++tickets_;
}

std::vector<BusWrite> WriteRing::take_bus_writes() {
  const std::lock_guard lock(lock_);
  return std::exchange(for_the_bus_, {});
}

std::uint64_t WriteRing::tickets() const {
  const std::lock_guard lock(lock_);
  return tickets_;
}

void WriteRing::wait_for(std::uint64_t ticket) {
  std::unique_lock lock(lock_);
  turn_.wait(lock, [&] { return done_ >= ticket; });
}

void WriteRing::done(std::uint64_t ticket) {
  {
    const std::lock_guard lock(lock_);
    done_ = std::max(done_, ticket + 1);
  }
  turn_.notify_all();
}

std::uint64_t WriteRing::drained() const {
  const std::lock_guard lock(lock_);
  return drained_;
}

}  // namespace lowmeg::kvm
