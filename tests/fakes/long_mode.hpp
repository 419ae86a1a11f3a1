// A CPU set up for 64-bit code in ring 3, as a kernel would have it: paged one to one, interrupts off,
// IOPL 3.
//
// After Intel SDM volume 3, 4.5 (4-level paging), 3.4.5 (segment descriptors) and 9.8.5 (IA-32e mode). Ring 3
// because some nested KVMs run only that natively.
#pragma once

#include <cstring>
#include <span>

#include "vmm/cpu_kvm/vcpu_registers.hpp"

namespace lowmeg::fakes {

/// Page tables for the first 2 MiB, three pages at `tables`.
inline void write_page_tables(std::span<std::uint8_t> ram, std::uint64_t tables) {
  constexpr std::uint64_t kPresentWritableUser = 7, kLargePage = 0x80;
  const std::uint64_t entries[] = {(tables + 0x1000) | kPresentWritableUser,
                                   (tables + 0x2000) | kPresentWritableUser,
                                   kPresentWritableUser | kLargePage};
  for (std::size_t level = 0; level < 3; ++level)
    std::memcpy(&ram[tables + level * 0x1000], &entries[level], sizeof(entries[level]));
}

/// `registers` is what the CPU has now; only what matters here is changed.
inline void enter_long_mode(vmm::VcpuRegisters& registers, std::uint64_t tables, std::uint64_t rip,
                            std::uint64_t rsp) {
  kvm_sregs& system = registers.system;
  system.cr0 = 0x80000031;  // PG, NE, ET, PE
  system.cr3 = tables;
  system.cr4 = 0x20;    // PAE
  system.efer = 0x500;  // LMA, LME
  kvm_segment data{};
  data.limit = 0xffffffff;
  data.selector = 0x23;
  data.type = 3;  // read, write, accessed
  data.present = data.s = data.g = data.db = 1;
  data.dpl = 3;
  kvm_segment code = data;
  code.selector = 0x2b;
  code.type = 11;  // execute, read, accessed
  code.db = 0;
  code.l = 1;
  system.cs = code;
  system.ds = system.es = system.fs = system.gs = system.ss = data;
  registers.general = {};
  registers.general.rip = rip;
  registers.general.rsp = rsp;
  registers.general.rflags = 0x3002;  // IOPL 3
}

}  // namespace lowmeg::fakes
