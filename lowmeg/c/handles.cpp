#include "lowmeg/c/handles.hpp"

#include <array>
#include <mutex>
#include <vector>

namespace lowmeg::c {
namespace {

// A handle: kind in bits 63:56, generation in 55:20, slot in 19:0. The kind is never 0, so no handle is null.
constexpr unsigned kSlotBits = 20;
constexpr unsigned kKindShift = 56;
constexpr std::uint64_t kGenerations = std::uint64_t{1} << (kKindShift - kSlotBits);
constexpr std::size_t kChunkSize = 1024;
constexpr std::size_t kChunks = (std::size_t{1} << kSlotBits) / kChunkSize;

struct Slot {
  std::atomic<std::uint64_t> handle{0};  // 0: empty
  std::uint64_t generation = 0;          // under the table's lock
  std::unique_ptr<Object> object;        // likewise, but for who has found the handle
};
using Chunk = std::array<Slot, kChunkSize>;

class Table {
 public:
  std::uint64_t add(std::unique_ptr<Object> object) {
    const std::lock_guard lock(mutex_);
    const std::size_t index = free_slot();
    Slot& slot = (*chunks_[index / kChunkSize].load(std::memory_order_relaxed))[index % kChunkSize];
    const auto kind = static_cast<std::uint64_t>(object->kind());
    const std::uint64_t handle = kind << kKindShift | slot.generation << kSlotBits | index;
    slot.object = std::move(object);
    slot.handle.store(handle, std::memory_order_release);
    return handle;
  }

  Slot* find(std::uint64_t handle, Kind kind) {
    if (handle >> kKindShift != static_cast<std::uint64_t>(kind)) return nullptr;
    const std::size_t index = handle % (std::size_t{1} << kSlotBits);
    Chunk* const chunk = chunks_[index / kChunkSize].load(std::memory_order_acquire);
    if (!chunk) return nullptr;
    Slot& slot = (*chunk)[index % kChunkSize];
    return slot.handle.load(std::memory_order_acquire) == handle ? &slot : nullptr;
  }

  // Gives the object to the caller, who destroys it without the lock.
  std::unique_ptr<Object> take(Slot& slot) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t handle = slot.handle.exchange(0);
    // A slot whose generations are used up is not used again.
    if (++slot.generation < kGenerations) free_.push_back(handle % (std::size_t{1} << kSlotBits));
    return std::move(slot.object);
  }

 private:
  std::size_t free_slot() {
    if (!free_.empty()) {
      const std::size_t index = free_.back();
      free_.pop_back();
      return index;
    }
    if (used_ % kChunkSize == 0) {
      if (used_ / kChunkSize == kChunks) throw std::bad_alloc();
      owned_.push_back(std::make_unique<Chunk>());
      chunks_[used_ / kChunkSize].store(owned_.back().get(), std::memory_order_release);
    }
    return used_++;
  }

  std::mutex mutex_;
  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::vector<std::unique_ptr<Chunk>> owned_;
  std::vector<std::size_t> free_;
  std::size_t used_ = 0;
};

// Never destroyed: a handle that is closed at exit finds it. What is still open then is the process's to end.
Table& table() {
  static Table* const instance = new Table;
  return *instance;
}

}  // namespace

std::uint64_t enter_in_table(std::unique_ptr<Object> object) {
  return table().add(std::move(object));
}

Object* look_up(std::uint64_t handle, Kind kind) {
  Slot* const slot = table().find(handle, kind);
  return slot ? slot->object.get() : nullptr;
}

std::int32_t close_handle(std::uint64_t handle, Kind kind) {
  Slot* const slot = table().find(handle, kind);
  if (!slot) return bad_handle();
  if (slot->object->is_used()) return busy("another object still uses this one");
  if (!Entry(*slot->object)) return busy("a call on this object has not returned yet");
  table().take(*slot);
  return LOWMEG_OK;
}

}  // namespace lowmeg::c
