#include "vmm/board/pic.hpp"

namespace vmm {
namespace {

constexpr unsigned kCascade = 2;
// IRQ 0, 1, 2, 8 and 13 are edge-triggered for good (PIIX3, ELCR1 and ELCR2).
constexpr std::uint8_t kElcr1Writable = 0xf8;
constexpr std::uint8_t kElcr2Writable = 0xde;

}  // namespace

void Pic::reset() {
  master_.reset();
  slave_.reset();
  settle();
}

std::uint32_t Pic::read(std::uint16_t port, unsigned /*size*/) {
  if ((port & 0xfffe) == kElcrPorts) return (port & 1 ? slave_ : master_).elcr();
  I8259& chip = (port & 0xfffe) == kSlavePorts ? slave_ : master_;
  const std::uint8_t value = port & 1 ? chip.read_data() : chip.read_command();
  settle();
  return value;
}

void Pic::write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  if ((port & 0xfffe) == kElcrPorts) {
    port & 1 ? slave_.set_elcr(byte & kElcr2Writable) : master_.set_elcr(byte & kElcr1Writable);
  } else {
    I8259& chip = (port & 0xfffe) == kSlavePorts ? slave_ : master_;
    port & 1 ? chip.write_data(byte) : chip.write_command(byte);
  }
  settle();
}

void Pic::set_line(unsigned irq, Level level) {
  if (irq > 15 || irq == kCascade) return;
  (irq < 8 ? master_ : slave_).set_line(irq & 7, level);
  settle();
}

std::uint8_t Pic::acknowledge() {
  const std::optional<unsigned> input = master_.take();
  const std::uint8_t vector = input == kCascade ? slave_.vector(slave_.take()) : master_.vector(input);
  settle();
  return vector;
}

// Carries the slave's INT to the master's IR2, and the master's to the processor.
void Pic::settle() {
  master_.set_line(kCascade, slave_.intr());
  const Level level = master_.intr();
  if (level == level_) return;
  level_ = level;
  intr_.set(level);
}

}  // namespace vmm
