// The reference machine: guest memory, chipset, board and engine, and the loop that runs them.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "lowmeg/core/stopwatch.hpp"
#include "vmm/board/board.hpp"
#include "vmm/chipset/decode/decode_chipset.hpp"
#include "vmm/chipset/ranges/ranges_chipset.hpp"
#include "vmm/console_watch.hpp"
#include "vmm/kvm_engine.hpp"
#include "vmm/machine_trace.hpp"
#include "vmm/reset_log.hpp"
#include "vmm/saved_vm.hpp"
#include "vmm/soft_engine.hpp"

namespace vmm {

/// What a change of PAM does: ranges of the host's, or the chip's decode (vmm/chipset/chipset.hpp).
enum class PamEffect { kHyperv, kChip };

/// As many as the board's firmware tables and KVM's in-kernel APICs take.
inline constexpr unsigned kMostCpus = 64;

/// What executes the guest.
enum class Accel {
  kAuto,  ///< KVM where it is usable, else the software CPU
  kKvm,
  kSoft,
};

/// A card on PCI with memory or a ROM of its own, for who wants to see where the bridge sends accesses.
struct MemoryCardConfig {
  unsigned device = kFirstCard;   ///< ascending, from kFirstCard to 31
  std::uint32_t memory_size = 0;  ///< bytes behind BAR 0: a power of two, 16 or more; 0: none
  std::optional<Image> rom;       ///< its expansion ROM
  RomDecode rom_decode = RomDecode::kMemorySpaceAndEnableBit;

  static constexpr unsigned kFirstCard = 8;
};

/// How KVM keeps read-only memory from being written (docs/reference/kvm.md).
enum class KvmMap {
  kAuto,     ///< the quicker: kProtect
  kProtect,  ///< by the protection of what lies under a slot that stays
  kSlots,    ///< by read-only slots, which come and go
};

/// What a reset that is INIT (reset_cause.hpp) reaches.
enum class InitReach {
  kCpus,     ///< the processors, as the chips have it
  kMachine,  ///< everything, as QEMU has it
};

/// What becomes of a guest that resets for ever (reset_log.hpp).
enum class ResetLoop {
  kEnds,   ///< it is stopped
  kGoesOn  ///< somebody else's business: whoever drives it asks for each reset
};

struct MachineConfig {
  MemoryConfig memory;
  Accel accel = Accel::kSoft;
  KvmMap kvm_map = KvmMap::kAuto;
  unsigned cpus = 1;  ///< more than one on KVM alone
  PamEffect pam = PamEffect::kHyperv;
  BridgeConfig bridge;  ///< a chip's for PamEffect::kChip; the machine sets the DRAM rows after reset
  RangesConfig ranges;  ///< for PamEffect::kHyperv
  std::optional<Image> floppy;
  std::optional<Image> pci_vga_bios;  ///< of a display device on PCI; none: no such device
  std::vector<OptionRom> option_roms;
  std::optional<LinuxFiles> linux;  ///< a checked one; kLinuxLoader must be among the option ROMs
  std::vector<MemoryCardConfig> cards;
  ConsoleSource console = ConsoleSource::kBiosPorts;
  std::string until = "No bootable device";  ///< empty: never
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);
  Timing timing = Timing::kWall;  ///< kDeterministic: on the software CPU alone
  /// What has come in for COM1 since, at most as much as fits, without waiting; how many bytes. Called on the
  /// machine's thread, at times that are a function of the guest's clock. Empty: nothing ever comes in.
  std::function<std::size_t(std::span<std::uint8_t>)> com1_input;
  /// By which KVM's map is changed; borrowed. For who wants to see or to fail them.
  lowmeg::kvm::Syscalls* kvm_syscalls = &lowmeg::kvm::Syscalls::system();
  /// Whether all above guest memory is torn down and built anew from saved state after this config access
  /// (the n-th, from 1). Empty: never.
  std::function<bool(std::uint64_t n, ConfigAccess access)> restart_after;
  InitReach init_reach = InitReach::kCpus;
  ResetLoop reset_loop = ResetLoop::kEnds;
  /// The file that Machine::ask_to_save() writes (saved_vm.hpp).
  std::string save_to;
  /// A saved VM's bytes to go on with instead of powering on: on the software CPU, and with
  /// PamEffect::kHyperv.
  std::shared_ptr<const Image> saved_vm;
};

class Machine;

/// Whom the machine tells: on the thread that runs it, and on KVM also on the CPUs' threads, one at a time.
struct MachineListeners {
  lowmeg::EventSink& events;
  ConsoleWatch::Output console;
  /// An entry, and the machine's time of it in nanoseconds since power-on.
  std::function<void(const TimelineEntry&, std::uint64_t)> timeline;
  /// What executes the guest and why, in one line, before anything else; empty: nobody asks.
  std::function<void(const std::string&)> accel = {};
  /// The machine is built, and about to be powered on; empty: nobody asks.
  std::function<void(Machine&)> built = {};
  /// The machine that was built ends; empty: nobody asks.
  std::function<void()> ended = {};
  /// What happens within; empty: nobody asks, and nothing is spent on it.
  TraceSink trace = {};
  /// After each of the engine's turns, while nobody else has the devices: some hundred times a second, at
  /// least. Empty: nobody asks.
  std::function<void(Machine&)> turn = {};
  /// In split mode: as `turn`, while the machine's thread waits for a paravisor with an access of the
  /// guest's; some twenty times a second. The bridge's registers cannot be read then. Empty: nobody asks.
  std::function<void(Machine&)> waiting = {};
  /// The guest has run its last; what answers accesses still does. Empty: nobody asks.
  std::function<void(Machine&)> ending = {};
};

/// A function on bus 0 and its 64 dwords.
struct PciConfig {
  unsigned device = 0, function = 0;
  std::array<std::uint32_t, 64> dwords{};
};

struct Outcome {
  enum class Kind {
    kUntil,     ///< the console showed the text
    kPowerOff,  ///< the guest turned the machine off
    kTimeout,
    kInterrupted,  ///< interrupt() was called
    kSaved,        ///< ask_to_save() was called, and the file is written
    kStopped,      ///< the machine cannot go on; message says why
  };
  Kind kind;
  int exit_status;  ///< as the command's contract has it
  std::string message;
};

/// A function of the chipset for the configuration ports: whoever it is just now.
class ChipsetSocket final : public lowmeg::bridge::ConfigFunction {
 public:
  using Find = lowmeg::bridge::ConfigFunction* (*)(Chipset&);
  using Watch = std::function<void(std::uint8_t offset, std::uint32_t value,
                                   lowmeg::bridge::ByteEnables enables, std::uint64_t nanoseconds)>;
  explicit ChipsetSocket(Find find) : find_(find) {}
  void plug(Chipset& chipset) { chipset_ = &chipset; }
  std::uint32_t read(std::uint8_t offset) override { return find_(*chipset_)->read(offset); }
  lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                             lowmeg::bridge::ByteEnables enables) override {
    if (!watch_) return find_(*chipset_)->write(offset, value, enables);
    std::uint64_t nanoseconds = 0;
    lowmeg::Result<void> written;
    {
      const lowmeg::Stopwatch stopwatch(nanoseconds);
      written = find_(*chipset_)->write(offset, value, enables);
    }
    watch_(offset, value, enables, nanoseconds);
    return written;
  }
  /// Hears of each write, after it.
  void watch(Watch watch) { watch_ = std::move(watch); }

 private:
  Find find_;
  Watch watch_;
  Chipset* chipset_ = nullptr;
};

/// One thread builds, runs and asks.
class Machine final : private PowerControl,
                      FaultSink,
                      ConsoleSink,
                      ConfigAccessObserver,
                      ClaimsListener,
                      Patience,
                      A20Pin {
 public:
  ~Machine() override;
  /// Builds everything and powers it on: guest memory is as the reset values want it. Nothing has run yet.
  static lowmeg::Result<std::unique_ptr<Machine>> create(const MachineConfig& config,
                                                         MachineListeners listeners);

  /// Runs until there is an outcome, once. Afterwards the guest stands still.
  Outcome run();
  /// Makes run() return soon, also while an access waits. From any thread.
  void interrupt();
  /// Makes run() return soon with the VM saved, between two instructions. If it cannot be saved, an event
  /// says why, and the guest runs on. From any thread.
  void ask_to_save() { save_wanted_ = true; }

  std::vector<MegabyteRow> first_megabyte() { return chipset_->first_megabyte(); }
  Chipset& chipset() { return *chipset_; }
  /// Null with the effect of decode.
  RangesChipset* ranges() { return ranges_; }
  const lowmeg::memory::Mapper& mapper() const { return engine_->mapper(); }
  std::span<const std::uint8_t> ram() const { return std::as_const(memory_->ram).bytes(); }
  /// What executes the guest and why, in one line.
  const std::string& accel_line() const { return accel_line_; }
  /// Null on an accelerator.
  const SoftEngine* soft() const { return soft_; }
  SoftEngine* soft() { return soft_; }
  /// The ROM chips on the board: where they answer, and their bytes.
  std::vector<RomOnBoard> roms() const { return rom_chips(); }
  const Board& board() const { return *board_; }
  const Clock& clock() const { return engine_->clock(); }
  /// What the CPUs are doing. Between turns.
  std::vector<CpuLook> cpus() { return engine_->look(); }
  std::uint64_t config_accesses() const { return config_accesses_; }
  std::vector<std::pair<std::string, std::uint64_t>> counts() { return engine_->counts(); }
  /// The configuration space of every function on bus 0, as the guest reads it. From `turn` and `ending`; in
  /// split mode it waits for the paravisor.
  std::vector<PciConfig> pci_config();
  /// The text on the screen, in lines; empty without a display device.
  std::string screen();
  /// What reset the guest, and how often.
  const ResetLog& resets() const { return resets_; }
  /// What a machine that goes on with this one, saved, must be built from.
  SavedVm::Build build_for_saving() const;
  /// How often the chipset was built anew.
  std::uint64_t restarts() const { return restarts_; }

 private:
  Machine(const MachineConfig& config, MachineListeners listeners);
  lowmeg::Result<void> build();
  lowmeg::Result<void> build_engine();
  lowmeg::Result<void> build_soft_engine();
  lowmeg::Result<void> build_chipset();
  lowmeg::Result<void> build_memory();
  std::vector<CardConfig> cards() const;
  std::vector<RomOnBoard> rom_chips() const;
  lowmeg::Result<void> build_board();
  void warn_of_lost_option_roms();
  lowmeg::Result<void> can_be_saved() const;
  std::optional<Outcome> save_if_wanted();
  lowmeg::Result<void> save_vm();
  lowmeg::Result<void> load_vm(std::span<const std::uint8_t> file);
  void load_ram(std::span<const SavedPage> pages);
  void carry(Carrier& carrier);
  Outcome run_until(std::chrono::steady_clock::time_point deadline);
  Outcome timed_out();
  bool screen_shows_text();
  void take_com1_input();
  bool shows_enough(Engine::Turn::Kind turn);
  std::string around(const CpuLook& look);
  std::optional<Outcome> after(const Engine::Turn& turn);
  std::optional<Outcome> after_request();
  std::optional<Outcome> carry_out(ResetCause cause);
  lowmeg::Result<void> reset_all();
  void note(const ResetCause& cause);
  KvmMapParts kvm_map_parts();
  RangesConfig ranges_config();
  lowmeg::memory::Mapper& chipset_mapper();
  void seat_news(lowmeg::get::SeatNews news);
  void watch_config_writes(ChipsetSocket& socket, unsigned device);
  void trace(TraceEvent event);
  Outcome stopped(std::string message) const;
  Outcome interrupted() const;

  void power_off(int exit_status) override;
  void reset(const ResetCause& cause) override;
  void fault(const lowmeg::Error& error) override;
  void put(char c) override;
  void accessed(ConfigAccess access) override;
  lowmeg::Result<void> claims_changed() override { return chipset_->devices_changed(board_->claims()); }
  void took_long() override { engine_->request_stop(); }
  void set_a20(Level level) override;

  // Static configuration.
  const MachineConfig config_;

  // Glue to the outside.
  MachineListeners listeners_;

  // Sub-devices.
  ConsoleWatch watch_;
  std::optional<MachineTrace> trace_;  // none: nobody asks. What is seen through it goes first
  std::optional<MemoryChips> memory_;
  std::unique_ptr<Engine> engine_;
  SoftEngine* soft_ = nullptr;
  std::string accel_line_;
  std::unique_ptr<Chipset> chipset_;
  RangesChipset* ranges_ = nullptr;
  ChipsetSocket host_bridge_socket_;
  ChipsetSocket agp_bridge_socket_;
  std::unique_ptr<Board> board_;

  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  std::atomic<bool> interrupted_{false};
  bool runs_ = false;  // run() was called
  std::atomic<bool> save_wanted_{false};

  // Volatile state: what the guest has asked for.
  std::optional<int> power_off_status_;
  std::optional<lowmeg::Error> fault_;
  std::optional<ResetCause> reset_wanted_;
  std::uint64_t found_ns_ = 0, last_put_ns_ = 0;  // the text of --until; the console's last character
  ResetLog resets_;
  std::uint64_t config_accesses_ = 0;
  std::uint64_t restarts_ = 0;
  std::uint64_t next_look_ns_ = 0;   // at the screen
  std::uint64_t next_input_ns_ = 0;  // for COM1
  lowmeg::EventLimit triple_faults_{4};
  lowmeg::EventLimit news_{4};
  bool warned_of_a20_ = false;
};

}  // namespace vmm
