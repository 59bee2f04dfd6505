/*
 * attest/cert.h - X.509 certificates and revocation lists (RFC 5280) through GnuTLS, and signatures
 * by P-256, P-384 and RSA keys. The only file of the folder that includes GnuTLS. Times are never
 * checked against a clock: every object tells its window and the caller intersects them.
 *
 * Each function may also say NO_MEMORY, as far as GnuTLS tells; what it does not tell is the
 * business of attest_evidence_verify.
 */
#ifndef SR_ATTEST_CERT_H
#define SR_ATTEST_CERT_H

#include "base/crypto.h"

#define CERT_CHAIN_MAX 8u
#define CERT_BYTES_MAX (64u * 1024u)
#define CERT_CRL_MAX (4u * 1024u * 1024u)
#define CERT_SIGNED_MAX (1024u * 1024u)

struct cert;                                 /* opaque */
struct cert_chain { struct cert *at[CERT_CHAIN_MAX]; size_t n; };

/* The time in which everything that was looked at is valid; starts as everything. */
struct cert_window { uint64_t from, to; };
void cert_window_init(struct cert_window *self);
void cert_window_cut(struct cert_window *self, uint64_t from, uint64_t to);
bool cert_window_holds(const struct cert_window *self, uint64_t time_s);

/* PEM (one or several) or one DER, canonical: no byte could be another and mean the same. A NUL may
 * end PEM. CHAIN_BAD. Adds to the chain, which the caller clears. */
SR_MUST_CHECK enum sr_error cert_chain_read(struct cert_chain *self, struct sr_bytes bytes);
void cert_chain_clear(struct cert_chain *self);

/* Each is signed by the next, which is a CA; the last is a root, by the SHA-256 of its DER. All
 * their times cut the window. */
SR_MUST_CHECK enum sr_error cert_chain_verify(const struct cert_chain *self,
    const struct sr_hash32 *roots, size_t roots_n, struct cert_window *window);
/* Adds the issuer of the last one when pool holds it, again and again up to a root. */
SR_MUST_CHECK enum sr_error cert_chain_complete(
    struct cert_chain *self, const struct cert_chain *pool);

/* CHAIN_BAD: it does not parse. */
SR_MUST_CHECK enum sr_error cert_is_ca(bool *ca, const struct cert *cert);
/* SHA-256 of its DER. */
SR_MUST_CHECK enum sr_error cert_hash(struct sr_hash32 *out, const struct cert *cert);
/* DER of an extension's value, malloc'd; NOT_FOUND. */
SR_MUST_CHECK enum sr_error cert_extension(
    uint8_t **out, size_t *n, const struct cert *cert, const char *oid);
/* Is that the common name of the subject? CHAIN_BAD. */
SR_MUST_CHECK enum sr_error cert_named(const struct cert *cert, const char *name);

#define CERT_SPKI_MAX 1024u
/* The certificate's key as DER of a SubjectPublicKeyInfo. BAD_PUBLIC_KEY. */
SR_MUST_CHECK enum sr_error cert_spki(uint8_t *out, size_t *n, size_t max, const struct cert *cert);
/* The numbers of its RSA key, big-endian without leading zeros. BAD_PUBLIC_KEY: of another kind, or
 * longer than the room. */
SR_MUST_CHECK enum sr_error cert_rsa(uint8_t *modulus, size_t *modulus_n, size_t modulus_max,
    uint8_t *exponent, size_t *exponent_n, size_t exponent_max, const struct cert *cert);

/* The list (DER) is signed by issuer and does not name cert. COLLATERAL_BAD, KEY_REVOKED. */
SR_MUST_CHECK enum sr_error cert_not_revoked(const struct cert *cert, const struct cert *issuer,
    struct sr_bytes crl, struct cert_window *window);

enum cert_curve { CERT_P256 = 32, CERT_P384 = 48 };   /* bytes of a coordinate */
/* ECDSA, SHA-256 or SHA-384 by the curve; signature r || s, big-endian. EVIDENCE_BAD. */
SR_MUST_CHECK enum sr_error cert_verify_rs(const struct cert *cert, enum cert_curve curve,
    struct sr_bytes message, const uint8_t *r, const uint8_t *s);
/* The same by a bare point x || y. */
SR_MUST_CHECK enum sr_error cert_point_verify_rs(const uint8_t *point, enum cert_curve curve,
    struct sr_bytes message, const uint8_t *r, const uint8_t *s);

/* Bare public keys. */
struct cert_key;                             /* opaque; cert_key_free */
SR_MUST_CHECK enum sr_error cert_key_read(struct cert_key **out, struct sr_bytes spki);
/* SubjectPublicKeyInfo of an RSA key; big-endian numbers. */
SR_MUST_CHECK enum sr_error cert_key_rsa_spki(
    uint8_t *out, size_t *n, size_t max, struct sr_bytes modulus, struct sr_bytes exponent);
/* The same of a point of P-256. */
#define CERT_P256_SPKI 91u
void cert_key_p256_spki(uint8_t out[CERT_P256_SPKI], const uint8_t point[64]);
/* A P-256 key with r || s, or an RSA key with RSASSA-PKCS1 v1.5; SHA-256. EVIDENCE_BAD. */
SR_MUST_CHECK enum sr_error cert_key_verify(
    const struct cert_key *key, struct sr_bytes message, struct sr_bytes signature);
void cert_key_free(struct cert_key *key);

#endif
