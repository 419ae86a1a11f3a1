// Segment limits and descriptors: Intel SDM volume 3, sections 3.4 and 5.3.
//
// Left out, as the CPU has no rings: privilege, and the type checks (writes to code, reads of execute-only).
#pragma once

#include <cstdint>

#include "vmm/cpu_soft/bus.hpp"
#include "vmm/cpu_soft/registers.hpp"

namespace vmm::cpu_soft {

/// Whether the `size` bytes at `offset` are all within the segment.
bool contains(const SegmentView& segment, std::uint32_t offset, std::uint32_t size);

/// The segment that a descriptor's two doublewords describe.
Segment decode_descriptor(std::uint16_t selector, std::uint32_t low, std::uint32_t high);

/// The vectors of the exceptions that this CPU raises: SDM volume 3, table 6-1.
enum class Vector : std::uint8_t {
  kDivideError = 0,
  kInvalidOpcode = 6,
  kDeviceNotAvailable = 7,
  kDoubleFault = 8,
  kSegmentNotPresent = 11,
  kStackFault = 12,
  kGeneralProtection = 13,
};

}  // namespace vmm::cpu_soft
