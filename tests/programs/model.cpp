#include "tests/programs/model.hpp"

#include <fmt/format.h>

#include <bit>
#include <span>
#include <string_view>

#include "guest/program/layout.h"

namespace programs {
namespace {

using lowmeg::NaiveDecode;
using lowmeg::NaiveTaker;
using lowmeg::NaiveViewer;

constexpr std::uint32_t kRam = 0x1001000, kMiB = 0x100000, kRomShown = 0x20000;
constexpr std::uint32_t kPamStart = 0xc0000, kPamDwords = 0x10000;
constexpr std::uint8_t kDrb7 = 8;  // 64 MiB
constexpr std::uint8_t kDLck = 0x10;
constexpr std::uint32_t kCf = 1, kPf = 4, kZf = 0x40, kSf = 0x80, kOf = 0x800;

std::uint32_t ones(unsigned size) {
  return 0xffffffffu >> (32 - 8 * size);
}

std::uint32_t merged(std::uint32_t wide, std::uint32_t low, unsigned size) {
  return (wide & ~ones(size)) | (low & ones(size));
}

struct Result {
  std::uint32_t value, flags;
};

Result with_flags(std::uint64_t value, bool carry, bool overflow, unsigned size) {
  const auto low = static_cast<std::uint32_t>(value) & ones(size);
  std::uint32_t flags = (carry ? kCf : 0) | (overflow ? kOf : 0);
  if (std::popcount(low & 0xff) % 2 == 0) flags |= kPf;
  if (low == 0) flags |= kZf;
  if (low >> (8 * size - 1) & 1) flags |= kSf;
  return {low, flags};
}

Result added(std::uint32_t a, std::uint32_t b, unsigned size) {
  a &= ones(size);
  b &= ones(size);
  const std::uint64_t sum = std::uint64_t{a} + b;
  const bool overflow = (~(a ^ b) & (a ^ static_cast<std::uint32_t>(sum))) >> (8 * size - 1) & 1;
  return with_flags(sum, sum > ones(size), overflow, size);
}

Result subtracted(std::uint32_t a, std::uint32_t b, unsigned size) {
  a &= ones(size);
  b &= ones(size);
  const std::uint32_t difference = a - b;
  const bool overflow = ((a ^ b) & (a ^ difference)) >> (8 * size - 1) & 1;
  return with_flags(difference, a < b, overflow, size);
}

Result plain(std::uint32_t value) {
  return {value, 0};
}

}  // namespace

ModelSubject::ModelSubject(const lowmeg::NaiveBytes& chip, Fault fault)
    : chip_(chip), fault_(std::move(fault)), ram_(kRam) {}

std::string ModelSubject::run(std::span<const Program> programs, Telling telling) {
  rom_ = image_of(programs, telling);
  rom_.erase(rom_.begin(), rom_.end() - kRomShown);
  reset();
  set_all(0x33, 0x4a);
  fill(kPamStart, kPamDwords);
  std::string text;
  for (unsigned number = 0; number < programs.size(); ++number) {
    set_all(0x33, 0x4a);
    for (const std::uint32_t boundary : told_boundaries()) fill(boundary - WINDOW_BEFORE, WINDOW_BYTES / 4);
    set_all(0, 0x02);
    records_.clear();
    in_program_ = true;
    for (const Op& op : programs[number]) step(op);
    in_program_ = false;
    a20_masked_ = false;
    if (chip_.byte(0x72) & kDLck) reset();
    set_all(0x33, 0x4a);
    text += told(number, telling);
  }
  return text + fmt::format("END {:08X}\n", checksum(0, kPamStart, kPamDwords));
}

std::string ModelSubject::told(unsigned number, Telling telling) const {
  std::string text;
  std::uint32_t trace = 0, memory = 0;
  const auto add = [](std::uint32_t& sum, std::uint32_t value) {
    sum = std::rotl((sum ^ value) * 0x01000193u, 7);
  };
  for (const Record& record : records_) {
    add(trace, record.value);
    add(trace, record.flags);
    if (telling == Telling::kAll) text += fmt::format("R {:08X} {:08X}\n", record.value, record.flags);
  }
  for (const std::uint32_t boundary : told_boundaries()) {
    const std::uint32_t from = boundary - WINDOW_BEFORE;
    memory = checksum(memory, from, WINDOW_BYTES / 4);
    if (telling == Telling::kAll)
      text += fmt::format("W {:08X} {:08X}\n", boundary, checksum(0, from, WINDOW_BYTES / 4));
  }
  return text + fmt::format("P {:04X} {:08X} {:08X} {:08X}\n", number, records_.size(), trace, memory);
}

void ModelSubject::reset() {
  chip_.reset();
  out(0x67, 1, kDrb7);
}

// What the runtime does before a program and after it.
void ModelSubject::set_all(std::uint8_t pam, std::uint8_t smram) {
  out(0x68, 1, 0);
  out(0x67, 1, kDrb7);
  if (smram & 0x40) out(0x73, 1, 0);
  out(0x72, 1, smram);
  for (std::uint32_t offset = 0x59; offset < 0x60; ++offset) out(offset, 1, pam);
}

void ModelSubject::fill(std::uint32_t from, std::uint32_t dwords) {
  for (std::uint32_t at = from; at != from + 4 * dwords; at += 4)
    write(at, 4, std::rotr(at * 0x9e3779b1u, 13));
}

std::uint32_t ModelSubject::checksum(std::uint32_t sum, std::uint32_t from, std::uint32_t dwords) const {
  for (std::uint32_t at = from; at != from + 4 * dwords; at += 4)
    sum = std::rotl((sum ^ read(at, 4)) * 0x01000193u, 7);
  return sum;
}

void ModelSubject::changed() {
  registers_ = {};
  for (unsigned i = 0; i < registers_.pam.size(); ++i) registers_.pam[i] = chip_.byte(0x59 + i);
  registers_.drb7 = chip_.byte(0x67);
  registers_.fdhc = chip_.byte(0x68);
  registers_.smram = chip_.byte(0x72);
  registers_.esmramc = chip_.byte(0x73);
  if (fault_ && in_program_) registers_ = fault_(registers_);
}

// A20M# masks what the processor puts out.
std::uint32_t ModelSubject::put_out(std::uint32_t at) const {
  return a20_masked_ ? at & ~kMiB : at;
}

std::uint32_t ModelSubject::read(std::uint32_t at, unsigned size) const {
  std::uint32_t value = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t byte = put_out(at + i);
    const NaiveTaker taker = NaiveDecode(registers_).taker(byte, Access::kRead, NaiveViewer::kCpu);
    std::uint8_t shown = 0xff;
    if (taker.who == NaiveTaker::kDram) {
      shown = ram_.at(taker.dram);
    } else if (byte >= kMiB - kRomShown && byte < kMiB) {
      shown = rom_[byte - (kMiB - kRomShown)];
    }
    value |= std::uint32_t{shown} << 8 * i;
  }
  return value;
}

void ModelSubject::write(std::uint32_t at, unsigned size, std::uint32_t value) {
  for (std::uint32_t i = 0; i < size; ++i) {
    const NaiveTaker taker =
        NaiveDecode(registers_).taker(put_out(at + i), Access::kWrite, NaiveViewer::kCpu);
    if (taker.who == NaiveTaker::kDram) ram_.at(taker.dram) = static_cast<std::uint8_t>(value >> 8 * i);
  }
}

// What lies past CFFh is nobody's.
std::uint32_t ModelSubject::in(std::uint32_t offset, unsigned size) const {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) {
    const bool is_register = offset % 4 + i < 4;
    value |= std::uint32_t{is_register ? chip_.byte(offset + i) : std::uint8_t{0xff}} << 8 * i;
  }
  return value;
}

void ModelSubject::out(std::uint32_t offset, unsigned size, std::uint32_t value) {
  const unsigned first = offset % 4;
  const unsigned enables = ((1u << size) - 1) << first & 0xf;
  chip_.write(offset - first, value << 8 * first, enables);
  changed();
}

void ModelSubject::step(const Op& op) {
  switch (op.kind) {
    case Kind::kConfigWrite:
      return out(op.address, op.size, op.value);
    case Kind::kConfigRead:
      return record(in(op.address, op.size));
    case Kind::kLoad:
      return load(op);
    case Kind::kStore:
      write(op.address, op.size, op.value);
      return record(op.form % 2 == 0 ? op.value : op.other);
    case Kind::kModify:
      return modify(op);
    case Kind::kMove:
    case Kind::kFill:
    case Kind::kCompare:
    case Kind::kScan:
      return string(op);
    case Kind::kPortToRam:
    case Kind::kRamToPort:
      return port(op);
    case Kind::kStack:
      return stack(op);
    case Kind::kRoutine:
    case Kind::kPatching:
      return store_code(op);
    case Kind::kCall:
      return call(op);
    case Kind::kReset:
      if (op.form % 3 == static_cast<unsigned>(ResetBy::kCf9)) reset();
      a20_masked_ = false;  // the runtime opens it
      return;
    case Kind::kInterrupt:
      return interrupt(op);
    case Kind::kDma:
      return dma(op);
    case Kind::kA20:
      a20_masked_ = op.form % 2 == 0;
      return;
  }
}

// In the order of the assembler's forms.
void ModelSubject::load(const Op& op) {
  const std::uint32_t eax = op.form % 2 == 0 ? op.value : op.other;
  constexpr unsigned kMovzx = 6;
  const unsigned size = op.form >= kMovzx && op.size == 4 ? 2 : op.size;
  const std::uint32_t m = read(op.address, size);
  switch (op.form) {
    case 0:
      return record(merged(eax, m, size));
    case 1:
      return record(eax, subtracted(eax, m, size).flags);
    case 2:
      return record(eax);
    case 3: {
      const Result sum = added(eax, m, size);
      return record(merged(eax, sum.value, size), sum.flags);
    }
    case 4:
      return record(merged(eax, eax ^ m, size));
    case 5:
      return record(eax, subtracted(m, op.value, size).flags);
    case kMovzx:
      return record(m);
    default:
      return record(size == 1 ? static_cast<std::uint32_t>(static_cast<std::int8_t>(m))
                              : static_cast<std::uint32_t>(static_cast<std::int16_t>(m)));
  }
}

void ModelSubject::modify(const Op& op) {
  const unsigned size = op.size;
  std::uint32_t eax = op.form % 2 == 0 ? op.value : op.other;
  const std::uint32_t m = read(op.address, size), r = eax;
  constexpr unsigned kInc = 5, kDec = 6, kXchg = 9, kXadd = 10, kCmpxchg = 11;
  const auto result = [&]() -> Result {
    switch (op.form) {
      case 1:
        return plain(m | r);
      case 2:
        return plain(m & r);
      case 3:
      case 15:  // sbb, CF is 0
        return subtracted(m, r, size);
      case 4:
        return plain(m ^ r);
      case kInc:
        return added(m, 1, size);
      case kDec:
        return subtracted(m, 1, size);
      case 7:
        return plain(~m);
      case 8:
        return subtracted(0, m, size);
      case kXchg:
        return plain(r);
      case kCmpxchg: {
        const Result difference = subtracted(r, m, size);
        return {(difference.flags & kZf) != 0 ? op.value : m, difference.flags};
      }
      case 12:
        return plain(m << 1);
      case 13:
        return plain(m >> 1 | m << (8 * size - 1));
      default:  // add, xadd, adc
        return added(m, r, size);
    }
  }();
  std::uint32_t flags = result.flags;
  if (op.form == kInc || op.form == kDec) flags &= ~kCf;  // it was 0
  if (op.form == kXchg || op.form == kXadd || (op.form == kCmpxchg && (flags & kZf) == 0))
    eax = merged(eax, m, size);
  write(op.address, size, result.value);
  record(eax, flags);
}

void ModelSubject::string(const Op& op) {
  const std::uint32_t step = op.form % 2 == 0 ? op.size : 0u - op.size;
  std::uint32_t esi = op.address, edi = op.other, ecx = op.count;
  const bool has_source = op.kind == Kind::kMove || op.kind == Kind::kCompare;
  bool goes_on = true;
  while (ecx != 0 && goes_on) {
    const std::uint32_t source = has_source ? read(esi, op.size) : op.value & ones(op.size);
    if (op.kind == Kind::kMove || op.kind == Kind::kFill) write(edi, op.size, source);
    if (op.kind == Kind::kCompare) goes_on = source == read(edi, op.size);
    if (op.kind == Kind::kScan) goes_on = source != read(edi, op.size);
    if (has_source) esi += step;
    edi += step;
    --ecx;
  }
  record(esi + edi + 2 * ecx);
}

void ModelSubject::port(const Op& op) {
  std::uint32_t esi = op.address, edi = op.other;
  for (unsigned i = 0; i < op.count; ++i) {
    if (op.kind == Kind::kPortToRam) {
      write(edi, op.size, in(op.value, op.size));
      edi += op.size;
    } else {
      out(op.value, op.size, read(esi, op.size));
      esi += op.size;
    }
  }
  record(esi + edi);
}

void ModelSubject::stack(const Op& op) {
  const std::uint32_t pushed[] = {op.value, op.other, 0, 0, op.address, 0, op.address, op.value ^ op.address};
  for (std::uint32_t i = 0; i < 8; ++i) write(op.address - 4 * (i + 1), 4, pushed[i]);
  const std::uint32_t edi = read(op.address - 32, 4), ecx = read(op.address - 8, 4);
  record(read(op.address - 4, 4) + ecx - edi + op.address);
}

void ModelSubject::store_code(const Op& op) {
  const std::uint32_t at = op.address;
  if (op.kind == Kind::kRoutine) {
    write(at, 4, 0xb8 | op.value << 8);
    return write(at + 4, 2, op.value >> 24 | 0xc300);
  }
  const std::uint32_t target = at + 11, other = ~op.value;
  write(at, 4, 0x05c7 | target << 16);
  write(at + 4, 4, target >> 16 | op.value << 16);
  write(at + 8, 4, op.value >> 16 | 0xb80000 | other << 24);
  write(at + 12, 4, other >> 8 | 0xc3000000);
}

void ModelSubject::call(const Op& op) {
  constexpr std::uint32_t kNoRoutine = 0x0badc0de;
  const std::uint32_t at = op.address;
  if (read(at, 1) == 0xb8) return record(read(at + 5, 1) == 0xc3 ? read(at + 1, 4) : kNoRoutine);
  const bool is_patching = read(at, 2) == 0x05c7 && read(at + 2, 4) == at + 11 && read(at + 10, 1) == 0xb8 &&
                           read(at + 15, 1) == 0xc3;
  if (!is_patching) return record(kNoRoutine);
  write(at + 11, 4, read(at + 6, 4));
  record(read(at + 11, 4));
}

// A fault has RF in the flags that it pushes (SDM volume 3, 17.3.1.1).
void ModelSubject::interrupt(const Op& op) {
  constexpr std::uint32_t kReservedFlag = 2, kRf = 0x10000;
  constexpr std::uint32_t kOfInt[] = {kReservedFlag, INTERRUPT_CS, INTERRUPT_EIP};
  constexpr std::uint32_t kOfFault[] = {kReservedFlag | kRf, INTERRUPT_CS, FAULT_EIP, FAULT_ERROR};
  const auto frame = op.form % 2 == 1 ? std::span<const std::uint32_t>(kOfFault) : kOfInt;
  std::uint32_t esp = op.address, sum = 0;
  for (const std::uint32_t pushed : frame) write(esp -= 4, 4, pushed);
  for (std::uint32_t at = esp; at != op.address; at += 4) sum += read(at, 4);
  record(sum + esp);
}

void ModelSubject::dma(const Op& op) {
  constexpr std::string_view kItem = "QEMU";  // and zeros behind it
  for (std::uint32_t i = 0; i < op.count; ++i) {
    const NaiveTaker taker =
        NaiveDecode(registers_).taker(op.address + i, Access::kWrite, NaiveViewer::kDevice);
    const char byte = i < kItem.size() ? kItem[i] : '\0';
    if (taker.who == NaiveTaker::kDram) ram_.at(taker.dram) = static_cast<std::uint8_t>(byte);
  }
  record(0);
}

}  // namespace programs
