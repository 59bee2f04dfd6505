/*
 * base/drbg.h - AES-256-CTR generator over a 32-byte seed, with fast key erasure: each fill rekeys
 * before it returns, so a captured state tells nothing about the past. Deterministic in the seed;
 * the seed comes from sr_random_system in processes and from the simulator's seed in tests.
 */
#ifndef SR_BASE_DRBG_H
#define SR_BASE_DRBG_H

#include "base/secret.h"

struct sr_drbg { struct sr_key32 key; uint64_t fills; };

void sr_drbg_init(struct sr_drbg *self, const struct sr_key32 *seed);
/* Mixes a new seed into the state (HKDF of both). */
SR_MUST_CHECK enum sr_error sr_drbg_reseed(struct sr_drbg *self, const struct sr_key32 *seed);
/* On failure out is wiped. */
SR_MUST_CHECK enum sr_error sr_drbg_fill(struct sr_drbg *self, uint8_t *out, size_t n);
void sr_drbg_wipe(struct sr_drbg *self);

/* getrandom(2). The only impure call of base besides logging; never used by pure folders. */
SR_MUST_CHECK enum sr_error sr_random_system(uint8_t *out, size_t n);

#endif
