#include "tests/programs/op.hpp"

#include <fmt/format.h>

#include "tests/programs/assembler.hpp"

namespace programs {
namespace {

constexpr std::uint32_t kStackBytes = 32, kRoutineBytes = 16, kFrameBytes = 16;

}  // namespace

std::vector<std::uint32_t> told_boundaries() {
  std::vector<std::uint32_t> told;
  for (const Window& window : kWindows) {
    if (window.is_told()) told.push_back(window.boundary);
  }
  return told;
}

std::vector<Extent> extents_of(const Op& op) {
  const auto at = [](std::uint32_t first, std::uint32_t size) { return Extent{first, first + size}; };
  const std::uint32_t bytes = std::uint32_t{op.count} * op.size;
  const std::uint32_t below = op.form % 2 == 0 ? 0 : bytes - op.size;  // downwards
  switch (op.kind) {
    case Kind::kConfigWrite:
    case Kind::kConfigRead:
    case Kind::kReset:
    case Kind::kA20:
      return {};
    case Kind::kInterrupt:
      return {at(op.address - kFrameBytes, kFrameBytes)};
    case Kind::kDma:
      return {at(op.address, op.count)};
    case Kind::kMove:
    case Kind::kCompare:
      return {at(op.address - below, bytes), at(op.other - below, bytes)};
    case Kind::kFill:
    case Kind::kScan:
      return {at(op.other - below, bytes)};
    case Kind::kPortToRam:
      return {at(op.other, bytes)};
    case Kind::kRamToPort:
      return {at(op.address, bytes)};
    case Kind::kStack:
      return {at(op.address - kStackBytes, kStackBytes)};
    case Kind::kRoutine:
    case Kind::kPatching:
    case Kind::kCall:
      return {at(op.address, kRoutineBytes)};
    default:
      return {at(op.address, op.size)};
  }
}

std::string text_of(const Op& op) {
  const auto string = [&op](const char* name) {
    return fmt::format("{} {} x {}.{} [{:08X}] -> [{:08X}] eax {:08X}", name, form_name(op), op.count,
                       op.size, op.address, op.other, op.value);
  };
  switch (op.kind) {
    case Kind::kConfigWrite:
      return fmt::format("config {:02X}h.{} = {:0{}X}", op.address, op.size, op.value, 2 * op.size);
    case Kind::kConfigRead:
      return fmt::format("config {:02X}h.{} ?", op.address, op.size);
    case Kind::kLoad:
    case Kind::kStore:
    case Kind::kModify:
      return fmt::format("{} .{} [{:08X}] value {:08X} other {:08X}", form_name(op), op.size, op.address,
                         op.value, op.other);
    case Kind::kMove:
      return string("movs");
    case Kind::kFill:
      return string("stos");
    case Kind::kCompare:
      return string("repe cmps");
    case Kind::kScan:
      return string("repne scas");
    case Kind::kPortToRam:
      return fmt::format("ins x {}.{} config {:02X}h -> [{:08X}]", op.count, op.size, op.value, op.other);
    case Kind::kRamToPort:
      return fmt::format("outs x {}.{} [{:08X}] -> config {:02X}h", op.count, op.size, op.address, op.value);
    case Kind::kStack:
      return fmt::format("pusha, popa at [{:08X}] value {:08X}", op.address, op.value);
    case Kind::kRoutine:
      return fmt::format("routine at [{:08X}] gives {:08X}", op.address, op.value);
    case Kind::kPatching:
      return fmt::format("patching routine at [{:08X}] gives {:08X}", op.address, op.value);
    case Kind::kCall:
      return fmt::format("call [{:08X}]", op.address);
    case Kind::kReset:
      return "reset by " + form_name(op);
    case Kind::kInterrupt:
      return fmt::format("{} with its frame at [{:08X}]", form_name(op), op.address);
    case Kind::kDma:
      return fmt::format("DMA of {} to [{:08X}]", op.count, op.address);
    case Kind::kA20:
      return form_name(op) + " A20";
  }
  return {};
}

std::string listing(const Program& program) {
  std::string text;
  for (std::size_t i = 0; i < program.size(); ++i) text += fmt::format("{:3} {}\n", i, text_of(program[i]));
  return text;
}

}  // namespace programs
