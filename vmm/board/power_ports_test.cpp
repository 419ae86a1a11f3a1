#include "vmm/board/power_ports.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

TEST(PowerPorts, TurnOffByPort) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
    std::vector<int> statuses;
  };
  const Row rows[] = {
      {0x501, 1, 0x00, {1}},  {0x501, 1, 0x10, {33}}, {0x501, 1, 0xff, {511}}, {0x604, 2, 0x2000, {0}},
      {0x604, 2, 0x2001, {}}, {0x604, 1, 0x20, {}},   {0x604, 2, 0x3400, {}},
  };
  for (const Row& row : rows) {
    fakes::FakePower power;
    PowerPorts(power).write(row.port, row.size, row.value);
    EXPECT_EQ(power.statuses, row.statuses) << row.port << ' ' << row.value;
  }
}

TEST(PowerPorts, TurnOffByWord) {
  struct Row {
    std::string text;
    std::size_t times;
  };
  const Row rows[] = {{"Shutdown", 1},  {"shutdown", 0},         {"Shut down", 0}, {"ShuShutdown", 1},
                      {"SShutdown", 1}, {"ShutdownShutdown", 2}, {"Shutdow", 0}};
  for (const Row& row : rows) {
    fakes::FakePower power;
    PowerPorts ports(power);
    for (const char c : row.text) ports.write(0x8900, 1, static_cast<unsigned char>(c));
    EXPECT_EQ(power.statuses, std::vector<int>(row.times, 0)) << row.text;
  }
}

TEST(PowerPorts, ReadAllOnes) {
  fakes::FakePower power;
  PowerPorts ports(power);
  EXPECT_EQ(ports.read(0x501, 1), 0xffu);
  EXPECT_EQ(ports.read(0x604, 2), 0xffffu);
}

}  // namespace
}  // namespace vmm
