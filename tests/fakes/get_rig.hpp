// A client and a real host in one process, over a fake mapper: what is sent and what the host holds can be
// seen. The bytes go by a call, or over a real socket.
#pragma once

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/in_process.hpp"
#include "lowmeg/get/unix_server.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "tests/fakes/fake_mapper.hpp"
#include "tests/fakes/recording_event_sink.hpp"
#include "tests/fakes/recording_transport.hpp"
#include "tests/fakes/temp_folder.hpp"

namespace lowmeg::fakes {

enum class Carrier { kCall, kSocket };

/// 64 MiB of RAM, so that rom_bios_offset is 3F00000h.
struct GetRig {
  static constexpr std::uint64_t kRamSize = 64 << 20;
  static constexpr Gpa kRomBiosOffset = 0x3f00000;
  static constexpr GpaRange kWindow{0, 1 << 20};

  explicit GetRig(get::Batches batches = get::Batches::kNotOffered, Carrier carrier = Carrier::kCall)
      : host(get::Host::create(mapper, base(), {.ram_size = kRamSize}, events).value()),
        client(get::Client::connect(std::make_unique<RecordingTransport>(transport(batches, carrier), wire),
                                    events)
                   .value()) {
    // The offer of batches follows the version's answer; that of a request comes after it for certain.
    get::RangeExchange first{get::ResetRamGpaRange{0}, std::nullopt};
    if (carrier == Carrier::kSocket && !client->perform({&first, 1})) throw std::runtime_error("GetRig");
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
  std::optional<TempFolder> folder;         // with kSocket
  std::unique_ptr<get::UnixServer> server;  // with kSocket
  std::unique_ptr<get::Client> client;

 private:
  std::unique_ptr<get::Transport> transport(get::Batches batches, Carrier carrier) {
    if (carrier == Carrier::kCall) return std::make_unique<get::InProcessTransport>(*host, batches);
    const std::string path = folder.emplace().file("get");
    server = get::UnixServer::listen(path, *host, events, {.parts = {.batches = batches}}).value();
    return std::make_unique<get::UnixTransport>(get::PacketSocket::connect(path).value());
  }
};

}  // namespace lowmeg::fakes
