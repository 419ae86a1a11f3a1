#include "vmm/cpu_soft/host_cpu.hpp"

#include <sys/mman.h>

#include <algorithm>

#include "lowmeg/core/invariant.hpp"

namespace vmm::cpu_soft::testing {
namespace {

constexpr std::size_t kPage = 4096;

// System V ABI: the argument is in RDI, RBX is kept.
constexpr std::uint8_t kBefore[] = {
    0x53,              // push rbx
    0x8b, 0x07,        // mov eax,[rdi]
    0x8b, 0x4f, 0x04,  // mov ecx,[rdi+4]
    0x8b, 0x57, 0x08,  // mov edx,[rdi+8]
    0x8b, 0x5f, 0x0c,  // mov ebx,[rdi+12]
    0xff, 0x77, 0x10,  // push qword [rdi+16]
    0x9d,              // popfq
};
constexpr std::uint8_t kAfter[] = {
    0x9c,              // pushfq
    0x8f, 0x47, 0x10,  // pop qword [rdi+16]
    0x89, 0x07,        // mov [rdi],eax
    0x89, 0x4f, 0x04,  // mov [rdi+4],ecx
    0x89, 0x57, 0x08,  // mov [rdi+8],edx
    0x89, 0x5f, 0x0c,  // mov [rdi+12],ebx
    0x5b,              // pop rbx
    0xc3,              // ret
};

}  // namespace

HostCpu::HostCpu() {
  // SAFETY: a fresh mapping of our own; the result is checked before use.
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  LOWMEG_INVARIANT(page != MAP_FAILED, "the host gives a page of code for the test");
  page_ = static_cast<std::uint8_t*>(page);
}

HostCpu::~HostCpu() {
  munmap(page_, kPage);
}

void HostCpu::load(std::span<const std::uint8_t> instruction) {
  std::uint8_t* to = std::copy(std::begin(kBefore), std::end(kBefore), page_);
  to = std::copy(instruction.begin(), instruction.end(), to);
  std::copy(std::begin(kAfter), std::end(kAfter), to);
}

void HostCpu::execute(HostRegisters& registers) const {
  // SAFETY: the page holds a whole function of this type: kBefore, an instruction of registers only, kAfter.
  reinterpret_cast<void (*)(HostRegisters*)>(page_)(&registers);
}

}  // namespace vmm::cpu_soft::testing
