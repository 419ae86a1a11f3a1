// The configuration space of a PCI function that only stores: a table says what it holds after reset and
// which bits a guest may change.
//
// After PCI Local Bus 2.1, 6.1 and 6.2: a reserved or read-only bit ignores writes, an offset without a
// register reads 0. Left out: bits that a write of 1 clears (nothing here ever sets one).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lowmeg/bridge/config_function.hpp"

namespace vmm {

class Carrier;

/// One dword, with all registers that lie in it.
struct ConfigRegister {
  std::uint8_t offset;     ///< a multiple of 4
  std::uint32_t reset;     ///< its value after a reset
  std::uint32_t writable;  ///< the bits that a guest may change
  const char* names;       ///< of the registers, lowest byte first
};

/// No threads, no locks.
class ConfigStore final : public lowmeg::bridge::ConfigFunction {
 public:
  /// Borrows the table.
  explicit ConfigStore(std::span<const ConfigRegister> table) : table_(table) { reset(); }

  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint8_t offset) override { return dwords_[offset / 4]; }
  lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                             lowmeg::bridge::ByteEnables enables) override;

 private:
  std::span<const ConfigRegister> table_;
  std::array<std::uint32_t, 64> dwords_{};
};

}  // namespace vmm
