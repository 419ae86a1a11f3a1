#include "vmm/board/fw_cfg.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vmm {
namespace {

constexpr std::size_t kNameSize = 56;               // with its 0
constexpr std::uint8_t kTraditional = 1, kDma = 2;  // item 1: which interfaces there are
constexpr std::uint16_t kIgnoredBits = 0x4000;      // asks for write access, which is no more

// The DMA address register reads as this; a command's first dword, then its length and address, all
// big-endian.
constexpr char kDmaSignature[] = "QEMU CFG";
constexpr std::size_t kCommandSize = 16;
constexpr std::uint32_t kError = 1, kRead = 2, kSkip = 4, kSelect = 8, kWrite = 16;
// What one transfer holds at a time.
constexpr std::size_t kPiece = 4096;
// A transfer of this many bytes takes as long as some thousand instructions.
constexpr std::size_t kLong = 0x10000;

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

void append_big_endian(FwCfg::Bytes& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

FwCfg::FwCfg(lowmeg::memory::BusMaster bus_master, Patience& patience)
    : bus_master_(bus_master), patience_(patience) {
  set_item(kSignature, {'Q', 'E', 'M', 'U'});
  set_item(kInterfaces, {kTraditional | kDma, 0, 0, 0});
  set_item(kDirectory, {0, 0, 0, 0});
}

void FwCfg::reset() {
  select(0);
  dma_high_ = 0;
}

void FwCfg::set_item(Key key, Bytes bytes) {
  items_[key] = std::move(bytes);
}

// A directory: a count of 4 bytes, then for each file size (4), selector (2), reserved (2), name (56).
void FwCfg::add_file(std::string_view name, Bytes bytes) {
  Bytes& directory = items_[kDirectory];
  const auto count = static_cast<std::uint16_t>((directory.size() - 4) / (8 + kNameSize));
  const auto key = static_cast<std::uint16_t>(kFirstFile + count);
  append_big_endian(directory, bytes.size(), 4);
  append_big_endian(directory, key, 2);
  append_big_endian(directory, 0, 2);
  const std::string_view fitting = name.substr(0, kNameSize - 1);
  directory.insert(directory.end(), fitting.begin(), fitting.end());
  directory.resize(directory.size() + kNameSize - fitting.size());

  Bytes total;
  append_big_endian(total, count + 1u, 4);
  std::copy(total.begin(), total.end(), directory.begin());
  items_[key] = std::move(bytes);
}

// The selector is write-only.
std::uint32_t FwCfg::read(std::uint16_t port, unsigned size) {
  if (port >= kDmaPort) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i)
      value |= std::uint32_t{static_cast<std::uint8_t>(kDmaSignature[port - kDmaPort + i])} << (8 * i);
    return value;
  }
  if (port == kDataPort) return next();
  return size == 1 ? 0xffu : 0xffu | std::uint32_t{next()} << 8;
}

// A single byte to either port is a write to the item, and those are read-only.
void FwCfg::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (port >= kDmaPort) return write_dma(port, size, value);
  if (port == kSelectorPort && size == 2) select(static_cast<std::uint16_t>(value));
}

void FwCfg::select(std::uint16_t key) {
  selected_ = static_cast<std::uint16_t>(key & ~kIgnoredBits);
  position_ = 0;
}

// Whole halves of the address, big-endian; other cycles are ignored.
void FwCfg::write_dma(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (size != 4 || port % 4 != 0) return;
  const std::uint32_t half = __builtin_bswap32(value);
  if (port == kDmaPort) {
    dma_high_ = half;
  } else {
    run_dma(lowmeg::Gpa{std::exchange(dma_high_, 0)} << 32 | half);
  }
}

// The spec, "Guest-side DMA interface". Past an item's end zeros are read. A command that both reads and
// writes, or writes, is an error.
void FwCfg::run_dma(lowmeg::Gpa command) {
  std::array<std::uint8_t, kCommandSize> bytes{};
  if (command > ~lowmeg::Gpa{kCommandSize}) return;
  bus_master_.read(command, bytes);
  const auto control = static_cast<std::uint32_t>(big_endian(std::span(bytes).first(4)));
  auto left = static_cast<std::size_t>(big_endian(std::span(bytes).subspan(4, 4)));
  lowmeg::Gpa to = big_endian(std::span(bytes).subspan(8));
  if (control & kSelect) select(static_cast<std::uint16_t>(control >> 16));

  if (control & kRead) {
    std::array<std::uint8_t, kPiece> buffer{};
    left = static_cast<std::size_t>(std::min<lowmeg::Gpa>(left, ~to));  // addresses do not wrap
    if (left >= kLong) patience_.took_long();
    for (; left != 0; to += kPiece) {
      const auto piece = std::span(buffer).first(std::min(left, kPiece));
      take(piece);
      bus_master_.write(to, piece);
      left -= piece.size();
    }
  } else if (control & kSkip) {
    position_ += left;
  }
  Bytes done;
  append_big_endian(done, control & kWrite ? kError : 0, 4);
  bus_master_.write(command, done);
}

std::uint8_t FwCfg::next() {
  std::uint8_t byte = 0;
  take({&byte, 1});
  return byte;
}

// The next bytes of the item, zeros past its end.
void FwCfg::take(std::span<std::uint8_t> to) {
  std::ranges::fill(to, std::uint8_t{0});
  const auto item = items_.find(selected_);
  if (item != items_.end() && position_ < item->second.size()) {
    const auto left = std::span<const std::uint8_t>(item->second).subspan(position_);
    std::ranges::copy(left.first(std::min(left.size(), to.size())), to.begin());
  }
  position_ += to.size();
}

}  // namespace vmm
