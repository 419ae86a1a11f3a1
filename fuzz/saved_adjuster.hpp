// Decodes a saved adjuster; what is accepted, for 64 MiB of RAM, is restored and told of the states that it
// is in, and then nothing may be asked.
#pragma once

#include <utility>

#include "fuzz/saved_state.hpp"

namespace lowmeg::fuzz {

inline constexpr Gpa kImages = 0x3f00000;

/// A host that agrees on the version and is to hear of nothing else.
class UnaskedHost final : public get::Transport {
 public:
  Result<void> send(std::span<const std::uint8_t> message, get::Deadline /*deadline*/) override {
    LOWMEG_INVARIANT(message[2] == 1, "the version exchange alone");
    return {};
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline /*deadline*/) override {
    constexpr std::uint8_t kAccepted[] = {1, 3, 1, 0, 1, 0};
    if (std::exchange(answered_, true)) return fail(Errc::kTimeout, "nothing to say");
    std::ranges::copy(kAccepted, buffer.begin());
    return std::size(kAccepted);
  }
  void close() override {}

 private:
  bool answered_ = false;
};

/// The change to the state that shows just this.
inline GpaStateChange state_of(const hyperv::SegmentRow& segment,
                               const std::optional<hyperv::Handle>& handle) {
  const auto shown = handle ? std::optional(handle->meta) : std::nullopt;
  for (const GpaState state : {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWritable}) {
    if (hyperv::wanted_override(segment, state, kImages) == shown)
      return {segment.range, GpaState::kMmio, state, Apply::kForced};
  }
  // None in a segment that always has an override: the host refused to create it.
  LOWMEG_INVARIANT(!shown, "an accepted override is one of the policy's");
  return {{0xa0000, 0xc0000}, GpaState::kMmio, GpaState::kMmio, Apply::kForced};
}

inline void restore(const hyperv::AdjusterState& accepted) {
  NullEventSink events;
  const auto client = get::Client::connect(std::make_unique<UnaskedHost>(), events);
  LOWMEG_INVARIANT(client.has_value(), "connected");
  hyperv::GetBackedAdjuster adjuster(**client, 0, kImages, events);
  adjuster.restore(accepted);
  std::array<GpaStateChange, hyperv::kSegmentCount> changes;
  for (std::size_t i = 0; i < changes.size(); ++i)
    changes[i] = state_of(hyperv::kSegments[i], accepted.handles[i]);
  LOWMEG_INVARIANT(adjuster.adjust(changes).has_value() && adjuster.state() == accepted, "silent");
}

inline void check_adjuster(state::Bytes bytes, state::Buffer (*encode)(const state::SavedAdjuster&),
                           Result<state::SavedAdjuster> (*decode)(state::Bytes)) {
  const auto accept_adjuster = [](const state::SavedAdjuster& saved) { return accept(saved, kImages); };
  check_decoder(bytes, encode, decode, accept_adjuster, restore);
}

}  // namespace lowmeg::fuzz
