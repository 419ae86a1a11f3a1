// A bridge with all that it needs beneath, as one object of the C interface.
#pragma once

#include <memory>
#include <optional>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/bridge/ranges_sink.hpp"
#include "lowmeg/c/client.hpp"
#include "lowmeg/c/handles.hpp"
#include "lowmeg/decode/map_committer.hpp"

namespace lowmeg::c {

/// What a bridge tells: one of the two, owned here or by the object that `use` keeps.
struct Below {
  std::unique_ptr<AdjustGpaRanges> own_adjuster;
  std::unique_ptr<memory::Mapper> own_mapper;
  AdjustGpaRanges* adjuster = nullptr;
  memory::Mapper* mapper = nullptr;
  Adjuster* get_adjuster = nullptr;  ///< the same as `adjuster`, if it is one that asks a host
  const Object* kvm = nullptr;       ///< whose mapper `mapper` is, if it is KVM's
  Use use;
};

class Bridge final : public Object {
 public:
  using Handle = lowmeg_bridge;
  static constexpr Kind kKind = Kind::kBridge;

  Bridge(const lowmeg_bridge_config& config, Below below, std::optional<decode::BusMap> buses);

  bridge::HostBridge& host_bridge() {
    if (chip_) return *chip_;
    return *hyperv_;
  }
  bridge::ConfigFunction* agp_bridge() { return chip_ ? chip_->agp_bridge() : nullptr; }
  /// Null where the bridge has not got such a function.
  bridge::ConfigFunction* function(std::uint32_t device);

  /// Null for the other kind.
  bridge::HypervBridge* hyperv() { return hyperv_ ? &*hyperv_ : nullptr; }
  bridge::ChipBridge* chip() { return chip_ ? &*chip_ : nullptr; }
  bridge::RangesSink* ranges_sink() { return ranges_sink_ ? &*ranges_sink_ : nullptr; }
  decode::MapCommitter* committer() { return committer_ ? &*committer_ : nullptr; }
  Adjuster* get_adjuster() { return below_.get_adjuster; }
  /// Whether a host's answers to the last write are awaited.
  bool is_waiting() { return below_.get_adjuster && below_.get_adjuster->client().is_waiting(); }

  /// Why nothing may be written now, or LOWMEG_OK.
  std::int32_t check_idle();
  bool is_on() const { return is_on_; }
  void set_on() { is_on_ = true; }

 private:
  EventCallback events_;
  Below below_;
  std::optional<bridge::RangesSink> ranges_sink_;
  std::optional<decode::MapCommitter> committer_;
  std::optional<bridge::HypervBridge> hyperv_;
  std::optional<bridge::ChipBridge> chip_;
  bool is_on_ = false;  // powered on, or restored
};

}  // namespace lowmeg::c
