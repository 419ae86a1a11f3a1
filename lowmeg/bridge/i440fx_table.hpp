// The registers of the 82441FX (PMC): device 0 function 0.
//
// After the 82441FX data sheet (290549), chapter 3. PAM, DRB, FDHC and SMRAM are as in the 82443BX; there is
// no ESMRAMC, no aperture and no AGP bridge, and D_LCK freezes SMRAM alone. Left out: the reset that TRC
// (93h) can bring about, it reads 0; a board has other ways to reset. Masks that are not in the pages that
// could be had are from the sources that docs/reference/chip.md names.
#pragma once

#include "lowmeg/bridge/register_table.hpp"

namespace lowmeg::bridge {

inline constexpr RegisterRow kI440fxRows[] = {
    read_only(0x00, "VID", 2, 0x8086, "3.2"),
    read_only(0x02, "DID", 2, 0x1237, "3.2"),
    read_write(0x04, "PCICMD", 2, 0x0006, 0x0140, "3.2"),        // SERRE, PERRE; BME and MAE are hard 1
    write_1_to_clear(0x06, "PCISTS", 2, 0x0280, 0xf900, "3.2"),  // DPE, SSE, RMAS, RTAS, STAS, DPD
    read_only(0x08, "RID", 1, 0x02, "3.2"),
    read_only(0x09, "CLASSC", 3, 0x060000, "3.2"),
    read_write(0x0d, "MLT", 1, 0x00, 0xf8, "3.2"),
    read_only(0x0e, "HEADT", 1, 0x00, "3.2"),
    read_write(0x50, "PMCCFG", 2, 0x0000, 0xc3f4, "3.2"),
    read_write(0x52, "DETURBO", 1, 0x00, 0xff, "3.2"),
    read_write(0x53, "DBC", 1, 0x80, 0xff, "3.2"),
    read_write(0x54, "AXC", 1, 0x00, 0x82, "3.2"),
    read_write(0x55, "DRT", 2, 0x0000, 0xffff, "3.2"),
    read_write(0x57, "DRAMC", 1, 0x01, 0x77, "3.2"),
    read_write(0x58, "DRAMT", 1, 0x10, 0x7f, "3.2"),
    read_write(0x59, "PAM0", 1, 0x00, 0x30, "3.2"),
    read_write(0x5a, "PAM1", 1, 0x00, 0x33, "3.2"),
    read_write(0x5b, "PAM2", 1, 0x00, 0x33, "3.2"),
    read_write(0x5c, "PAM3", 1, 0x00, 0x33, "3.2"),
    read_write(0x5d, "PAM4", 1, 0x00, 0x33, "3.2"),
    read_write(0x5e, "PAM5", 1, 0x00, 0x33, "3.2"),
    read_write(0x5f, "PAM6", 1, 0x00, 0x33, "3.2"),
    read_write(0x60, "DRB0", 1, 0x01, 0xff, "3.2"),
    read_write(0x61, "DRB1", 1, 0x01, 0xff, "3.2"),
    read_write(0x62, "DRB2", 1, 0x01, 0xff, "3.2"),
    read_write(0x63, "DRB3", 1, 0x01, 0xff, "3.2"),
    read_write(0x64, "DRB4", 1, 0x01, 0xff, "3.2"),
    read_write(0x65, "DRB5", 1, 0x01, 0xff, "3.2"),
    read_write(0x66, "DRB6", 1, 0x01, 0xff, "3.2"),
    read_write(0x67, "DRB7", 1, 0x01, 0xff, "3.2"),
    read_write(0x68, "FDHC", 1, 0x00, 0xc0, "3.2"),
    read_write(0x70, "MTT", 1, 0x00, 0xf8, "3.2"),
    read_write(0x71, "CLT", 1, 0x10, 0x1f, "3.2"),
    // D_OPEN, D_CLS, D_LCK, G_SMRAME; C_BASE_SEG is hard 010. D_LCK freezes itself and D_OPEN.
    read_write(0x72, "SMRAM", 1, 0x02, 0x78, "3.2").locked_by(Lock::kSmram, 0x50),
    read_write(0x90, "ERRCMD", 1, 0x00, 0x1b, "3.2"),
    write_1_to_clear(0x91, "ERRSTS", 1, 0x00, 0x11, "3.2"),
    read_only(0x93, "TRC", 1, 0x00, "3.2"),
};
static_assert(is_well_formed(kI440fxRows));

inline constexpr RegisterMasks kI440fxMasks = masks_of(kI440fxRows);

}  // namespace lowmeg::bridge
