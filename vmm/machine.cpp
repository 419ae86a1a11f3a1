#include "vmm/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/get/in_process.hpp"

namespace vmm {
namespace {

using lowmeg::Result;
using std::chrono::steady_clock;

constexpr int kTimeoutStatus = 124;
constexpr int kStoppedStatus = 1;
constexpr std::uint32_t kInterruptFlag = 0x200;
// Between two looks at the clock: short enough for a timer, long enough to cost nothing.
constexpr std::uint64_t kSlice = 2000;
constexpr std::uint64_t kDeterministicSlice = 50000;
constexpr std::chrono::milliseconds kLongestWait{10};

// The guest's date at power-on: today's, or always the same one.
std::chrono::sys_seconds rtc_start(Timing timing) {
  if (timing == Timing::kDeterministic) return std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// The firmware is not told of the last mebibyte: the ROM images lie there.
std::uint64_t ram_told(std::uint64_t ram_size) {
  return ram_size - (1 << 20);
}

}  // namespace

Result<std::unique_ptr<Machine>> Machine::create(const MachineConfig& config, MachineListeners listeners) {
  std::unique_ptr<Machine> machine(new Machine(config, std::move(listeners)));
  if (auto built = machine->build(); !built) return tl::unexpected(built.error());
  return machine;
}

Machine::Machine(const MachineConfig& config, MachineListeners listeners)
    : config_(config),
      listeners_(std::move(listeners)),
      clock_(config.timing == Timing::kWall ? static_cast<MachineClock&>(wall_clock_) : instruction_clock_),
      watch_(config.until, listeners_.console) {}

Result<void> Machine::build() {
  auto vm = Vm::create(config_.vm, listeners_.events);
  if (!vm) return tl::unexpected(vm.error());
  vm_ = std::move(*vm);
  auto paravisor = connect_paravisor();
  if (!paravisor) return tl::unexpected(paravisor.error());
  paravisor_ = std::move(*paravisor);
  bridge_socket_.plug(&paravisor_->bridge());

  const BoardConfig board{.ram_bytes_told = ram_told(config_.vm.ram_size),
                          .cpus = 1,
                          .vgabios = config_.vm.vga_bios,
                          .floppy = config_.floppy,
                          .console = config_.console,
                          .rtc_start = rtc_start(config_.timing)};
  board_ = std::make_unique<Board>(board, BoardLinks{clock_, *this, *this, *this, *this, *this});
  board_->config_ports().place(0, 0, bridge_socket_);
  cpu_ = CpuSoft::create({vm_->mapper(), board_->io(), board_->mmio(), *this});
  instruction_clock_.count(*cpu_);
  return paravisor_->bridge().power_on();
}

Result<std::unique_ptr<Paravisor>> Machine::connect_paravisor() {
  auto transport = config_.connect ? config_.connect(vm_->host())
                                   : std::make_unique<lowmeg::get::InProcessTransport>(vm_->host());
  auto listener = [this](const TimelineEntry& entry) { listeners_.timeline(entry, clock_.now_ns()); };
  return Paravisor::create(std::move(transport), config_.get, config_.identity, vm_->rom_bios_offset(),
                           listeners_.events, std::move(listener));
}

// Servicing within one process: nothing but bytes goes from the old paravisor to the new one.
Result<void> Machine::restart_paravisor() {
  const lowmeg::state::SavedChipset saved = paravisor_->save();
  paravisor_->disconnect();
  auto successor = connect_paravisor();
  if (!successor) return tl::unexpected(successor.error());
  bridge_socket_.plug(&(*successor)->bridge());
  paravisor_ = std::move(*successor);
  ++restarts_;
  return paravisor_->restore(saved);
}

Outcome Machine::run() {
  const auto deadline = steady_clock::now() + config_.timeout;
  for (;;) {
    const CpuSoft::Stop stop = cpu_->run(slice());
    board_->pit().advance();
    if (auto outcome = after_run(stop)) return *outcome;
    if (watch_.found() && (watch_.line_complete() || stop == CpuSoft::Stop::kHalted))
      return {Outcome::Kind::kUntil, 0, ""};
    if (steady_clock::now() >= deadline) {
      return {Outcome::Kind::kTimeout, kTimeoutStatus, "time-out: the guest is still running at " + where()};
    }
  }
}

std::uint64_t Machine::slice() const {
  if (config_.timing == Timing::kWall) return kSlice;
  // Just as far as the next timer event: then a run does not depend on how it was cut.
  const std::uint64_t now = clock_.now_ns();
  const std::uint64_t next = board_->pit().next_event_ns();
  if (next <= now) return 1;
  return std::clamp<std::uint64_t>((next - now) / InstructionClock::kNsPerInstruction, 1,
                                   kDeterministicSlice);
}

std::optional<Outcome> Machine::after_run(CpuSoft::Stop stop) {
  switch (stop) {
    case CpuSoft::Stop::kBudget:
      return std::nullopt;
    case CpuSoft::Stop::kRequested:
      return after_request();
    case CpuSoft::Stop::kHalted:
      return after_halt();
    case CpuSoft::Stop::kPaging:
      return stopped("the guest turns paging on (CR0.PG) at " + where() +
                     ", which the software CPU does not have");
    case CpuSoft::Stop::kShutdown:
      if (triple_faults_.admit()) {
        listeners_.events.event(
            {lowmeg::Severity::kWarning, "vmm", "triple fault at " + where() + ": reset"});
      }
      return reset_all();
  }
  return std::nullopt;
}

std::optional<Outcome> Machine::after_request() {
  if (fault_) return stopped(fault_->message());
  if (power_off_status_)
    return Outcome{Outcome::Kind::kPowerOff, *power_off_status_, "the guest turned the machine off"};
  if (reset_wanted_) return reset_all();
  return std::nullopt;
}

std::optional<Outcome> Machine::after_halt() {
  if (watch_.found()) return std::nullopt;
  const std::uint64_t next = board_->pit().next_event_ns();
  if (!(cpu_->state().eflags & kInterruptFlag))
    return stopped("the guest halted for ever, interrupts off, at " + where());
  if (next == Pit::kNever) return stopped("the guest halted at " + where() + " and no timer runs");
  clock_.wait_until(next, kLongestWait);
  board_->pit().advance();
  return std::nullopt;
}

std::optional<Outcome> Machine::reset_all() {
  reset_wanted_ = false;
  board_->reset();
  cpu_->reset();
  if (auto reset = paravisor_->bridge().reset(); !reset) return stopped(reset.error().message());
  return std::nullopt;
}

Outcome Machine::stopped(std::string message) const {
  return {Outcome::Kind::kStopped, kStoppedStatus, std::move(message)};
}

std::string Machine::where() const {
  const CpuState state = cpu_->state();
  return fmt::format("{:04X}:{:08X}", state.segment[kCs].selector, state.eip);
}

std::vector<MegabyteRow> Machine::first_megabyte() const {
  return vmm::first_megabyte(vm_->mapper().map().cpu, paravisor_->bridge().pam_states(), vm_->host().slots());
}

void Machine::power_off(int exit_status) {
  power_off_status_ = exit_status;
  cpu_->request_stop();
}

void Machine::reset() {
  reset_wanted_ = true;
  cpu_->request_stop();
}

void Machine::fault(const lowmeg::Error& error) {
  fault_ = error;
  cpu_->request_stop();
}

void Machine::put(char c) {
  watch_.put(c);
  if (watch_.line_complete()) cpu_->request_stop();
}

void Machine::set(Level level) {
  if (cpu_) cpu_->set_interrupt_line(level == Level::kHigh ? CpuSoft::Level::kHigh : CpuSoft::Level::kLow);
}

void Machine::accessed(ConfigAccess access) {
  ++config_accesses_;
  if (!config_.restart_after || !config_.restart_after(config_accesses_, access)) return;
  if (auto restarted = restart_paravisor(); !restarted) fault(restarted.error());
}

std::uint8_t Machine::acknowledge() {
  return board_->pic().acknowledge();
}

}  // namespace vmm
