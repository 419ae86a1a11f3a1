#include "lowmeg/c/adjust_callback.hpp"

#include <algorithm>
#include <array>

namespace lowmeg::c {
namespace {

static_assert(LOWMEG_MMIO == static_cast<int>(GpaState::kMmio));
static_assert(LOWMEG_WRITE_PROTECTED == static_cast<int>(GpaState::kWriteProtected));
static_assert(LOWMEG_WRITE_ONLY == static_cast<int>(GpaState::kWriteOnly));
static_assert(LOWMEG_WRITABLE == static_cast<int>(GpaState::kWritable));

lowmeg_change for_c(const GpaStateChange& change) {
  return {.start = change.range.start(),
          .end = change.range.end(),
          .before = static_cast<std::uint32_t>(change.before),
          .now = static_cast<std::uint32_t>(change.now),
          .forced = change.apply == Apply::kForced ? 1u : 0u,
          .reserved = 0};
}

}  // namespace

Result<void> AdjustCallback::adjust(std::span<const GpaStateChange> changes) {
  std::array<lowmeg_change, LOWMEG_SEGMENTS> for_caller;
  LOWMEG_INVARIANT(changes.size() <= for_caller.size(), "each segment once in a call");
  std::ranges::transform(changes, for_caller.begin(), for_c);
  const std::int32_t result = adjust_(context_, for_caller.data(), changes.size());
  if (result != 0) return tl::unexpected(refused_by_callback("adjust", result));
  return {};
}

}  // namespace lowmeg::c
