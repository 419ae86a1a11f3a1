#include "cli/state.hpp"

#include <cctype>
#include <cstdio>
#include <string>

#include "cli/complaint.hpp"
#include "cli/state/servicing_blob.hpp"
#include "cli/state/state_json.hpp"

namespace cli {
namespace {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::state::Buffer;

// No state is anywhere near this long.
constexpr std::size_t kMaxInput = 1 << 20;

Result<std::string> read_all(std::FILE* file, const char* name) {
  std::string input(kMaxInput + 1, '\0');
  input.resize(std::fread(input.data(), 1, input.size(), file));
  if (std::ferror(file)) return lowmeg::fail_errno(name);
  if (input.size() > kMaxInput) return lowmeg::fail(Errc::kInvalidArgument, "the input is longer than 1 MiB");
  return input;
}

Result<std::string> read_stdin() {
  return read_all(stdin, "stdin");
}

Result<std::string> read_file(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return lowmeg::fail_errno(path);
  auto contents = read_all(file, path.c_str());
  std::fclose(file);
  return contents;
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

Result<Buffer> bytes_of(const StateOptions& options, const std::string& input) {
  return options.hex ? from_hex(input) : Result<Buffer>(Buffer(input.begin(), input.end()));
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
  const auto bytes = bytes_of(options, input);
  if (!bytes) return tl::unexpected(bytes.error());
  auto json = state_to_json(options.kind, *bytes);
  if (!json) return json;
  if (auto checked = check(options, *bytes); !checked) return tl::unexpected(checked.error());
  return json;
}

Result<std::string> extract(const StateOptions& options, const std::string& input) {
  return bytes_of(options, input)
      .and_then([&](const Buffer& whole) { return extract_state(options.kind, whole); })
      .map([&](const Buffer& found) {
        return options.hex ? to_hex(found) : std::string(found.begin(), found.end());
      });
}

Result<std::string> insert(const StateOptions& options, const std::string& input) {
  const auto file = read_file(options.into);
  if (!file) return tl::unexpected(file.error());
  const auto whole = bytes_of(options, *file);
  if (!whole) return tl::unexpected(whole.error());
  return bytes_of(options, input)
      .and_then([&](const Buffer& message) { return insert_state(options.kind, *whole, message); })
      .map([&](const Buffer& made) {
        return options.hex ? to_hex(made) : std::string(made.begin(), made.end());
      });
}

Result<std::string> converted(const StateOptions& options, const std::string& input) {
  switch (options.direction) {
    case StateDirection::kEncode:
      return encode(options, input);
    case StateDirection::kDecode:
      return decode(options, input);
    case StateDirection::kExtract:
      return extract(options, input);
    case StateDirection::kInsert:
      break;
  }
  return insert(options, input);
}

}  // namespace

int state(const StateOptions& options) {
  const auto input = read_stdin();
  const auto output = input ? converted(options, *input) : input;
  if (!output) {
    complain(output.error().message());
    return 1;
  }
  std::fwrite(output->data(), 1, output->size(), stdout);
  return 0;
}

}  // namespace cli
