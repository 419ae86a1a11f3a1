/* A virtual machine monitor on KVM in one file: boots SeaBIOS to its end, with the 82441FX, its PAM registers and
 * the memory map by Lowmeg. Prints each config write that changed PAM; the firmware's log goes to stderr.
 *
 *     kvm memfd|anonymous [FIRMWARE]
 *
 * One vCPU, interrupt controllers and timer in the kernel, and of devices only CMOS and a debug console. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <lowmeg/lowmeg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RAM_BYTES = 64 << 20, LOW_END = 0xa0000, HIGH_START = 0x100000 };

struct memory { uint8_t *bytes; uint64_t size; int fd; };

struct machine {
  int vm, vcpu, is_over;
  struct kvm_run *run;
  struct memory ram, rom;
  uint8_t cmos[128], cmos_index;
  char console[128];
  lowmeg_kvm *kvm;
  lowmeg_bridge *bridge;
  lowmeg_ports *ports;
};

static void die(const char *what, const char *why)
{
  fprintf(stderr, "kvm: %s: %s\n", what, why);
  exit(1);
}

static int call(int fd, unsigned long request, void *argument, const char *name)
{
  int result = ioctl(fd, request, argument);
  if (result < 0) die(name, strerror(errno));
  return result;
}

static void check(int32_t status, const char *what)
{
  if (status != LOWMEG_OK) die(what, lowmeg_error_line());
}

/* Memory that Lowmeg can map once more by its descriptor, or that stays where it is. */
static struct memory allocate(uint64_t size, int is_memfd)
{
  struct memory memory = {.size = size, .fd = -1};
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  if (is_memfd) {
    memory.fd = memfd_create("guest", MFD_CLOEXEC);
    if (memory.fd < 0 || ftruncate(memory.fd, (off_t)size) != 0) die("memfd", strerror(errno));
    flags = MAP_SHARED;
  }
  memory.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, memory.fd, 0);
  if (memory.bytes == MAP_FAILED) die("mmap", strerror(errno));
  return memory;
}

static struct memory load_firmware(const char *path, int is_memfd)
{
  int file = open(path, O_RDONLY | O_CLOEXEC);
  off_t size = file < 0 ? -1 : lseek(file, 0, SEEK_END);
  if (size < 0x20000 || size > 0x40000 || size % 4096 != 0) die(path, "no firmware of 128 to 256 KiB");
  struct memory rom = allocate((uint64_t)size, is_memfd);
  if (pread(file, rom.bytes, (size_t)size, 0) != size) die(path, strerror(errno));
  close(file);
  return rom;
}

static void set_slot(int vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint8_t *bytes, uint64_t size)
{
  struct kvm_userspace_memory_region region = {slot, flags, gpa, size, (uintptr_t)bytes};
  call(vm, KVM_SET_USER_MEMORY_REGION, &region, "memory slot");
}

static void create_vm(struct machine *m)
{
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0) die("/dev/kvm", strerror(errno));
  m->vm = ioctl(kvm, KVM_CREATE_VM, 0);
  if (m->vm < 0) die("KVM_CREATE_VM", strerror(errno));
  uint64_t identity = 0xfffbc000;
  struct kvm_pit_config pit = {0};
  call(m->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity, "identity map");
  if (ioctl(m->vm, KVM_SET_TSS_ADDR, 0xfffbd000) < 0) die("KVM_SET_TSS_ADDR", strerror(errno));
  if (ioctl(m->vm, KVM_CREATE_IRQCHIP, 0) < 0) die("KVM_CREATE_IRQCHIP", strerror(errno));
  call(m->vm, KVM_CREATE_PIT2, &pit, "KVM_CREATE_PIT2");
  set_slot(m->vm, 0, 0, 0, m->ram.bytes, LOW_END);
  set_slot(m->vm, 1, 0, HIGH_START, m->ram.bytes + HIGH_START, RAM_BYTES - HIGH_START);
  set_slot(m->vm, 2, KVM_MEM_READONLY, (1ull << 32) - m->rom.size, m->rom.bytes, m->rom.size);

  m->vcpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
  if (m->vcpu < 0) die("KVM_CREATE_VCPU", strerror(errno));
  int run_bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  m->run = mmap(NULL, (size_t)run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
  if (run_bytes < 0 || m->run == MAP_FAILED) die("kvm_run", strerror(errno));

  struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + 256 * sizeof cpuid->entries[0]);
  cpuid->nent = 256;
  call(kvm, KVM_GET_SUPPORTED_CPUID, cpuid, "KVM_GET_SUPPORTED_CPUID");
  for (uint32_t i = 0; i < cpuid->nent; ++i) /* KVM's own clock writes to memory past the map */
    if (cpuid->entries[i].function == 0x40000001) cpuid->entries[i].eax = 0;
  call(m->vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
  free(cpuid);
  close(kvm);
}

/* The mapper takes A0000-FFFFF; what answers there on PCI is the firmware at E0000-FFFFF, and nobody else. */
static void create_bridge(struct machine *m, int is_memfd)
{
  lowmeg_kvm_config kvm = {.size = sizeof kvm, .vm_fd = m->vm, .first_slot = 8, .vcpus = 1};
  kvm.way = is_memfd ? LOWMEG_KVM_PROTECT : LOWMEG_KVM_IN_PLACE;
  kvm.ram = (lowmeg_memory){.bytes = m->ram.bytes, .size = m->ram.size, .fd = m->ram.fd};
  kvm.rom = (lowmeg_memory){.bytes = m->rom.bytes, .size = m->rom.size, .fd = m->rom.fd};
  check(lowmeg_kvm_create(&kvm, &m->kvm), "mapper");
  check(lowmeg_kvm_attach_ring(m->kvm, m->run), "ring");

  lowmeg_route bytes = {.target = LOWMEG_TO_ROM, .offset = m->rom.size - 0x20000};
  lowmeg_region rom = {0xe0000, 0x100000, bytes, {.target = LOWMEG_TO_BUS}, bytes};
  lowmeg_bridge_config bridge = {.size = sizeof bridge, .identity = LOWMEG_I440FX, .ram_bytes = RAM_BYTES};
  bridge.kvm = m->kvm;
  bridge.pci = (lowmeg_bus){&rom, 1};
  check(lowmeg_bridge_create(&bridge, &m->bridge), "bridge");
  check(lowmeg_bridge_power_on(m->bridge), "power-on");
  check(lowmeg_ports_create(LOWMEG_DWORDS_ALONE, &m->ports), "ports");
  check(lowmeg_ports_attach(m->ports, m->bridge), "ports");
}

static void set_cmos(uint8_t *cmos)
{
  unsigned above_1m = (RAM_BYTES >> 10) - 1024, above_16m = (RAM_BYTES - (16 << 20)) >> 16;
  cmos[0x0a] = 0x26, cmos[0x0b] = 0x02, cmos[0x0d] = 0x80;
  cmos[0x15] = 0x80, cmos[0x16] = 0x02;
  cmos[0x17] = cmos[0x30] = (uint8_t)above_1m, cmos[0x18] = cmos[0x31] = (uint8_t)(above_1m >> 8);
  cmos[0x34] = (uint8_t)above_16m, cmos[0x35] = (uint8_t)(above_16m >> 8);
}

/* A config write, and a line when it changed PAM. */
static void write_config(struct machine *m, uint16_t port, uint32_t size, uint32_t value)
{
  uint32_t before[2], after[2];
  for (unsigned i = 0; i < 2; ++i) lowmeg_bridge_read(m->bridge, 0, 0x58 + 4 * i, &before[i]);
  check(lowmeg_ports_write(m->ports, port, size, value), "config write");
  for (unsigned i = 0; i < 2; ++i) {
    lowmeg_bridge_read(m->bridge, 0, 0x58 + 4 * i, &after[i]);
    if (after[i] != before[i]) printf("%02Xh %08X %08X\n", 0x58 + 4 * i, before[i], after[i]);
  }
}

static void print_console(struct machine *m, char c)
{
  size_t length = strlen(m->console);
  fputc(c, stderr);
  if (c == '\n' || length == sizeof m->console - 1) length = 0;
  m->console[length] = c;
  m->console[length + 1 < sizeof m->console ? length + 1 : length] = 0;
  if (strstr(m->console, "No bootable device")) m->is_over = 1;
}

static void port_write(struct machine *m, uint16_t port, uint32_t size, uint32_t value)
{
  if (port >= 0xcf8 && port < 0xd00) write_config(m, port, size, value);
  if (port == 0x402) print_console(m, (char)value);
  if (port == 0x70) m->cmos_index = value & 0x7f;
  if (port == 0x71) m->cmos[m->cmos_index] = (uint8_t)value;
}

static uint32_t port_read(struct machine *m, uint16_t port, uint32_t size)
{
  uint32_t value = 0xffffffff;
  if (port >= 0xcf8 && port < 0xd00) check(lowmeg_ports_read(m->ports, port, size, &value), "config read");
  if (port == 0x402) value = 0xe9;
  if (port == 0x71) value = m->cmos[m->cmos_index];
  if (port == 0x92) value = 0x02; /* A20 is open */
  return value;
}

static void serve_port(struct machine *m)
{
  uint8_t *data = (uint8_t *)m->run + m->run->io.data_offset;
  uint32_t size = m->run->io.size;
  for (uint32_t i = 0; i < m->run->io.count; ++i, data += size) {
    uint32_t value = 0;
    if (m->run->io.direction == KVM_EXIT_IO_OUT) {
      memcpy(&value, data, size);
      port_write(m, m->run->io.port, size, value);
    } else {
      value = port_read(m, m->run->io.port, size);
      memcpy(data, &value, size);
    }
  }
}

static uint64_t linear_rip(void *context)
{
  struct machine *m = context;
  struct kvm_regs regs;
  struct kvm_sregs sregs;
  call(m->vcpu, KVM_GET_REGS, &regs, "registers");
  call(m->vcpu, KVM_GET_SREGS, &sregs, "registers");
  return sregs.cs.base + regs.rip;
}

/* One KVM_RUN, and what Lowmeg says is left to do. */
static void step(struct machine *m)
{
  uint64_t generation;
  lowmeg_after_run after = {.size = sizeof after};
  check(lowmeg_kvm_generation(m->kvm, &generation), "generation");
  int error = ioctl(m->vcpu, KVM_RUN, 0) < 0 ? errno : 0;
  lowmeg_vcpu_return vcpu = {.size = sizeof vcpu, .vcpu_fd = m->vcpu, .run = m->run, .generation = generation,
                             .run_errno = error, .rip = linear_rip, .context = m};
  check(lowmeg_kvm_after_run(m->kvm, &vcpu, &after), "after KVM_RUN");
  switch (after.action) {
    case LOWMEG_KVM_RUN_AGAIN: return;
    case LOWMEG_KVM_STOP: die("the CPU cannot go on", after.line);
    case LOWMEG_KVM_BUS: /* there is no device: reads give FFh, writes vanish */
      for (unsigned i = 0; i < 8; ++i)
        if (!m->run->mmio.is_write && after.bus_bytes & 1u << i) m->run->mmio.data[i] = 0xff;
      return;
    default: break;
  }
  if (error == EINTR) return;
  if (error != 0) die("KVM_RUN", strerror(error));
  if (m->run->exit_reason != KVM_EXIT_IO) die("KVM_RUN", "an exit that this machine does not know");
  serve_port(m);
}

int main(int count, char **arguments)
{
  if (count < 2) die("usage", "kvm memfd|anonymous [FIRMWARE]");
  static struct machine m;
  int is_memfd = strcmp(arguments[1], "memfd") == 0;
  m.ram = allocate(RAM_BYTES, is_memfd);
  m.rom = load_firmware(count > 2 ? arguments[2] : "/usr/share/seabios/bios.bin", is_memfd);
  create_vm(&m);
  set_cmos(m.cmos);
  create_bridge(&m, is_memfd);
  alarm(240);
  while (!m.is_over) step(&m);

  check(lowmeg_ports_close(m.ports), "close");
  check(lowmeg_bridge_close(m.bridge), "close");
  check(lowmeg_kvm_attach_ring(m.kvm, NULL), "ring");
  check(lowmeg_kvm_close(m.kvm), "close");
  return 0;
}
