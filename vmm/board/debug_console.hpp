// The debug text ports of emulators: 400h-403h, as the Bochs BIOS and SeaBIOS write them, and E9h.
//
// After Bochs (iodev/biosdev.cc: 400h and 401h panic, 402h info, 403h debug text; unmapped port E9h) and
// QEMU's isa-debugcon, whose port reads E9h to show that it is there. A word written to 400h or 401h is the
// line number of a panic in the Bochs BIOS's source, and is told as text. Left out: anything else behind
// these ports.
#pragma once

#include <cstdint>

#include "vmm/board/console_sink.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

/// Ports 400h-403h. No threads, no locks: the machine serialises.
class BiosConsole final : public PortDevice {
 public:
  static constexpr std::uint16_t kPanicPort = 0x400;
  static constexpr std::uint16_t kPanic2Port = 0x401;
  static constexpr std::uint16_t kInfoPort = 0x402;
  static constexpr std::uint16_t kDebugPort = 0x403;

  /// Borrows the sink.
  explicit BiosConsole(ConsoleSink& sink) : sink_(sink) {}

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  ConsoleSink& sink_;
};

/// Port E9h. No threads, no locks: the machine serialises.
class PortE9 final : public PortDevice {
 public:
  static constexpr std::uint16_t kPort = 0xe9;

  /// Borrows the sink.
  explicit PortE9(ConsoleSink& sink) : sink_(sink) {}

  std::uint32_t read(std::uint16_t /*port*/, unsigned /*size*/) override { return 0xe9; }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t value) override {
    sink_.put(static_cast<char>(value & 0xff));
  }

 private:
  ConsoleSink& sink_;
};

}  // namespace vmm
