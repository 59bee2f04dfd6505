/*
 * shamir/group.h - ristretto255 (RFC 9496): scalars mod L and group elements. The only file of
 * shamir that uses libsodium. A scalar is a secret and wipes itself; a point is public.
 *
 * Encodings are canonical: decode refuses every other one, so bytes may be compared.
 */
#ifndef SR_SHAMIR_GROUP_H
#define SR_SHAMIR_GROUP_H

#include "base/crypto.h"
#include "base/drbg.h"

struct sr_scalar { uint8_t b[32]; };    /* secret, below L, little-endian */
struct sr_point { uint8_t b[32]; };     /* public; all zeros is the identity */

void sr_scalar_wipe(struct sr_scalar *s);
#define SR_SCALAR_AUTO __attribute__((cleanup(sr_scalar_wipe))) struct sr_scalar

/* --- scalars: outputs may be the same object as inputs; all constant time --- */
/* BAD_SCALAR unless below L. out is zero then. The branch on validity is the only one. */
SR_MUST_CHECK enum sr_error sr_scalar_decode(struct sr_scalar *out, const uint8_t bytes[32]);
void sr_scalar_from_u32(struct sr_scalar *out, uint32_t v);
void sr_scalar_from_wide(struct sr_scalar *out, const uint8_t wide[64]);       /* reduced mod L */
/* SHA-512 of: length of domain as u8, domain, the parts; reduced mod L. Callers make the parts'
 * lengths unambiguous. */
void sr_scalar_hash(struct sr_scalar *out, const char *domain, const struct sr_bytes *parts,
    size_t parts_n);
/* Uniform and not zero. On failure out is zero. */
SR_MUST_CHECK enum sr_error sr_scalar_random(struct sr_scalar *out, struct sr_drbg *drbg);
void sr_scalar_add(struct sr_scalar *out, const struct sr_scalar *a, const struct sr_scalar *b);
void sr_scalar_sub(struct sr_scalar *out, const struct sr_scalar *a, const struct sr_scalar *b);
void sr_scalar_mul(struct sr_scalar *out, const struct sr_scalar *a, const struct sr_scalar *b);
/* The inverse of zero is zero; callers who care check first. */
void sr_scalar_invert(struct sr_scalar *out, const struct sr_scalar *a);
bool sr_scalar_is_zero(const struct sr_scalar *a);
bool sr_scalar_equal(const struct sr_scalar *a, const struct sr_scalar *b);

/* --- points --- */
extern const struct sr_point sr_point_identity;
extern const struct sr_point sr_point_base;
/* G2 of DESIGN 6: hash to the group of "strongroom G2 v1"; nobody knows its logarithm to base B. */
extern const struct sr_point sr_point_g2;
/* H of shamir/pedersen.h: the same of "strongroom Pedersen H v1". */
extern const struct sr_point sr_point_h;

/* BAD_POINT for anything that is not a canonical encoding, and for the identity. */
SR_MUST_CHECK enum sr_error sr_point_decode(struct sr_point *out, const uint8_t bytes[32]);
/* The same with the identity allowed (a refresh dealing's A_0). */
SR_MUST_CHECK enum sr_error sr_point_decode_any(struct sr_point *out, const uint8_t bytes[32]);
bool sr_point_is_identity(const struct sr_point *p);
bool sr_point_equal(const struct sr_point *a, const struct sr_point *b);
/* Constant time in the scalar, up to whether the result is the identity. */
void sr_point_base_mul(struct sr_point *out, const struct sr_scalar *s);
/* BAD_POINT when p is not a point (out is the identity then). */
SR_MUST_CHECK enum sr_error sr_point_mul(struct sr_point *out, const struct sr_scalar *s,
    const struct sr_point *p);
SR_MUST_CHECK enum sr_error sr_point_add(struct sr_point *out, const struct sr_point *a,
    const struct sr_point *b);
SR_MUST_CHECK enum sr_error sr_point_sub(struct sr_point *out, const struct sr_point *a,
    const struct sr_point *b);
/* SHA-512 of length of domain as u8, domain, the parts; then the map of RFC 9496, 4.3.4. */
void sr_point_hash(struct sr_point *out, const char *domain, const struct sr_bytes *parts,
    size_t parts_n);

/* Wire: 32 bytes each. Reading a bad one makes the reader fail with BAD_POINT or BAD_SCALAR. */
void sr_write_point(struct sr_writer *w, const struct sr_point *p);
struct sr_point sr_read_point(struct sr_reader *r);                    /* identity refused */
struct sr_point sr_read_point_any(struct sr_reader *r);                /* identity allowed */
void sr_write_scalar(struct sr_writer *w, const struct sr_scalar *s);  /* proof scalars: public */
struct sr_scalar sr_read_scalar(struct sr_reader *r);

#endif
