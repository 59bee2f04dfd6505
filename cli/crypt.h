/*
 * cli/crypt.h - what a client does to a payload before it leaves and after it comes back.
 *
 * stream = sealed length (8 + tag) | sealed chunks of 64 KiB of the padded payload (+ tag each)
 * AES-256-GCM under a key derived from the DEK; nonce = u64 counter | flag u8 (0 length, 1 chunk,
 * 2 last chunk) | zeros; aad = u64 bucket. The payload is padded with zeros to a bucket, so that
 * only the bucket shows: 256 bytes, then Padme's sizes (Nikitin et al. 2019): at most 12 % more.
 */
#ifndef SR_CLI_CRYPT_H
#define SR_CLI_CRYPT_H

#include "base/crypto.h"
#include "base/drbg.h"
#include "vault/op.h"

#define CRYPT_CHUNK 65536u
#define CRYPT_HEAD (8u + SR_GCM_TAG)

uint64_t crypt_bucket(uint64_t bytes);
/* Bytes of the stream for a bucket. */
uint64_t crypt_stream_bytes(uint64_t bucket);

/* --- sealing, chunk by chunk --- */
struct crypt_stream { struct sr_key32 key; uint64_t bucket, bytes, at, counter; };
SR_MUST_CHECK enum sr_error crypt_start(struct crypt_stream *self, const struct sr_key32 *dek,
    uint64_t bucket);
void crypt_wipe(struct crypt_stream *self);
SR_MUST_CHECK enum sr_error crypt_seal_head(struct crypt_stream *self, uint8_t out[CRYPT_HEAD],
    uint64_t bytes);
/* How many plaintext bytes the next chunk has; 0 at the end. */
size_t crypt_next(const struct crypt_stream *self);
/* chunk: crypt_next bytes, padding included; out: SR_GCM_TAG more. May be the same buffer. */
SR_MUST_CHECK enum sr_error crypt_seal_chunk(struct crypt_stream *self, uint8_t *out,
    const uint8_t *chunk);
/* --- opening --- */
SR_MUST_CHECK enum sr_error crypt_open_head(
    struct crypt_stream *self, const uint8_t in[CRYPT_HEAD]);
/* *n: how many bytes of it are payload. DECRYPT_FAILED; BAD_ENCODING when the padding is not zeros.
 */
SR_MUST_CHECK enum sr_error crypt_open_chunk(struct crypt_stream *self, uint8_t *out, size_t *n,
    const uint8_t *in);

/* Whole payloads in memory. out: crypt_stream_bytes(crypt_bucket(n)). */
SR_MUST_CHECK enum sr_error crypt_seal(uint8_t *out, const struct sr_key32 *dek, const uint8_t *in,
    size_t n);
/* out: bucket bytes. */
SR_MUST_CHECK enum sr_error crypt_open(uint8_t *out, size_t *out_n, const struct sr_key32 *dek,
    uint64_t bucket, const uint8_t *in, size_t n);

/* --- the DEK --- vault_key: Y. owner: the owner's own box key. */
SR_MUST_CHECK enum sr_error crypt_wrap(struct vault_wrapped_key *out, const struct sr_key32 *dek,
    const uint8_t vault_key[32], const struct sr_hash32 *label, const struct sr_xpk *owner,
    struct sr_drbg *drbg);
/* Under a KEM key that is there already: dek and owner_dek alone. */
SR_MUST_CHECK enum sr_error crypt_wrap_kem(struct vault_wrapped_key *out,
    const struct sr_key32 *dek, const struct sr_key32 *kem, const struct sr_hash32 *label,
    const struct sr_xpk *owner, struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error crypt_unwrap_owner(struct sr_key32 *dek,
    const struct vault_wrapped_key *wrapped, const struct sr_hash32 *label,
    const struct sr_key32 *owner_box);
/* kem: what the members' shares combine to. */
SR_MUST_CHECK enum sr_error crypt_unwrap_kem(struct sr_key32 *dek,
    const struct vault_wrapped_key *wrapped, const struct sr_hash32 *label,
    const struct sr_key32 *kem);

#endif
