// Serves the qtest protocol, and QMP beside it, on a machine whose CPU never runs: the test makes the
// accesses in its place (vmm/qtest). A request at a time, and the machine does what it asks for (a reset,
// say) before the next.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "cli/qtest/byte_stream.hpp"
#include "cli/qtest/qemu_words.hpp"
#include "vmm/debugger.hpp"
#include "vmm/qtest/lines.hpp"
#include "vmm/qtest/qmp.hpp"
#include "vmm/qtest/session.hpp"
#include "vmm/soft_engine.hpp"

namespace cli {

class QtestDesk final : public vmm::Debugger {
 public:
  /// Connects. `stop` is a descriptor that is readable once the process is to end.
  static lowmeg::Result<std::unique_ptr<QtestDesk>> open(const QtestOptions& options, int stop);
  ~QtestDesk() override;

  /// Before the first run(). Borrows the engine.
  void attach(vmm::SoftEngine& engine);

  vmm::CpuSoft::Stop run(vmm::CpuSoft& cpu, std::uint64_t instructions) override;
  void map_changed(const std::string& /*what*/) override {}
  std::optional<std::string> end() const override { return end_; }
  /// The end is one that the test asked for: it quit, or went.
  bool ended_well() const { return ended_well_; }

 private:
  class EngineBus;
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  QtestDesk(ByteStream test, int stop);

  bool has_work() const;
  void listen();
  void serve();
  void serve_qmp();
  void obey(const vmm::qtest::Qmp::Answer& answer);
  void tell(const std::string& text);
  void tell_qmp(const std::string& text);
  void log(char direction, const std::string& line);
  void finish(const std::string& why, bool well);

  ByteStream test_;
  std::optional<ByteStream> qmp_stream_;
  const int stop_;
  std::unique_ptr<std::FILE, CloseFile> log_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

  std::unique_ptr<EngineBus> bus_;
  std::optional<vmm::qtest::Session> session_;
  vmm::qtest::Lines lines_{vmm::qtest::kLongestLine};
  vmm::qtest::Qmp qmp_;
  vmm::qtest::Lines qmp_lines_{vmm::qtest::Qmp::kLongestLine};
  std::optional<std::string> line_, qmp_line_;  // the next of each side
  bool tells_of_reset_ = false;
  std::optional<std::string> end_;
  bool ended_well_ = false;
};

}  // namespace cli
