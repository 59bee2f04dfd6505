/*
 * shamir/feldman.h - verifiable sharing (Feldman 1987) and what an epoch change builds from it:
 * sums of dealings for a new key (DKG), dealings of zero (refresh), dealings of shares (reshare).
 *
 * A dealing is a polynomial f_i of degree t-1, commitments A_{i,k} = a_{i,k} B, and the sub-share
 * f_i(j) for each receiver j. DESIGN 6: f(j) B == sum_k j^k A_k, and exactly t commitments.
 *
 * After a sum, a group is described by one list of t commitments C: C_0 is the vault key Y, and
 * shamir_feldman_key(C, j) is Y_j, against which member j's decryption shares are checked.
 */
#ifndef SR_SHAMIR_FELDMAN_H
#define SR_SHAMIR_FELDMAN_H

#include "shamir/poly.h"

struct shamir_commitments { uint32_t t; struct sr_point a[SHAMIR_T_MAX]; };     /* public */

enum shamir_dealing_kind {
	SHAMIR_DEAL_FRESH = 1,          /* a new key's part: A_0 is not the identity */
	SHAMIR_DEAL_REFRESH = 2,        /* f(0) = 0: A_0 is the identity */
	SHAMIR_DEAL_RESHARE = 3         /* f(0) = x_i: A_0 == Y_i of the old group */
};

/* --- dealing: poly and c are outputs; clear poly after the sub-shares are evaluated --- */
SR_MUST_CHECK enum sr_error shamir_deal_fresh(struct shamir_poly *poly,
    struct shamir_commitments *c, uint32_t t, struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error shamir_deal_refresh(struct shamir_poly *poly,
    struct shamir_commitments *c, uint32_t t, struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error shamir_deal_reshare(struct shamir_poly *poly,
    struct shamir_commitments *c, uint32_t t, const struct sr_scalar *x_i, struct sr_drbg *drbg);
/* The commitments of any polynomial. */
void shamir_commit(struct shamir_commitments *c, const struct shamir_poly *poly);

/* --- checking --- */
/* What every receiver checks first, on public data: exactly t commitments (COMMITMENT_LENGTH), A_0
 * as the kind demands, no other one the identity (DEALING_BAD). y_i: for RESHARE only, else
 * NULL. */
SR_MUST_CHECK enum sr_error shamir_commitments_check(const struct shamir_commitments *c,
    uint32_t t, enum shamir_dealing_kind kind, const struct sr_point *y_i);
/* f(j) B == sum_k j^k A_k. SHARE_INDEX for 0; DEALING_BAD when the sub-share is wrong. */
SR_MUST_CHECK enum sr_error shamir_feldman_verify(const struct shamir_commitments *c,
    struct shamir_index index, const struct sr_scalar *share);
/* sum_k index^k A_k: the public key of the share with that index. */
SR_MUST_CHECK enum sr_error shamir_feldman_key(struct sr_point *out,
    const struct shamir_commitments *c, struct shamir_index index);
/* keys[j-1] = the key of index j, for j = 1..n. */
SR_MUST_CHECK enum sr_error shamir_feldman_keys(struct sr_point *keys, size_t n,
    const struct shamir_commitments *c);

/* --- sums: DKG, and refresh when the old group's own list / share is one of the summands --- */
/* C_k = sum_i A_{i,k}. All lists must have the same t (COMMITMENT_LENGTH). */
SR_MUST_CHECK enum sr_error shamir_dkg_sum_commitments(struct shamir_commitments *out,
    const struct shamir_commitments *const *dealings, size_t n);
/* x_j = sum_i f_i(j). */
void shamir_dkg_sum_shares(struct sr_scalar *out, const struct sr_scalar *shares, size_t n);

/* --- reshare: dealers are old members, at least the old t of them, all distinct --- */
/* C_k = sum_i lambda_i A_{i,k} with lambda over all n dealers; C_0 must be vault_key:
 * DEALING_BAD. */
SR_MUST_CHECK enum sr_error shamir_reshare_sum_commitments(struct shamir_commitments *out,
    const struct shamir_commitments *const *dealings, const struct shamir_index *dealers, size_t n,
    uint32_t old_t, const struct sr_point *vault_key);
/* x'_j = sum_i lambda_i g_i(j). SHARE_TOO_FEW below old_t dealers. */
SR_MUST_CHECK enum sr_error shamir_reshare_sum_shares(struct sr_scalar *out,
    const struct sr_scalar *shares, const struct shamir_index *dealers, size_t n, uint32_t old_t);

/* Wire: u32 t, then t points. The reader insists on t (COMMITMENT_LENGTH). */
void shamir_commitments_write(struct sr_writer *w, const struct shamir_commitments *c);
void shamir_commitments_read(struct shamir_commitments *out, struct sr_reader *r, uint32_t t);
/* From t encodings. COMMITMENT_LENGTH; BAD_POINT, also for the identity. */
SR_MUST_CHECK enum sr_error shamir_commitments_decode(struct shamir_commitments *out,
    const uint8_t (*bytes)[32], uint32_t t);

#endif
