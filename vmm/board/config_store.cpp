#include "vmm/board/config_store.hpp"

namespace vmm {

void ConfigStore::reset() {
  dwords_ = {};
  for (const ConfigRegister& row : table_) dwords_[row.offset / 4] = row.reset;
}

lowmeg::Result<void> ConfigStore::write(std::uint8_t offset, std::uint32_t value,
                                        lowmeg::bridge::ByteEnables enables) {
  std::uint32_t& dword = dwords_[offset / 4];
  for (const ConfigRegister& row : table_) {
    if (row.offset / 4 != offset / 4) continue;
    dword = (dword & ~row.writable) | (enables.merge(dword, value) & row.writable);
  }
  return {};
}

}  // namespace vmm
