// gdb's `monitor` commands: what its own vocabulary has no word for.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "vmm/gdb/framing.hpp"
#include "vmm/gdb/hex_number.hpp"
#include "vmm/gdb/session.hpp"

namespace vmm::gdb {
namespace {

constexpr const char* kHelp =
    "monitor dram ADDR [LENGTH]   what DRAM holds, whatever PAM shows\n"
    "monitor rom ADDR [LENGTH]    what the ROM chips have there\n"
    "monitor mem ADDR [LENGTH]    what the CPU sees\n"
    "monitor map                  the first megabyte\n"
    "monitor regs                 registers, CS:EIP as they are, and the segments' hidden parts\n"
    "monitor break pam            stop after each write that changes a segment\n"
    "monitor nobreak pam          no more\n"
    "Numbers are hexadecimal.\n";
constexpr std::uint32_t kMostShown = 512;  // bytes: an answer is one packet

// As a person writes it.
std::optional<std::uint32_t> address_in(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  return hex_number(text);
}

template <typename Byte>
std::string dump(std::uint32_t address, std::uint32_t length, Byte byte_at) {
  std::string text;
  for (std::uint32_t row = 0; row < length; row += 16) {
    text += fmt::format("{:08x}:", address + row);
    for (std::uint32_t i = row; i < std::min(row + 16, length); ++i) {
      const auto byte = byte_at(address + i);
      text += byte ? fmt::format(" {:02x}", *byte) : std::string(" --");
    }
    text += '\n';
  }
  return text;
}

std::string segment_text(const char* name, const Segment& segment) {
  return fmt::format("{} {:04X} base {:08X} limit {:08X} access {:03X}\n", name, segment.selector,
                     segment.base, segment.limit, segment.access);
}

std::string registers_text(const CpuState& s) {
  std::string text = fmt::format(
      "CS:EIP {:04X}:{:08X} EFLAGS {:08X} CR0 {:08X}\nEAX {:08X} EBX {:08X} ECX {:08X} EDX {:08X}\nESI "
      "{:08X} EDI "
      "{:08X} EBP {:08X} ESP {:08X}\n",
      s.segment[kCs].selector, s.eip, s.eflags, s.cr0, s.gpr[kEax], s.gpr[kEbx], s.gpr[kEcx], s.gpr[kEdx],
      s.gpr[kEsi], s.gpr[kEdi], s.gpr[kEbp], s.gpr[kEsp]);
  constexpr const char* kNames[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
  for (unsigned i = 0; i < s.segment.size(); ++i) text += segment_text(kNames[i], s.segment[i]);
  return text + fmt::format("GDT {:08X} limit {:04X}   IDT {:08X} limit {:04X}\n", s.gdt.base, s.gdt.limit,
                            s.idt.base, s.idt.limit);
}

}  // namespace

std::string Session::monitor(std::string_view command) {
  std::istringstream words{std::string(command)};
  std::string verb, first, second, more;
  words >> verb >> first >> second >> more;
  if (verb == "map" && first.empty()) return target_.map();
  if (verb == "regs" && first.empty()) return registers_text(target_.cpu());
  if ((verb == "break" || verb == "nobreak") && first == "pam" && second.empty()) {
    breaks_on_pam_ = verb == "break";
    return breaks_on_pam_ ? "stops after each write that changes a segment\n" : "stops at PAM no more\n";
  }
  const bool shows = verb == "dram" || verb == "rom" || verb == "mem";
  const auto address = address_in(first), length = second.empty() ? std::optional(16u) : address_in(second);
  if (!shows || !address || !length || !more.empty()) return kHelp;
  const std::uint32_t shown = std::min(*length, kMostShown);
  return dump(*address, shown, [&](std::uint32_t at) {
    return verb == "dram" ? target_.dram(at) : verb == "rom" ? target_.rom(at) : target_.memory(at);
  });
}

}  // namespace vmm::gdb
