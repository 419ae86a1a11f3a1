// The answers of the qtest protocol: each request is carried out on a bus, as a CPU's access.
//
// The first word is OK or FAIL. libqtest writes a register's whole offset to CF8h and then uses CFCh: QEMU
// finds the register by CF8h's low two bits as well as the port's (hw/pci/pci_host.c), where the chip masks
// them. Here, too, they are taken together, so that the byte that is meant is reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/qtest/request.hpp"

namespace vmm::qtest {

/// The machine, as a CPU reaches it. `size` is 1, 2 or 4; values are zero-extended.
class CpuBus {
 public:
  virtual ~CpuBus() = default;
  virtual std::uint32_t in(std::uint16_t port, unsigned size) = 0;
  virtual void out(std::uint16_t port, unsigned size, std::uint32_t value) = 0;
  virtual std::uint32_t read(std::uint32_t gpa, unsigned size) = 0;
  virtual void write(std::uint32_t gpa, unsigned size, std::uint32_t value) = 0;
};

/// The machine's time, in nanoseconds since power-on: it stands but for what the test asks for.
class TestTime {
 public:
  virtual ~TestTime() = default;
  virtual std::uint64_t now_ns() const = 0;
  /// Of a timer; none: none runs.
  virtual std::optional<std::uint64_t> next_event_ns() const = 0;
  /// Timers that are due by then have gone off when it comes back. Not before now_ns().
  virtual void pass_until(std::uint64_t ns) = 0;
};

/// No threads, no I/O.
class Session {
 public:
  /// Borrows both.
  Session(CpuBus& bus, TestTime& time) : bus_(bus), time_(time) {}

  /// The reply to a line, with its newline.
  std::string answer(std::string_view line);

 private:
  std::string carry_out(const Request& request);
  std::uint16_t port_meant(std::uint16_t port) const;
  std::string in(const Request& request);
  std::string out(const Request& request);
  std::string read(const Request& request);
  std::string write(const Request& request);
  std::string read_bytes(const Request& request);
  std::string read_base64(const Request& request);
  std::string pass_time(const Request& request);
  std::string write_bytes(const Request& request);

  CpuBus& bus_;
  TestTime& time_;
  std::uint16_t config_low_ = 0;  // bits 1:0 of the last dword written to CF8h
};

}  // namespace vmm::qtest
