// A client and a real host in one process, over a fake mapper: what is sent and what the host holds can be
// seen.
#pragma once

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/in_process.hpp"
#include "tests/fakes/fake_mapper.hpp"
#include "tests/fakes/recording_event_sink.hpp"
#include "tests/fakes/recording_transport.hpp"

namespace lowmeg::fakes {

/// 64 MiB of RAM, so that rom_bios_offset is 3F00000h.
struct GetRig {
  static constexpr std::uint64_t kRamSize = 64 << 20;
  static constexpr Gpa kRomBiosOffset = 0x3f00000;
  static constexpr GpaRange kWindow{0, 1 << 20};

  explicit GetRig(get::Batches batches = get::Batches::kNotOffered)
      : host(get::Host::create(mapper, base(), {.ram_size = kRamSize}, events).value()),
        client(get::Client::connect(std::make_unique<RecordingTransport>(
                                        std::make_unique<get::InProcessTransport>(*host, batches), wire),
                                    events)
                   .value()) {
    wire.sent.clear();
  }

  static memory::MemoryMap base() {
    const memory::Region ram{kWindow, memory::ram_routes(0)};
    return memory::MemoryMap::uniform(memory::Layout(kWindow, {&ram, 1}));
  }
  /// What was sent since the last call.
  std::vector<std::string> take_sent() { return std::exchange(wire.sent, {}); }

  RecordingEventSink events;
  FakeMapper mapper{kWindow};
  Wire wire;
  std::unique_ptr<get::Host> host;
  std::unique_ptr<get::Client> client;
};

}  // namespace lowmeg::fakes
