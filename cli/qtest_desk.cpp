#include "cli/qtest_desk.hpp"

#include <poll.h>

#include <array>

#include "cli/print.hpp"

namespace cli {
namespace {

using lowmeg::Result;
using std::chrono::microseconds;
using vmm::CpuSoft;
using vmm::qtest::Qmp;

constexpr int kPollMs = 100;
constexpr std::uint16_t kResetControl = 0xcf9;
// PIIX3 data sheet (290550), RCR: SRST, then RCPU from 0 to 1 resets everything.
constexpr std::uint32_t kHardReset[] = {0x02, 0x06};

}  // namespace

class QtestDesk::EngineBus final : public vmm::qtest::CpuBus, public vmm::qtest::TestTime {
 public:
  explicit EngineBus(vmm::SoftEngine& engine) : engine_(engine), bus_(engine.bus()) {}
  std::uint32_t in(std::uint16_t port, unsigned size) override { return bus_.in(port, size); }
  void out(std::uint16_t port, unsigned size, std::uint32_t value) override { bus_.out(port, size, value); }
  std::uint32_t read(std::uint32_t gpa, unsigned size) override { return bus_.read(gpa, size); }
  void write(std::uint32_t gpa, unsigned size, std::uint32_t value) override { bus_.write(gpa, size, value); }
  std::uint64_t now_ns() const override { return engine_.clock().now_ns(); }
  std::optional<std::uint64_t> next_event_ns() const override { return engine_.next_event_ns(); }
  void pass_until(std::uint64_t ns) override { engine_.pass_time(ns); }

 private:
  vmm::SoftEngine& engine_;
  const vmm::cpu_soft::Bus bus_;
};

QtestDesk::QtestDesk(ByteStream test, int stop) : test_(std::move(test)), stop_(stop) {}
QtestDesk::~QtestDesk() = default;

Result<std::unique_ptr<QtestDesk>> QtestDesk::open(const QtestOptions& options, int stop) {
  auto test =
      options.qtest == QtestOptions::kStdio ? ByteStream::standard() : ByteStream::connect(options.qtest);
  if (!test) return tl::unexpected(test.error());
  std::unique_ptr<QtestDesk> desk(new QtestDesk(std::move(*test), stop));
  if (!options.log.empty()) {
    desk->log_.reset(std::fopen(options.log.c_str(), "we"));
    if (!desk->log_) return lowmeg::fail_errno("-qtest-log " + options.log);
  }
  if (options.qmp.empty()) return desk;
  auto qmp = ByteStream::connect(options.qmp);
  if (!qmp) return tl::unexpected(qmp.error());
  desk->qmp_stream_.emplace(std::move(*qmp));
  desk->tell_qmp(Qmp::greeting());
  return desk;
}

void QtestDesk::attach(vmm::SoftEngine& engine) {
  bus_ = std::make_unique<EngineBus>(engine);
  session_.emplace(*bus_, *bus_);
}

CpuSoft::Stop QtestDesk::run(CpuSoft& /*cpu*/, std::uint64_t /*instructions*/) {
  if (std::exchange(tells_of_reset_, false)) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    tell_qmp(
        Qmp::reset_event(static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(now).count())));
  }
  if (!has_work()) listen();
  if (line_) serve();
  if (qmp_line_) serve_qmp();
  line_ = line_ ? line_ : lines_.next();
  qmp_line_ = qmp_line_ ? qmp_line_ : qmp_lines_.next();
  if (lines_.is_overrun()) finish("what comes from the test is no line of the qtest protocol", false);
  if (qmp_lines_.is_overrun()) qmp_stream_.reset();
  return CpuSoft::Stop::kRequested;
}

bool QtestDesk::has_work() const {
  return line_ || qmp_line_;
}

void QtestDesk::listen() {
  std::array<pollfd, 3> waited{{{test_.fd(), POLLIN, 0}, {-1, POLLIN, 0}, {stop_, POLLIN, 0}}};
  if (qmp_stream_) waited[1].fd = qmp_stream_->fd();
  // SAFETY: three pollfds of ours.
  if (::poll(waited.data(), waited.size(), kPollMs) <= 0 || waited[2].revents != 0) return;
  if (waited[0].revents != 0) {
    const auto bytes = test_.receive();
    if (!bytes) return finish("the test has gone", true);
    lines_.put(*bytes);
  }
  if (waited[1].revents != 0) {
    if (const auto bytes = qmp_stream_->receive()) {
      qmp_lines_.put(*bytes);
    } else {
      qmp_stream_.reset();
    }
  }
}

void QtestDesk::serve() {
  const std::string line = *std::exchange(line_, std::nullopt);
  log('R', line + "\n");
  tell(session_->answer(line));
}

void QtestDesk::serve_qmp() {
  obey(qmp_.answer(*std::exchange(qmp_line_, std::nullopt)));
}

void QtestDesk::obey(const Qmp::Answer& answer) {
  using Then = Qmp::Answer::Then;
  tell_qmp(answer.reply);
  if (answer.then == Then::kQuit) finish("the test has ended the machine", true);
  if (answer.then != Then::kReset) return;
  for (const std::uint32_t value : kHardReset) bus_->out(kResetControl, 1, value);
  tells_of_reset_ = true;
}

void QtestDesk::tell(const std::string& text) {
  log('S', text);
  if (!test_.send(text, stop_)) finish("the test has gone", true);
}

void QtestDesk::tell_qmp(const std::string& text) {
  if (qmp_stream_ && !qmp_stream_->send(text, stop_)) qmp_stream_.reset();
}

void QtestDesk::log(char direction, const std::string& line) {
  if (!log_) return;
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - start_;
  print(log_.get(), "[{} +{:.6f}] {}", direction, since.count(), line);
  std::fflush(log_.get());
}

void QtestDesk::finish(const std::string& why, bool well) {
  if (end_) return;
  end_ = why;
  ended_well_ = well;
}

}  // namespace cli
