#include "vmm/cpu_soft/x86emu_core.hpp"

#include <x86emu.h>

#include "vmm/cpu_soft/engine.hpp"
#include "vmm/cpu_soft/repeat.hpp"

namespace vmm::cpu_soft {

struct Library {
  Engine& engine;
  const Bus bus;  // a copy: this is the path of every access
  const bool limits_length;
  const bool restarts;
  x86emu_t* emu = nullptr;
  i386_general_regs general{};  // as before the instruction in hand
  i386_special_regs special{};
  bool over_long = false;

  void save() {
    general = emu->x86.gen;
    special = emu->x86.spc;
  }
  void rewind() const {
    if (restarts) {
      emu->x86.gen = general;
      emu->x86.spc = special;
    }
    emu->x86.R_EIP = emu->x86.saved_eip;
  }
};

namespace {

constexpr unsigned kGeneralProtectionFault = INTR_TYPE_FAULT | INTR_MODE_RESTART | INTR_MODE_ERRCODE;

Library& library_of(x86emu_t* emu) {
  return *static_cast<Library*>(emu->_private);
}

// The library reads and writes on after it found a fault.
bool is_faulting(const x86emu_t* emu) {
  return (emu->x86.intr_type & 0xff) == INTR_TYPE_FAULT;
}

unsigned fetch(x86emu_t* emu, std::uint32_t address, unsigned size, std::uint32_t* value) {
  Library& library = library_of(emu);
  if (library.limits_length && emu->x86.instr_len + size > kMaxInstructionLength) {
    library.over_long = true;
    x86emu_intr_raise(emu, static_cast<std::uint8_t>(Vector::kGeneralProtection), kGeneralProtectionFault, 0);
    *value = 0x90909090;  // whatever it is, no prefix
    return 1;
  }
  *value = library.bus.fetch(address, size);
  return 0;
}

unsigned on_access(x86emu_t* emu, std::uint32_t address, std::uint32_t* value, unsigned type) {
  static constexpr unsigned kSizes[4] = {1, 2, 4, 1};  // by X86EMU_MEMIO_8, _16, _32, _8_NOPERM
  const unsigned size = kSizes[type & 3];
  const unsigned kind = type & ~0xffu;
  if (kind == X86EMU_MEMIO_X) return fetch(emu, address, size, value);

  const Library& library = library_of(emu);
  const Bus& bus = library.bus;
  if (library.restarts && is_faulting(emu)) {
    if (kind == X86EMU_MEMIO_R || kind == X86EMU_MEMIO_I) *value = 0;
    return 0;
  }
  switch (kind) {
    case X86EMU_MEMIO_R:
      *value = bus.read(address, size);
      break;
    case X86EMU_MEMIO_W:
      bus.write(address, size, *value);
      break;
    case X86EMU_MEMIO_I:
      *value = bus.in(address, size);
      break;
    default:
      bus.out(address, size, *value);
  }
  return 0;
}

int on_instruction(x86emu_t* emu) {
  Library& library = library_of(emu);
  const Engine::Next next = library.engine.before_instruction();
  if (next == Engine::Next::kLeave) return 1;
  library.save();
  if (next == Engine::Next::kExecutePiece) begin_piece(library.engine.processor());
  return 0;
}

// A division error comes as a software interrupt that restarts.
Event event_of(const x86emu_t* emu, std::uint8_t vector, unsigned type) {
  Event event{vector,
              (type & INTR_MODE_RESTART) != 0 ? Cause::kException : Cause::kInstruction,
              {},
              emu->x86.saved_eip};
  if ((type & INTR_MODE_ERRCODE) != 0)
    event.error_code = static_cast<std::uint16_t>(emu->x86.intr_errcode & 0xfffc);
  return event;
}

int on_event(x86emu_t* emu, std::uint8_t vector, unsigned type) {
  Library& library = library_of(emu);
  if (!library.engine.delivers()) {
    emu->x86.intr_type = 0;  // or on_access would keep the library from the vector and the stack
    return 0;
  }
  if ((type & INTR_MODE_RESTART) != 0) library.rewind();
  library.engine.take(event_of(emu, vector, type));
  return 1;
}

}  // namespace

X86emuCore::X86emuCore(Engine& engine, const Bus& bus, Corrections corrections)
    : library_(
          std::make_unique<Library>(Library{.engine = engine,
                                            .bus = bus,
                                            .limits_length = corrections.has(Correction::kInstructionLength),
                                            .restarts = corrections.has(Correction::kFaultRestart)})) {
  x86emu_t* const emu = x86emu_new(0, 0);
  library_->emu = emu;
  emu->_private = library_.get();
  x86emu_set_memio_handler(emu, on_access);
  x86emu_set_code_handler(emu, on_instruction);
  x86emu_set_intr_handler(emu, on_event);
}

X86emuCore::~X86emuCore() {
  x86emu_done(library_->emu);
}

namespace {

SegmentView view(sel_t& segment) {
  return {&segment.sel, &segment.base, &segment.limit, &segment.acc};
}

}  // namespace

Registers X86emuCore::registers() {
  x86emu_regs_t& x = library_->emu->x86;
  return {
      .gpr = {&x.R_EAX, &x.R_ECX, &x.R_EDX, &x.R_EBX, &x.R_ESP, &x.R_EBP, &x.R_ESI, &x.R_EDI},
      .eip = &x.R_EIP,
      .eflags = &x.R_EFLG,
      .segment = {view(x.seg[0]), view(x.seg[1]), view(x.seg[2]), view(x.seg[3]), view(x.seg[4]),
                  view(x.seg[5])},
      .ldt = view(x.ldt),
      .tr = view(x.tr),
      .gdt = {&x.gdt.base, &x.gdt.limit},
      .idt = {&x.idt.base, &x.idt.limit},
      .cr = {&x.crx[0], &x.crx[1], &x.crx[2], &x.crx[3], &x.crx[4]},
      .dr = {&x.drx[0], &x.drx[1], &x.drx[2], &x.drx[3], &x.drx[4], &x.drx[5], &x.drx[6], &x.drx[7]},
  };
}

X86emuCore::Return X86emuCore::run() {
  x86emu_t* const emu = library_->emu;
  library_->over_long = false;
  const unsigned reason = x86emu_run(emu, 0);
  const bool stopped_among_prefixes = (reason & X86EMU_RUN_NO_EXEC) != 0;
  if (stopped_among_prefixes) {  // too early for the library to look at the event that fetch() raised
    emu->x86.intr_type = 0;
    library_->rewind();
    library_->engine.take(Event::exception(Vector::kGeneralProtection, 0));
  }
  return reason != 0 || library_->over_long ? Return::kLeft : Return::kStopped;
}

std::uint32_t X86emuCore::began_at() const {
  return library_->emu->x86.saved_eip;
}

void X86emuCore::begin_instruction() {
  x86emu_regs_t& x = library_->emu->x86;
  x.mode = ACC_D(x.R_CS_ACC) ? _MODE_DATA32 | _MODE_ADDR32 | _MODE_CODE32 : 0;
  if (ACC_D(x.R_SS_ACC)) x.mode |= _MODE_STACK32;
  x.default_seg = nullptr;
  x.saved_cs = x.R_CS;
  x.saved_eip = x.R_EIP;
}

void X86emuCore::use_stack_segment() {
  library_->emu->x86.default_seg = &library_->emu->x86.seg[R_SS_INDEX];
}
void X86emuCore::toggle_operand_size() {
  library_->emu->x86.mode ^= _MODE_DATA32;
}
void X86emuCore::toggle_address_size() {
  library_->emu->x86.mode ^= _MODE_ADDR32;
}
void X86emuCore::raise(std::uint8_t vector) {
  x86emu_intr_raise(library_->emu, vector, INTR_TYPE_SOFT, 0);
}

}  // namespace vmm::cpu_soft
