#include "tests/programs/assembler.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

#include "guest/program/layout.h"

namespace programs {
namespace {

// One instruction on memory: opcode bytes before a ModRM of "reg, [disp32]", or of "/digit". Opcodes are
// those for one byte; for a word or a dword bit 0 is set, and a word has the prefix 66h.
struct Form {
  const char* name;
  std::initializer_list<std::uint8_t> opcode;
  std::uint8_t reg;        // the register or the digit; EAX is 0, ECX 1
  std::uint8_t immediate;  // bytes of it: 0, 1, or kOfSize
  bool widens;             // opcode bit 0 says the size
  bool has_flags;          // all of CF, PF, ZF, SF and OF are defined
  bool can_lock;
};
constexpr std::uint8_t kOfSize = 0xff;

const Form kLoads[] = {
    {"mov r, m", {0x8a}, 0, 0, true, false, false},
    {"cmp r, m", {0x3a}, 0, 0, true, true, false},
    {"test m, r", {0x84}, 0, 0, true, false, false},
    {"add r, m", {0x02}, 0, 0, true, true, false},
    {"xor r, m", {0x32}, 0, 0, true, false, false},
    {"cmp m, imm", {0x80}, 7, kOfSize, true, true, false},
    {"movzx eax, m", {0x0f, 0xb6}, 0, 0, true, false, false},
    {"movsx eax, m", {0x0f, 0xbe}, 0, 0, true, false, false},
};
const Form kStores[] = {
    {"mov m, r", {0x88}, 0, 0, true, false, false},
    {"mov m, imm", {0xc6}, 0, kOfSize, true, false, false},
};
const Form kModifies[] = {
    {"add m, r", {0x00}, 0, 0, true, true, true},
    {"or m, r", {0x08}, 0, 0, true, false, true},
    {"and m, r", {0x20}, 0, 0, true, false, true},
    {"sub m, r", {0x28}, 0, 0, true, true, true},
    {"xor m, r", {0x30}, 0, 0, true, false, true},
    {"inc m", {0xfe}, 0, 0, true, true, true},
    {"dec m", {0xfe}, 1, 0, true, true, true},
    {"not m", {0xf6}, 2, 0, true, false, true},
    {"neg m", {0xf6}, 3, 0, true, true, true},
    {"xchg m, r", {0x86}, 0, 0, true, false, true},
    {"xadd m, r", {0x0f, 0xc0}, 0, 0, true, true, true},
    {"cmpxchg m, ecx", {0x0f, 0xb0}, 1, 0, true, true, true},
    {"shl m, 1", {0xd0}, 4, 0, true, false, false},
    {"ror m, 1", {0xd0}, 1, 0, true, false, false},
    {"adc m, r", {0x10}, 0, 0, true, true, true},
    {"sbb m, r", {0x18}, 0, 0, true, true, true},
};

class Code {
 public:
  explicit Code(std::uint32_t at) : at_(at) {}
  Code& bytes(std::initializer_list<std::uint8_t> more) {
    bytes_.insert(bytes_.end(), more);
    return *this;
  }
  Code& number(std::uint32_t value, unsigned size = 4) {
    for (unsigned i = 0; i < size; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    return *this;
  }
  std::uint32_t here() const { return at_ + static_cast<std::uint32_t>(bytes_.size()); }
  Code& call(std::uint32_t target) { return bytes({0xe8}).number(target - (here() + 5 - 1)); }
  Code& jump(std::uint32_t target) { return bytes({0xe9}).number(target - (here() + 5 - 1)); }
  Code& eax(std::uint32_t value) { return bytes({0xb8}).number(value); }
  Code& ecx(std::uint32_t value) { return bytes({0xb9}).number(value); }
  Code& edx(std::uint32_t value) { return bytes({0xba}).number(value); }
  Code& esi(std::uint32_t value) { return bytes({0xbe}).number(value); }
  Code& edi(std::uint32_t value) { return bytes({0xbf}).number(value); }
  Code& esp(std::uint32_t value) { return bytes({0xbc}).number(value); }
  // The prefix of a word.
  Code& sized(unsigned size) { return size == 2 ? bytes({0x66}) : *this; }
  // An opcode whose bit 0 is 0 for a byte.
  Code& wide(std::uint8_t opcode, unsigned size) {
    return bytes({static_cast<std::uint8_t>(opcode | (size != 1))});
  }
  Code& store(std::uint32_t address, std::uint32_t value) {
    return bytes({0xc7, 0x05}).number(address).number(value);
  }
  Code& record() { return call(CALL_RECORD); }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  const std::uint32_t at_;
  std::vector<std::uint8_t> bytes_;
};

constexpr std::uint32_t kConfigAddress = 0xcf8, kConfigData = 0xcfc;
constexpr std::uint8_t kLock = 0xf0, kRepE = 0xf3, kRepNe = 0xf2, kStd = 0xfd, kCld = 0xfc;
constexpr std::uint32_t kReturnAddress = PROGRAM_STACK - 4;  // ESP within a program

template <std::size_t n>
const Form& form_in(const Form (&forms)[n], const Op& op) {
  return forms[op.form % n];
}

const Form& form_of(const Op& op) {
  if (op.kind == Kind::kLoad) return form_in(kLoads, op);
  return op.kind == Kind::kStore ? form_in(kStores, op) : form_in(kModifies, op);
}

bool is_locked(const Op& op) {
  return op.count != 0 && form_of(op).can_lock;
}

// EAX and ECX are numbers that depend on the step; CF is 0 before.
void memory(Code& code, const Op& op) {
  const Form& form = form_of(op);
  // cmpxchg succeeds now and then: the accumulator is what `other` says.
  code.eax(op.form % 2 == 0 ? op.value : op.other).ecx(op.value).bytes({0xf8});
  if (is_locked(op)) code.bytes({kLock});
  // MOVZX and MOVSX have the size of what they read in their opcode; their result is EAX.
  const bool extends = op.kind == Kind::kLoad && form.opcode.size() == 2;
  const unsigned size = extends && op.size == 4 ? 2 : op.size;
  if (!extends) code.sized(size);
  for (std::size_t i = 0; i + 1 < form.opcode.size(); ++i) code.bytes({std::data(form.opcode)[i]});
  code.wide(std::data(form.opcode)[form.opcode.size() - 1], size);
  code.bytes({static_cast<std::uint8_t>(form.reg << 3 | 5)}).number(op.address);
  if (form.immediate != 0) code.number(op.value, size);
  code.call(form.has_flags ? CALL_RECORD_FLAGS : CALL_RECORD);
}

void select(Code& code, std::uint32_t address) {
  code.eax(0x80000000u | (address & 0xfc)).edx(kConfigAddress).bytes({0xef});
  code.edx(kConfigData | (address & 3));
}

void config_write(Code& code, const Op& op) {
  select(code, op.address);
  code.eax(op.value).sized(op.size).wide(0xee, op.size);
}

void config_read(Code& code, const Op& op) {
  select(code, op.address);
  code.eax(0).sized(op.size).wide(0xec, op.size).record();
}

// What is left in ECX, ESI and EDI, in one number.
void record_string(Code& code) {
  code.bytes({kCld, 0x8d, 0x04, 0x37, 0x8d, 0x04, 0x48});  // cld; lea eax, [edi+esi]; lea eax, [eax+ecx*2]
  code.record();
}

void string(Code& code, const Op& op, std::uint8_t opcode, std::uint8_t repeat) {
  code.eax(op.value).esi(op.address).edi(op.other).ecx(op.count);
  code.bytes({op.form % 2 == 0 ? kCld : kStd, repeat});
  code.sized(op.size).wide(opcode, op.size);
  record_string(code);
}

void string_io(Code& code, const Op& op, std::uint8_t opcode) {
  select(code, op.value);
  code.esi(op.address).edi(op.other).ecx(op.count).bytes({kCld, kRepE}).sized(op.size).wide(opcode, op.size);
  record_string(code);
}

void stack(Code& code, const Op& op) {
  code.eax(op.value).ecx(op.other).edx(0).bytes({0x31, 0xdb, 0x31, 0xed});  // xor ebx, ebx; xor ebp, ebp
  code.esi(op.address).edi(op.value ^ op.address).esp(op.address);
  code.bytes({0x60, 0x31, 0xc0, 0x61, 0x01, 0xc8});  // pusha; xor eax, eax; popa; add eax, ecx
  code.bytes({0x29, 0xf8, 0x01, 0xe0});              // sub eax, edi; add eax, esp
  code.esp(kReturnAddress).record();
}

void routine(Code& code, const Op& op) {
  code.store(op.address, 0xb8 | op.value << 8);
  code.bytes({0x66, 0xc7, 0x05}).number(op.address + 4).number(op.value >> 24 | 0xc300, 2);
}

// mov dword ptr [at + 11], value; mov eax, another; ret
void patching(Code& code, const Op& op) {
  Code routine(0);
  routine.store(op.address + 11, op.value).eax(~op.value).bytes({0xc3});
  const auto bytes = routine.take();
  for (std::uint32_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t dword = 0;
    for (std::uint32_t k = 0; k < 4; ++k) dword |= std::uint32_t{bytes[i + k]} << 8 * k;
    code.store(op.address + i, dword);
  }
}

void call(Code& code, const Op& op) {
  code.edi(op.address).call(CALL_ROUTINE).record();
}

void reset(Code& code, const Op& op) {
  // push where it goes on; the reset; jmp $
  std::vector<std::uint8_t> how;
  switch (static_cast<ResetBy>(op.form % 3)) {
    case ResetBy::kCf9:
      how = {0xba, 0xf9, 0x0c, 0, 0, 0xb0, 2, 0xee, 0xb0, 6, 0xee};
      break;
    case ResetBy::kPort92:
      how = {0xe4, 0x92, 0x24, 0xfe, 0xe6, 0x92, 0x0c, 1, 0xe6, 0x92};
      break;
    case ResetBy::kTripleFault:  // lidt of a limit of 0; ud2
      how = {0x6a, 0, 0x6a, 0, 0x0f, 0x01, 0x1c, 0x24, 0x0f, 0x0b};
      break;
  }
  how.insert(how.end(), {0xeb, 0xfe});
  constexpr std::uint32_t kPushAndCall = 10;
  code.bytes({0x68}).number(code.here() - 1 + kPushAndCall + static_cast<std::uint32_t>(how.size()));
  code.call(CALL_RESET_BY);
  for (const std::uint8_t byte : how) code.bytes({byte});
}

// push 2; popfd: flags as nothing but themselves say. Goes on behind the jump.
void interrupt(Code& code, const Op& op) {
  code.bytes({0x6a, 2, 0x9d}).esp(op.address);
  constexpr std::uint32_t kMoveAndJump = 10;
  code.edi(code.here() + kMoveAndJump).jump(op.form % 2 == 0 ? JUMP_INTERRUPT : JUMP_FAULT).record();
}

void dma(Code& code, const Op& op) {
  code.edi(op.address).ecx(op.count).call(CALL_DMA).record();
}

// in al, 92h; and al, FCh; or al, 2 or 0; out 92h, al
void a20(Code& code, const Op& op) {
  code.bytes({0xe4, 0x92, 0x24, 0xfc, 0x0c, static_cast<std::uint8_t>(op.form % 2 * 2), 0xe6, 0x92});
}

void step(Code& code, const Op& op) {
  switch (op.kind) {
    case Kind::kConfigWrite:
      return config_write(code, op);
    case Kind::kConfigRead:
      return config_read(code, op);
    case Kind::kLoad:
    case Kind::kStore:
    case Kind::kModify:
      return memory(code, op);
    case Kind::kMove:
      return string(code, op, 0xa4, kRepE);
    case Kind::kFill:
      return string(code, op, 0xaa, kRepE);
    case Kind::kCompare:
      return string(code, op, 0xa6, kRepE);
    case Kind::kScan:
      return string(code, op, 0xae, kRepNe);
    case Kind::kPortToRam:
      return string_io(code, op, 0x6c);
    case Kind::kRamToPort:
      return string_io(code, op, 0x6e);
    case Kind::kStack:
      return stack(code, op);
    case Kind::kRoutine:
      return routine(code, op);
    case Kind::kPatching:
      return patching(code, op);
    case Kind::kCall:
      return call(code, op);
    case Kind::kReset:
      return reset(code, op);
    case Kind::kInterrupt:
      return interrupt(code, op);
    case Kind::kDma:
      return dma(code, op);
    case Kind::kA20:
      return a20(code, op);
  }
}

}  // namespace

unsigned forms_of(Kind kind) {
  if (kind == Kind::kLoad) return std::size(kLoads);
  if (kind == Kind::kStore) return std::size(kStores);
  if (kind == Kind::kModify) return std::size(kModifies);
  if (kind == Kind::kReset) return 3;
  constexpr Kind kTwo[] = {Kind::kMove, Kind::kFill,      Kind::kCompare,
                           Kind::kScan, Kind::kInterrupt, Kind::kA20};
  return std::ranges::find(kTwo, kind) != std::end(kTwo) ? 2 : 1;
}

std::string form_name(const Op& op) {
  constexpr std::array<const char*, 3> kResets{"port CF9h", "port 92h", "a triple fault"};
  if (op.kind == Kind::kReset) return kResets[op.form % 3];
  if (op.kind == Kind::kInterrupt) return op.form % 2 == 0 ? "INT" : "#GP";
  if (op.kind == Kind::kA20) return op.form % 2 == 0 ? "close" : "open";
  if (op.kind > Kind::kModify || op.kind < Kind::kLoad) return op.form % 2 == 0 ? "up" : "down";
  return (is_locked(op) ? "lock " : "") + std::string(form_of(op).name);
}

std::vector<std::uint8_t> assemble(const Program& program, std::uint32_t at) {
  Code code(at);
  for (const Op& op : program) step(code, op);
  return code.bytes({0xc3}).take();
}

}  // namespace programs
