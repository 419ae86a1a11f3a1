#include "tests/programs/image.hpp"

#include <algorithm>
#include <bit>
#include <sstream>
#include <stdexcept>

#include "guest/program/layout.h"
#include "guest/program/program_runtime.hpp"
#include "tests/programs/assembler.hpp"

namespace programs {
namespace {

constexpr std::size_t kLeastImage = 0x20000;  // all that a PC shows below 1 MiB

void put(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) bytes.at(at + i) = static_cast<std::uint8_t>(value >> 8 * i);
}

}  // namespace

std::vector<std::uint8_t> image_of(std::span<const Program> programs, Telling telling) {
  const std::vector<std::uint32_t> told = told_boundaries();
  std::vector<std::uint8_t> code(HEADER_BYTES + 4 * (told.size() + programs.size()));
  std::size_t entry = HEADER_BYTES;
  for (const std::uint32_t boundary : told) {
    put(code, entry, boundary);
    entry += 4;
  }
  for (const Program& program : programs) {
    const auto at = static_cast<std::uint32_t>(PROGRAM_CODE + code.size());
    put(code, entry, at);
    entry += 4;
    const auto bytes = assemble(program, at);
    code.insert(code.end(), bytes.begin(), bytes.end());
  }
  code.resize((code.size() + 3) / 4 * 4);
  put(code, HEADER_SIZE, static_cast<std::uint32_t>(code.size()));
  put(code, HEADER_FLAGS, telling == Telling::kAll ? FLAG_VERBOSE : 0);
  put(code, HEADER_WINDOWS, static_cast<std::uint32_t>(told.size()));
  put(code, HEADER_PROGRAMS, static_cast<std::uint32_t>(programs.size()));
  if (PROGRAM_CODE + code.size() > PROGRAM_CODE_END)
    throw std::length_error("too many programs for an image");

  const std::size_t size = std::max(kLeastImage, std::bit_ceil(code.size() + PROGRAM_RUNTIME_SIZE));
  std::vector<std::uint8_t> image(size, 0xf4);
  std::ranges::copy(code, image.begin());
  std::ranges::copy(guest::program_runtime(), image.end() - PROGRAM_RUNTIME_SIZE);
  put(image, size - IMAGE_SIZE_FROM_END, static_cast<std::uint32_t>(size));
  return image;
}

Report read_report(const std::string& console) {
  Report report;
  std::istringstream lines(console);
  std::string before;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("P ") && line.size() > 7) {
      report.programs[static_cast<unsigned>(std::stoul(line.substr(2, 4), nullptr, 16))] =
          before + line.substr(7) + "\n";
      before.clear();
    } else if (line.starts_with("END ")) {
      report.end = line;
    } else if (line.starts_with("R ") || line.starts_with("W ")) {
      before += line + "\n";
    }
  }
  return report;
}

}  // namespace programs
