// What a machine leaves out, and whether a program keeps off it.
#pragma once

#include "tests/programs/op.hpp"

namespace programs {

inline constexpr std::uint32_t kDramt = 0x58, kPam0 = 0x59;
inline constexpr std::uint8_t kResetDramt = 0x10;  ///< of the 82441FX

struct Profile {
  bool state_10 = true;         ///< write-only segments
  bool reserved_bits = true;    ///< of PAM, and DRAMT beside it
  bool registers = true;        ///< FDHC, DRB7 and SMRAM
  bool open_bus = true;         ///< reads where nobody answers, and all at A0000-BFFFF
  bool unaligned_ports = true;  ///< config accesses that are not aligned
  bool ports_of_memory = true;  ///< REP INS and OUTS
  bool hard_reset = true;       ///< one that PAM knows of
  bool triple_fault = true;     ///< resets the processor alone
  bool a20_gate = true;
  bool dma = true;              ///< of fw_cfg, by PAM
  bool error_frames = true;     ///< with RF set, as of any fault
  bool frames_anywhere = true;  ///< of interrupts: not only in segments of state 11
  bool stack_on_bus = true;     ///< PUSHA and POPA where a device may be: outside of C0000-FFFFF
};
inline constexpr Profile kWhole{};
/// KVM's emulator starts a POPA over at each read that leaves to the host, and keeps the ESP that it has got
/// to. An INT whose frame it has to write for the guest it cannot emulate at all.
inline constexpr Profile kForKvm{
    .a20_gate = false, .error_frames = false, .frames_anywhere = false, .stack_on_bus = false};
inline constexpr Profile kForBochs{.reserved_bits = false,
                                   .registers = false,
                                   .open_bus = false,
                                   .unaligned_ports = false,
                                   .ports_of_memory = false,
                                   .triple_fault = false,
                                   .dma = false};
inline constexpr Profile kForQemu{.state_10 = false,
                                  .reserved_bits = false,
                                  .registers = false,
                                  .open_bus = false,
                                  .unaligned_ports = false,
                                  .ports_of_memory = false,
                                  .hard_reset = false,
                                  .dma = false,
                                  .error_frames = false};

/// Follows a program step by step.
class Footing {
 public:
  explicit Footing(const Profile& profile) : profile_(profile) {}
  /// Whether the step may come next.
  bool allows(const Op& op) const;
  void note(const Op& op);

 private:
  bool allows_memory(std::uint32_t first, std::uint32_t end) const;
  bool allows_reset(ResetBy by) const;
  bool allows_config(const Op& op) const;
  bool is_ram(std::uint32_t first, std::uint32_t end) const;

  const Profile profile_;
  std::uint8_t pam_[8] = {};  // 58h-5Fh
  bool a20_masked_ = false;
};

bool keeps_to(const Profile& profile, const Program& program);

}  // namespace programs
