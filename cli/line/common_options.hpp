// Options, and rules for what is given to them, that several commands have.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/line/options.hpp"

namespace cli {

inline constexpr std::uint64_t kMiB = 1 << 20;

/// RAM in bytes; a size as CLI11 reads it, with the machine's rules.
CLI::Option* add_memory(CLI::App& command, std::uint64_t& memory);
/// On top: what a chip can hold.
CLI::Validator chip_memory();
void add_accel(CLI::App& command, std::string& name);
vmm::Accel accel_named(const std::string& name);
void add_kvm_map(CLI::App& command, std::string& name);
vmm::KvmMap kvm_map_named(const std::string& name);
/// How the paravisor asks its host: --get.
void add_get(CLI::App& command, std::string& name);
lowmeg::get::Batching batching_named(const std::string& name);

CLI::Validator positive_seconds();
CLI::Validator access_number();
/// "1,40,41": each is an access, and there is nothing else.
CLI::Validator access_numbers();
std::vector<std::uint64_t> accesses_in(const std::string& list);

}  // namespace cli
