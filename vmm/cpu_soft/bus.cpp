#include "vmm/cpu_soft/bus.hpp"

namespace vmm::cpu_soft {

std::uint32_t Bus::read_slowly(std::uint32_t gpa, unsigned size) const {
  if (fits(gpa, size)) return mmio_.read(a20_(gpa), size) & mask_of(size);
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= read(gpa + i, 1) << (8 * i);
  return value;
}

std::uint32_t Bus::fetch_slowly(std::uint32_t gpa, unsigned size) const {
  if (fits(gpa, size)) return mmio_.read(a20_(gpa), size) & mask_of(size);
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= fetch(gpa + i, 1) << (8 * i);
  return value;
}

void Bus::write_slowly(std::uint32_t gpa, unsigned size, std::uint32_t value) const {
  if (fits(gpa, size)) return mmio_.write(a20_(gpa), size, value & mask_of(size));
  for (unsigned i = 0; i < size; ++i) write(gpa + i, 1, (value >> (8 * i)) & 0xff);
}

}  // namespace vmm::cpu_soft
