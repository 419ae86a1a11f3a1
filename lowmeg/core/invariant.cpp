#include "lowmeg/core/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace lowmeg {

void broken_invariant(const char* what, const char* file, int line) {
  std::fprintf(stderr, "lowmeg: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace lowmeg
