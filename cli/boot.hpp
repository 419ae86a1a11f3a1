// lowmeg boot: firmware on the reference machine, its log on stdout, what became of PAM on stderr.
#pragma once

#include <functional>

#include "cli/line/options.hpp"

namespace cli {

/// Gives the exit status of the design's contract: 0 when --until is met, the guest's own at power-off, 124
/// at the time-out, 128 + its number when a signal ended it, 2 for input that cannot be used, 1 when the
/// machine had to stop.
int boot(const BootOptions& options);

/// Reads and checks everything that the machine is built from; nothing is created yet.
lowmeg::Result<vmm::MachineConfig> gather(const BootOptions& options, lowmeg::EventSink& events);
/// Of a machine that is run: called once it is there, before it is powered on, and when it ends.
struct Lifetime {
  std::function<void(vmm::Machine&)> built;
  std::function<void()> ended;
};
/// Builds the machine, runs it and shows it as boot() does.
int run_machine(vmm::MachineConfig config, const BootOptions& options, lowmeg::EventSink& events,
                const Lifetime& lifetime = {});

}  // namespace cli
