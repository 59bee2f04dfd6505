/*
 * base/secret.h - secrets are a type: they wipe themselves at scope exit, are compared in constant
 * time, and have no printer.
 */
#ifndef SR_BASE_SECRET_H
#define SR_BASE_SECRET_H

#include "base/error.h"
#include "base/types.h"

struct sr_key32 { uint8_t b[32]; };

void sr_wipe(void *p, size_t n);
void sr_key32_wipe(struct sr_key32 *k);
#define SR_KEY32_AUTO __attribute__((cleanup(sr_key32_wipe))) struct sr_key32

/* Constant time in n. */
bool sr_ct_equal(const void *a, const void *b, size_t n);

/*
 * Locked, guarded memory outside core files; NULL when it can't be locked. Fixed at its size,
 * zeroed. Freed memory is wiped first. sr_secret_free(NULL) is fine.
 */
SR_MUST_CHECK void *sr_secret_alloc(size_t n);
void sr_secret_free(void *p);

/* A growing run of secret bytes (payloads, plaintexts): locked, wiped. */
struct sr_secret_bytes { uint8_t *p; size_t n; };
SR_MUST_CHECK enum sr_error sr_secret_bytes_init(struct sr_secret_bytes *self, size_t n);
void sr_secret_bytes_clear(struct sr_secret_bytes *self);

#endif
