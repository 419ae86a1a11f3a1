// KvmMapper as an object of the C interface. Thread-safe, so calls on it are not entered.
#pragma once

#include <memory>

#include "lowmeg/c/handles.hpp"
#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::c {

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

class Kvm final : public Object {
 public:
  using Handle = lowmeg_kvm;
  static constexpr Kind kKind = Kind::kKvm;

  /// The mapper is put in once it could be made.
  explicit Kvm(const lowmeg_kvm_config& config) : Object(kKind), pause_(config) {}

  Result<void> create_mapper(kvm::KvmMapperConfig config);
  kvm::KvmMapper& mapper() { return *mapper_; }

 private:
  PauseCallbacks pause_;
  std::unique_ptr<kvm::KvmMapper> mapper_;
};

}  // namespace lowmeg::c
