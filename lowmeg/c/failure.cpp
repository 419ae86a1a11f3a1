#include "lowmeg/c/failure.hpp"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <new>
#include <utility>

namespace lowmeg::c {
namespace {

// Of this thread: what the last failure had to say, and whether a callback has refused in the call in hand.
struct ThreadState {
  std::string line;
  int os_error = 0;
  bool is_refused = false;
};
thread_local ThreadState state;

lowmeg_status status_of(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
      return LOWMEG_INVALID_ARGUMENT;
    case Errc::kNotSupported:
      return LOWMEG_NOT_SUPPORTED;
    case Errc::kSystem:
      return LOWMEG_SYSTEM;
    case Errc::kTimeout:
      return LOWMEG_TIMEOUT;
    case Errc::kClosed:
      return LOWMEG_CLOSED;
    case Errc::kProtocol:
      return LOWMEG_PROTOCOL;
  }
  return LOWMEG_INTERNAL;
}

constexpr std::array kStatusNames{
    "ok",        "invalid argument", "not supported", "system call failed", "timeout",   "closed",
    "protocol",  "handle",           "busy",          "wrong state",        "too small", "refused",
    "no memory", "internal",
};
static_assert(kStatusNames.size() == LOWMEG_INTERNAL + 1);

}  // namespace

std::int32_t failed(lowmeg_status status, std::string line, int os_error) {
  state.line = std::move(line);
  state.os_error = os_error;
  return status;
}

std::int32_t failed(const Error& error) {
  return failed(state.is_refused ? LOWMEG_REFUSED : status_of(error.code), error.message(), error.os_error);
}

std::int32_t bad_handle() {
  return failed(LOWMEG_BAD_HANDLE, "the handle is null, closed or of another kind");
}

std::int32_t busy(const char* line) {
  return failed(LOWMEG_BUSY, line);
}

Error refused_by_callback(const char* callback, std::int32_t result) {
  state.is_refused = true;
  return {Errc::kSystem, fmt::format("the callback {} returned {}", callback, result), 0};
}

RefusalScope::RefusalScope() : outer_(std::exchange(state.is_refused, false)) {}
RefusalScope::~RefusalScope() {
  state.is_refused = outer_;
}

std::int32_t failed_by_exception() noexcept {
  // The lines are short enough to need no memory.
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return failed(LOWMEG_NO_MEMORY, "no memory");
  } catch (const std::exception& exception) {
    try {
      return failed(LOWMEG_INTERNAL, fmt::format("an exception: {}", exception.what()));
    } catch (...) {
      return failed(LOWMEG_INTERNAL, "an exception");
    }
  } catch (...) {
    return failed(LOWMEG_INTERNAL, "an exception");
  }
}

}  // namespace lowmeg::c

using namespace lowmeg;

const char* lowmeg_version(void) {
  return LOWMEG_VERSION;
}

uint32_t lowmeg_c_api_version(void) {
  return LOWMEG_C_API_VERSION;
}

const char* lowmeg_status_name(int32_t status) {
  const auto index = static_cast<std::size_t>(status);
  return status >= 0 && index < c::kStatusNames.size() ? c::kStatusNames[index] : "unknown";
}

const char* lowmeg_error_line(void) {
  return c::state.line.c_str();
}

int32_t lowmeg_error_errno(void) {
  return c::state.os_error;
}
