#include "lowmeg/kvm/write_log.hpp"

#include <algorithm>
#include <bit>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg::kvm {

DirtyPages::DirtyPages(std::uint64_t ram_size)
    : pages_((ram_size + kPageSize - 1) / kPageSize), words_((pages_ + 63) / 64) {}

void DirtyPages::written(std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t end = std::min((offset + size + kPageSize - 1) / kPageSize, pages_);
  for (std::uint64_t page = offset / kPageSize; page < end; ++page)
    words_[page / 64].fetch_or(std::uint64_t{1} << page % 64, std::memory_order_release);
}

std::vector<std::uint64_t> DirtyPages::take() {
  std::vector<std::uint64_t> result;
  for (std::uint64_t word = 0; word < words_.size(); ++word) {
    for (auto bits = words_[word].exchange(0, std::memory_order_acquire); bits != 0; bits &= bits - 1)
      result.push_back(word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
  }
  return result;
}

}  // namespace lowmeg::kvm
