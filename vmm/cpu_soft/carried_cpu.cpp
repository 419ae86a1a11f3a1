#include "vmm/board/carrier.hpp"
#include "vmm/cpu_soft/cpu_soft.hpp"

namespace vmm {
namespace {

void carry(Carrier& carrier, Segment& segment) {
  auto& [selector, base, limit, access] = segment;
  carrier.number(selector);
  carrier.number(base);
  carrier.number(limit);
  carrier.number(access);
}

void carry(Carrier& carrier, DescriptorTable& table) {
  carrier.number(table.base);
  carrier.number(table.limit);
}

}  // namespace

void CpuSoft::carry(Carrier& carrier) {
  CpuState now = state();
  // Named one by one, so that a member added and forgotten here does not compile.
  auto& [gpr, eip, eflags, segment, ldt, tr, gdt, idt, cr0, cr2, cr3, cr4, dr, activity, held_off,
         instructions, apic_base, time_stamp_offset] = now;
  carrier.numbers(std::span(gpr));
  for (std::uint32_t* field : {&eip, &eflags, &cr0, &cr2, &cr3, &cr4}) carrier.number(*field);
  for (Segment& each : segment) vmm::carry(carrier, each);
  vmm::carry(carrier, ldt);
  vmm::carry(carrier, tr);
  vmm::carry(carrier, gdt);
  vmm::carry(carrier, idt);
  carrier.numbers(std::span(dr));
  carrier.choice(activity, Activity::kShutdown);
  carrier.number(held_off, std::uint8_t{1});
  carrier.number(instructions, std::uint64_t{1} << 56);
  carrier.number(apic_base);
  carrier.number(time_stamp_offset);
  if (carrier.is_loading()) set_state(now);
}

}  // namespace vmm
