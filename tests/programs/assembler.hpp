// Steps as machine code: flat 32-bit code that the runtime calls (guest/program/layout.h).
#pragma once

#include "tests/programs/op.hpp"

namespace programs {

/// How many forms a kind has; 1 where the form does not matter.
unsigned forms_of(Kind kind);
/// The mnemonic of a form.
std::string form_name(const Op& op);
/// The code of a whole program as it stands at `at`, with its RET.
std::vector<std::uint8_t> assemble(const Program& program, std::uint32_t at);

}  // namespace programs
