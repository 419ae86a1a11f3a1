#include "lowmeg/bridge/config_ports.hpp"

#include <set>
#include <vector>

#include "lowmeg/c/bridge.hpp"
#include "lowmeg/c/structs.hpp"

namespace lowmeg::c {
namespace {

// A function of the caller's on the bus.
class FunctionCallbacks final : public bridge::ConfigFunction {
 public:
  explicit FunctionCallbacks(const lowmeg_function& callbacks) : callbacks_(callbacks) {}

  std::uint32_t read(std::uint8_t offset) override { return callbacks_.read(callbacks_.context, offset); }
  Result<void> write(std::uint8_t offset, std::uint32_t value, bridge::ByteEnables enables) override {
    const std::int32_t result = callbacks_.write(callbacks_.context, offset, value, enables.bits());
    if (result != 0) return tl::unexpected(refused_by_callback("write", result));
    return {};
  }

 private:
  lowmeg_function callbacks_;
};

class Ports final : public Object {
 public:
  using Handle = lowmeg_ports;
  static constexpr Kind kKind = Kind::kPorts;

  explicit Ports(bridge::AddressCycles cycles) : Object(kKind), ports(cycles) {}

  std::int32_t attach(Bridge& bridge);
  std::int32_t place(std::uint32_t device, std::uint32_t function, const lowmeg_function& callbacks);
  Bridge* bridge() { return bridge_; }

  bridge::ConfigPorts ports;

 private:
  std::set<std::uint32_t> taken_;  // device · 8 + function
  std::vector<std::unique_ptr<FunctionCallbacks>> functions_;
  Bridge* bridge_ = nullptr;
  Use use_;
};

std::int32_t is_taken() {
  return failed(LOWMEG_INVALID_ARGUMENT, "ports: the place is taken");
}

std::int32_t Ports::attach(Bridge& bridge) {
  bridge::ConfigFunction* const agp = bridge.agp_bridge();
  if (taken_.contains(0) || (agp && taken_.contains(8))) return is_taken();
  taken_.insert(0);
  ports.place(0, 0, bridge.host_bridge());
  if (agp) {
    taken_.insert(8);
    ports.place(1, 0, *agp);
  }
  bridge_ = &bridge;
  use_ = Use(bridge);
  return LOWMEG_OK;
}

std::int32_t Ports::place(std::uint32_t device, std::uint32_t function, const lowmeg_function& callbacks) {
  if (device >= 32 || function >= 8)
    return failed(LOWMEG_INVALID_ARGUMENT, "ports: a device below 32 and a function below 8");
  if (!callbacks.read || !callbacks.write)
    return failed(LOWMEG_INVALID_ARGUMENT, "ports: a function needs read and write");
  if (!taken_.insert(device * 8 + function).second) return is_taken();
  functions_.push_back(std::make_unique<FunctionCallbacks>(callbacks));
  ports.place(device, function, *functions_.back());
  return LOWMEG_OK;
}

std::int32_t check_port(std::uint32_t port, std::uint32_t bytes) {
  const bool is_size = bytes == 1 || bytes == 2 || bytes == 4;
  if (is_size && port >= bridge::ConfigPorts::kAddressPort && port <= bridge::ConfigPorts::kDataPort + 3)
    return LOWMEG_OK;
  return failed(LOWMEG_INVALID_ARGUMENT, "ports: 1, 2 or 4 bytes from a port in CF8h-CFFh");
}

// The bridge is entered with its ports.
template <typename Body>
std::int32_t access(Ports& ports, Body body) {
  if (!ports.bridge()) return body();
  const Entry entry(*ports.bridge());
  if (!entry) return busy("a call on the bridge has not returned yet");
  if (!ports.bridge()->is_on()) return failed(LOWMEG_WRONG_STATE, "ports: the bridge is not powered on yet");
  return body();
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;
using c::Ports;

int32_t lowmeg_ports_create(uint32_t address_cycles, lowmeg_ports** ports) {
  return c::guarded([&]() -> std::int32_t {
    if (address_cycles > LOWMEG_ANY_CYCLES || !ports)
      return c::failed(LOWMEG_INVALID_ARGUMENT,
                       "ports: cycles that do not exist, or nowhere to put the handle");
    *ports = c::publish(std::make_unique<Ports>(static_cast<bridge::AddressCycles>(address_cycles)));
    return LOWMEG_OK;
  });
}

int32_t lowmeg_ports_close(lowmeg_ports* ports) {
  return c::close<Ports>(ports);
}

int32_t lowmeg_ports_attach(lowmeg_ports* handle, lowmeg_bridge* bridge_handle) {
  return c::on<Ports>(handle, [&](Ports& ports) {
    c::Bridge* const bridge = c::find<c::Bridge>(bridge_handle);
    return bridge ? ports.attach(*bridge) : c::bad_handle();
  });
}

int32_t lowmeg_ports_place(lowmeg_ports* handle, uint32_t device, uint32_t function,
                           const lowmeg_function* callbacks) {
  return c::on<Ports>(handle, [&](Ports& ports) {
    std::int32_t status = LOWMEG_OK;
    const auto known = c::read_struct(callbacks, status);
    return known ? ports.place(device, function, *known) : status;
  });
}

int32_t lowmeg_ports_read(lowmeg_ports* handle, uint32_t port, uint32_t bytes, uint32_t* value) {
  return c::on<Ports>(handle, [&](Ports& ports) {
    if (const std::int32_t status = c::check_port(port, bytes); status != LOWMEG_OK) return status;
    if (!value) return c::failed(LOWMEG_INVALID_ARGUMENT, "ports: nowhere to put the value");
    return c::access(ports, [&]() -> std::int32_t {
      *value = ports.ports.read(static_cast<std::uint16_t>(port), bytes);
      return LOWMEG_OK;
    });
  });
}

int32_t lowmeg_ports_write(lowmeg_ports* handle, uint32_t port, uint32_t bytes, uint32_t value) {
  return c::on<Ports>(handle, [&](Ports& ports) {
    if (const std::int32_t status = c::check_port(port, bytes); status != LOWMEG_OK) return status;
    return c::access(ports, [&]() -> std::int32_t {
      const std::int32_t status = ports.bridge() ? ports.bridge()->check_idle() : std::int32_t{LOWMEG_OK};
      if (status != LOWMEG_OK) return status;
      return c::told(ports.ports.write(static_cast<std::uint16_t>(port), bytes, value));
    });
  });
}

int32_t lowmeg_ports_address(lowmeg_ports* handle, uint32_t* address) {
  return c::on<Ports>(handle, [&](Ports& ports) {
    if (!address) return c::failed(LOWMEG_INVALID_ARGUMENT, "ports: nowhere to put the address");
    *address = ports.ports.address();
    return std::int32_t{LOWMEG_OK};
  });
}

int32_t lowmeg_ports_set_address(lowmeg_ports* handle, uint32_t address) {
  return c::on<Ports>(handle, [&](Ports& ports) {
    ports.ports.set_address(address);
    return std::int32_t{LOWMEG_OK};
  });
}
