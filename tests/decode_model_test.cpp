// 20 000 random writes to the registers that the address decode depends on, against a model that shares no
// code with it. After each, the pages at every boundary and 256 others; now and then, the whole 4 GiB page by
// page. LOWMEG_LONG=1 runs ten times as long.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "lowmeg/decode/map_committer.hpp"
#include "lowmeg/memory/plain_mapper.hpp"
#include "tests/naive_decode.hpp"

namespace lowmeg {
namespace {

using memory::Layout;
using memory::MemoryMap;
using memory::Region;
using memory::Route;
using memory::Routes;

constexpr GpaRange kWindow = decode::kWindow;

// A PC: ROM below 1 MiB and below 4 GiB, devices at VGA and the APICs, a card's ROM, nobody elsewhere.
Layout pc_bus() {
  const Region rows[] = {
      {{0, 0xa0000}, memory::open_routes()},
      {{0xa0000, 0xc0000}, memory::bus_routes()},
      {{0xc0000, 0xc9000}, memory::rom_routes(0x20000)},
      {{0xc9000, 0xe0000}, memory::open_routes()},
      {{0xe0000, 0x100000}, memory::rom_routes(0)},
      {{0x100000, 0xfec00000}, memory::open_routes()},
      {{0xfffe0000, 0x100000000}, memory::rom_routes(0)},
  };
  return Layout(kWindow, rows);
}

// Something else every 40 MiB, and every 3 pages below 1 MiB.
Layout busy_bus() {
  std::vector<Region> rows;
  for (Gpa gpa = 0; gpa < 0x100000; gpa += 0x3000)
    rows.push_back({{gpa, gpa + 0x1000}, memory::rom_routes(gpa)});
  for (Gpa gpa = 0x700000; gpa + 0x300000 < kWindow.end(); gpa += 0x2800000) {
    const bool device = gpa % 0x5000000 == 0x700000;
    rows.push_back({{gpa, gpa + 0x200000}, device ? memory::bus_routes() : memory::open_routes()});
    rows.push_back({{gpa + 0x200000, gpa + 0x300000}, memory::rom_routes(gpa)});
  }
  return Layout(kWindow, rows);
}

// Every page knows where it is.
Layout marked_bus(std::uint64_t mark) {
  const Route route = Route::rom(mark);
  const Region everything{kWindow, {route, route, route}};
  return Layout(kWindow, std::span(&everything, 1));
}

struct Board {
  const char* name;
  decode::BusMap bus;
  std::uint64_t installed;
};

const Board kBoards[] = {
    {"pc", {pc_bus(), Layout(kWindow)}, 64 << 20},
    {"marked", {marked_bus(0), marked_bus(1ull << 32)}, 24 << 20},
    {"marked_and_full", {marked_bus(0), marked_bus(1ull << 32)}, 1 << 30},
    {"busy", {busy_bus(), marked_bus(1ull << 32)}, 0xd7000},
    {"without_dram", {marked_bus(0), busy_bus()}, 0},
};

class RandomRegisters {
 public:
  // One field, as a config write changes it; more often to what matters.
  void step(DecodeRegisters& r) {
    switch (pick(14)) {
      case 0:
        r.drb7 = one_of({0, 1, 2, 3, 8, 31, 32, 33, 127, 128, 255, pick(256)});
        break;
      case 1:
        r.fdhc = byte();
        break;
      case 2:
        r.smram = byte();
        break;
      case 3:
        r.esmramc = byte();
        break;
      case 4:
        r.nbxcfg ^= 1u << one_of({5, 9, 10, pick(32)});
        break;
      case 5:
        r.apbase = pick(0x10000) << 16 | 8;
        break;
      case 6:
        r.apsize = one_of({0, 0x20, 0x30, 0x38, 0x3c, 0x3e, 0x3f, pick(256)});
        break;
      case 7:
        r.pmcr = one_of({0, 0, byte()});
        break;
      case 8:
        step(r.agp);
        break;
      default:
        r.pam[pick(7)] = byte();
    }
  }
  unsigned pick(unsigned count) { return static_cast<unsigned>(engine_() % count); }

 private:
  void step(AgpBridgeRegisters& agp) {
    switch (pick(4)) {
      case 0:
        agp.pcicmd1 = one_of({2, byte()});
        break;
      case 1:
        agp.bctrl = byte();
        break;
      case 2:
        step(agp.mbase, agp.mlimit);
        break;
      default:
        step(agp.pmbase, agp.pmlimit);
    }
  }
  void step(std::uint16_t& base, std::uint16_t& limit) {
    base = static_cast<std::uint16_t>(pick(2) ? pick(0x10000) : pick(0x400));
    limit = static_cast<std::uint16_t>(pick(2) ? base + pick(0x100) : pick(0x10000));
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(pick(256)); }
  std::uint8_t one_of(std::initializer_list<unsigned> values) {
    return static_cast<std::uint8_t>(values.begin()[pick(static_cast<unsigned>(values.size()))]);
  }

  std::mt19937_64 engine_{0x440b};
};

struct View {
  NaiveViewer viewer;
  Layout MemoryMap::* layout;
};
constexpr View kViews[] = {{NaiveViewer::kCpu, &MemoryMap::cpu},
                           {NaiveViewer::kSmm, &MemoryMap::cpu_smm},
                           {NaiveViewer::kDevice, &MemoryMap::bus_master}};

class DecodeModel : public testing::TestWithParam<Board> {
 protected:
  Routes expected(const NaiveDecode& model, Gpa gpa, const Routes& pci, const Routes& agp,
                  NaiveViewer viewer) const {
    const NaiveBoard here{pci, agp, board.installed};
    return {naive_route(model, here, gpa, NaiveAccess::kRead, viewer),
            naive_route(model, here, gpa, NaiveAccess::kWrite, viewer),
            naive_route(model, here, gpa, NaiveAccess::kFetch, viewer)};
  }

  void expect_page(Gpa gpa) {
    const NaiveDecode model(registers);
    const Routes pci = board.bus.pci.find(gpa), agp = board.bus.agp.find(gpa);
    for (const View& view : kViews) {
      const Routes found = (mapper.map().*view.layout).find(gpa);
      ASSERT_EQ(found, expected(model, gpa, pci, agp, view.viewer))
          << std::hex << gpa << " view " << static_cast<int>(view.viewer);
    }
  }

  // The first page and the one before it of whatever begins or ends somewhere.
  void expect_boundary(Gpa gpa) {
    gpa -= gpa % kPageSize;
    if (gpa >= kPageSize && gpa <= kWindow.end()) expect_page(gpa - kPageSize);
    if (gpa < kWindow.end()) expect_page(gpa);
  }

  void expect_boundaries_of_the_map() {
    std::span<const Region> last;
    for (const View& view : kViews) {
      const auto regions = (mapper.map().*view.layout).regions();
      if (regions.data() == last.data()) continue;
      last = regions;
      const bool all = regions.size() < 100;
      for (const Region& region : regions) {
        if (all || random.pick(16) == 0) expect_boundary(region.range.start());
      }
    }
  }

  void expect_boundaries_of_the_chip() {
    const NaiveDecode model(registers);
    const Gpa tom = model.top(), aperture = registers.apbase & 0xffc00000;
    const AgpBridgeRegisters& agp = registers.agp;
    for (const Gpa gpa : {std::uint64_t{0},
                          0x80000ul,
                          0xa0000ul,
                          0xb0000ul,
                          0xb8000ul,
                          0x100000ul,
                          0xf00000ul,
                          0x1000000ul,
                          0x100a0000ul,
                          0x100c0000ul,
                          0x10100000ul,
                          0x40000000ul,
                          0x50000000ul,
                          tom,
                          tom - model.tseg_size(),
                          tom + 0x10000000,
                          tom + 0x10000000 - model.tseg_size(),
                          board.installed,
                          aperture,
                          aperture - aperture % model.aperture_size(),
                          aperture - aperture % model.aperture_size() + model.aperture_size(),
                          Gpa{agp.mbase} >> 4 << 20,
                          (Gpa{agp.mlimit} >> 4 << 20) + 0x100000,
                          Gpa{agp.pmbase} >> 4 << 20,
                          (Gpa{agp.pmlimit} >> 4 << 20) + 0x100000,
                          kWindow.end()}) {
      expect_boundary(gpa);
    }
    for (Gpa gpa = 0xc0000; gpa < 0x100000; gpa += 0x4000) expect_boundary(gpa);
  }

  void expect_256_pages() {
    for (int i = 0; i < 256; ++i) {
      const unsigned bits = 1 + random.pick(20);  // as many small addresses as large ones
      expect_page(Gpa{random.pick(1u << bits)} * kPageSize);
    }
  }

  void expect_every_page() {
    const NaiveDecode model(registers);
    const auto next = [](auto& region, Gpa gpa) {
      while (region->range.end() <= gpa) ++region;
      return region->at(gpa);
    };
    auto pci = board.bus.pci.regions().begin(), agp = board.bus.agp.regions().begin();
    decltype(pci) found[] = {mapper.map().cpu.regions().begin(), mapper.map().cpu_smm.regions().begin(),
                             mapper.map().bus_master.regions().begin()};
    for (Gpa gpa = 0; gpa < kWindow.end(); gpa += kPageSize) {
      const Routes on_pci = next(pci, gpa), on_agp = next(agp, gpa);
      for (const View& view : kViews) {
        const Routes want = expected(model, gpa, on_pci, on_agp, view.viewer);
        if (next(found[&view - kViews], gpa) != want) return expect_page(gpa);
      }
    }
  }

  void expect_sharing() {
    const MemoryMap& map = mapper.map();
    ASSERT_EQ(map.cpu_smm == map.cpu, map.cpu_smm.shares_regions_with(map.cpu));
    ASSERT_EQ(map.bus_master == map.cpu, map.bus_master.shares_regions_with(map.cpu));
  }

  const Board& board = GetParam();
  memory::PlainMapper mapper{kWindow};
  decode::MapCommitter committer{decode::AddressDecoder(board.bus, board.installed), mapper};
  RandomRegisters random;
  DecodeRegisters registers;
};
INSTANTIATE_TEST_SUITE_P(Board, DecodeModel, testing::ValuesIn(kBoards),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(DecodeModel, AgreesWithTheDecoder) {
  const unsigned all = std::getenv("LOWMEG_LONG") != nullptr ? 200'000 : 20'000;
  const unsigned steps = all / static_cast<unsigned>(std::size(kBoards));
  constexpr unsigned kWholeScans = 4;
  for (unsigned i = 1; i <= steps; ++i) {
    SCOPED_TRACE(testing::Message() << "step " << i);
    random.step(registers);
    ASSERT_TRUE(committer.changed(registers, Apply::kDelta));
    expect_boundaries_of_the_map();
    expect_boundaries_of_the_chip();
    expect_256_pages();
    expect_sharing();
    if (i % (steps / kWholeScans) == 0) expect_every_page();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace lowmeg
