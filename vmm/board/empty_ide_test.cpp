#include "vmm/board/empty_ide.hpp"

#include <gtest/gtest.h>

#include "vmm/board/io_bus.hpp"

namespace vmm {
namespace {

// "The host pulls DD7 down": what cycles of each size read at a channel without drives, whatever was written.
TEST(EmptyIde, ReadsWithDd7Down) {
  struct Row {
    std::uint16_t offset;  // from the command block
    unsigned size;
    std::uint32_t reads;
  };
  const Row rows[] = {{0, 1, 0x7f},   {0, 2, 0xff7f},   {0, 4, 0xff7fff7f}, {1, 1, 0x7f},
                      {2, 1, 0x7f},   {3, 1, 0x7f},     {4, 1, 0x7f},       {5, 1, 0x7f},
                      {6, 1, 0x7f},   {7, 1, 0x7f},     {2, 2, 0x7f7f},     {4, 4, 0x7f7f7f7f},
                      {7, 2, 0xff7f}, {0x206, 1, 0x7f}, {0x206, 2, 0xff7f}};
  EmptyIde ide;
  IoBus io;
  for (const std::uint16_t ports : EmptyIde::kCommandBlocks) io.place(ports, 8, Width::kDword, ide);
  for (const std::uint16_t port : EmptyIde::kControlBlocks) io.place(port, 1, Width::kByte, ide);
  for (const std::uint16_t channel : EmptyIde::kCommandBlocks) {
    for (const Row& row : rows) {
      const auto port = static_cast<std::uint16_t>(channel + row.offset);
      io.write(port, row.size, 0xa0a0a0a0);
      EXPECT_EQ(io.read(port, row.size), row.reads) << std::hex << port << " " << row.size;
    }
  }
}

}  // namespace
}  // namespace vmm
