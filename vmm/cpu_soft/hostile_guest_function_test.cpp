#include <algorithm>
#include <cstring>

#include "vmm/cpu_soft/hostile_guest.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft::testing {
namespace {

// Takes numbers off the front of the input; zeros when it is used up.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> input) : rest_(input) {}

  template <typename Number>
  Number take() {
    Number number{};
    const std::size_t size = std::min(sizeof number, rest_.size());
    std::memcpy(&number, rest_.data(), size);
    rest_ = rest_.subspan(size);
    return number;
  }
  std::span<const std::uint8_t> rest() const { return rest_; }

 private:
  std::span<const std::uint8_t> rest_;
};

// A segment may be anything, but mostly is of use.
void twist(Segment& segment, Reader& reader) {
  const auto how = reader.take<std::uint8_t>();
  if ((how & 3) != 0) return;
  if ((how & 4) != 0) segment.base = reader.take<std::uint32_t>();
  if ((how & 8) != 0) segment.limit = reader.take<std::uint32_t>();
  if ((how & 16) != 0) segment.access = reader.take<std::uint16_t>();
}

CpuState state_of(Reader& reader) {
  const auto how = reader.take<std::uint8_t>();
  CpuState state = (how & 1) != 0 ? protected_mode_state() : real_mode_state();
  for (std::uint32_t& value : state.gpr) {
    value = reader.take<std::uint32_t>() >> ((how & 2) != 0 ? 0 : 14);  // mostly within RAM
  }
  state.eflags = reader.take<std::uint32_t>();
  for (Segment& segment : state.segment) twist(segment, reader);
  if ((how & 12) == 12) state.cr0 = reader.take<std::uint32_t>();
  if ((how & 48) == 48) state.cr4 = reader.take<std::uint32_t>();
  if ((how & 64) != 0) state.idt.limit = reader.take<std::uint16_t>();
  return state;
}

TestMachine& machine() {
  static TestMachine one(TestMachine::Mode::kReal);
  return one;
}

const Bytes& fresh_memory() {
  static const Bytes bytes(machine().ram->bytes().begin(), machine().ram->bytes().end());
  return bytes;
}

}  // namespace

CpuState run_hostile_guest(std::span<const std::uint8_t> input, std::uint64_t instructions) {
  TestMachine& guest = machine();
  guest.load(0, fresh_memory());
  guest.ports.written.clear();
  Reader reader(input);
  guest.cpu->reset();
  guest.cpu->set_interrupt_line(CpuSoft::Level::kLow);
  guest.cpu->set_state(state_of(reader));
  const std::span<const std::uint8_t> code =
      reader.rest().first(std::min<std::size_t>(reader.rest().size(), 0x8000));
  guest.load(kCode, code);

  const std::uint64_t end = guest.cpu->instructions() + instructions;
  for (std::uint64_t i = 1; i <= instructions && guest.cpu->instructions() < end; ++i) {
    if (i % 3 == 0) guest.cpu->set_interrupt_line(CpuSoft::Level::kHigh);
    if (guest.cpu->run(end - guest.cpu->instructions()) == CpuSoft::Stop::kBudget) break;
    CpuState state =
        state_of(reader);  // it halted, mostly in a fault's handler: on with another piece of the code
    state.eip += code.empty() ? 0 : static_cast<std::uint32_t>(i * 29 % code.size());
    state.instructions = guest.cpu->instructions();
    guest.cpu->set_state(state);
  }
  return guest.state();
}

}  // namespace vmm::cpu_soft::testing
