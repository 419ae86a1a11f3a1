#include "vmm/board/com1.hpp"

namespace vmm {
namespace {

// Offsets (data sheet, table II); 0 is RBR/THR or DLL, 1 IER or DLM, 2 IIR/FCR.
enum Offset : unsigned { kThr = 0, kIer = 1, kIir = 2, kLcr = 3, kMcr = 4, kLsr = 5, kMsr = 6, kScratch = 7 };

constexpr std::uint8_t kLcrDivisor = 0x80;      // DLAB
constexpr std::uint8_t kIerTransmitter = 0x02;  // ETBEI
constexpr std::uint8_t kFcrEnable = 0x01;
constexpr std::uint8_t kIirNone = 0x01, kIirTransmitter = 0x02, kIirFifos = 0xc0;
constexpr std::uint8_t kLsrEmpty = 0x60;  // THRE and TEMT
constexpr std::uint8_t kMsrReady = 0xb0;  // DCD, DSR and CTS: somebody is at the other end

// What each register keeps of a write.
constexpr std::uint8_t kWritable[8] = {0x00, 0x0f, 0x01, 0xff, 0x1f, 0x00, 0x00, 0xff};

}  // namespace

void Com1::reset() {
  written_ = {};
  divisor_ = {};
  transmitter_pending_ = false;
}

bool Com1::divisor_access() const {
  return written_[kLcr] & kLcrDivisor;
}

std::uint8_t Com1::read_iir() {
  const std::uint8_t fifos = written_[kIir] & kFcrEnable ? kIirFifos : 0;
  if (!transmitter_pending_) return fifos | kIirNone;
  transmitter_pending_ = false;  // data sheet, interrupt control functions
  return fifos | kIirTransmitter;
}

std::uint32_t Com1::read(std::uint16_t port, unsigned /*size*/) {
  const unsigned offset = port & 7;
  if (offset <= kIer && divisor_access()) return divisor_[offset];
  switch (offset) {
    case kIir:
      return read_iir();
    case kLsr:
      return kLsrEmpty;
    case kMsr:
      return kMsrReady;
    default:
      return written_[offset];
  }
}

void Com1::write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) {
  const unsigned offset = port & 7;
  const auto byte = static_cast<std::uint8_t>(value);
  if (offset <= kIer && divisor_access()) {
    divisor_[offset] = byte;
    return;
  }
  written_[offset] = byte & kWritable[offset];
  if (offset == kThr) sink_.put(static_cast<char>(byte));
  if (offset <= kIer) transmitter_pending_ = written_[kIer] & kIerTransmitter;
}

}  // namespace vmm
