/*
 * shamir/subshare.h - a 32-byte secret from a dealer to one receiver, so that a bad one can be
 * shown to everybody (DESIGN 5, step 2): ElGamal over ristretto255 with AES-256-GCM.
 *
 *   receiver's box key  P = p B
 *   seal                R = r B, K = HKDF(r P; R, P, context), box = R || AES-256-GCM(K, payload)
 *   complaint           S = p R and a DLEQ that log_B(P) == log_R(S): everyone computes K and looks
 *
 * A complaint reveals S, which opens every box to this receiver with the same R, and nothing about
 * p. So a dealer must prove that he knows r: with an R made out of another dealer's he would have
 * the receivers' honest complaints open that dealer's boxes for him. All boxes of one dealing have
 * one r, and one proof. The context names the chain, epoch, dealer and receiver, so that a box
 * can't be moved.
 */
#ifndef SR_SHAMIR_SUBSHARE_H
#define SR_SHAMIR_SUBSHARE_H

#include "shamir/dleq.h"
#include "shamir/pedersen.h"

#define SHAMIR_BOX_SIZE (32u + 32u + SR_GCM_TAG)        /* R, payload, tag: 80 */
#define SHAMIR_COMPLAINT_SIZE (32u + SHAMIR_PROOF_SIZE) /* 96 */

#define SHAMIR_PAIR_BOX_SIZE (32u + SHAMIR_PAIR_SIZE + SR_GCM_TAG)      /* 112 */

struct shamir_box { uint8_t b[SHAMIR_BOX_SIZE]; };
struct shamir_pair_box { uint8_t b[SHAMIR_PAIR_BOX_SIZE]; };
struct shamir_complaint { struct sr_point ecdh; struct shamir_proof proof; };

SR_MUST_CHECK enum sr_error shamir_box_keypair(struct sr_scalar *p, struct sr_point *key,
    struct sr_drbg *drbg);

/* Any 32-byte payload: an epoch contribution. */
SR_MUST_CHECK enum sr_error shamir_box_seal32(struct shamir_box *out, const struct sr_point *to,
    const struct sr_key32 *payload, const uint8_t *context, size_t context_n,
    struct sr_drbg *drbg);
/* DECRYPT_FAILED (R no point, or changed bytes, or another context): then complain. */
SR_MUST_CHECK enum sr_error shamir_box_open32(struct sr_key32 *payload,
    const struct shamir_box *box, const struct sr_scalar *p, const uint8_t *context,
    size_t context_n);
/* The same with a scalar; opening adds BAD_SCALAR, also grounds for a complaint. */
SR_MUST_CHECK enum sr_error shamir_subshare_seal(struct shamir_box *out, const struct sr_point *to,
    const struct sr_scalar *share, const uint8_t *context, size_t context_n,
    struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error shamir_subshare_open(struct sr_scalar *share,
    const struct shamir_box *box, const struct sr_scalar *p, const uint8_t *context,
    size_t context_n);

/* --- the boxes of one dealing: one r, which the dealer proves to know --- */
SR_MUST_CHECK enum sr_error shamir_box_seal32_with(struct shamir_box *out,
    const struct sr_scalar *r, const struct sr_point *to, const struct sr_key32 *payload,
    const uint8_t *context, size_t context_n);
SR_MUST_CHECK enum sr_error shamir_subshare_seal_with(struct shamir_box *out,
    const struct sr_scalar *r, const struct sr_point *to, const struct sr_scalar *share,
    const uint8_t *context, size_t context_n);
SR_MUST_CHECK enum sr_error shamir_boxes_prove(struct shamir_proof *out, const struct sr_scalar *r,
    const uint8_t *context, size_t context_n, struct sr_drbg *drbg);
/* BAD_PROOF: not all of these boxes have the R of the first one, or nobody proved to know its r. */
SR_MUST_CHECK enum sr_error shamir_boxes_verify(const struct shamir_proof *proof,
    const struct shamir_box *first, const struct shamir_box *boxes, size_t n,
    const uint8_t *context, size_t context_n);

/* The same for the pairs of shamir/pedersen.h: one box for both halves. */
SR_MUST_CHECK enum sr_error shamir_pair_seal(struct shamir_pair_box *out,
    const struct sr_point *to, const struct shamir_pair *pair, const uint8_t *context,
    size_t context_n, struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error shamir_pair_seal_with(struct shamir_pair_box *out,
    const struct sr_scalar *r, const struct sr_point *to, const struct shamir_pair *pair,
    const uint8_t *context, size_t context_n);
/* DECRYPT_FAILED, BAD_SCALAR: grounds for a complaint. */
SR_MUST_CHECK enum sr_error shamir_pair_open(struct shamir_pair *pair,
    const struct shamir_pair_box *box, const struct sr_scalar *p, const uint8_t *context,
    size_t context_n);
/* BAD_PROOF: not all have one R, or its r is not proven (shamir_boxes_prove); BAD_POINT: R is no
 * point, or the identity; EMPTY. */
SR_MUST_CHECK enum sr_error shamir_pair_boxes_verify(const struct shamir_proof *proof,
    const struct shamir_pair_box *boxes, size_t n, const uint8_t *context, size_t context_n);

/* What everyone checks without any key: R is a point and not the identity. BAD_POINT: the dealer is
 * at fault and no complaint is needed (nor could one be made). */
SR_MUST_CHECK enum sr_error shamir_box_check(const struct shamir_box *box);

/* --- complaints --- */
SR_MUST_CHECK enum sr_error shamir_complaint_make(struct shamir_complaint *out,
    const struct shamir_box *box, const struct sr_scalar *p, const uint8_t *context,
    size_t context_n, struct sr_drbg *drbg);
/*
 * Judges a complaint of receiver `index` with box key `to` against a dealing. BAD_PROOF: the
 * complaint itself is false, the dealer is not at fault. Else SR_OK, and *dealer_at_fault says
 * whether the box does not decrypt, is no scalar, or does not fit the commitments (which the caller
 * has checked already).
 */
SR_MUST_CHECK enum sr_error shamir_complaint_judge_share(bool *dealer_at_fault,
    const struct shamir_complaint *complaint, const struct shamir_box *box,
    const struct sr_point *to, const uint8_t *context, size_t context_n,
    const struct shamir_commitments *c, struct shamir_index index);
/* The same for a contribution, whose dealer published shamir_contribution_commit of it. */
SR_MUST_CHECK enum sr_error shamir_complaint_judge32(bool *dealer_at_fault,
    const struct shamir_complaint *complaint, const struct shamir_box *box,
    const struct sr_point *to, const uint8_t *context, size_t context_n,
    const struct sr_hash32 *commitment);
/* The same for a pair in its box. */
SR_MUST_CHECK enum sr_error shamir_pair_complain(struct shamir_complaint *out,
    const struct shamir_pair_box *box, const struct sr_scalar *p, const uint8_t *context,
    size_t context_n, struct sr_drbg *drbg);
SR_MUST_CHECK enum sr_error shamir_complaint_judge_pair(bool *dealer_at_fault,
    const struct shamir_complaint *complaint, const struct shamir_pair_box *box,
    const struct sr_point *to, const uint8_t *context, size_t context_n,
    const struct shamir_commitments *c, struct shamir_index index);
/* Hiding because the payload is 32 random bytes; never for anything that could be guessed. */
struct sr_hash32 shamir_contribution_commit(const struct sr_key32 *payload);

/* Wire: the box is its 80 bytes; a complaint is the point and the proof, 96 bytes. */
void shamir_box_write(struct sr_writer *w, const struct shamir_box *box);
void shamir_box_read(struct shamir_box *out, struct sr_reader *r);
void shamir_complaint_write(struct sr_writer *w, const struct shamir_complaint *complaint);
void shamir_complaint_read(struct shamir_complaint *out, struct sr_reader *r);

#endif
