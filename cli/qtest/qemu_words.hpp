// The command line that a test written for QEMU starts its machine with: as many of QEMU's options as
// libqtest gives, and those that mean nothing here.
//
// After QEMU's qemu-options.hx and tests/qtest/libqtest.c. What is not known is refused: a test that asks for
// a device must not run without it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lowmeg/core/result.hpp"

namespace cli {

/// lowmeg qtest
struct QtestOptions {
  std::string bridge = "i440fx";  ///< or i440bx
  std::string firmware = "/usr/share/seabios/bios.bin";
  std::uint64_t memory = 128ull << 20;  ///< bytes; QEMU's default
  std::string qtest;                    ///< a socket to connect to, or kStdio; required
  std::string qmp;                      ///< a socket to connect to; empty: nobody asks
  std::string log;                      ///< a file for the lines of both sides; empty: none

  static constexpr const char* kStdio = "stdio";
};

/// An error names what is wrong.
lowmeg::Result<QtestOptions> parse_qemu_words(std::span<const std::string> words);

/// Where the program was called by a name that ends in -system-x86_64: the command line that is meant by it,
/// without the name, "qtest" first. The name may choose the bridge: i440bx in it does.
std::optional<std::vector<std::string>> words_of_a_machine(std::span<const char* const> arguments);

/// The options, a line each, for a help text.
std::string qemu_words_help();

}  // namespace cli
