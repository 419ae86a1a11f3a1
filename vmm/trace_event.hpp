// What happens in a machine, as values for who records it: config writes, what they changed, calls to the
// accelerator, resets.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vmm/chipset/timeline_entry.hpp"
#include "vmm/engine.hpp"

namespace vmm {

struct TraceEvent {
  enum class Kind : std::uint8_t {
    kConfigWrite,  ///< to a function of the chipset
    kMapChange,    ///< what the write before it changed: GET, decode and commit
    kGetRequest,   ///< as the host has carried it out
    kCommit,       ///< of a memory map, by whichever mapper
    kPause,        ///< of KVM's vCPUs, for a commit
    kSlotCall,     ///< an ioctl of KvmMapper's
    kMapping,      ///< its mmap or munmap
    kProtect,      ///< its mprotect
    kDemotion,     ///< a page got a read-only slot because of a write
    kExits,        ///< accesses of the guest's that left it since power-on
    kReset,
    kServicing,  ///< all above guest memory built anew; a paravisor that comes, goes or is waited for
  };
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::kServicing) + 1;

  Kind kind = Kind::kConfigWrite;
  std::uint64_t at_ns = 0;    ///< its beginning, of the machine's time
  std::uint64_t took_ns = 0;  ///< of the wall clock; 0 where no wall times are told
  std::string name = {};
  std::vector<std::pair<std::string, std::string>> texts = {};
  std::vector<std::pair<std::string, std::uint64_t>> numbers = {};
  std::optional<TimelineEntry> change = {};  ///< of kMapChange
  std::optional<CodeAddress> code = {};      ///< the instruction that did it, where the engine can tell
};

/// Called on the threads that MachineListeners names, on those of KVM's CPUs and that of the paravisors'
/// door, one event at a time.
using TraceSink = std::function<void(const TraceEvent&)>;

}  // namespace vmm
