// The third class of error: a broken invariant is a fault of the program, and ends it with one line.
//
// Never for what a guest, a file, a socket or a command line can bring about.
#pragma once

namespace lowmeg {

/// Prints "lowmeg: broken invariant: ..." to stderr and aborts.
[[noreturn]] void broken_invariant(const char* what, const char* file, int line);

}  // namespace lowmeg

// A macro for the sake of the file and line only.
#define LOWMEG_INVARIANT(condition, what) \
  ((condition) ? static_cast<void>(0) : ::lowmeg::broken_invariant(what, __FILE__, __LINE__))
