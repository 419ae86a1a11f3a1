// Hostile dumps for `lowmeg decode`: text or raw bytes. What is understood is written, and read again as the
// same; whatever the registers hold, they have a meaning.
#include "cli/decode/dump_view.hpp"
#include "lowmeg/core/invariant.hpp"

namespace {

bool is_one_line(const lowmeg::Error& error) {
  return error.message().find('\n') == std::string::npos;
}

void check_report(const cli::BridgeDump& dump) {
  const cli::DumpReport report = cli::report_on(dump);
  LOWMEG_INVARIANT(report.rows.back().range.end() == 0x100000, "the first mebibyte, to its end");
  LOWMEG_INVARIANT(!cli::report_text(dump, report).empty() && !cli::report_json(dump, report).empty(),
                   "shown");
  LOWMEG_INVARIANT(cli::diff_of(dump, dump).empty(), "no dump differs from itself");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  static_cast<void>(cli::assignment_of(input));
  const auto spaces = cli::read_config_spaces(input);
  if (!spaces) {
    LOWMEG_INVARIANT(is_one_line(spaces.error()), "a refusal is one line");
    return 0;
  }
  const std::string text = cli::config_spaces_text(*spaces);
  const auto again = cli::read_config_spaces(text);
  LOWMEG_INVARIANT(again && cli::config_spaces_text(*again) == text, "what is written is read as the same");
  const auto dump = cli::find_bridge(*spaces, std::nullopt);
  if (dump) {
    check_report(*dump);
  } else {
    LOWMEG_INVARIANT(is_one_line(dump.error()), "a refusal is one line");
  }
  return 0;
}
