// An adjuster that two own: the bridge, which tells it of changes, and servicing, which saves it.
//
// Source: ArcMutexGetBackedAdjustGpaRange of OpenHCL.
#pragma once

#include <memory>
#include <mutex>

#include "lowmeg/hyperv/get_backed_adjuster.hpp"

namespace lowmeg::hyperv {

/// Thread-safe. A copy refers to the same adjuster. The lock is held while the host is asked, so a save waits
/// for an adjust in hand and sees all of it or nothing. Order of locks: this, then the GET client's.
class SharedAdjuster final : public AdjustGpaRanges {
 public:
  explicit SharedAdjuster(GetBackedAdjuster adjuster)
      : shared_(std::make_shared<Shared>(std::move(adjuster))) {}

  Result<void> adjust(std::span<const GpaStateChange> changes) override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->adjuster.adjust(changes);
  }

  /// adjust() in steps, as GetBackedAdjuster has them; one thread takes them all.
  void begin(std::span<const GpaStateChange> changes) {
    const std::lock_guard lock(shared_->mutex);
    shared_->adjuster.begin(changes);
  }
  std::span<get::RangeExchange> wanted() {
    const std::lock_guard lock(shared_->mutex);
    return shared_->adjuster.wanted();
  }
  void answered() {
    const std::lock_guard lock(shared_->mutex);
    shared_->adjuster.answered();
  }

  /// A copy of what is saved.
  AdjusterState state() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->adjuster.state();
  }

  /// As GetBackedAdjuster has them.
  void restore(const AdjusterState& state) {
    const std::lock_guard lock(shared_->mutex);
    shared_->adjuster.restore(state);
  }
  void mark_all_unsure() {
    const std::lock_guard lock(shared_->mutex);
    shared_->adjuster.mark_all_unsure();
  }
  /// Never changes, so without the lock.
  Gpa rom_bios_offset() const { return shared_->adjuster.rom_bios_offset(); }

 private:
  struct Shared {
    explicit Shared(GetBackedAdjuster owned) : adjuster(std::move(owned)) {}
    std::mutex mutex;
    GetBackedAdjuster adjuster;
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace lowmeg::hyperv
