// Delta debugging: the fewest steps of a program that still do what the whole does.
//
// After A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002:
// ddmin, of complements alone. Candidates are judged many at a time, as a boot costs more than a program.
#pragma once

#include <functional>
#include <span>

#include "tests/programs/op.hpp"

namespace programs {

/// For each candidate, whether it still does.
using Judge = std::function<std::vector<bool>(std::span<const Program>)>;

/// No step of what comes back can be left out. The program itself must do.
Program minimized(Program program, const Judge& judge);

}  // namespace programs
