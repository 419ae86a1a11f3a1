// Whoever looks at a machine while it runs, beside the timeline: --trace, --map, --lspci, --gdb and
// --inspect.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/line/options.hpp"
#include "cli/output_file.hpp"
#include "cli/trace/recorder.hpp"
#include "vmm/gdb_stub.hpp"
#include "vmm/inspection.hpp"

namespace cli {

class Observers {
 public:
  /// Opens files and sockets; an error's line says which cannot be had. Borrows the sink.
  static lowmeg::Result<std::unique_ptr<Observers>> open(const BootOptions& options,
                                                         lowmeg::EventSink& events);

  /// What runs, in a few words.
  const std::string& title() const { return title_; }
  void add_to(vmm::MachineListeners& listeners);
  /// The machine is built.
  void built(vmm::Machine& machine);
  void changed(const vmm::TimelineEntry& entry, std::uint64_t time_ns);
  /// The machine has ended. Writes the files, with a line for each that cannot be written; the exit status:
  /// `status`, or 1 instead of 0 then.
  int finish(vmm::Machine& machine, int status);

 private:
  Observers(const BootOptions& options, lowmeg::EventSink& events) : options_(options), events_(events) {}
  lowmeg::Result<void> open();
  bool records() const { return trace_ || map_; }
  void attend(vmm::Machine& machine);
  void turn(vmm::Machine& machine);

  const BootOptions options_;
  lowmeg::EventSink& events_;
  std::string title_;
  std::optional<OutputFile> trace_, map_, lspci_;
  TraceRecorder recorder_;
  std::string dump_;  // of the PCI functions, at the end
  std::uint64_t next_exits_ns_ = 0;
  std::unique_ptr<vmm::GdbStub> gdb_;
  bool gdb_has_heading_ = false;
  std::optional<vmm::InspectionDesk> desk_;
};

}  // namespace cli
