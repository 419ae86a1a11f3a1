// What a random guest program does, one step at a time, as values. A step touches the host bridge's registers
// or memory in the windows, and most leave a result that can be compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace programs {

enum class Kind : std::uint8_t {
  kConfigWrite,  ///< of `size` bytes of `value` to the register `address`
  kConfigRead,
  kLoad,       ///< `form`: which instruction (assembler.cpp)
  kStore,      ///< likewise, of `value`
  kModify,     ///< likewise: reads and writes `address`
  kMove,       ///< REP MOVS from `address` to `other`, `count` elements of `size`; `form` bit 0: downwards
  kFill,       ///< REP STOS at `other`
  kCompare,    ///< REPE CMPS of `address` and `other`
  kScan,       ///< REPNE SCAS at `other`
  kPortToRam,  ///< REP INS from CONFDATA to `other`, CONFADD = `value`
  kRamToPort,  ///< REP OUTS from `address` to CONFDATA, CONFADD = `value`
  kStack,      ///< PUSHA and POPA with ESP = `address`
  kRoutine,    ///< writes "mov eax, value; ret" to `address`
  kPatching,   ///< writes a routine there that writes `value` into its own next instruction
  kCall,       ///< calls what is at `address`, if that is one of the two
  kReset,      ///< `form`: by what
  kInterrupt,  ///< with ESP = `address`; `form` 0: INT, 1: a fault with an error code
  kDma,        ///< of fw_cfg's item 0, `count` bytes to `address`
  kA20,        ///< port 92h; `form` 0 closes the gate, 1 opens it
};

/// How the resets of kReset are asked for.
enum class ResetBy : std::uint8_t { kCf9, kPort92, kTripleFault };

struct Op {
  Kind kind = Kind::kLoad;
  std::uint8_t form = 0;
  std::uint8_t size = 4;  ///< bytes: 1, 2 or 4
  std::uint8_t count = 0;
  std::uint32_t address = 0, other = 0;
  std::uint32_t value = 0;

  friend bool operator==(const Op&, const Op&) = default;
};

using Program = std::vector<Op>;

/// "config 5Ch.4 = 33110000": one line, for a person.
std::string text_of(const Op& op);
/// A line each, numbered.
std::string listing(const Program& program);

/// The bytes that a step may touch; what it does with routines is at most 16 of them.
struct Extent {
  std::uint32_t first, end;
};
std::vector<Extent> extents_of(const Op& op);

/// Where accesses go: so many bytes about these boundaries.
struct Window {
  enum class Use {
    kBoth,
    kAimed,  ///< is another address of what lies in one that is told
    kTold,   ///< is where accesses elsewhere go while the A20 gate is closed
  };
  std::uint32_t boundary;
  Use use = Use::kBoth;
  constexpr bool is_aimed_at() const { return use != Use::kTold; }
  constexpr bool is_told() const { return use != Use::kAimed; }
};
inline constexpr Window kWindows[] = {
    {0x80000},
    {0xa0000},
    {0xb8000},
    {0xc0000},
    {0xc4000},
    {0xc8000},
    {0xcc000},
    {0xd0000},
    {0xd4000},
    {0xd8000},
    {0xdc000},
    {0xe0000},
    {0xe4000},
    {0xe8000},
    {0xec000},
    {0xf0000},
    {0xf5000},
    {0xf8000},
    {0xfc000},
    {0x100000},
    {0x800000},
    {0xf00000},
    {0x1000000},
    {0x100a0000, Window::Use::kAimed},  // H_SMRAM
    {0x11000000, Window::Use::kAimed},  // TSEG, with 16 MiB
    {0x40, Window::Use::kTold},         // of 100000
    {0x700000, Window::Use::kTold},     // of 7FFFC0
    {0xe00000, Window::Use::kTold},     // of F00000
};
/// Those that are told, in order.
std::vector<std::uint32_t> told_boundaries();

}  // namespace programs
