// The conformance ROM on somebody else's machine: `lowmeg check --against COMMAND`.
#pragma once

#include "cli/own_check.hpp"

namespace cli {

/// Runs the command with the ROM (run_peer); each piece of its output goes to `listen` as well. Lines that
/// are no part of a report are passed over: emulators have a log of their own.
lowmeg::Result<Judged> check_peer(const CheckOptions& options, const vmm::Image& rom,
                                  const std::function<void(char)>& listen);

/// Which of Lowmeg's bridges is like the one that the ROM found, or null: it says so in a note.
const lowmeg::bridge::Identity* bridge_in(const vmm::ConformanceReport& report);

}  // namespace cli
