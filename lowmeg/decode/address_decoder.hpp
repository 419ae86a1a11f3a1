// The address decode of the host bridge: registers and what is on the buses in, the memory map out.
//
// Source: 82443BX data sheet (290633) chapter 4.1; the 82441FX is the same with what it lacks at 0. Left out:
// all above 4 GiB, the translation of the AGP aperture, and SDRAMC's command modes, in which a read of DRAM
// does something else. Where the data sheet is silent or illegal, docs/reference/decode.md says what was
// chosen.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/decode/access.hpp"
#include "lowmeg/decode/bus_map.hpp"
#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::decode {

/// A pure computation: const, without memory of what it decoded before, usable from any thread.
class AddressDecoder {
 public:
  /// `bus` is the board's, both layouts over kWindow. `installed_dram_bytes`, whole pages, is the DRAM that
  /// exists: RAM routes' offsets are DRAM addresses below it, and at DRAM addresses at or above it nobody
  /// answers.
  AddressDecoder(BusMap bus, std::uint64_t installed_dram_bytes);

  /// This decoder on a board where something else answers.
  AddressDecoder with_bus(BusMap bus) const { return AddressDecoder(std::move(bus), dram_); }

  /// The map that `registers` ask for, over kWindow. Any value has one. Views that do not differ share their
  /// regions.
  memory::MemoryMap decode(const DecodeRegisters& registers) const {
    return with_pam(base(registers), registers.pam);
  }

  /// The two halves of decode, for who keeps the first: the map with all 13 PAM segments on PCI, for which
  /// PAM does not matter,
  memory::MemoryMap base(const DecodeRegisters& registers) const;
  /// and that map, made by base(), with the segments as PAM has them.
  memory::MemoryMap with_pam(const memory::MemoryMap& base, const std::array<std::uint8_t, 7>& pam) const;

 private:
  // A part of one PAM segment along which what is on PCI and what is in DRAM run on.
  struct PamPiece {
    std::size_t segment = 0;
    memory::Region pci;
    memory::Region dram;
  };

  AddressDecoder(BusMap bus, memory::Layout dram);
  std::vector<PamPiece> pam_pieces() const;
  memory::Layout base_view(const DecodeRegisters& registers, View view) const;

  BusMap bus_;
  memory::Layout dram_;               // what answers at each DRAM address
  std::vector<PamPiece> pam_pieces_;  // in order of address
};

}  // namespace lowmeg::decode
