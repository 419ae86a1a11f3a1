/**
 * @file
 * Lowmeg's C interface: the host bridge of a PC with its PAM registers, for any hypervisor.
 *
 * C11, and C++ and whatever can call C. Beneath are the objects of the C++ interface, so there is one
 * behaviour.
 *
 * Rules that hold for every function but where it says otherwise:
 *  - It returns LOWMEG_OK or another lowmeg_status. On an error nothing has changed, nothing is written
 * through its pointers, and lowmeg_error_line() has a line for a person. No exception leaves it, and nothing
 * that a caller can do wrong with handles, numbers or sizes ends the program: a handle that is null, closed
 * or of another kind is LOWMEG_BAD_HANDLE. Other pointers must be good.
 *  - A handle is not an address. Close it once; what another object still uses cannot be closed
 * (LOWMEG_BUSY).
 *  - An object is used by one thread at a time, unless its section says that it is thread-safe. Different
 *    objects that do not use each other know nothing of each other. A call on an object from within one of
 * its own callbacks is LOWMEG_BUSY.
 *  - Callbacks run on the thread of the call that brings them about, and get the context that was given
 * beside them. What they are handed is theirs until they return. Where one returns a number, 0 is success and
 *    anything else makes the call fail with LOWMEG_REFUSED.
 *  - The first member of a structure that a caller fills in is its size, sizeof of it; a later version of the
 *    library may know more members, and takes those that are missing as 0. Reserved members are 0.
 *  - All addresses are guest physical, in bytes; ranges are [start, end), in whole pages of 4096 bytes.
 */
#ifndef LOWMEG_LOWMEG_H
#define LOWMEG_LOWMEG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Goes up with each addition; the soname's number with each incompatible change. */
#define LOWMEG_C_API_VERSION 2

/** @name Results
 * @{ */

/** What a call came to. New numbers may be added at the end. */
typedef enum lowmeg_status {
  LOWMEG_OK = 0,
  LOWMEG_INVALID_ARGUMENT = 1, /**< a value breaks a rule */
  LOWMEG_NOT_SUPPORTED = 2,    /**< a right request that this build, machine or object cannot serve */
  LOWMEG_SYSTEM = 3,           /**< a system call failed; lowmeg_error_errno() says how */
  LOWMEG_TIMEOUT = 4,          /**< a deadline passed */
  LOWMEG_CLOSED = 5,           /**< the peer is gone, or the connection was given up */
  LOWMEG_PROTOCOL = 6,         /**< the peer broke the protocol */
  LOWMEG_BAD_HANDLE = 7,       /**< null, closed, or of another kind */
  LOWMEG_BUSY = 8,             /**< in use by another object, or in a call that has not returned */
  LOWMEG_WRONG_STATE = 9,      /**< right at another time: a write before power-on */
  LOWMEG_TOO_SMALL = 10,       /**< the buffer cannot hold the result; the size needed is written */
  LOWMEG_REFUSED = 11,         /**< a callback of the caller's did not return 0 */
  LOWMEG_NO_MEMORY = 12,
  LOWMEG_INTERNAL = 13 /**< an exception that is none of these, such as one of a callback in C++ */
} lowmeg_status;

/** "0.1.0". */
const char* lowmeg_version(void);
/** LOWMEG_C_API_VERSION of the library that is loaded. */
uint32_t lowmeg_c_api_version(void);
/** "ok", "invalid argument", ...; "unknown" for other numbers. Never null. */
const char* lowmeg_status_name(int32_t status);
/** What the last call of this thread that failed had to say: one line without a full stop, "" before any.
 * Valid until this thread's next call that fails. */
const char* lowmeg_error_line(void);
/** errno of the system call behind it, or 0. */
int32_t lowmeg_error_errno(void);

/** @}
 * @name Events: what there is to say beside results
 * @{ */

enum { LOWMEG_DEBUG = 0, LOWMEG_INFO = 1, LOWMEG_WARNING = 2 };

/** One line from a part of the library ("bridge", "hyperv", "get"). What a guest or a peer can bring about
 * often is told at a limited rate. Do not call the library from it. */
typedef void (*lowmeg_event_fn)(void* context, uint32_t severity, const char* room, const char* text);

/** @}
 * @name Memory maps: ranges with a route for each kind of access
 * @{ */

enum {
  LOWMEG_TO_BUS = 0,  /**< the board: a device answers, or nobody (reads FFh, writes vanish) */
  LOWMEG_TO_DROP = 1, /**< writes only: taken and thrown away */
  LOWMEG_TO_OPEN = 2, /**< reads and fetches only: nobody answers, FFh without asking the board */
  LOWMEG_TO_RAM = 3,
  LOWMEG_TO_ROM = 4
};

typedef struct lowmeg_route {
  uint32_t target;
  uint32_t reserved;
  uint64_t offset; /**< into RAM or ROM, page-aligned, of the first page of the range; else 0 */
} lowmeg_route;

typedef struct lowmeg_region {
  uint64_t start;
  uint64_t end;
  lowmeg_route read;
  lowmeg_route write;
  lowmeg_route fetch;
} lowmeg_region;

/** A view of the map: regions sorted, without gap or overlap, neighbours that continue each other being one.
 */
typedef struct lowmeg_view {
  const lowmeg_region* regions;
  size_t count;
} lowmeg_view;

/** What the guest sees of the 4 GiB from 0. */
typedef struct lowmeg_map {
  uint32_t size;
  uint32_t reserved;
  lowmeg_view cpu;
  lowmeg_view cpu_smm;    /**< a CPU in system management mode */
  lowmeg_view bus_master; /**< DMA by a device */
} lowmeg_map;

/** Makes the guest see exactly this map: all of it or, with another result than 0, the one before. */
typedef int32_t (*lowmeg_commit_fn)(void* context, const lowmeg_map* map);

/** What answers on a bus, from the embedder: regions sorted, without overlap, below 4 GiB. What they leave
 * out is open. Only bytes of RAM or ROM, the bus, and open are possible. */
typedef struct lowmeg_bus {
  const lowmeg_region* regions;
  size_t count;
} lowmeg_bus;

/** @}
 * @name The host bridge
 *
 * Its registers, and what lies beneath it. By `identity` and what is given beneath there are two ways of
 * acting: on PAM alone as Hyper-V does (adjust or adjuster), with any identity, and as the chip does (commit
 * or kvm).
 * @{ */

typedef struct lowmeg_bridge lowmeg_bridge;
typedef struct lowmeg_adjuster lowmeg_adjuster;
typedef struct lowmeg_kvm lowmeg_kvm;

enum {
  LOWMEG_I440FX = 0, /**< 82441FX, the one that SeaBIOS knows */
  LOWMEG_I440BX = 1, /**< 82443BX with AGP */
  LOWMEG_HYPERV = 2  /**< what Hyper-V and OpenVMM present; has no map of its own */
};

/** The states of a segment: WE RE of its PAM field. */
enum {
  LOWMEG_MMIO = 0,            /**< reads and writes go to PCI */
  LOWMEG_WRITE_PROTECTED = 1, /**< reads from RAM, writes to PCI */
  LOWMEG_WRITE_ONLY = 2,      /**< reads from PCI, writes to RAM */
  LOWMEG_WRITABLE = 3
};

enum { LOWMEG_SEGMENTS = 13 };

typedef struct lowmeg_change {
  uint64_t start;
  uint64_t end;
  uint32_t before;
  uint32_t now;
  uint32_t forced; /**< 1: told at power-on, reset or restore, changed or not */
  uint32_t reserved;
} lowmeg_change;

/** All changes of one config write in one call: make the guest see these states. The guest goes on when it
 * returns. On another result than 0 the register keeps its new value, and the machine should stop. */
typedef int32_t (*lowmeg_adjust_fn)(void* context, const lowmeg_change* changes, size_t count);

typedef struct lowmeg_bridge_config {
  uint32_t size;
  uint32_t identity;
  uint32_t agp_strapped_off; /**< LOWMEG_I440BX only: 1 for no AGP */
  uint32_t reserved;
  /** What DRB says after a reset, for firmware that does not size memory, and what DRAM exists; whole pages.
   * 0: one row of 8 MiB each as after a hardware reset. With commit or kvm it must be given. */
  uint64_t ram_bytes;
  lowmeg_event_fn event; /**< null for none */
  void* event_context;
  /* Just one of these four. */
  lowmeg_adjust_fn adjust;
  lowmeg_adjuster* adjuster;
  lowmeg_commit_fn commit;
  lowmeg_kvm* kvm;
  void* below_context; /**< of adjust or commit */
  /* With commit or kvm: what answers on PCI and on AGP. */
  lowmeg_bus pci;
  lowmeg_bus agp;
} lowmeg_bridge_config;

/** Nothing is told yet. */
int32_t lowmeg_bridge_create(const lowmeg_bridge_config* config, lowmeg_bridge** bridge);
int32_t lowmeg_bridge_close(lowmeg_bridge* bridge);
/** Tells what is beneath of the reset values. Once, before any write; restore (lowmeg-state.h) instead of it.
 */
int32_t lowmeg_bridge_power_on(lowmeg_bridge* bridge);
/** Registers to their reset values, told again. */
int32_t lowmeg_bridge_reset(lowmeg_bridge* bridge);
/** A configuration dword, for embedders with a PCI bus of their own. `device` is 0, or 1 for the AGP bridge
 * of an 82443BX (else LOWMEG_NOT_SUPPORTED); `offset` a multiple of 4 below 256. */
int32_t lowmeg_bridge_read(lowmeg_bridge* bridge, uint32_t device, uint32_t offset, uint32_t* value);
/** Bit i of `byte_enables` (0 to 15) writes byte i. An error of what is beneath leaves the new value. */
int32_t lowmeg_bridge_write(lowmeg_bridge* bridge, uint32_t device, uint32_t offset, uint32_t value,
                            uint32_t byte_enables);
/** The states that PAM asks for, in the order of the registers: F0000-FFFFF, then C0000-C3FFF and upwards. */
int32_t lowmeg_bridge_pam_states(lowmeg_bridge* bridge, uint32_t states[LOWMEG_SEGMENTS]);
/** The PCI side's map has changed: a device was moved, switched or plugged. One commit, if the guest sees a
 * difference. On an error the buses are as before. LOWMEG_NOT_SUPPORTED without commit or kvm. */
int32_t lowmeg_bridge_bus_changed(lowmeg_bridge* bridge, const lowmeg_bus* pci, const lowmeg_bus* agp);

/** @}
 * @name Configuration ports CF8h and CFCh
 * @{ */

typedef struct lowmeg_ports lowmeg_ports;

enum {
  LOWMEG_DWORDS_ALONE = 0, /**< byte and word cycles at CF8h are not the ports', as the chip has it */
  LOWMEG_ANY_CYCLES = 1    /**< they are, as Hyper-V has it */
};

/** Another function on the bus, the embedder's. `offset` is a multiple of 4. */
typedef struct lowmeg_function {
  uint32_t size;
  uint32_t reserved;
  uint32_t (*read)(void* context, uint32_t offset);
  int32_t (*write)(void* context, uint32_t offset, uint32_t value, uint32_t byte_enables);
  void* context;
} lowmeg_function;

int32_t lowmeg_ports_create(uint32_t address_cycles, lowmeg_ports** ports);
int32_t lowmeg_ports_close(lowmeg_ports* ports);
/** Puts the bridge at 00:00.0, and its AGP bridge, if it has one, at 00:01.0. The ports use it from then on.
 */
int32_t lowmeg_ports_attach(lowmeg_ports* ports, lowmeg_bridge* bridge);
/** Puts a function at a free place: `device` below 32, `function` below 8. */
int32_t lowmeg_ports_place(lowmeg_ports* ports, uint32_t device, uint32_t function,
                           const lowmeg_function* callbacks);
/** The guest's access of 1, 2 or 4 bytes from `port` in CF8h-CFFh. */
int32_t lowmeg_ports_read(lowmeg_ports* ports, uint32_t port, uint32_t bytes, uint32_t* value);
int32_t lowmeg_ports_write(lowmeg_ports* ports, uint32_t port, uint32_t bytes, uint32_t value);
/** CONFADD, which is part of what a saved machine holds. */
int32_t lowmeg_ports_address(lowmeg_ports* ports, uint32_t* address);
int32_t lowmeg_ports_set_address(lowmeg_ports* ports, uint32_t address);

/** @}
 * @name Decode of registers, without an object
 * @{ */

typedef struct lowmeg_decode_config {
  uint32_t size;
  uint32_t reserved;
  /** 256 bytes of configuration space, as lspci -xxx shows them. The device number says which chip it is; one
   * that is neither is LOWMEG_INVALID_ARGUMENT. */
  const uint8_t* host_bridge;
  const uint8_t* agp_bridge; /**< likewise of device 1, or null */
  uint64_t ram_bytes;        /**< the DRAM that exists, whole pages */
  lowmeg_bus pci;
  lowmeg_bus agp;
} lowmeg_decode_config;

/** Gives the map that these registers make to `show`, once. */
int32_t lowmeg_decode(const lowmeg_decode_config* config, lowmeg_commit_fn show, void* context);
/** The states that PAM0-PAM6 ask for. */
int32_t lowmeg_decode_pam(const uint8_t pam[7], uint32_t states[LOWMEG_SEGMENTS]);

/** @}
 * @name GET, how messages travel
 *
 * For who does not carry them himself. One message is one packet: GET has no length field.
 * @{ */

typedef struct lowmeg_channel lowmeg_channel;

/** The most bytes that a message has. */
enum { LOWMEG_MESSAGE_MAX = 12288 };

/** Takes a connected descriptor over, of which one read is one message and one write too: a VMBus user
 * channel, a SEQPACKET socket. A socket of another type is LOWMEG_INVALID_ARGUMENT. Closed with the channel,
 * and made non-blocking; on an error it stays the caller's. */
int32_t lowmeg_channel_adopt(int32_t fd, lowmeg_channel** channel);
/** Connects to an AF_UNIX SEQPACKET listener. */
int32_t lowmeg_channel_connect_unix(const char* path, lowmeg_channel** channel);
/** Connects to an AF_VSOCK SEQPACKET listener, by the deadline. */
int32_t lowmeg_channel_connect_vsock(uint32_t cid, uint32_t port, uint32_t timeout_ms,
                                     lowmeg_channel** channel);
int32_t lowmeg_channel_close(lowmeg_channel* channel);
int32_t lowmeg_channel_send(lowmeg_channel* channel, const uint8_t* message, size_t size,
                            uint32_t timeout_ms);
/** The next message. A buffer smaller than LOWMEG_MESSAGE_MAX is LOWMEG_TOO_SMALL. */
int32_t lowmeg_channel_receive(lowmeg_channel* channel, uint8_t* buffer, size_t capacity, uint32_t timeout_ms,
                               size_t* size);

/** @}
 * @name GET, the guest's side: asks a host for RAM GPA ranges
 *
 * Bytes in, bytes out: after lowmeg_client_create(), and whenever something was asked, send what
 * lowmeg_client_next() gives until it gives nothing, then hand what the host sends to lowmeg_client_take().
 * With a channel the library does this itself, inside the call that asks.
 * @{ */

typedef struct lowmeg_client lowmeg_client;

enum {
  LOWMEG_CLIENT_OPENING = 0, /**< the version is being agreed on */
  LOWMEG_CLIENT_IDLE = 1,    /**< something may be asked */
  LOWMEG_CLIENT_ASKING = 2,  /**< answers are awaited: the guest must not go on with its config write */
  LOWMEG_CLIENT_CLOSED = 3   /**< given up; make another one */
};

typedef struct lowmeg_client_config {
  uint32_t size;
  uint32_t one_at_a_time;  /**< 1: no batches even where the host offers them, as OpenHCL */
  lowmeg_channel* channel; /**< may be null */
  uint32_t timeout_ms;     /**< with a channel: for each message; 0: 12 seconds */
  uint32_t reserved;
  lowmeg_event_fn event; /**< may be null */
  void* event_context;
} lowmeg_client_config;

/** With a channel the version is agreed on when it returns. */
int32_t lowmeg_client_create(const lowmeg_client_config* config, lowmeg_client** client);
int32_t lowmeg_client_close(lowmeg_client* client);
int32_t lowmeg_client_state(lowmeg_client* client, uint32_t* state);
/** The next message to send; its size is 0 when there is none. LOWMEG_TOO_SMALL leaves it there. */
int32_t lowmeg_client_next(lowmeg_client* client, uint8_t* buffer, size_t capacity, size_t* size);
/** A message of the host's. An error (LOWMEG_PROTOCOL, LOWMEG_NOT_SUPPORTED for a refused version) ends the
 * connection. */
int32_t lowmeg_client_take(lowmeg_client* client, const uint8_t* message, size_t size);

/** @}
 * @name The adjuster: carries segments' changes out as OpenHCL does, by a client's requests
 * @{ */

typedef struct lowmeg_adjuster_config {
  uint32_t size;
  uint32_t base_slot; /**< the host's first slot to use, of 13 */
  uint64_t ram_bytes; /**< the first RAM block, from 0: at least 2 MiB, below 4 GiB, whole pages */
  lowmeg_client* client;
  lowmeg_event_fn event; /**< may be null */
  void* event_context;
} lowmeg_adjuster_config;

/** One adjuster for a client, one bridge for an adjuster. Without a channel a config write returns when its
 * requests wait in the client; until they are answered (LOWMEG_CLIENT_IDLE) the next write is LOWMEG_BUSY. */
int32_t lowmeg_adjuster_create(const lowmeg_adjuster_config* config, lowmeg_adjuster** adjuster);
int32_t lowmeg_adjuster_close(lowmeg_adjuster* adjuster);
/** The host may hold anything: no range is believed to be in place until its segment is told of again, as by
 * lowmeg_bridge_reset. */
int32_t lowmeg_adjuster_doubt(lowmeg_adjuster* adjuster);

/** @}
 * @name GET, the host's side: for somebody's paravisor
 *
 * A host is as old as its virtual machine and keeps its ranges; a session is one client's connection, bytes
 * in and bytes out. Sessions of one host are used by one thread at a time.
 * @{ */

typedef struct lowmeg_host lowmeg_host;
typedef struct lowmeg_session lowmeg_session;

/** RAM from `ram_offset` shows at [start, end). */
typedef struct lowmeg_range {
  uint32_t slot;
  uint32_t created;   /**< 1: is to show; 0: is to show no more */
  uint32_t read_only; /**< writes are discarded */
  uint32_t reserved;
  uint64_t start;
  uint64_t end;
  uint64_t ram_offset;
} lowmeg_range;

/** One range created or reset; of one batch the resets come first. Another result than 0 refuses the batch:
 * what was done of it is undone by further calls, and the creates get status FAILED. */
typedef int32_t (*lowmeg_range_fn)(void* context, const lowmeg_range* range);

/** A whole message, header included, whose id is none that the library knows. Write one answer of up to
 * `capacity` bytes to `answer` and its size to `answer_size` (0: no answer is due) and return 0; anything
 * else: unknown here too, and the protocol's refusal goes back, or the connection ends. */
typedef int32_t (*lowmeg_other_fn)(void* context, const uint8_t* message, size_t size, uint8_t* answer,
                                   size_t capacity, size_t* answer_size);

typedef struct lowmeg_host_config {
  uint32_t size;
  uint32_t slots;        /**< at most 32; 0: 32 */
  uint64_t window_start; /**< where ranges may lie; 0 and 0: C0000-FFFFF */
  uint64_t window_end;   /**< at most 4 GiB */
  uint64_t ram_bytes;    /**< RAM from 0, whole pages */
  uint32_t no_batches;   /**< 1: none are offered */
  uint32_t reserved;
  lowmeg_range_fn range;
  void* range_context;
  lowmeg_other_fn other; /**< may be null */
  void* other_context;
  lowmeg_event_fn event; /**< may be null */
  void* event_context;
} lowmeg_host_config;

int32_t lowmeg_host_create(const lowmeg_host_config* config, lowmeg_host** host);
int32_t lowmeg_host_close(lowmeg_host* host);
int32_t lowmeg_session_create(lowmeg_host* host, lowmeg_session** session);
int32_t lowmeg_session_close(lowmeg_session* session);
/** A message of the client's. LOWMEG_PROTOCOL ends the session; the host is unharmed. */
int32_t lowmeg_session_take(lowmeg_session* session, const uint8_t* message, size_t size);
/** As lowmeg_client_next(). */
int32_t lowmeg_session_next(lowmeg_session* session, uint8_t* buffer, size_t capacity, size_t* size);
/** Serves the client at the channel until it goes (LOWMEG_OK) or is silent for so long (LOWMEG_TIMEOUT, after
 * which it can be served on). */
int32_t lowmeg_session_serve(lowmeg_session* session, lowmeg_channel* channel, uint32_t timeout_ms);

/** @}
 * @name KVM: the chip's maps in the hardware of a virtual machine of yours
 *
 * Thread-safe but for create and close. It borrows the VM, owns the slot ids and the window it is given. A
 * bridge with this beneath commits by itself; every vCPU thread calls lowmeg_kvm_after_run() after each
 * KVM_RUN.
 * @{ */

enum {
  LOWMEG_KVM_PROTECT = 0, /**< read-only by the mapping's protection: a change costs an mprotect */
  LOWMEG_KVM_SLOTS = 1,   /**< read-only by read-only slots */
  LOWMEG_KVM_IN_PLACE = 2 /**< the same, slots into the caller's own mapping: for anonymous memory, no fd */
};

typedef struct lowmeg_memory {
  void* bytes; /**< a shared mapping of fd from fd_offset on; with LOWMEG_KVM_IN_PLACE any mapping */
  uint64_t size;
  int32_t fd; /**< not used with LOWMEG_KVM_IN_PLACE */
  uint32_t reserved;
  uint64_t fd_offset;
} lowmeg_memory;

/** A part of a view whose routes change; both have the same range. */
typedef struct lowmeg_region_change {
  lowmeg_region before;
  lowmeg_region now;
} lowmeg_region_change;

enum {
  LOWMEG_MAP_WILL_CHANGE = 0,   /**< nothing is changed and no vCPU paused yet */
  LOWMEG_MAP_CHANGED = 1,       /**< it is made; paused vCPUs stand still */
  LOWMEG_MAP_DID_NOT_CHANGE = 2 /**< it was not made: the map before stays */
};

/** A change within the window. */
typedef struct lowmeg_map_change {
  uint32_t size;
  uint32_t phase;
  const lowmeg_region_change* cpu; /**< sorted; what a vCPU sees */
  size_t cpu_count;
  const lowmeg_region_change* bus_master; /**< sorted; what DMA sees */
  size_t bus_master_count;
} lowmeg_map_change;

/** Told of each change in two phases, for vhost, VFIO and the like. In LOWMEG_MAP_WILL_CHANGE another result
 * than 0 refuses the change, which then fails with LOWMEG_REFUSED; else one of the other two follows, whose
 * result is not looked at. */
typedef int32_t (*lowmeg_map_change_fn)(void* context, const lowmeg_map_change* change);

typedef struct lowmeg_kvm_config {
  uint32_t size;
  int32_t vm_fd;
  uint64_t window_start; /**< its part of the address space; 0 and 0: A0000-FFFFF */
  uint64_t window_end;
  uint32_t first_slot;
  uint32_t slot_count; /**< 0: 128 */
  uint32_t way;
  uint32_t vcpus;    /**< how many the VM has at most; 0: more than one */
  lowmeg_memory ram; /**< what the routes to RAM mean */
  lowmeg_memory rom; /**< likewise; its size may be 0 */
  /** Returns 0 once every vCPU stands out of KVM_RUN at an instruction boundary and stays there; the one that
   * is in its config write counts as standing. Null with one vCPU. */
  int32_t (*pause)(void* context);
  void (*resume)(void* context);
  void* pause_context;
  /* Since version 2. */
  uint32_t smm; /**< 1: a CPU in system management mode sees its view of the map, by slots of address space 1;
                   0: those are the caller's */
  uint32_t reserved;
  lowmeg_map_change_fn map_change; /**< may be null */
  void* map_change_context;
} lowmeg_kvm_config;

/** LOWMEG_NOT_SUPPORTED with a line where this machine's KVM lacks something. */
int32_t lowmeg_kvm_create(const lowmeg_kvm_config* config, lowmeg_kvm** kvm);
/** Gives the slots and the window back. No vCPU may be in KVM_RUN. */
int32_t lowmeg_kvm_close(lowmeg_kvm* kvm);
/** Tells where the ring of coalesced writes is: the mapping of any one vCPU. Before a vCPU runs; null before
 * the mapping goes. */
struct kvm_run;
int32_t lowmeg_kvm_attach_ring(lowmeg_kvm* kvm, struct kvm_run* run);
/** To be read before each KVM_RUN. */
int32_t lowmeg_kvm_generation(lowmeg_kvm* kvm, uint64_t* generation);

enum {
  LOWMEG_KVM_EMBEDDER = 0,  /**< not the map's affair: handle the exit as without a map */
  LOWMEG_KVM_RUN_AGAIN = 1, /**< all is done */
  LOWMEG_KVM_BUS = 2,       /**< an MMIO exit of which `bus_bytes` are the board's; then run again */
  LOWMEG_KVM_STOP = 3       /**< the vCPU cannot go on; `line` says why */
};

/** A write that waited and is the board's. */
typedef struct lowmeg_bus_write {
  uint64_t ticket;
  uint64_t address; /**< or the port */
  uint32_t is_port;
  uint32_t size; /**< 1 to 8 */
  uint8_t bytes[8];
} lowmeg_bus_write;

/** The structures are valid until this thread's next call of lowmeg_kvm_after_run(). */
typedef struct lowmeg_after_run {
  uint32_t size; /**< set by the caller */
  uint32_t action;
  uint32_t bus_bytes; /**< bit i: byte i of kvm_run's mmio */
  uint32_t reserved;
  uint64_t ticket;                /**< what is done now comes after all writes with a lower one */
  const lowmeg_bus_write* writes; /**< carry them out first, in their order */
  size_t write_count;
  const char* line;
} lowmeg_after_run;

/** A vCPU that has left the guest. */
typedef struct lowmeg_vcpu_return {
  uint32_t size;
  int32_t vcpu_fd; /**< -1: an exception that KVM has queued in vain cannot be taken back */
  struct kvm_run* run;
  uint64_t generation; /**< as read before KVM_RUN */
  int32_t run_errno;   /**< KVM_RUN's errno, 0 when it gave an exit */
  uint32_t reserved;
  uint64_t (*rip)(void* context); /**< the linear address of the instruction, for `line`; may be null */
  void* context;
} lowmeg_vcpu_return;

int32_t lowmeg_kvm_after_run(lowmeg_kvm* kvm, const lowmeg_vcpu_return* vcpu, lowmeg_after_run* after);
/** For a VMM with more than one lock for its devices: before a write or exit is carried out, and after a
 * write. */
int32_t lowmeg_kvm_wait_for(lowmeg_kvm* kvm, uint64_t ticket);
int32_t lowmeg_kvm_done(lowmeg_kvm* kvm, uint64_t ticket);
/** Carries out the waiting writes that go to memory; before the host reads RAM that the guest writes. */
int32_t lowmeg_kvm_drain(lowmeg_kvm* kvm);
/** Gives the map in place to `use`, and keeps it in place until that returns: for DMA of a device. Drain
 * first where RAM is read that a guest writes. From within, a write to the bridge above is LOWMEG_BUSY, too.
 */
int32_t lowmeg_kvm_hold(lowmeg_kvm* kvm, lowmeg_commit_fn use, void* context);

/** `bytes` of RAM from `ram_offset` on were written, or may have been. Called after the write, by any thread,
 * while the map is held: it waits for nobody. */
typedef void (*lowmeg_written_fn)(void* context, uint64_t ram_offset, uint64_t bytes);

/** Tells from now on which RAM of the window is written, for live migration: what the library itself writes
 * at once, what the guest writes by the page and in lowmeg_kvm_harvest(), or when a slot goes. Null: no more.
 * DMA is the caller's own to note. For a VM without KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 and dirty rings. */
int32_t lowmeg_kvm_log_writes(lowmeg_kvm* kvm, lowmeg_written_fn written, void* context);
/** Tells of all that the guest wrote till now. While vCPUs run, on any thread but one that a pause waits for.
 */
int32_t lowmeg_kvm_harvest(lowmeg_kvm* kvm);

/** @} */

#ifdef __cplusplus
}
#endif

#endif
