// A firmware image that runs programs, and what such an image prints.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tests/programs/op.hpp"

namespace programs {

enum class Telling { kChecksums, kAll };

/// With kAll each record and each window has a line. An image has room for some hundred programs.
std::vector<std::uint8_t> image_of(std::span<const Program> programs, Telling telling);

/// What an image printed.
struct Report {
  std::map<unsigned, std::string> programs;  ///< by number: its lines
  std::string end;                           ///< its last line; empty: it did not get there
};
Report read_report(const std::string& console);

}  // namespace programs
