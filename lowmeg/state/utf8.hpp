// Whether bytes are UTF-8, which protobuf asks of a string. After the Unicode Standard, table 3-7.
#pragma once

#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

bool is_utf8(Bytes bytes);

}  // namespace lowmeg::state
