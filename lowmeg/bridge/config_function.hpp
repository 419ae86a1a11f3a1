// One function of a PCI device, as configuration cycles see it: 64 dwords.
#pragma once

#include <cstdint>

#include "lowmeg/bridge/byte_enables.hpp"
#include "lowmeg/core/result.hpp"

namespace lowmeg::bridge {

/// No threads and no locks. `offset` is a multiple of 4 from 00h to FCh.
class ConfigFunction {
 public:
  virtual ~ConfigFunction() = default;

  virtual std::uint32_t read(std::uint8_t offset) = 0;
  /// Whatever a guest writes is defined. An error comes from below (an adjuster, a mapper): the register has
  /// its new value, the machine should stop.
  virtual Result<void> write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) = 0;
};

}  // namespace lowmeg::bridge
