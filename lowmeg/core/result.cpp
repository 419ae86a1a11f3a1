#include "lowmeg/core/result.hpp"

#include <cerrno>
#include <system_error>

namespace lowmeg {

std::string Error::message() const {
  if (os_error == 0) return what;
  return what + ": " + std::generic_category().message(os_error);
}

tl::unexpected<Error> fail_errno(std::string operation) {
  return tl::unexpected<Error>(Error{Errc::kSystem, std::move(operation), errno});
}

}  // namespace lowmeg
