// The C interface called in random order with random arguments: handles that are open, closed, null or of
// another kind. Nothing may crash, leak or abort. A byte picks the call, and further bytes its arguments.
#include <lowmeg/lowmeg-state.h>

#include <array>

#include "fuzz/c_api_kvm.hpp"

namespace lowmeg::fuzz {
namespace {

// Eight places for handles of each kind; what was closed stays there.
template <typename Handle>
struct Places {
  Handle* any(FuzzInput& input) { return handles[input.byte() % handles.size()]; }
  Handle** place(FuzzInput& input) { return &handles[input.byte() % handles.size()]; }
  std::array<Handle*, 8> handles{};
};

std::int32_t result_of(void* context) {
  return *static_cast<std::uint8_t*>(context) % 4 == 3 ? -1 : 0;
}

class Caller {
 public:
  explicit Caller(FuzzInput input) : input_(input) {}
  ~Caller();
  void call();
  bool is_done() const { return input_.empty(); }

 private:
  void create();
  void close();
  void use();
  void exchange();
  void create_bridge();
  void create_below();
  void carry_state();
  lowmeg_bus bus();

  static std::int32_t adjust(void* context, const lowmeg_change*, std::size_t) { return result_of(context); }
  static std::int32_t commit(void* context, const lowmeg_map*) { return result_of(context); }
  static std::int32_t range(void* context, const lowmeg_range*) { return result_of(context); }

  // Opened over an open handle the old one would leak: it is closed first, if it can be.
  template <typename Handle, typename Close, typename Create>
  void open(Places<Handle>& places, Close close_one, Create create_one) {
    Handle** const place = places.place(input_);
    const std::int32_t closed = close_one(*place);
    if (closed == LOWMEG_BUSY) return;
    create_one(place);
  }

  FuzzInput input_;
  std::uint8_t refusal_ = 0;
  std::array<lowmeg_region, 3> regions_{};
  Places<lowmeg_bridge> bridges_;
  Places<lowmeg_ports> ports_;
  Places<lowmeg_client> clients_;
  Places<lowmeg_adjuster> adjusters_;
  Places<lowmeg_host> hosts_;
  Places<lowmeg_session> sessions_;
  KvmPlaces kvms_{refusal_};
  std::array<std::uint8_t, 4096> bridge_state_{}, adjuster_state_{};
  lowmeg_bytes saved_bridge_{bridge_state_.data(), 0}, saved_adjuster_{adjuster_state_.data(), 0};
};

lowmeg_bus Caller::bus() {
  for (lowmeg_region& region : regions_) {
    const auto route = [this] {
      lowmeg_route made{input_.byte() % 6u, 0, 0};
      made.offset = (input_.byte() % 4u) * 0x1000ull;
      made.offset += input_.byte() == 1;
      return made;
    };
    region.start = input_.byte() * 0x4000ull;
    region.end = region.start + input_.byte() % 8u * 0x1000ull;
    region.read = route();
    region.write = route();
    region.fetch = route();
  }
  return {regions_.data(), input_.byte() % 4u};
}

void Caller::create_bridge() {
  lowmeg_bridge_config config{};
  config.size = input_.byte() == 0xff ? 3 : sizeof(config);
  config.identity = input_.byte() % 4u;
  config.ram_bytes = input_.byte() * 0x800000ull;
  config.below_context = &refusal_;
  const std::uint8_t below = input_.byte();
  if (below & 1) config.adjust = adjust;
  if (below & 2) config.adjuster = adjusters_.any(input_);
  if (below & 4) config.commit = commit;
  if (below & 8) config.kvm = kvms_.any(input_);
  if (below & 12) config.pci = bus();
  open(bridges_, lowmeg_bridge_close, [&](lowmeg_bridge** place) { lowmeg_bridge_create(&config, place); });
}

void Caller::create_below() {
  lowmeg_client_config client{};
  client.size = sizeof(client);
  client.one_at_a_time = input_.byte() % 3u;
  open(clients_, lowmeg_client_close, [&](lowmeg_client** place) { lowmeg_client_create(&client, place); });
  lowmeg_adjuster_config adjuster{};
  adjuster.size = sizeof(adjuster);
  adjuster.base_slot = input_.byte();
  adjuster.ram_bytes = input_.byte() * 0x100000ull;
  adjuster.client = clients_.any(input_);
  open(adjusters_, lowmeg_adjuster_close,
       [&](lowmeg_adjuster** place) { lowmeg_adjuster_create(&adjuster, place); });
}

void Caller::create() {
  switch (input_.byte() % 5) {
    case 0:
      return create_bridge();
    case 1:
      return create_below();
    case 2:
      return open(ports_, lowmeg_ports_close,
                  [&](lowmeg_ports** place) { lowmeg_ports_create(input_.byte() % 3u, place); });
    case 3: {
      lowmeg_host_config config{};
      config.size = sizeof(config);
      config.slots = input_.byte() % 40u;
      config.ram_bytes = input_.byte() * 0x100000ull;
      config.range = range;
      config.range_context = &refusal_;
      return open(hosts_, lowmeg_host_close,
                  [&](lowmeg_host** place) { lowmeg_host_create(&config, place); });
    }
    default:
      return open(sessions_, lowmeg_session_close,
                  [&](lowmeg_session** place) { lowmeg_session_create(hosts_.any(input_), place); });
  }
}

void Caller::close() {
  switch (input_.byte() % 7) {
    case 0:
      lowmeg_bridge_close(bridges_.any(input_));
      return;
    case 1:
      lowmeg_ports_close(ports_.any(input_));
      return;
    case 2:
      lowmeg_client_close(clients_.any(input_));
      return;
    case 3:
      lowmeg_adjuster_close(adjusters_.any(input_));
      return;
    case 4:
      lowmeg_host_close(hosts_.any(input_));
      return;
    case 5:
      lowmeg_session_close(sessions_.any(input_));
      return;
    default:
      // SAFETY: a handle is a number; this one is of another kind.
      lowmeg_ports_close(reinterpret_cast<lowmeg_ports*>(bridges_.any(input_)));
  }
}

void Caller::use() {
  std::uint32_t states[LOWMEG_SEGMENTS];
  const std::uint8_t what = input_.byte();
  // One after the other: in which order a call's arguments are worked out is the compiler's affair.
  lowmeg_bridge* const bridge = bridges_.any(input_);
  lowmeg_ports* const ports = ports_.any(input_);
  const std::uint32_t first = input_.byte(), second = input_.byte();
  std::uint32_t value = input_.dword();
  switch (what % 11) {
    case 0:
      lowmeg_bridge_power_on(bridge);
      return;
    case 1:
      lowmeg_bridge_reset(bridge);
      return;
    case 2:
      lowmeg_bridge_read(bridge, first % 3, second * 2, &value);
      return;
    case 3:
      lowmeg_bridge_write(bridge, first % 3, second * 4, value, input_.byte() % 17u);
      return;
    case 4:
      lowmeg_bridge_pam_states(bridge, states);
      return;
    case 5: {
      const lowmeg_bus pci = bus(), agp{};
      lowmeg_bridge_bus_changed(bridge, &pci, &agp);
      return;
    }
    case 6:
      lowmeg_ports_attach(ports, bridge);
      return;
    case 7:
      lowmeg_ports_write(ports, 0xcf8 + first % 9, second % 6, value);
      return;
    case 8:
      lowmeg_ports_read(ports, 0xcf8 + first % 9, second % 6, &value);
      return;
    case 9:
      lowmeg_adjuster_doubt(adjusters_.any(input_));
      return;
    default:
      lowmeg_client_state(clients_.any(input_), &value);
  }
}

// Saves a bridge, changes the bytes now and then, restores one.
void Caller::carry_state() {
  if (input_.byte() % 2 == 0) {
    saved_bridge_.size = std::size_t{input_.byte()} * 32;
    saved_adjuster_.size = adjuster_state_.size();
    lowmeg_bytes* const adjuster = input_.byte() % 4 == 0 ? nullptr : &saved_adjuster_;
    const std::int32_t status = lowmeg_state_save(bridges_.any(input_), &saved_bridge_, adjuster);
    if (status != LOWMEG_OK) saved_bridge_.size = saved_adjuster_.size = 0;
    return;
  }
  for (auto* state : {&bridge_state_, &adjuster_state_}) {
    std::uint8_t& byte = (*state)[input_.byte()];
    if (const std::uint8_t flip = input_.byte(); flip % 4 == 0) byte ^= flip;
  }
  lowmeg_bridge* const bridge = bridges_.any(input_);
  lowmeg_state_restore(bridge, &saved_bridge_, &saved_adjuster_, input_.byte() % 3u);
}

// A message of the fuzzer's, or one that the other end gives.
void Caller::exchange() {
  std::array<std::uint8_t, LOWMEG_MESSAGE_MAX> buffer;
  std::size_t size = 0;
  lowmeg_client* const client = clients_.any(input_);
  lowmeg_session* const session = sessions_.any(input_);
  const std::uint8_t how = input_.byte();
  if (how % 8 == 0) {
    const auto message = input_.message();
    lowmeg_client_take(client, message.data(), message.size());
  } else if (how % 8 == 1) {
    const auto message = input_.message();
    lowmeg_session_take(session, message.data(), message.size());
  } else if (how % 8 == 2) {
    lowmeg_client_next(client, buffer.data(), input_.byte(), &size);
  } else {
    for (int i = 0; i < 40; ++i) {
      if (lowmeg_client_next(client, buffer.data(), buffer.size(), &size) == LOWMEG_OK && size != 0)
        lowmeg_session_take(session, buffer.data(), size);
      while (lowmeg_session_next(session, buffer.data(), buffer.size(), &size) == LOWMEG_OK && size != 0)
        lowmeg_client_take(client, buffer.data(), size);
    }
  }
}

void Caller::call() {
  const std::uint8_t what = input_.byte();
  refusal_ = what >> 4;
  switch (what % 8) {
    case 0:
    case 1:
      return create();
    case 2:
      return close();
    case 3:
      return exchange();
    case 6:
      return carry_state();
    case 7:
      return what & 8 ? kvms_.create(input_) : kvms_.use(input_);
    default:
      return use();
  }
}

Caller::~Caller() {
  for (lowmeg_ports* ports : ports_.handles) lowmeg_ports_close(ports);
  for (lowmeg_bridge* bridge : bridges_.handles) lowmeg_bridge_close(bridge);
  for (lowmeg_client* client : clients_.handles) lowmeg_client_take(client, &refusal_, 1);  // gives it up
  for (lowmeg_adjuster* adjuster : adjusters_.handles) lowmeg_adjuster_close(adjuster);
  for (lowmeg_client* client : clients_.handles) lowmeg_client_close(client);
  for (lowmeg_session* session : sessions_.handles) lowmeg_session_close(session);
  for (lowmeg_host* host : hosts_.handles) lowmeg_host_close(host);
  kvms_.close();
  // All is closed by now: nothing was in use, and nothing is open twice.
  for (lowmeg_bridge* bridge : bridges_.handles)
    LOWMEG_INVARIANT(lowmeg_bridge_close(bridge) == LOWMEG_BAD_HANDLE, "a closed handle");
  for (lowmeg_client* client : clients_.handles)
    LOWMEG_INVARIANT(lowmeg_client_close(client) == LOWMEG_BAD_HANDLE, "a closed handle");
  for (lowmeg_host* host : hosts_.handles)
    LOWMEG_INVARIANT(lowmeg_host_close(host) == LOWMEG_BAD_HANDLE, "a closed handle");
}

}  // namespace
}  // namespace lowmeg::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowmeg::fuzz::Caller caller(lowmeg::fuzz::FuzzInput(data, size));
  while (!caller.is_done()) caller.call();
  return 0;
}
