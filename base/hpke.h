/*
 * base/hpke.h - RFC 9180, base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
 * AES-256-GCM. Sealed form: enc(32) || ciphertext || tag(16).
 */
#ifndef SR_BASE_HPKE_H
#define SR_BASE_HPKE_H

#include "base/crypto.h"

#define SR_HPKE_OVERHEAD (32u + SR_GCM_TAG)

/* ephemeral: 32 fresh random bytes (the ephemeral private key). out: n + SR_HPKE_OVERHEAD. */
SR_MUST_CHECK enum sr_error sr_hpke_seal(uint8_t *out, const struct sr_xpk *to,
    const struct sr_key32 *ephemeral, const char *info, const uint8_t *aad, size_t aad_n,
    const uint8_t *in, size_t n);
/* n counts the overhead; out: n - SR_HPKE_OVERHEAD. DECRYPT_FAILED and out wiped on failure. */
SR_MUST_CHECK enum sr_error sr_hpke_open(uint8_t *out, const struct sr_key32 *sk,
    const char *info, const uint8_t *aad, size_t aad_n, const uint8_t *in, size_t n);
/* The same with pk, the public key of sk, which is not worked out again: a third of the time. With
 * another one nothing opens. */
SR_MUST_CHECK enum sr_error sr_hpke_open_pair(uint8_t *out, const struct sr_key32 *sk,
    const struct sr_xpk *pk, const char *info, const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n);

#endif
