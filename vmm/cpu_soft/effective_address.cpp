// The memory operand of an instruction: Intel SDM volume 2, tables 2-1, 2-2 and 2-3.
#include "vmm/cpu_soft/execution.hpp"

namespace vmm::cpu_soft {

const ModRm& Execution::decode_modrm() {
  const std::uint32_t byte = fetch(1);
  modrm_ = {static_cast<std::uint8_t>(byte >> 6), static_cast<std::uint8_t>((byte >> 3) & 7),
            static_cast<std::uint8_t>(byte & 7)};
  if (!modrm_.is_register()) address_ = effective_address();
  return modrm_;
}

std::uint32_t Execution::effective_address() {
  return instruction_.address_size == 4 ? effective_address_32() : effective_address_16() & 0xffff;
}

void Execution::use_stack_segment() {
  default_segment_ = kSs;
}

std::uint32_t Execution::displacement() {
  if (modrm_.mod == 1) return static_cast<std::uint32_t>(fetch_signed_byte());
  return modrm_.mod == 2 ? fetch(instruction_.address_size) : 0;
}

std::uint32_t Execution::effective_address_16() {
  if (modrm_.mod == 0 && modrm_.rm == 6) return fetch(2);
  struct Form {
    Gpr base, index;
    SegmentRegister segment;
  };
  // Base twice: no index.
  static constexpr Form kForms[8] = {{kEbx, kEsi, kDs}, {kEbx, kEdi, kDs}, {kEbp, kEsi, kSs},
                                     {kEbp, kEdi, kSs}, {kEsi, kEsi, kDs}, {kEdi, kEdi, kDs},
                                     {kEbp, kEbp, kSs}, {kEbx, kEbx, kDs}};
  const Form& form = kForms[modrm_.rm];
  if (form.segment == kSs) use_stack_segment();
  return gpr(form.base) + (form.index == form.base ? 0 : gpr(form.index)) + displacement();
}

std::uint32_t Execution::effective_address_32() {
  if (modrm_.rm == 4) return sib();
  if (modrm_.mod == 0 && modrm_.rm == 5) return fetch(4);
  if (modrm_.rm == kEbp) use_stack_segment();
  return *registers().gpr[modrm_.rm] + displacement();
}

std::uint32_t Execution::sib() {
  const std::uint32_t byte = fetch(1);
  const std::uint32_t base = byte & 7;
  const std::uint32_t index = (byte >> 3) & 7;
  const std::uint32_t scaled = index == kEsp ? 0 : *registers().gpr[index] << (byte >> 6);
  if (base == kEbp && modrm_.mod == 0) return scaled + fetch(4);
  if (base == kEsp || base == kEbp) use_stack_segment();
  return *registers().gpr[base] + scaled + displacement();
}

}  // namespace vmm::cpu_soft
