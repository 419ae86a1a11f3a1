#include "lowmeg/c/bridge.hpp"

#include "lowmeg/c/adjust_callback.hpp"
#include "lowmeg/c/kvm.hpp"
#include "lowmeg/c/maps.hpp"
#include "lowmeg/c/structs.hpp"

namespace lowmeg::c {
namespace {

bridge::ChipOptions options_of(const lowmeg_bridge_config& config) {
  bridge::ChipOptions options;
  if (config.ram_bytes != 0) options.drb = bridge::drb_for(config.ram_bytes);
  options.agp = config.agp_strapped_off ? bridge::Agp::kStrappedOff : bridge::Agp::kPresent;
  return options;
}

Result<void> check(const lowmeg_bridge_config& config) {
  const auto wrong = [](const char* line) { return fail(Errc::kInvalidArgument, line); };
  const bool is_map = config.commit || config.kvm;
  const int below = (config.adjust != nullptr) + (config.adjuster != nullptr) + (config.commit != nullptr) +
                    (config.kvm != nullptr);
  if (below != 1) return wrong("bridge: give one of adjust, adjuster, commit and kvm");
  if (config.identity > LOWMEG_HYPERV) return wrong("bridge: an identity that does not exist");
  if (config.agp_strapped_off > 1 || config.reserved != 0) return wrong("bridge: a flag that is not 0 or 1");
  if (!is_ram_size(config.ram_bytes)) return wrong("bridge: ram_bytes is not whole pages, or too much");
  if (is_map && config.ram_bytes == 0) return wrong("bridge: a map needs ram_bytes");
  if (is_map && config.identity == LOWMEG_HYPERV)
    return fail(Errc::kNotSupported, "bridge: the Hyper-V identity has no map; take i440fx or i440bx");
  return {};
}

std::int32_t below_of(const lowmeg_bridge_config& config, Below& below) {
  if (config.adjust) {
    below.own_adjuster = std::make_unique<AdjustCallback>(config.adjust, config.below_context);
    below.adjuster = below.own_adjuster.get();
  } else if (config.commit) {
    below.own_mapper = std::make_unique<CommitCallback>(config.commit, config.below_context);
    below.mapper = below.own_mapper.get();
  } else if (config.adjuster) {
    below.get_adjuster = find<Adjuster>(config.adjuster);
    if (!below.get_adjuster) return bad_handle();
    if (below.get_adjuster->is_used()) return busy("the adjuster has a bridge");
    below.adjuster = below.get_adjuster;
    below.use = Use(*below.get_adjuster);
  } else {
    Kvm* const kvm = find<Kvm>(config.kvm);
    if (!kvm) return bad_handle();
    if (kvm->is_used()) return busy("the KVM mapper has a bridge");
    below.mapper = &kvm->mapper();
    below.kvm = kvm;
    below.use = Use(*kvm);
  }
  return LOWMEG_OK;
}

}  // namespace

Bridge::Bridge(const lowmeg_bridge_config& config, Below below, std::optional<decode::BusMap> buses)
    : Object(kKind), events_(config.event, config.event_context), below_(std::move(below)) {
  if (config.identity == LOWMEG_HYPERV) {
    hyperv_.emplace(bridge::kHyperv, *below_.adjuster, events_);
    return;
  }
  const bridge::Identity& identity = config.identity == LOWMEG_I440FX ? bridge::kI440fx : bridge::kI440bx;
  DecodeSink* sink = nullptr;
  if (below_.adjuster) {
    sink = &ranges_sink_.emplace(*below_.adjuster);
  } else {
    decode::AddressDecoder decoder(std::move(*buses), config.ram_bytes);
    sink = &committer_.emplace(std::move(decoder), *below_.mapper);
  }
  chip_.emplace(identity, options_of(config), *sink, events_);
}

std::int32_t Bridge::check_idle() {
  if (below_.kvm && Within::is_in(below_.kvm))
    return busy("a callback of the KVM mapper beneath has not returned yet");
  return is_waiting() ? busy("the host has not answered the last change, or the version") : LOWMEG_OK;
}

bridge::ConfigFunction* Bridge::function(std::uint32_t device) {
  if (device == 0) return &host_bridge();
  return device == 1 ? agp_bridge() : nullptr;
}

namespace {

std::int32_t create(const lowmeg_bridge_config* given, lowmeg_bridge** handle) {
  std::int32_t status = LOWMEG_OK;
  const auto config = read_struct(given, status);
  if (!config) return status;
  if (!handle) return failed(LOWMEG_INVALID_ARGUMENT, "bridge: nowhere to put the handle");
  if (const auto checked = check(*config); !checked) return failed(checked.error());
  std::optional<decode::BusMap> buses;
  if (config->commit || config->kvm) {
    auto read = read_buses(config->pci, config->agp);
    if (!read) return failed(read.error());
    buses = std::move(*read);
  }
  Below below;
  if (status = below_of(*config, below); status != LOWMEG_OK) return status;
  *handle = publish(std::make_unique<Bridge>(*config, std::move(below), std::move(buses)));
  return LOWMEG_OK;
}

std::int32_t not_on() {
  return failed(LOWMEG_WRONG_STATE, "bridge: not powered on or restored yet");
}

// The function and offset of an access, or why not.
std::int32_t check_access(Bridge& bridge, std::uint32_t device, std::uint32_t offset,
                          bridge::ConfigFunction*& function) {
  if (offset % 4 != 0 || offset > 0xfc)
    return failed(LOWMEG_INVALID_ARGUMENT, "bridge: an offset that is no dword's");
  function = bridge.function(device);
  if (!function) return failed(LOWMEG_NOT_SUPPORTED, "bridge: it has no such device");
  return LOWMEG_OK;
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;
using c::Bridge;

int32_t lowmeg_bridge_create(const lowmeg_bridge_config* config, lowmeg_bridge** handle) {
  return c::guarded([&] { return c::create(config, handle); });
}

int32_t lowmeg_bridge_close(lowmeg_bridge* handle) {
  return c::close<Bridge>(handle);
}

int32_t lowmeg_bridge_power_on(lowmeg_bridge* handle) {
  return c::on<Bridge>(handle, [](Bridge& bridge) {
    if (bridge.is_on()) return c::failed(LOWMEG_WRONG_STATE, "bridge: powered on or restored already");
    std::int32_t status = bridge.check_idle();
    if (status == LOWMEG_OK) status = c::told(bridge.host_bridge().power_on());
    if (status == LOWMEG_OK) bridge.set_on();
    return status;
  });
}

int32_t lowmeg_bridge_reset(lowmeg_bridge* handle) {
  return c::on<Bridge>(handle, [](Bridge& bridge) {
    if (!bridge.is_on()) return c::not_on();
    const std::int32_t status = bridge.check_idle();
    return status == LOWMEG_OK ? c::told(bridge.host_bridge().reset()) : status;
  });
}

int32_t lowmeg_bridge_read(lowmeg_bridge* handle, uint32_t device, uint32_t offset, uint32_t* value) {
  return c::on<Bridge>(handle, [&](Bridge& bridge) {
    bridge::ConfigFunction* function = nullptr;
    if (!value) return c::failed(LOWMEG_INVALID_ARGUMENT, "bridge: nowhere to put the value");
    const std::int32_t status = c::check_access(bridge, device, offset, function);
    if (status == LOWMEG_OK) *value = function->read(static_cast<std::uint8_t>(offset));
    return status;
  });
}

int32_t lowmeg_bridge_write(lowmeg_bridge* handle, uint32_t device, uint32_t offset, uint32_t value,
                            uint32_t byte_enables) {
  return c::on<Bridge>(handle, [&](Bridge& bridge) {
    bridge::ConfigFunction* function = nullptr;
    if (const std::int32_t status = c::check_access(bridge, device, offset, function); status != LOWMEG_OK)
      return status;
    if (byte_enables > 0xf) return c::failed(LOWMEG_INVALID_ARGUMENT, "bridge: there are four byte enables");
    if (!bridge.is_on()) return c::not_on();
    if (const std::int32_t status = bridge.check_idle(); status != LOWMEG_OK) return status;
    return c::told(
        function->write(static_cast<std::uint8_t>(offset), value, bridge::ByteEnables(byte_enables)));
  });
}

int32_t lowmeg_bridge_pam_states(lowmeg_bridge* handle, uint32_t states[LOWMEG_SEGMENTS]) {
  return c::on<Bridge>(handle, [&](Bridge& bridge) {
    if (!states) return c::failed(LOWMEG_INVALID_ARGUMENT, "bridge: nowhere to put the states");
    for (const GpaState state : bridge.host_bridge().pam_states())
      *states++ = static_cast<std::uint32_t>(state);
    return std::int32_t{LOWMEG_OK};
  });
}

int32_t lowmeg_bridge_bus_changed(lowmeg_bridge* handle, const lowmeg_bus* pci, const lowmeg_bus* agp) {
  return c::on<Bridge>(handle, [&](Bridge& bridge) {
    if (!pci || !agp) return c::failed(LOWMEG_INVALID_ARGUMENT, "bridge: a bus is missing");
    if (!bridge.committer()) return c::failed(LOWMEG_NOT_SUPPORTED, "bridge: nothing beneath it takes maps");
    auto buses = c::read_buses(*pci, *agp);
    if (!buses) return c::failed(buses.error());
    if (const std::int32_t status = bridge.check_idle(); status != LOWMEG_OK) return status;
    return c::told(bridge.committer()->bus_changed(std::move(*buses)));
  });
}
