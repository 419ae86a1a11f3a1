// QEMU's firmware configuration device at ports 510h (selector) and 511h (data).
//
// After QEMU's docs/specs/fw_cfg.rst: a word written to the selector chooses an item and rewinds it; each
// byte read from the data port is the next; past its end, or of an item nobody knows, it reads 0. Files are
// listed in the directory, item 19h, big-endian. Left out: the DMA interface (item 1 says so) and writing
// items.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "vmm/board/port_device.hpp"

namespace vmm {

/// No threads, no locks: the machine serialises.
class FwCfg final : public PortDevice {
 public:
  static constexpr std::uint16_t kSelectorPort = 0x510;
  static constexpr std::uint16_t kDataPort = 0x511;

  using Bytes = std::vector<std::uint8_t>;

  /// Numbered items (spec, "Key values"; include/standard-headers/linux/qemu_fw_cfg.h).
  enum Key : std::uint16_t {
    kSignature = 0x00,
    kInterfaces = 0x01,
    kPresentCpus = 0x05,
    kNuma = 0x0d,
    kBootMenu = 0x0e,
    kMaxCpus = 0x0f,
    kDirectory = 0x19,
    kFirstFile = 0x20,
  };

  /// Has the signature, the interfaces and an empty directory.
  FwCfg();

  /// Items and files stay; the selector goes back to item 0.
  void reset();

  /// Sets a numbered item; `key` below kFirstFile.
  void set_item(Key key, Bytes bytes);
  /// Adds a file; of a name longer than 55 bytes the rest is cut off, as the directory's entry has 56.
  void add_file(std::string_view name, Bytes bytes);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  std::uint8_t next();

  // Static configuration.
  std::map<std::uint16_t, Bytes> items_;

  // Volatile state.
  std::uint16_t selected_ = 0;
  std::size_t position_ = 0;
};

}  // namespace vmm
