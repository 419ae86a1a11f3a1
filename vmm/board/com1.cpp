#include "vmm/board/com1.hpp"

namespace vmm {
namespace {

// Offsets (data sheet, table II); 0 is RBR/THR or DLL, 1 IER or DLM, 2 IIR/FCR.
enum ComPort : unsigned {
  kData = 0,
  kIer = 1,
  kIir = 2,
  kLcr = 3,
  kMcr = 4,
  kLsr = 5,
  kMsr = 6,
  kScratch = 7
};

constexpr std::uint8_t kLcrDivisor = 0x80;                           // DLAB
constexpr std::uint8_t kIerReceiver = 0x01, kIerTransmitter = 0x02;  // ERBFI, ETBEI
constexpr std::uint8_t kFcrEnable = 0x01;
constexpr std::uint8_t kIirNone = 0x01, kIirTransmitter = 0x02, kIirReceiver = 0x04, kIirFifos = 0xc0;
constexpr std::uint8_t kMcrOut2 = 0x08;
constexpr std::uint8_t kLsrEmpty = 0x60, kLsrDataReady = 0x01;  // THRE and TEMT; DR
constexpr std::uint8_t kMsrReady = 0xb0;  // DCD, DSR and CTS: somebody is at the other end

// What each register keeps of a write.
constexpr std::uint8_t kWritable[8] = {0x00, 0x0f, 0x01, 0xff, 0x1f, 0x00, 0x00, 0xff};

}  // namespace

void Com1::reset() {
  written_ = {};
  divisor_ = {};
  transmitter_pending_ = false;
  settle();
}

bool Com1::divisor_access() const {
  return written_[kLcr] & kLcrDivisor;
}

// Data sheet, table IV: the interrupt of the highest priority.
std::uint8_t Com1::cause() const {
  if (!received_.empty() && written_[kIer] & kIerReceiver) return kIirReceiver;
  return transmitter_pending_ ? kIirTransmitter : kIirNone;
}

std::uint8_t Com1::read_iir() {
  const std::uint8_t fifos = written_[kIir] & kFcrEnable ? kIirFifos : 0;
  const std::uint8_t told = cause();
  if (told == kIirTransmitter) transmitter_pending_ = false;  // data sheet, interrupt control functions
  settle();
  return fifos | told;
}

std::uint8_t Com1::read_rbr() {
  if (received_.empty()) return 0;
  const std::uint8_t byte = received_.front();
  received_.pop_front();
  settle();
  return byte;
}

std::uint32_t Com1::read(std::uint16_t port, unsigned /*size*/) {
  const unsigned offset = port & 7;
  if (offset <= kIer && divisor_access()) return divisor_[offset];
  switch (offset) {
    case kData:
      return read_rbr();
    case kIir:
      return read_iir();
    case kLsr:
      return received_.empty() ? kLsrEmpty : kLsrEmpty | kLsrDataReady;
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
  if (offset == kData) sink_.put(static_cast<char>(byte));
  if (offset <= kIer) transmitter_pending_ = written_[kIer] & kIerTransmitter;
  settle();
}

void Com1::receive(std::span<const std::uint8_t> bytes) {
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  settle();
}

// The line follows IIR through the gate of OUT2.
void Com1::settle() {
  const bool high = cause() != kIirNone && written_[kMcr] & kMcrOut2;
  if (high == line_high_) return;
  line_high_ = high;
  if (high)
    lines_.raise(kIrq);
  else
    lines_.lower(kIrq);
}

}  // namespace vmm
