// What became of one config write: the register, the segments, and what it cost.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lowmeg/core/gpa_state.hpp"

namespace vmm {

/// A dword of the bridge before and after a config write, as the guest reads it. Only writes that change what
/// the guest sees are told of: other bits of the dword that have changed meanwhile show as if by this one.
struct RegisterChange {
  std::uint8_t offset = 0;  ///< a multiple of 4
  std::uint32_t before = 0;
  std::uint32_t now = 0;
  unsigned device = 0;  ///< 1: the AGP bridge

  friend bool operator==(const RegisterChange&, const RegisterChange&) = default;
};

/// What went over GET for it.
struct GetTraffic {
  std::uint64_t resets = 0;
  std::uint64_t creates = 0;
  std::uint64_t refused_creates = 0;
  std::uint64_t round_trips = 0;

  std::uint64_t requests() const { return resets + creates; }
};

struct TimelineEntry {
  /// None: not a config write but power-on or reset, where all segments are told.
  std::optional<RegisterChange> config_write;
  std::vector<lowmeg::GpaStateChange> segments;
  std::optional<GetTraffic> get;  ///< none with the effect of decode, where nobody is asked
  std::uint64_t nanoseconds = 0;  ///< of GET, or of decode and commit, by the wall clock
};

}  // namespace vmm
