#include "vmm/soft_engine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "vmm/board/carrier.hpp"

namespace vmm {
namespace {

constexpr std::uint32_t kInterruptFlag = 0x200;
// Between two looks at the clock: short enough for a timer, long enough to cost nothing.
constexpr std::uint64_t kSlice = 2000;
constexpr std::uint64_t kDeterministicSlice = 50000;
constexpr std::chrono::milliseconds kLongestWait{10};

// SDM volume 3, table 6-1, of the exceptions that the software CPU raises.
std::string_view mnemonic(std::uint8_t vector) {
  constexpr std::string_view kNames[] = {"#DE", "",    "", "", "",    "",    "#UD",
                                         "#NM", "#DF", "", "", "#NP", "#SS", "#GP"};
  return vector < std::size(kNames) && !kNames[vector].empty() ? kNames[vector] : "exception";
}

std::string describe(const RepeatedException& repeated) {
  return fmt::format(
      "{} (vector {}) repeats without end at {:04X}:{:08X}, code {:02X}: its handler returns to it",
      mnemonic(repeated.vector), repeated.vector, repeated.selector, repeated.eip,
      fmt::join(repeated.bytes, " "));
}

}  // namespace

lowmeg::Result<std::unique_ptr<SoftEngine>> SoftEngine::create(MemoryChips& memory, Timing timing) {
  auto mapper = lowmeg::memory::SoftMapper::create(memory.ram, memory.rom);
  if (!mapper) return tl::unexpected(mapper.error());
  return std::unique_ptr<SoftEngine>(new SoftEngine(std::move(*mapper), timing));
}

SoftEngine::SoftEngine(std::unique_ptr<lowmeg::memory::SoftMapper> mapper, Timing timing)
    : timing_(timing),
      mapper_(std::move(mapper)),
      clock_(timing == Timing::kWall ? static_cast<MachineClock&>(wall_clock_) : instruction_clock_) {}

lowmeg::Result<void> SoftEngine::attach(Board& board) {
  board_ = &board;
  cpu_ = CpuSoft::create({*mapper_, board.io(), board.mmio(), *this});
  instruction_clock_.count(*cpu_);
  return {};
}

Engine::Turn SoftEngine::run() {
  const CpuSoft::Stop stop = debugger_ ? debugger_->run(*cpu_, slice()) : cpu_->run(slice());
  board_->pit().advance();
  if (const auto why = debugger_ ? debugger_->end() : std::nullopt) return {Turn::Kind::kStopped, *why, {}};
  switch (stop) {
    case CpuSoft::Stop::kBudget:
      return {Turn::Kind::kRan, {}};
    case CpuSoft::Stop::kRequested:
      return {Turn::Kind::kRequested, {}};
    case CpuSoft::Stop::kHalted:
      return {Turn::Kind::kIdle, {}};
    case CpuSoft::Stop::kShutdown:
      return {Turn::Kind::kShutdown, {}};
    case CpuSoft::Stop::kPaging:
      break;
  }
  return {Turn::Kind::kStopped,
          "the guest turns paging on (CR0.PG) at " + where() + ", which the software CPU does not have",
          {}};
}

std::uint64_t SoftEngine::slice() const {
  if (timing_ == Timing::kWall) return kSlice;
  // Just as far as the next timer event: then a run does not depend on how it was cut.
  const std::uint64_t now = clock_.now_ns();
  const std::uint64_t next = board_->pit().next_event_ns();
  if (next <= now) return 1;
  return std::clamp<std::uint64_t>((next - now) / InstructionClock::kNsPerInstruction, 1,
                                   kDeterministicSlice);
}

void SoftEngine::pass_time(std::uint64_t until_ns) {
  clock_.wait_until(until_ns, kLongestWait);
  board_->pit().advance();
}

std::optional<std::uint64_t> SoftEngine::next_event_ns() const {
  const std::uint64_t next = board_->pit().next_event_ns();
  return next == Pit::kNever ? std::nullopt : std::optional(next);
}

std::optional<std::string> SoftEngine::wait() {
  const auto next = next_event_ns();
  if (!(cpu_->state().eflags & kInterruptFlag))
    return "the guest halted for ever, interrupts off, at " + where();
  if (!next) return "the guest halted at " + where() + " and no timer runs";
  pass_time(*next);
  return std::nullopt;
}

std::optional<std::string> SoftEngine::news() {
  const std::optional<RepeatedException> repeated = cpu_->repeated_exception();
  if (!repeated || repeated == told_) return std::nullopt;
  told_ = repeated;
  return describe(*repeated);
}

std::optional<CodeAddress> SoftEngine::instruction_in_hand() const {
  const Segment code = cpu_->state().segment[kCs];
  const std::uint32_t eip = cpu_->instruction_eip();
  return CodeAddress{code.selector, eip, code.base + eip};
}

std::vector<std::pair<std::string, std::uint64_t>> SoftEngine::counts() {
  return {{"instructions", cpu_->instructions()}};
}

std::optional<std::uint8_t> SoftEngine::peek(std::uint32_t linear) const {
  const std::uint32_t gpa = a20_(linear);
  const std::uint8_t* const page = mapper_->page(gpa).read;
  return page ? std::optional(page[gpa % lowmeg::kPageSize]) : std::nullopt;
}

bool SoftEngine::poke(std::uint32_t linear, std::uint8_t value) {
  const std::uint32_t gpa = a20_(linear);
  std::uint8_t* const page = mapper_->page(gpa).write;
  if (page) page[gpa % lowmeg::kPageSize] = value;
  return page != nullptr;
}

std::string SoftEngine::where() {
  const CpuState state = cpu_->state();
  const std::string place = fmt::format("{:04X}:{:08X}", state.segment[kCs].selector, state.eip);
  const std::optional<RepeatedException> repeated = cpu_->repeated_exception();
  return repeated ? place + "; " + describe(*repeated) : place;
}

std::vector<CpuLook> SoftEngine::look() {
  const CpuState state = cpu_->state();
  constexpr std::uint16_t kBig = 0x400;  // D/B of the code segment
  CpuLook look{.code_size = (state.segment[kCs].access & kBig) != 0 ? 4u : 2u,
               .cs = state.segment[kCs].selector,
               .ip = state.eip,
               .gdt = state.gdt.base,
               .idt = state.idt.base,
               .task = state.tr.base};
  std::ranges::copy(state.gpr, look.gpr.begin());
  for (unsigned i = 0; i < look.base.size(); ++i) look.base[i] = state.segment[i].base;
  if (state.activity == Activity::kHalted) {
    look.activity =
        (state.eflags & kInterruptFlag) != 0 ? CpuLook::Activity::kHalted : CpuLook::Activity::kHaltedForEver;
  }
  return {look};
}

void SoftEngine::set(Level level) {
  if (cpu_) cpu_->set_interrupt_line(level == Level::kHigh ? CpuSoft::Level::kHigh : CpuSoft::Level::kLow);
}

void SoftEngine::carry(Carrier& carrier) {
  constexpr std::uint64_t kMostNs = std::uint64_t{1} << 62;  // a century and more
  cpu_->carry(carrier);
  std::uint64_t now = clock_.now_ns();
  carrier.number(now, kMostNs);
  if (carrier.is_loading()) clock_.go_on_from(now);
}

}  // namespace vmm
