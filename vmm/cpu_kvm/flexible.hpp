// A structure of KVM's that ends in a flexible array, with room for its entries.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vmm {

/// All zeros at first. Owns the bytes; moved and copied as they are.
template <typename Head, typename Entry>
class Flexible {
 public:
  explicit Flexible(std::size_t entries)
      : words_((sizeof(Head) + entries * sizeof(Entry) + sizeof(Word) - 1) / sizeof(Word)),
        entries_(entries) {}

  // SAFETY: the words are aligned for any of KVM's structures, and Head lies at their start.
  Head& head() { return *reinterpret_cast<Head*>(words_.data()); }
  std::span<Entry> entries() {
    // SAFETY: the array follows its head without a gap, which KVM's sizes imply; the room was reserved above.
    return {reinterpret_cast<Entry*>(reinterpret_cast<std::byte*>(words_.data()) + sizeof(Head)), entries_};
  }

 private:
  using Word = std::max_align_t;

  std::vector<Word> words_;
  std::size_t entries_;
};

}  // namespace vmm
