#include "vmm/qtest/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <span>

#include "vmm/qtest/base64.hpp"

namespace vmm::qtest {
namespace {

using Kind = Request::Kind;
using Parsed = tl::expected<Request, std::string>;
using Words = std::span<const std::string_view>;

constexpr std::uint64_t kPorts = 0x10000, kEndOfMemory = 1ull << 32;
constexpr std::size_t kLongestShown = 40;

struct Command {
  std::string_view name;
  Kind kind;
  unsigned size;   // of the access; 0: the line says it
  unsigned words;  // with the name
};
constexpr Command kCommands[] = {
    {"endianness", Kind::kEndianness, 0, 1},
    {"inb", Kind::kIn, 1, 2},
    {"inw", Kind::kIn, 2, 2},
    {"inl", Kind::kIn, 4, 2},
    {"outb", Kind::kOut, 1, 3},
    {"outw", Kind::kOut, 2, 3},
    {"outl", Kind::kOut, 4, 3},
    {"readb", Kind::kRead, 1, 2},
    {"readw", Kind::kRead, 2, 2},
    {"readl", Kind::kRead, 4, 2},
    {"readq", Kind::kRead, 8, 2},
    {"writeb", Kind::kWrite, 1, 3},
    {"writew", Kind::kWrite, 2, 3},
    {"writel", Kind::kWrite, 4, 3},
    {"writeq", Kind::kWrite, 8, 3},
    {"read", Kind::kReadBytes, 0, 3},
    {"write", Kind::kWriteBytes, 0, 4},
    {"b64read", Kind::kReadBase64, 0, 3},
    {"b64write", Kind::kWriteBase64, 0, 4},
    {"memset", Kind::kFill, 0, 4},
    {"clock_step", Kind::kClockNext, 0, 1},
    {"clock_step", Kind::kClockStep, 0, 2},
    {"clock_set", Kind::kClockSet, 0, 2},
    {"irq_intercept_in", Kind::kPin, 0, 2},
    {"irq_intercept_out", Kind::kPin, 0, 2},
    {"set_irq_in", Kind::kPin, 0, 5},
};

tl::unexpected<std::string> refuse(std::string why) {
  return tl::unexpected(std::move(why));
}

// Enough of a word to find it again.
std::string shown(std::string_view word) {
  std::string text(word.substr(0, kLongestShown));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end != 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

// As C has it, but for octal.
std::optional<std::uint64_t> number(std::string_view word) {
  const bool is_hex = word.starts_with("0x");
  if (is_hex) word.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, is_hex ? 16 : 10);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view word, std::uint64_t size) {
  if (!word.starts_with("0x") || word.size() != 2 + 2 * size) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size);
  for (std::size_t i = 2; i != word.size(); i += 2) {
    const auto high = digit(word[i]), low = digit(word[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return bytes;
}

std::uint64_t low_bytes(std::uint64_t value, std::uint64_t size) {
  return size >= 8 ? value : value & ((std::uint64_t{1} << 8 * size) - 1);
}

std::optional<std::string> place_complaint(const Request& request) {
  if (request.kind == Kind::kIn || request.kind == Kind::kOut) {
    if (request.address < kPorts) return std::nullopt;
    return fmt::format("{:#x} is no port", request.address);
  }
  if (request.size == 0 || request.size > kMostBytes)
    return fmt::format("{:#x} bytes in one request; from 1 to {:#x} can be", request.size, kMostBytes);
  if (request.address < kEndOfMemory && request.size <= kEndOfMemory - request.address) return std::nullopt;
  return fmt::format("{:#x} bytes at {:#x} do not lie below 4 GiB", request.size, request.address);
}

// "If the sizes do not match, the data will be truncated": b64write, of qtest.c.
std::optional<std::string> take_bytes(std::string_view word, Request& request) {
  const bool is_base64 = request.kind == Kind::kWriteBase64;
  auto bytes = is_base64 ? from_base64(word) : bytes_of(word, request.size);
  if (!bytes && is_base64) return shown(word) + " is no base64";
  if (!bytes) return fmt::format("write needs 0x and {} digits, two a byte", 2 * request.size);
  request.size = std::min<std::uint64_t>(request.size, bytes->size());
  bytes->resize(request.size);
  request.bytes = std::move(*bytes);
  return std::nullopt;
}

// What stands behind the address.
std::optional<std::string> take_rest(Words rest, Request& request) {
  const auto take = [&rest](std::uint64_t& into) -> std::optional<std::string> {
    const auto value = number(rest.front());
    if (!value) return shown(rest.front()) + " is no number";
    into = *value;
    rest = rest.subspan(1);
    return std::nullopt;
  };
  const bool says_size = request.kind >= Kind::kReadBytes;
  if (says_size) {
    if (auto why = take(request.size)) return why;
  }
  if (auto why = place_complaint(request)) return why;
  if (rest.empty()) return std::nullopt;
  if (request.kind == Kind::kWriteBytes || request.kind == Kind::kWriteBase64)
    return take_bytes(rest.front(), request);
  if (auto why = take(request.value)) return why;
  request.value = low_bytes(request.value, says_size ? 1 : request.size);
  return std::nullopt;
}

// Those without an address.
Parsed parse_place_less(Request request, Words rest) {
  if (request.kind != Kind::kClockStep && request.kind != Kind::kClockSet) return request;
  const auto time = number(rest.front());
  if (!time) return refuse(shown(rest.front()) + " is no number");
  if (*time > kEndOfTime) return refuse(fmt::format("{} ns are past the end of time", *time));
  request.value = *time;
  return request;
}

// A name stands twice where it takes one word more or less.
tl::expected<Command, std::string> command_of(Words words) {
  const auto named = std::ranges::find(kCommands, words[0], &Command::name);
  if (named == std::end(kCommands)) return refuse("Unknown command '" + shown(words[0]) + "'");
  const auto fits = [&](const Command& row) { return row.name == words[0] && row.words == words.size(); };
  const auto command = std::ranges::find_if(kCommands, fits);
  if (command != std::end(kCommands)) return *command;
  return refuse(fmt::format("{} takes {} words more", named->name, named->words - 1));
}

}  // namespace

Parsed parse(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty()) return refuse("an empty line");
  const auto command = command_of(words);
  if (!command) return refuse(command.error());
  Request request{.kind = command->kind, .size = command->size};
  if (request.kind < Kind::kIn) return parse_place_less(request, Words(words).subspan(1));
  const auto address = number(words[1]);
  if (!address) return refuse(shown(words[1]) + " is no number");
  request.address = *address;
  if (auto why = take_rest(Words(words).subspan(2), request)) return refuse(std::move(*why));
  return request;
}

}  // namespace vmm::qtest
