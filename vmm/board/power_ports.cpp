#include "vmm/board/power_ports.hpp"

#include <string_view>

namespace vmm {
namespace {

constexpr std::string_view kShutdown = "Shutdown";
constexpr std::uint32_t kSoftOff = 0x2000;

}  // namespace

void PowerPorts::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (port == kExitPort) return power_.power_off(static_cast<int>(2 * (value & 0xff) + 1));
  if (port == kPm1ControlPort && size == 2 && value == kSoftOff) return power_.power_off(0);
  if (port == kShutdownPort) match(static_cast<char>(value & 0xff));
}

void PowerPorts::match(char character) {
  if (character != kShutdown[matched_]) matched_ = 0;  // "S" begins it again, and occurs nowhere else in it
  if (character == kShutdown[matched_]) ++matched_;
  if (matched_ < kShutdown.size()) return;
  matched_ = 0;
  power_.power_off(0);
}

}  // namespace vmm
