/*
 * shamir/tdh2.h - threshold key encapsulation TDH2 (Shoup, Gennaro 2002) over ristretto255, exactly
 * as DESIGN 6 has it:
 *
 *   encrypt  R = rB  R2 = rG2  W = wB  W2 = wG2  e = H(Lb, R, W, R2, W2)  z = w + er
 *            Z = rY  key = HKDF(Z, Lb)
 *   check    e == H(Lb, R, zB - eR, R2, zG2 - eR2)
 *   share    D_i = x_i R with a DLEQ proof against Y_i
 *   combine  Z = sum lambda_i D_i
 *
 * The check makes it safe against chosen ciphertexts: a share is made only for a ciphertext whose
 * maker knew r and named the label, so a ciphertext copied under another policy's label does not
 * decrypt.
 */
#ifndef SR_SHAMIR_TDH2_H
#define SR_SHAMIR_TDH2_H

#include "shamir/dleq.h"
#include "shamir/poly.h"

#define SHAMIR_TDH2_CT_SIZE 128u        /* R, R2, e, z */
#define SHAMIR_TDH2_SHARE_SIZE 96u      /* D, e, z */
#define SHAMIR_TDH2_LABEL_MAX 1024u     /* ours is a hash of 32 */

struct shamir_tdh2_ct { struct sr_point r, r2; struct sr_scalar e, z; };        /* public */
struct shamir_tdh2_share { struct sr_point d; struct shamir_proof proof; };     /* public */

/* A fresh ciphertext and the key it carries. BAD_POINT when y is none or the identity; TOO_LONG
 * label. */
SR_MUST_CHECK enum sr_error shamir_tdh2_encrypt(struct shamir_tdh2_ct *ct, struct sr_key32 *key,
    const struct sr_point *y, const uint8_t *label, size_t label_n, struct sr_drbg *drbg);
/* BAD_CIPHERTEXT: changed, or for another label. */
SR_MUST_CHECK enum sr_error shamir_tdh2_check(const struct shamir_tdh2_ct *ct,
    const uint8_t *label, size_t label_n);
/* Checks the ciphertext first (BAD_CIPHERTEXT: nothing is computed with x_i). */
SR_MUST_CHECK enum sr_error shamir_tdh2_share_make(struct shamir_tdh2_share *out,
    const struct sr_scalar *x_i, const struct shamir_tdh2_ct *ct, const uint8_t *label,
    size_t label_n, struct sr_drbg *drbg);
/* SHARE_BAD unless the share is x_i R for the x_i behind y_i. Assumes a checked ciphertext. */
SR_MUST_CHECK enum sr_error shamir_tdh2_share_verify(const struct shamir_tdh2_share *share,
    const struct sr_point *y_i, const struct shamir_tdh2_ct *ct, const uint8_t *label,
    size_t label_n);
/* Of the first t shares, each verified by the caller, of a ciphertext that it has checked.
 * THRESHOLD; SHARE_INDEX, SHARE_DUPLICATE. */
SR_MUST_CHECK enum sr_error shamir_tdh2_open(struct sr_key32 *key, const uint8_t *label,
    size_t label_n, const struct shamir_index *indices, const struct shamir_tdh2_share *shares,
    uint32_t t);
/*
 * Checks the ciphertext and every one of the n shares against keys[i] (the Y_i of indices[i]), and
 * combines. SHARE_TOO_FEW below t; SHARE_INDEX, SHARE_DUPLICATE; SHARE_BAD with the culprit's index
 * in *bad, even when enough good ones are there: the caller drops it, reports it, and calls again.
 */
SR_MUST_CHECK enum sr_error shamir_tdh2_combine(struct sr_key32 *key, struct shamir_index *bad,
    const struct shamir_tdh2_ct *ct, const uint8_t *label, size_t label_n,
    const struct shamir_index *indices, const struct sr_point *keys,
    const struct shamir_tdh2_share *shares, size_t n, uint32_t t);

/* Wire: fixed sizes, canonical points (no identity) and scalars. */
void shamir_tdh2_ct_write(struct sr_writer *w, const struct shamir_tdh2_ct *ct);
void shamir_tdh2_ct_read(struct shamir_tdh2_ct *out, struct sr_reader *r);
void shamir_tdh2_share_write(struct sr_writer *w, const struct shamir_tdh2_share *share);
void shamir_tdh2_share_read(struct shamir_tdh2_share *out, struct sr_reader *r);

#endif
