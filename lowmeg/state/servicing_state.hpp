// OpenHCL's servicing state, as far as it is this library's: where in it the two messages lie that a host
// bridge and its adjuster save.
//
// Source: OpenHCL's ServicingState (package underhill): init_state = 1, in it emuplat = 4, in it
// get_backed_adjust_gpa_range = 2; units = 2, of which the one named "440bx-host-pci-bridge" (name = 1) holds
// the bridge's Any (state = 2). All else is other devices', and passes through byte for byte.
#pragma once

#include <optional>
#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

inline constexpr std::string_view kBridgeUnit = "440bx-host-pci-bridge";

/// The two messages; the adjuster's plain, the bridge's in its Any. None: absent.
struct ServicingParts {
  std::optional<Buffer> adjuster;
  std::optional<Buffer> bridge;

  friend bool operator==(const ServicingParts&, const ServicingParts&) = default;
};

/// What lies in a whole servicing state. kInvalidArgument with a line that names the place: truncated input,
/// a group, a field on the way that is no message or comes twice.
Result<ServicingParts> extract(Bytes servicing_state);

/// `servicing_state` with these messages in the place of its own, or added; those that are none here stay as
/// they are. Refused as extract has it.
Result<Buffer> insert(Bytes servicing_state, const ServicingParts& parts);

}  // namespace lowmeg::state
