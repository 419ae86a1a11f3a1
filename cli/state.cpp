#include "cli/state.hpp"

#include <cctype>
#include <cstdio>
#include <string>

#include "cli/complaint.hpp"
#include "cli/state/state_json.hpp"

namespace cli {
namespace {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::state::Buffer;

// No state is anywhere near this long.
constexpr std::size_t kMaxInput = 1 << 20;

Result<std::string> read_stdin() {
  std::string input(kMaxInput + 1, '\0');
  input.resize(std::fread(input.data(), 1, input.size(), stdin));
  if (std::ferror(stdin)) return lowmeg::fail_errno("stdin");
  if (input.size() > kMaxInput) return lowmeg::fail(Errc::kInvalidArgument, "the input is longer than 1 MiB");
  return input;
}

// Pairs of hexadecimal digits, with white space anywhere.
Result<Buffer> from_hex(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c))) continue;
    if (!std::isxdigit(static_cast<unsigned char>(c)))
      return lowmeg::fail(Errc::kInvalidArgument, "the input is not hex");
    digits += c;
  }
  if (digits.size() % 2 != 0) return lowmeg::fail(Errc::kInvalidArgument, "the hex input ends within a byte");
  Buffer bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(const Buffer& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text + "\n";
}

Result<void> check(const StateOptions& options, const Buffer& bytes) {
  return options.check ? check_state(options.kind, bytes, options.memory) : Result<void>{};
}

Result<std::string> encode(const StateOptions& options, const std::string& input) {
  const auto bytes = state_from_json(options.kind, input);
  if (!bytes) return tl::unexpected(bytes.error());
  if (auto checked = check(options, *bytes); !checked) return tl::unexpected(checked.error());
  return options.hex ? to_hex(*bytes) : std::string(bytes->begin(), bytes->end());
}

Result<std::string> decode(const StateOptions& options, const std::string& input) {
  const auto bytes = options.hex ? from_hex(input) : Result<Buffer>(Buffer(input.begin(), input.end()));
  if (!bytes) return tl::unexpected(bytes.error());
  auto json = state_to_json(options.kind, *bytes);
  if (!json) return json;
  if (auto checked = check(options, *bytes); !checked) return tl::unexpected(checked.error());
  return json;
}

}  // namespace

int state(const StateOptions& options) {
  const auto input = read_stdin();
  const auto output = !input                                         ? input
                      : options.direction == StateDirection::kEncode ? encode(options, *input)
                                                                     : decode(options, *input);
  if (!output) {
    complain(output.error().message());
    return 1;
  }
  std::fwrite(output->data(), 1, output->size(), stdout);
  return 0;
}

}  // namespace cli
