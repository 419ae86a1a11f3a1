#include "vmm/cpu_kvm/kvm_cpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/fakes/long_mode.hpp"
#include "vmm/cpu_kvm/kvm_call.hpp"
#include "vmm/cpu_kvm/real_mode_guest.hpp"

namespace vmm {
namespace {

using std::chrono::steady_clock;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

using KvmCpusTest = RealModeTest;

// The end of a guest: out 99h, al; then it must not go on.
constexpr std::initializer_list<std::uint8_t> kStop{0xe6, 0x99};

std::vector<std::uint8_t> code(std::initializer_list<std::initializer_list<std::uint8_t>> parts) {
  std::vector<std::uint8_t> bytes;
  for (const auto& part : parts) bytes.insert(bytes.end(), part);
  return bytes;
}

TEST_F(KvmCpusTest, Cpu0StartsAtTheResetVector) {
  build({});
  if (IsSkipped()) return;
  const VcpuRegisters registers = cpus_->registers(0).value();
  EXPECT_EQ(registers.linear_rip(), 0xfffffff0u);
  EXPECT_EQ(cpus_->where(0), "CPU 0 at F000:0000FFF0");
}

TEST_F(KvmCpusTest, PortAccessesOfEverySizeReachTheBoard) {
  build(code({{0xb0, 0xa5, 0xe6, 0x40 + 0x30},                         // mov al, a5; out 70, al
              {0xb8, 0x34, 0x12, 0xe7, 0x72},                          // mov ax, 1234; out 72, ax
              {0x66, 0xb8, 0x78, 0x56, 0x34, 0x12, 0x66, 0xe7, 0x74},  // mov eax, ...; out 74, eax
              {0xe4, 0x76, 0xa2, 0x00, 0x20},                          // in al, 76; mov [2000], al
              {0x66, 0xe5, 0x78, 0x66, 0xa3, 0x04, 0x20},              // in eax, 78; mov [2004], eax
              kStop}));
  if (IsSkipped()) return;
  run();
  EXPECT_THAT(exits_.outputs(), ElementsAre(Access{0x70, 1, 0xa5}, Access{0x72, 2, 0x1234},
                                            Access{0x74, 4, 0x12345678}, testing::_));
  EXPECT_THAT(exits_.inputs(), ElementsAre(Access{0x76, 1, 0x11}, Access{0x78, 4, 0x12}));
  EXPECT_EQ(ram_.bytes()[0x2000], 0x11);
  EXPECT_EQ(ram_.bytes()[0x2001], 0x00);
  EXPECT_THAT(std::vector(&ram_.bytes()[0x2004], &ram_.bytes()[0x2008]), Each(0x12));
}

// Each element is an access of its own, in both directions.
TEST_F(KvmCpusTest, StringPortAccessesComeElementByElement) {
  build(code({{0xbe, 0x00, 0x30, 0xb9, 0x03, 0x00, 0xba, 0x70, 0x00},  // mov si, 3000; mov cx, 3; mov dx, 70
              {0xfc, 0xf3, 0x6f},                                      // cld; rep outsw
              {0xbf, 0x00, 0x20, 0xb9, 0x04, 0x00, 0xf3, 0x6c},        // mov di, 2000; mov cx, 4; rep insb
              kStop}));
  if (IsSkipped()) return;
  place(0x3000, {1, 2, 3, 4, 5, 6});
  run();
  EXPECT_THAT(exits_.outputs(), ElementsAre(Access{0x70, 2, 0x0201}, Access{0x70, 2, 0x0403},
                                            Access{0x70, 2, 0x0605}, testing::_));
  EXPECT_THAT(exits_.inputs(), SizeIs(4));
  EXPECT_THAT(std::vector(&ram_.bytes()[0x2000], &ram_.bytes()[0x2005]),
              ElementsAre(0x11, 0x12, 0x13, 0x14, 0x00));
}

TEST_F(KvmCpusTest, MemoryOnTheBusReachesTheBoard) {
  build(code({{0xb8, 0x00, 0xb0, 0x8e, 0xd8},  // mov ax, b000; mov ds, ax
              {0xa1, 0x00, 0x80},              // mov ax, [8000]
              {0x40, 0xa3, 0x02, 0x80},        // inc ax; mov [8002], ax
              {0xc6, 0x06, 0x05, 0x80, 0x77},
              kStop}));  // mov byte [8005], 77
  if (IsSkipped()) return;
  run();
  EXPECT_THAT(exits_.memory_reads(), ElementsAre(Access{0xb8000, 2, 0x11}));
  EXPECT_THAT(exits_.memory_writes(), ElementsAre(Access{0xb8002, 2, 0x1112}, Access{0xb8005, 1, 0x77}));
}

// A request from within an exit takes effect after the instruction in hand.
TEST_F(KvmCpusTest, AStopFromAnExitEndsWithItsInstruction) {
  build(code({kStop, {0xc6, 0x06, 0x00, 0x20, 0x01}, kStop}));  // ...; mov byte [2000], 1
  if (IsSkipped()) return;
  run();
  EXPECT_EQ(ram_.bytes()[0x2000], 0);
  EXPECT_EQ(cpus_->where(0), "CPU 0 at 0000:00001002");
  cpus_->go_on();
  ASSERT_EQ(wait(), KvmCpus::Stop::kRequested);
  ASSERT_TRUE(cpus_->park());
  EXPECT_EQ(ram_.bytes()[0x2000], 1);
}

// "unless there was another reason to stop than those that wait() returned; that one the next wait() returns,
// and the CPUs stay parked."
TEST_F(KvmCpusTest, AStopRequestedWhileParkedIsNotLost) {
  build(code({kStop, {0xc6, 0x06, 0x00, 0x20, 0x01}, kStop}));  // ...; mov byte [2000], 1
  if (IsSkipped()) return;
  run();
  cpus_->request_stop();
  cpus_->go_on();
  EXPECT_EQ(wait(), KvmCpus::Stop::kRequested);
  ASSERT_TRUE(cpus_->park());
  EXPECT_THAT(exits_.outputs(), SizeIs(1));
  EXPECT_EQ(ram_.bytes()[0x2000], 0);
  cpus_->go_on();
  EXPECT_EQ(wait(), KvmCpus::Stop::kRequested);
  ASSERT_TRUE(cpus_->park());
  EXPECT_THAT(exits_.outputs(), SizeIs(2)) << "once, not for ever";
}

// An exception without an IDT, in ring 3: three faults in a row. After the reset the guest is at its reset
// vector.
TEST_F(KvmCpusTest, ATripleFaultStopsAndAResetLeadsOut) {
  build(code({kStop}));
  if (IsSkipped()) return;
  place(0x4000, code({{0xe6, 0x70, 0x0f, 0x0b}}));  // out 70, al; ud2
  lowmeg::fakes::write_page_tables(ram_.bytes(), 0x8000);
  VcpuRegisters registers = cpus_->registers(0).value();
  lowmeg::fakes::enter_long_mode(registers, 0x8000, 0x4000, 0x7000);
  registers.system.idt.limit = 0;
  ASSERT_TRUE(cpus_->set_registers(0, registers));
  start();
  ASSERT_EQ(wait(), KvmCpus::Stop::kShutdown) << cpus_->failure().message();
  cpus_->request_stop();
  EXPECT_EQ(wait(), KvmCpus::Stop::kShutdown) << "the gravest reason first";
  ASSERT_TRUE(cpus_->park());
  EXPECT_THAT(exits_.outputs(), SizeIs(1));
  ASSERT_TRUE(cpus_->reset());
  EXPECT_EQ(cpus_->registers(0).value().linear_rip(), 0xfffffff0u);
  cpus_->go_on();
  ASSERT_EQ(wait(), KvmCpus::Stop::kRequested) << "the other reason is not forgotten";
  ASSERT_TRUE(cpus_->park());
  EXPECT_THAT(exits_.outputs(), SizeIs(1));
  cpus_->go_on();
  ASSERT_EQ(wait(), KvmCpus::Stop::kRequested);
  EXPECT_THAT(exits_.outputs(), SizeIs(2));
}

// Power-on, reset and power-on again differ in nothing.
TEST_F(KvmCpusTest, AResetRestoresEveryRegister) {
  build(code({{0xb8, 0x34, 0x12, 0x8e, 0xd8, 0x0f, 0x20, 0xc0},  // ds = 1234; mov eax, cr0
              {0x66, 0xb9, 0x74, 0x01, 0x00, 0x00, 0x66, 0xb8, 8, 0, 0, 0, 0x66, 0x31, 0xd2},
              {0x0f, 0x30},
              kStop}));  // SYSENTER_CS = 8
  if (IsSkipped()) return;
  const VcpuRegisters before = cpus_->registers(0).value();
  run();
  EXPECT_NE(cpus_->registers(0).value().system.ds.selector, before.system.ds.selector);
  ASSERT_TRUE(cpus_->reset());
  const VcpuRegisters after = cpus_->registers(0).value();
  EXPECT_EQ(std::memcmp(&after.general, &before.general, sizeof(after.general)), 0);
  EXPECT_EQ(std::memcmp(&after.system, &before.system, sizeof(after.system)), 0);
}

// SDM volume 3, table 9-1: INIT leaves the MSRs as they are, RESET does not; and INIT is the CPUs' alone, so
// the interrupt controller keeps its mask.
TEST_F(KvmCpusTest, AnInitKeepsWhatAResetDoesNot) {
  build(code({{0x66, 0xb9, 0x74, 0x01, 0x00, 0x00, 0x0f, 0x32, 0x66, 0xe7, 0x74},  // out 74, SYSENTER_CS
              {0xe4, 0x21, 0xe6, 0x70},                                            // out 70, the PIC's mask
              {0x66, 0xb8, 8, 0, 0, 0, 0x66, 0x31, 0xd2, 0x0f, 0x30},              // SYSENTER_CS = 8
              {0xb0, 0x5a, 0xe6, 0x21, 0x8e, 0xd8},                                // mask = 5A, ds = 5A
              kStop}));
  if (IsSkipped()) return;
  run();
  const auto again = [&] {
    const VcpuRegisters registers = cpus_->registers(0).value();
    EXPECT_EQ(registers.linear_rip(), 0xfffffff0u);
    EXPECT_EQ(registers.system.ds.selector, 0);
    cpus_->go_on();
    ASSERT_EQ(wait(), KvmCpus::Stop::kRequested) << cpus_->failure().message();
    ASSERT_TRUE(cpus_->park());
  };
  ASSERT_TRUE(cpus_->init());
  again();
  ASSERT_TRUE(cpus_->reset());
  again();
  const auto outputs = exits_.outputs();
  ASSERT_EQ(outputs.size(), 9u);
  const std::uint64_t mask_at_power_on = outputs[1].value;
  EXPECT_THAT(outputs, ElementsAre(Access{0x74, 4, 0}, testing::_, testing::_,             //
                                   Access{0x74, 4, 8}, Access{0x70, 1, 0x5a}, testing::_,  //
                                   Access{0x74, 4, 0}, Access{0x70, 1, mask_at_power_on}, testing::_));
}

// MXCSR, which KVM_SET_FPU leaves out: 1F80h after power-on (SDM volume 3, table 9-1). In ring 3 of long
// mode, as not every KVM emulates these instructions.
TEST_F(KvmCpusTest, AResetRestoresMxcsr) {
  build({});
  if (IsSkipped()) return;
  constexpr std::uint64_t kSet = 0x4000, kGet = 0x4100;
  place(kSet, code({{0x0f, 0xae, 0x14, 0x25, 0x00, 0x60, 0, 0}, kStop}));  // ldmxcsr [6000]
  place(kGet, code({{0x0f, 0xae, 0x1c, 0x25, 0x04, 0x60, 0, 0},            // stmxcsr [6004]
                    {0x8b, 0x04, 0x25, 0x04, 0x60, 0, 0, 0xe7, 0x74},      // mov eax, [6004]; out 74, eax
                    kStop}));
  place(0x6000, {0x80, 0x7f, 0, 0});  // round towards zero
  lowmeg::fakes::write_page_tables(ram_.bytes(), 0x8000);
  const auto run_at = [&](std::uint64_t rip) {
    VcpuRegisters registers = cpus_->registers(0).value();
    lowmeg::fakes::enter_long_mode(registers, 0x8000, rip, 0x7000);
    registers.system.cr4 |= 0x200;  // OSFXSR
    ASSERT_TRUE(cpus_->set_registers(0, registers));
  };
  const auto mxcsr = [&] { return exits_.outputs().at(exits_.outputs().size() - 2).value; };
  const auto go_on = [&] {
    cpus_->go_on();
    ASSERT_EQ(wait(), KvmCpus::Stop::kRequested) << cpus_->failure().message();
    ASSERT_TRUE(cpus_->park());
  };
  run_at(kSet);
  run();
  run_at(kGet);
  go_on();
  ASSERT_EQ(mxcsr(), 0x7f80u);
  ASSERT_TRUE(cpus_->reset());
  run_at(kGet);
  go_on();
  EXPECT_EQ(mxcsr(), 0x1f80u);
}

// KVM's clock is written by the kernel, wherever the guest says and whatever the map is: there is none.
TEST_F(KvmCpusTest, TheKernelWritesNoGuestMemoryOfItsOwn) {
  build(code({{0x66, 0xb8, 0x01, 0x00, 0x00, 0x40, 0x0f, 0xa2},        // mov eax, 40000001; cpuid
              {0x66, 0xe7, 0x74},                                      // out 74, eax
              {0xbc, 0x00, 0x80, 0xc7, 0x06, 0x34, 0x00, 0x00, 0x15},  // mov sp, 8000; [0Dh * 4] = 0:1500
              {0x66, 0xb9, 0x01, 0x4d, 0x56, 0x4b},                    // mov ecx, 4B564D01: KVM's system time
              {0x66, 0xb8, 0x01, 0x20, 0, 0, 0x66, 0x31, 0xd2, 0x0f, 0x30},  // at 2000, enabled: wrmsr
              {0xe6, 0x70},                                                  // out 70, al
              kStop}));
  if (IsSkipped()) return;
  place(0x1500, code({kStop}));  // #GP
  if (kvm_extension(vm_->kvm_fd(), KVM_CAP_ENFORCE_PV_FEATURE_CPUID) == 0)
    GTEST_SKIP() << "this KVM takes the MSR whatever CPUID says";
  run();
  EXPECT_THAT(exits_.outputs(), ElementsAre(Access{0x74, 4, 0}, testing::_));
  EXPECT_THAT(std::vector(&ram_.bytes()[0x2000], &ram_.bytes()[0x2020]), Each(0));
}

// "A halted vCPU (in the kernel's irqchip HLT blocks in the kernel) is kicked as well."
TEST_F(KvmCpusTest, AHaltedCpuIsPausedAndStopped) {
  build(code({{0xe6, 0x70}, {0xfa, 0xf4}, {0xeb, 0xfd}}));  // out 70, al; cli; hlt; jmp $-1
  if (IsSkipped()) return;
  start();
  while (exits_.outputs().empty()) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(5ms);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(cpus_->pause());
    cpus_->resume();
  }
  EXPECT_EQ(cpus_->where(0), "CPU 0 at 0000:00001004");
  EXPECT_EQ(wait(10ms), KvmCpus::Stop::kDeadline);
}

// CPUs other than 0 wait for SIPI in the kernel: they can be paused, parked and ended there.
TEST_F(KvmCpusTest, ACpuThatWaitsForSipiIsPausedAndStopped) {
  build(code({{0xeb, 0xfe}}), 3);
  if (IsSkipped()) return;
  start();
  ASSERT_TRUE(cpus_->pause());
  cpus_->resume();
  cpus_->request_stop();
  ASSERT_EQ(wait(), KvmCpus::Stop::kRequested);
  ASSERT_TRUE(cpus_->park());
  ASSERT_TRUE(cpus_->reset());
  cpus_->go_on();
}

// INIT and SIPI to all others (the shorthand that SeaBIOS uses) by the local APIC at FEE00000, which CPU 0
// reaches by a data segment of the test's making.
TEST_F(KvmCpusTest, SipiStartsACpuAtItsVector) {
  build(code({{0x66, 0xc7, 0x06, 0xf0, 0x00, 0xff, 0x01, 0, 0},     // SVR: software enable
              {0x66, 0xc7, 0x06, 0x00, 0x03, 0x00, 0x45, 0x0c, 0},  // ICR: INIT
              {0x66, 0xb9, 0x00, 0x00, 0x02, 0x00},                 // SDM 3, 9.4.4.1: wait: mov ecx, 20000
              {0x66, 0x49, 0x75, 0xfc},                             // dec ecx; jnz $-2
              {0x66, 0xc7, 0x06, 0x00, 0x03, 0x05, 0x46, 0x0c, 0},  // ICR: SIPI, vector 05: 5000
              {0xeb, 0xfe}}),
        2);
  if (IsSkipped()) return;
  place(0x5000, code({kStop, {0xeb, 0xfe}}));
  VcpuRegisters registers = cpus_->registers(0).value();
  registers.system.cs.base = 0;
  registers.system.cs.selector = 0;
  registers.general.rip = 0x1000;
  registers.system.ds.base = 0xfee00000;
  ASSERT_TRUE(cpus_->set_registers(0, registers));
  run();
  EXPECT_EQ(cpus_->where(1), "CPU 1 at 0500:00000002");
}

// INIT on all CPUs' pins: "the bootstrap processor executes at the reset vector, the others wait for SIPI"
// (SDM volume 3, 9.4.2).
TEST_F(KvmCpusTest, AnInitSendsTheOthersBackToWaitForSipi) {
  build(code({{0x83, 0x3e, 0x00, 0x20, 0x00, 0x74, 0xf9},  // cmp word [2000], 0; je $-5
              {0xb8, 0x01, 0x00, 0xe6, 0x70},
              kStop,
              {0xeb, 0xfe}}),
        2);
  if (IsSkipped()) return;
  place(0x5000, code({{0xff, 0x06, 0x00, 0x20, 0xeb, 0xfa}}));  // inc word [2000]; jmp $-4
  VcpuRegisters registers = cpus_->registers(1).value();
  registers.system.cs.base = 0;
  registers.system.cs.selector = 0;
  registers.general.rip = 0x5000;
  ASSERT_TRUE(cpus_->set_registers(1, registers));
  run();
  ASSERT_TRUE(cpus_->init());
  const auto counter = [&] { return ram_.bytes()[0x2000] | ram_.bytes()[0x2001] << 8; };
  const int before = counter();
  ASSERT_NE(before, 0);
  cpus_->go_on();
  ASSERT_EQ(wait(), KvmCpus::Stop::kRequested);
  EXPECT_EQ(wait(20ms), KvmCpus::Stop::kRequested);
  ASSERT_TRUE(cpus_->park());
  EXPECT_EQ(counter(), before);
}

// The board's interrupt lines go to the kernel's PIC.
TEST_F(KvmCpusTest, ABoardsInterruptReachesTheGuest) {
  build(code({{0xfa, 0xbc, 0x00, 0x80},                                         // cli; mov sp, 8000
              {0xc7, 0x06, 0x34, 0x00, 0x00, 0x15},                             // [0Dh * 4] = 0:1500
              {0xb0, 0x11, 0xe6, 0x20, 0xb0, 0x08, 0xe6, 0x21},                 // ICW1, ICW2: vectors 8-F
              {0xb0, 0x04, 0xe6, 0x21, 0xb0, 0x01, 0xe6, 0x21},                 // ICW3, ICW4
              {0xb0, 0xdf, 0xe6, 0x21, 0xe6, 0x70, 0xfb, 0xf4, 0xeb, 0xfd}}));  // unmask IRQ 5; sti; hlt
  if (IsSkipped()) return;
  place(0x1500, code({kStop}));
  start();
  while (exits_.outputs().empty()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(wait(20ms), KvmCpus::Stop::kDeadline);
  ASSERT_TRUE(vm_->set_irq_line(5, KvmVm::Line::kHigh));
  ASSERT_EQ(wait(), KvmCpus::Stop::kRequested);
  ASSERT_TRUE(cpus_->park());
  EXPECT_EQ(cpus_->where(0), "CPU 0 at 0000:00001502");
}

TEST_F(KvmCpusTest, AFetchFromNowhereStopsWithOneLine) {
  build(code({{0xea, 0x00, 0x00, 0x00, 0xa0}}));  // jmp a000:0
  if (IsSkipped()) return;
  start();
  ASSERT_EQ(wait(), KvmCpus::Stop::kFailed);
  EXPECT_THAT(cpus_->failure().message(), HasSubstr("0xa0000"));
}

TEST_F(KvmCpusTest, ItEndsBeforeItStarts) {
  build({}, 2);
  if (IsSkipped()) return;
  EXPECT_TRUE(cpus_->pause()) << "no CPU runs yet";
  cpus_->resume();
  cpus_->stop();
  cpus_->stop();
}

}  // namespace
}  // namespace vmm
