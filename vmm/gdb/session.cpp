#include "vmm/gdb/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vmm/gdb/framing.hpp"
#include "vmm/gdb/hex_number.hpp"
#include "vmm/gdb/registers.hpp"

namespace vmm::gdb {
namespace {

constexpr const char* kOk = "OK";
constexpr const char* kBad = "E01";    // the packet is not understood
constexpr const char* kFault = "E0e";  // no memory there that can be looked at
constexpr const char* kNone = "";      // not supported
constexpr std::uint32_t kMostBytes = Framer::kLongestPacket / 2 - 16;

struct Span {
  std::uint32_t address, size;
};
// "address,size"
std::optional<Span> span_in(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto address = hex_number(text.substr(0, comma)), size = hex_number(text.substr(comma + 1));
  return address && size ? std::optional(Span{*address, *size}) : std::nullopt;
}

std::string little_endian(std::uint32_t value) {
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff,
                     value >> 24);
}

std::optional<std::uint32_t> from_little_endian(std::string_view digits) {
  const auto bytes = digits.size() == 8 ? from_hex(digits) : std::nullopt;
  if (!bytes) return std::nullopt;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<std::uint8_t>((*bytes)[i])} << 8 * i;
  return value;
}

// A resume with an address to resume at is not taken: gdb sets the register instead.
std::optional<Answer> resume(std::string_view packet) {
  if (packet == "c") return Answer{"", Answer::Then::kContinue};
  if (packet == "s") return Answer{"", Answer::Then::kStep};
  if (packet.starts_with('D')) return Answer{kOk, Answer::Then::kDetach};
  if (packet == "k" || packet.starts_with("vKill")) return Answer{kOk, Answer::Then::kKill};
  return std::nullopt;
}

}  // namespace

Answer Session::answer(std::string_view packet) {
  if (packet.empty()) return {kNone};
  if (const auto resumed = resume(packet)) return *resumed;
  const std::string_view arguments = packet.substr(1);
  switch (packet[0]) {
    case '?':
      return {"S05"};
    case 'g':
      return {registers()};
    case 'G':
      return {set_registers(arguments) ? kOk : kBad};
    case 'p':
      return {one_register(arguments)};
    case 'P':
      return {set_one_register(arguments)};
    case 'm':
      return {read_memory(arguments)};
    case 'M':
      return {write_memory(arguments)};
    case 'Z':
    case 'z':
      return {point(packet[0], arguments)};
    case 'H':
    case 'T':
      return {kOk};  // the one CPU
    case 'q':
      return {query(packet)};
    default:
      return {kNone};
  }
}

std::string Session::registers() const {
  const CpuState state = target_.cpu();
  std::string text;
  for (unsigned i = 0; i < kRegisterCount; ++i) text += little_endian(register_of(state, i));
  return text;
}

bool Session::set_registers(std::string_view digits) {
  if (digits.size() < kRegisterCount * 8) return false;
  CpuState state = target_.cpu();
  std::array<std::uint32_t, kRegisterCount> values{};
  for (unsigned i = 0; i < kRegisterCount; ++i) {
    const auto value = from_little_endian(digits.substr(8 * i, 8));
    if (!value) return false;
    values[i] = *value;
  }
  // Segments first: the linear EIP is told with CS as it will be.
  for (unsigned i = kFirstSegment; i < kRegisterCount; ++i) set_register(state, i, values[i]);
  for (unsigned i = 0; i < kFirstSegment; ++i) set_register(state, i, values[i]);
  target_.set_cpu(state);
  return true;
}

std::string Session::one_register(std::string_view arguments) const {
  const auto index = hex_number(arguments);
  if (!index) return kBad;
  if (*index >= kRegisterCount) return "xxxxxxxx";  // no such register in this CPU
  return little_endian(register_of(target_.cpu(), *index));
}

std::string Session::set_one_register(std::string_view arguments) {
  const std::size_t equals = std::min(arguments.find('='), arguments.size());
  const auto index = hex_number(arguments.substr(0, equals));
  const auto value = from_little_endian(arguments.substr(std::min(equals + 1, arguments.size())));
  if (!index || *index >= kRegisterCount || !value) return kBad;
  CpuState state = target_.cpu();
  set_register(state, *index, *value);
  target_.set_cpu(state);
  return kOk;
}

std::string Session::read_memory(std::string_view arguments) const {
  const auto span = span_in(arguments);
  if (!span) return kBad;
  std::string digits;
  for (std::uint32_t i = 0; i < std::min(span->size, kMostBytes); ++i) {
    const auto byte = target_.memory(span->address + i);
    if (!byte) break;  // what could be read is told, as the protocol allows
    digits += fmt::format("{:02x}", *byte);
  }
  return digits.empty() && span->size != 0 ? kFault : digits;
}

std::string Session::write_memory(std::string_view arguments) {
  const std::size_t colon = arguments.find(':');
  if (colon == std::string_view::npos) return kBad;
  const auto span = span_in(arguments.substr(0, colon));
  const auto bytes = from_hex(arguments.substr(colon + 1));
  if (!span || !bytes || bytes->size() != span->size) return kBad;
  for (std::uint32_t i = 0; i < span->size; ++i) {
    if (!target_.set_memory(span->address + i, static_cast<std::uint8_t>((*bytes)[i]))) return kFault;
  }
  return kOk;
}

std::string Session::held_at(std::uint32_t address, std::uint32_t size) const {
  std::string held;
  for (std::uint32_t i = 0; i < size; ++i) held += static_cast<char>(target_.memory(address + i).value_or(0));
  return held;
}

// "type,address,kind": breakpoints (0, 1) by address, write watches (2) with kind as their size.
std::string Session::point(char action, std::string_view arguments) {
  if (arguments.size() < 2 || arguments[1] != ',') return kBad;
  const auto span = span_in(arguments.substr(2));
  if (!span) return kBad;
  if (arguments[0] == '0' || arguments[0] == '1') {
    if (action == 'z') return breakpoints_.erase(span->address), kOk;
    if (breakpoints_.size() >= kMostPoints) return kFault;
    return breakpoints_.insert(span->address), kOk;
  }
  if (arguments[0] != '2') return kNone;
  if (span->size == 0 || span->size > kLargestWatch) return kFault;
  std::erase_if(watches_, [&](const Watch& w) { return w.address == span->address && w.size == span->size; });
  if (action == 'z') return kOk;
  if (watches_.size() >= kMostPoints) return kFault;
  watches_.push_back({span->address, span->size, held_at(span->address, span->size)});
  return kOk;
}

std::optional<std::uint32_t> Session::changed_watch() {
  std::optional<std::uint32_t> first;
  for (Watch& watch : watches_) {
    std::string held = held_at(watch.address, watch.size);
    if (held == watch.held) continue;
    watch.held = std::move(held);
    if (!first) first = watch.address;
  }
  return first;
}

std::string Session::query(std::string_view packet) {
  constexpr std::string_view kFeatures = "qXfer:features:read:target.xml:";
  constexpr std::string_view kMonitor = "qRcmd,";
  if (packet.starts_with("qSupported"))
    return fmt::format("PacketSize={:x};qXfer:features:read+", Framer::kLongestPacket);
  if (packet.starts_with(kFeatures))
    return "l<?xml version=\"1.0\"?><target><architecture>i8086</architecture></target>";
  if (packet.starts_with(kMonitor)) {
    const auto command = from_hex(packet.substr(kMonitor.size()));
    return command ? to_hex(monitor(*command).substr(0, kMostBytes)) : kBad;
  }
  if (packet == "qAttached") return "1";
  if (packet == "qC") return "QC1";
  if (packet == "qfThreadInfo") return "m1";
  return packet == "qsThreadInfo" ? "l" : kNone;
}

}  // namespace vmm::gdb
