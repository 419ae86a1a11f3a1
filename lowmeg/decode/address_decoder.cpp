#include "lowmeg/decode/address_decoder.hpp"

#include <algorithm>

#include "lowmeg/core/pam.hpp"
#include "lowmeg/decode/agp.hpp"
#include "lowmeg/decode/dram.hpp"
#include "lowmeg/decode/overlay.hpp"
#include "lowmeg/decode/smram.hpp"

namespace lowmeg::decode {
namespace {

using memory::Layout;
using memory::MemoryMap;
using memory::Region;
using memory::Routes;

// The fixed ranges of chapter 4.1.
constexpr GpaRange kDosArea{0, 0xa0000};
constexpr GpaRange kVideoAndBios{0xa0000, 0x100000};
constexpr Gpa kExtendedMemory = 0x100000;

// Reads and fetches go to DRAM with RE, writes with WE; the rest to PCI.
Routes pam_routes(GpaState state, const Routes& pci, const Routes& dram) {
  const bool re = state == GpaState::kWriteProtected || state == GpaState::kWritable;
  const bool we = state == GpaState::kWriteOnly || state == GpaState::kWritable;
  return {re ? dram.read : pci.read, we ? dram.write : pci.write, re ? dram.fetch : pci.fetch};
}

bool runs_on(const Region& region, const Region& next) {
  return region.range.end() == next.range.start() && region.at(next.range.start()) == next.routes;
}

// Equal layouts become copies of one.
void share_equal(MemoryMap& map) {
  if (map.cpu_smm == map.cpu) map.cpu_smm = map.cpu;
  if (map.bus_master == map.cpu) map.bus_master = map.cpu;
}

Layout dram_layout(std::uint64_t installed_bytes) {
  LOWMEG_INVARIANT(is_page_aligned(installed_bytes), "whole pages of DRAM");
  const Gpa end = std::min(installed_bytes, kWindow.end());
  const Region rows[] = {{{0, end}, memory::ram_routes(0)}, {{end, kWindow.end()}, memory::open_routes()}};
  return Layout(kWindow, rows);
}

}  // namespace

AddressDecoder::AddressDecoder(BusMap bus, std::uint64_t installed_dram_bytes)
    : AddressDecoder(std::move(bus), dram_layout(installed_dram_bytes)) {}

AddressDecoder::AddressDecoder(BusMap bus, Layout dram)
    : bus_(std::move(bus)), dram_(std::move(dram)), pam_pieces_(pam_pieces()) {
  LOWMEG_INVARIANT(bus_.pci.window() == kWindow && bus_.agp.window() == kWindow, "buses of 4 GiB");
}

std::vector<AddressDecoder::PamPiece> AddressDecoder::pam_pieces() const {
  std::vector<PamPiece> pieces;
  for (std::size_t i = 0; i < kPamSegmentCount; ++i) {
    const std::size_t segment = (i + 1) % kPamSegmentCount;  // PAM0 comes first and lies last
    const GpaRange& range = kPamSegments[segment];
    for (Gpa gpa = range.start(); gpa != range.end(); gpa += kPageSize) {
      const GpaRange page(gpa, gpa + kPageSize);
      const PamPiece next{segment, {page, bus_.pci.find(gpa)}, {page, dram_.find(gpa)}};
      PamPiece* const last = pieces.empty() ? nullptr : &pieces.back();
      if (last && last->segment == segment && runs_on(last->pci, next.pci) &&
          runs_on(last->dram, next.dram)) {
        last->pci.range = last->dram.range = GpaRange(last->pci.range.start(), page.end());
      } else {
        pieces.push_back(next);
      }
    }
  }
  return pieces;
}

MemoryMap AddressDecoder::base(const DecodeRegisters& registers) const {
  MemoryMap map{base_view(registers, View::kCpu), base_view(registers, View::kCpuSmm),
                base_view(registers, View::kBusMaster)};
  share_equal(map);
  return map;
}

MemoryMap AddressDecoder::with_pam(const MemoryMap& base, const std::array<std::uint8_t, 7>& pam) const {
  const PamStates states = decode_pam(pam_dwords(pam));
  std::vector<Region> segments;
  segments.reserve(pam_pieces_.size());
  for (const auto& [segment, pci, dram] : pam_pieces_) {
    const Region next{pci.range, pam_routes(states[segment], pci.routes, dram.routes)};
    if (!segments.empty() && runs_on(segments.back(), next)) {
      segments.back().range = GpaRange(segments.back().range.start(), next.range.end());
    } else {
      segments.push_back(next);
    }
  }
  MemoryMap map = MemoryMap::uniform(base.cpu.overlaid(segments));
  if (!base.cpu_smm.shares_regions_with(base.cpu)) map.cpu_smm = base.cpu_smm.overlaid(segments);
  if (!base.bus_master.shares_regions_with(base.cpu)) map.bus_master = base.bus_master.overlaid(segments);
  return map;
}

Layout AddressDecoder::base_view(const DecodeRegisters& registers, View view) const {
  const Gpa top = std::max(top_of_memory(registers), kExtendedMemory);
  const auto windows = agp_windows(registers);
  const auto vga = agp_vga(registers, view);
  const SmramSpaces smram = smram_spaces(registers);
  const Accesses into_smram = smram_accesses(registers, view);
  const Accesses into_agp = view == View::kBusMaster ? Accesses::kWrite : Accesses::kAll;

  Overlay map(bus_.pci);  // lowest priority first
  map.lay(windows[0], bus_.agp, into_agp);
  map.lay(windows[1], bus_.agp, into_agp);
  map.lay(aperture(registers, view), memory::bus_routes());
  map.lay({kExtendedMemory, top}, dram_);
  map.lay(tseg(registers), bus_.pci);
  map.lay(kVideoAndBios, bus_.pci);
  map.lay(vga[0], bus_.agp);
  map.lay(vga[1], bus_.agp);
  map.lay(smram.compatible.range, dram_, smram.compatible.dram, into_smram);
  map.lay(kDosArea, dram_);
  map.lay(fixed_hole(registers), bus_.pci);
  map.lay(smram.high.range, dram_, smram.high.dram, into_smram);
  map.lay(smram.tseg.range, dram_, smram.tseg.dram, into_smram);
  return map.layout();
}

}  // namespace lowmeg::decode
