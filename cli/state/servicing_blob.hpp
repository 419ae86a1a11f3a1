// The messages of this library within a whole servicing state of OpenHCL's, out and in again.
#pragma once

#include "cli/state/state_json.hpp"

namespace cli {

/// The message of this kind (adjuster; bridge_any, or a chip's chip_any) that lies in `servicing_state`.
/// kInvalidArgument with one line for another kind, for bytes that are no servicing state, and where there is
/// none.
lowmeg::Result<lowmeg::state::Buffer> extract_state(StateKind kind, lowmeg::state::Bytes servicing_state);

/// `servicing_state` with `message` in its place; all else stays byte for byte. The message must be one that
/// decodes.
lowmeg::Result<lowmeg::state::Buffer> insert_state(StateKind kind, lowmeg::state::Bytes servicing_state,
                                                   lowmeg::state::Bytes message);

}  // namespace cli
