// The RAM and ROM behind a guest, as KVM needs them: bytes in this process and a descriptor to map again.
#pragma once

#include <cstdint>
#include <span>

#include "lowmeg/memory/backing.hpp"
#include "lowmeg/memory/route.hpp"

namespace lowmeg::kvm {

/// Memory that somebody else owns, and that outlives whoever is given this. `bytes` is a shared mapping of
/// `fd` from `fd_offset` on, both page-aligned; Byte can be const for ROM.
template <typename Byte>
struct SharedMemory {
  int fd = -1;
  std::uint64_t fd_offset = 0;
  std::span<Byte> bytes;
};

/// What the routes ram(offset) and rom(offset) mean. ROM may be empty.
struct GuestMemory {
  SharedMemory<std::uint8_t> ram;
  SharedMemory<const std::uint8_t> rom;

  static GuestMemory of(memory::Backing& ram) { return {{ram.fd(), 0, ram.bytes()}, {}}; }
  static GuestMemory of(memory::Backing& ram, const memory::Backing& rom) {
    return {{ram.fd(), 0, ram.bytes()}, {rom.fd(), 0, rom.bytes()}};
  }
};

}  // namespace lowmeg::kvm
