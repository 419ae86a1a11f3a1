#include "lowmeg/decode/map_committer.hpp"

namespace lowmeg::decode {

Result<void> MapCommitter::changed(const DecodeRegisters& registers, Apply apply) {
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
