#include "vmm/qtest/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "vmm/qtest/base64.hpp"

namespace vmm::qtest {
namespace {

using Kind = Request::Kind;

constexpr std::uint16_t kConfigAddress = 0xcf8, kConfigData = 0xcfc;
constexpr const char* kDone = "OK\n";

}  // namespace

std::string Session::answer(std::string_view line) {
  const auto request = parse(line);
  return request ? carry_out(*request) : "FAIL " + request.error() + "\n";
}

std::string Session::carry_out(const Request& request) {
  switch (request.kind) {
    case Kind::kEndianness:
      return "OK little\n";
    case Kind::kClockNext:
    case Kind::kClockStep:
    case Kind::kClockSet:
      return pass_time(request);
    case Kind::kPin:
      return "FAIL Unknown device\n";  // QEMU's words
    case Kind::kIn:
      return in(request);
    case Kind::kOut:
      return out(request);
    case Kind::kRead:
      return read(request);
    case Kind::kWrite:
      return write(request);
    case Kind::kReadBytes:
      return read_bytes(request);
    case Kind::kReadBase64:
      return read_base64(request);
    case Kind::kWriteBytes:
    case Kind::kWriteBase64:
    case Kind::kFill:
      return write_bytes(request);
  }
  return {};
}

std::uint16_t Session::port_meant(std::uint16_t port) const {
  const bool is_data = (port & ~3u) == kConfigData;
  return static_cast<std::uint16_t>(is_data ? port | config_low_ : port);
}

std::string Session::in(const Request& request) {
  const auto port = static_cast<std::uint16_t>(request.address);
  return fmt::format("OK {:#06x}\n", bus_.in(port_meant(port), static_cast<unsigned>(request.size)));
}

std::string Session::out(const Request& request) {
  const auto port = static_cast<std::uint16_t>(request.address);
  const auto value = static_cast<std::uint32_t>(request.value);
  if (port == kConfigAddress && request.size == 4) config_low_ = value & 3;
  bus_.out(port_meant(port), static_cast<unsigned>(request.size), value);
  return kDone;
}

// Eight bytes are two accesses, the lower first.
std::string Session::read(const Request& request) {
  const auto gpa = static_cast<std::uint32_t>(request.address);
  const bool is_quad = request.size == 8;
  std::uint64_t value = bus_.read(gpa, is_quad ? 4 : static_cast<unsigned>(request.size));
  if (is_quad) value |= std::uint64_t{bus_.read(gpa + 4, 4)} << 32;
  return fmt::format("OK {:#018x}\n", value);
}

std::string Session::write(const Request& request) {
  const auto gpa = static_cast<std::uint32_t>(request.address);
  const bool is_quad = request.size == 8;
  bus_.write(gpa, is_quad ? 4 : static_cast<unsigned>(request.size),
             static_cast<std::uint32_t>(request.value));
  if (is_quad) bus_.write(gpa + 4, 4, static_cast<std::uint32_t>(request.value >> 32));
  return kDone;
}

std::string Session::read_bytes(const Request& request) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string reply = "OK 0x";
  reply.reserve(reply.size() + 2 * request.size + 1);
  for (std::uint64_t i = 0; i != request.size; ++i) {
    const std::uint32_t byte = bus_.read(static_cast<std::uint32_t>(request.address + i), 1);
    reply += kDigits[byte >> 4 & 0xf];
    reply += kDigits[byte & 0xf];
  }
  return reply + '\n';
}

std::string Session::read_base64(const Request& request) {
  std::vector<std::uint8_t> bytes(request.size);
  for (std::uint64_t i = 0; i != request.size; ++i)
    bytes[i] = static_cast<std::uint8_t>(bus_.read(static_cast<std::uint32_t>(request.address + i), 1));
  return "OK " + to_base64(bytes) + '\n';
}

// "All the commands return the current value of the clock".
std::string Session::pass_time(const Request& request) {
  const std::uint64_t now = time_.now_ns();
  std::uint64_t until = request.value;
  if (request.kind == Kind::kClockNext) until = time_.next_event_ns().value_or(now);
  if (request.kind == Kind::kClockStep) until = now + request.value;
  until = std::min(until, kEndOfTime);
  if (until > now) time_.pass_until(until);
  return fmt::format("OK {}\n", time_.now_ns());
}

std::string Session::write_bytes(const Request& request) {
  for (std::uint64_t i = 0; i != request.size; ++i) {
    bus_.write(static_cast<std::uint32_t>(request.address + i), 1,
               request.kind == Kind::kFill ? static_cast<std::uint32_t>(request.value) : request.bytes[i]);
  }
  return kDone;
}

}  // namespace vmm::qtest
