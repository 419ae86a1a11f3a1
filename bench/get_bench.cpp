// What GET costs over a socket, against the floor: a ping-pong of 40 bytes over the same kind of socket with
// nothing around it. Each is measured right after the floor, turn by turn, on two pinned CPUs where there are
// two; the counters are medians in microseconds, and their ratio.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "lowmeg/get/client.hpp"
#include "lowmeg/get/unix_server.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "lowmeg/memory/soft_mapper.hpp"

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kRamSize = 64ull << 20;
constexpr std::size_t kPingSize = 40;
constexpr std::uint32_t kSegments = 13;

// Threads that are started later inherit it.
void pin_to(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::thread::hardware_concurrency(), &set);
  pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

// The host's side runs on CPU 1, the client's on CPU 0.
class Setting {
 public:
  Setting() {
    pin_to(1);
    echo_ = std::thread([this] { echo(); });
    server_ = UnixServer::listen(path_, *host_, events_, {}).value();
    pin_to(0);
    client_ = connect();
  }
  ~Setting() {
    raw_.first.shut_down();
    echo_.join();
  }

  std::unique_ptr<Client> connect() {
    return Client::connect(std::make_unique<UnixTransport>(PacketSocket::connect(path_).value()), events_)
        .value();
  }

  double raw_round_trip() {
    return timed([this] {
      if (!raw_.first.send(ping_, Deadline::max())) std::abort();
      if (!raw_.first.receive(ping_, Deadline::max())) std::abort();
    });
  }
  double perform(std::span<RangeExchange> exchanges) {
    return timed([&] {
      if (!client_->perform(exchanges)) std::abort();
    });
  }

 private:
  template <typename Work>
  static double timed(Work work) {
    const auto start = steady_clock::now();
    work();
    return std::chrono::duration<double, std::micro>(steady_clock::now() - start).count();
  }
  void echo() {
    std::array<std::uint8_t, kPingSize> buffer{};
    while (raw_.second.receive(buffer, Deadline::max()) && raw_.second.send(buffer, Deadline::max())) {
    }
  }
  static memory::MemoryMap base_map() {
    const memory::Region ram{GpaRange(0, kRamSize), memory::ram_routes(0)};
    return memory::MemoryMap::uniform(memory::Layout(memory::SoftMapper::kWindow, {&ram, 1}));
  }

  std::string path_ = "/tmp/lowmeg-get-bench-" + std::to_string(::getpid());
  NullEventSink events_;
  memory::Backing ram_ = memory::Backing::create("bench-ram", kRamSize).value();
  memory::Backing rom_ = memory::Backing::create("bench-rom", kPageSize).value();
  std::unique_ptr<memory::SoftMapper> mapper_ = memory::SoftMapper::create(ram_, rom_).value();
  std::unique_ptr<Host> host_ = Host::create(*mapper_, base_map(), {.ram_size = kRamSize}, events_).value();
  std::pair<PacketSocket, PacketSocket> raw_ = PacketSocket::pair().value();
  std::array<std::uint8_t, kPingSize> ping_{};
  std::thread echo_;
  std::unique_ptr<UnixServer> server_;
  std::unique_ptr<Client> client_;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// `exchanges` again and again, a raw round trip before each.
void against_raw(benchmark::State& state, std::vector<RangeExchange> exchanges) {
  Setting setting;
  std::vector<double> raw, get;
  for (auto _ : state) {
    raw.push_back(setting.raw_round_trip());
    get.push_back(setting.perform(exchanges));
    state.SetIterationTime(get.back() * 1e-6);
  }
  state.counters["raw_us"] = median(raw);
  state.counters["get_us"] = median(get);
  state.counters["ratio"] = median(get) / median(raw);
}

// A create of 40 bytes that the host refuses: the protocol alone.
void one_round_trip(benchmark::State& state) {
  against_raw(state, {{CreateRamGpaRange{99, 0xc0000, 0x4000, 0xc0000, 0}, {}}});
}
BENCHMARK(one_round_trip)->UseManualTime()->Iterations(20000);

// 13 resets and 13 creates, which move the backing: one batch, one commit.
void batch_of_13_resets_and_13_creates(benchmark::State& state) {
  std::vector<RangeExchange> exchanges;
  for (std::uint32_t slot = 0; slot < kSegments; ++slot) {
    const Gpa start = 0xc0000 + slot * 0x4000;
    exchanges.push_back({ResetRamGpaRange{slot}, {}});
    exchanges.push_back({CreateRamGpaRange{slot, start, 0x4000, start, wire::kFlagRomMb}, {}});
  }
  against_raw(state, exchanges);
}
BENCHMARK(batch_of_13_resets_and_13_creates)->UseManualTime()->Iterations(5000);

}  // namespace
}  // namespace lowmeg::get
