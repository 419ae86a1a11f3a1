#include "cli/decode/config_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace cli {
namespace {

using lowmeg::Errc;
using lowmeg::Result;

constexpr std::size_t kRow = 16;
constexpr std::size_t kLongestConfigSpace = 4096;

// All of `digits` as a hexadecimal number below `end`.
std::optional<std::uint32_t> hex(std::string_view digits, std::uint64_t end) {
  std::uint32_t value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), last, value, 16);
  const bool good = !digits.empty() && error == std::errc() && stop == last && value < end;
  return good ? std::optional(value) : std::nullopt;
}

std::string_view up_to(char c, std::string_view& rest) {
  const std::size_t at = std::min(rest.find(c), rest.size());
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return part;
}

// Without a mail program's marks and blanks at either end.
std::string_view bare(std::string_view line) {
  const std::size_t first = line.find_first_not_of("> \t");
  const std::size_t last = line.find_last_not_of(" \t\r");
  return first == std::string_view::npos || last < first ? std::string_view()
                                                         : line.substr(first, last - first + 1);
}

std::string shortened(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 20)) shown += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > 20 ? shown + "..." : shown;
}

// Reads one text, line by line.
class DumpReader {
 public:
  Result<std::vector<ConfigSpace>> read(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const std::string_view line = bare(up_to('\n', text));
      if (auto taken = take(line); !taken) return tl::unexpected(taken.error());
    }
    return std::move(spaces_);
  }

 private:
  Result<void> take(std::string_view line) {
    if (line.empty()) {
      open_ = false;
      return {};
    }
    if (const auto address = pci_address(line)) {
      const std::size_t name = std::min(line.find(' '), line.size());
      spaces_.push_back(
          {.address = *address, .name = std::string(bare(line.substr(name))), .bytes = {}, .known = {}});
      open_ = true;
      return {};
    }
    std::string_view rest = line;
    const auto offset = hex(up_to(':', rest), kLongestConfigSpace);
    const bool is_row = open_ && offset && line.find(':') <= 3 && rest.starts_with(' ');
    return is_row ? take_row(*offset, rest) : Result<void>{};
  }

  Result<void> take_row(std::size_t offset, std::string_view rest) {
    rest = bare(rest);
    for (std::size_t i = 0; !rest.empty(); ++i) {
      const std::string_view digits = up_to(' ', rest);
      const auto byte = digits.size() == 2 ? hex(digits, 256) : std::nullopt;
      if (!byte) return wrong(fmt::format("'{}' is no byte", shortened(digits)));
      if (i == kRow || offset + i >= kLongestConfigSpace) return wrong("more bytes than a row has");
      if (offset + i >= spaces_.back().bytes.size()) continue;
      spaces_.back().bytes[offset + i] = static_cast<std::uint8_t>(*byte);
      spaces_.back().known.set(offset + i);
    }
    return {};
  }

  tl::unexpected<lowmeg::Error> wrong(const std::string& what) const {
    return lowmeg::fail(Errc::kInvalidArgument, fmt::format("line {}: {}", line_, what));
  }

  std::vector<ConfigSpace> spaces_;
  std::size_t line_ = 0;
  bool open_ = false;
};

bool is_text(std::string_view input) {
  return std::ranges::all_of(input, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\n' || byte == '\r' || byte == '\t' || byte == '\f' || byte >= 0x20;
  });
}

// What the kernel's file has: 64 bytes for who may not read the rest (128 of a CardBus bridge).
Result<std::vector<ConfigSpace>> read_raw(std::string_view input) {
  constexpr std::size_t kSizes[] = {64, 128, 256, kLongestConfigSpace};
  if (std::ranges::find(kSizes, input.size()) == std::end(kSizes)) {
    return lowmeg::fail(
        Errc::kInvalidArgument,
        fmt::format("{} bytes that are no text; a configuration space has 256", input.size()));
  }
  ConfigSpace space{.address = {}, .name = "raw configuration space", .bytes = {}, .known = {}};
  for (std::size_t i = 0; i < std::min(input.size(), space.bytes.size()); ++i) {
    space.bytes[i] = static_cast<std::uint8_t>(input[i]);
    space.known.set(i);
  }
  return std::vector{space};
}

}  // namespace

std::string text_of(const PciAddress& address) {
  const std::string function = fmt::format("{:02x}:{:02x}.{}", address.bus, address.device, address.function);
  return address.domain == 0 ? function : fmt::format("{:04x}:{}", address.domain, function);
}

std::optional<PciAddress> pci_address(std::string_view text) {
  std::string_view rest = text.substr(0, text.find(' '));
  PciAddress address;
  if (std::ranges::count(rest, ':') == 2) {
    const std::string_view domain = up_to(':', rest);
    const auto number = hex(domain, 1ull << 32);
    if (!number || domain.size() < 4) return std::nullopt;
    address.domain = *number;
  }
  const auto bus = hex(up_to(':', rest), 256);
  const auto device = hex(up_to('.', rest), 32);
  const auto function = rest.size() == 1 ? hex(rest, 8) : std::nullopt;
  if (!bus || !device || !function) return std::nullopt;
  address.bus = static_cast<std::uint8_t>(*bus);
  address.device = static_cast<std::uint8_t>(*device);
  address.function = static_cast<std::uint8_t>(*function);
  return address;
}

bool ConfigSpace::knows(std::size_t offset, std::size_t size) const {
  for (std::size_t i = offset; i < offset + size; ++i) {
    if (!known[i]) return false;
  }
  return true;
}

lowmeg::bridge::ConfigDwords ConfigSpace::dwords() const {
  lowmeg::bridge::ConfigDwords dwords{};
  for (std::size_t i = 0; i < bytes.size(); ++i) lowmeg::bridge::put_bytes(dwords, i, bytes[i], 1);
  return dwords;
}

Result<std::vector<ConfigSpace>> read_config_spaces(std::string_view input) {
  if (input.size() > kLongestDump) return lowmeg::fail(Errc::kInvalidArgument, "larger than 16 MiB");
  if (input.empty()) return lowmeg::fail(Errc::kInvalidArgument, "there is nothing in it");
  if (!is_text(input)) return read_raw(input);
  auto spaces = DumpReader().read(input);
  if (spaces && spaces->empty()) {
    return lowmeg::fail(
        Errc::kInvalidArgument,
        "no PCI function in it; `lspci -xxx` begins each with a line as \"00:00.0 Host bridge\"");
  }
  return spaces;
}

std::string config_spaces_text(std::span<const ConfigSpace> spaces) {
  std::string text;
  for (const ConfigSpace& space : spaces) {
    text += text_of(space.address) + " " + space.name + "\n";
    for (std::size_t row = 0; row < space.bytes.size() && space.knows(row, kRow); row += kRow) {
      text += fmt::format("{:02x}:", row);
      for (std::size_t i = row; i < row + kRow; ++i) text += fmt::format(" {:02x}", space.bytes[i]);
      text += '\n';
    }
    text += '\n';
  }
  return text;
}

Result<Assignment> assignment_of(std::string_view text) {
  const auto refuse = [text](const char* why) {
    return lowmeg::fail(Errc::kInvalidArgument, fmt::format("{}: {}", shortened(text), why));
  };
  std::string_view value = text;
  std::string_view name = up_to('=', value);
  const bool has_size = name.find('.') != std::string_view::npos;
  const auto offset = hex(up_to('.', name), 256);
  if (!offset) return refuse("no register; write an offset from 00 to ff, as 59.b=30");
  constexpr std::string_view kLetters = "bwl";
  const char letter = name.empty() ? 'b' : static_cast<char>(name[0] | 0x20);
  const std::size_t log = kLetters.find(letter);
  if (name.size() != (has_size ? 1 : 0) || log == std::string_view::npos)
    return refuse("the size is b, w or l, as 59.b=30");
  const auto size = static_cast<std::uint8_t>(1u << log);
  if (*offset % size != 0) return refuse("the register is not aligned to its size");
  const auto number = hex(value, 1ull << (8 * size));
  if (!number) return refuse("the value is no hexadecimal number of that size");
  return Assignment{static_cast<std::uint8_t>(*offset), size, *number};
}

void assign(const Assignment& assignment, ConfigSpace& space) {
  for (std::size_t i = 0; i < assignment.size; ++i) {
    space.bytes[assignment.offset + i] = static_cast<std::uint8_t>(assignment.value >> (8 * i));
    space.known.set(assignment.offset + i);
  }
}

}  // namespace cli
