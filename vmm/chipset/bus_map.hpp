// What answers on the board's buses, for the address decoder.
#pragma once

#include "lowmeg/decode/address_decoder.hpp"
#include "vmm/chipset/guest_memory.hpp"

namespace vmm {

/// PCI with the ISA bus behind it: the VGA window, an ISA card's VGA BIOS at C0000, the firmware's last 128
/// KiB up to FFFFF and all of it up to 4 GiB, devices' memory from 1 MiB on; else nobody. AGP: nobody.
lowmeg::decode::BusMap board_bus_map(const GuestMemory& memory);

}  // namespace vmm
