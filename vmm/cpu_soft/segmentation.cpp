#include "vmm/cpu_soft/segmentation.hpp"

namespace vmm::cpu_soft {

bool contains(const SegmentView& segment, std::uint32_t offset, std::uint32_t size) {
  const std::uint64_t last = std::uint64_t{offset} + size - 1;
  const std::uint16_t type = *segment.access & (access::kNotSystem | access::kCode | access::kExpandDown);
  if (type != (access::kNotSystem | access::kExpandDown)) return last <= *segment.limit;
  return offset > *segment.limit && last <= (segment.is_big() ? 0xffffffffu : 0xffffu);
}

Segment decode_descriptor(std::uint16_t selector, std::uint32_t low, std::uint32_t high) {
  const auto bits = static_cast<std::uint16_t>(((high >> 8) & 0xff) | ((high >> 12) & 0xf00));
  const std::uint32_t base = (low >> 16) | ((high & 0xff) << 16) | (high & 0xff000000u);
  const std::uint32_t limit = (low & 0xffff) | (high & 0xf0000);
  return {selector, base, (bits & access::kGranular) != 0 ? limit << 12 | 0xfff : limit, bits};
}

}  // namespace vmm::cpu_soft
