// KvmMapper as an object of the C interface. Thread-safe, so calls on it are not entered.
#pragma once

#include <memory>
#include <mutex>

#include "lowmeg/c/handles.hpp"
#include "lowmeg/c/kvm_callbacks.hpp"
#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::c {

class Kvm final : public Object {
 public:
  using Handle = lowmeg_kvm;
  static constexpr Kind kKind = Kind::kKvm;

  /// The mapper is put in once it could be made.
  explicit Kvm(const lowmeg_kvm_config& config) : Object(kKind), pause_(config), map_change_(config, this) {}

  Result<void> create_mapper(kvm::KvmMapperConfig config, kvm::Syscalls& syscalls);
  kvm::KvmMapper& mapper() { return *mapper_; }
  Result<void> log_writes(lowmeg_written_fn written, void* context);

 private:
  PauseCallbacks pause_;
  MapChangeCallback map_change_;
  std::mutex log_lock_;
  std::unique_ptr<WrittenCallback> log_;  // under log_lock_
  std::unique_ptr<kvm::KvmMapper> mapper_;
};

/// lowmeg_kvm_create() with system calls of a test's, which are borrowed.
std::int32_t create_kvm(const lowmeg_kvm_config* given, lowmeg_kvm** handle, kvm::Syscalls& syscalls);

}  // namespace lowmeg::c
