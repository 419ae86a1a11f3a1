#include "cli/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "cli/complaint.hpp"
#include "cli/decode/dump_view.hpp"

namespace cli {
namespace {

using lowmeg::Result;

constexpr int kSame = 0, kDiffer = 1;

Result<std::string> contents_of(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  const std::unique_ptr<std::FILE, Close> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) return lowmeg::fail_errno(path);
  std::string text;
  std::array<char, 65536> part{};
  while (text.size() <= kLongestDump) {
    errno = 0;
    const std::size_t size = std::fread(part.data(), 1, part.size(), file.get());
    if (std::ferror(file.get()) != 0) return lowmeg::fail_errno(path == "-" ? "stdin" : path);
    if (size == 0) break;
    text.append(part.data(), size);
  }
  return text;
}

// Seven bytes, as "30 33 ..." or "3033...", if that is what it is.
std::optional<std::array<std::uint8_t, 7>> pam_in(const std::vector<std::string>& words) {
  std::string digits;
  for (const std::string& word : words) {
    for (const char c : word) {
      if (c != ' ') digits += c;
    }
  }
  const bool is_hex = std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (digits.size() != 14 || !is_hex) return std::nullopt;
  std::array<std::uint8_t, 7> pam{};
  for (std::size_t i = 0; i < pam.size(); ++i)
    pam[i] = static_cast<std::uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
  return pam;
}

struct Dump {
  std::vector<ConfigSpace> spaces;
  BridgeDump bridge;
};

Result<Dump> dump_in(const std::string& path, const std::optional<PciAddress>& slot) {
  const auto text = contents_of(path);
  if (!text) return tl::unexpected(text.error());
  const auto named = [&path](lowmeg::Error error) {
    error.what = (path == "-" ? "stdin" : path) + ": " + error.what;
    return tl::unexpected(std::move(error));
  };
  auto spaces = read_config_spaces(*text);
  if (!spaces) return named(spaces.error());
  auto bridge = find_bridge(*spaces, slot);
  if (!bridge) return named(bridge.error());
  return Dump{std::move(*spaces), std::move(*bridge)};
}

Result<Dump> dump_of(const std::vector<std::string>& words, const std::optional<PciAddress>& slot) {
  if (const auto pam = pam_in(words)) {
    BridgeDump bridge = bridge_with_pam(*pam);
    return Dump{{bridge.host_bridge}, bridge};
  }
  if (words.size() > 1) {
    return lowmeg::fail(
        lowmeg::Errc::kInvalidArgument,
        fmt::format("{} inputs; give one file, or PAM0-PAM6 as seven bytes of hex", words.size()));
  }
  return dump_in(words.empty() ? "-" : words[0], slot);
}

Result<Dump> changed_dump(const DecodeOptions& options, const std::optional<PciAddress>& slot) {
  std::vector<std::string> words;
  std::vector<Assignment> assignments;
  for (const std::string& input : options.inputs) {
    if (input.find('=') == std::string::npos) {
      words.push_back(input);
      continue;
    }
    const auto assignment = assignment_of(input);
    if (!assignment) return tl::unexpected(assignment.error());
    assignments.push_back(*assignment);
  }
  auto dump = dump_of(words, slot);
  if (!dump) return dump;
  for (const Assignment& assignment : assignments) {
    if (assignment.offset < 4)
      return lowmeg::fail(lowmeg::Errc::kInvalidArgument,
                          "00-03 say which chip it is: they cannot be assigned");
    assign(assignment, dump->bridge.host_bridge);
  }
  for (ConfigSpace& space : dump->spaces) {
    if (space.address == dump->bridge.host_bridge.address) space = dump->bridge.host_bridge;
  }
  return dump;
}

int refuse(const lowmeg::Error& error) {
  complain(error.message());
  return kWrongUsage;
}

int show_diff(const DecodeOptions& options, const std::optional<PciAddress>& slot) {
  const auto before = dump_in(options.diff[0], slot);
  if (!before) return refuse(before.error());
  const auto now = dump_in(options.diff[1], slot);
  if (!now) return refuse(now.error());
  if (before->bridge.chip != now->bridge.chip) {
    return refuse({lowmeg::Errc::kInvalidArgument,
                   fmt::format("a {} and a {} cannot be compared", before->bridge.chip, now->bridge.chip),
                   0});
  }
  const DumpDiff diff = diff_of(before->bridge, now->bridge);
  print(stdout, "{}", options.json ? diff_json(diff) : diff_text(diff));
  return diff.empty() ? kSame : kDiffer;
}

}  // namespace

int decode(const DecodeOptions& options) {
  const std::optional<PciAddress> slot = pci_address(options.slot);
  if (!options.diff.empty()) return show_diff(options, slot);
  const auto dump = changed_dump(options, slot);
  if (!dump) return refuse(dump.error());
  if (options.dump) {
    print(stdout, "{}", config_spaces_text(dump->spaces));
    return kSame;
  }
  const DumpReport report = report_on(dump->bridge);
  print(stdout, "{}", options.json ? report_json(dump->bridge, report) : report_text(dump->bridge, report));
  return kSame;
}

}  // namespace cli
