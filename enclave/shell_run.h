/* enclave/shell_run.h - the enclave process's loop: frames from the host in, effects out. */
#ifndef SR_ENCLAVE_SHELL_RUN_H
#define SR_ENCLAVE_SHELL_RUN_H

#include "enclave/core.h"

/* Serves until the host closes the socket (SR_OK), STOP is done (SR_OK) or the core ends (its
 * error). fd: the stream socket to the host. core: borrowed. */
SR_MUST_CHECK enum sr_error shell_run(int fd, struct enclave_core *core,
    const struct sr_hash32 *measurement);

#endif
