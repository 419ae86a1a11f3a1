#include "vmm/cpu_soft/cpu_soft.hpp"

#include "vmm/cpu_soft/engine.hpp"
#include "vmm/cpu_soft/reset.hpp"

namespace vmm {

class CpuSoft::Impl {
 public:
  Impl(const CpuWiring& wiring, Corrections corrections) : engine(wiring, corrections) {}
  cpu_soft::Engine engine;
};

CpuSoft::CpuSoft(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CpuSoft::~CpuSoft() = default;

std::unique_ptr<CpuSoft> CpuSoft::create(CpuWiring wiring, Corrections corrections) {
  auto cpu = std::unique_ptr<CpuSoft>(new CpuSoft(std::make_unique<Impl>(wiring, corrections)));
  cpu->reset();
  return cpu;
}

void CpuSoft::reset() {
  CpuState state = cpu_soft::reset_state();
  state.instructions = instructions();
  state.time_stamp_offset = 0 - state.instructions;
  set_state(state);
}

void CpuSoft::init() {
  set_state(cpu_soft::init_state(state()));
}

CpuSoft::Stop CpuSoft::run(std::uint64_t instructions) {
  return impl_->engine.run(instructions);
}
void CpuSoft::request_stop() {
  impl_->engine.request_stop();
}
void CpuSoft::set_interrupt_line(Level level) {
  impl_->engine.set_interrupt_line(level);
}
void CpuSoft::set_a20(Level level) {
  impl_->engine.set_a20(level);
}
std::optional<RepeatedException> CpuSoft::repeated_exception() const {
  const cpu_soft::Processor& processor = impl_->engine.processor();
  if (!processor.exceptions.repeats(processor.instructions)) return std::nullopt;
  const auto& place = processor.exceptions.place();
  RepeatedException repeated{place.vector, place.selector, place.eip, {}};
  for (std::uint32_t i = 0; i < cpu_soft::kMaxInstructionLength; ++i) {
    const std::uint8_t* const byte = processor.bus.code(place.base + place.eip + i, 1);
    if (byte == nullptr) break;  // a device's: to look may change it
    repeated.bytes.push_back(*byte);
  }
  return repeated;
}
std::uint64_t CpuSoft::instructions() const {
  return impl_->engine.processor().instructions;
}
std::uint32_t CpuSoft::instruction_eip() const {
  return impl_->engine.instruction_eip();
}
CpuState CpuSoft::state() const {
  return cpu_soft::save(impl_->engine.processor());
}
void CpuSoft::set_state(const CpuState& state) {
  cpu_soft::restore(state, impl_->engine.processor());
}

}  // namespace vmm
