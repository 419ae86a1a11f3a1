// For the tests of this folder: the CPU that the test runs on executes one instruction of register operands,
// as the judge of what the software CPU makes of the same bytes. x86-64 only; code that means the same in
// 64-bit mode.
#pragma once

#include <cstdint>
#include <span>

namespace vmm::cpu_soft::testing {

/// The registers that an instruction under test may use.
struct HostRegisters {
  std::uint32_t eax, ecx, edx, ebx;
  std::uint64_t flags;

  friend bool operator==(const HostRegisters&, const HostRegisters&) = default;
};

/// A page of code of its own. Aborts when the system gives none.
class HostCpu {
 public:
  static constexpr bool kAvailable =
#if defined(__x86_64__)
      true;
#else
      false;
#endif

  HostCpu();
  ~HostCpu();
  HostCpu(const HostCpu&) = delete;
  HostCpu& operator=(const HostCpu&) = delete;

  void load(std::span<const std::uint8_t> instruction);
  void execute(HostRegisters& registers) const;

 private:
  std::uint8_t* page_;
};

}  // namespace vmm::cpu_soft::testing
