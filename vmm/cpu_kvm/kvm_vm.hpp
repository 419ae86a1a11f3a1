// A virtual machine on KVM, before it has CPUs or memory: its interrupt controllers and timer are the
// kernel's.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 4.24 KVM_CREATE_IRQCHIP, 4.71 KVM_CREATE_PIT2, 4.25
// KVM_IRQ_LINE. The kernel answers at ports 20h/21h, A0h/A1h, 4D0h/4D1h, 40h-43h and 61h, and at the APICs'
// addresses; a board's own PIC and PIT at these ports are never asked.
#pragma once

#include <memory>

#include "lowmeg/core/gpa.hpp"
#include "lowmeg/kvm/capabilities.hpp"
#include "lowmeg/kvm/kvm_header.hpp"

namespace vmm {

/// Whether CPUs and board can run on a KVM that answers so. kNotSupported names what is missing and the way
/// out.
lowmeg::Result<void> enough_for_machine(const lowmeg::kvm::Capabilities& capabilities);

/// Owns the VM. Thread-safe.
class KvmVm {
 public:
  /// The kernel may keep pages of its own here (for a CPU without unrestricted guests): no memory below 4 GiB
  /// may reach it.
  static constexpr lowmeg::GpaRange kReserved{0xfeffc000, 0xff000000};

  enum class Line { kLow, kHigh };

  /// Opens /dev/kvm and creates the VM. The error's line says what is missing and how to mend it.
  static lowmeg::Result<std::unique_ptr<KvmVm>> create();

  /// Borrowed, for KvmMapper and the vCPUs.
  int fd() const { return vm_.get(); }
  int kvm_fd() const { return kvm_.get(); }

  /// An interrupt line of the board: `gsi` 0-15 are the PIC's (and the IOAPIC's), up to 23 the IOAPIC's
  /// alone.
  lowmeg::Result<void> set_irq_line(unsigned gsi, Line level);

  /// PIC, IOAPIC and PIT as they were at creation. No vCPU may be running.
  lowmeg::Result<void> reset();

 private:
  struct Chips {
    kvm_irqchip master, slave, ioapic;
    kvm_pit_state2 pit;
  };

  KvmVm(lowmeg::kvm::Descriptor kvm, lowmeg::kvm::Descriptor vm);
  lowmeg::Result<void> furnish();
  lowmeg::Result<void> remember();

  lowmeg::kvm::Descriptor kvm_;
  lowmeg::kvm::Descriptor vm_;
  Chips at_power_on_{};
};

}  // namespace vmm
