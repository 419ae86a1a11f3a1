#include "lowmeg/kvm/descriptor.hpp"

#include <unistd.h>

namespace lowmeg::kvm {

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace lowmeg::kvm
