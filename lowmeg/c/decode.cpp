#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/c/handles.hpp"
#include "lowmeg/c/maps.hpp"
#include "lowmeg/c/structs.hpp"
#include "lowmeg/core/pam.hpp"
#include "lowmeg/decode/address_decoder.hpp"

namespace lowmeg::c {
namespace {

bridge::ConfigDwords dwords_of(const std::uint8_t* bytes) {
  bridge::ConfigDwords dwords{};
  for (std::size_t i = 0; i < 4 * bridge::kConfigDwords; ++i) bridge::put_bytes(dwords, i, bytes[i], 1);
  return dwords;
}

std::int32_t decode(const lowmeg_decode_config& config, lowmeg_commit_fn show, void* context) {
  if (!config.host_bridge || !show)
    return failed(LOWMEG_INVALID_ARGUMENT, "decode: the registers or the callback are missing");
  if (!is_ram_size(config.ram_bytes))
    return failed(LOWMEG_INVALID_ARGUMENT, "decode: ram_bytes is not whole pages, or too much");
  auto buses = read_buses(config.pci, config.agp);
  if (!buses) return failed(buses.error());
  bridge::ConfigDwords agp{};
  if (config.agp_bridge) agp = dwords_of(config.agp_bridge);
  const auto registers =
      bridge::decode_registers_of(dwords_of(config.host_bridge), config.agp_bridge ? &agp : nullptr);
  if (!registers)
    return failed(LOWMEG_INVALID_ARGUMENT, "decode: the registers are of no chip that is known here");
  CommitCallback callback(show, context);
  return told(
      callback.commit(decode::AddressDecoder(std::move(*buses), config.ram_bytes).decode(*registers)));
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;

int32_t lowmeg_decode(const lowmeg_decode_config* config, lowmeg_commit_fn show, void* context) {
  return c::guarded([&] {
    std::int32_t status = LOWMEG_OK;
    const auto known = c::read_struct(config, status);
    return known ? c::decode(*known, show, context) : status;
  });
}

int32_t lowmeg_decode_pam(const uint8_t pam[7], uint32_t states[LOWMEG_SEGMENTS]) {
  return c::guarded([&]() -> std::int32_t {
    if (!pam || !states)
      return c::failed(LOWMEG_INVALID_ARGUMENT, "decode: the registers or the states are missing");
    std::array<std::uint8_t, 7> registers{};
    std::copy_n(pam, registers.size(), registers.begin());
    for (const GpaState state : decode_pam(pam_dwords(registers)))
      *states++ = static_cast<std::uint32_t>(state);
    return LOWMEG_OK;
  });
}
