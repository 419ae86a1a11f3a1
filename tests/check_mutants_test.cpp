// The conformance ROM is worth what it finds: chips with one fault each, and the group that finds it first.
#include <gmock/gmock.h>

#include <memory>

#include "guest/conformance/conformance_rom.hpp"
#include "lowmeg/core/pam.hpp"
#include "tests/conformance_machine.hpp"

namespace vmm {
namespace {

using lowmeg::Gpa;
using lowmeg::GpaRange;
using lowmeg::GpaState;
using lowmeg::kPageSize;
using lowmeg::bridge::ByteEnables;
using lowmeg::memory::Region;
using lowmeg::memory::Route;
using lowmeg::memory::Routes;

constexpr Gpa kStart = 0xc0000, kEnd = 0x100000;
constexpr std::uint8_t kPam12 = 0x58, kPam36 = 0x5c, kDrb47 = 0x64, kSmramDword = 0x70;
constexpr std::uint8_t kDOpen = 0x40, kDCls = 0x20, kDLck = 0x10, kGSmrame = 0x08;

GpaState state_at(const DecodeRegisters& registers, Gpa gpa) {
  const std::size_t segment = gpa >= 0xf0000 ? 0 : 1 + (gpa - kStart) / 0x4000;
  const unsigned byte = segment == 0 ? 0 : static_cast<unsigned>(segment + 1) / 2;
  const unsigned shift = segment == 0 || segment % 2 == 0 ? 4 : 0;
  return static_cast<GpaState>(registers.pam[byte] >> shift & 3);
}

// What a fault makes of the registers' PAM fields: a state for each of the four (WE RE as a number).
Faults states_as(std::array<unsigned, 4> as) {
  return {.registers = [as](DecodeRegisters registers) {
    for (std::uint8_t& byte : registers.pam)
      byte = static_cast<std::uint8_t>(as[byte & 3] | as[byte >> 4 & 3] << 4);
    registers.pam[0] &= 0x30;
    return registers;
  }};
}

Faults registers_as(void (*change)(DecodeRegisters&)) {
  return {.registers = [change](DecodeRegisters registers) {
    change(registers);
    return registers;
  }};
}

using ChangePage = void (*)(Gpa page, GpaState state, Routes& routes, const MemoryMap& last);

// A fault in the routes of single pages from C0000 to FFFFF.
Faults pages_as(ChangePage change) {
  return {.map = [change](const MemoryMap& map, const DecodeRegisters& registers, const MemoryMap& last) {
    std::vector<Region> pages;
    for (Gpa page = kStart; page != kEnd; page += kPageSize) {
      Routes routes = map.cpu.find(page);
      change(page, state_at(registers, page), routes, last);
      pages.push_back({GpaRange(page, page + kPageSize), routes});
    }
    return MemoryMap::uniform(map.cpu.overlaid(pages));
  }};
}

using ChangeWrite = bool (*)(std::uint8_t offset, std::uint32_t& value, ByteEnables& enables);

Faults config_writes_as(ChangeWrite change) {
  return {.config_write = change};
}

// Reads of SMRAM and PAM give bits that do not exist as they were written.
Faults keeping(std::uint8_t dword, std::uint32_t bits) {
  auto kept = std::make_shared<std::uint32_t>(0);
  return {
      .config_write =
          [=](std::uint8_t offset, std::uint32_t& value, ByteEnables& enables) {
            if (offset == dword) *kept = enables.merge(*kept, value) & bits;
            return true;
          },
      .config_read = [=](std::uint8_t offset,
                         std::uint32_t value) { return offset == dword ? (value & ~bits) | *kept : value; }};
}

// A change takes effect with the one after it. (The first one is power-on: there is nothing before it.)
Faults late() {
  return {.map = [](const MemoryMap& map, const DecodeRegisters&, const MemoryMap& last) {
    return last.cpu.find(0) == lowmeg::memory::open_routes() ? map : last;
  }};
}

// Once D_LCK is set, decode goes on with what `keep` says of the registers before.
Faults under_lock(void (*keep)(DecodeRegisters& now, const DecodeRegisters& before)) {
  auto before = std::make_shared<DecodeRegisters>();
  return {.registers = [=](DecodeRegisters now) {
    if (now.smram & kDLck) {
      keep(now, *before);
    } else {
      *before = now;
    }
    return now;
  }};
}

// Once D_LCK is set, D_CLS reads 0.
Faults freezing_d_cls() {
  auto locked = std::make_shared<bool>(false);
  return {.config_write = [=](std::uint8_t offset, std::uint32_t& value, ByteEnables& enables) {
    if (offset != kSmramDword || enables != ByteEnables(0x4)) return true;
    if (*locked) value &= ~(std::uint32_t{kDCls} << 16);
    *locked = *locked || (value >> 16 & kDLck);
    return true;
  }};
}

// In state 00 the RAM behind a segment loses what it holds.
Faults forgetful() {
  return {.ram = [](std::span<std::uint8_t> ram, const DecodeRegisters& registers) {
    for (Gpa page = kStart; page != kEnd; page += kPageSize) {
      if (state_at(registers, page) == GpaState::kMmio)
        std::ranges::fill(ram.subspan(page, kPageSize), std::uint8_t{0});
    }
  }};
}

// What is written in state 10 is lost if state 00 comes next.
Faults losing_writes_before_mmio() {
  auto before = std::make_shared<DecodeRegisters>();
  auto kept = std::make_shared<std::vector<std::uint8_t>>(kEnd);
  return {.ram = [=](std::span<std::uint8_t> ram, const DecodeRegisters& now) {
    for (Gpa page = kStart; page != kEnd; page += kPageSize) {
      const GpaState from = state_at(*before, page), to = state_at(now, page);
      const auto live = ram.subspan(page, kPageSize), saved = std::span(*kept).subspan(page, kPageSize);
      if (from != GpaState::kWriteOnly && to == GpaState::kWriteOnly) std::ranges::copy(live, saved.begin());
      if (from == GpaState::kWriteOnly && to == GpaState::kMmio) std::ranges::copy(saved, live.begin());
    }
    *before = now;
  }};
}

struct Mutant {
  const char* fault;
  Faults faults;
  const char* caught_by;
};

std::vector<Mutant> pam_mutants() {
  return {
      {"10 acts as 11", states_as({0, 1, 3, 3}), "pam-read"},
      {"10 acts as 00", states_as({0, 1, 0, 3}), "pam-write"},
      {"10 acts as 01", states_as({0, 1, 1, 3}), "pam-read"},
      {"01 lets writes through", states_as({0, 3, 2, 3}), "pam-write"},
      {"01 reads ROM", states_as({0, 0, 2, 3}), "pam-read"},
      {"00 shows RAM", states_as({1, 1, 2, 3}), "pam-read"},
      {"00 lets writes through to RAM", states_as({2, 1, 2, 3}), "pam-write"},
      {"11 is write-protected", states_as({0, 1, 2, 1}), "pam-read"},
      {"RE and WE exchanged", states_as({0, 2, 1, 3}), "pam-read"},
      {"PAM0 not decoded", registers_as([](DecodeRegisters& r) { r.pam[0] = 0; }), "pam-read"},
      {"EC000 forgotten", registers_as([](DecodeRegisters& r) { r.pam[6] &= 0x03; }), "pam-read"},
      {"F0000 moves with C4000", registers_as([](DecodeRegisters& r) { r.pam[0] = r.pam[1] & 0x30; }),
       "pam-read"},
      {"the upper half of PAM3 moves with the lower",
       registers_as([](DecodeRegisters& r) { r.pam[3] = static_cast<std::uint8_t>((r.pam[3] & 3) * 0x11); }),
       "pam-read"},
      {"the halves of PAM5 exchanged", registers_as([](DecodeRegisters& r) {
         r.pam[5] = static_cast<std::uint8_t>((r.pam[5] << 4 | r.pam[5] >> 4) & 0x33);
       }),
       "pam-read"},
      {"the first page of C8000 belongs to C4000",
       {.map =
            [](const MemoryMap& map, const DecodeRegisters&, const MemoryMap&) {
              const Region page{{0xc8000, 0xc9000}, map.cpu.find(0xc7000).advanced(kPageSize)};
              return MemoryMap::uniform(map.cpu.overlaid({&page, 1}));
            }},
       "pam-read"},
      {"F8000-FFFFF stay with the ROM", pages_as([](Gpa page, GpaState, Routes& r, const MemoryMap&) {
         if (page >= 0xf8000) r = {Route::rom(page - 0xe0000), Route::drop(), Route::rom(page - 0xe0000)};
       }),
       "pam-read"},
      {"one page of the ROM is another one",
       pages_as([](Gpa page, GpaState state, Routes& r, const MemoryMap&) {
         if (page == 0xf3000 && state == GpaState::kMmio) r.read = Route::rom(0x12000);
       }),
       "pam-read"},
      {"10 reads FF in place of the ROM", pages_as([](Gpa, GpaState state, Routes& r, const MemoryMap&) {
         if (state == GpaState::kWriteOnly) r.read = r.fetch = Route::open();
       }),
       "pam-read"},
      {"10 fetches from RAM", pages_as([](Gpa page, GpaState state, Routes& r, const MemoryMap&) {
         if (state == GpaState::kWriteOnly) r.fetch = Route::ram(page);
       }),
       "pam-fetch"},
      {"01 fetches from the bus", pages_as([](Gpa, GpaState state, Routes& r, const MemoryMap&) {
         if (state == GpaState::kWriteProtected) r.fetch = Route::open();
       }),
       "pam-fetch"},
      {"fetches lag behind", pages_as([](Gpa page, GpaState, Routes& r, const MemoryMap& last) {
         r.fetch = last.cpu.find(page).fetch;
       }),
       "pam-fetch"},
      {"writes lag behind", pages_as([](Gpa page, GpaState, Routes& r, const MemoryMap& last) {
         r.write = last.cpu.find(page).write;
       }),
       "pam-read"},
      {"all lags behind", late(), "pam-read"},
      {"D4000 is mirrored at D0000", pages_as([](Gpa page, GpaState state, Routes& r, const MemoryMap&) {
         if (page < 0xd0000 || page >= 0xd4000 || state != GpaState::kWritable) return;
         r = lowmeg::memory::ram_routes(page + 0x4000);
       }),
       "pam-read"},
      {"the RAM behind is lost in state 00", forgetful(), "pam-read"},
      {"the RAM behind is lost from state 10 to 00", losing_writes_before_mmio(), "pam-history"},
      {"E8000 in state 10 takes DC000 along", registers_as([](DecodeRegisters& r) {
         if ((r.pam[6] & 3) == 2) r.pam[4] = static_cast<std::uint8_t>((r.pam[4] & 0x03) | 0x20);
       }),
       "pam-config"},
      {"a byte write sets its whole dword",
       config_writes_as([](std::uint8_t, std::uint32_t&, ByteEnables& e) {
         e = ByteEnables::all();
         return true;
       }),
       "pam-read"},
      {"a word write sets one byte", config_writes_as([](std::uint8_t, std::uint32_t&, ByteEnables& e) {
         if (e == ByteEnables(0x3) || e == ByteEnables(0xc)) e = ByteEnables(e.bits() & 0x5);
         return true;
       }),
       "pam-config"},
      {"a dword write loses PAM2", config_writes_as([](std::uint8_t offset, std::uint32_t&, ByteEnables& e) {
         if (offset == kPam12 && e.is_all()) e = ByteEnables(0x7);
         return true;
       }),
       "pam-config"},
      {"reserved bits of PAM0 are kept", keeping(kPam12, 0x0000cf00), "pam-config"},
      {"reserved bits of PAM5 are kept", keeping(kPam36, 0x00cc0000), "pam-config"},
      {"reserved bit 2 of PAM1 is kept", keeping(kPam12, 0x00040000), "pam-config"},
  };
}

std::vector<Mutant> other_mutants() {
  return {
      {"the hole at 512K is missing", registers_as([](DecodeRegisters& r) { r.fdhc &= 0x80; }), "hole"},
      {"the hole at 15M is missing", registers_as([](DecodeRegisters& r) { r.fdhc &= 0x40; }), "hole"},
      {"DRB7 ignored", registers_as([](DecodeRegisters& r) { r.drb7 = 3; }), "tom"},
      {"D_OPEN ignored",
       registers_as([](DecodeRegisters& r) { r.smram &= static_cast<std::uint8_t>(~kDOpen); }), "smram"},
      {"SMRAM is always open", registers_as([](DecodeRegisters& r) { r.smram = kDOpen | kGSmrame; }),
       "smram"},
      {"D_OPEN without G_SMRAME", registers_as([](DecodeRegisters& r) { r.smram |= kGSmrame; }), "smram"},
      {"SMRAM ends at AFFFF",
       {.map =
            [](const MemoryMap& map, const DecodeRegisters&, const MemoryMap&) {
              const Region rest{{0xb0000, 0xc0000}, lowmeg::memory::open_routes()};
              return MemoryMap::uniform(map.cpu.overlaid({&rest, 1}));
            }},
       "smram"},
      {"C_BASE_SEG can be written", keeping(kSmramDword, 0x00070000), "smram"},
      {"H_SMRAM_EN ignored", registers_as([](DecodeRegisters& r) { r.esmramc &= 0x7f; }), "hseg"},
      {"TSEG_EN ignored", registers_as([](DecodeRegisters& r) { r.esmramc &= 0xfe; }), "tseg"},
      {"TSEG_SZ ignored", registers_as([](DecodeRegisters& r) { r.esmramc &= 0x81; }), "tseg"},
      {"D_LCK cannot be set", config_writes_as([](std::uint8_t offset, std::uint32_t& value, ByteEnables&) {
         if (offset == kSmramDword) value &= ~(std::uint32_t{kDLck} << 16);
         return true;
       }),
       "lock"},
      {"D_LCK does not clear D_OPEN",
       under_lock([](DecodeRegisters& now, const DecodeRegisters& before) { now.smram = before.smram; }),
       "lock"},
      {"SMRAM reads as written", keeping(kSmramDword, 0x00780000), "lock"},
      {"D_LCK freezes PAM",
       under_lock([](DecodeRegisters& now, const DecodeRegisters& before) { now.pam = before.pam; }), "lock"},
      {"D_LCK freezes D_CLS", freezing_d_cls(), "lock"},
      {"ESMRAMC is not locked", keeping(kSmramDword, 0x87000000), "lock"},
      {"DRB7 is not locked", keeping(kDrb47, 0xff000000), "lock"},
  };
}

// A layout for all views, with one region laid over it.
Faults with_region(std::function<bool(const DecodeRegisters&)> when, GpaRange range, Routes routes) {
  return {.map = [=](const MemoryMap& map, const DecodeRegisters& registers, const MemoryMap&) {
    const Region region{range, routes};
    return when(registers) ? MemoryMap::uniform(map.cpu.overlaid({&region, 1})) : map;
  }};
}

// Changes of D0000 alone, one after the other: at the hundredth its DRAM has lost a byte.
Faults wearing_out() {
  struct Wear {
    DecodeRegisters last;
    unsigned changes = 0;
  };
  auto wear = std::make_shared<Wear>();
  return {.ram = [=](std::span<std::uint8_t> ram, const DecodeRegisters& now) {
    DecodeRegisters alone = now;
    alone.pam[3] = static_cast<std::uint8_t>((wear->last.pam[3] & 0x03) | (alone.pam[3] & 0x30));
    wear->changes = alone.pam == wear->last.pam ? wear->changes + 1 : 0;
    wear->last = now;
    if (wear->changes == 250) ram[0xd2000] ^= 1;
  }};
}

// The chips' other side: ports, resets, cards, DMA, and what the processor does by itself.
std::vector<Mutant> board_mutants() {
  const auto always = [](const DecodeRegisters&) { return true; };
  const auto c8000_write_only = [](const DecodeRegisters& r) { return (r.pam[2] & 3) == 2; };
  return {
      {"writes below 4 GiB go to the DRAM at F0000",
       with_region(always, {0xffff0000, 0x100000000},
                   {Route::rom(0x10000), Route::ram(0xf0000), Route::rom(0x10000)}),
       "rom"},
      {"descriptors' bits are not written",
       {.cpu = Corrections::all().without(Correction::kDescriptorBits)},
       "descriptors"},
      {"the bridge answers as every function of its device",
       {.functions = [](auto& ports, auto& bridge) { ports.place(0, 1, bridge); }},
       "config-decode"},
      {"a cycle of three bytes is lost",
       {.port_write = [](IoBus&, std::uint16_t, unsigned size, std::uint32_t) { return size != 3; }},
       "config-decode"},
      {"the DRAM from 16M is that from 8M",
       with_region(always, {0x1000000, 0x1800000}, lowmeg::memory::ram_routes(0x800000)), "sizing"},
      {"the H range is not the DRAM that a write-only segment is written to",
       with_region(c8000_write_only, {0x100c8000, 0x100c9000}, lowmeg::memory::ram_routes(0xca000)), "alias"},
      {"cards do not answer below 1 MiB",
       {.claims =
            [](auto& claims) { std::erase_if(claims, [](auto& claim) { return claim.start < kEnd; }); }},
       "devices"},
      {"DMA does not go by PAM", {.dma = Faults::Dma::kPastPam}, "bus-master"},
      {"the A20 gate stays closed", {.a20 = [](Level) { return Level::kLow; }}, "a20"},
      {"DRAM wears out by changes", wearing_out(), "latency"},
      {"INIT resets the bridge", {.reset = [](ResetKind) { return ResetKind::kHard; }}, "init"},
      {"the hard reset is INIT", {.reset = [](ResetKind) { return ResetKind::kInit; }}, "reset"},
      {"CF9h is reached by cycles that begin before it",
       {.port_write =
            [](IoBus& board, std::uint16_t port, unsigned size, std::uint32_t value) {
              if (port == 0xcf8 && size != 4 && size > 1) board.write(0xcf9, 1, value >> 8 & 0xff);
              return true;
            }},
       "port-cycles"},
  };
}

std::string first_group_of(const ConformanceReport& report) {
  if (report.failures().empty()) return "nobody";
  const std::string& name = report.failures().front().name;
  return name.substr(0, name.find(':'));
}

// The ROM that begins with a group: 9 is `firmware`, the first after those of PAM alone, which take half the
// time.
std::vector<std::uint8_t> rom_from(std::uint8_t first_group) {
  const auto rom = guest::conformance_rom();
  std::vector<std::uint8_t> image(rom.begin(), rom.end());
  image[image.size() - 0x20] = first_group;
  return image;
}

void expect_caught(std::vector<Mutant> mutants, std::uint8_t first_group = 0) {
  const std::vector<std::uint8_t> rom = rom_from(first_group);
  for (Mutant& mutant : mutants) {
    ConformanceMachine machine(lowmeg::bridge::kI440bx, rom, std::move(mutant.faults));
    machine.run(ConformanceMachine::Until::kFirstFailure);
    EXPECT_EQ(first_group_of(machine.report()), mutant.caught_by)
        << mutant.fault << ", "
        << (machine.report().failures().empty() ? "" : machine.report().failures().front().name);
  }
}

TEST(ConformanceRom, CatchesEveryFaultOfPam) {
  expect_caught(pam_mutants());
}

TEST(ConformanceRom, CatchesEveryFaultOfTheRest) {
  expect_caught(other_mutants(), 9);
}

TEST(ConformanceRom, CatchesEveryFaultOfTheBoard) {
  expect_caught(board_mutants(), 9);
}

std::vector<std::string> failing_groups(Faults faults) {
  ConformanceMachine machine(lowmeg::bridge::kI440bx, guest::conformance_rom(), std::move(faults));
  EXPECT_EQ(machine.run(), CpuSoft::Stop::kRequested);
  std::vector<std::string> failing;
  for (const CheckGroup& group : machine.report().groups()) {
    if (group.counted.passed != group.counted.total) failing.push_back(group.name);
  }
  return failing;
}

// A group that never fails checks nothing. Those that no fault above meets first, by one that meets most.
TEST(ConformanceRom, FindsAFaultInEachGroupOfPam) {
  EXPECT_EQ(failing_groups(states_as({0, 1, 3, 3})),
            (std::vector<std::string>{"pam-read", "pam-fetch", "pam-history", "pam-config", "shadow", "rmw",
                                      "neighbours", "walk", "rom", "string-io", "descriptors", "devices",
                                      "a20", "lock"}));
  EXPECT_EQ(
      failing_groups(states_as({0, 3, 2, 3})),
      (std::vector<std::string>{"pam-write", "pam-fetch", "pam-history", "shadow", "rmw", "walk", "firmware",
                                "rom", "code", "stack", "string-io", "descriptors", "bus-master", "a20"}));
}

// Without a fault the same machine passes: so what is caught above is the fault. The number of instructions
// is bounded for accelerators that emulate each.
TEST(ConformanceRom, PassesWithoutAFault) {
  const auto rom = guest::conformance_rom();
  struct Row {
    lowmeg::bridge::Identity identity;
    std::span<const std::uint8_t> image;
    std::uint64_t checks;
  };
  const Row rows[] = {{lowmeg::bridge::kI440bx, rom, 4314},
                      {lowmeg::bridge::kI440fx, rom, 4259},
                      {lowmeg::bridge::kI440bx, rom.last(0x10000), 4289}};
  for (const Row& row : rows) {
    ConformanceMachine machine(row.identity, row.image);
    EXPECT_EQ(machine.run(), CpuSoft::Stop::kRequested);
    EXPECT_THAT(machine.report().complaints(), testing::IsEmpty()) << row.identity.name;
    EXPECT_THAT(machine.report().failures(), testing::IsEmpty()) << row.identity.name;
    EXPECT_EQ(machine.report().counted().total, row.checks) << row.identity.name;
    EXPECT_LT(machine.instructions(), 8'000'000u);
  }
}

}  // namespace
}  // namespace vmm
