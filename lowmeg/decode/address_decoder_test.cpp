#include "lowmeg/decode/address_decoder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "lowmeg/core/pam.hpp"

namespace lowmeg::decode {
namespace {

using memory::Layout;
using memory::MemoryMap;
using memory::Region;
using memory::Route;
using memory::Routes;

constexpr std::uint64_t kInstalled = 64 << 20;
constexpr std::uint64_t kAgp = 1ull << 32;

// Two buses on which every page tells where it is: ROM offset = address on PCI, and 4 GiB further on AGP.
Layout marked(std::uint64_t mark) {
  const Route route = Route::rom(mark);
  const Region everything{kWindow, {route, route, route}};
  return Layout(kWindow, std::span(&everything, 1));
}

std::string show(Route route, Gpa gpa) {
  if (route == Route::bus()) return "aperture";
  if (route == Route::open() || route == Route::drop()) return "nobody";
  if (route == Route::rom(gpa)) return "pci";
  if (route == Route::rom(kAgp + gpa)) return "agp";
  return fmt::format("{} {:x}", route == Route::ram(route.offset()) ? "dram" : "wrong", route.offset());
}

// One word when reads, writes and fetches go to the same place, else all three.
std::string show(const Layout& layout, Gpa gpa) {
  const Routes routes = layout.find(gpa);
  const std::string read = show(routes.read, gpa), write = show(routes.write, gpa),
                    fetch = show(routes.fetch, gpa);
  return read == write && read == fetch ? read : fmt::format("{}/{}/{}", read, write, fetch);
}

using Set = void (*)(DecodeRegisters&);

struct MapRow {
  Set set;  // on registers of a PC with 64 MiB, else as after reset
  Gpa gpa;
  const char *cpu, *smm, *master;  // reads/writes/fetches
};

void expect(std::span<const MapRow> rows, std::uint64_t installed = kInstalled) {
  const AddressDecoder decoder({marked(0), marked(kAgp)}, installed);
  for (const MapRow& row : rows) {
    SCOPED_TRACE(fmt::format("row {}, {:x}", &row - rows.data(), row.gpa));
    DecodeRegisters registers;
    registers.drb7 = 8;
    registers.smram = 0x02;
    registers.esmramc = 0x38;
    row.set(registers);
    const MemoryMap map = decoder.decode(registers);
    EXPECT_EQ(show(map.cpu, row.gpa), row.cpu);
    EXPECT_EQ(show(map.cpu_smm, row.gpa), row.smm);
    EXPECT_EQ(show(map.bus_master, row.gpa), row.master);
  }
}

void after_reset(DecodeRegisters&) {}

// "0-512K always DRAM ... A0000-BFFFF ... C0000-FFFFF PAM ... 1M-TOM DRAM ... else PCI"
TEST(AddressDecoder, HasTheChipsMap) {
  const MapRow rows[] = {
      {after_reset, 0, "dram 0", "dram 0", "dram 0"},
      {after_reset, 0x9f000, "dram 9f000", "dram 9f000", "dram 9f000"},
      {after_reset, 0xa0000, "pci", "pci", "pci"},
      {after_reset, 0xbf000, "pci", "pci", "pci"},
      {after_reset, 0xc0000, "pci", "pci", "pci"},
      {after_reset, 0xff000, "pci", "pci", "pci"},
      {after_reset, 0x100000, "dram 100000", "dram 100000", "dram 100000"},
      {after_reset, 0x3fff000, "dram 3fff000", "dram 3fff000", "dram 3fff000"},
      {after_reset, 0x4000000, "pci", "pci", "pci"},
      {after_reset, 0xfffff000, "pci", "pci", "pci"},
  };
  expect(rows);
}

// "WE RE: 00 reads and writes PCI, 01 reads DRAM, 10 writes DRAM, 11 both"; "the bits govern both CPU and
// PCI-master accesses"; bits 7, 6, 3, 2 are reserved.
TEST(AddressDecoder, RoutesEachSegmentByPamForEveryone) {
  const AddressDecoder decoder({marked(0), marked(kAgp)}, kInstalled);
  struct Field {
    std::size_t reg;
    unsigned shift;
    Gpa start, end;
  };
  const Field fields[kPamSegmentCount] = {
      {0, 4, 0xf0000, 0x100000}, {1, 0, 0xc0000, 0xc4000}, {1, 4, 0xc4000, 0xc8000}, {2, 0, 0xc8000, 0xcc000},
      {2, 4, 0xcc000, 0xd0000},  {3, 0, 0xd0000, 0xd4000}, {3, 4, 0xd4000, 0xd8000}, {4, 0, 0xd8000, 0xdc000},
      {4, 4, 0xdc000, 0xe0000},  {5, 0, 0xe0000, 0xe4000}, {5, 4, 0xe4000, 0xe8000}, {6, 0, 0xe8000, 0xec000},
      {6, 4, 0xec000, 0xf0000},
  };
  for (const Field& field : fields) {
    for (unsigned state = 0; state < 4; ++state) {
      DecodeRegisters registers;
      registers.smram = 0x0a;  // three views that differ
      registers.agp.bctrl = 0x08;
      registers.pam[field.reg] = static_cast<std::uint8_t>((state | 0xc) << field.shift);
      const MemoryMap map = decoder.decode(registers);
      for (Gpa gpa = 0xc0000; gpa < 0x100000; gpa += kPageSize) {
        const bool here = gpa >= field.start && gpa < field.end;
        const Route read = here && (state & 1) ? Route::ram(gpa) : Route::rom(gpa);
        const Route write = here && (state & 2) ? Route::ram(gpa) : Route::rom(gpa);
        for (const Layout* view : {&map.cpu, &map.cpu_smm, &map.bus_master}) {
          ASSERT_EQ(view->find(gpa), (Routes{read, write, read})) << std::hex << gpa << " state " << state;
        }
      }
    }
  }
}

// "512K-640K PCI if FDHC=01; 15M-16M PCI if FDHC=10", above all else that is in DRAM.
TEST(AddressDecoder, OpensTheFixedHoles) {
  const Set low = [](DecodeRegisters& r) { r.fdhc = 0x40; };
  const Set high = [](DecodeRegisters& r) { r.fdhc = 0x80; };
  const MapRow rows[] = {
      {low, 0x7f000, "dram 7f000", "dram 7f000", "dram 7f000"},
      {low, 0x80000, "pci", "pci", "pci"},
      {low, 0x9f000, "pci", "pci", "pci"},
      {low, 0xf00000, "dram f00000", "dram f00000", "dram f00000"},
      {high, 0x80000, "dram 80000", "dram 80000", "dram 80000"},
      {high, 0xeff000, "dram eff000", "dram eff000", "dram eff000"},
      {high, 0xf00000, "pci", "pci", "pci"},
      {high, 0xfff000, "pci", "pci", "pci"},
      {high, 0x1000000, "dram 1000000", "dram 1000000", "dram 1000000"},
  };
  expect(rows);
}

// "A0000: SMRAM gate first, else VGA steering." Code apart from data with D_CLS; never for a bus master.
TEST(AddressDecoder, OpensTheCompatibleSpace) {
  const Set enabled = [](DecodeRegisters& r) { r.smram = 0x0a; };
  const Set open = [](DecodeRegisters& r) { r.smram = 0x4a; };
  const Set closed = [](DecodeRegisters& r) { r.smram = 0x2a; };
  const Set closed_on_agp = [](DecodeRegisters& r) { r.smram = 0x2a, r.agp.bctrl = 0x08; };
  const Set high = [](DecodeRegisters& r) { r.smram = 0x4a, r.esmramc = 0xb8; };
  const MapRow rows[] = {
      {enabled, 0xa0000, "pci", "dram a0000", "pci"},
      {enabled, 0xbf000, "pci", "dram bf000", "pci"},
      {enabled, 0xc0000, "pci", "pci", "pci"},
      {open, 0xa0000, "dram a0000", "dram a0000", "pci"},
      {closed, 0xbf000, "pci", "pci/pci/dram bf000", "pci"},
      {closed_on_agp, 0xa0000, "agp", "agp/agp/dram a0000", "pci"},
      {high, 0xa0000, "pci", "pci", "pci"},  // "with H enabled the A range stops being SMM space"
  };
  expect(rows);
}

// "H: 100A0000-100FFFFF to DRAM A0000-FFFFF; T: 256M+TOM-size to DRAM TOM-size"; above DRAM and all else, and
// what is off falls through.
TEST(AddressDecoder, OpensExtendedSmram) {
  const Set high = [](DecodeRegisters& r) { r.smram = 0x0a, r.esmramc = 0xb8; };
  const Set high_in_dram = [](DecodeRegisters& r) { r.smram = 0x2a, r.esmramc = 0xb8, r.drb7 = 0x40; };
  const Set high_pam = [](DecodeRegisters& r) { r.smram = 0x4a, r.esmramc = 0xb8, r.pam[0] = 0x10; };
  const Set tseg = [](DecodeRegisters& r) { r.smram = 0x0a, r.esmramc = 0x39; };
  const Set tseg_in_window = [](DecodeRegisters& r) {
    r.smram = 0x2a, r.esmramc = 0x39, r.agp = {2, 0x13f0, 0x13f0, 0xfff0, 0, 0};
  };
  const MapRow rows[] = {
      {high, 0x1009f000, "pci", "pci", "pci"},
      {high, 0x100a0000, "pci", "dram a0000", "pci"},
      {high, 0x100ff000, "pci", "dram ff000", "pci"},
      {high, 0x10100000, "pci", "pci", "pci"},
      {high_in_dram, 0x100a0000, "nobody", "nobody/nobody/dram a0000", "nobody"},
      {high_pam, 0x100ff000, "dram ff000", "dram ff000", "pci"},  // PAM is not asked
      {tseg, 0x13fdf000, "pci", "pci", "pci"},
      {tseg, 0x13fe0000, "pci", "dram 3fe0000", "pci"},
      {tseg, 0x13fff000, "pci", "dram 3fff000", "pci"},
      {tseg, 0x14000000, "pci", "pci", "pci"},
      {tseg_in_window, 0x13fff000, "agp", "agp/agp/dram 3fff000", "pci/agp/pci"},
      {tseg, 0xa0000, "pci", "dram a0000", "pci"},
  };
  expect(rows);
}

// "The native top-of-DRAM range is no longer claimed as DRAM": by nobody, in any mode, open or not.
TEST(AddressDecoder, TakesTsegOutOfDram) {
  const Set smallest = [](DecodeRegisters& r) { r.smram = 0x4a, r.esmramc = 0x39; };
  const Set largest = [](DecodeRegisters& r) { r.smram = 0x4a, r.esmramc = 0x3f; };
  const Set without_g = [](DecodeRegisters& r) { r.smram = 0x42, r.esmramc = 0x3f; };
  const MapRow rows[] = {
      {smallest, 0x3fdf000, "dram 3fdf000", "dram 3fdf000", "dram 3fdf000"},
      {smallest, 0x3fe0000, "pci", "pci", "pci"},
      {smallest, 0x3fff000, "pci", "pci", "pci"},
      {largest, 0x3eff000, "dram 3eff000", "dram 3eff000", "dram 3eff000"},
      {largest, 0x3f00000, "pci", "pci", "pci"},
      {without_g, 0x3fff000, "dram 3fff000", "dram 3fff000", "dram 3fff000"},
  };
  expect(rows);
}

// TOM bounds what is at and above 1 MiB; DRAM addresses with no DRAM behind them are open.
TEST(AddressDecoder, EndsDramAtTomAndWhereNoneIsInstalled) {
  const Set none = [](DecodeRegisters& r) { r.drb7 = 0; };
  const Set most = [](DecodeRegisters& r) { r.drb7 = 0xff; };
  const MapRow tom[] = {
      {none, 0x9f000, "dram 9f000", "dram 9f000", "dram 9f000"},
      {none, 0x100000, "pci", "pci", "pci"},
      {most, 0x3fff000, "dram 3fff000", "dram 3fff000", "dram 3fff000"},
      {most, 0x4000000, "nobody", "nobody", "nobody"},
      {most, 0x3ffff000, "nobody", "nobody", "nobody"},
      {most, 0x40000000, "pci", "pci", "pci"},
  };
  expect(tom);
  const Set shadow = [](DecodeRegisters& r) { r.pam[3] = 0x12, r.smram = 0x4a, r.esmramc = 0x39; };
  const MapRow tiny[] = {
      {shadow, 0x90000, "dram 90000", "dram 90000", "dram 90000"},
      {shadow, 0xa0000, "dram a0000", "dram a0000", "pci"},
      {shadow, 0xd0000, "pci/dram d0000/pci", "pci/dram d0000/pci", "pci/dram d0000/pci"},
      {shadow, 0xd2000, "pci/nobody/pci", "pci/nobody/pci", "pci/nobody/pci"},
      {shadow, 0xd4000, "nobody/pci/nobody", "nobody/pci/nobody", "nobody/pci/nobody"},
      {shadow, 0x100000, "nobody", "nobody", "nobody"},
      {shadow, 0x13fff000, "nobody", "nobody", "pci"},
  };
  expect(tiny, 0xd2000);
}

// "AGP windows for writes only" from a bus master; the aperture above them, and DRAM above both.
TEST(AddressDecoder, SendsWindowsToAgp) {
  const Set windows = [](DecodeRegisters& r) { r.agp = {2, 0xe000, 0xe010, 0xf000, 0xf000, 0}; };
  const Set aperture = [](DecodeRegisters& r) {
    r.nbxcfg = 1 << 9, r.apbase = 0xe0000008, r.apsize = 0x3f, r.agp = {2, 0xe000, 0xe7f0, 0xfff0, 0, 0};
  };
  const Set cpu_only = [](DecodeRegisters& r) {
    r.nbxcfg = 3 << 9, r.apbase = 0xe0000008, r.apsize = 0x3f, r.agp = {2, 0xe000, 0xe7f0, 0xfff0, 0, 0};
  };
  const Set everywhere = [](DecodeRegisters& r) {
    r.smram = 0x0a, r.esmramc = 0x39, r.fdhc = 0x80, r.agp = {2, 0, 0xfff0, 0xfff0, 0, 0};
  };
  const Set aperture_at_0 = [](DecodeRegisters& r) { r.nbxcfg = 1 << 9, r.apbase = 0x8, r.fdhc = 0x80; };
  const MapRow rows[] = {
      {windows, 0xdffff000, "pci", "pci", "pci"},
      {windows, 0xe0000000, "agp", "agp", "pci/agp/pci"},
      {windows, 0xe01ff000, "agp", "agp", "pci/agp/pci"},
      {windows, 0xe0200000, "pci", "pci", "pci"},
      {windows, 0xf00ff000, "agp", "agp", "pci/agp/pci"},
      {aperture, 0xe03ff000, "aperture", "aperture", "aperture"},
      {aperture, 0xe0400000, "agp", "agp", "pci/agp/pci"},
      {cpu_only, 0xe0000000, "aperture", "aperture", "pci/agp/pci"},
      {aperture_at_0, 0xa0000, "pci", "pci", "pci"},
      {aperture_at_0, 0xf00000, "pci", "pci", "pci"},
      {aperture_at_0, 0x3fff000, "dram 3fff000", "dram 3fff000", "dram 3fff000"},
      {aperture_at_0, 0x4000000, "aperture", "aperture", "aperture"},
      {everywhere, 0x0, "dram 0", "dram 0", "dram 0"},
      {everywhere, 0xa0000, "pci", "dram a0000", "pci"},
      {everywhere, 0xc0000, "pci", "pci", "pci"},
      {everywhere, 0xf00000, "pci", "pci", "pci"},
      {everywhere, 0x3fdf000, "dram 3fdf000", "dram 3fdf000", "dram 3fdf000"},
      {everywhere, 0x3fff000, "pci", "pci", "pci"},
      {everywhere, 0x4000000, "agp", "agp", "pci/agp/pci"},
      {everywhere, 0xfffff000, "agp", "agp", "pci/agp/pci"},
  };
  expect(rows);
}

// "VGA_EN=1, MDAP=1: AGP except B0000-B7FFF"; a bus master's cycle is not claimed.
TEST(AddressDecoder, SteersVga) {
  const Set vga = [](DecodeRegisters& r) { r.agp.bctrl = 0x08; };
  const Set mono = [](DecodeRegisters& r) { r.agp.bctrl = 0x08, r.nbxcfg = 0x20; };
  const MapRow rows[] = {
      {vga, 0xa0000, "agp", "agp", "pci"},  {vga, 0xb0000, "agp", "agp", "pci"},
      {vga, 0xbf000, "agp", "agp", "pci"},  {vga, 0xc0000, "pci", "pci", "pci"},
      {mono, 0xaf000, "agp", "agp", "pci"}, {mono, 0xb0000, "pci", "pci", "pci"},
      {mono, 0xb7000, "pci", "pci", "pci"}, {mono, 0xb8000, "agp", "agp", "pci"},
  };
  expect(rows);
}

// What the board has on PCI shows wherever the bridge keeps nothing for DRAM.
TEST(AddressDecoder, ShowsTheRomOfTheBoard) {
  const Region rows[] = {{{0xa0000, 0xc0000}, memory::bus_routes()},
                         {{0xc0000, 0xe0000}, memory::open_routes()},
                         {{0xe0000, 0x100000}, memory::rom_routes(0)},
                         {{0xfffe0000, 0x100000000}, memory::rom_routes(0)}};
  const AddressDecoder decoder({Layout(kWindow, rows), Layout(kWindow)}, kInstalled);
  DecodeRegisters registers;
  registers.pam = {0x10, 0x10, 0, 0, 0, 0x02, 0};
  const Layout cpu = decoder.decode(registers).cpu;
  const Routes write_through{Route::rom(0), Route::ram(0xe0000), Route::rom(0)};
  EXPECT_EQ(cpu.find(0xfffff000), memory::rom_routes(0x1f000));
  EXPECT_EQ(cpu.find(0xef000), memory::rom_routes(0xf000));
  EXPECT_EQ(cpu.find(0xe0000), write_through);
  EXPECT_EQ(cpu.find(0xff000), (Routes{Route::ram(0xff000), Route::bus(), Route::ram(0xff000)}));
  EXPECT_EQ(cpu.find(0xc4000), (Routes{Route::ram(0xc4000), Route::drop(), Route::ram(0xc4000)}));
  EXPECT_EQ(cpu.find(0xc0000), memory::open_routes());
  EXPECT_EQ(cpu.find(0xb8000), memory::bus_routes());
}

// "Views that do not differ share their regions."
TEST(AddressDecoder, SharesEqualViews) {
  struct Sharing {
    Set set;
    bool smm_as_cpu, master_as_cpu, master_as_smm;
  };
  const Sharing rows[] = {
      {after_reset, true, true, true},
      {[](DecodeRegisters& r) { r.smram = 0x0a; }, false, true, false},
      {[](DecodeRegisters& r) { r.smram = 0x4a; }, true, false, false},
      {[](DecodeRegisters& r) { r.agp.bctrl = 0x08; }, true, false, false},
      {[](DecodeRegisters& r) { r.agp.bctrl = 0x08, r.smram = 0x0a; }, false, false, false},
      {[](DecodeRegisters& r) { r.smram = 0x1a; }, false, true, false},
  };
  const AddressDecoder decoder({marked(0), marked(kAgp)}, kInstalled);
  for (const Sharing& row : rows) {
    SCOPED_TRACE(&row - rows);
    DecodeRegisters registers;
    registers.pam.fill(0x21);
    row.set(registers);
    for (const MemoryMap& map : {decoder.base(registers), decoder.decode(registers)}) {
      EXPECT_EQ(map.cpu_smm.shares_regions_with(map.cpu), row.smm_as_cpu);
      EXPECT_EQ(map.bus_master.shares_regions_with(map.cpu), row.master_as_cpu);
      EXPECT_EQ(map.bus_master.shares_regions_with(map.cpu_smm), row.master_as_smm);
    }
  }
}

// "The map with all 13 PAM segments on PCI, for which PAM does not matter."
TEST(AddressDecoder, DecodesInTwoHalves) {
  const AddressDecoder decoder({marked(0), marked(kAgp)}, kInstalled);
  DecodeRegisters registers;
  registers.smram = 0x0a;
  registers.agp.bctrl = 0x08;
  const MemoryMap base = decoder.base(registers);
  EXPECT_EQ(decoder.decode(registers), base);
  registers.pam = {0x10, 0x32, 0x01, 0x23, 0x30, 0x11, 0x22};
  EXPECT_EQ(decoder.base(registers), base);
  EXPECT_EQ(decoder.with_pam(base, registers.pam), decoder.decode(registers));
}

}  // namespace
}  // namespace lowmeg::decode
