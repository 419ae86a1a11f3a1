#include "vmm/board/vga_text.hpp"

#include <algorithm>

#include "vmm/board/little_endian.hpp"

namespace vmm {
namespace {

constexpr unsigned kColumns = 80, kRows = 25;
constexpr std::uint32_t kBank = 0x8000;  // B0000 and B8000 are 32 KiB each

void trim_end(std::string& text, char character) {
  text.erase(text.find_last_not_of(character) + 1);
}

}  // namespace

void VgaText::reset() {
  std::fill(memory_.begin(), memory_.end(), std::uint8_t{0});
}

std::uint32_t VgaText::read(std::uint32_t offset, unsigned size) {
  return load_little_endian(memory_, offset, size);
}

void VgaText::write(std::uint32_t offset, unsigned size, std::uint32_t value) {
  for (unsigned i = 0; i < size; ++i) memory_[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::string VgaText::line(std::uint32_t base, unsigned row) const {
  std::string result;
  for (unsigned column = 0; column < kColumns; ++column) {
    const std::uint32_t character = registers_.start() + std::uint32_t{row} * kColumns + column;
    const auto byte = static_cast<char>(memory_[base + 2 * character % kBank]);
    result += byte >= ' ' && byte <= '~' ? byte : ' ';
  }
  trim_end(result, ' ');
  return result;
}

std::string VgaText::text() const {
  if (registers_.display() == VgaRegisters::Display::kGraphics) return {};
  const bool mono = registers_.memory_map() == VgaRegisters::MemoryMap::kB0000;
  const std::uint32_t base = mono ? 0x10000 : 0x18000;
  std::string result;
  for (unsigned row = 0; row < kRows; ++row) result += line(base, row) + '\n';
  trim_end(result, '\n');
  return result.empty() ? result : result + '\n';
}

}  // namespace vmm
