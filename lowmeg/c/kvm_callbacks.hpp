// What a KvmMapper asks and tells, as callbacks of the caller's.
#pragma once

#include <vector>

#include "lowmeg/c/failure.hpp"
#include "lowmeg/kvm/map_observer.hpp"
#include "lowmeg/kvm/pause_vcpus.hpp"
#include "lowmeg/kvm/write_log.hpp"

namespace lowmeg::c {

/// While one lives, this thread is within a callback that the map's locks are held for: a call that wants
/// them, on the same object, would wait for ever.
class Within {
 public:
  explicit Within(const void* object);
  ~Within();
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;
  /// Whether this thread is in a callback of `object`.
  static bool is_in(const void* object);

 private:
  const void* object_;
  const Within* outer_;
};

class PauseCallbacks final : public kvm::PauseVcpus {
 public:
  explicit PauseCallbacks(const lowmeg_kvm_config& config)
      : pause_(config.pause), resume_(config.resume), context_(config.pause_context) {}

  Result<void> pause() override;
  void resume() override {
    if (resume_) resume_(context_);
  }

 private:
  std::int32_t (*pause_)(void*);
  void (*resume_)(void*);
  void* context_;
};

/// `owner` is whose calls from within are refused.
class MapChangeCallback final : public kvm::MapObserver {
 public:
  MapChangeCallback(const lowmeg_kvm_config& config, const void* owner)
      : tell_(config.map_change), context_(config.map_change_context), owner_(owner) {}

  explicit operator bool() const { return tell_ != nullptr; }
  Result<void> map_will_change(const kvm::MapChange& change) override;
  void map_changed(const kvm::MapChange& change) override { tell(change, LOWMEG_MAP_CHANGED); }
  void map_did_not_change(const kvm::MapChange& change) override { tell(change, LOWMEG_MAP_DID_NOT_CHANGE); }

 private:
  std::int32_t tell(const kvm::MapChange& change, std::uint32_t phase);

  lowmeg_map_change_fn tell_;
  void* context_;
  const void* owner_;
};

class WrittenCallback final : public kvm::WriteLog {
 public:
  WrittenCallback(lowmeg_written_fn tell, void* context, const void* owner)
      : tell_(tell), context_(context), owner_(owner) {}

  void written(std::uint64_t offset, std::uint64_t size) override {
    const Within within(owner_);
    tell_(context_, offset, size);
  }

 private:
  lowmeg_written_fn tell_;
  void* context_;
  const void* owner_;
};

}  // namespace lowmeg::c
