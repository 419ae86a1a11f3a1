// lowmeg qtest: a machine for tests that speak QEMU's qtest protocol.
#pragma once

#include "cli/qtest/qemu_words.hpp"

namespace cli {

/// Returns the exit status.
int qtest(const QtestOptions& options);

}  // namespace cli
