// The host bridge over a memory map of one's own: what PAM changes comes in as ranges and states.
#include <cstdio>

#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"

// Here the hypervisor's own map would be changed; this one prints what it would do.
class MyMap final : public lowmeg::AdjustGpaRanges {
  lowmeg::Result<void> adjust(std::span<const lowmeg::GpaStateChange> changes) override {
    for (const auto& change : changes) {
      if (change.apply == lowmeg::Apply::kForced) continue;
      std::printf("%05llx-%05llx %s > %s\n", static_cast<unsigned long long>(change.range.start()),
                  static_cast<unsigned long long>(change.range.end() - 1),
                  lowmeg::short_name(change.before).data(), lowmeg::short_name(change.now).data());
    }
    return {};
  }
};

int main() {
  MyMap map;
  lowmeg::NullEventSink events;
  lowmeg::bridge::HypervBridge bridge(lowmeg::bridge::kHyperv, map, events);
  lowmeg::bridge::ConfigPorts ports;
  ports.place(0, 0, bridge);
  if (auto on = bridge.power_on(); !on) return std::puts(on.error().message().c_str()), 1;

  // What a BIOS does by OUT: make E0000-FFFFF writable, copy itself there, protect it.
  constexpr std::uint32_t kWrites[][2] = {
      {0x58, 0x3000}, {0x5c, 0x33330000}, {0x58, 0x1000}, {0x5c, 0x11110000}};
  for (const auto& [offset, value] : kWrites) {
    if (!ports.write(0xcf8, 4, 0x80000000 | offset) || !ports.write(0xcfc, 4, value)) return 1;
  }
  return 0;
}
