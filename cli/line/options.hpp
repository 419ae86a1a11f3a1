// What each command is asked for, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/qtest/qemu_words.hpp"
#include "cli/state/state_json.hpp"
#include "vmm/dry_host.hpp"
#include "vmm/machine.hpp"

namespace cli {

/// lowmeg boot and watch
struct BootOptions {
  std::string firmware = "/usr/share/seabios/bios.bin";
  std::string bridge = "i440fx";
  vmm::PamEffect pam = vmm::PamEffect::kHyperv;
  vmm::Accel accel = vmm::Accel::kAuto;
  vmm::KvmMap kvm_map = vmm::KvmMap::kAuto;
  unsigned cpus = 1;
  std::string vgabios;
  std::string vgabios_pci;
  std::string floppy;
  std::vector<std::string> option_roms;
  std::string kernel, initrd, append;
  std::uint64_t memory = 64ull << 20;  ///< bytes
  vmm::ConsoleSource console = vmm::ConsoleSource::kBiosPorts;
  std::optional<std::string>
      until;  ///< none: what goes with the firmware (vmm::text_at_the_end); empty: never
  double timeout_s = 60;
  vmm::Timing timing = vmm::Timing::kWall;
  lowmeg::get::Batching batching = lowmeg::get::Batching::kWhereOffered;
  vmm::InitReach init_reach = vmm::InitReach::kCpus;
  bool quiet = false;
  bool stats = false;
  std::string trace_file, map_file, lspci_file;  ///< empty: not wanted
  std::string gdb;                               ///< a port, or unix:PATH; empty: nobody
  std::string inspect;                           ///< a socket's path; empty: nobody
  bool live = false;                             ///< a band instead of lines, where stdout is a terminal
  std::uint64_t restart_every = 0;               ///< config accesses; 0: never
  std::vector<std::uint64_t> restart_at;         ///< numbers of config accesses, from 1
};

/// lowmeg host
struct HostOptions {
  std::string socket;
  bool dry_run = false;
  BootOptions boot;  ///< of a dry run memory and stats alone
  lowmeg::get::Batches batches = lowmeg::get::Batches::kOffered;
  double wait_s = 30;     ///< for a paravisor to come
  double patience_s = 5;  ///< with one that is silent over an access
  std::string save;       ///< the file that SIGUSR1 writes; empty: none
  std::string load;       ///< the file to go on with; empty: power on
};

/// lowmeg paravisor
struct ParavisorOptions {
  std::string socket;
  std::string bridge;                  ///< empty: whatever the host's machine has
  std::uint64_t memory = 64ull << 20;  ///< bytes; for a host that does not tell
  double wait_s = 0;                   ///< for the host to be there
  bool take_over = false;
  lowmeg::get::Batching batching = lowmeg::get::Batching::kWhereOffered;
  bool stats = false;
};

/// lowmeg check
struct CheckOptions {
  vmm::Accel accel = vmm::Accel::kAuto;
  vmm::KvmMap kvm_map = vmm::KvmMap::kAuto;
  std::string bridge;  ///< i440fx or i440bx; empty: both
  vmm::PamEffect pam = vmm::PamEffect::kChip;
  std::string rom;                     ///< another image; empty: the one built in
  std::string against;                 ///< a shell command of another machine's; empty: none
  std::uint64_t memory = 64ull << 20;  ///< bytes
  double timeout_s = 60;               ///< for each bridge
  bool verbose = false;
  bool tap = false;  ///< the ROM's own lines and nothing else
};

/// lowmeg decode
struct DecodeOptions {
  std::vector<std::string> inputs;  ///< a file, "-", seven bytes of hex in one word or seven; assignments
  std::vector<std::string> diff;    ///< two files instead
  std::string slot;                 ///< empty: the only host bridge
  bool json = false;
  bool dump = false;  ///< print the functions as lspci -F reads them
};

/// lowmeg inspect PATH
struct InspectOptions {
  std::string socket;
  bool json = false;
  bool lspci = false;
  double wait_s = 0;  ///< for the machine to be there
};
/// Of lowmeg check: a check failed, or the report is not whole.
inline constexpr int kCheckFailed = 1;

/// What to print and exit with instead of running a command: help, the version, or a complaint.
struct Farewell {
  std::string text;
  int exit_status = 0;
};

inline constexpr int kWrongUsage = 2;

enum class StateDirection { kEncode, kDecode, kExtract, kInsert };

/// lowmeg state encode|decode|extract|insert KIND
struct StateOptions {
  StateDirection direction = StateDirection::kEncode;
  StateKind kind = StateKind::kAdjuster;
  bool hex = false;
  std::string into;  ///< with kInsert, the file that holds the servicing state
  bool check = false;
  std::uint64_t memory = 64ull << 20;  ///< bytes; for check
};

using Command = std::variant<BootOptions, CheckOptions, DecodeOptions, HostOptions, InspectOptions,
                             ParavisorOptions, QtestOptions, StateOptions, Farewell>;

}  // namespace cli
