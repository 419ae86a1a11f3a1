#include "vmm/board/piix3.hpp"

namespace vmm {
namespace {

// Data sheet 2.2: PCI configuration registers of function 0.
constexpr ConfigRegister kIsaBridgeRegisters[] = {
    {0x00, 0x70008086, 0x00000000, "VID, DID"},
    {0x04, 0x02000007, 0x00000008, "PCICMD (special cycles), PCISTS (medium DEVSEL#)"},
    {0x08, 0x06010000, 0x00000000, "RID, CLASSC: ISA bridge"},
    {0x0c, 0x00800000, 0x00000000, "HEDT: several functions"},
    {0x4c, 0x0003004d, 0x01ff00ff, "IORT, -, XBCS"},
    {0x60, 0x80808080, 0x8f8f8f8f, "PIRQRCA, PIRQRCB, PIRQRCC, PIRQRCD"},
    {0x68, 0x00000200, 0x8003fe00, "-, TOM, MSTAT"},
    {0x70, 0x00000080, 0x0000efef, "MBIRQ0, MBIRQ1"},
    {0x74, 0x0c0c0000, 0x8f8f0000, "-, -, MBDMA0, MBDMA1"},
    {0x78, 0x00000002, 0x0000ffff, "PCSC"},
    {0x80, 0x00000000, 0x000f007f, "APICBASE, -, DLC"},
    {0xa0, 0x00000008, 0x00ff001f, "SMICNTL, -, SMIEN"},
    {0xa4, 0x00000000, 0xe000ffff, "SEE"},
    {0xa8, 0x0000000f, 0x00ff00ff, "FTMR, -, SMIREQ"},
    {0xac, 0x00000000, 0x00ff00ff, "CTLTMR, -, CTHTMR"},
};

}  // namespace

std::span<const ConfigRegister> piix3_registers() {
  return kIsaBridgeRegisters;
}

}  // namespace vmm
