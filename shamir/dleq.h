/*
 * shamir/dleq.h - proofs about logarithms: equality of two (Chaum-Pedersen 1992) and knowledge of
 * one (Schnorr 1991), made non-interactive by hashing the whole statement and a context.
 *
 * Nonces are HKDF(secret, statement, 32 fresh random bytes): a failed or repeated random source
 * does not repeat a nonce over two statements.
 */
#ifndef SR_SHAMIR_DLEQ_H
#define SR_SHAMIR_DLEQ_H

#include "shamir/group.h"

#define SHAMIR_PROOF_SIZE 64u

struct shamir_proof { struct sr_scalar e, z; };         /* public: nothing to wipe */

/* Proves log_g(p) == log_h(q) = x. p and q must be x g and x h. */
SR_MUST_CHECK enum sr_error shamir_dleq_prove(struct shamir_proof *out, const struct sr_scalar *x,
    const struct sr_point *g, const struct sr_point *p, const struct sr_point *h,
    const struct sr_point *q, const uint8_t *context, size_t context_n, struct sr_drbg *drbg);
/* BAD_PROOF, also when a point is the identity; BAD_POINT when one is none. */
SR_MUST_CHECK enum sr_error shamir_dleq_verify(const struct shamir_proof *proof,
    const struct sr_point *g, const struct sr_point *p, const struct sr_point *h,
    const struct sr_point *q, const uint8_t *context, size_t context_n);

/* Proves knowledge of log_B(p) = x: an ACK of an epoch change proves the new share this way. */
SR_MUST_CHECK enum sr_error shamir_pok_prove(struct shamir_proof *out, const struct sr_scalar *x,
    const struct sr_point *p, const uint8_t *context, size_t context_n, struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error shamir_pok_verify(const struct shamir_proof *proof,
    const struct sr_point *p, const uint8_t *context, size_t context_n);

/* Wire: e, z, 32 bytes each, canonical scalars. */
void shamir_proof_write(struct sr_writer *w, const struct shamir_proof *proof);
struct shamir_proof shamir_proof_read(struct sr_reader *r);

#endif
