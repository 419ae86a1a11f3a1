// What a saved VM has of each device: one list a device, of all that is volatile in it.
#include "vmm/board/board.hpp"
#include "vmm/board/carrier.hpp"

namespace vmm {

void I8259::carry(Carrier& carrier) {
  for (std::uint8_t* field : {&irr_, &lines_, &isr_, &imr_, &elcr_, &icw1_, &icw2_, &icw4_})
    carrier.number(*field);
  carrier.number(lowest_, std::uint8_t{7});
  carrier.choice(expect_, Expect::kIcw4);
  for (bool* field : {&read_isr_, &poll_, &special_mask_, &rotate_on_auto_eoi_}) carrier.flag(*field);
}

void Pic::carry(Carrier& carrier) {
  master_.carry(carrier);
  slave_.carry(carrier);
  carrier.choice(level_, Level::kHigh);
  if (carrier.is_loading()) intr_.set(level_);
}

void PitCounter::carry(Carrier& carrier) {
  constexpr std::uint64_t kMostTicks = std::uint64_t{1} << 62;
  carrier.number(mode_, 5u);
  carrier.choice(access_, Access::kBoth, Access::kLow);
  carrier.flag(bcd_);
  carrier.choice(gate_, Level::kHigh);
  carrier.number(period_, std::uint64_t{0x10000}, std::uint64_t{1});
  carrier.maybe(start_, kMostTicks);
  carrier.maybe(held_, kMostTicks);
  carrier.maybe(written_low_);
  carrier.maybe(status_latch_);
  carrier.maybe(count_latch_);
  carrier.flag(read_high_);
}

void Pit::carry(Carrier& carrier) {
  for (PitCounter& counter : counters_) counter.carry(carrier);
  carrier.number(seen_);
  carrier.choice(out0_, Level::kHigh);
  carrier.number(control_b_, std::uint8_t{0x0f});
}

// The date as seconds since `kFrom`: a guest can set one before 1970.
void RtcClock::carry(Carrier& carrier) {
  constexpr std::int64_t kFrom = -100'000'000'000;  // some 3000 years
  auto seconds = static_cast<std::uint64_t>(now_at_zero_.time_since_epoch().count() - kFrom);
  carrier.number(seconds, std::uint64_t{2 * -kFrom});
  now_at_zero_ = std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(seconds) + kFrom));
  carrier.choice(coding_, Coding::kBinary);
  carrier.choice(updates_, Updates::kHeld);
  carrier.numbers(std::span(bytes_));
}

void Cmos::carry(Carrier& carrier) {
  rtc_.carry(carrier);
  carrier.number(index_, std::uint8_t{0x7f});
  carrier.numbers(std::span(bytes_));
}

void A20Gate::carry(Carrier& carrier) {
  carrier.choice(keyboard_, Level::kHigh);
  carrier.choice(port92_, Level::kHigh);
  if (carrier.is_loading()) pin_.set_a20(output());
}

void I8042::carry(Carrier& carrier) {
  constexpr std::uint32_t kMostOutput = 1 << 16;
  carrier.queue(output_, kMostOutput);
  for (std::uint8_t* field : {&last_, &waiting_, &command_byte_, &output_port_, &status_})
    carrier.number(*field);
}

void Port92::carry(Carrier& carrier) {
  carrier.number(value_);
}

void ApmPorts::carry(Carrier& carrier) {
  carrier.number(apmc_);
}

void FwCfg::carry(Carrier& carrier) {
  carrier.number(selected_);
  auto position = static_cast<std::uint64_t>(position_);
  carrier.number(position);
  position_ = static_cast<std::size_t>(position);
  carrier.number(dma_high_);
}

void PowerPorts::carry(Carrier& carrier) {
  auto matched = static_cast<std::uint8_t>(matched_);
  carrier.number(matched, std::uint8_t{7});
  matched_ = matched;
}

void ResetControl::carry(Carrier& carrier) {
  carrier.number(rcr_, kWritable);
}

// Of what the guest cannot change the table has the value.
void ConfigStore::carry(Carrier& carrier) {
  for (const ConfigRegister& row : table_) {
    std::uint32_t value = dwords_[row.offset / 4];
    carrier.number(value);
    dwords_[row.offset / 4] = (dwords_[row.offset / 4] & ~row.writable) | (value & row.writable);
  }
}

void Piix4Pm::carry(Carrier& carrier) {
  config_.carry(carrier);
  carrier.numbers(std::span(block_));
}

void Com1::carry(Carrier& carrier) {
  constexpr std::uint32_t kMostReceived = 1 << 16;
  carrier.numbers(std::span(written_));
  carrier.numbers(std::span(divisor_));
  carrier.flag(transmitter_pending_);
  carrier.queue(received_, kMostReceived);
  carrier.flag(line_high_);
}

void VgaDac::carry(Carrier& carrier) {
  carrier.numbers(std::span(palette_));
  for (std::size_t* field : {&read_at_, &write_at_}) {
    auto at = static_cast<std::uint16_t>(*field);
    carrier.number(at, static_cast<std::uint16_t>(palette_.size() - 1));
    *field = at;
  }
  bool is_reading = state_ == State::kReading;
  carrier.flag(is_reading);
  state_ = is_reading ? State::kReading : State::kWriting;
  carrier.number(pel_mask_);
}

void VgaRegisters::carry(Carrier& carrier) {
  for (Indexed* set : {&crtc_, &sequencer_, &graphics_, &attribute_}) {
    carrier.number(set->index);
    carrier.numbers(std::span(set->data));
  }
  dac_.carry(carrier);
  for (std::uint8_t* field : {&misc_, &feature_, &enable_, &status1_}) carrier.number(*field);
  carrier.flag(attribute_data_);
}

void VgaText::carry(Carrier& carrier) {
  carrier.numbers(std::span(memory_));
}

void PciCard::carry(Carrier& carrier) {
  config_.carry(carrier);
  if (memory_) carrier.numbers(std::span(memory_->bytes));
  if (!carrier.is_loading()) return;
  decode();
  told_ = claims();
}

// The gate before what drives it: its inputs are its own. Lines between devices are carried at both ends.
void Board::carry(Carrier& carrier) {
  std::uint32_t address = config_ports_.address();
  carrier.number(address);
  if (carrier.is_loading()) config_ports_.set_address(address);
  pic_.carry(carrier);
  pit_.carry(carrier);
  cmos_.carry(carrier);
  a20_gate_.carry(carrier);
  i8042_.carry(carrier);
  port92_.carry(carrier);
  apm_.carry(carrier);
  fw_cfg_.carry(carrier);
  power_ports_.carry(carrier);
  reset_control_.carry(carrier);
  piix3_.carry(carrier);
  piix4_pm_.carry(carrier);
  com1_.carry(carrier);
  if (vga_registers_) vga_registers_->carry(carrier);
  if (vga_text_) vga_text_->carry(carrier);
  for (PciCard& card : cards_) card.carry(carrier);
}

}  // namespace vmm
