// The PIIX3's function 0, the PCI-to-ISA bridge 8086:7000, at 00:01.0.
//
// After the PIIX3 data sheet (290550), 2.2: its configuration registers store and have no effect: interrupt
// routing (no PCI device interrupts here), X-bus chip selects (the firmware's ROM is placed by the machine),
// SMI sources.
#pragma once

#include <span>

#include "vmm/board/config_store.hpp"

namespace vmm {

/// The registers of a PIIX3, for a ConfigStore.
std::span<const ConfigRegister> piix3_registers();

}  // namespace vmm
