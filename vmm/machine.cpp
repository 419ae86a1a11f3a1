#include "vmm/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "lowmeg/core/stopwatch.hpp"
#include "vmm/chipset/bus_map.hpp"
#include "vmm/whereabouts.hpp"

namespace vmm {
namespace {

using lowmeg::Result;
using std::chrono::steady_clock;

constexpr int kTimeoutStatus = 124;
constexpr int kStoppedStatus = 1;
// Of the machine's time, between two looks at the screen, and for COM1's input.
constexpr std::uint64_t kLookNs = 20'000'000, kInputNs = 2'000'000;
constexpr unsigned kHostBridgeDevice = 0, kAgpBridgeDevice = 1;

// How long, by the machine's clock, the line with the text may stay as it is, and how long it may go on.
constexpr std::uint64_t kQuietAfterText = 100'000'000, kMostAfterText = 250'000'000;

// What a person is told of a CPU at the time-out; the one with the greatest weight is the one to tell of.
struct StateOfCpu {
  CpuLook::Activity activity;
  int weight;
  const char* text;
};
constexpr StateOfCpu kStates[] = {
    {CpuLook::Activity::kStuck, 4, "is stuck within KVM, which never ends the instruction"},
    {CpuLook::Activity::kRuns, 3, "is still running"},
    {CpuLook::Activity::kHalted, 2, "is halted and waits for an interrupt"},
    {CpuLook::Activity::kHaltedForEver, 1, "has halted for ever, interrupts off"},
    {CpuLook::Activity::kWaitsForSipi, 0, "waits to be started"},
};
const StateOfCpu& state_of(CpuLook::Activity activity) {
  return *std::ranges::find(kStates, activity, &StateOfCpu::activity);
}

TraceEvent change_event(const TimelineEntry& entry) {
  TraceEvent event{.kind = TraceEvent::Kind::kMapChange,
                   .took_ns = entry.nanoseconds,
                   .name = entry.config_write ? "map change" : "map, all of it",
                   .change = entry};
  if (entry.get) {
    event.numbers = {{"resets", entry.get->resets},
                     {"creates", entry.get->creates},
                     {"refused", entry.get->refused_creates},
                     {"round_trips", entry.get->round_trips}};
  }
  return event;
}

// The guest's date at power-on: today's, or always the same one.
std::chrono::sys_seconds rtc_start(Timing timing) {
  if (timing == Timing::kDeterministic) return std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
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
      watch_(config.until, listeners_.console),
      host_bridge_socket_([](Chipset& c) -> lowmeg::bridge::ConfigFunction* { return &c.host_bridge(); }),
      agp_bridge_socket_([](Chipset& c) { return c.agp_bridge(); }) {}

Result<void> Machine::build() {
  if (listeners_.trace) trace_.emplace(listeners_.trace, config_.timing);
  if (auto built = build_memory(); !built) return built;
  if (auto built = build_engine(); !built) return built;
  if (listeners_.accel) listeners_.accel(accel_line_);
  warn_of_lost_option_roms();
  if (auto built = build_chipset(); !built) return built;
  if (auto built = build_board(); !built) return built;
  if (auto attached = engine_->attach(*board_); !attached) return attached;
  if (listeners_.built) listeners_.built(*this);
  return config_.saved_vm ? load_vm(*config_.saved_vm) : chipset_->power_on();
}

Result<void> Machine::build_memory() {
  std::vector<Image> card_roms;
  if (config_.pci_vga_bios) card_roms.push_back(*config_.pci_vga_bios);
  for (const MemoryCardConfig& card : config_.cards) {
    if (card.rom) card_roms.push_back(*card.rom);
  }
  auto memory = MemoryChips::create(config_.memory, card_roms);
  if (!memory) return tl::unexpected(memory.error());
  memory_.emplace(std::move(*memory));
  return {};
}

// In the order of build_memory.
std::vector<CardConfig> Machine::cards() const {
  std::vector<CardConfig> cards;
  auto part = memory_->card_roms.begin();
  if (config_.pci_vga_bios) {
    cards.push_back(display_card(memory_->bytes(*part), part->offset));
    ++part;
  }
  for (const MemoryCardConfig& card : config_.cards) {
    cards.push_back({.device = card.device,
                     .vendor_id = 0x1234,
                     .device_id = 0x0001,
                     .class_code_and_revision = 0x05800000,
                     .memory_size = card.memory_size,
                     .rom = std::nullopt});
    if (!card.rom) continue;
    cards.back().rom = CardRom{memory_->bytes(*part), part->offset, card.rom_decode};
    ++part;
  }
  return cards;
}

std::vector<RomOnBoard> Machine::rom_chips() const {
  std::vector<RomOnBoard> chips;
  for (const RomChip& chip : vmm::rom_chips(*memory_))
    chips.push_back({chip.range, memory_->bytes(chip.bytes)});
  return chips;
}

Result<void> Machine::build_engine() {
  if (config_.accel == Accel::kSoft) {
    accel_line_ = "software CPU, as asked for";
    return build_soft_engine();
  }
  auto engine = KvmEngine::create(*memory_, config_.cpus, kvm_map_parts());
  if (engine) {
    accel_line_ = config_.accel == Accel::kKvm ? "KVM, as asked for" : "KVM, which is usable here";
    accel_line_ += "; memory map by " + (*engine)->kvm_mapper().way_line();
    engine_ = std::move(*engine);
    return {};
  }
  if (config_.accel == Accel::kKvm) return tl::unexpected(engine.error());
  if (config_.cpus != 1)
    return lowmeg::fail(engine.error().code, "more than one CPU needs KVM: " + engine.error().message());
  accel_line_ = "software CPU, because KVM is not usable: " + engine.error().message();
  return build_soft_engine();
}

KvmMapParts Machine::kvm_map_parts() {
  const auto way =
      config_.kvm_map == KvmMap::kSlots ? lowmeg::kvm::MapWay::kSlots : lowmeg::kvm::MapWay::kProtect;
  if (!trace_) return {.way = way, .syscalls = *config_.kvm_syscalls};
  return {.way = way,
          .syscalls = trace_->over(*config_.kvm_syscalls),
          .observer = &trace_->kvm_map(),
          .pauses = [this](lowmeg::kvm::PauseVcpus& below) -> lowmeg::kvm::PauseVcpus& {
            return trace_->over(below);
          }};
}

Result<void> Machine::build_soft_engine() {
  auto engine = SoftEngine::create(*memory_, config_.timing);
  if (!engine) return tl::unexpected(engine.error());
  soft_ = engine->get();
  engine_ = std::move(*engine);
  return {};
}

lowmeg::memory::Mapper& Machine::chipset_mapper() {
  return trace_ ? trace_->over(engine_->mapper()) : engine_->mapper();
}

RangesConfig Machine::ranges_config() {
  RangesConfig config = config_.ranges;
  config.seat_news = [this](lowmeg::get::SeatNews news) { seat_news(news); };
  if (trace_) config.observer = &trace_->over(config.observer);
  return config;
}

// On the software CPU, and before a guest runs, it is the machine's thread that waits; KVM's CPUs leave it
// its turns.
void Machine::seat_news(lowmeg::get::SeatNews news) {
  if (trace_) trace_->seat(news);
  if (news == lowmeg::get::SeatNews::kWaits && (soft_ || !runs_) && listeners_.waiting)
    listeners_.waiting(*this);
}

Result<void> Machine::build_chipset() {
  if (trace_) trace_->keep_time_by(engine_->clock());
  BridgeConfig bridge = config_.bridge;
  bridge.options.drb = lowmeg::bridge::drb_for(config_.memory.ram_size);
  const ChipsetListeners listeners{
      .timeline =
          [this](const TimelineEntry& entry) {
            listeners_.timeline(entry, engine_->clock().now_ns());
            trace(change_event(entry));
          },
      .waiting =
          [this](Waiting waiting) {
            waiting == Waiting::kBegins ? engine_->let_go_of_devices() : engine_->take_devices_again();
          },
      .fault = [this](const lowmeg::Error& error) { fault(error); },
  };
  if (config_.pam == PamEffect::kChip) {
    chipset_ =
        std::make_unique<DecodeChipset>(bridge, *memory_, chipset_mapper(), listeners_.events, listeners);
    return {};
  }
  auto ranges = RangesChipset::create(bridge, ranges_config(), *memory_, chipset_mapper(), listeners_.events,
                                      listeners);
  if (!ranges) return tl::unexpected(ranges.error());
  ranges_ = ranges->get();
  chipset_ = std::move(*ranges);
  return {};
}

Result<void> Machine::build_board() {
  std::optional<LinuxImage> linux;
  if (config_.linux) {
    auto laid_out = lay_out_linux(*config_.linux, chipset_->ram_told());
    if (!laid_out) return tl::unexpected(laid_out.error());
    linux = std::move(*laid_out);
  }
  const bool has_agp = chipset_->agp_bridge() != nullptr;
  const BoardConfig board{.ram_bytes_told = chipset_->ram_told(),
                          .cpus = config_.cpus,
                          .coprocessor = engine_->has_fpu() ? Coprocessor::kFitted : Coprocessor::kNone,
                          .vgabios = config_.memory.vga_bios,
                          .cards = cards(),
                          .rom_chips = rom_chips(),
                          .floppy = config_.floppy,
                          .option_roms = config_.option_roms,
                          .linux = std::move(linux),
                          .console = config_.console,
                          .rtc_start = rtc_start(config_.timing),
                          .piix_device = has_agp ? kPiixBesideAgp : kPiixDevice,
                          .address_cycles = config_.pam == PamEffect::kHyperv
                                                ? lowmeg::bridge::AddressCycles::kAny
                                                : lowmeg::bridge::AddressCycles::kDwords};
  board_ = std::make_unique<Board>(
      board, BoardLinks{engine_->clock(), *this, engine_->intr(), *this, *this, *this, *this, *this, *this,
                        lowmeg::memory::BusMaster(engine_->mapper(), memory_->ram, memory_->rom),
                        engine_->interrupt_lines()});
  host_bridge_socket_.plug(*chipset_);
  if (listeners_.trace) watch_config_writes(host_bridge_socket_, kHostBridgeDevice);
  board_->config_ports().place(kHostBridgeDevice, 0, host_bridge_socket_);
  if (!has_agp) return {};
  agp_bridge_socket_.plug(*chipset_);
  if (listeners_.trace) watch_config_writes(agp_bridge_socket_, kAgpBridgeDevice);
  board_->config_ports().place(kAgpBridgeDevice, 0, agp_bridge_socket_);
  return {};
}

// Hyper-V's policy shows low RAM in C0000-CBFFF once firmware locks it, and what firmware copied there is
// gone.
void Machine::warn_of_lost_option_roms() {
  if (config_.pam != PamEffect::kHyperv || config_.option_roms.empty()) return;
  listeners_.events.event(
      {lowmeg::Severity::kWarning, "vmm",
       "PAM Hyper-V's way loses option ROMs that the firmware copies below CC000 when it locks "
       "them, and kernels with their loader; the chip's way (--pam chip) keeps them"});
}

Machine::~Machine() {
  if (listeners_.ended) listeners_.ended();
  if (engine_) engine_->stop();
  if (trace_) trace_->close();
}

Outcome Machine::run() {
  deadline_ = steady_clock::now() + config_.timeout;
  chipset_->set_deadline(deadline_);
  runs_ = true;
  Outcome outcome = run_until(deadline_);
  if (listeners_.ending) {
    const auto held = engine_->hold_devices();
    listeners_.ending(*this);
  }
  chipset_->give_up({lowmeg::Errc::kClosed, "the machine has ended"});
  engine_->stop();
  if (trace_) trace_->close();
  return outcome;
}

Outcome Machine::run_until(steady_clock::time_point deadline) {
  for (;;) {
    const Engine::Turn turn = engine_->run();
    if (const auto line = engine_->news(); line && news_.admit())
      listeners_.events.event({lowmeg::Severity::kWarning, "vmm", news_.told(*line)});
    const bool runs_on = turn.kind == Engine::Turn::Kind::kRan || turn.kind == Engine::Turn::Kind::kIdle;
    // Looked at before the devices are: a CPU may hold them for long.
    if (runs_on && steady_clock::now() >= deadline) return timed_out();
    if (interrupted_) return interrupted();
    const auto held = engine_->hold_devices();
    if (auto outcome = after(turn)) {
      // An interrupt that comes after the look above makes the chipset give up, which is no trouble of its
      // own.
      return interrupted_ && outcome->kind == Outcome::Kind::kStopped ? interrupted() : *outcome;
    }
    if (trace_) trace_->turn();
    if (listeners_.turn) listeners_.turn(*this);
    if (screen_shows_text()) return {Outcome::Kind::kUntil, 0, ""};
    take_com1_input();
    if (shows_enough(turn.kind)) return {Outcome::Kind::kUntil, 0, ""};
    if (auto outcome = save_if_wanted()) return *outcome;
    if (!runs_on && steady_clock::now() >= deadline) return timed_out();
  }
}

std::string Machine::screen() {
  const auto held = engine_->hold_memory_devices();
  return board_->vga_text() ? board_->vga_text()->text() : std::string();
}

bool Machine::screen_shows_text() {
  const std::uint64_t now = engine_->clock().now_ns();
  if (config_.console != ConsoleSource::kScreen || config_.until.empty() || now < next_look_ns_) return false;
  next_look_ns_ = now + kLookNs;
  return screen().find(config_.until) != std::string::npos;
}

// More comes when the guest has read what came: nothing piles up here.
void Machine::take_com1_input() {
  const std::uint64_t now = engine_->clock().now_ns();
  if (!config_.com1_input || now < next_input_ns_ || !board_->com1().has_read_all()) return;
  next_input_ns_ = now + kInputNs;
  std::array<std::uint8_t, 256> bytes{};
  board_->com1().receive(std::span(bytes).first(config_.com1_input(bytes)));
}

// The text is there, and its line is complete or nothing comes any more: a prompt has no newline behind it.
bool Machine::shows_enough(Engine::Turn::Kind turn) {
  if (!watch_.found()) return false;
  if (watch_.line_complete() || turn == Engine::Turn::Kind::kIdle) return true;
  const std::uint64_t now = engine_->clock().now_ns();
  return now - last_put_ns_ >= kQuietAfterText || now - found_ns_ >= kMostAfterText;
}

Outcome Machine::timed_out() {
  std::vector<CpuLook> looks = engine_->look();
  std::string line = "time-out: the guest does not answer";
  // The CPU that tells most.
  const auto most =
      std::ranges::max_element(looks, {}, [](const CpuLook& look) { return state_of(look.activity).weight; });
  if (most != looks.end()) {
    const std::string cpu = looks.size() == 1 ? "" : fmt::format(" (CPU {} of {})", most->cpu, looks.size());
    line = fmt::format("time-out: the guest {} at {:04X}:{:08X}{}, {}", state_of(most->activity).text,
                       most->cs, most->ip, cpu, around(*most));
  }
  if (resets_.count() != 0) line += "; " + resets_.text();
  return {Outcome::Kind::kTimeout, kTimeoutStatus, line};
}

std::string Machine::around(const CpuLook& look) {
  const Whereabouts whereabouts(engine_->mapper().map().cpu, *memory_, *chipset_);
  return whereabouts.text(look, [&](std::uint64_t linear) { return engine_->translate(look.cpu, linear); });
}

std::optional<Outcome> Machine::after(const Engine::Turn& turn) {
  switch (turn.kind) {
    case Engine::Turn::Kind::kRan:
      return std::nullopt;
    case Engine::Turn::Kind::kRequested:
      return after_request();
    case Engine::Turn::Kind::kIdle:
      if (watch_.found()) return std::nullopt;
      if (auto for_ever = engine_->wait()) return stopped(*for_ever);
      return std::nullopt;
    case Engine::Turn::Kind::kShutdown:
      // Another CPU may have asked for something before this one fell.
      if (fault_ || power_off_status_) return after_request();
      return carry_out(kResetByTripleFault);
    case Engine::Turn::Kind::kStopped:
      return stopped(turn.look ? turn.message + "; " + around(*turn.look) : turn.message);
  }
  return std::nullopt;
}

std::optional<Outcome> Machine::after_request() {
  // An access that waited until the machine's own time was over is no fault.
  if (fault_ && fault_->code == lowmeg::Errc::kTimeout && steady_clock::now() >= deadline_)
    return timed_out();
  if (fault_) return stopped(fault_->message());
  if (power_off_status_)
    return Outcome{Outcome::Kind::kPowerOff, *power_off_status_, "the guest turned the machine off"};
  if (reset_wanted_) return carry_out(*reset_wanted_);
  return std::nullopt;
}

std::optional<Outcome> Machine::carry_out(ResetCause cause) {
  // Of two at once, asked for by two CPUs, the one that reaches further.
  if (reset_wanted_ && reset_wanted_->kind == ResetKind::kHard) cause = *reset_wanted_;
  reset_wanted_.reset();
  note(cause);
  if (config_.reset_loop == ResetLoop::kEnds && resets_.is_loop())
    return stopped("the guest resets for ever and tells nothing: " + resets_.text());
  const bool is_init = cause.kind == ResetKind::kInit && config_.init_reach == InitReach::kCpus;
  if (auto reset = is_init ? engine_->init() : reset_all(); !reset) return stopped(reset.error().message());
  return std::nullopt;
}

Result<void> Machine::reset_all() {
  board_->reset();
  return claims_changed().and_then([this] { return engine_->reset(); }).and_then([this] {
    return chipset_->reset();
  });
}

void Machine::note(const ResetCause& cause) {
  const std::string where = engine_->where();
  const bool starts_over = board_->cmos().shutdown_status() == 0;
  trace({.kind = TraceEvent::Kind::kReset,
         .name = cause.kind == ResetKind::kHard ? "reset" : "INIT",
         .texts = {{"by", std::string(cause.name)}, {"at", where}}});
  resets_.add(cause, starts_over ? ResetLog::Errand::kStartsOver : ResetLog::Errand::kGoesOn, where,
              engine_->clock().now_ns());
  if (cause != kResetByTripleFault || !triple_faults_.admit()) return;
  listeners_.events.event({lowmeg::Severity::kWarning, "vmm",
                           triple_faults_.told("triple fault at " + where + ": the CPUs are reset")});
}

void Machine::watch_config_writes(ChipsetSocket& socket, unsigned device) {
  socket.watch([this, device](std::uint8_t offset, std::uint32_t value, lowmeg::bridge::ByteEnables enables,
                              std::uint64_t nanoseconds) {
    trace({.kind = TraceEvent::Kind::kConfigWrite,
           .took_ns = nanoseconds,
           .name = fmt::format("write 00:{:02x}.0 {:02x}", device, offset),
           .numbers = {{"device", device}, {"offset", offset}, {"value", value}, {"bytes", enables.mask()}},
           .code = engine_->instruction_in_hand()});
  });
}

// An event that is over now.
void Machine::trace(TraceEvent event) {
  if (trace_) trace_->tell(std::move(event));
}

// As a guest would, by mechanism #1, and with its address put back.
std::vector<PciConfig> Machine::pci_config() {
  using lowmeg::bridge::ConfigPorts;
  constexpr std::uint32_t kEnable = 0x80000000, kNobody = 0xffffffff;
  ConfigPorts& ports = board_->config_ports();
  const std::uint32_t address = ports.address();
  std::vector<PciConfig> functions;
  for (std::uint32_t place = 0; place < 256; ++place) {
    PciConfig config{.device = place / 8, .function = place % 8};
    for (std::uint32_t i = 0; i < config.dwords.size(); ++i) {
      ports.set_address(kEnable | place << 8 | i << 2);
      config.dwords[i] = ports.read(ConfigPorts::kDataPort, 4);
      if (config.dwords[0] == kNobody) break;
    }
    if (config.dwords[0] != kNobody) functions.push_back(config);
  }
  ports.set_address(address);
  return functions;
}

Outcome Machine::stopped(std::string message) const {
  return {Outcome::Kind::kStopped, kStoppedStatus, std::move(message)};
}

Outcome Machine::interrupted() const {
  return {Outcome::Kind::kInterrupted, 0, "ended by a signal"};
}

void Machine::interrupt() {
  interrupted_ = true;
  chipset_->give_up({lowmeg::Errc::kClosed, "ended by a signal"});
}

void Machine::power_off(int exit_status) {
  power_off_status_ = exit_status;
  engine_->request_stop();
}

void Machine::reset(const ResetCause& cause) {
  if (!reset_wanted_ || cause.kind == ResetKind::kHard) reset_wanted_ = cause;
  engine_->request_stop();
}

void Machine::set_a20(Level level) {
  if (engine_->set_a20(level) || level == Level::kHigh || std::exchange(warned_of_a20_, true)) return;
  listeners_.events.event(
      {lowmeg::Severity::kWarning, "vmm",
       "the guest closes the A20 gate: KVM cannot mask address bit 20, and addresses stay "
       "as they are"});
}

void Machine::fault(const lowmeg::Error& error) {
  if (!fault_) fault_ = error;  // the first is the cause
  engine_->request_stop();
}

void Machine::put(char c) {
  const bool was_found = watch_.found();
  watch_.put(c);
  resets_.progress();
  if (watch_.found()) last_put_ns_ = engine_->clock().now_ns();
  if (!was_found) found_ns_ = last_put_ns_;
  if (watch_.line_complete()) engine_->request_stop();
}

void Machine::accessed(ConfigAccess access) {
  ++config_accesses_;
  if (!config_.restart_after || !config_.restart_after(config_accesses_, access)) return;
  TraceEvent event{
      .kind = TraceEvent::Kind::kServicing, .name = "servicing", .numbers = {{"access", config_accesses_}}};
  {
    const lowmeg::Stopwatch stopwatch(event.took_ns);
    if (auto restarted = chipset_->restart(); !restarted) return fault(restarted.error());
  }
  trace(std::move(event));
  ++restarts_;
}

}  // namespace vmm
