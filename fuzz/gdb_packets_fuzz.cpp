// Hostile bytes for --gdb: whatever comes, each packet is answered within the limit, and nothing else changes
// than the target's memory and registers.
#include "lowmeg/core/invariant.hpp"
#include "vmm/gdb/framing.hpp"
#include "vmm/gdb/session.hpp"

namespace {

class FuzzTarget final : public vmm::gdb::Target {
 public:
  vmm::CpuState cpu() const override { return state_; }
  void set_cpu(const vmm::CpuState& state) override { state_ = state; }
  std::optional<std::uint8_t> memory(std::uint32_t address) const override {
    return address < ram_.size() ? std::optional(ram_[address]) : std::nullopt;
  }
  bool set_memory(std::uint32_t address, std::uint8_t value) override {
    if (address >= ram_.size()) return false;
    ram_[address] = value;
    return true;
  }
  std::optional<std::uint8_t> dram(std::uint32_t address) const override { return memory(address); }
  std::optional<std::uint8_t> rom(std::uint32_t address) const override { return memory(address); }
  std::string map() const override { return "map\n"; }

 private:
  vmm::CpuState state_;
  std::array<std::uint8_t, 4096> ram_{};
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzTarget target;
  vmm::gdb::Session session(target);
  vmm::gdb::Framer framer;
  framer.put(std::string(data, data + size));
  while (const auto input = framer.next()) {
    if (input->kind != vmm::gdb::Input::Kind::kPacket) continue;
    const vmm::gdb::Answer answer = session.answer(input->text);
    LOWMEG_INVARIANT(answer.reply.size() <= vmm::gdb::Framer::kLongestPacket, "an answer fits into a packet");
    LOWMEG_INVARIANT(answer.reply.find_first_of("#$}*") == std::string::npos, "and needs no escapes");
    static_cast<void>(session.changed_watch());
  }
  // The same text without a frame, which a fuzzer finds more easily.
  static_cast<void>(session.answer(std::string(data, data + std::min<std::size_t>(size, 4096))));
  return 0;
}
