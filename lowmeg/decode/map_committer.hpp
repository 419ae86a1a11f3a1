// The chip personality's way from registers to guest memory: seam 2 in, decode, seam 3 out.
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
  /// mapper's.
  Result<void> changed(const DecodeRegisters& registers, Apply apply) override;

 private:
  struct Base {
    DecodeRegisters registers;  // PAM left 0
    memory::MemoryMap map;
  };

  const memory::MemoryMap& base_of(const DecodeRegisters& registers);

  AddressDecoder decoder_;
  memory::Mapper& mapper_;
  std::optional<Base> base_;
};

}  // namespace lowmeg::decode
