// The CPU's way to memory and ports: host pointers where the mapper has them, else the board's buses.
//
// While A20M# is low, bit 20 of every address is 0, but in the top MiB: there the board shows the BIOS at the
// address that the CPU then puts out as well ("the A20 alias of the system BIOS", 82443BX data sheet, 290633,
// High BIOS Area), so that a processor that starts with A20M# low finds it.
//
// An access that crosses a page is done in bytes, lowest first, and addresses wrap at 4 GiB. No page is held
// over an access: a write to a port may remap memory in the middle of an instruction. The layer looks at the
// first bytes of an instruction before the library does, so what has side effects on a fetch from the bus has
// them twice.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "lowmeg/memory/soft_mapper.hpp"
#include "vmm/board/io_bus.hpp"
#include "vmm/board/mmio_bus.hpp"

namespace vmm::cpu_soft {

static_assert(std::endian::native == std::endian::little,
              "the library and this file want an x86's byte order");

/// All ones in the low `size` bytes; `size` is 1, 2 or 4.
constexpr std::uint32_t mask_of(unsigned size) {
  return 0xffffffffu >> (32 - 8 * size);
}

/// What the A20M# pin makes of an address.
struct A20Mask {
  bool closed = false;

  std::uint32_t operator()(std::uint32_t gpa) const {
    constexpr std::uint32_t bit20 = 1u << 20, top = 0xfff00000;
    if (!closed) [[likely]]
      return gpa;
    return gpa >= top ? gpa : gpa & ~bit20;
  }
};

/// `size` in all of these is 1, 2 or 4, and values are zero-extended.
class Bus {
 public:
  /// Borrows all.
  Bus(const lowmeg::memory::SoftMapper& memory, IoBus& io, MmioBus& mmio, const A20Mask& a20)
      : memory_(memory), io_(io), mmio_(mmio), a20_(a20) {}

  std::uint32_t read(std::uint32_t gpa, unsigned size) const {
    const std::uint8_t* const page = memory_.page(a20_(gpa)).read;
    return page != nullptr && fits(gpa, size) ? load(page + offset(gpa), size) : read_slowly(gpa, size);
  }
  std::uint32_t fetch(std::uint32_t gpa, unsigned size) const {
    const std::uint8_t* const page = memory_.page(a20_(gpa)).fetch;
    return page != nullptr && fits(gpa, size) ? load(page + offset(gpa), size) : fetch_slowly(gpa, size);
  }
  void write(std::uint32_t gpa, unsigned size, std::uint32_t value) const {
    std::uint8_t* const page = memory_.page(a20_(gpa)).write;
    if (page == nullptr || !fits(gpa, size)) return write_slowly(gpa, size, value);
    store(page + offset(gpa), size, value);
  }

  /// The `count` bytes at `gpa` for a fetch, or null when they are not all in one page of memory. Good until
  /// the next access.
  const std::uint8_t* code(std::uint32_t gpa, unsigned count) const {
    const std::uint8_t* const page = memory_.page(a20_(gpa)).fetch;
    return page != nullptr && fits(gpa, count) ? page + offset(gpa) : nullptr;
  }

  std::uint32_t in(std::uint32_t port, unsigned size) const {
    return io_.read(static_cast<std::uint16_t>(port), size) & mask_of(size);
  }
  void out(std::uint32_t port, unsigned size, std::uint32_t value) const {
    io_.write(static_cast<std::uint16_t>(port), size, value & mask_of(size));
  }

 private:
  static std::uint32_t offset(std::uint32_t gpa) { return gpa % lowmeg::kPageSize; }
  static bool fits(std::uint32_t gpa, unsigned size) { return offset(gpa) + size <= lowmeg::kPageSize; }

  static std::uint32_t load(const std::uint8_t* from, unsigned size) {
    std::uint32_t value = 0;
    switch (size) {  // constant sizes become single loads
      case 1:
        return *from;
      case 2:
        std::memcpy(&value, from, 2);
        return value;
      default:
        std::memcpy(&value, from, 4);
        return value;
    }
  }
  static void store(std::uint8_t* to, unsigned size, std::uint32_t value) {
    switch (size) {
      case 1:
        *to = static_cast<std::uint8_t>(value);
        return;
      case 2:
        std::memcpy(to, &value, 2);
        return;
      default:
        std::memcpy(to, &value, 4);
    }
  }
  std::uint32_t read_slowly(std::uint32_t gpa, unsigned size) const;
  std::uint32_t fetch_slowly(std::uint32_t gpa, unsigned size) const;
  void write_slowly(std::uint32_t gpa, unsigned size, std::uint32_t value) const;

  const lowmeg::memory::SoftMapper& memory_;
  IoBus& io_;
  MmioBus& mmio_;
  const A20Mask& a20_;
};

}  // namespace vmm::cpu_soft
