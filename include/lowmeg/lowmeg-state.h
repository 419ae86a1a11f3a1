/**
 * @file
 * Lowmeg's C interface to saved state: a bridge, and the adjuster beneath it, as bytes. In a library of its
 * own, liblowmeg-state, as it needs protobuf.
 *
 * The bytes of LOWMEG_HYPERV and of the adjuster are OpenHCL's. The rules are those of lowmeg.h.
 */
#ifndef LOWMEG_LOWMEG_STATE_H
#define LOWMEG_LOWMEG_STATE_H

#include <lowmeg/lowmeg.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of the caller's: how many there are, or fit; after a save how many it has. */
typedef struct lowmeg_bytes {
  uint8_t* data;
  size_t size;
} lowmeg_bytes;

/** Saves a bridge that is on. `adjuster` may be null where the bridge has none that asks a host; its size
 * becomes 0 then. LOWMEG_TOO_SMALL writes the sizes needed and nothing else. LOWMEG_BUSY while answers are
 * awaited. */
int32_t lowmeg_state_save(lowmeg_bridge* bridge, lowmeg_bytes* bridge_state, lowmeg_bytes* adjuster_state);

enum {
  LOWMEG_RANGES_IN_PLACE =
      0,                    /**< the host holds what the state says: it is asked for nothing that is there */
  LOWMEG_RANGES_UNKNOWN = 1 /**< it may hold anything: all 13 slots are reset, and what is wanted created */
};

/** Instead of lowmeg_bridge_power_on(). A state that cannot be is LOWMEG_INVALID_ARGUMENT with a line that
 * names the field; nothing has changed then, and the bridge may still be powered on. */
int32_t lowmeg_state_restore(lowmeg_bridge* bridge, const lowmeg_bytes* bridge_state,
                             const lowmeg_bytes* adjuster_state, uint32_t ranges);

#ifdef __cplusplus
}
#endif

#endif
