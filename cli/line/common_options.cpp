#include "cli/line/common_options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace cli {
namespace {

// Why this much RAM will not do, or nothing.
const char* ram_complaint(std::uint64_t bytes) {
  if (bytes % kMiB != 0) return " is not a whole number of MiB";
  if (bytes < 2 * kMiB) return " is too small; 2M is the least";
  return bytes >= 4096 * kMiB ? " reaches 4 GiB; 4095M is the most" : nullptr;
}

// A size as CLI11 reads it, with a shorter complaint, and the rules for RAM.
CLI::Validator ram_size() {
  return CLI::Validator(
      [](std::string& given) -> std::string {
        std::string bytes = given;
        try {
          if (given.front() == '-' || !CLI::AsSizeValue(false)(bytes).empty())
            throw CLI::ValidationError("size");
        } catch (const CLI::ValidationError&) {
          return given + " is no size; write it as 64M or 1G";
        }
        if (const char* why = ram_complaint(std::stoull(bytes))) return given + why;
        given = bytes;
        return {};
      },
      "");
}

// Digits alone: a library's reading of "-1" is 2^64 - 1.
bool is_access_number(const std::string& given, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
  return error == std::errc() && end == given.data() + given.size() && number > 0;
}

// With a comma between; an empty part counts.
std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

CLI::Option* add_memory(CLI::App& command, std::uint64_t& memory) {
  return command
      .add_option("--memory", memory, "RAM, whole MiB from 2M to 4095M (a chip holds 1024M), as 64M or 1G")
      ->transform(ram_size())
      ->default_str("64M");
}

CLI::Validator chip_memory() {
  return CLI::Validator(
      [](std::string& bytes) {
        const std::uint64_t size = std::stoull(bytes);
        if (size <= vmm::kMostChipMemory) return std::string();
        return fmt::format("{}M is more than the chip can hold; 1024M is the most", size / kMiB);
      },
      "");
}

void add_accel(CLI::App& command, std::string& name) {
  command.add_option("--accel", name, "auto, kvm or soft (auto: KVM where usable, else soft)")
      ->check(CLI::IsMember({"auto", "kvm", "soft"}))
      ->capture_default_str();
}

vmm::Accel accel_named(const std::string& name) {
  if (name == "kvm") return vmm::Accel::kKvm;
  return name == "soft" ? vmm::Accel::kSoft : vmm::Accel::kAuto;
}

void add_kvm_map(CLI::App& command, std::string& name) {
  command
      .add_option("--kvm-map", name, "How KVM keeps writes off: protect (mappings) or slots; auto: protect")
      ->check(CLI::IsMember({"auto", "protect", "slots"}))
      ->capture_default_str();
}

vmm::KvmMap kvm_map_named(const std::string& name) {
  if (name == "protect") return vmm::KvmMap::kProtect;
  return name == "slots" ? vmm::KvmMap::kSlots : vmm::KvmMap::kAuto;
}

void add_get(CLI::App& command, std::string& name) {
  command.add_option("--get", name, "batched: one commit a config write; strict: one request at a time")
      ->check(CLI::IsMember({"batched", "strict"}))
      ->capture_default_str();
}

lowmeg::get::Batching batching_named(const std::string& name) {
  return name == "strict" ? lowmeg::get::Batching::kNever : lowmeg::get::Batching::kWhereOffered;
}

CLI::Validator positive_seconds() {
  return CLI::Validator(
      [](std::string& given) {
        double seconds = 0;
        const bool good = CLI::detail::lexical_cast(given, seconds) && seconds > 0 && seconds <= 1e6;
        return good ? std::string() : given + " is no number of seconds";
      },
      "");
}

CLI::Validator access_number() {
  return CLI::Validator(
      [](std::string& given) {
        std::uint64_t number = 0;
        return is_access_number(given, number) ? std::string()
                                               : given + " is no number of accesses; they count from 1";
      },
      "");
}

CLI::Validator access_numbers() {
  return CLI::Validator(
      [](std::string& given) {
        std::uint64_t number = 0;
        for (const std::string& part : parts_of(given)) {
          if (!is_access_number(part, number))
            return "'" + part + "' is no number of accesses; they count from 1";
        }
        return std::string();
      },
      "");
}

std::vector<std::uint64_t> accesses_in(const std::string& list) {
  std::vector<std::uint64_t> numbers;
  if (list.empty()) return numbers;
  for (const std::string& part : parts_of(list)) is_access_number(part, numbers.emplace_back());
  return numbers;
}

}  // namespace cli
