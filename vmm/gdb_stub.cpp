#include "vmm/gdb_stub.hpp"

#include <fmt/format.h>

#include "vmm/gdb/registers.hpp"

namespace vmm {
namespace {

constexpr const char* kHasGone = "gdb has gone; the guest goes on";

}  // namespace

class GdbStub::CpuTarget final : public gdb::Target {
 public:
  CpuTarget(CpuSoft& cpu, const GdbMachine& machine) : cpu_(cpu), machine_(machine) {}

  CpuState cpu() const override { return cpu_.state(); }
  void set_cpu(const CpuState& state) override { cpu_.set_state(state); }
  std::optional<std::uint8_t> memory(std::uint32_t address) const override {
    return machine_.memory(address);
  }
  bool set_memory(std::uint32_t address, std::uint8_t value) override {
    return machine_.set_memory(address, value);
  }
  std::optional<std::uint8_t> dram(std::uint32_t address) const override { return machine_.dram(address); }
  std::optional<std::uint8_t> rom(std::uint32_t address) const override { return machine_.rom(address); }
  std::string map() const override { return machine_.map(); }

 private:
  CpuSoft& cpu_;
  const GdbMachine& machine_;
};

GdbStub::GdbStub(std::unique_ptr<GdbChannel> channel, lowmeg::EventSink& events)
    : channel_(std::move(channel)), events_(events) {}

GdbStub::~GdbStub() {
  if (state_ == State::kRuns) send("W00");  // the machine has ended
}

CpuSoft::Stop GdbStub::run(CpuSoft& cpu, std::uint64_t instructions) {
  if (!cpu_) begin(cpu);
  if (state_ == State::kStands) {
    take_input(GdbChannel::Wait::kAWhile);
  } else if (state_ == State::kRuns) {
    take_input(GdbChannel::Wait::kNo);
  }
  switch (state_) {
    case State::kStands:
      return CpuSoft::Stop::kBudget;
    case State::kRuns:
      return run_on(instructions);
    case State::kGone:
      break;
  }
  return cpu.run(instructions);
}

void GdbStub::begin(CpuSoft& cpu) {
  cpu_ = &cpu;
  target_ = std::make_unique<CpuTarget>(cpu, machine_);
  session_ = std::make_unique<gdb::Session>(*target_);
}

void GdbStub::map_changed(const std::string& what) {
  if (state_ != State::kRuns || !session_->breaks_on_pam()) return;
  changed_map_ += what;
  cpu_->request_stop();
}

void GdbStub::take_input(GdbChannel::Wait wait) {
  const auto bytes = channel_->receive(wait);
  if (!bytes) return leave(kHasGone);
  framer_.put(*bytes);
  if (framer_.is_overrun()) return leave("what comes from gdb is no packet; the guest goes on");
  while (state_ != State::kGone) {
    const auto input = framer_.next();
    if (!input) return;
    obey(*input);
  }
}

void GdbStub::obey(const gdb::Input& input) {
  switch (input.kind) {
    case gdb::Input::Kind::kDamaged:
      if (!channel_->send("-")) leave(kHasGone);
      return;
    case gdb::Input::Kind::kInterrupt:
      if (state_ == State::kRuns) stop("S02");
      return;
    case gdb::Input::Kind::kPacket:
      break;
  }
  if (!channel_->send("+")) return leave(kHasGone);
  carry_out(session_->answer(input.text));
}

void GdbStub::carry_out(const gdb::Answer& answer) {
  using Then = gdb::Answer::Then;
  const bool runs = answer.then == Then::kContinue || answer.then == Then::kStep;
  steps_once_ = answer.then == Then::kStep;
  if (runs) {
    state_ = State::kRuns;
    return;
  }
  send(answer.reply);
  if (answer.then == Then::kDetach) part("gdb has detached; the guest goes on");
  if (answer.then == Then::kKill) {
    end_ = "gdb has killed the guest";
    part(*end_);
  }
}

// gdb closes its end first, once it has the answer; but nobody waits for that for ever.
void GdbStub::part(const std::string& why) {
  constexpr int kWhiles = 10;
  for (int i = 0; i < kWhiles && state_ != State::kGone && channel_->receive(GdbChannel::Wait::kAWhile);
       ++i) {
  }
  leave(why);
}

CpuSoft::Stop GdbStub::run_on(std::uint64_t instructions) {
  if (steps_once_ || session_->steps_singly()) return step_on(instructions);
  const CpuSoft::Stop stopped = cpu_->run(instructions);
  static_cast<void>(is_reason_to_stop());
  return stopped;
}

// The instruction that the guest stands at is executed whatever is set there: that is how gdb goes on.
CpuSoft::Stop GdbStub::step_on(std::uint64_t instructions) {
  for (std::uint64_t i = 0; i < instructions; ++i) {
    const CpuSoft::Stop stopped = cpu_->run(1);
    if (is_reason_to_stop() || stopped != CpuSoft::Stop::kBudget) return stopped;
  }
  return CpuSoft::Stop::kBudget;
}

bool GdbStub::is_reason_to_stop() {
  if (!changed_map_.empty()) {
    send("O" + gdb::to_hex(std::exchange(changed_map_, {})));
    stop("S05");
  } else if (const auto watch = session_->changed_watch()) {
    stop(fmt::format("T05watch:{:x};", *watch));
  } else if (steps_once_ || session_->breakpoints().contains(gdb::linear_pc(cpu_->state()))) {
    stop("S05");
  }
  return state_ != State::kRuns;
}

void GdbStub::stop(const std::string& reply) {
  state_ = State::kStands;
  steps_once_ = false;
  send(reply);
}

void GdbStub::send(std::string_view text) {
  if (!channel_ || !channel_->send(gdb::framed(text))) leave(kHasGone);
}

void GdbStub::leave(const std::string& why) {
  if (std::exchange(state_, State::kGone) == State::kGone) return;
  channel_.reset();
  if (!end_) events_.event({lowmeg::Severity::kWarning, "gdb", why});
}

}  // namespace vmm
