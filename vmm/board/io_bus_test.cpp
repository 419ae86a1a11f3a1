#include "vmm/board/io_bus.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include <fmt/format.h>

namespace vmm {
namespace {

// Answers with its letter in every byte and notes what it was asked.
class Recorder final : public PortDevice {
 public:
  Recorder(std::uint8_t answer, std::string& log) : answer_(answer), log_(log) {}
  std::uint32_t read(std::uint16_t port, unsigned size) override {
    log_ += fmt::format("r{:x}.{} ", port, size);
    return answer_ * 0x01010101u >> (8 * (4 - size));
  }
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override {
    log_ += fmt::format("w{:x}.{}={:x} ", port, size, value);
  }

 private:
  std::uint8_t answer_;
  std::string& log_;
};

// "A cycle for each dword that it touches, lowest first", which a dword device gets whole; on the ISA bus "a
// cycle wider than the device's data path, or running past its ports, is done in bytes, lowest first".
TEST(IoBus, CutsAnAccessIntoCyclesAndThoseIntoBytes) {
  std::string log;
  Recorder narrow(0xaa, log), wide(0xbb, log);
  IoBus bus;
  bus.place(0x70, 2, Width::kByte, narrow);
  bus.place(0xcf8, 8, Width::kDword, wide);

  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
    const char* cycles;
  };
  const Row rows[] = {
      {0x70, 1, 0xaa, "r70.1 "},
      {0x70, 2, 0xaaaa, "r70.1 r71.1 "},
      {0x71, 2, 0xffaa, "r71.1 "},
      {0x6f, 4, 0xffaaaaff, "r70.1 r71.1 "},
      {0xcf8, 4, 0xbbbbbbbb, "rcf8.4 "},
      {0xcf7, 4, 0xbbbbbbff, "rcf8.3 "},
      {0xcf9, 2, 0xbbbb, "rcf9.2 "},
      {0xcf9, 4, 0xbbbbbbbb, "rcf9.3 rcfc.1 "},
      {0xcfa, 4, 0xbbbbbbbb, "rcfa.2 rcfc.2 "},
      {0xcfb, 2, 0xbbbb, "rcfb.1 rcfc.1 "},
      {0xcfe, 4, 0xffffbbbb, "rcfe.2 "},
      {0xffff, 4, 0xffffffff, ""},
      {0x100, 2, 0xffff, ""},
  };
  for (const Row& row : rows) {
    log.clear();
    EXPECT_EQ(bus.read(row.port, row.size), row.value) << row.port;
    EXPECT_EQ(log, row.cycles) << row.port;
  }
  log.clear();
  bus.write(0x70, 2, 0x1234);
  bus.write(0xcfc, 4, 0x12345678);
  bus.write(0x5000, 4, 1);
  EXPECT_EQ(log, "w70.1=34 w71.1=12 wcfc.4=12345678 ");
  log.clear();
  bus.write(0xcf7, 4, 0x12345678);
  bus.write(0xcf9, 4, 0x9abcdef0);
  bus.write(0xcfd, 4, 0x12345678);
  bus.write(0x6e, 4, 0x12345678);
  bus.write(0xffff, 2, 0);
  EXPECT_EQ(log, "wcf8.3=123456 wcf9.3=bcdef0 wcfc.1=9a wcfd.3=345678 w70.1=34 w71.1=12 ");
}

class Wanderer final : public MovablePorts {
 public:
  std::optional<std::uint16_t> base() override { return at; }
  std::uint32_t read(std::uint16_t /*port*/, unsigned size) override {
    return 0xcccccccc >> (8 * (4 - size));
  }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t /*value*/) override { ++writes; }
  std::optional<std::uint16_t> at;
  unsigned writes = 0;
};

// "Ports that a guest moves by a register yield to those that have their place for good."
TEST(IoBus, MovablePortsYieldToThosePlaced) {
  std::string log;
  Recorder placed(0xaa, log);
  Wanderer movable;
  IoBus bus;
  bus.place(0x604, 2, Width::kWord, placed);
  bus.place_movable(64, Width::kDword, movable);
  struct Row {
    std::optional<std::uint16_t> at;
    std::uint16_t port = 0;
    std::uint32_t dword = 0;
  };
  const Row rows[] = {
      {std::nullopt, 0xb000, 0xffffffff},  // closed
      {0xb000, 0xb000, 0xcccccccc},        //
      {0xb000, 0xb03e, 0xffffcccc},        // past its end
      {0xb000, 0xafff, 0xccccccff},        //
      {0x600, 0x600, 0xcccccccc},          //
      {0x600, 0x603, 0xccaaaacc},          // over a placed device
      {0xffc0, 0xfffe, 0xffffcccc},        // the last port
      {0x0000, 0xffff, 0xffffffff},        // ports do not wrap
  };
  for (const Row& row : rows) {
    movable.at = row.at;
    EXPECT_EQ(bus.read(row.port, 4), row.dword) << row.port;
  }
  movable.at = 0x600;
  bus.write(0x602, 4, 0);
  EXPECT_EQ(movable.writes, 1u) << "one cycle at 602h; at 604h the placed device's";
}

TEST(IoBusDeathTest, ADwordDeviceHasWholeDwords) {
  std::string log;
  Recorder device(0, log);
  IoBus bus;
  EXPECT_DEATH(bus.place(0x42, 4, Width::kDword, device), "whole dwords");
  EXPECT_DEATH(bus.place(0x40, 2, Width::kDword, device), "whole dwords");
}

TEST(IoBusDeathTest, TwoDevicesAtOnePortAreAMistakeOfTheProgram) {
  std::string log;
  Recorder device(0, log);
  IoBus bus;
  bus.place(0x60, 5, Width::kByte, device);
  EXPECT_DEATH(bus.place(0x64, 1, Width::kByte, device), "do not overlap");
}

}  // namespace
}  // namespace vmm
