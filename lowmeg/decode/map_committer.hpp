// The chip's effect, from registers to guest memory: seam 2 in, decode, seam 3 out. What answers on
// the buses comes in beside the registers, as a device's base address register is as good as one of the
// chip's.
#pragma once

#include <optional>

#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/decode/address_decoder.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::decode {

/// No threads, no lock: whoever owns the bridge serialises. Keeps what does not depend on PAM from one call
/// to the next, so that a change of PAM alone is quick.
class MapCommitter final : public DecodeSink {
 public:
  /// Borrows `mapper`, which must outlive it and take maps over kWindow.
  MapCommitter(AddressDecoder decoder, memory::Mapper& mapper)
      : decoder_(std::move(decoder)), mapper_(mapper) {}

  /// Commits the map that `registers` ask for; with kDelta only if it is not the one in place. Errors are the
  /// mapper's; nothing has changed then.
  Result<void> changed(const DecodeRegisters& registers, Apply apply) override;

  /// Tells of what answers on the buses from now on, both layouts over kWindow: a device was moved, switched
  /// on or off, or plugged in. One commit of the map that the registers told last ask for, if it is not the
  /// one in place; before the first registers there is none. Errors are the mapper's; the buses are then as
  /// before, and who tells again is heard. memory::with_claims makes a layout of what devices claim.
  Result<void> bus_changed(BusMap bus);

 private:
  struct Base {
    DecodeRegisters registers;  // PAM left 0
    memory::MemoryMap map;
  };

  const memory::MemoryMap& base_of(const DecodeRegisters& registers);
  Result<void> commit(const DecodeRegisters& registers, Apply apply);

  AddressDecoder decoder_;
  memory::Mapper& mapper_;
  std::optional<DecodeRegisters> told_;  // and in place
  std::optional<Base> base_;
};

}  // namespace lowmeg::decode
