// KVM by the C interface: over the model of a VM, and on real KVM where there is some.
#include "lowmeg/c/kvm.hpp"

#include <gmock/gmock.h>
#include <sys/ioctl.h>

#include <functional>
#include <stdexcept>

#include "tests/fakes/kvm_guest.hpp"
#include "tests/fakes/kvm_mapper_rig.hpp"

namespace lowmeg::c {
namespace {

using fakes::FakeKvm;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kBios = 0xf1000;                  // in PAM0's segment
constexpr std::uint8_t kRamByte = 0xf1, kRomByte = 0x91;  // there, in the rig's memory

// An embedder with callbacks that record.
struct Embedder {
  unsigned pauses = 0, resumes = 0;
  std::int32_t pause_result = 0, change_result = 0;
  std::vector<std::uint32_t> phases;
  std::vector<lowmeg_region_change> cpu;
  std::vector<std::uint64_t> written;
  std::function<void()> within = [] {};

  static Embedder& of(void* context) { return *static_cast<Embedder*>(context); }
  static std::int32_t pause(void* context) { return ++of(context).pauses, of(context).pause_result; }
  static void resume(void* context) { ++of(context).resumes; }
  static std::int32_t map_change(void* context, const lowmeg_map_change* change) {
    of(context).phases.push_back(change->phase);
    of(context).cpu.assign(change->cpu, change->cpu + change->cpu_count);
    of(context).within();
    return of(context).change_result;
  }
  static std::int32_t use_map(void* context, const lowmeg_map* map) {
    EXPECT_EQ(map->cpu.regions[0].start, 0u);
    of(context).within();
    return of(context).change_result;
  }
  static void note(void* context, std::uint64_t offset, std::uint64_t bytes) {
    of(context).within();
    for (; bytes != 0; bytes -= std::min<std::uint64_t>(bytes, kPageSize), offset += kPageSize)
      of(context).written.push_back(offset / kPageSize);
  }
};

template <typename Byte>
lowmeg_memory memory_of(std::span<Byte> bytes, int fd) {
  return {const_cast<std::uint8_t*>(bytes.data()), bytes.size(), fd, 0, 0};
}

// A VM's mapper with a bridge over it. On PCI there are a device at A0000-BFFFF and the ROM at E0000-FFFFF.
class CKvm : public testing::Test {
 public:
  CKvm() {
    config.size = sizeof(config);
    config.vm_fd = FakeKvm::kVmFd;
    config.first_slot = 5;
    config.ram = memory_of(rig.ram.bytes(), rig.ram.fd());
    config.rom = memory_of(rig.rom.bytes(), rig.rom.fd());
    config.pause = Embedder::pause;
    config.resume = Embedder::resume;
    config.pause_context = &embedder;
    config.map_change = Embedder::map_change;
    config.map_change_context = &embedder;
  }
  ~CKvm() override { close(); }

  std::int32_t create() { return create_kvm(&config, &kvm, rig.kvm); }
  std::int32_t create_bridge() {
    const lowmeg_route rom{LOWMEG_TO_ROM, 0, 0}, board{LOWMEG_TO_BUS, 0, 0};
    const lowmeg_region regions[] = {{0xa0000, 0xc0000, board, board, board},
                                     {0xe0000, 0x100000, rom, board, rom}};
    lowmeg_bridge_config bridge_config{};
    bridge_config.size = sizeof(bridge_config);
    bridge_config.ram_bytes = 64 << 20;
    bridge_config.kvm = kvm;
    bridge_config.pci = {regions, 2};
    return lowmeg_bridge_create(&bridge_config, &bridge);
  }
  void power_on() {
    ASSERT_EQ(create(), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(lowmeg_kvm_attach_ring(kvm, rig.run.run()), LOWMEG_OK);
    ASSERT_EQ(create_bridge(), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK) << lowmeg_error_line();
    embedder.phases.clear();
  }
  // F0000-FFFFF in a state of PAM.
  std::int32_t set_bios(std::uint32_t state) {
    return lowmeg_bridge_write(bridge, 0, 0x58, (state & 1) << 12 | (state & 2) << 12, 0x2);
  }
  lowmeg_after_run after(const lowmeg_vcpu_return& given = {}) {
    lowmeg_vcpu_return vcpu = given;
    vcpu.size = sizeof(vcpu);
    vcpu.vcpu_fd = -1;
    vcpu.run = rig.run.run();
    EXPECT_EQ(lowmeg_kvm_generation(kvm, &vcpu.generation), LOWMEG_OK);
    lowmeg_after_run result{};
    result.size = sizeof(result);
    EXPECT_EQ(lowmeg_kvm_after_run(kvm, &vcpu, &result), LOWMEG_OK) << lowmeg_error_line();
    return result;
  }
  lowmeg_after_run after_mmio(std::uint64_t at, bool is_write, std::uint8_t byte = 0) {
    kvm_run& run = *rig.run.run();
    run.exit_reason = KVM_EXIT_MMIO;
    run.mmio.phys_addr = at;
    run.mmio.len = 2;
    run.mmio.is_write = is_write;
    std::ranges::fill(run.mmio.data, byte);
    return after();
  }
  void close() {
    lowmeg_bridge_close(bridge);
    lowmeg_kvm_close(kvm);
    bridge = nullptr;
    kvm = nullptr;
  }

  fakes::KvmMapperRig rig;
  Embedder embedder;
  lowmeg_kvm_config config{};
  lowmeg_kvm* kvm = nullptr;
  lowmeg_bridge* bridge = nullptr;
};

// PAM, chip.md: reads by RE, writes by WE, each to DRAM or PCI. "Gives the slots and the window back."
TEST_F(CKvm, CarriesPamToTheGuest) {
  struct Row {
    std::uint32_t state;
    std::uint8_t reads;
    bool is_written;
  };
  constexpr Row kRows[] = {{LOWMEG_WRITABLE, kRamByte, true},
                           {LOWMEG_WRITE_PROTECTED, kRamByte, false},
                           {LOWMEG_MMIO, kRomByte, false},
                           {LOWMEG_WRITE_ONLY, kRomByte, false},
                           {LOWMEG_WRITABLE, kRamByte, true}};
  for (const std::uint32_t way : {LOWMEG_KVM_PROTECT, LOWMEG_KVM_SLOTS}) {
    config.way = way;
    power_on();
    for (const Row& row : kRows) {
      ASSERT_EQ(set_bios(row.state), LOWMEG_OK) << lowmeg_error_line();
      EXPECT_EQ(rig.kvm.read(kBios), row.reads) << row.state;
      EXPECT_EQ(rig.kvm.write(kBios + 8, 1) == FakeKvm::Ends::kDone, row.is_written) << row.state;
    }
    close();
    EXPECT_EQ(rig.kvm.slot_count(), 0u);
    EXPECT_EQ(rig.kvm.reserved_bytes(), 0u);
  }
  EXPECT_EQ(embedder.pauses, embedder.resumes);
  EXPECT_EQ(rig.kvm.outside, "");
}

// "An exit of which bus_bytes are the board's"; what the map can do itself is done.
TEST_F(CKvm, SaysWhatIsLeftToDoAfterAnExit) {
  power_on();
  ASSERT_EQ(set_bios(LOWMEG_WRITE_ONLY), LOWMEG_OK);
  EXPECT_EQ(after_mmio(kBios + 8, true, 0x77).action, std::uint32_t{LOWMEG_KVM_RUN_AGAIN});
  EXPECT_EQ(rig.ram.bytes()[kBios + 8], 0x77);
  const lowmeg_after_run read = after_mmio(0xb8000, false);
  EXPECT_EQ(read.action, std::uint32_t{LOWMEG_KVM_BUS});
  EXPECT_EQ(read.bus_bytes, 0x3u);
  EXPECT_EQ(read.write_count, 0u);
  rig.run.run()->exit_reason = KVM_EXIT_IO;
  EXPECT_EQ(after().action, std::uint32_t{LOWMEG_KVM_EMBEDDER});

  // "Carry them out first, in their order": what waited in the ring, with its ticket.
  rig.run.queue(0xb8000, {1, 2, 3});
  rig.run.queue(0xcf8, {4}, true);
  const lowmeg_after_run queued = after();
  ASSERT_EQ(queued.write_count, 2u);
  EXPECT_EQ(queued.writes[0].address, 0xb8000u);
  EXPECT_EQ(queued.writes[0].size, 3u);
  EXPECT_EQ(queued.writes[0].bytes[2], 3);
  EXPECT_EQ(queued.writes[0].is_port, 0u);
  EXPECT_EQ(queued.writes[1].is_port, 1u);
  EXPECT_LT(queued.writes[1].ticket, queued.ticket);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(lowmeg_kvm_wait_for(kvm, queued.writes[i].ticket), LOWMEG_OK);
    EXPECT_EQ(lowmeg_kvm_done(kvm, queued.writes[i].ticket), LOWMEG_OK);
  }
  EXPECT_EQ(lowmeg_kvm_wait_for(kvm, queued.ticket), LOWMEG_OK);

  // "Before the host reads RAM that the guest writes."
  rig.run.queue(kBios + 16, {0x55});
  EXPECT_EQ(lowmeg_kvm_drain(kvm), LOWMEG_OK);
  EXPECT_EQ(rig.ram.bytes()[kBios + 16], 0x55);
}

// "The vCPU cannot go on; `line` says why."
TEST_F(CKvm, SaysWhyAVcpuCannotGoOn) {
  power_on();
  kvm_run& run = *rig.run.run();
  run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
  run.internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
  lowmeg_vcpu_return vcpu{};
  vcpu.rip = [](void*) { return std::uint64_t{0xb8003}; };
  lowmeg_after_run stop = after(vcpu);
  for (int i = 0; i < 3 && stop.action == LOWMEG_KVM_RUN_AGAIN; ++i) stop = after(vcpu);
  EXPECT_EQ(stop.action, std::uint32_t{LOWMEG_KVM_STOP});
  EXPECT_THAT(stop.line, HasSubstr("b8003"));
}

// "Told of each change in two phases": what changes, before and now.
TEST_F(CKvm, TellsAnObserver) {
  power_on();
  ASSERT_EQ(set_bios(LOWMEG_WRITABLE), LOWMEG_OK);
  EXPECT_THAT(embedder.phases, ElementsAre(LOWMEG_MAP_WILL_CHANGE, LOWMEG_MAP_CHANGED));
  ASSERT_THAT(embedder.cpu, SizeIs(1));
  EXPECT_EQ(embedder.cpu[0].before.start, 0xf0000u);
  EXPECT_EQ(embedder.cpu[0].now.end, 0x100000u);
  EXPECT_EQ(embedder.cpu[0].before.read.target, std::uint32_t{LOWMEG_TO_ROM});
  EXPECT_EQ(embedder.cpu[0].now.read.target, std::uint32_t{LOWMEG_TO_RAM});
  EXPECT_EQ(embedder.cpu[0].now.read.offset, 0xf0000u);

  // "Another result than 0 refuses the change, which then fails with LOWMEG_REFUSED."
  embedder.change_result = 7;
  EXPECT_EQ(set_bios(LOWMEG_MMIO), LOWMEG_REFUSED);
  EXPECT_STREQ(lowmeg_error_line(), "the callback map_change returned 7");
  EXPECT_EQ(rig.kvm.read(kBios), kRamByte);
  embedder.change_result = 0;
  embedder.phases.clear();

  // "Else one of the other two follows."
  rig.kvm.fail_call(0, ENOMEM, false);
  EXPECT_EQ(set_bios(LOWMEG_WRITE_PROTECTED), LOWMEG_SYSTEM);
  EXPECT_EQ(lowmeg_error_errno(), ENOMEM);
  EXPECT_THAT(embedder.phases, ElementsAre(LOWMEG_MAP_WILL_CHANGE, LOWMEG_MAP_DID_NOT_CHANGE));
  rig.kvm.fail_none();
}

// "Gives the map in place to `use`, and keeps it in place until that returns."
TEST_F(CKvm, HoldsTheMap) {
  power_on();
  bool is_given = false;
  embedder.within = [&] { is_given = true; };
  EXPECT_EQ(lowmeg_kvm_hold(kvm, Embedder::use_map, &embedder), LOWMEG_OK);
  EXPECT_TRUE(is_given);
  embedder.change_result = 1;
  EXPECT_EQ(lowmeg_kvm_hold(kvm, Embedder::use_map, &embedder), LOWMEG_REFUSED);
  EXPECT_EQ(lowmeg_kvm_hold(kvm, nullptr, nullptr), LOWMEG_INVALID_ARGUMENT);
  embedder.within = [] { throw std::runtime_error("of the caller's"); };
  EXPECT_EQ(lowmeg_kvm_hold(kvm, Embedder::use_map, &embedder), LOWMEG_INTERNAL);
  embedder.within = [] {};
  embedder.change_result = 0;
  EXPECT_EQ(set_bios(LOWMEG_WRITABLE), LOWMEG_OK) << "it is let go";
}

// "A call on an object from within one of its own callbacks is LOWMEG_BUSY", where it would wait for ever.
TEST_F(CKvm, IsBusyWithinItsCallbacks) {
  power_on();
  std::vector<std::int32_t> results;
  embedder.within = [&] {
    lowmeg_after_run after{};
    lowmeg_vcpu_return vcpu{};
    const lowmeg_bus none{};
    results = {lowmeg_kvm_drain(kvm),
               lowmeg_kvm_harvest(kvm),
               lowmeg_kvm_hold(kvm, Embedder::use_map, &embedder),
               lowmeg_kvm_log_writes(kvm, nullptr, nullptr),
               lowmeg_kvm_after_run(kvm, &vcpu, &after),
               lowmeg_kvm_close(kvm),
               lowmeg_bridge_write(bridge, 0, 0x58, 0, 0x2),
               lowmeg_bridge_reset(bridge),
               lowmeg_bridge_bus_changed(bridge, &none, &none)};
  };
  EXPECT_EQ(set_bios(LOWMEG_WRITABLE), LOWMEG_OK);
  EXPECT_THAT(results, Each(LOWMEG_BUSY));
  results.clear();
  EXPECT_EQ(lowmeg_kvm_hold(kvm, Embedder::use_map, &embedder), LOWMEG_OK);
  EXPECT_THAT(results, Each(LOWMEG_BUSY));
  results.clear();
  ASSERT_EQ(lowmeg_kvm_log_writes(kvm, Embedder::note, &embedder), LOWMEG_OK);
  rig.kvm.write(kBios, 1);
  EXPECT_EQ(lowmeg_kvm_harvest(kvm), LOWMEG_OK);
  EXPECT_THAT(results, SizeIs(9));
  EXPECT_THAT(results, Each(LOWMEG_BUSY));
  embedder.within = [] {};
}

// "Tells from now on which RAM is written": the library's writes at once, the guest's when asked. "Null: no
// more."
TEST_F(CKvm, TellsWhichRamIsWritten) {
  power_on();
  ASSERT_EQ(set_bios(LOWMEG_WRITABLE), LOWMEG_OK);
  ASSERT_EQ(lowmeg_kvm_log_writes(kvm, Embedder::note, &embedder), LOWMEG_OK) << lowmeg_error_line();
  ASSERT_EQ(rig.kvm.write(kBios, kRamByte), FakeKvm::Ends::kDone);
  EXPECT_THAT(embedder.written, IsEmpty());
  EXPECT_EQ(lowmeg_kvm_harvest(kvm), LOWMEG_OK);
  EXPECT_THAT(embedder.written, ElementsAre(0xf1));
  embedder.written.clear();
  ASSERT_EQ(set_bios(LOWMEG_WRITE_ONLY), LOWMEG_OK);
  after_mmio(0xf2008, true, 1);
  EXPECT_THAT(embedder.written, Contains(0xf2));
  ASSERT_EQ(lowmeg_kvm_log_writes(kvm, nullptr, nullptr), LOWMEG_OK);
  embedder.written.clear();
  after_mmio(0xf2008, true, 1);
  EXPECT_EQ(lowmeg_kvm_harvest(kvm), LOWMEG_OK);
  EXPECT_THAT(embedder.written, IsEmpty());
}

// "A CPU in system management mode sees its view of the map, by slots of address space 1."
TEST_F(CKvm, ShowsSmmItsView) {
  config.smm = 1;
  EXPECT_EQ(create(), LOWMEG_NOT_SUPPORTED) << "KVM without SMM";
  rig.kvm.extensions[KVM_CAP_X86_SMM] = 1;
  rig.kvm.extensions[KVM_CAP_MULTI_ADDRESS_SPACE] = 2;
  power_on();
  // SMRAM (72h): G_SMRAME and C_BASE_SEG, A0000-BFFFF for who is in SMM.
  ASSERT_EQ(lowmeg_bridge_write(bridge, 0, 0x70, 0x000a0000, 0x4), LOWMEG_OK) << lowmeg_error_line();
  EXPECT_EQ(rig.kvm.read(0xa1000, 1), 0xa1);
  EXPECT_EQ(rig.kvm.page(0xa1000), std::nullopt);
}

// "A live slot must not show what somebody else maps there next": what KVM will not delete stays mapped.
TEST_F(CKvm, LeavesWhatALiveSlotShows) {
  for (const std::uint32_t way : {LOWMEG_KVM_PROTECT, LOWMEG_KVM_SLOTS, LOWMEG_KVM_IN_PLACE}) {
    fakes::FakeKvm vm;
    config.way = way;
    ASSERT_EQ(create_kvm(&config, &kvm, vm), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(create_bridge(), LOWMEG_OK);
    ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_NE(vm.slot_count(), 0u);
    vm.fail_call(0, EIO, true);
    close();
    EXPECT_NE(vm.slot_count(), 0u);
    EXPECT_EQ(vm.outside, "") << way;
  }
}

// "The chip's errors come up": what is beneath fails, and the line says what.
TEST_F(CKvm, HandsFailuresUp) {
  config.way = LOWMEG_KVM_SLOTS;
  ASSERT_EQ(create(), LOWMEG_OK);
  ASSERT_EQ(create_bridge(), LOWMEG_OK);
  lowmeg_bridge* const first = bridge;
  EXPECT_EQ(create_bridge(), LOWMEG_BUSY) << "the mapper has a bridge";
  EXPECT_EQ(lowmeg_kvm_close(kvm), LOWMEG_BUSY);
  bridge = first;
  embedder.pause_result = 3;
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_REFUSED);
  EXPECT_STREQ(lowmeg_error_line(), "the callback pause returned 3");
  embedder.pause_result = 0;
  rig.kvm.fail_call(1, ENOSPC, false);
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_SYSTEM);
  EXPECT_EQ(lowmeg_error_errno(), ENOSPC);
  rig.kvm.fail_none();
  EXPECT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK);
  rig.kvm.fail_call(1, EIO, true);
  EXPECT_EQ(set_bios(LOWMEG_WRITABLE), LOWMEG_SYSTEM) << "the old map cannot be put back either";
  rig.kvm.fail_none();
  EXPECT_EQ(set_bios(LOWMEG_WRITE_PROTECTED), LOWMEG_SYSTEM) << "lost is lost";
}

TEST_F(CKvm, SaysWhatIsWrongWithAConfiguration) {
  config.vm_fd = -1;
  EXPECT_EQ(lowmeg_kvm_create(&config, &kvm), LOWMEG_NOT_SUPPORTED) << "no VM: " << lowmeg_error_line();
  void (*const spoils[])(lowmeg_kvm_config&) = {
      [](lowmeg_kvm_config& c) { c.ram.size = 5; },
      [](lowmeg_kvm_config& c) { c.ram.bytes = nullptr; },
      [](lowmeg_kvm_config& c) { c.ram.size = 0; },
      [](lowmeg_kvm_config& c) { c.rom.fd_offset = 1; },
      [](lowmeg_kvm_config& c) { c.way = 3; },
      [](lowmeg_kvm_config& c) { c.window_end = 1; },
      [](lowmeg_kvm_config& c) { c.pause = nullptr; },
      [](lowmeg_kvm_config& c) { c.pause = nullptr, c.resume = nullptr; },
      [](lowmeg_kvm_config& c) { c.smm = 2; },
      [](lowmeg_kvm_config& c) { c.reserved = 1; },
      [](lowmeg_kvm_config& c) { c.size = 1; },
  };
  for (const auto spoil : spoils) {
    lowmeg_kvm_config spoiled = config;
    spoil(spoiled);
    EXPECT_EQ(create_kvm(&spoiled, &kvm, rig.kvm), LOWMEG_INVALID_ARGUMENT);
  }
  EXPECT_EQ(create_kvm(&config, nullptr, rig.kvm), LOWMEG_INVALID_ARGUMENT);
  config.vm_fd = FakeKvm::kVmFd;
  config.size = offsetof(lowmeg_kvm_config, smm);
  EXPECT_EQ(create(), LOWMEG_OK) << "as version 1 had it";
}

TEST_F(CKvm, SaysWhatIsWrongWithACall) {
  power_on();
  lowmeg_after_run after{};
  lowmeg_vcpu_return vcpu{};
  vcpu.size = sizeof(vcpu);
  EXPECT_EQ(lowmeg_kvm_generation(kvm, nullptr), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_kvm_after_run(kvm, nullptr, &after), LOWMEG_INVALID_ARGUMENT);
  EXPECT_EQ(lowmeg_kvm_after_run(kvm, &vcpu, &after), LOWMEG_INVALID_ARGUMENT) << "no run";
  vcpu.run = rig.run.run();
  EXPECT_EQ(lowmeg_kvm_after_run(kvm, &vcpu, &after), LOWMEG_INVALID_ARGUMENT) << "no size";
  lowmeg_kvm* const closed = kvm;
  close();
  std::uint64_t generation = 0;
  const std::int32_t bad[] = {
      lowmeg_kvm_attach_ring(closed, nullptr),
      lowmeg_kvm_generation(closed, &generation),
      lowmeg_kvm_after_run(closed, &vcpu, &after),
      lowmeg_kvm_wait_for(closed, 0),
      lowmeg_kvm_done(closed, 0),
      lowmeg_kvm_drain(closed),
      lowmeg_kvm_hold(closed, Embedder::use_map, &embedder),
      lowmeg_kvm_log_writes(closed, nullptr, nullptr),
      lowmeg_kvm_harvest(closed),
      lowmeg_kvm_close(closed),
      lowmeg_kvm_close(nullptr),
  };
  EXPECT_THAT(bad, Each(LOWMEG_BAD_HANDLE));
}

// A guest of a few instructions on real KVM: F0000-FFFFF written in each state, and read with RE set and
// clear.
class CKvmGuest : public CKvm {
 public:
  void SetUp() override {
    auto created = fakes::KvmGuest::create();
    if (!created) GTEST_SKIP() << created.error().message();
    guest = std::move(*created);
    config.vm_fd = guest->vm_fd();
    config.first_slot = fakes::KvmGuest::kFirstFreeSlot;
    config.vcpus = 1;
    ASSERT_EQ(lowmeg_kvm_create(&config, &kvm), LOWMEG_OK) << lowmeg_error_line();
    ASSERT_EQ(lowmeg_kvm_attach_ring(kvm, guest->run()), LOWMEG_OK);
    ASSERT_EQ(create_bridge(), LOWMEG_OK);
    ASSERT_EQ(lowmeg_bridge_power_on(bridge), LOWMEG_OK) << lowmeg_error_line();
  }
  // mov ax, 0xf100; mov ds, ax; mov byte [8], value; mov al, [8]; mov [es:0x2000], al; hlt
  int write_and_read(std::uint8_t value) {
    guest->load(0x1000, {0xb8, 0x00, 0xf1, 0x8e, 0xd8, 0xc6, 0x06, 0x08, 0x00, value, 0xa0, 0x08, 0x00, 0x26,
                         0xa2, 0x00, 0x20, 0xf4});
    EXPECT_TRUE(guest->set_start(0, 0x1000));
    for (int i = 0; i < 100; ++i) {
      lowmeg_after_run after{};
      lowmeg_vcpu_return vcpu{};
      after.size = sizeof(after);
      vcpu.size = sizeof(vcpu);
      vcpu.vcpu_fd = guest->vcpu_fd();
      vcpu.run = guest->run();
      EXPECT_EQ(lowmeg_kvm_generation(kvm, &vcpu.generation), LOWMEG_OK);
      vcpu.run_errno = ioctl(guest->vcpu_fd(), KVM_RUN, 0) < 0 ? errno : 0;
      EXPECT_EQ(lowmeg_kvm_after_run(kvm, &vcpu, &after), LOWMEG_OK) << lowmeg_error_line();
      if (after.action == LOWMEG_KVM_STOP) ADD_FAILURE() << after.line;
      if (after.action == LOWMEG_KVM_EMBEDDER) return guest->low_memory()[0x2000];
    }
    return -1;
  }
  ~CKvmGuest() override {
    lowmeg_kvm_attach_ring(kvm, nullptr);
    close();
  }

  std::unique_ptr<fakes::KvmGuest> guest;
};

TEST_F(CKvmGuest, SeesWhatPamSays) {
  struct Row {
    std::uint32_t state;
    int reads;  // after 5Ah was written, at an address where ROM and RAM have 0
    int in_ram;
  };
  constexpr Row kRows[] = {{LOWMEG_MMIO, 0, 0},
                           {LOWMEG_WRITE_PROTECTED, 0, 0},
                           {LOWMEG_WRITE_ONLY, 0, 0x5a},
                           {LOWMEG_WRITABLE, 0x5a, 0x5a}};
  ASSERT_EQ(lowmeg_kvm_log_writes(kvm, Embedder::note, &embedder), LOWMEG_OK) << lowmeg_error_line();
  for (const Row& row : kRows) {
    rig.ram.bytes()[kBios + 8] = 0;
    ASSERT_EQ(set_bios(row.state), LOWMEG_OK) << lowmeg_error_line();
    EXPECT_EQ(write_and_read(0x5a), row.reads) << row.state;
    ASSERT_EQ(lowmeg_kvm_drain(kvm), LOWMEG_OK);
    EXPECT_EQ(rig.ram.bytes()[kBios + 8], row.in_ram) << row.state;
    embedder.written.clear();
  }
  EXPECT_EQ(write_and_read(0x5b), 0x5b);
  ASSERT_EQ(lowmeg_kvm_harvest(kvm), LOWMEG_OK);
  EXPECT_THAT(embedder.written, Contains(0xf1));
}

}  // namespace
}  // namespace lowmeg::c
