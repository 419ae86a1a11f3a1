#include "tests/programs/profile.hpp"

#include <algorithm>

namespace programs {
namespace {

constexpr std::uint32_t kPamEnd = 0x60, kA20Bit = 0x100000, kHighSmram = 0x10000000;

}  // namespace

bool Footing::allows(const Op& op) const {
  if (op.kind == Kind::kA20) return profile_.a20_gate;
  if (op.kind == Kind::kDma && !profile_.dma) return false;
  if (op.kind == Kind::kInterrupt && op.form % 2 == 1 && !profile_.error_frames) return false;
  if (op.kind == Kind::kInterrupt && !profile_.frames_anywhere) {
    const Extent extent = extents_of(op).front();
    if (!is_ram(extent.first, extent.end)) return false;
  }
  if (op.kind == Kind::kStack && !profile_.stack_on_bus) {
    const Extent extent = extents_of(op).front();
    if (extent.first < 0xc0000 || extent.end > 0x100000) return false;
  }
  if (op.kind == Kind::kConfigWrite || op.kind == Kind::kConfigRead) return allows_config(op);
  if (op.kind == Kind::kPortToRam || op.kind == Kind::kRamToPort) {
    if (!profile_.ports_of_memory) return false;
  }
  if (op.kind == Kind::kReset) return allows_reset(static_cast<ResetBy>(op.form % 3));
  return std::ranges::all_of(extents_of(op), [this](Extent e) { return allows_memory(e.first, e.end); });
}

bool Footing::allows_reset(ResetBy by) const {
  if (by == ResetBy::kCf9) return profile_.hard_reset;
  return by != ResetBy::kTripleFault || profile_.triple_fault;
}

bool Footing::allows_config(const Op& op) const {
  const bool is_pam = op.address >= kDramt && op.address + op.size <= kPamEnd;
  if (!profile_.registers && !is_pam) return false;
  if (!profile_.unaligned_ports && op.address % op.size != 0) return false;
  if (op.kind == Kind::kConfigRead) return profile_.reserved_bits || op.address != kDramt;
  if (!is_pam) return true;
  for (unsigned i = 0; i < op.size; ++i) {
    const auto byte = static_cast<std::uint8_t>(op.value >> 8 * i);
    const std::uint32_t offset = op.address + i;
    if (!profile_.reserved_bits) {
      if (offset == kDramt ? byte != kResetDramt : (byte & (offset == kPam0 ? 0xcf : 0xcc)) != 0)
        return false;
    }
    if (!profile_.state_10 && offset != kDramt && (byte & 0x22) != (byte & 0x22 & byte << 1)) return false;
  }
  return true;
}

bool Footing::allows_memory(std::uint32_t first, std::uint32_t end) const {
  if (profile_.open_bus) return true;
  for (std::uint32_t at = first; at != end; ++at) {
    const std::uint32_t a = a20_masked_ ? at & ~kA20Bit : at;
    if (a >= 0xa0000 && a < 0xc0000) return false;
    if (a >= kHighSmram) return false;
    if (a < 0xc0000 || a >= 0xe0000) continue;
    const std::uint32_t segment = (a - 0xc0000) / 0x4000;
    if (((pam_[2 + segment / 2] >> (segment % 2 * 4)) & 1) == 0) return false;
  }
  return true;
}

bool Footing::is_ram(std::uint32_t first, std::uint32_t end) const {
  for (std::uint32_t a = first; a != end; ++a) {
    if (a < 0xc0000 || a >= 0x100000) return false;
    const std::uint32_t segment = (a - 0xc0000) / 0x4000;
    const int field = a >= 0xf0000 ? pam_[1] >> 4 : pam_[2 + segment / 2] >> (segment % 2 * 4);
    if ((field & 3) != 3) return false;
  }
  return true;
}

void Footing::note(const Op& op) {
  if (op.kind == Kind::kReset && op.form % 3 == static_cast<std::uint8_t>(ResetBy::kCf9))
    std::ranges::fill(pam_, std::uint8_t{0});
  if (op.kind == Kind::kA20) a20_masked_ = op.form % 2 == 0;
  if (op.kind == Kind::kReset) a20_masked_ = false;
  if (op.kind != Kind::kConfigWrite) return;
  for (unsigned i = 0; i < op.size; ++i) {
    const std::uint32_t byte = op.address + i;
    if (byte >= kDramt && byte < kPamEnd) pam_[byte - kDramt] = static_cast<std::uint8_t>(op.value >> 8 * i);
  }
}

bool keeps_to(const Profile& profile, const Program& program) {
  Footing footing(profile);
  for (const Op& op : program) {
    if (!footing.allows(op)) return false;
    footing.note(op);
  }
  return true;
}

}  // namespace programs
