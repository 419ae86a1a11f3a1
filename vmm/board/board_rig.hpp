// A board with all that it borrows, for its tests.
#pragma once

#include <string>

#include "lowmeg/memory/plain_mapper.hpp"
#include "vmm/board/board.hpp"
#include "vmm/board/board_fakes.hpp"

namespace vmm::fakes {

struct Rig {
  explicit Rig(const BoardConfig& config, InterruptLines* lines = nullptr)
      : board(config, {clock, power, pin, a20, console, faults, observer, claims, patience,
                       lowmeg::memory::BusMaster(mapper, ram, rom), lines}) {}
  std::string fw_cfg(unsigned key, unsigned bytes) {
    board.io().write(0x510, 2, key);
    std::string text;
    for (unsigned i = 0; i < bytes; ++i) text += static_cast<char>(board.io().read(0x511, 1));
    return text;
  }
  std::uint32_t config_dword(std::uint32_t address) {
    board.io().write(0xcf8, 4, address);
    return board.io().read(0xcfc, 4);
  }
  FakeClock clock;
  FakePower power;
  FakePin pin;
  FakeA20 a20;
  FakeConsole console;
  FakeFaults faults;
  FakeObserver observer;
  FakeClaimsListener claims;
  FakePatience patience;
  lowmeg::memory::PlainMapper mapper{{0, 0x1000}};
  lowmeg::memory::Backing ram = lowmeg::memory::Backing::create("ram", 0x1000).value();
  lowmeg::memory::Backing rom = lowmeg::memory::Backing::create("rom", 0x1000).value();
  Board board;
};

}  // namespace vmm::fakes
