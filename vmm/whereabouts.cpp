#include "vmm/whereabouts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "vmm/operand_address.hpp"

namespace vmm {
namespace {

using lowmeg::Gpa;
using lowmeg::memory::Route;
using lowmeg::memory::Routes;
using lowmeg::memory::Target;

constexpr std::size_t kBytesShown = 8;

const char* reads(Route route) {
  switch (route.target()) {
    case Target::kRam:
      return "RAM";
    case Target::kRom:
      return "ROM";
    case Target::kOpen:
      return "FF, as nobody is there";
    case Target::kBus:
    case Target::kDrop:
      break;
  }
  return "the bus";
}

const char* writes(Route route) {
  switch (route.target()) {
    case Target::kRam:
      return "go to RAM";
    case Target::kBus:
      return "go to the bus";
    default:
      return "go nowhere";
  }
}

// 82443BX data sheet (290633), FDHC (68h): bits 7:6.
struct Hole {
  std::uint8_t hen;
  lowmeg::GpaRange range;
  const char* name;
};
constexpr Hole kHoles[] = {{1, {0x80000, 0xa0000}, "512K-640K"}, {2, {0xf00000, 0x1000000}, "15M-16M"}};

// Of the byte that the next push writes last.
std::uint64_t stack_top(const CpuLook& look) {
  const std::uint64_t offset = look.gpr[kEsp] - 1;
  return look.base[kSs] + (look.code_size == 2 ? offset & 0xffff : offset);
}

}  // namespace

std::vector<std::uint8_t> code_bytes(const lowmeg::memory::Layout& layout, const MemoryChips& memory,
                                     Gpa gpa) {
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < kBytesShown && layout.window().contains(gpa)) {
    const Route route = layout.find(gpa).fetch;
    if (!route.is_bytes()) break;
    const auto& backing = route.target() == Target::kRam ? memory.ram : memory.rom;
    bytes.push_back(backing.bytes()[route.offset() + gpa % lowmeg::kPageSize]);
    ++gpa;
  }
  return bytes;
}

bool Whereabouts::is_plain_ram(Gpa gpa) const {
  if (!layout_.window().contains(gpa)) return false;
  const Routes routes = layout_.find(gpa);
  return routes.read.target() == Target::kRam && routes.read == routes.write;
}

// Why the page is what it is: PAM's state, or a hole.
std::string Whereabouts::state_text(Gpa gpa) const {
  const lowmeg::PamStates states = lowmeg::decode_pam(chipset_.pam_dwords());
  for (std::size_t i = 0; i < lowmeg::kPamSegmentCount; ++i) {
    if (lowmeg::kPamSegments[i].contains(gpa)) return fmt::format("PAM {}: ", lowmeg::short_name(states[i]));
  }
  for (const Hole& hole : kHoles) {
    if (!hole.range.contains(gpa) || layout_.find(gpa).read.is_bytes()) continue;
    const std::uint8_t fdhc = chipset_.host_bridge().read(0x68) & 0xff;
    if (hole.hen == fdhc >> 6)
      return fmt::format("in the hole {} that FDHC ({:02X}h) makes: ", hole.name, fdhc);
  }
  return {};
}

std::string Whereabouts::page_text(Gpa gpa) const {
  const Gpa page = gpa - gpa % lowmeg::kPageSize;
  if (!layout_.window().contains(gpa)) return fmt::format("page {:08X} (beyond all memory)", page);
  const Routes routes = layout_.find(gpa);
  return fmt::format("page {:08X} ({}reads {}, writes {})", page, state_text(gpa), reads(routes.read),
                     writes(routes.write));
}

std::string Whereabouts::text(const CpuLook& look, const Translate& translate) const {
  std::string line = fmt::format("linear {:08X}", look.linear_ip());
  const std::optional<Gpa> code = translate(look.linear_ip());
  if (!code) return line + ", which no page table maps";
  const std::vector<std::uint8_t> bytes = code_bytes(layout_, memory_, *code);
  line += bytes.empty() ? ", no bytes there" : fmt::format(", bytes {:02X}", fmt::join(bytes, " "));
  line += ", " + page_text(*code);

  struct Reference {
    const char* what;
    std::optional<std::uint64_t> linear;
  };
  const Reference references[] = {
      {"the operand", operand_address(bytes, look)},
      {"the stack", stack_top(look)},
      {"the GDT", look.gdt},
      {"the IDT", look.idt},
      {"the TSS", look.task},
  };
  std::set<Gpa> told{*code / lowmeg::kPageSize};
  for (const Reference& reference : references) {
    const std::optional<Gpa> gpa = reference.linear ? translate(*reference.linear) : std::nullopt;
    if (!gpa || is_plain_ram(*gpa) || !told.insert(*gpa / lowmeg::kPageSize).second) continue;
    line += fmt::format("; {} at {:08X}, {}", reference.what, *gpa, page_text(*gpa));
  }
  return line;
}

}  // namespace vmm
