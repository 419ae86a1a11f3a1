// The moving_cards_model_test's model of a PC with cards that move: bytes, and a chain of questions for each.
// It shares no code with the decoder, the mappers or the board.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/naive_decode.hpp"

namespace lowmeg {

// The header's three registers as written, with the sizes' bits already gone, and what is behind them.
struct NaiveCard {
  std::uint32_t command = 0, bar = 0, rom_bar = 0;
  std::vector<std::uint8_t> memory, rom;
  bool rom_asks_for_memory_space = true;

  bool memory_space() const { return (command & 2) != 0; }
  std::optional<std::uint64_t> in_memory(std::uint64_t a) const {
    if (!memory_space() || a < bar || a >= std::uint64_t{bar} + memory.size()) return std::nullopt;
    return a - bar;
  }
  std::optional<std::uint64_t> in_rom(std::uint64_t a) const {
    const std::uint32_t start = rom_bar & ~1u;
    if ((rom_bar & 1) == 0 || (rom_asks_for_memory_space && !memory_space())) return std::nullopt;
    if (a < start || a >= std::uint64_t{start} + rom.size()) return std::nullopt;
    return a - start;
  }
};

struct NaivePc {
  std::vector<std::uint8_t> dram;
  std::vector<std::uint8_t> firmware;  // 128 KiB, below 1 MiB and below 4 GiB
  std::vector<std::uint8_t> vga;       // A0000-BFFFF, memory that remembers
  std::vector<NaiveCard> cards;        // the lowest device first

  std::uint8_t read(const DecodeRegisters& registers, std::uint64_t a, NaiveAccess access) const {
    const NaiveTaker taker = NaiveDecode(registers).taker(a, access, NaiveViewer::kCpu);
    if (taker.who == NaiveTaker::kDram) return taker.dram < dram.size() ? dram[taker.dram] : 0xff;
    if (taker.who != NaiveTaker::kPci) return 0xff;
    for (const NaiveCard& card : cards) {
      if (const auto offset = card.in_memory(a)) return card.memory[*offset];
      if (const auto offset = card.in_rom(a)) return card.rom[*offset];
    }
    if (a >= 0xa0000 && a < 0xc0000) return vga[a - 0xa0000];
    if (a >= 0xe0000 && a < 0x100000) return firmware[a - 0xe0000];
    if (a >= 0xfffe0000) return firmware[a - 0xfffe0000];
    return 0xff;
  }

  void write(const DecodeRegisters& registers, std::uint64_t a, std::uint8_t value) {
    const NaiveTaker taker = NaiveDecode(registers).taker(a, NaiveAccess::kWrite, NaiveViewer::kCpu);
    if (taker.who == NaiveTaker::kDram) {
      if (taker.dram < dram.size()) dram[taker.dram] = value;
      return;
    }
    if (taker.who != NaiveTaker::kPci) return;
    for (NaiveCard& card : cards) {
      if (const auto offset = card.in_memory(a)) return static_cast<void>(card.memory[*offset] = value);
      if (card.in_rom(a)) return;
    }
    if (a >= 0xa0000 && a < 0xc0000) vga[a - 0xa0000] = value;
  }
};

}  // namespace lowmeg
