// Hostile bytes for lowmeg qtest, as its protocol and as QMP: each line has one line for an answer, accesses
// stay within ports and 4 GiB, and no line grows for ever.
#include <nlohmann/json.hpp>

#include "lowmeg/core/invariant.hpp"
#include "vmm/qtest/lines.hpp"
#include "vmm/qtest/qmp.hpp"
#include "vmm/qtest/session.hpp"

namespace {

class CheckingBus final : public vmm::qtest::CpuBus {
 public:
  std::uint32_t in(std::uint16_t, unsigned size) override { return checked(size); }
  void out(std::uint16_t, unsigned size, std::uint32_t value) override { check(size, value); }
  std::uint32_t read(std::uint32_t gpa, unsigned size) override {
    LOWMEG_INVARIANT(gpa <= 0u - size, "the access lies below 4 GiB");
    return checked(size);
  }
  void write(std::uint32_t gpa, unsigned size, std::uint32_t value) override {
    LOWMEG_INVARIANT(gpa <= 0u - size, "the access lies below 4 GiB");
    check(size, value);
  }

 private:
  static std::uint32_t checked(unsigned size) {
    check(size, 0);
    return 0xffffffffu >> (32 - 8 * size);
  }
  static void check(unsigned size, std::uint32_t value) {
    LOWMEG_INVARIANT(size == 1 || size == 2 || size == 4, "an access of a CPU's");
    LOWMEG_INVARIANT(value <= 0xffffffffu >> (32 - 8 * size), "a value of no more bits");
  }
};

class CheckingTime final : public vmm::qtest::TestTime {
 public:
  std::uint64_t now_ns() const override { return now_; }
  std::optional<std::uint64_t> next_event_ns() const override { return now_ + 1; }
  void pass_until(std::uint64_t ns) override {
    LOWMEG_INVARIANT(ns >= now_ && ns <= vmm::qtest::kEndOfTime, "time goes on, and not past its end");
    now_ = ns;
  }

 private:
  std::uint64_t now_ = 0;
};

bool is_one_line(const std::string& text) {
  return text.find('\n') == text.size() - 1;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLongest = 4096;
  CheckingBus bus;
  CheckingTime time;
  vmm::qtest::Session session(bus, time);
  vmm::qtest::Qmp qmp;
  vmm::qtest::Lines lines(kLongest);
  for (std::size_t at = 0; at < size; at += 7) {
    lines.put(std::string(data + at, data + std::min(at + 7, size)));
    while (const auto line = lines.next()) {
      LOWMEG_INVARIANT(line->size() <= kLongest, "a line is no longer than it may be");
      const std::string reply = session.answer(*line);
      LOWMEG_INVARIANT(is_one_line(reply) && (reply.starts_with("OK") || reply.starts_with("FAIL ")),
                       "a line for an answer");
      const auto answer = qmp.answer(*line);
      LOWMEG_INVARIANT(answer.reply.empty() || is_one_line(answer.reply), "a line for an answer");
      LOWMEG_INVARIANT(answer.reply.empty() || nlohmann::json::accept(answer.reply), "QMP answers in JSON");
    }
  }
  return 0;
}
