#include "vmm/board/fw_cfg.hpp"

#include <algorithm>
#include <utility>

namespace vmm {
namespace {

constexpr std::size_t kNameSize = 56;     // with its 0
constexpr std::uint8_t kTraditional = 1;  // item 1, bit 0: selector and data ports; bit 1, DMA, is clear
constexpr std::uint16_t kIgnoredBits = 0x4000;  // asks for write access, which is no more

void append_big_endian(FwCfg::Bytes& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

FwCfg::FwCfg() {
  set_item(kSignature, {'Q', 'E', 'M', 'U'});
  set_item(kInterfaces, {kTraditional, 0, 0, 0});
  set_item(kDirectory, {0, 0, 0, 0});
}

void FwCfg::reset() {
  selected_ = 0;
  position_ = 0;
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
  if (port == kDataPort) return next();
  return size == 1 ? 0xffu : 0xffu | std::uint32_t{next()} << 8;
}

// A single byte to either port is a write to the item, and those are read-only.
void FwCfg::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (port != kSelectorPort || size != 2) return;
  selected_ = static_cast<std::uint16_t>(value & ~std::uint32_t{kIgnoredBits});
  position_ = 0;
}

std::uint8_t FwCfg::next() {
  const auto item = items_.find(selected_);
  if (item == items_.end() || position_ >= item->second.size()) return 0;
  return item->second[position_++];
}

}  // namespace vmm
