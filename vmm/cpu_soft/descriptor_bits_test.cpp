// What the CPU itself writes into descriptor tables, and when it refuses to load from them: Intel SDM volume
// 3, 3.4.5.1 (accessed), 7.2.2 (busy), 8.1.2.1 (locked); volume 2 under the instructions' names.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "vmm/cpu_soft/defect_case.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;

constexpr std::uint32_t kTarget = kCode + 0x100;  // a HLT
constexpr std::uint32_t kLdtBase = 0x3000;
// Beside the GDT's own: a TSS of 32 bits, an LDT, a TSS of 16 bits, a segment not present, an execute-only
// one.
constexpr std::uint16_t kTss = 0x28, kLdt = 0x30, kTss16 = 0x38, kAbsent = 0x40, kExecuteOnly = 0x48;
constexpr std::uint16_t kInLdt = 0x04;

void put_descriptor(TestMachine& machine, std::uint32_t at, std::uint32_t base, std::uint32_t type) {
  machine.poke(at, 0xffff | base << 16);
  machine.poke(at + 4, type << 8);
}

constexpr std::uint32_t type_of(std::uint16_t selector) {
  return (selector & 4 ? kLdtBase : kGdt) + (selector & 0xfff8u) + 5;
}

// EAX and [EBX + 4] name the selector, [EBX] is kTarget.
struct Machine : TestMachine {
  Machine(const Bytes& code, std::uint16_t selector) : TestMachine(Mode::kProtected) {
    load(kCode, code);
    poke(kTarget, 0xf4, 1);
    poke(kData, kTarget);
    poke(kData + 4, selector);
    put_descriptor(*this, kGdt + kTss, 0x4000, 0x89);
    put_descriptor(*this, kGdt + kLdt, kLdtBase, 0x82);
    put_descriptor(*this, kGdt + kTss16, 0x4000, 0x81);
    put_descriptor(*this, kGdt + kAbsent, 0, 0x12);
    put_descriptor(*this, kGdt + kExecuteOnly, 0, 0x98);
    put_descriptor(*this, kLdtBase, 0, 0x92);
    change([selector](CpuState& state) {
      state.gpr[kEax] = selector;
      state.gpr[kEbx] = kData;
      state.gdt.limit = 10 * 8 - 1;
      state.ldt = {kLdt, kLdtBase, 0xffff, 0x82};
    });
  }
};

struct Path {
  const char* name;
  Bytes code;
  std::uint16_t selector;
  unsigned type_before, type_after;
};

const Path kPaths[] = {
    {"MOV FS", {0x8e, 0xe0, 0xf4}, kData32, 0x92, 0x93},
    {"MOV SS", {0x8e, 0xd0, 0xf4}, kOther32, 0x92, 0x93},
    {"MOV from memory", {0x8e, 0x5b, 0x04, 0xf4}, kOther32, 0x92, 0x93},
    {"MOV of an LDT's", {0x8e, 0xe0, 0xf4}, kInLdt, 0x92, 0x93},
    {"POP ES", {0x50, 0x07, 0xf4}, kData32, 0x92, 0x93},
    {"POP SS", {0x50, 0x17, 0xf4}, kData32, 0x92, 0x93},
    {"POP DS", {0x50, 0x1f, 0xf4}, kData32, 0x92, 0x93},
    {"POP FS", {0x50, 0x0f, 0xa1, 0xf4}, kData32, 0x92, 0x93},
    {"POP GS", {0x50, 0x0f, 0xa9, 0xf4}, kData32, 0x92, 0x93},
    {"LES", {0xc4, 0x03, 0xf4}, kOther32, 0x92, 0x93},
    {"LDS", {0xc5, 0x03, 0xf4}, kOther32, 0x92, 0x93},
    {"LSS", {0x0f, 0xb2, 0x03, 0xf4}, kOther32, 0x92, 0x93},
    {"LFS", {0x0f, 0xb4, 0x03, 0xf4}, kOther32, 0x92, 0x93},
    {"LGS", {0x0f, 0xb5, 0x03, 0xf4}, kOther32, 0x92, 0x93},
    {"JMP far", {0xea, 0x00, 0x7d, 0x00, 0x00, 0x08, 0x00}, kCode32, 0x9a, 0x9b},
    {"CALL far", {0x9a, 0x00, 0x7d, 0x00, 0x00, 0x08, 0x00}, kCode32, 0x9a, 0x9b},
    {"JMP far by memory", {0xff, 0x2b}, kCode32, 0x9a, 0x9b},
    {"CALL far by memory", {0xff, 0x1b}, kCode32, 0x9a, 0x9b},
    {"RET far", {0x50, 0xff, 0x33, 0xcb}, kCode32, 0x9a, 0x9b},
    {"RET far and drop", {0x50, 0xff, 0x33, 0xca, 0x08, 0x00}, kCode32, 0x9a, 0x9b},
    {"IRET", {0x9c, 0x50, 0xff, 0x33, 0xcf}, kCode32, 0x9a, 0x9b},
    {"INT3 by its gate", {0xcc}, kCode32, 0x9a, 0x9b},
    {"#UD by its gate", {0x0f, 0x0b}, kCode32, 0x9a, 0x9b},
    {"LTR", {0x0f, 0x00, 0xd8, 0xf4}, kTss, 0x89, 0x8b},
    {"LTR of a 16-bit TSS", {0x0f, 0x00, 0xd8, 0xf4}, kTss16, 0x81, 0x83},
    {"LLDT sets nothing", {0x0f, 0x00, 0xd0, 0xf4}, kLdt, 0x82, 0x82},
    {"a load of null sets nothing", {0x31, 0xc0, 0x8e, 0xe0, 0xf4}, kData32, 0x92, 0x92},
    {"a MOV from it sets nothing", {0x8c, 0xd8, 0xf4}, kData32, 0x92, 0x92},
};

TEST(DescriptorBits, EveryLoadSetsThem) {
  for (const Path& path : kPaths) {
    Machine machine(path.code, path.selector);
    ASSERT_EQ(machine.peek(type_of(path.selector), 1), path.type_before) << path.name;
    EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << path.name;
    EXPECT_EQ(machine.peek(type_of(path.selector), 1), path.type_after) << path.name;
  }
}

// The register's hidden part has the bit too, and the instruction did what it is for.
TEST(DescriptorBits, TheRegisterIsLoadedWithThem) {
  Machine machine({0x0f, 0xb2, 0x23, 0x0f, 0x00, 0xd8, 0xf4}, kOther32);  // lss esp,[ebx]; ltr ax
  machine.change([](CpuState& state) { state.gpr[kEax] = kTss; });
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  const CpuState state = machine.state();
  EXPECT_EQ(state.segment[kSs], (Segment{kOther32, kOtherBase, 0xffffffff, 0xc93}));
  EXPECT_EQ(state.gpr[kEsp], kTarget);
  EXPECT_EQ(state.tr, (Segment{kTss, 0x4000, 0xffff, 0x8b}));
}

// The frames of far transfers, and where they lead.
TEST(DescriptorBits, FarTransfersKeepTheStack) {
  struct Row {
    const char* name;
    Bytes code;
    std::uint32_t esp;
    std::uint32_t top;
  };
  const Row rows[] = {
      {"JMP", {0xea, 0x00, 0x7d, 0x00, 0x00, 0x08, 0x00}, kStackTop, 0},
      {"CALL", {0x9a, 0x00, 0x7d, 0x00, 0x00, 0x08, 0x00}, kStackTop - 8, kCode + 7},
      {"CALL with 16 bits", {0x66, 0x9a, 0x00, 0x7d, 0x08, 0x00}, kStackTop - 4, kCode32 << 16 | (kCode + 6)},
      {"CALL by memory", {0xff, 0x1b}, kStackTop - 8, kCode + 2},
      {"RET", {0x50, 0xff, 0x33, 0xcb}, kStackTop, 0},
      {"RET 8", {0x50, 0xff, 0x33, 0xca, 0x08, 0x00}, kStackTop + 8, 0},
      {"IRET", {0x9c, 0x50, 0xff, 0x33, 0xcf}, kStackTop, 0},
  };
  for (const Row& row : rows) {
    Machine machine(row.code, kCode32);
    EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << row.name;
    EXPECT_EQ(machine.state().eip, kTarget + 1) << row.name;
    EXPECT_EQ(machine.gpr(kEsp), row.esp) << row.name;
    EXPECT_EQ(machine.peek(row.esp), row.top) << row.name;
  }
}

struct Refusal {
  const char* rule;
  Bytes code;
  std::uint16_t selector;
  int vector;
  std::uint32_t error_code;
};

TEST(DescriptorBits, WhatIsRefusedChangesNothing) {
  const Bytes mov_fs{0x8e, 0xe0}, mov_ss{0x8e, 0xd0}, ltr{0x0f, 0x00, 0xd8}, lldt{0x0f, 0x00, 0xd0};
  const Bytes jmp{0xff, 0x2b}, call{0xff, 0x1b};
  const Refusal rows[] = {
      {"beyond the GDT", mov_fs, 0x123, 13, 0x120},
      {"not present", mov_fs, kAbsent, 11, kAbsent},
      {"SS not present is #SS", mov_ss, kAbsent, 12, kAbsent},
      {"SS of null", mov_ss, 0, 13, 0},
      {"SS of code", mov_ss, kCode32, 13, kCode32},
      {"execute-only code as data", mov_fs, kExecuteOnly, 13, kExecuteOnly},
      {"a TSS as data", mov_fs, kTss, 13, kTss},
      {"a jump to null", jmp, 0, 13, 0},
      {"to data", jmp, kData32, 13, kData32},
      {"to code that ends before", {0xea, 0x00, 0x00, 0x01, 0x00, 0x20, 0x00}, kCode16, 13, 0},
      {"a call to data pushes nothing", call, kData32, 13, kData32},
      {"LTR of null", ltr, 0, 13, 0},
      {"LTR of an LDT", ltr, kLdt, 13, kLdt},
      {"LTR from the LDT", ltr, kInLdt, 13, kInLdt},
      {"LLDT of a TSS", lldt, kTss, 13, kTss},
      {"LLDT from the LDT", lldt, kInLdt, 13, kInLdt},
      {"LTR of a busy TSS", {0x0f, 0x00, 0xd8, 0x0f, 0x00, 0xd8}, kTss, 13, kTss},
      {"LDS from a register", {0xc5, 0xc0}, kData32, 6, kCode},
      {"JMP far by a register", {0xff, 0xe8}, kData32, 6, kCode},
  };
  for (const Refusal& row : rows) {
    Machine machine(row.code, row.selector);
    const unsigned before = machine.peek(type_of(row.selector), 1);
    machine.cpu->run(10);
    EXPECT_EQ(machine.halted_in(), row.vector) << row.rule;
    EXPECT_EQ(machine.peek(machine.gpr(kEsp)), row.error_code) << row.rule;
    EXPECT_EQ(machine.gpr(kEsp), kStackTop - (row.vector == 6 ? 12u : 16u)) << row.rule;
    const bool was_set = row.selector == kTss && row.code.size() == 6;
    if (row.selector != kCode32 && !was_set) {
      EXPECT_EQ(machine.peek(type_of(row.selector), 1), before) << row.rule;
    }
  }
}

// "The processor sets this bit" by the route of a write: where PAM parts reads from writes they go apart.
TEST(DescriptorBits, GoOutByTheRouteOfWrites) {
  using namespace lowmeg::memory;
  constexpr std::uint32_t kPage = 0xd0000, kBehind = 0x40000;
  struct Row {
    const char* state;
    Route read, write;
    unsigned seen, behind;  // at kPage, and in the RAM at kBehind
  };
  const Row rows[] = {
      {"read-write", Route::ram(kBehind), Route::ram(kBehind), 0x93, 0x93},
      {"read-only", Route::ram(kBehind), Route::drop(), 0x92, 0x92},
      {"write-only", Route::rom(0), Route::ram(kBehind), 0x92, 0x93},
      {"ROM", Route::rom(0), Route::drop(), 0x92, 0x00},
  };
  for (const Row& row : rows) {
    Machine machine({0x8e, 0xe0, 0x8e, 0xe0, 0xf4}, kData32);
    const std::uint8_t* const gdt = machine.ram->bytes().data() + kGdt;
    std::copy(gdt, gdt + 0x50, machine.rom->bytes().begin());
    if (row.behind != 0) std::copy(gdt, gdt + 0x50, machine.ram->bytes().begin() + kBehind);
    const Region regions[] = {{lowmeg::GpaRange(0, kPage), ram_routes(0)},
                              {lowmeg::GpaRange(kPage, kPage + 0x1000), {row.read, row.write, row.read}}};
    ASSERT_TRUE(machine.memory->commit(MemoryMap::uniform(Layout(SoftMapper::kWindow, regions))))
        << row.state;
    machine.change([](CpuState& state) { state.gdt.base = kPage; });
    EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << row.state;
    EXPECT_EQ(machine.state().segment[kFs].access & 0xff, 0x93) << row.state;
    EXPECT_EQ(machine.memory->page(kPage).read[kData32 + 5], row.seen) << row.state;
    EXPECT_EQ(machine.peek(kBehind + kData32 + 5, 1), row.behind) << row.state;
  }
}

// A GDT on the bus shows each cycle.
class TableOnTheBus final : public MmioDevice {
 public:
  std::uint32_t read(std::uint32_t offset, unsigned size) override {
    constexpr std::uint64_t data = 0x00cf92000000ffff;
    const std::uint64_t descriptor = offset < 8 ? 0 : data | std::uint64_t{accessed} << 40;
    return static_cast<std::uint32_t>(descriptor >> (8 * (offset & 7)) & 0xffffffffu >> (32 - 8 * size));
  }
  void write(std::uint32_t offset, unsigned size, std::uint32_t value) override {
    writes.push_back({offset, size, value});
    accessed = 1;
  }
  std::uint64_t accessed = 0;
  std::vector<std::array<std::uint32_t, 3>> writes;
};

// 8.1.2.1, "updating segment descriptors": "sets the accessed flag if the flag is clear", and that alone.
TEST(DescriptorBits, AreWrittenAsOneByteAndOnlyWhenClear) {
  Machine machine({0x8e, 0xe0, 0x8e, 0xe0, 0x8e, 0xe8, 0xf4}, kData32);
  TableOnTheBus table;
  machine.mmio.place({0x200000, 0x201000}, table);
  machine.change([](CpuState& state) { state.gdt.base = 0x200000; });
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  ASSERT_EQ(table.writes.size(), 1u);
  EXPECT_EQ(table.writes[0], (std::array<std::uint32_t, 3>{kData32 + 5, 1, 0x93}));
}

// The rows above are the layer's doing.
TEST(DescriptorBits, TheLibraryDoesNotSetThem) {
  const Defect defects[] = {
      {"LDS sets the accessed bit",
       Correction::kDescriptorBits,
       Mode::kProtected,
       {0xc5, 0x03},
       [](TestMachine& machine) {
         machine.poke(kData + 4, kOther32);
         machine.change([](CpuState& state) { state.gpr[kEbx] = kData; });
       },
       1,
       [](const TestMachine& machine) -> std::int64_t { return machine.peek(type_of(kOther32), 1); },
       0x93,
       0x92},
  };
  expect_right_and_wrong(defects);
}

}  // namespace
}  // namespace vmm::cpu_soft
