#include "vmm/cpu_soft/descriptor_table.hpp"

#include "vmm/cpu_soft/segmentation.hpp"

namespace vmm::cpu_soft {
namespace {

constexpr std::uint16_t kTableIndicator = 1u << 2;
constexpr std::uint32_t kTypeByte = 5;

struct Table {
  std::uint32_t base, limit;
};

// No LDT: no descriptor lies within a limit of 0.
Table table_of(const Registers& registers, std::uint16_t selector) {
  if ((selector & kTableIndicator) == 0) return {*registers.gdt.base, *registers.gdt.limit};
  return is_null(*registers.ldt.selector) ? Table{0, 0} : Table{*registers.ldt.base, *registers.ldt.limit};
}

}  // namespace

std::optional<Descriptor> find_descriptor(const Processor& processor, std::uint16_t selector) {
  const Table table = table_of(processor.registers, selector);
  const std::uint32_t index = selector & 0xfff8u;
  if (is_null(selector) || index + 7 > table.limit) return std::nullopt;
  const std::uint32_t address = table.base + index;
  const std::uint32_t low = processor.bus.read(address, 4);
  const std::uint32_t high = processor.bus.read(address + 4, 4);
  return Descriptor{decode_descriptor(selector, low, high), address};
}

void set_in_memory(const Processor& processor, Descriptor& descriptor, std::uint16_t bit) {
  descriptor.segment.access |= bit;
  const std::uint32_t type = processor.bus.read(descriptor.address + kTypeByte, 1);
  if ((type & bit) == 0) processor.bus.write(descriptor.address + kTypeByte, 1, type | bit);
}

}  // namespace vmm::cpu_soft
