#include "vmm/board/vga_registers.hpp"

namespace vmm {
namespace {

// Ports as of the colour card; the mono card's CRTC and status are 20h below.
enum Port : std::uint16_t {
  kAttribute = 0x3c0,
  kAttributeRead = 0x3c1,
  kMiscWrite = 0x3c2,  // reads: input status 0
  kEnable = 0x3c3,
  kSequencer = 0x3c4,
  kDac = 0x3c6,  // to 3C9
  kFeatureRead = 0x3ca,
  kMiscRead = 0x3cc,
  kGraphics = 0x3ce,
  kCrtc = 0x3d4,
  kStatus1 = 0x3da,  // writes: feature control
};

constexpr std::uint8_t kMiscColour = 0x01;
constexpr std::uint8_t kStatus1Retraces = 0x09;  // bit 3 vertical, bit 0 either
constexpr std::uint8_t kAttributeIndexMask = 0x1f;
constexpr unsigned kCrtcStartHigh = 0x0c, kCrtcStartLow = 0x0d, kGraphicsMisc = 6;

constexpr std::uint16_t colour_port(std::uint16_t port) {
  return static_cast<std::uint16_t>(port < VgaRegisters::kPorts ? port + 0x20 : port);
}

constexpr bool is_dac(std::uint16_t port) {
  return port >= kDac && port < kFeatureRead;
}

}  // namespace

void VgaRegisters::reset() {
  *this = VgaRegisters();
}

std::uint16_t VgaRegisters::start() const {
  return static_cast<std::uint16_t>(crtc_.data[kCrtcStartHigh] << 8 | crtc_.data[kCrtcStartLow]);
}

VgaRegisters::Display VgaRegisters::display() const {
  return graphics_.data[kGraphicsMisc] & 1 ? Display::kGraphics : Display::kText;
}

VgaRegisters::MemoryMap VgaRegisters::memory_map() const {
  return static_cast<MemoryMap>(graphics_.data[kGraphicsMisc] >> 2 & 3);
}

bool VgaRegisters::crtc_answers(std::uint16_t port) const {
  return (port >= kPorts) == ((misc_ & kMiscColour) != 0);
}

VgaRegisters::Indexed* VgaRegisters::indexed_at(std::uint16_t port) {
  switch (colour_port(port) & 0xfffe) {
    case kSequencer:
      return &sequencer_;
    case kGraphics:
      return &graphics_;
    case kCrtc:
      return crtc_answers(port) ? &crtc_ : nullptr;
    default:
      return nullptr;
  }
}

std::uint32_t VgaRegisters::read(std::uint16_t port, unsigned /*size*/) {
  if (Indexed* const set = indexed_at(port)) return port & 1 ? set->selected() : set->index;
  if (is_dac(port)) return dac_.read(port - kDac);
  if (port < kPorts && colour_port(port) != kStatus1) return 0xff;
  switch (colour_port(port)) {
    case kAttribute:
      return attribute_.index;
    case kAttributeRead:
      return attribute_.data[attribute_.index & kAttributeIndexMask];
    case kMiscWrite:
      return 0x10;  // input status 0: a monitor is there (switch sense)
    case kEnable:
      return enable_;
    case kFeatureRead:
      return feature_;
    case kMiscRead:
      return misc_;
    case kStatus1:
      return crtc_answers(port) ? read_status1() : 0xff;
    default:
      return 0xff;
  }
}

void VgaRegisters::write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  if (Indexed* const set = indexed_at(port)) {
    (port & 1 ? set->selected() : set->index) = byte;
    return;
  }
  if (is_dac(port)) return dac_.write(port - kDac, byte);
  if (port < kPorts && colour_port(port) != kStatus1) return;
  switch (colour_port(port)) {
    case kAttribute:
      return write_attribute(byte);
    case kMiscWrite:
      misc_ = byte;
      return;
    case kEnable:
      enable_ = byte & 1;
      return;
    case kStatus1:
      feature_ = byte;
      return;
    default:
      return;
  }
}

std::uint8_t VgaRegisters::read_status1() {
  attribute_data_ = false;
  status1_ ^= kStatus1Retraces;
  return status1_;
}

void VgaRegisters::write_attribute(std::uint8_t value) {
  if (attribute_data_)
    attribute_.data[attribute_.index & kAttributeIndexMask] = value;
  else
    attribute_.index = value & 0x3f;  // bit 5: the palette drives the screen
  attribute_data_ = !attribute_data_;
}

}  // namespace vmm
