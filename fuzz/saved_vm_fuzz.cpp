// Hostile bytes as a saved VM's file: as they are, and, with bit 0 of the first byte, as the state of a
// machine of ours in a file that is right all around it. What is accepted is a machine that runs.
#include <algorithm>
#include <array>
#include <memory>

#include "lowmeg/core/invariant.hpp"
#include "vmm/machine.hpp"

namespace {

using namespace vmm;

struct SmallMachine {
  SmallMachine() {
    config.memory.ram_size = 2 << 20;
    config.memory.firmware = Image(0x10000, 0xf4);                                       // HLT
    std::ranges::copy(std::array{0xeb, 0xfe}, config.memory.firmware.begin() + 0xfff0);  // JMP to itself
    config.timing = Timing::kDeterministic;
    config.timeout = std::chrono::microseconds(100);
  }
  std::unique_ptr<Machine> create() {
    auto machine = Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
    return machine ? std::move(*machine) : nullptr;
  }
  MachineConfig config;
  lowmeg::NullEventSink events;
};

// What decode_saved_vm lets through it also writes, byte for byte.
void check_decoder(std::span<const std::uint8_t> bytes) {
  if (const auto vm = decode_saved_vm(bytes)) {
    const auto again = encode(*vm);
    LOWMEG_INVARIANT(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()), "the same bytes");
  }
}

void go_on_with(std::span<const std::uint8_t> state) {
  static const SavedVm::Build build = SmallMachine().create()->build_for_saving();
  SmallMachine small;
  small.config.saved_vm =
      std::make_shared<const Image>(encode({.build = build, .state = state, .pages = {}}));
  if (const auto machine = small.create()) machine->run();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  check_decoder(bytes);
  if (data[0] & 1) go_on_with(bytes);
  return 0;
}
