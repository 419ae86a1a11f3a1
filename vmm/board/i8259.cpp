#include "vmm/board/i8259.hpp"

namespace vmm {
namespace {

// Data sheet, figure 7 (ICWs) and figure 8 (OCWs).
constexpr std::uint8_t kIcw1 = 0x10;           // bit 4 of a command marks ICW1
constexpr std::uint8_t kIcw1NeedsIcw4 = 0x01;  // IC4
constexpr std::uint8_t kIcw1Single = 0x02;     // SNGL
constexpr std::uint8_t kIcw4AutoEoi = 0x02;    // AEOI
constexpr std::uint8_t kIcw4Nested = 0x10;     // SFNM
constexpr std::uint8_t kOcw3 = 0x08;           // bit 3 of a command marks OCW3

constexpr unsigned kCascadeInput = 2;
constexpr unsigned kSpuriousInput = 7;

constexpr std::uint8_t bit(unsigned input) {
  return static_cast<std::uint8_t>(1u << input);
}

}  // namespace

void I8259::reset() {
  const std::uint8_t lines = lines_;
  *this = I8259(role_);
  lines_ = lines;
}

void I8259::set_line(unsigned input, Level level) {
  const std::uint8_t mask = bit(input & 7);
  if (level == Level::kLow) {
    lines_ &= static_cast<std::uint8_t>(~mask);
    return;
  }
  if (!(lines_ & mask)) irr_ |= mask;
  lines_ |= mask;
}

void I8259::set_elcr(std::uint8_t value) {
  elcr_ = value;
  irr_ &= static_cast<std::uint8_t>(~value);  // a level input has no latch
}

// The slave's INT stays up for as long as it has a request, so its input is served as a level.
std::uint8_t I8259::requests() const {
  const unsigned levels = role_ == Role::kMaster ? elcr_ | bit(kCascadeInput) : elcr_;
  return static_cast<std::uint8_t>((irr_ & ~levels) | (lines_ & levels));
}

std::optional<unsigned> I8259::highest(unsigned bits) const {
  for (unsigned i = 1; i <= 8; ++i) {
    const unsigned input = (lowest_ + i) & 7;
    if (bits & bit(input)) return input;
  }
  return std::nullopt;
}

// The request to serve: it must outrank everything in service, unless special mask mode lets all but the
// masked and those in service through, or special fully nested mode lets the slave interrupt itself.
std::optional<unsigned> I8259::winner() const {
  const std::optional<unsigned> wanted =
      highest(requests() & ~imr_ & (special_mask_ ? ~unsigned{isr_} : 0xffu));
  if (!wanted || special_mask_) return wanted;
  const std::optional<unsigned> serving = highest(isr_);
  if (!serving) return wanted;
  const auto rank = [this](unsigned input) { return (input - lowest_ - 1) & 7; };
  const bool nested = role_ == Role::kMaster && (icw4_ & kIcw4Nested) && *wanted == kCascadeInput;
  const bool outranks = rank(*wanted) < rank(*serving) || (nested && wanted == serving);
  return outranks ? wanted : std::nullopt;
}

std::optional<unsigned> I8259::take() {
  const std::optional<unsigned> input = winner();
  if (!input) return input;
  irr_ &= static_cast<std::uint8_t>(~bit(*input));
  if (icw4_ & kIcw4AutoEoi) {
    if (rotate_on_auto_eoi_) lowest_ = static_cast<std::uint8_t>(*input);
  } else {
    isr_ |= bit(*input);
  }
  return input;
}

std::uint8_t I8259::vector(std::optional<unsigned> input) const {
  return static_cast<std::uint8_t>((icw2_ & 0xf8) | input.value_or(kSpuriousInput));
}

std::uint8_t I8259::read_command() {
  if (!poll_) return read_isr_ ? isr_ : requests();
  poll_ = false;
  const std::optional<unsigned> input = take();
  return input ? static_cast<std::uint8_t>(0x80 | *input) : 0;
}

std::uint8_t I8259::read_data() {
  return poll_ ? read_command() : imr_;
}

void I8259::write_command(std::uint8_t value) {
  if (value & kIcw1) return write_icw1(value);
  if (value & kOcw3) return write_ocw3(value);
  write_ocw2(value);
}

void I8259::write_data(std::uint8_t value) {
  switch (expect_) {
    case Expect::kOcw1:
      imr_ = value;
      return;
    case Expect::kIcw2:
      icw2_ = value;
      expect_ = !(icw1_ & kIcw1Single)   ? Expect::kIcw3
                : icw1_ & kIcw1NeedsIcw4 ? Expect::kIcw4
                                         : Expect::kOcw1;
      return;
    case Expect::kIcw3:  // the wiring is the board's
      expect_ = icw1_ & kIcw1NeedsIcw4 ? Expect::kIcw4 : Expect::kOcw1;
      return;
    case Expect::kIcw4:
      icw4_ = value;
      expect_ = Expect::kOcw1;
      return;
  }
}

// ICW1 (data sheet): the edge sense circuit is reset, the interrupt mask register is cleared, IR7 input is
// assigned priority 7, special mask mode is cleared and status read is set to IRR, if IC4 = 0 all functions
// of ICW4 are set to zero.
void I8259::write_icw1(std::uint8_t value) {
  const I8259 before = *this;
  *this = I8259(role_);
  lines_ = before.lines_;
  elcr_ = before.elcr_;
  icw2_ = before.icw2_;
  icw1_ = value;
  imr_ = 0;
  expect_ = Expect::kIcw2;
}

void I8259::end_of_interrupt(std::optional<unsigned> input) {
  if (input) isr_ &= static_cast<std::uint8_t>(~bit(*input));
}

void I8259::write_ocw2(std::uint8_t value) {
  const unsigned level = value & 7;
  const std::optional<unsigned> serving = highest(isr_);
  switch (value >> 5) {  // R, SL, EOI
    case 0b000:          // rotate in automatic EOI mode (clear)
      rotate_on_auto_eoi_ = false;
      return;
    case 0b100:  // rotate in automatic EOI mode (set)
      rotate_on_auto_eoi_ = true;
      return;
    case 0b001:  // non-specific EOI
      return end_of_interrupt(serving);
    case 0b011:  // specific EOI
      return end_of_interrupt(level);
    case 0b101:  // rotate on non-specific EOI
      end_of_interrupt(serving);
      if (serving) lowest_ = static_cast<std::uint8_t>(*serving);
      return;
    case 0b111:  // rotate on specific EOI
      end_of_interrupt(level);
      [[fallthrough]];
    case 0b110:  // set priority
      lowest_ = static_cast<std::uint8_t>(level);
      return;
    default:  // 010: no operation
      return;
  }
}

void I8259::write_ocw3(std::uint8_t value) {
  poll_ = value & 0x04;
  if (value & 0x02) read_isr_ = value & 0x01;      // RR, RIS
  if (value & 0x40) special_mask_ = value & 0x20;  // ESMM, SMM
}

}  // namespace vmm
