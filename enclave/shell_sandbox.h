/*
 * enclave/shell_sandbox.h - what a software enclave can do to keep the host's other users and its
 * own bugs away from its keys. It is no TEE: the host's root can read its memory
 * (docs/THREAT_MODEL.md).
 */
#ifndef SR_ENCLAVE_SHELL_SANDBOX_H
#define SR_ENCLAVE_SHELL_SANDBOX_H

#include "base/error.h"
#include <stdbool.h>

/* No core files, not dumpable, no new privileges; before any key is in memory. */
SR_MUST_CHECK enum sr_error shell_sandbox_early(void);
/* Locks all memory, now and later. Without the right to, SR_ERR_NO_LOCKED_MEMORY. Call while still
 * root. */
SR_MUST_CHECK enum sr_error shell_sandbox_lock_memory(void);
/* When root: becomes this user for good (NOT_FOUND when there is none). Otherwise does nothing. */
SR_MUST_CHECK enum sr_error shell_sandbox_drop_user(const char *user);
/* Only the calls of the running loop from here on; any other kills the process. */
SR_MUST_CHECK enum sr_error shell_sandbox_seccomp(void);

#endif
