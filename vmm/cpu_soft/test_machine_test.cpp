#include "vmm/cpu_soft/test_machine.hpp"

#include <cstring>

#include "vmm/cpu_soft/registers.hpp"

namespace vmm::cpu_soft::testing {
namespace {

constexpr std::uint64_t kRamSize = 1u << 20;

lowmeg::memory::Backing backing(const char* name, std::uint64_t size) {
  return lowmeg::memory::Backing::create(name, size).value();
}

lowmeg::memory::MemoryMap one_mebibyte() {
  using namespace lowmeg::memory;
  const Region ram{lowmeg::GpaRange(0, kRamSize), ram_routes(0)};
  return MemoryMap::uniform(Layout(SoftMapper::kWindow, std::span(&ram, 1)));
}

constexpr std::uint16_t kDataAccess = access::kPresent | access::kNotSystem | access::kWritable;
constexpr std::uint16_t kFlat = access::kBig | access::kGranular;

// SDM volume 3, figure 3-8.
std::uint64_t descriptor(std::uint32_t base, std::uint32_t limit, std::uint32_t access_bits) {
  const std::uint64_t low = (limit & 0xffff) | (std::uint64_t{base & 0xffff} << 16);
  const std::uint64_t high = ((base >> 16) & 0xff) | (access_bits & 0xff) << 8 | (limit & 0xf0000) |
                             (access_bits & 0xf00) << 12 | (base & 0xff000000);
  return low | high << 32;
}

}  // namespace

CpuState real_mode_state() {
  CpuState state;
  state.eip = kCode;
  state.eflags = eflags::kFixed;
  state.gpr[kEsp] = kStackTop;
  state.segment.fill({0, 0, 0xffff, kDataAccess});
  state.segment[kCs].access |= access::kCode;
  state.idt = {0, 0x3ff};
  state.cr0 = cr0::kEt;
  return state;
}

CpuState protected_mode_state() {
  CpuState state = real_mode_state();
  state.segment.fill({kData32, 0, 0xffffffff, kDataAccess | kFlat});
  state.segment[kCs] = {kCode32, 0, 0xffffffff, kDataAccess | access::kCode | kFlat};
  state.gdt = {kGdt, 5 * 8 - 1};
  state.idt = {kIdt, 0x7ff};
  state.cr0 |= cr0::kPe;
  return state;
}

TestMachine::TestMachine(Mode mode, Corrections corrections)
    : ram(std::make_unique<lowmeg::memory::Backing>(backing("test-ram", kRamSize))),
      rom(std::make_unique<lowmeg::memory::Backing>(backing("test-rom", lowmeg::kPageSize))),
      memory(lowmeg::memory::SoftMapper::create(*ram, *rom).value()) {
  LOWMEG_INVARIANT(memory->commit(one_mebibyte()).has_value(), "the map of the test fits");
  io.place(0x300, 16, Width::kDword, ports);
  cpu = CpuSoft::create({*memory, io, mmio, interrupts}, corrections);
  interrupts.cpu = cpu.get();
  fill_tables();
  cpu->set_state(mode == Mode::kReal ? real_mode_state() : protected_mode_state());
}

void TestMachine::fill_tables() {
  const std::uint64_t gdt[] = {0, descriptor(0, 0xfffff, kDataAccess | access::kCode | kFlat),
                               descriptor(0, 0xfffff, kDataAccess | kFlat),
                               descriptor(kOtherBase, 0xfffff, kDataAccess | kFlat),
                               descriptor(0, 0xffff, kDataAccess | access::kCode)};
  std::memcpy(ram->bytes().data() + kGdt, gdt, sizeof gdt);
  for (std::uint32_t vector = 0; vector < 256; ++vector) {
    poke(4 * vector, kHandlers + vector);                                          // IVT
    poke(kIdt + 8 * vector, (kHandlers + vector) | std::uint32_t{kCode32} << 16);  // 32-bit interrupt gates
    poke(kIdt + 8 * vector + 4, 0x8e00);
    poke(kHandlers + vector, 0xf4, 1);
  }
}

void TestMachine::load(std::uint32_t gpa, std::span<const std::uint8_t> bytes) {
  std::memcpy(ram->bytes().data() + gpa, bytes.data(), bytes.size());
}

void TestMachine::load(std::uint32_t gpa, std::initializer_list<std::uint8_t> bytes) {
  load(gpa, std::span(bytes.begin(), bytes.size()));
}

std::uint32_t TestMachine::peek(std::uint32_t gpa, unsigned size) const {
  std::uint32_t value = 0;
  std::memcpy(&value, ram->bytes().data() + gpa, size);
  return value;
}

void TestMachine::poke(std::uint32_t gpa, std::uint32_t value, unsigned size) {
  std::memcpy(ram->bytes().data() + gpa, &value, size);
}

int TestMachine::halted_in() const {
  const CpuState now = cpu->state();
  const std::uint32_t address = now.segment[kCs].base + now.eip - 1;
  const bool is_handler = address >= kHandlers && address < kHandlers + 256;
  return now.activity == Activity::kHalted && is_handler ? static_cast<int>(address - kHandlers) : -1;
}

}  // namespace vmm::cpu_soft::testing
