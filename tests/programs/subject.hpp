// What runs programs: Lowmeg's machine, a command, or a model (model.hpp).
#pragma once

#include <string>
#include <vector>

#include "tests/programs/image.hpp"
#include "vmm/machine.hpp"

namespace programs {

class Subject {
 public:
  virtual ~Subject() = default;
  /// What their image prints, and a line that begins with "!" when its end was not its own. Throws
  /// std::runtime_error when there is nothing that could run it.
  virtual std::string run(std::span<const Program> programs, Telling telling) = 0;
};

/// The reference machine with PAM as the chip has it.
class LowmegSubject final : public Subject {
 public:
  LowmegSubject(vmm::Accel accel, vmm::KvmMap kvm_map, const lowmeg::bridge::Identity& identity)
      : accel_(accel), kvm_map_(kvm_map), identity_(identity) {}
  std::string run(std::span<const Program> programs, Telling telling) override;

 private:
  const vmm::Accel accel_;
  const vmm::KvmMap kvm_map_;
  const lowmeg::bridge::Identity identity_;
};

/// A shell command that has "{}" where the image's path goes, and prints what the guest writes to port 402h
/// or E9h.
class CommandSubject final : public Subject {
 public:
  explicit CommandSubject(std::string command) : command_(std::move(command)) {}
  std::string run(std::span<const Program> programs, Telling telling) override;

 private:
  const std::string command_;
};

}  // namespace programs
