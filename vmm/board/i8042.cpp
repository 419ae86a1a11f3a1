#include "vmm/board/i8042.hpp"

#include <algorithm>
#include <iterator>

namespace vmm {
namespace {

constexpr std::uint8_t kStatusFull = 0x01;     // OBF: a byte to read
constexpr std::uint8_t kStatusSys = 0x04;      // self-test passed
constexpr std::uint8_t kStatusCommand = 0x08;  // the last write went to 64h
constexpr std::uint8_t kNotReset = 0x01;       // output port bit 0, low resets the processor
constexpr std::uint8_t kA20 = 0x02;            // output port bit 1

// A real controller holds one byte and the keyboard 16 more.
constexpr std::size_t kBuffered = 17;

enum Command : std::uint8_t {
  kReadCommandByte = 0x20,
  kWriteCommandByte = 0x60,
  kSelfTest = 0xaa,
  kReadOutputPort = 0xd0,
  kWriteOutputPort = 0xd1,
  kWriteKeyboardBuffer = 0xd2,
  kWriteAuxBuffer = 0xd3,
  kWriteAux = 0xd4,
  kPulse = 0xf0,  // to FF: a low bit pulses its line of the output port
};

// Commands whose next byte at 60h is theirs.
constexpr std::uint8_t kWithParameter[] = {kWriteCommandByte, kWriteOutputPort, kWriteKeyboardBuffer,
                                           kWriteAuxBuffer, kWriteAux};

// Commands that answer a fixed byte.
struct Reply {
  std::uint8_t command, byte;
};
constexpr Reply kReplies[] = {
    {0xa9, 0x00},       // auxiliary interface test: good
    {kSelfTest, 0x55},  // passed
    {0xab, 0x00},       // keyboard interface test: good
    {0xc0, 0x80},       // input port: the keyboard is not locked
    {0xe0, 0x00},       // test inputs
};

// Commands that change bits of the command byte (20h disables the mouse's clock, 10h the keyboard's) or of
// the output port.
enum class Target { kCommandByte, kOutputPort };
struct BitChange {
  std::uint8_t command;
  Target target;
  std::uint8_t clear, set;
};
constexpr BitChange kBitChanges[] = {
    {0xa7, Target::kCommandByte, 0x00, 0x20}, {0xa8, Target::kCommandByte, 0x20, 0x00},
    {0xad, Target::kCommandByte, 0x00, 0x10}, {0xae, Target::kCommandByte, 0x10, 0x00},
    {0xdd, Target::kOutputPort, kA20, 0x00},  {0xdf, Target::kOutputPort, 0x00, kA20},
};

}  // namespace

void I8042::reset() {
  output_.clear();
  last_ = 0;
  waiting_ = 0;
  command_byte_ = 0x61;
  set_output_port(0xcf);
  status_ = 0x10;
}

std::uint32_t I8042::read(std::uint16_t port, unsigned /*size*/) {
  if (port == kCommandPort) return status_ | (output_.empty() ? 0u : kStatusFull);
  if (port != kDataPort) return 0xff;
  if (!output_.empty()) {
    last_ = output_.front();
    output_.pop_front();
  }
  return last_;
}

void I8042::write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  if (port == kCommandPort) {
    status_ |= kStatusCommand;
    waiting_ = 0;
    return command(byte);
  }
  if (port != kDataPort) return;
  status_ &= static_cast<std::uint8_t>(~kStatusCommand);
  const std::uint8_t waiting = waiting_;
  waiting_ = 0;
  waiting ? parameter(waiting, byte) : keyboard(byte);
}

void I8042::answer(std::initializer_list<std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    if (output_.size() < kBuffered) output_.push_back(byte);
  }
}

void I8042::command(std::uint8_t value) {
  for (const Reply& reply : kReplies) {
    if (reply.command == value) answer({reply.byte});
  }
  for (const BitChange& change : kBitChanges) {
    if (change.command != value) continue;
    const bool is_command_byte = change.target == Target::kCommandByte;
    const std::uint8_t old = is_command_byte ? command_byte_ : output_port_;
    const auto changed = static_cast<std::uint8_t>((old & ~change.clear) | change.set);
    is_command_byte ? void(command_byte_ = changed) : set_output_port(changed);
  }
  if (std::ranges::find(kWithParameter, value) != std::end(kWithParameter)) waiting_ = value;
  if (value == kReadCommandByte) answer({command_byte_});
  if (value == kReadOutputPort) answer({output_port_});
  if (value == kSelfTest) status_ |= kStatusSys;
  if (value >= kPulse && !(value & kNotReset)) power_.reset(kResetByKeyboardController);
}

void I8042::parameter(std::uint8_t command, std::uint8_t value) {
  switch (command) {
    case kWriteCommandByte:
      command_byte_ = value;
      return;
    case kWriteOutputPort:
      return write_output_port(value);
    case kWriteKeyboardBuffer:
    case kWriteAuxBuffer:
      return answer({value});
    default:
      return;  // kWriteAux: no mouse
  }
}

void I8042::set_output_port(std::uint8_t value) {
  output_port_ = value;
  a20_.drive(A20Gate::Input::kKeyboard, value & kA20 ? Level::kHigh : Level::kLow);
}

void I8042::write_output_port(std::uint8_t value) {
  set_output_port(value | kNotReset);
  if (!(value & kNotReset)) power_.reset(kResetByKeyboardController);
}

void I8042::keyboard(std::uint8_t value) {
  switch (value) {
    case 0xee:
      return answer({0xee});  // echo
    case 0xf2:
      return answer({0xfa, 0xab, 0x83});  // read ID: an MF2 keyboard
    case 0xff:
      return answer({0xfa, 0xaa});  // reset: acknowledged, self-test passed
    default:
      return answer({0xfa});
  }
}

}  // namespace vmm
