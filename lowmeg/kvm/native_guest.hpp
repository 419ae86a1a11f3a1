// Does this machine's KVM run a guest natively in every mode of the processor, or does it emulate some of
// them, an instruction at a time?
//
// Source: Linux, arch/x86/kvm: vmx.c emulates real mode without "unrestricted guest" (which needs EPT), svm.c
// runs it; with either, memory is left to the processor only with EPT or nested paging. kvm_pvm emulates all
// of ring 0. The modules say what they do in /sys/module/NAME/parameters.
#pragma once

#include <string>

namespace lowmeg::kvm {

enum class GuestRuns {
  kNatively,
  kEmulated,  ///< some of it; also when it cannot be told
};

/// `modules`: where the kernel tells of its modules.
GuestRuns how_guest_runs(const std::string& modules = "/sys/module");

}  // namespace lowmeg::kvm
