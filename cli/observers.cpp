#include "cli/observers.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "cli/complaint.hpp"
#include "cli/gdb_channel.hpp"
#include "cli/machine_view.hpp"
#include "cli/timeline_view.hpp"
#include "cli/trace/chrome_trace.hpp"
#include "cli/trace/map_page.hpp"

namespace cli {
namespace {

using lowmeg::Result;

constexpr std::uint64_t kBetweenExits = 10'000'000;  // ns of the machine's time

std::string title_of(const BootOptions& options) {
  const std::string file = options.firmware.substr(options.firmware.rfind('/') + 1);
  return fmt::format("{} on {}, PAM as {} has it", file, options.bridge,
                     options.pam == vmm::PamEffect::kChip ? "the chip" : "Hyper-V");
}

Result<void> open_file(const std::string& path, std::optional<OutputFile>& into) {
  if (path.empty()) return {};
  auto file = OutputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  into.emplace(std::move(*file));
  return {};
}

// gdb's target: DRAM and ROM whoever shows.
vmm::GdbMachine gdb_machine(vmm::Machine& machine) {
  const auto dram = [&machine](std::uint32_t address) -> std::optional<std::uint8_t> {
    const auto ram = machine.ram();
    return address < ram.size() ? std::optional(ram[address]) : std::nullopt;
  };
  const auto rom = [roms = machine.roms()](std::uint32_t address) -> std::optional<std::uint8_t> {
    for (const vmm::RomOnBoard& chip : roms) {
      if (chip.range.contains(address)) return chip.bytes[address - chip.range.start()];
    }
    return std::nullopt;
  };
  const auto map = [&machine] { return map_table(machine.first_megabyte(), Terminal(-1)); };
  const auto memory = [&machine](std::uint32_t address) { return machine.soft()->peek(address); };
  const auto set_memory = [&machine](std::uint32_t address, std::uint8_t value) {
    return machine.soft()->poke(address, value);
  };
  return {memory, dram, rom, set_memory, map};
}

}  // namespace

Result<std::unique_ptr<Observers>> Observers::open(const BootOptions& options, lowmeg::EventSink& events) {
  std::unique_ptr<Observers> observers(new Observers(options, events));
  if (auto opened = observers->open(); !opened) return tl::unexpected(opened.error());
  return observers;
}

Result<void> Observers::open() {
  title_ = title_of(options_);
  if (!options_.gdb.empty()) {
    auto channel = open_gdb_channel(options_.gdb);
    if (!channel) return tl::unexpected(channel.error());
    gdb_ = std::make_unique<vmm::GdbStub>(std::move(*channel), events_);
  }
  if (!options_.inspect.empty()) {
    auto desk = vmm::InspectionDesk::open(options_.inspect, events_);
    if (!desk) return tl::unexpected(desk.error());
    desk_.emplace(std::move(*desk));
  }
  return open_file(options_.trace_file, trace_)
      .and_then([this] { return open_file(options_.map_file, map_); })
      .and_then([this] { return open_file(options_.lspci_file, lspci_); });
}

void Observers::add_to(vmm::MachineListeners& listeners) {
  if (records()) listeners.trace = [this](const vmm::TraceEvent& event) { recorder_.record(event); };
  if (lspci_) listeners.ending = [this](vmm::Machine& machine) { dump_ = lspci_text(machine.pci_config()); };
  if (desk_) listeners.waiting = [this](vmm::Machine& machine) { attend(machine); };
  if (trace_ || desk_) {
    listeners.turn = [this, before = std::move(listeners.turn)](vmm::Machine& machine) {
      if (before) before(machine);
      turn(machine);
    };
  }
}

void Observers::built(vmm::Machine& machine) {
  if (!gdb_ || !machine.soft()) return;
  gdb_->attach(gdb_machine(machine));
  machine.soft()->debug(gdb_.get());
  if (!options_.quiet) print(stderr, "waiting for gdb at {}\n", options_.gdb);
}

void Observers::changed(const vmm::TimelineEntry& entry, std::uint64_t time_ns) {
  if (!gdb_ || !entry.config_write) return;
  const std::string heading = std::exchange(gdb_has_heading_, true) ? "" : "   " + timeline_header() + "\n";
  gdb_->map_changed(heading + "PAM" + timeline_line(entry, time_ns, WallTimes::kHidden, Terminal(-1)) + "\n");
}

void Observers::attend(vmm::Machine& machine) {
  desk_->attend([&] { return machine_json(machine, title_); });
}

void Observers::turn(vmm::Machine& machine) {
  if (desk_) attend(machine);
  const std::uint64_t now = machine.clock().now_ns();
  if (!trace_ || now < next_exits_ns_) return;
  next_exits_ns_ = now + kBetweenExits;
  recorder_.record(
      {.kind = vmm::TraceEvent::Kind::kExits, .at_ns = now, .name = "counts", .numbers = machine.counts()});
}

int Observers::finish(vmm::Machine& machine, int status) {
  if (machine.soft()) machine.soft()->debug(nullptr);
  gdb_.reset();
  desk_.reset();
  const auto write = [&status](std::optional<OutputFile>& file, const auto& text) {
    if (!file) return;
    const auto written = file->write(text());
    if (written) return;
    complain(written.error().message());
    if (status == 0) status = 1;
  };
  const std::string title = title_ + "; " + (machine.soft() ? "software CPU" : "KVM");
  write(trace_, [&] { return chrome_trace(recorder_.events(), recorder_.lost(), title); });
  write(map_,
        [&] { return map_page(recorder_.events(), {title, machine.clock().now_ns(), recorder_.lost()}); });
  write(lspci_, [&] { return dump_; });
  return status;
}

}  // namespace cli
