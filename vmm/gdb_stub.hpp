// Stock gdb at the software CPU: stops, steps and looks, by gdb's remote protocol (vmm/gdb).
//
// The guest stands at its first instruction until gdb says otherwise. When gdb detaches or its connection
// ends, the guest goes on without it; when gdb kills it, the machine ends. Garbage on the line is passed
// over; a packet without an end closes the connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lowmeg/core/event_sink.hpp"
#include "vmm/debugger.hpp"
#include "vmm/gdb/framing.hpp"
#include "vmm/gdb/session.hpp"

namespace vmm {

/// Bytes to gdb and from it.
class GdbChannel {
 public:
  enum class Wait { kNo, kAWhile };  ///< kAWhile: a tenth of a second at most
  virtual ~GdbChannel() = default;
  /// What has come; empty: nothing. None: the other end is gone, or something is wrong with it.
  virtual std::optional<std::string> receive(Wait wait) = 0;
  /// False: likewise.
  virtual bool send(std::string_view bytes) = 0;
};

/// What of the machine gdb's target needs beside the CPU.
struct GdbMachine {
  std::function<std::optional<std::uint8_t>(std::uint32_t)> memory, dram, rom;  ///< gdb::Target's
  std::function<bool(std::uint32_t, std::uint8_t)> set_memory;
  std::function<std::string()> map;
};

class GdbStub final : public Debugger {
 public:
  /// Borrows the sink.
  GdbStub(std::unique_ptr<GdbChannel> channel, lowmeg::EventSink& events);
  ~GdbStub() override;

  /// Before the first run().
  void attach(GdbMachine machine) { machine_ = std::move(machine); }

  CpuSoft::Stop run(CpuSoft& cpu, std::uint64_t instructions) override;
  void map_changed(const std::string& what) override;
  std::optional<std::string> end() const override { return end_; }

 private:
  class CpuTarget;
  enum class State { kStands, kRuns, kGone };

  void begin(CpuSoft& cpu);
  void take_input(GdbChannel::Wait wait);
  void obey(const gdb::Input& input);
  void carry_out(const gdb::Answer& answer);
  CpuSoft::Stop run_on(std::uint64_t instructions);
  CpuSoft::Stop step_on(std::uint64_t instructions);
  bool is_reason_to_stop();
  void stop(const std::string& reply);
  void send(std::string_view text);
  void part(const std::string& why);
  void leave(const std::string& why);

  std::unique_ptr<GdbChannel> channel_;
  lowmeg::EventSink& events_;
  GdbMachine machine_;
  CpuSoft* cpu_ = nullptr;
  std::unique_ptr<CpuTarget> target_;
  std::unique_ptr<gdb::Session> session_;
  gdb::Framer framer_;
  State state_ = State::kStands;
  bool steps_once_ = false;
  std::string changed_map_;  // since the instruction in hand began
  std::optional<std::string> end_;
};

}  // namespace vmm
