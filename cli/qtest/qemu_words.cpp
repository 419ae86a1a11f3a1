#include "cli/qtest/qemu_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace cli {
namespace {

using Complaint = std::optional<std::string>;

constexpr std::uint64_t kMiB = 1 << 20, kLeastMiB = 2, kMostMiB = 1024;
constexpr std::string_view kUnix = "unix:";

// "socket,path=/tmp/a,,b,id=c": a comma that is doubled is one of the value's. What has no = is `first`'s
// value.
using Properties = std::map<std::string, std::string>;

std::vector<std::string> parts_of(std::string_view value) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != ',') {
      parts.back() += value[i];
    } else if (i + 1 < value.size() && value[i + 1] == ',') {
      parts.back() += value[++i];
    } else {
      parts.emplace_back();
    }
  }
  return parts;
}

Properties properties_of(std::string_view value, const std::string& first) {
  Properties properties;
  for (const std::string& part : parts_of(value)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) {
      properties[properties.empty() ? first : part] = properties.empty() ? part : "on";
    } else {
      properties[part.substr(0, equals)] = part.substr(equals + 1);
    }
  }
  return properties;
}

// What the words have said so far.
struct Said {
  QtestOptions options;
  Properties sockets;   // path by id
  std::string monitor;  // the id of the one that speaks QMP
};

Complaint take_qtest(Said& said, const std::string& value) {
  if (value == QtestOptions::kStdio) {
    said.options.qtest = value;
    return std::nullopt;
  }
  if (!value.starts_with(kUnix) || value.size() == kUnix.size() || value.find(',') != std::string::npos)
    return "it is unix:PATH, where the test listens, or stdio";
  said.options.qtest = value.substr(kUnix.size());
  return std::nullopt;
}

Complaint take_log(Said& said, const std::string& value) {
  said.options.log = value == "none" ? "" : value;
  return std::nullopt;
}

Complaint take_chardev(Said& said, const std::string& value) {
  Properties properties = properties_of(value, "backend");
  if (properties["backend"] != "socket" || properties["path"].empty() || properties["id"].empty())
    return "it is socket,path=PATH,id=ID, where the test listens";
  if (properties.contains("server") && properties["server"] != "off") return "the test is the server";
  said.sockets[properties["id"]] = properties["path"];
  return std::nullopt;
}

Complaint take_monitor(Said& said, const std::string& value) {
  Properties properties = properties_of(value, "chardev");
  if (properties["mode"] != "control") return "it is chardev=ID,mode=control";
  said.monitor = properties["chardev"];
  return std::nullopt;
}

Complaint take_bios(Said& said, const std::string& value) {
  said.options.firmware = value;
  return std::nullopt;
}

Complaint take_drive(Said& said, const std::string& value) {
  Properties properties = properties_of(value, "if");
  if (properties["if"] != "pflash" || properties["file"].empty())
    return "it is if=pflash,format=raw,file=FILE; there are no other drives";
  if (properties.contains("format") && properties["format"] != "raw") return "the format is raw";
  said.options.firmware = properties["file"];
  return std::nullopt;
}

Complaint take_machine(Said&, const std::string& value) {
  const std::string type = properties_of(value, "type")["type"];
  const bool is_pc = type == "pc" || type.starts_with("pc-i440fx-");
  return is_pc ? std::nullopt : Complaint("the machine is a pc");
}

Complaint take_memory(Said& said, const std::string& value) {
  const std::string size = properties_of(value, "size")["size"];
  std::uint64_t number = 0;
  const char* const end = size.data() + size.size();
  const auto [stop, error] = std::from_chars(size.data(), end, number);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  const std::uint64_t scale = unit == "G" || unit == "g" ? 1024 : 1;
  const bool is_unit = unit.empty() || unit == "M" || unit == "m" || scale != 1;
  if (error != std::errc() || !is_unit || number > kMostMiB || number * scale < kLeastMiB ||
      number * scale > kMostMiB)
    return "the RAM is whole MiB from 2M to 1G, as 64M";
  said.options.memory = number * scale * kMiB;
  return std::nullopt;
}

Complaint take_cpus(Said&, const std::string& value) {
  return properties_of(value, "cpus")["cpus"] == "1" ? std::nullopt : Complaint("there is one CPU");
}

Complaint take_accelerator(Said&, const std::string& value) {
  return value == "qtest" ? std::nullopt : Complaint("nothing runs but the test: qtest");
}

Complaint take_bridge(Said& said, const std::string& value) {
  if (value != "i440fx" && value != "i440bx") return "it is i440fx or i440bx";
  said.options.bridge = value;
  return std::nullopt;
}

Complaint take_none(Said&, const std::string& value) {
  return value == "none" ? std::nullopt : Complaint("there is none");
}

Complaint take_anything(Said&, const std::string&) {
  return std::nullopt;
}

struct Option {
  const char* name;
  const char* value;  // null: it takes none
  Complaint (*take)(Said&, const std::string&);
  const char* what;
};
constexpr Option kOptions[] = {
    {"qtest", "unix:PATH|stdio", take_qtest, "where the test listens; or stdin and stdout"},
    {"qtest-log", "FILE", take_log, "the lines of both sides"},
    {"chardev", "socket,path=PATH,id=ID", take_chardev, "where the test listens for QMP"},
    {"mon", "chardev=ID,mode=control", take_monitor, "which of them speaks it"},
    {"bios", "FILE", take_bios, "firmware instead of SeaBIOS"},
    {"drive", "if=pflash,format=raw,file=FILE", take_drive, "the same; nothing is written to it"},
    {"machine", "pc", take_machine, "what there is"},
    {"M", "pc", take_machine, "the same"},
    {"m", "SIZE", take_memory, "RAM, from 2M to 1G; else 128M"},
    {"smp", "1", take_cpus, "what there is"},
    {"accel", "qtest", take_accelerator, "what there is"},
    {"bridge", "i440fx|i440bx", take_bridge, "the host bridge; else i440fx"},
    {"display", "none", take_none, ""},
    {"audio", "none", take_none, ""},
    {"vga", "none", take_none, ""},
    {"serial", "none", take_none, ""},
    {"parallel", "none", take_none, ""},
    {"monitor", "none", take_none, ""},
    {"net", "none", take_none, ""},
    {"nic", "none", take_none, ""},
    {"name", "TEXT", take_anything, ""},
    {"trace", "TEXT", take_anything, ""},
    {"run-with", "TEXT", take_anything, ""},
    {"S", nullptr, take_anything, ""},
    {"nodefaults", nullptr, take_anything, ""},
    {"no-user-config", nullptr, take_anything, ""},
    {"nographic", nullptr, take_anything, ""},
};

Complaint take_all(Said& said, std::span<const std::string> words) {
  while (!words.empty()) {
    const std::string& word = words.front();
    const std::size_t dashes = std::min<std::size_t>(word.find_first_not_of('-'), word.size());
    const auto option = std::ranges::find(kOptions, std::string_view(word).substr(dashes),
                                          [](const Option& o) { return std::string_view(o.name); });
    if (dashes == 0 || dashes > 2 || option == std::end(kOptions)) return word + " is no option";
    words = words.subspan(1);
    if (option->value != nullptr && words.empty()) return word + " needs a value: " + option->value;
    const std::string value = option->value == nullptr ? "" : words.front();
    if (option->value != nullptr) words = words.subspan(1);
    if (const auto why = option->take(said, value)) return word + " " + value + ": " + *why;
  }
  return std::nullopt;
}

}  // namespace

lowmeg::Result<QtestOptions> parse_qemu_words(std::span<const std::string> words) {
  const auto refuse = [](const std::string& why) {
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument, why);
  };
  Said said;
  if (const auto why = take_all(said, words)) return refuse(*why);
  if (said.options.qtest.empty()) return refuse("-qtest is required");
  if (said.monitor.empty()) return said.options;
  if (!said.sockets.contains(said.monitor)) return refuse("-mon: no -chardev has the id " + said.monitor);
  said.options.qmp = said.sockets[said.monitor];
  return said.options;
}

std::optional<std::vector<std::string>> words_of_a_machine(std::span<const char* const> arguments) {
  const std::string_view path = arguments.empty() ? "" : arguments[0];
  const std::string_view name = path.substr(path.rfind('/') + 1);
  // Who comes back with "qtest" is no longer asked for it.
  const bool is_resolved = arguments.size() > 1 && arguments[1] == std::string_view("qtest");
  if (!name.ends_with("-system-x86_64") || is_resolved) return std::nullopt;
  std::vector<std::string> words{"qtest"};
  if (name.find("i440bx") != std::string_view::npos) words.insert(words.end(), {"-bridge", "i440bx"});
  words.insert(words.end(), arguments.begin() + 1, arguments.end());
  return words;
}

std::string qemu_words_help() {
  std::string text;
  for (const Option& option : kOptions) {
    if (*option.what == '\0') continue;
    text += fmt::format("  {:<42} {}\n", fmt::format("-{} {}", option.name, option.value), option.what);
  }
  constexpr std::size_t kWidth = 96;
  std::string line = "and without effect:";
  for (const Option& option : kOptions) {
    if (*option.what != '\0') continue;
    const std::string word = fmt::format(" -{}", option.name);
    if (line.size() + word.size() > kWidth) text += std::exchange(line, " ") + "\n";
    line += word;
  }
  return text + line + "\n";
}

}  // namespace cli
