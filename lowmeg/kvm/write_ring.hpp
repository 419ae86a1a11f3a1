// The writes that waited in the coalesced ring: those to memory are carried out by the map, those to the bus
// are handed to a caller, in their order.
//
// A write to the bus is the embedder's, whose devices have locks of which nothing is known here: so it is
// returned, not called. Each has a ticket, counted from 0. Who has more than one lock waits for its turn;
// whoever takes writes and carries them out under one lock has their order anyway.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "lowmeg/kvm/coalesced_ring.hpp"
#include "lowmeg/kvm/mmio.hpp"

namespace lowmeg::kvm {

/// A write for the board, at most 8 bytes. A value.
struct BusWrite {
  enum class Space : std::uint8_t { kMemory, kPort };
  std::uint64_t ticket = 0;
  Gpa at = 0;  ///< or the port
  Space space = Space::kMemory;
  std::uint8_t size = 0;
  std::array<std::uint8_t, 8> bytes{};

  std::span<const std::uint8_t> data() const { return std::span(bytes).first(size); }
};

/// Thread-safe. Calls nobody but `store`.
class WriteRing {
 public:
  /// Where the ring is from now on; an empty one: nowhere.
  void attach(CoalescedRing ring);

  /// Carries a write out by the map; false: it is the bus's.
  using Store = std::function<bool(const MmioAccess&)>;
  /// Takes out what waits now (no more than that, however fast a guest adds) and stores it; keeps those for
  /// the bus.
  void drain(const Store& store);

  /// The writes for the bus that nobody has yet. They are the caller's, to be carried out in their order.
  std::vector<BusWrite> take_bus_writes();
  /// How many tickets were given so far: an access that is made now comes after all of them.
  std::uint64_t tickets() const;
  /// Waits until the writes with a lower ticket are done.
  void wait_for(std::uint64_t ticket);
  /// The write with this ticket is done.
  void done(std::uint64_t ticket);

  std::uint64_t drained() const;

 private:
  void keep(const kvm_coalesced_mmio& entry, std::span<const std::uint8_t> data);

  mutable std::mutex lock_;  // guards all below
  std::condition_variable turn_;
  CoalescedRing ring_;
  std::vector<BusWrite> for_the_bus_;
  std::uint64_t tickets_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t drained_ = 0;
};

}  // namespace lowmeg::kvm
