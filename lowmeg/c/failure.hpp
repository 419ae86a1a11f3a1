// What a C call that failed leaves behind: its status, and a line and an errno for its thread.
#pragma once

#include <cstdint>
#include <string>

#include <lowmeg/lowmeg.h>

#include "lowmeg/core/result.hpp"

namespace lowmeg::c {

/// Keeps the line for lowmeg_error_line() and gives the status back.
std::int32_t failed(lowmeg_status status, std::string line, int os_error = 0);
std::int32_t failed(const Error& error);
std::int32_t bad_handle();
std::int32_t busy(const char* line);

inline std::int32_t told(const Result<void>& result) {
  return result ? LOWMEG_OK : failed(result.error());
}

/// The error of a callback that did not return 0. On its way up through the library it is one of the
/// environment's; the call that it ends gives LOWMEG_REFUSED.
Error refused_by_callback(const char* callback, std::int32_t result);

/// One C call: until it ends, a callback's refusal is its own and not that of the call around it.
class RefusalScope {
 public:
  RefusalScope();
  ~RefusalScope();
  RefusalScope(const RefusalScope&) = delete;
  RefusalScope& operator=(const RefusalScope&) = delete;

 private:
  bool outer_;
};

/// The status for the exception in flight; call it in a catch block.
std::int32_t failed_by_exception() noexcept;

}  // namespace lowmeg::c
