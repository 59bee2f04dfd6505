/*
 * base/crypto.h - the primitives, each from one library: SHA-2, HKDF, AES-GCM, AES-CTR from
 * libgcrypt; Ed25519 and X25519 from libsodium. Pure: randomness is always an argument.
 */
#ifndef SR_BASE_CRYPTO_H
#define SR_BASE_CRYPTO_H

#include "base/buf.h"
#include "base/secret.h"

/* Call once per process before anything else. Checks library versions and self-tests. */
SR_MUST_CHECK enum sr_error sr_crypto_init(void);

/* --- SHA-256 / SHA-512 (FIPS 180-4) --- */
struct sr_sha256 { void *handle; };
SR_MUST_CHECK enum sr_error sr_sha256_init(struct sr_sha256 *self);
void sr_sha256_update(struct sr_sha256 *self, const void *p, size_t n);
struct sr_hash32 sr_sha256_finish(struct sr_sha256 *self);            /* frees */
void sr_sha256_abandon(struct sr_sha256 *self);                       /* frees */
struct sr_hash32 sr_hash(const void *p, size_t n);
/* SHA-256 of: length of domain as u8, domain, then the parts, each as it is (callers make the
 * parts' lengths unambiguous). domain: at most 255 bytes, the purpose, "strongroom vote v1". */
struct sr_hash32 sr_hash_domain(const char *domain, const struct sr_bytes *parts, size_t parts_n);
void sr_sha512(uint8_t out[64], const struct sr_bytes *parts, size_t parts_n);

/* --- HKDF-SHA256 (RFC 5869) --- out_n <= 8160. salt may be NULL, 0. */
SR_MUST_CHECK enum sr_error sr_hkdf(uint8_t *out, size_t out_n, const uint8_t *ikm, size_t ikm_n,
    const uint8_t *salt, size_t salt_n, const uint8_t *info, size_t info_n);
/* HKDF of one key to another with a text label and an optional context. */
SR_MUST_CHECK enum sr_error sr_key_derive(struct sr_key32 *out, const struct sr_key32 *from,
    const char *label, const uint8_t *context, size_t context_n);
void sr_hmac_sha256(struct sr_hash32 *out, const uint8_t *key, size_t key_n,
    const struct sr_bytes *parts, size_t parts_n);

/* --- AES-256-GCM (SP 800-38D), 12-byte nonce, 16-byte tag appended --- */
#define SR_GCM_TAG 16u
#define SR_GCM_NONCE 12u
/* out: n + SR_GCM_TAG bytes, may be the same buffer as in. */
SR_MUST_CHECK enum sr_error sr_gcm_seal(uint8_t *out, const struct sr_key32 *key,
    const uint8_t nonce[SR_GCM_NONCE], const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n);
/* n counts the tag; out: n - SR_GCM_TAG bytes; wiped on failure (DECRYPT_FAILED). */
SR_MUST_CHECK enum sr_error sr_gcm_open(uint8_t *out, const struct sr_key32 *key,
    const uint8_t nonce[SR_GCM_NONCE], const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n);

/* --- AES-256-CTR key stream: out = E(counter from iv), for coefficients and generators --- */
/* A stream under way: its pieces, of any lengths, follow one another. Clear it also when init has
 * failed; an all-zero one may be cleared, too. NO_LOCKED_MEMORY. */
struct sr_ctr { void *handle; };
SR_MUST_CHECK enum sr_error sr_ctr_init(struct sr_ctr *self, const struct sr_key32 *key,
    const uint8_t iv[16]);
/* out is wiped on failure. */
SR_MUST_CHECK enum sr_error sr_ctr_next(struct sr_ctr *self, uint8_t *out, size_t n);
void sr_ctr_clear(struct sr_ctr *self);
/* All of it at once. */
SR_MUST_CHECK enum sr_error sr_ctr_stream(uint8_t *out, size_t n, const struct sr_key32 *key,
    const uint8_t iv[16]);

/* --- Ed25519 (RFC 8032) --- sk holds seed || public key, locked by its owner. */
struct sr_edsk { uint8_t b[64]; };
void sr_edsk_wipe(struct sr_edsk *sk);
void sr_ed25519_keypair(struct sr_edsk *sk, struct sr_edpk *pk, const struct sr_key32 *seed);
/* Signs sr_hash_domain(domain, message): every signature of ours is domain separated. */
void sr_sign(struct sr_sig64 *out, const struct sr_edsk *sk, const char *domain, const uint8_t *msg,
    size_t msg_n);
SR_MUST_CHECK enum sr_error sr_verify(const struct sr_edpk *pk, const struct sr_sig64 *sig,
    const char *domain, const uint8_t *msg, size_t msg_n);
/* Plain RFC 8032 over the message itself, for test vectors. */
void sr_ed25519_sign_raw(
    struct sr_sig64 *out, const struct sr_edsk *sk, const uint8_t *msg, size_t n);
SR_MUST_CHECK enum sr_error sr_ed25519_verify_raw(const struct sr_edpk *pk,
    const struct sr_sig64 *sig, const uint8_t *msg, size_t n);

/* --- X25519 (RFC 7748) --- the all-zero shared value is refused (BAD_PUBLIC_KEY). */
void sr_x25519_public(struct sr_xpk *pk, const struct sr_key32 *sk);
SR_MUST_CHECK enum sr_error sr_x25519(struct sr_key32 *out, const struct sr_key32 *sk,
    const struct sr_xpk *pk);

/* --- What a TPM's protocols ask for --- */
/* RSAES-OAEP (RFC 8017 7.1.1) with SHA-256 and MGF1 of it. out: modulus.n bytes. Numbers are
 * big-endian; the seed must be random. BAD_PUBLIC_KEY. */
SR_MUST_CHECK enum sr_error sr_rsa_oaep_seal(uint8_t *out, struct sr_bytes modulus,
    struct sr_bytes exponent, struct sr_bytes label, const struct sr_key32 *message,
    const uint8_t seed[32]);
/* AES-128-CFB (SP 800-38A 6.3), no IV: one message a key. out may be in. */
SR_MUST_CHECK enum sr_error sr_cfb128_seal(
    uint8_t *out, const uint8_t key[16], const uint8_t *in, size_t n);

/* CRC-32C (Castagnoli), for damage on disk, never for security. */
uint32_t sr_crc32c(uint32_t crc, const void *p, size_t n);

#endif
