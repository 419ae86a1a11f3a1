// A million random config accesses through the whole chain, against a model that shares no code with it: a
// machine of 256 register bytes, a table of what each state shows, and an array of pages. LOWMEG_LONG=1 runs
// ten times as long.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/fakes/chain.hpp"
#include "tests/naive_bridge.hpp"
#include "tests/random_guest.hpp"

namespace lowmeg {
namespace {

using fakes::Chain;
using memory::Routes;

void expect_map(const Chain& chain, const NaiveBridge& model) {
  const memory::MemoryMap& map = chain.mapper->map();
  ASSERT_EQ(map.cpu, map.cpu_smm);
  ASSERT_EQ(map.cpu, map.bus_master);
  auto region = map.cpu.regions().begin();
  for (std::uint64_t gpa = 0x9f000; gpa < 0x101000; gpa += 0x1000) {
    while (region->range.end() <= gpa) ++region;
    const Routes expected = naive_page(model, gpa);
    const std::uint8_t* bytes = chain.ram.bytes().data() + expected.read.offset();
    const memory::PageView& page = chain.mapper->page(static_cast<std::uint32_t>(gpa));
    const bool agrees = region->at(gpa) == expected && page.fetch == page.read &&
                        page.read == (expected.read.is_bytes() ? bytes : nullptr) &&
                        (page.write == page.read) == (expected.write == expected.read);
    ASSERT_TRUE(agrees) << "page " << std::hex << gpa;
  }
  ASSERT_EQ(map.cpu.find(0), memory::ram_routes(0));
  ASSERT_EQ(map.cpu.find(Chain::kRamSize - 0x1000), memory::ram_routes(Chain::kRamSize - 0x1000));
  ASSERT_EQ(map.cpu.find(Chain::kRamSize), memory::bus_routes());
  ASSERT_EQ(map.cpu.find(Chain::kTop - 0x1000), memory::rom_routes(Chain::kRomSize - 0x1000));
}

void expect_states(const Chain& chain, const NaiveBridge& model) {
  constexpr GpaState kStates[] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                  GpaState::kWritable};
  PamStates expected;
  for (unsigned i = 0; i < 13; ++i) expected[i] = kStates[model.state(i)];
  ASSERT_EQ(chain.bridge.pam_states(), expected);
}

// "Reset after any of them equals a fresh machine, with the ranges that the host then holds to match."
void expect_fresh(Chain& chain, const bridge::Identity& identity) {
  Chain fresh(identity);
  ASSERT_TRUE(fresh.power_on());
  ASSERT_EQ(chain.ports.address(), fresh.ports.address());
  ASSERT_EQ(chain.bridge.header(), fresh.bridge.header());
  ASSERT_EQ(chain.bridge.registers(), fresh.bridge.registers());
  for (unsigned offset = 0; offset < 0x100; offset += 4) {
    const auto at = static_cast<std::uint8_t>(offset);
    ASSERT_EQ(chain.bridge.read(at), fresh.bridge.read(at)) << offset;
  }
  ASSERT_EQ(chain.adjuster.state(), fresh.adjuster.state());
  ASSERT_EQ(chain.host->slots(), fresh.host->slots());
  ASSERT_EQ(chain.mapper->map(), fresh.mapper->map());
}

class BridgeModel : public testing::TestWithParam<bridge::Identity> {};
INSTANTIATE_TEST_SUITE_P(Identity, BridgeModel, testing::ValuesIn(bridge::kIdentities),
                         [](const auto& param) { return std::string(param.param.name); });

struct Machine {
  explicit Machine(const bridge::Identity& wanted) : identity(wanted), guest(0x440b00u + wanted.device) {}

  void power_on() {
    ASSERT_TRUE(chain.power_on());
    expect_map(chain, model);
  }
  void read(const Access& access) {
    ASSERT_EQ(chain.ports.read(access.port, access.size), model.read(access.port, access.size));
  }
  void write(const Access& access) {
    const PamStates before = chain.bridge.pam_states();
    ASSERT_TRUE(chain.ports.write(access.port, access.size, access.value));
    model.write(access.port, access.size, access.value);
    if (access.port >= bridge::ConfigPorts::kDataPort) ++config_writes;
    ASSERT_EQ(chain.bridge.header().command, model.command());
    expect_states(chain, model);
    if (chain.bridge.pam_states() != before && ++changes % 8 == 0) expect_map(chain, model);
  }
  void reset() {
    ASSERT_TRUE(chain.reset());
    model.reset();
    expect_map(chain, model);
    expect_fresh(chain, identity);
  }
  void expect_same_registers() {
    for (unsigned offset = 0; offset < 0x100; ++offset) {
      const std::uint32_t dword = chain.bridge.read(static_cast<std::uint8_t>(offset & 0xfc));
      ASSERT_EQ(dword >> (8 * (offset % 4)) & 0xff, model.byte(offset)) << std::hex << offset;
    }
  }

  bridge::Identity identity;
  RandomGuest guest;
  Chain chain{identity};
  NaiveBridge model{identity};
  unsigned config_writes = 0, changes = 0;
};

TEST_P(BridgeModel, AgreesWithTheChain) {
  const unsigned million = std::getenv("LOWMEG_LONG") != nullptr ? 10'000'000 : 1'000'000;
  const unsigned wanted = million / static_cast<unsigned>(bridge::kIdentities.size()) + 1;
  Machine machine(GetParam());
  machine.power_on();
  while (machine.config_writes < wanted) {
    const Access access = machine.guest.next();
    access.write ? machine.write(access) : machine.read(access);
    if (machine.guest.pick(5000) == 0) machine.reset();
    machine.chain.wire.sent.clear();
    if (HasFailure()) {
      FAIL() << "after " << machine.config_writes << " config writes, at "
             << (access.write ? "write " : "read ") << std::hex << access.port << "." << access.size << " "
             << access.value << ", CONFADD " << machine.chain.ports.address();
    }
  }
  machine.expect_same_registers();
  EXPECT_GT(machine.changes, wanted / 10) << "the guest must really move segments";
}

}  // namespace
}  // namespace lowmeg
