// The registers of the 82443BX: device 0 function 0, the host bridge, and device 1, the AGP bridge.
//
// After the 82443BX data sheet (290633), 3.3 and 3.4. Defaults and bit masks that are not in the pages that
// could be had are from the sources that docs/reference/chip.md names, register by register. Straps: 100 MHz,
// in-order queue of 8, no quick start, and AGP as the embedder says.
#pragma once

#include "lowmeg/bridge/register_table.hpp"

namespace lowmeg::bridge {

/// With AGP enabled.
inline constexpr RegisterRow kI440bxRows[] = {
    read_only(0x00, "VID", 2, 0x8086, "3.3.1"),
    read_only(0x02, "DID", 2, 0x7190, "3.3.2"),
    read_write(0x04, "PCICMD", 2, 0x0006, 0x0140, "3.3.3"),        // SERRE, PERRE; BME and MAE are hard 1
    write_1_to_clear(0x06, "PCISTS", 2, 0x0210, 0xf000, "3.3.4"),  // DPE, SSE, RMAS, RTAS
    read_only(0x08, "RID", 1, 0x03, "3.3.5"),
    read_only(0x09, "PI", 1, 0x00, "3.3.6"),
    read_only(0x0a, "SUBC", 1, 0x00, "3.3.6"),
    read_only(0x0b, "BCC", 1, 0x06, "3.3.7"),
    read_write(0x0d, "MLT", 1, 0x00, 0xf8, "3.3.8"),
    read_only(0x0e, "HDR", 1, 0x00, "3.3.9"),
    read_write(0x10, "APBASE", 4, 0x00000008, 0xf0000000, "3.3.10"),  // and 27:22 as far as APSIZE has ones
    read_write(0x2c, "SVID", 2, 0x0000, 0xffff, "3.3.11").locked_by(Lock::kOnce, 0xffff),
    read_write(0x2e, "SID", 2, 0x0000, 0xffff, "3.3.12").locked_by(Lock::kOnce, 0xffff),
    read_only(0x34, "CAPPTR", 1, 0xa0, "3.3.13"),
    read_write(0x50, "NBXCFG", 4, 0x00000004, 0xff078fe8, "3.3.14"),  // 13:12 and 2 are straps
    read_write(0x57, "DRAMC", 1, 0x00, 0x1f, "3.3.15"),               // 5 is a strap
    read_write(0x58, "DRAMT", 1, 0x03, 0x03, "3.3.16"),
    read_write(0x59, "PAM0", 1, 0x00, 0x30, "3.3.17"),
    read_write(0x5a, "PAM1", 1, 0x00, 0x33, "3.3.17"),
    read_write(0x5b, "PAM2", 1, 0x00, 0x33, "3.3.17"),
    read_write(0x5c, "PAM3", 1, 0x00, 0x33, "3.3.17"),
    read_write(0x5d, "PAM4", 1, 0x00, 0x33, "3.3.17"),
    read_write(0x5e, "PAM5", 1, 0x00, 0x33, "3.3.17"),
    read_write(0x5f, "PAM6", 1, 0x00, 0x33, "3.3.17"),
    read_write(0x60, "DRB0", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x61, "DRB1", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x62, "DRB2", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x63, "DRB3", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x64, "DRB4", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x65, "DRB5", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x66, "DRB6", 1, 0x01, 0xff, "3.3.18"),
    read_write(0x67, "DRB7", 1, 0x01, 0xff, "3.3.18").locked_by(Lock::kSmram, 0xff),
    read_write(0x68, "FDHC", 1, 0x00, 0xc0, "3.3.19"),
    read_write(0x69, "MBSC", 6, 0x000000000000, 0x00ffffffffff, "3.3.20"),
    read_only(0x71, "reserved", 1, 0x1f, "-"),
    // D_OPEN, D_CLS, D_LCK, G_SMRAME; C_BASE_SEG is hard 010. D_LCK freezes itself and D_OPEN.
    read_write(0x72, "SMRAM", 1, 0x02, 0x78, "3.3.21").locked_by(Lock::kSmram, 0x50),
    // H_SMRAM_EN, TSEG_SZ, TSEG_EN; E_SMERR is cleared by 1; SM_CACHE, SM_L1, SM_L2 are hard 1.
    RegisterRow{0x73, "ESMRAMC", 1, 0x38, 0x87, 0x40, "3.3.22"}.locked_by(Lock::kSmram, 0x87),
    read_write(0x74, "RPS", 2, 0x0000, 0xffff, "3.3.23"),
    read_write(0x76, "SDRAMC", 2, 0x0000, 0x03ff, "3.3.24"),
    read_write(0x78, "PGPOL", 2, 0x0000, 0xff0f, "3.3.25"),
    read_write(0x7a, "PMCR", 1, 0x00, 0xf5, "3.3.26"),  // 3 (quick start) and 1 (AGP_DIS) are straps
    read_write(0x7b, "SCRR", 2, 0x0038, 0x1fff, "3.3.27"),
    write_1_to_clear(0x80, "EAP", 4, 0x00000000, 0x00000003, "3.3.28"),
    read_write(0x90, "ERRCMD", 1, 0x80, 0xff, "3.3.29"),
    write_1_to_clear(0x91, "ERRSTS", 2, 0x0000, 0x1f11, "3.3.30"),
    read_only(0x94, "reserved", 2, 0x6104, "-"),
    read_only(0x99, "reserved", 1, 0x05, "-"),
    read_only(0xa0, "ACAPID", 4, 0x00100002, "3.3.31"),
    read_only(0xa4, "AGPSTAT", 4, 0x1f000203, "3.3.32"),
    read_write(0xa8, "AGPCMD", 4, 0x00000000, 0x00000303, "3.3.33"),
    read_write(0xb0, "AGPCTRL", 4, 0x00000000, 0x0000a080, "3.3.34"),
    read_write(0xb4, "APSIZE", 1, 0x00, 0x3f, "3.3.35"),
    read_write(0xb8, "ATTBASE", 4, 0x00000000, 0xfffff000, "3.3.36"),
    read_only(0xc8, "reserved", 2, 0x0c18, "-"),
    read_write(0xca, "MBFS", 3, 0x000000, 0x7fffff, "3.3.37"),
    read_write(0xd0, "BSPAD", 8, 0, 0xffffffffffffffff, "3.3.38"),
    // Bit 7 of E7h freezes both, itself included.
    read_write(0xe0, "DWTC", 8, 0, 0xff003fffffffffff, "3.3.39").locked_by(Lock::kTiming, 0xff003fffffffffff),
    read_write(0xe8, "DRTC", 8, 0, 0x00003fffffffffff, "3.3.40").locked_by(Lock::kTiming, 0x00003fffffffffff),
    read_write(0xf0, "BUFFC", 2, 0x0000, 0x03c0, "3.3.41"),
    read_only(0xf3, "reserved", 1, 0xf8, "-"),
    read_only(0xf8, "MID", 4, 0x00000f20, "-"),
};
static_assert(is_well_formed(kI440bxRows));

/// Device 1: the header of a PCI-to-PCI bridge.
inline constexpr RegisterRow kAgpBridgeRows[] = {
    read_only(0x00, "VID1", 2, 0x8086, "3.4.1"),
    read_only(0x02, "DID1", 2, 0x7191, "3.4.2"),
    read_write(0x04, "PCICMD1", 2, 0x0000, 0x011f, "3.4.3"),
    read_only(0x06, "PCISTS1", 2, 0x0220, "3.4.4"),
    read_only(0x08, "RID1", 1, 0x03, "3.4.5"),
    read_only(0x09, "PI1", 1, 0x00, "3.4.6"),
    read_only(0x0a, "SUBC1", 1, 0x04, "3.4.6"),
    read_only(0x0b, "BCC1", 1, 0x06, "3.4.7"),
    read_write(0x0d, "MLT1", 1, 0x00, 0xf8, "3.4.8"),
    read_only(0x0e, "HDR1", 1, 0x01, "3.4.9"),
    read_only(0x18, "PBUSN", 1, 0x00, "3.4.10"),
    read_write(0x19, "SBUSN", 1, 0x00, 0xff, "3.4.11"),
    read_write(0x1a, "SUBUSN", 1, 0x00, 0xff, "3.4.12"),
    read_write(0x1b, "SMLT", 1, 0x00, 0xf8, "3.4.13"),
    read_write(0x1c, "IOBASE", 1, 0xf0, 0xf0, "3.4.14"),
    read_write(0x1d, "IOLIMIT", 1, 0x00, 0xf0, "3.4.15"),
    write_1_to_clear(0x1e, "SSTS", 2, 0x02a0, 0xf000, "3.4.16"),
    read_write(0x20, "MBASE", 2, 0xfff0, 0xfff0, "3.4.17"),
    read_write(0x22, "MLIMIT", 2, 0x0000, 0xfff0, "3.4.18"),
    read_write(0x24, "PMBASE", 2, 0xfff0, 0xfff0, "3.4.19"),
    read_write(0x26, "PMLIMIT", 2, 0x0000, 0xfff0, "3.4.20"),
    read_write(0x3e, "BCTRL", 1, 0x80, 0xed, "3.4.21"),
};
static_assert(is_well_formed(kAgpBridgeRows));

/// With AGP strapped off (AGP_DIS): another DID, no capability list, and of the AGP registers, which are
/// APBASE and A0h-BBh, nothing.
constexpr RegisterMasks without_agp(RegisterMasks masks) {
  put_bytes(masks.reset, 0x02, 0x7192, 2);
  put_bytes(masks.reset, 0x06, 0x0200, 2);
  put_bytes(masks.reset, 0x34, 0x00, 1);
  put_bytes(masks.reset, 0x7a, 0x02, 1);
  for (ConfigDwords* dwords : {&masks.reset, &masks.writable}) {
    put_bytes(*dwords, 0x10, 0, 4);
    for (std::size_t offset = 0xa0; offset < 0xbc; offset += 4) put_bytes(*dwords, offset, 0, 4);
  }
  return masks;
}

inline constexpr RegisterMasks kI440bxMasks = masks_of(kI440bxRows);
inline constexpr RegisterMasks kI440bxWithoutAgpMasks = without_agp(kI440bxMasks);
inline constexpr RegisterMasks kAgpBridgeMasks = masks_of(kAgpBridgeRows);

}  // namespace lowmeg::bridge
