#include "vmm/vm.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/hyperv/rom_bios_offset.hpp"

namespace vmm {
namespace {

using lowmeg::Gpa;
using lowmeg::GpaRange;
using lowmeg::Result;
using lowmeg::memory::Backing;
using lowmeg::memory::SoftMapper;

constexpr Gpa kVgaStart = 0xa0000;
constexpr Gpa kVgaEnd = 0xc0000;
constexpr Gpa kVgaBios = 0xc0000;
constexpr Gpa kMiB = 0x100000;

}  // namespace

lowmeg::memory::MemoryMap base_map(std::uint64_t ram_size, std::uint64_t rom_size) {
  const Gpa top = SoftMapper::kWindow.end();
  const lowmeg::memory::Region regions[] = {
      {GpaRange(0, kVgaStart), lowmeg::memory::ram_routes(0)},
      {GpaRange(kVgaStart, kVgaEnd), lowmeg::memory::bus_routes()},
      {GpaRange(kVgaEnd, ram_size), lowmeg::memory::ram_routes(kVgaEnd)},
      {GpaRange(top - rom_size, top), lowmeg::memory::rom_routes(0)},
  };
  // Memory may reach up to where the ROM begins: then the ROM hides its end.
  const lowmeg::memory::Layout ram(SoftMapper::kWindow, std::span(regions).first(3));
  return lowmeg::memory::MemoryMap::uniform(ram.overlaid(std::span(regions).last(1)));
}

void place_images(std::span<std::uint8_t> ram, const Image& firmware, const std::optional<Image>& vga_bios,
                  Gpa rom_bios_offset) {
  const std::size_t shown = std::min<std::size_t>(firmware.size(), 128 * 1024);
  std::copy(firmware.end() - static_cast<std::ptrdiff_t>(shown), firmware.end(),
            ram.subspan(rom_bios_offset + kMiB - shown).begin());
  if (vga_bios) std::copy(vga_bios->begin(), vga_bios->end(), ram.subspan(kVgaBios).begin());
}

Result<std::unique_ptr<Vm>> Vm::create(const VmConfig& config, lowmeg::EventSink& events) {
  const Result<Gpa> offset = lowmeg::hyperv::rom_bios_offset(config.ram_size);
  if (!offset) return tl::unexpected(offset.error());
  Result<Backing> ram = Backing::create("lowmeg-ram", config.ram_size);
  if (!ram) return tl::unexpected(ram.error());
  Result<Backing> rom = Backing::create("lowmeg-rom", config.firmware.size());
  if (!rom) return tl::unexpected(rom.error());
  std::unique_ptr<Vm> vm(new Vm(std::move(*ram), std::move(*rom), *offset));
  if (auto started = vm->start(config, events); !started) return tl::unexpected(started.error());
  return vm;
}

Result<void> Vm::start(const VmConfig& config, lowmeg::EventSink& events) {
  std::copy(config.firmware.begin(), config.firmware.end(), rom_.bytes().begin());
  place_images(ram_.bytes(), config.firmware, config.vga_bios, rom_bios_offset_);
  auto mapper = SoftMapper::create(ram_, rom_);
  if (!mapper) return tl::unexpected(mapper.error());
  mapper_ = std::move(*mapper);
  auto host = lowmeg::get::Host::create(*mapper_, base_map(ram_.size(), rom_.size()),
                                        {.ram_size = ram_.size()}, events);
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  return {};
}

}  // namespace vmm
