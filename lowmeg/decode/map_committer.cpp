#include "lowmeg/decode/map_committer.hpp"

#include <utility>

namespace lowmeg::decode {

Result<void> MapCommitter::changed(const DecodeRegisters& registers, Apply apply) {
  auto committed = commit(registers, apply);
  if (committed) told_ = registers;
  return committed;
}

Result<void> MapCommitter::bus_changed(BusMap bus) {
  AddressDecoder before = std::exchange(decoder_, decoder_.with_bus(std::move(bus)));
  base_.reset();
  if (!told_) return {};
  auto committed = commit(*told_, Apply::kDelta);
  if (!committed) {
    decoder_ = std::move(before);
    base_.reset();
  }
  return committed;
}

Result<void> MapCommitter::commit(const DecodeRegisters& registers, Apply apply) {
  const memory::MemoryMap map = decoder_.with_pam(base_of(registers), registers.pam);
  if (apply == Apply::kDelta && map == mapper_.map()) return {};
  return mapper_.commit(map);
}

const memory::MemoryMap& MapCommitter::base_of(const DecodeRegisters& registers) {
  DecodeRegisters without_pam = registers;
  without_pam.pam = {};
  if (!base_ || base_->registers != without_pam) base_ = {without_pam, decoder_.base(without_pam)};
  return base_->map;
}

}  // namespace lowmeg::decode
