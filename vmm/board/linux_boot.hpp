// A Linux kernel, its initrd and its command line, laid out as a boot loader does, and as the option ROM
// linuxboot_dma.bin finds them in fw_cfg.
//
// After Linux, Documentation/arch/x86/boot.rst, "The Linux/x86 Boot Protocol", and QEMU's
// docs/specs/fw_cfg.rst. The ROM copies each part to its address and starts the setup part in real mode. Left
// out: kernels below protocol 2.02 and those that are not loaded high (zImage), the setup_data list, the
// entry points of 32 and 64 bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowmeg/core/result.hpp"
#include "vmm/board/fw_cfg.hpp"

namespace vmm {

struct LinuxFiles {
  std::vector<std::uint8_t> kernel;  ///< a bzImage
  std::optional<std::vector<std::uint8_t>> initrd;
  std::string append;  ///< the command line
};

/// The parts with the addresses that they go to.
struct LinuxImage {
  struct Part {
    std::uint32_t address = 0;
    FwCfg::Bytes bytes;
  };
  Part setup, kernel, initrd, command_line;
};

/// Whether it is a kernel that this loader knows, and takes this command line. The error says why not.
lowmeg::Result<void> check_linux(const LinuxFiles& files);

/// Lays a checked one out in RAM of `ram_bytes` from 0, with the header's fields for it filled in. The error
/// says what has no room.
lowmeg::Result<LinuxImage> lay_out_linux(const LinuxFiles& files, std::uint64_t ram_bytes);

/// Sets the items 07h to 18h that linuxboot_dma.bin reads.
void offer_linux(const LinuxImage& image, FwCfg& fw_cfg);

}  // namespace vmm
