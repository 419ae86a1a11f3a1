// QEMU's firmware configuration device at ports 510h (selector), 511h (data) and 514h-51Bh (DMA address).
//
// After QEMU's docs/specs/fw_cfg.rst: a word written to the selector chooses an item and rewinds it; each
// byte read from the data port is the next; past its end, or of an item nobody knows, it reads 0. Files are
// listed in the directory, item 19h, big-endian. A write of the DMA address's low half carries out the
// command at that address, as a bus master. Left out: writing items.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "lowmeg/memory/bus_master.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class FwCfg final : public PortDevice {
 public:
  static constexpr std::uint16_t kSelectorPort = 0x510;
  static constexpr std::uint16_t kDataPort = 0x511;
  static constexpr std::uint16_t kDmaPort = 0x514;

  using Bytes = std::vector<std::uint8_t>;

  /// Numbered items (spec, "Key values"; include/standard-headers/linux/qemu_fw_cfg.h).
  enum Key : std::uint16_t {
    kSignature = 0x00,
    kInterfaces = 0x01,
    kPresentCpus = 0x05,
    kKernelAddress = 0x07,
    kKernelSize = 0x08,
    kInitrdAddress = 0x0a,
    kInitrdSize = 0x0b,
    kNuma = 0x0d,
    kBootMenu = 0x0e,
    kMaxCpus = 0x0f,
    kKernelData = 0x11,
    kInitrdData = 0x12,
    kCommandLineAddress = 0x13,
    kCommandLineSize = 0x14,
    kCommandLineData = 0x15,
    kSetupAddress = 0x16,
    kSetupSize = 0x17,
    kSetupData = 0x18,
    kDirectory = 0x19,
    kFirstFile = 0x20,
  };

  /// Has the signature, the interfaces and an empty directory. Borrows the sink.
  FwCfg(lowmeg::memory::BusMaster bus_master, Patience& patience);

  /// Items and files stay; the selector goes back to item 0.
  void reset();
  /// Selector and position, out or in: items and files are the machine's configuration.
  void carry(Carrier& carrier);

  /// Sets a numbered item; `key` below kFirstFile.
  void set_item(Key key, Bytes bytes);
  /// Adds a file; of a name longer than 55 bytes the rest is cut off, as the directory's entry has 56.
  void add_file(std::string_view name, Bytes bytes);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  std::uint8_t next();
  void take(std::span<std::uint8_t> to);
  void select(std::uint16_t key);
  void write_dma(std::uint16_t port, unsigned size, std::uint32_t value);
  void run_dma(lowmeg::Gpa command);

  // Glue to the outside.
  lowmeg::memory::BusMaster bus_master_;
  Patience& patience_;

  // Static configuration.
  std::map<std::uint16_t, Bytes> items_;

  // Volatile state.
  std::uint16_t selected_ = 0;
  std::size_t position_ = 0;
  std::uint32_t dma_high_ = 0;  // of the address
};

}  // namespace vmm
