// INS and OUTS, with REP in pieces: Intel SDM volume 2, those entries.
#include "vmm/cpu_soft/handlers.hpp"
#include "vmm/cpu_soft/repeat.hpp"

namespace vmm::cpu_soft {
namespace {

using Step = void (*)(Execution&, unsigned size);

std::uint32_t index_of(const Execution& x, Gpr which) {
  return x.get(which, x.instruction().address_size);
}

void advance(const Execution& x, Gpr which, unsigned size) {
  const std::uint32_t step = x.is_set(eflags::kDf) ? 0u - size : size;
  x.set(which, x.instruction().address_size, index_of(x, which) + step);
}

// The destination is checked first: a fault must not eat what the port gave.
void input(Execution& x, unsigned size) {
  const std::uint32_t offset = index_of(x, kEdi);
  x.check(kEs, offset, size);
  x.write_memory(kEs, offset, size, x.in(x.gpr(kEdx) & 0xffff, size));
  advance(x, kEdi, size);
}

void output(Execution& x, unsigned size) {
  const std::uint32_t value = x.read_memory(x.data_segment(), index_of(x, kEsi), size);
  x.out(x.gpr(kEdx) & 0xffff, size, value);
  advance(x, kEsi, size);
}

// One iteration, or a piece of them; each that is complete stays so when a later one faults.
Verdict repeat(Execution& x, Step step) {
  const unsigned size = x.size_by_opcode();
  if (x.instruction().repeat == RepeatPrefix::kNone) {
    step(x, size);
    return Verdict::kDone;
  }
  const unsigned count_size = x.instruction().address_size;
  for (std::uint32_t i = 0; i < kPieceIterations && x.get(kEcx, count_size) != 0; ++i) {
    step(x, size);
    if (x.fault()) return Verdict::kDone;
    x.set(kEcx, count_size, x.get(kEcx, count_size) - 1);
    x.keep_progress();
  }
  return x.get(kEcx, count_size) == 0 ? Verdict::kDone : Verdict::kAgain;
}

}  // namespace

Verdict input_string(Execution& x) {
  return repeat(x, input);
}
Verdict output_string(Execution& x) {
  return repeat(x, output);
}

}  // namespace vmm::cpu_soft
