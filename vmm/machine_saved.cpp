// A machine saved and loaded: what Machine::run() leaves between two turns, and what build() makes of it.
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>

#include "vmm/board/carrier.hpp"
#include "vmm/chipset/ranges/personality.hpp"
#include "vmm/machine.hpp"
#include "vmm/saved_vm.hpp"
#include "vmm/whole_file.hpp"

namespace vmm {

using lowmeg::Errc;
using lowmeg::kPageSize;
using lowmeg::Result;

namespace {

using Bytes = std::span<const std::uint8_t>;

bool is_zero(Bytes page) {
  return std::ranges::all_of(page, [](std::uint8_t byte) { return byte == 0; });
}

// Calls `look` with every page that may hold something: a hole in the memfd reads as zeros, and to read it
// would fill it with memory.
template <typename Look>
void for_each_page(const lowmeg::memory::Backing& ram, Look look) {
  const auto size = static_cast<off_t>(ram.size());
  const auto page_size = static_cast<off_t>(kPageSize);
  for (off_t at = 0; at < size;) {
    const off_t data = ::lseek(ram.fd(), at, SEEK_DATA);
    if (data < 0) return;
    const off_t hole = std::max<off_t>(::lseek(ram.fd(), data, SEEK_HOLE), data + 1);
    for (at = data / page_size * page_size; at < std::min(hole, size); at += page_size)
      look(static_cast<std::uint32_t>(at / page_size));
  }
}

void carry(Carrier& carrier, std::vector<std::uint8_t>& bytes, std::uint32_t most) {
  std::deque<std::uint8_t> queue(bytes.begin(), bytes.end());
  carrier.queue(queue, most);
  bytes.assign(queue.begin(), queue.end());
}

void carry(Carrier& carrier, SavedRanges& saved) {
  carry(carrier, saved.state, std::uint32_t{1} << 20);
  carrier.flag(saved.unsure);
  auto count = static_cast<std::uint32_t>(saved.ranges.size());
  carrier.number(count, lowmeg::get::RangeSlots::kCapacity);
  saved.ranges.resize(count);
  for (auto& [slot, gpa_start, gpa_count, gpa_offset, flags] : saved.ranges) {
    carrier.number(slot);
    for (std::uint64_t* field : {&gpa_start, &gpa_count, &gpa_offset, &flags}) carrier.number(*field);
  }
  carrier.number(saved.pam.dword_58);
  carrier.number(saved.pam.dword_5c);
}

std::uint32_t checksum_of_text(const std::string& text, std::uint32_t before) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  // With an end, so that two names cannot run into each other.
  const std::uint8_t end = 0;
  return checksum({&end, 1}, checksum(bytes, before));
}

// Of what the guest may find besides RAM and ROM chips.
std::uint32_t checksum_of_devices(const MachineConfig& config) {
  std::uint32_t sum = 0;
  const auto add = [&sum](Bytes bytes) { sum = checksum(bytes, sum); };
  std::string rows = fmt::format("{} {} {}", config.memory.vga_bios.has_value(),
                                 config.pci_vga_bios.has_value(), static_cast<int>(config.console));
  for (const MemoryCardConfig& card : config.cards)
    rows += fmt::format(";{} {} {}", card.device, card.memory_size, static_cast<int>(card.rom_decode));
  sum = checksum_of_text(rows, sum);
  if (config.floppy) add(*config.floppy);
  for (const OptionRom& rom : config.option_roms) {
    sum = checksum_of_text(rom.name, sum);
    add(rom.image);
  }
  if (!config.linux) return sum;
  add(config.linux->kernel);
  if (config.linux->initrd) add(*config.linux->initrd);
  return checksum_of_text(config.linux->append, sum);
}

}  // namespace

// Between two turns nothing is asked for and nothing is in hand. What stays behind: how often the guest has
// been reset, and what was told at a limited rate.
void Machine::carry(Carrier& carrier) {
  soft_->carry(carrier);
  board_->carry(carrier);
  watch_.carry(carrier);
  for (std::uint64_t* field : {&found_ns_, &last_put_ns_, &config_accesses_, &next_look_ns_, &next_input_ns_})
    carrier.number(*field);
}

SavedVm::Build Machine::build_for_saving() const {
  return {.ram_size = memory_->ram.size(),
          .personality = personality_of(config_.bridge),
          .roms = checksum(std::as_const(memory_->rom).bytes()),
          .devices = checksum_of_devices(config_)};
}

Result<void> Machine::can_be_saved() const {
  if (!soft_)
    return lowmeg::fail(Errc::kNotSupported, "a VM on KVM is neither saved nor loaded: take --accel soft");
  if (ranges_) return {};
  return lowmeg::fail(Errc::kNotSupported, "a VM with --pam chip is neither saved nor loaded");
}

std::optional<Outcome> Machine::save_if_wanted() {
  if (!save_wanted_.exchange(false)) return std::nullopt;
  const auto saved = save_vm();
  if (saved) return Outcome{Outcome::Kind::kSaved, 0, "saved to " + config_.save_to};
  listeners_.events.event(
      {lowmeg::Severity::kWarning, "vmm", "the VM is not saved: " + saved.error().message()});
  return std::nullopt;
}

Result<void> Machine::save_vm() {
  if (auto able = can_be_saved(); !able) return able;
  Carrier carrier;
  carry(carrier);
  SavedRanges ranges = ranges_->save_host();
  vmm::carry(carrier, ranges);
  const Carrier::Bytes state = carrier.take();
  SavedVm vm{.build = build_for_saving(), .state = state, .pages = {}};
  for_each_page(memory_->ram, [&](std::uint32_t number) {
    const Bytes page = ram().subspan(number * kPageSize, kPageSize);
    if (!is_zero(page)) vm.pages.push_back({number, page});
  });
  return write_whole_file(config_.save_to, encode(vm));
}

Result<void> Machine::load_vm(Bytes file) {
  if (auto able = can_be_saved(); !able) return able;
  const auto vm = decode_saved_vm(file);
  if (!vm) return tl::unexpected(vm.error());
  if (auto fitting = fits(*vm, build_for_saving()); !fitting) return fitting;
  load_ram(vm->pages);
  Carrier carrier(vm->state);
  carry(carrier);
  SavedRanges ranges;
  vmm::carry(carrier, ranges);
  if (auto all = carrier.end(); !all) return lowmeg::fail(all.error().code, "saved VM: " + all.error().what);
  if (auto claimed = claims_changed(); !claimed) return claimed;
  return ranges_->load_host(std::move(ranges));
}

void Machine::load_ram(std::span<const SavedPage> pages) {
  const auto bytes = memory_->ram.bytes();
  for_each_page(memory_->ram, [&](std::uint32_t number) {
    std::ranges::fill(bytes.subspan(number * kPageSize, kPageSize), std::uint8_t{0});
  });
  for (const SavedPage& page : pages) std::ranges::copy(page.bytes, bytes.begin() + page.number * kPageSize);
}

}  // namespace vmm
