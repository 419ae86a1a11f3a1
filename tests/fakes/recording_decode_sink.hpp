// A DecodeSink that notes each call, and can fail.
#pragma once

#include <vector>

#include "lowmeg/core/decode_sink.hpp"

namespace lowmeg::fakes {

class RecordingDecodeSink final : public DecodeSink {
 public:
  struct Call {
    DecodeRegisters registers;
    Apply apply;

    friend bool operator==(const Call&, const Call&) = default;
  };

  Result<void> changed(const DecodeRegisters& registers, Apply apply) override {
    calls.push_back({registers, apply});
    if (failing) return fail(Errc::kSystem, "no such map");
    return {};
  }

  std::vector<Call> calls;
  bool failing = false;
};

}  // namespace lowmeg::fakes
