#include "guest/program/program_runtime.hpp"

extern "C" {
extern const std::uint8_t lowmeg_program_runtime[];
extern const std::uint8_t lowmeg_program_runtime_end[];
}

namespace guest {

std::span<const std::uint8_t> program_runtime() {
  return {lowmeg_program_runtime, lowmeg_program_runtime_end};
}

}  // namespace guest
