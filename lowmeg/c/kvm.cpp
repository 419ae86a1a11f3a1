#include "lowmeg/c/kvm.hpp"

#include <algorithm>
#include <vector>

#include "lowmeg/c/maps.hpp"
#include "lowmeg/c/structs.hpp"

namespace lowmeg::c {
namespace {

static_assert(LOWMEG_KVM_PROTECT == static_cast<int>(kvm::MapWay::kProtect));
static_assert(LOWMEG_KVM_SLOTS == static_cast<int>(kvm::MapWay::kSlots));
static_assert(LOWMEG_KVM_IN_PLACE == static_cast<int>(kvm::MapWay::kInPlace));

template <typename Byte>
kvm::SharedMemory<Byte> memory_of(const lowmeg_memory& memory) {
  return {memory.fd, memory.fd_offset, {static_cast<Byte*>(memory.bytes), memory.size}};
}

Result<void> check(const lowmeg_kvm_config& config) {
  const auto wrong = [](const char* line) { return fail(Errc::kInvalidArgument, line); };
  for (const lowmeg_memory* memory : {&config.ram, &config.rom}) {
    if (!is_page_aligned(memory->size) || !is_page_aligned(memory->fd_offset) ||
        !is_page_aligned(reinterpret_cast<std::uintptr_t>(memory->bytes)))
      return wrong("kvm: memory that is not whole pages");
    if (memory->size != 0 && !memory->bytes) return wrong("kvm: memory without an address");
  }
  if (config.ram.size == 0) return wrong("kvm: no RAM");
  if (config.way > LOWMEG_KVM_IN_PLACE) return wrong("kvm: a way that does not exist");
  const bool is_usual = config.window_start == 0 && config.window_end == 0;
  if (!is_usual && (!is_page_aligned(config.window_start) || !is_page_aligned(config.window_end) ||
                    config.window_start >= config.window_end || config.window_end > 1ull << 32))
    return wrong("kvm: the window is not whole pages below 4 GiB");
  if (!config.pause != !config.resume) return wrong("kvm: pause and resume come together");
  if (!config.pause && config.vcpus != 1) return wrong("kvm: more than one vCPU needs pause and resume");
  if (config.smm > 1 || config.reserved != 0) return wrong("kvm: a flag that is not 0 or 1");
  return {};
}

kvm::KvmMapperConfig config_of(const lowmeg_kvm_config& config) {
  kvm::KvmMapperConfig result;
  result.vm_fd = config.vm_fd;
  if (config.window_end != 0) result.window = GpaRange(config.window_start, config.window_end);
  result.first_slot = config.first_slot;
  if (config.slot_count != 0) result.slot_count = config.slot_count;
  result.way = static_cast<kvm::MapWay>(config.way);
  result.vcpus = config.vcpus;
  if (config.smm != 0) result.smm = kvm::SmmView::kMirrored;
  result.memory.ram = memory_of<std::uint8_t>(config.ram);
  result.memory.rom = memory_of<const std::uint8_t>(config.rom);
  return result;
}

template <typename Body>
std::int32_t on_kvm(lowmeg_kvm* handle, Body body) {
  return guarded([&]() -> std::int32_t {
    Kvm* const kvm = find<Kvm>(handle);
    if (!kvm) return bad_handle();
    if (Within::is_in(kvm)) return busy("a callback of this object has not returned yet");
    return body(*kvm);
  });
}

// What the last call of this thread handed out.
struct HandedOut {
  std::vector<lowmeg_bus_write> writes;
  std::string line;
};
thread_local HandedOut handed_out;

lowmeg_bus_write for_c(const kvm::BusWrite& write) {
  lowmeg_bus_write result{};
  result.ticket = write.ticket;
  result.address = write.at;
  result.is_port = write.space == kvm::BusWrite::Space::kPort;
  result.size = write.size;
  std::ranges::copy(write.bytes, result.bytes);
  return result;
}

void hand_out(const kvm::AfterRun& after, lowmeg_after_run& result) {
  handed_out.writes.clear();
  for (const kvm::BusWrite& write : after.writes) handed_out.writes.push_back(for_c(write));
  handed_out.line = after.line;
  result.action = static_cast<std::uint32_t>(after.action);
  result.bus_bytes = after.verdict.bus_bytes;
  result.ticket = after.ticket;
  result.writes = handed_out.writes.data();
  result.write_count = handed_out.writes.size();
  result.line = handed_out.line.c_str();
}

}  // namespace

Result<void> Kvm::create_mapper(kvm::KvmMapperConfig config, kvm::Syscalls& syscalls) {
  if (map_change_) config.observer = &map_change_;
  auto mapper = kvm::KvmMapper::create(std::move(config), pause_, syscalls);
  if (!mapper) return tl::unexpected(mapper.error());
  mapper_ = std::move(*mapper);
  return {};
}

// The log before this one is told until the mapper has taken the new one.
Result<void> Kvm::log_writes(lowmeg_written_fn written, void* context) {
  const std::lock_guard lock(log_lock_);
  auto log = written ? std::make_unique<WrittenCallback>(written, context, this) : nullptr;
  auto set = mapper_->log_writes(log.get());
  if (set) log_ = std::move(log);
  return set;
}

std::int32_t create_kvm(const lowmeg_kvm_config* given, lowmeg_kvm** handle, kvm::Syscalls& syscalls) {
  std::int32_t status = LOWMEG_OK;
  const auto config = read_struct(given, status);
  if (!config) return status;
  if (!handle) return failed(LOWMEG_INVALID_ARGUMENT, "kvm: nowhere to put the handle");
  if (const auto checked = check(*config); !checked) return failed(checked.error());
  auto made = std::make_unique<Kvm>(*config);
  if (const auto mapper = made->create_mapper(config_of(*config), syscalls); !mapper)
    return failed(mapper.error());
  *handle = publish(std::move(made));
  return LOWMEG_OK;
}

}  // namespace lowmeg::c

using namespace lowmeg;
using c::Kvm;

int32_t lowmeg_kvm_create(const lowmeg_kvm_config* config, lowmeg_kvm** handle) {
  return c::guarded([&] { return c::create_kvm(config, handle, kvm::Syscalls::system()); });
}

int32_t lowmeg_kvm_close(lowmeg_kvm* handle) {
  return c::guarded([&]() -> std::int32_t {
    if (c::Within::is_in(c::find<Kvm>(handle)))
      return c::busy("a callback of this object has not returned yet");
    return c::close<Kvm>(handle);
  });
}

int32_t lowmeg_kvm_attach_ring(lowmeg_kvm* handle, struct kvm_run* run) {
  return c::on_kvm(handle, [&](Kvm& kvm) -> std::int32_t {
    kvm.mapper().attach_ring(run);
    return LOWMEG_OK;
  });
}

int32_t lowmeg_kvm_generation(lowmeg_kvm* handle, uint64_t* generation) {
  return c::on_kvm(handle, [&](Kvm& kvm) -> std::int32_t {
    if (!generation) return c::failed(LOWMEG_INVALID_ARGUMENT, "kvm: nowhere to put the generation");
    *generation = kvm.mapper().generation();
    return LOWMEG_OK;
  });
}

int32_t lowmeg_kvm_after_run(lowmeg_kvm* handle, const lowmeg_vcpu_return* given, lowmeg_after_run* after) {
  return c::on_kvm(handle, [&](Kvm& kvm) -> std::int32_t {
    std::int32_t status = LOWMEG_OK;
    const auto known = c::read_struct(given, status);
    if (!known) return status;
    if (!known->run || !after || after->size < sizeof(lowmeg_after_run))
      return c::failed(LOWMEG_INVALID_ARGUMENT, "kvm: run or after is missing, or its size is not set");
    kvm::VcpuReturn vcpu{
        .run = *known->run, .error = known->run_errno, .entered = known->generation, .fd = known->vcpu_fd};
    if (known->rip) vcpu.rip = [&] { return known->rip(known->context); };
    c::hand_out(kvm.mapper().after_run(vcpu), *after);
    return LOWMEG_OK;
  });
}

int32_t lowmeg_kvm_wait_for(lowmeg_kvm* handle, uint64_t ticket) {
  return c::on_kvm(handle, [&](Kvm& kvm) -> std::int32_t {
    kvm.mapper().wait_for(ticket);
    return LOWMEG_OK;
  });
}

int32_t lowmeg_kvm_done(lowmeg_kvm* handle, uint64_t ticket) {
  return c::on_kvm(handle, [&](Kvm& kvm) -> std::int32_t {
    kvm.mapper().done(ticket);
    return LOWMEG_OK;
  });
}

int32_t lowmeg_kvm_drain(lowmeg_kvm* handle) {
  return c::on_kvm(handle, [](Kvm& kvm) -> std::int32_t {
    kvm.mapper().drain();
    return LOWMEG_OK;
  });
}

int32_t lowmeg_kvm_hold(lowmeg_kvm* handle, lowmeg_commit_fn use, void* context) {
  return c::on_kvm(handle, [&](Kvm& kvm) -> std::int32_t {
    if (!use) return c::failed(LOWMEG_INVALID_ARGUMENT, "kvm: nobody to give the map to");
    const c::Use in_use(kvm);
    const auto held = kvm.mapper().hold();
    c::CommitCallback given(use, context);
    const c::Within within(&kvm);
    return c::told(given.commit(kvm.mapper().map()));
  });
}

int32_t lowmeg_kvm_log_writes(lowmeg_kvm* handle, lowmeg_written_fn written, void* context) {
  return c::on_kvm(handle, [&](Kvm& kvm) { return c::told(kvm.log_writes(written, context)); });
}

int32_t lowmeg_kvm_harvest(lowmeg_kvm* handle) {
  return c::on_kvm(handle, [](Kvm& kvm) -> std::int32_t {
    kvm.mapper().harvest();
    return LOWMEG_OK;
  });
}
