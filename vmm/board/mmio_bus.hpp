// What answers on the bus side of guest memory: cards and devices; elsewhere nobody.
//
// After PCI Local Bus 2.1, 3.6.1: a card on PCI, whose memory a guest moves by a register, decodes positively
// and answers first; what has its place for good stands for the ISA bus behind the bridge that decodes
// subtractively, and gets what no card takes. A cycle runs to the device that has all its bytes; one that
// several share is done in bytes. Nobody there reads FFh, and a write vanishes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lowmeg/core/gpa.hpp"

namespace vmm {

class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  /// `offset` from the device's start; `size` is 1, 2 or 4 and stays within it. Also serves instruction
  /// fetches.
  virtual std::uint32_t read(std::uint32_t offset, unsigned size) = 0;
  virtual void write(std::uint32_t offset, unsigned size, std::uint32_t value) = 0;
};

/// At any byte, as base address registers have it; does not run past 2^64.
struct AddressRange {
  lowmeg::Gpa start = 0;
  std::uint64_t size = 0;

  bool contains(lowmeg::Gpa gpa) const { return gpa >= start && gpa - start < size; }
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

/// Memory whose place is a register of the device. It is asked at every cycle, so the bus need not be told of
/// a move.
class MovableMmio : public MmioDevice {
 public:
  /// Where it lies now; none: it does not answer.
  virtual std::optional<AddressRange> place() const = 0;
};

class MmioBus {
 public:
  /// Borrows the device. Ranges of two such devices must not overlap (else the program is wrong).
  void place(lowmeg::GpaRange range, MmioDevice& device);
  /// Borrows likewise. Where two meet, the first placed answers; any of them before what place() put there.
  void place_movable(MovableMmio& device) { movables_.push_back(&device); }

  std::uint32_t read(lowmeg::Gpa gpa, unsigned size);
  void write(lowmeg::Gpa gpa, unsigned size, std::uint32_t value);

 private:
  struct Placement {
    AddressRange range;
    MmioDevice* device = nullptr;
  };
  /// Who has all of the bytes, and nobody else before it any.
  std::optional<Placement> find(lowmeg::Gpa gpa, unsigned size) const;

  std::vector<Placement> placements_;
  std::vector<MovableMmio*> movables_;
};

}  // namespace vmm
