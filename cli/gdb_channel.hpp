// Where gdb comes to: a port of this computer alone, or a socket file.
#pragma once

#include <memory>
#include <string>

#include "vmm/gdb_stub.hpp"

namespace cli {

/// Listens at "unix:PATH" (mode 0600) or at a port of 127.0.0.1; the first who comes is gdb, and nobody else
/// is let in. receive() waits for it as for bytes. kInvalidArgument for what is neither.
lowmeg::Result<std::unique_ptr<vmm::GdbChannel>> open_gdb_channel(const std::string& where);

}  // namespace cli
