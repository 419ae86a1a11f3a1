// The whole chain in one process: config ports, host bridge, GET-backed adjuster, client, host, software
// mapper, memory.
#pragma once

#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/get/client.hpp"
#include "lowmeg/get/in_process.hpp"
#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "lowmeg/hyperv/rom_bios_offset.hpp"
#include "lowmeg/memory/soft_mapper.hpp"
#include "tests/fakes/recording_transport.hpp"

namespace lowmeg::fakes {

/// 64 MiB of RAM, A0000-BFFFF on the bus, 128 KiB of ROM below 4 GiB. Powered on by power_on().
struct Chain {
  static constexpr std::uint64_t kRamSize = 64 << 20;
  static constexpr std::uint64_t kRomSize = 128 << 10;
  static constexpr Gpa kTop = 1ull << 32;

  explicit Chain(const bridge::Identity& identity, get::Batches batches = get::Batches::kNotOffered)
      : host(get::Host::create(*mapper, base(), {.ram_size = kRamSize}, events).value()),
        client(get::Client::connect(std::make_unique<RecordingTransport>(
                                        std::make_unique<get::InProcessTransport>(*host, batches), wire),
                                    events)
                   .value()),
        bridge(identity, adjuster, events) {
    ports.place(0, 0, bridge);
    wire.sent.clear();
  }

  static memory::MemoryMap base() {
    const memory::Region regions[] = {
        {{0, 0xa0000}, memory::ram_routes(0)},
        {{0xc0000, kRamSize}, memory::ram_routes(0xc0000)},
        {{kTop - kRomSize, kTop}, memory::rom_routes(0)},
    };
    return memory::MemoryMap::uniform(memory::Layout(memory::SoftMapper::kWindow, regions));
  }

  Result<void> power_on() { return bridge.power_on(); }
  /// A reset of the guest: host, client and adjuster are older than it.
  Result<void> reset() {
    ports.reset();
    return bridge.reset();
  }

  NullEventSink events;
  memory::Backing ram = memory::Backing::create("ram", kRamSize).value();
  memory::Backing rom = memory::Backing::create("rom", kRomSize).value();
  std::unique_ptr<memory::SoftMapper> mapper = memory::SoftMapper::create(ram, rom).value();
  Wire wire;
  std::unique_ptr<get::Host> host;
  std::unique_ptr<get::Client> client;
  hyperv::GetBackedAdjuster adjuster{*client, 0, hyperv::rom_bios_offset(kRamSize).value(), events};
  bridge::HypervBridge bridge;
  bridge::ConfigPorts ports;
};

}  // namespace lowmeg::fakes
