/* base/crypto_private.h - what base/crypto.c starts in the two library files; for base alone. */
#ifndef SR_BASE_CRYPTO_PRIVATE_H
#define SR_BASE_CRYPTO_PRIVATE_H

#include "base/error.h"

/* Checks the library's version and sets up its locked memory. Safe to call again. */
SR_MUST_CHECK enum sr_error sr_gcrypt_start(void);
SR_MUST_CHECK enum sr_error sr_sodium_start(void);

/* Wipes the stack below the caller, where the libraries leave what they worked with: libgcrypt the
 * digest, libsodium the scalar. */
void sr_wipe_stack(void);

#endif
