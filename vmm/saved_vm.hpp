// A saved VM as bytes: what the machine has to be built from, its RAM, and the state of all that is volatile
// above it.
//
// | Bytes | |
// |---|---|
// | header | `LOWMEGVM`, u32 version 1, u32 CRC-32 of all that follows it, u64 length of that |
// | build | u64 bytes of RAM, u32 personality, u32 CRC-32 of the ROM images, u32 CRC-32 of what else it was
// given | | state | u32 length, then what Machine::carry() carries | | RAM | u32 count, then for each page
// that is not all zeros, ascending: u32 page number, 4096 bytes |
//
// All numbers are little-endian. Does no I/O.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lowmeg/core/gpa.hpp"
#include "lowmeg/core/result.hpp"

namespace vmm {

/// Borrows the bytes.
struct SavedPage {
  std::uint32_t number = 0;  ///< of the page in RAM
  std::span<const std::uint8_t> bytes;
};

struct SavedVm {
  /// What a machine that goes on with it must have been built from.
  struct Build {
    std::uint64_t ram_size = 0;
    std::uint32_t personality = 0;  ///< personality.hpp
    std::uint32_t roms = 0;         ///< checksum of firmware, VGA BIOS and the cards' ROMs
    std::uint32_t devices = 0;      ///< checksum of cards, disks, option ROMs and kernel
    friend bool operator==(const Build&, const Build&) = default;
  };
  Build build;
  std::span<const std::uint8_t> state;  ///< borrowed
  std::vector<SavedPage> pages;         ///< ascending; all others are zeros
};

std::vector<std::uint8_t> encode(const SavedVm& vm);
/// Borrows the bytes. kInvalidArgument, in one line, for what is damaged, cut short or no saved VM at all.
lowmeg::Result<SavedVm> decode_saved_vm(std::span<const std::uint8_t> bytes);
/// Why a machine of build `have` cannot go on with it, if so.
lowmeg::Result<void> fits(const SavedVm& vm, const SavedVm::Build& have);

/// CRC-32 (ISO-HDLC), going on from `before`.
std::uint32_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

}  // namespace vmm
