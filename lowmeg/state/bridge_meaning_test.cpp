#include "lowmeg/state/bridge_meaning.hpp"

#include <gmock/gmock.h>

#include <set>

#include "tests/fakes/golden.hpp"
#include "tests/fakes/recording_adjuster.hpp"

namespace lowmeg::state {
namespace {

constexpr bridge::HypervRegisterState kRegisters{1, 2, 3, 4, 5, 6, 0x3802};

TEST(BridgeMeaning, KeepsEveryFieldBothWays) {
  const bridge::HypervBridgeState state{
      .registers = {1, 2, 3, 4, 5, 6, 0x3812},
      .header = {.command = 0x0107, .latency_timer = 8, .interrupt_line = 9}};
  SavedBridge saved{1, 2, 3, 4, 5, 6, 0x3812, {}};
  saved.cfg_space.command = 0x0107;
  saved.cfg_space.latency_timer = 8;
  saved.cfg_space.interrupt_line = 9;
  EXPECT_EQ(to_saved(state), saved);
  EXPECT_EQ(accept(saved).value(), state);
}

TEST(BridgeMeaning, AcceptsTheSamples) {
  for (const std::string& name : fakes::golden_names("bridge_")) {
    if (name.starts_with("bridge_any")) continue;
    const SavedBridge saved = decode_bridge(fakes::golden(name)).value();
    const auto state = accept(saved);
    ASSERT_TRUE(state) << name << ": " << state.error().what;
    EXPECT_EQ(to_saved(*state), saved) << name;
  }
}

// "SMRAM word only as a guest could have made it": all that writes to a real bridge leave, and no other.
TEST(BridgeMeaning, AcceptsTheSmramWordsThatAGuestCanMake) {
  std::set<unsigned> made, accepted;
  fakes::RecordingAdjuster adjuster;
  NullEventSink events;
  for (unsigned word = 0; word < 0x10000; ++word) {
    bridge::HypervBridge fresh(bridge::kHyperv, adjuster, events);
    ASSERT_TRUE(fresh.write(0x70, word << 16, bridge::ByteEnables::all()));
    made.insert(fresh.registers().smm_config_word);
    SavedBridge saved = to_saved({kRegisters, {}});
    saved.smm_config_word = static_cast<std::uint16_t>(word);
    if (accept(saved)) accepted.insert(word);
  }
  EXPECT_EQ(made.size(), 8u);
  EXPECT_EQ(accepted, made);
}

TEST(BridgeMeaning, AcceptsTheCommandsThatAGuestCanMake) {
  for (unsigned command = 0; command < 0x10000; ++command) {
    SavedBridge saved = to_saved({kRegisters, {}});
    saved.cfg_space.command = static_cast<std::uint16_t>(command);
    ASSERT_EQ(accept(saved).has_value(), (command & ~0x077fu) == 0) << command;
  }
}

TEST(BridgeMeaning, RefusesWithALineThatNamesTheField) {
  const auto changed = [](auto change) {
    SavedBridge saved = to_saved({kRegisters, {}});
    change(saved, saved.cfg_space);
    return saved;
  };
  using B = SavedBridge;
  using C = SavedCfgSpace;
  struct Row {
    SavedBridge bridge;
    const char* line = "";
  };
  const Row rows[] = {
      {changed([](B& b, C&) { b.smm_config_word = 0x3842; }),
       "smm_config_word: 3842h, of which the bridge can hold 3802h"},  // open
      {changed([](B& b, C&) { b.smm_config_word = 0; }),
       "smm_config_word: 0000h, of which the bridge can hold 3802h"},
      {changed([](B& b, C&) { b.smm_config_word = 0xf812; }),
       "smm_config_word: f812h, of which the bridge can hold 3812h"},
      {changed([](B&, C& c) { c.command = 0x0987; }), "cfg_space.command: bits 0880h are not supported"},
      {changed([](B&, C& c) { c.base_addresses[4] = 1; }),
       "cfg_space.base_addresses[4]: this bridge has no BARs"},
      {changed([](B&, C& c) { c.capabilities.push_back({}); }),
       "cfg_space.capabilities: this bridge has none"},
      {changed([](B&, C& c) { c.subordinate_bus_number = 1; }),
       "cfg_space.subordinate_bus_number: this bridge has none"},
      {changed([](B&, C& c) { c.secondary_bus_number = 1; }),
       "cfg_space.secondary_bus_number: this bridge has none"},
      {changed([](B&, C& c) { c.primary_bus_number = 1; }),
       "cfg_space.primary_bus_number: this bridge has none"},
      {changed([](B&, C& c) { c.memory_base = 1; }), "cfg_space.memory_base: this bridge has none"},
      {changed([](B&, C& c) { c.memory_limit = 1; }), "cfg_space.memory_limit: this bridge has none"},
      {changed([](B&, C& c) { c.prefetch_base = 1; }), "cfg_space.prefetch_base: this bridge has none"},
      {changed([](B&, C& c) { c.prefetch_limit = 1; }), "cfg_space.prefetch_limit: this bridge has none"},
      {changed([](B&, C& c) { c.prefetch_base_upper = 1; }),
       "cfg_space.prefetch_base_upper: this bridge has none"},
      {changed([](B&, C& c) { c.prefetch_limit_upper = 1; }),
       "cfg_space.prefetch_limit_upper: this bridge has none"},
      {changed([](B&, C& c) { c.bridge_control = 1; }), "cfg_space.bridge_control: this bridge has none"},
      {changed([](B&, C& c) { c.extended_capabilities.push_back({}); }),
       "cfg_space.extended_capabilities: this bridge has none"},
      {changed([](B&, C& c) { c.captured_bus_number = 1; }),
       "cfg_space.captured_bus_number: this bridge has none"},
      {changed([](B&, C& c) { c.captured_devfn = 1; }), "cfg_space.captured_devfn: this bridge has none"},
  };
  for (const Row& row : rows) {
    const auto state = accept(row.bridge);
    ASSERT_FALSE(state) << row.line;
    EXPECT_EQ(state.error(), (Error{Errc::kInvalidArgument, row.line, 0}));
  }
}

}  // namespace
}  // namespace lowmeg::state
