/* enclave/shell_measure.h - the software measurement: a hash of this very program's file. */
#ifndef SR_ENCLAVE_SHELL_MEASURE_H
#define SR_ENCLAVE_SHELL_MEASURE_H

#include "base/crypto.h"

/* sr_hash_domain("strongroom software measurement v1", the executable's bytes). Covers no shared
 * library. */
SR_MUST_CHECK enum sr_error shell_measure(struct sr_hash32 *out);

/* The software stand-in for a TEE's sealing key: 32 random bytes in a file of mode 0600, made when
 * absent if create is set. NOT_FOUND, DAMAGED (wrong size), FOREIGN_DATA (readable by others), IO.
 */
SR_MUST_CHECK enum sr_error shell_sealing_key(struct sr_key32 *out, const char *path, bool create);
/* The 32 bytes that come from this descriptor, which is closed. DAMAGED (fewer or more), IO. */
SR_MUST_CHECK enum sr_error shell_sealing_fd(struct sr_key32 *out, int fd);

#endif
