/*
 * shamir/pedersen.h - verifiable sharing that hides the secret whatever anyone can compute
 * (Pedersen 1991): beside f with f(0) = s there is a random g of the same degree, and what is
 * published is C_k = a_k B + b_k H. The share of index j is the pair (f(j), g(j)):
 *
 *   f(j) B + g(j) H == sum_k j^k C_k            (H: sr_point_h)
 *
 * Nobody knows the logarithm of H, so nobody can open a commitment in two ways; and since every
 * secret fits the commitments and any t - 1 pairs equally well, they say nothing about it. (With
 * Feldman's, sB is public, which is what a vault key needs and a dealt secret does not.)
 *
 * Commitments are a struct shamir_commitments: evaluation (shamir_feldman_key), sums
 * (shamir_dkg_sum_commitments, shamir_reshare_sum_commitments) and what a list must be
 * (shamir_commitments_check) are linear in the points and the same for both.
 */
#ifndef SR_SHAMIR_PEDERSEN_H
#define SR_SHAMIR_PEDERSEN_H

#include "shamir/feldman.h"

struct shamir_pair { struct sr_scalar f, g; };          /* secret */
struct shamir_pair_poly { struct shamir_poly f, g; };   /* in locked memory */

void shamir_pair_wipe(struct shamir_pair *pair);
#define SHAMIR_PAIR_AUTO __attribute__((cleanup(shamir_pair_wipe))) struct shamir_pair

/* --- dealing: poly and c are outputs; clear poly after the pairs are evaluated. Errors as
 * shamir_poly_init; poly is empty then. --- */
/* secret: f(0), or NULL for a random one (poly->f.a[0]). */
SR_MUST_CHECK enum sr_error shamir_pedersen_deal(struct shamir_pair_poly *poly,
    struct shamir_commitments *c, uint32_t t, const struct sr_scalar *secret,
    struct sr_drbg *drbg);
/* f(0) = g(0) = 0: C_0 is the identity (SHAMIR_DEAL_REFRESH). */
SR_MUST_CHECK enum sr_error shamir_pedersen_deal_refresh(struct shamir_pair_poly *poly,
    struct shamir_commitments *c, uint32_t t, struct sr_drbg *drbg);
/* The dealer's own pair is what is shared: C_0 is the old list's value at the dealer's index
 * (SHAMIR_DEAL_RESHARE). */
SR_MUST_CHECK enum sr_error shamir_pedersen_deal_reshare(struct shamir_pair_poly *poly,
    struct shamir_commitments *c, uint32_t t, const struct shamir_pair *own, struct sr_drbg *drbg);
void shamir_pedersen_clear(struct shamir_pair_poly *poly);
/* (f(index), g(index)). SHARE_INDEX for 0. */
SR_MUST_CHECK enum sr_error shamir_pedersen_eval(struct shamir_pair *out,
    const struct shamir_pair_poly *poly, struct shamir_index index);

/* --- checking --- */
/* f B + g H. */
void shamir_pedersen_commit(struct sr_point *out, const struct shamir_pair *pair);
/* SHARE_INDEX for 0; DEALING_BAD when the pair is not the one committed to. */
SR_MUST_CHECK enum sr_error shamir_pedersen_verify(const struct shamir_commitments *c,
    struct shamir_index index, const struct shamir_pair *pair);
/*
 * The secret from n pairs, each checked. SHARE_TOO_FEW below c->t; SHARE_INDEX, SHARE_DUPLICATE;
 * SHARE_BAD with the culprit's index in *bad, even when enough good ones are there: the caller
 * drops it, reports it, and calls again.
 */
SR_MUST_CHECK enum sr_error shamir_pedersen_combine(struct sr_scalar *secret,
    struct shamir_index *bad, const struct shamir_commitments *c,
    const struct shamir_index *indices, const struct shamir_pair *pairs, size_t n);

/* --- sums of pairs --- */
/* Refresh: the old pair and one of each dealing of zero. */
void shamir_pedersen_sum(struct shamir_pair *out, const struct shamir_pair *pairs, size_t n);
/* Reshare: sum_i lambda_i of the dealers' pairs. SHARE_TOO_FEW below old_t dealers. */
SR_MUST_CHECK enum sr_error shamir_pedersen_reshare_sum(struct shamir_pair *out,
    const struct shamir_pair *pairs, const struct shamir_index *dealers, size_t n,
    uint32_t old_t);

/* The key that a dealt secret stands for: HKDF(s, label). */
SR_MUST_CHECK enum sr_error shamir_pedersen_key(struct sr_key32 *out,
    const struct sr_scalar *secret, const uint8_t *label, size_t label_n);

/* 64 bytes. */
#define SHAMIR_PAIR_SIZE 64u
void shamir_pair_write(struct sr_writer *w, const struct shamir_pair *pair);
void shamir_pair_read(struct shamir_pair *out, struct sr_reader *r);

#endif
