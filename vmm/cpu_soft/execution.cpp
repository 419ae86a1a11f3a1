#include "vmm/cpu_soft/execution.hpp"

namespace vmm::cpu_soft {

std::uint32_t Execution::fetch(unsigned size) {
  if (length_ + size > kMaxInstructionLength) raise(Event::exception(Vector::kGeneralProtection, 0));
  if (fault_) return 0;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{code_.at(length_ + i)} << (8 * i);
  length_ += size;
  return value;
}

Operand Execution::rm(unsigned size) const {
  const auto bytes = static_cast<std::uint8_t>(size);
  if (modrm_.is_register()) return {Operand::Kind::kRegister, bytes, modrm_.rm};
  return {Operand::Kind::kMemory, bytes, address_};
}

Operand Execution::reg(unsigned size) const {
  return {Operand::Kind::kRegister, static_cast<std::uint8_t>(size), modrm_.reg};
}

Operand Execution::memory_at(std::int32_t distance, unsigned size) const {
  const std::uint32_t offset =
      (address_ + static_cast<std::uint32_t>(distance)) & mask_of(instruction_.address_size);
  return {Operand::Kind::kMemory, static_cast<std::uint8_t>(size), offset};
}

std::uint32_t Execution::read(const Operand& operand) {
  if (operand.kind == Operand::Kind::kRegister) return get(operand.where, operand.size);
  return read_memory(data_segment(), operand.where, operand.size);
}

void Execution::write(const Operand& operand, std::uint32_t value) {
  if (operand.kind == Operand::Kind::kRegister) return set(operand.where, operand.size, value);
  write_memory(data_segment(), operand.where, operand.size, value);
}

SegmentRegister Execution::data_segment() const {
  return instruction_.has_override() ? static_cast<SegmentRegister>(instruction_.segment_override)
                                     : default_segment_;
}

void Execution::check(SegmentRegister segment, std::uint32_t offset, unsigned size) {
  if (contains(registers().segment[segment], offset, size)) return;
  raise(Event::exception(segment == kSs ? Vector::kStackFault : Vector::kGeneralProtection, 0));
}

std::uint32_t Execution::read_memory(SegmentRegister segment, std::uint32_t offset, unsigned size) {
  check(segment, offset, size);
  return fault_ ? 0 : processor_.bus.read(*registers().segment[segment].base + offset, size);
}

void Execution::write_memory(SegmentRegister segment, std::uint32_t offset, unsigned size,
                             std::uint32_t value) {
  check(segment, offset, size);
  if (!fault_) processor_.bus.write(*registers().segment[segment].base + offset, size, value);
}

void Execution::push(std::uint32_t value, unsigned size) {
  const std::uint32_t mask = registers().segment[kSs].is_big() ? 0xffffffffu : 0xffffu;
  const std::uint32_t top = (gpr(kEsp) - size) & mask;
  write_memory(kSs, top, size, value);
  gpr(kEsp) = (gpr(kEsp) & ~mask) | top;
}

std::uint32_t Execution::pop(unsigned size) {
  const std::uint32_t mask = registers().segment[kSs].is_big() ? 0xffffffffu : 0xffffu;
  const std::uint32_t top = gpr(kEsp) & mask;
  const std::uint32_t value = read_memory(kSs, top, size);
  gpr(kEsp) = (gpr(kEsp) & ~mask) | ((top + size) & mask);
  return value;
}

std::uint32_t Execution::in(std::uint32_t port, unsigned size) {
  return fault_ ? 0 : processor_.bus.in(port, size);
}

void Execution::out(std::uint32_t port, unsigned size, std::uint32_t value) {
  if (!fault_) processor_.bus.out(port, size, value);
}

// Byte registers 4-7 are AH, CH, DH, BH.
std::uint32_t Execution::get(unsigned index, unsigned size) const {
  if (size != 1) return *registers().gpr[index] & mask_of(size);
  return (*registers().gpr[index & 3] >> (index < 4 ? 0 : 8)) & 0xff;
}

void Execution::set(unsigned index, unsigned size, std::uint32_t value) const {
  const unsigned shift = size == 1 && index >= 4 ? 8 : 0;
  std::uint32_t& whole = *registers().gpr[size == 1 ? index & 3 : index];
  const std::uint32_t mask = mask_of(size) << shift;
  whole = (whole & ~mask) | ((value << shift) & mask);
}

void Execution::raise(const Event& event) {
  if (!fault_) fault_ = event;
}

}  // namespace vmm::cpu_soft
