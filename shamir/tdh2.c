/* shamir/tdh2.c - TDH2 as DESIGN 6 has it; the formulas are quoted where they are computed. */
#include "shamir/tdh2.h"

#include <string.h>

#define TDH2_DOMAIN "strongroom tdh2 v1"
#define SHARE_DOMAIN "strongroom tdh2 share v1"
#define KEY_LABEL "strongroom tdh2 key v1"

/* e = H(Lb, R, W, R2, W2) */
static void challenge(struct sr_scalar *e, const uint8_t *label, size_t label_n,
    const struct sr_point *r, const struct sr_point *w, const struct sr_point *r2,
    const struct sr_point *w2)
{
	uint8_t length[4];
	struct sr_bytes parts[6] = {
		{ length, sizeof length }, { label, label_n }, { r->b, 32 }, { w->b, 32 },
		{ r2->b, 32 }, { w2->b, 32 },
	};

	for (unsigned i = 0; i < 4; i++)
		length[i] = (uint8_t)(label_n >> (8 * i));
	sr_scalar_hash(e, TDH2_DOMAIN, parts, 6);
}

/* key = HKDF(Z, Lb) */
static enum sr_error derive(struct sr_key32 *key, const struct sr_point *z, const uint8_t *label,
    size_t label_n)
{
	SR_KEY32_AUTO from;

	memcpy(from.b, z->b, sizeof from.b);
	return sr_key_derive(key, &from, KEY_LABEL, label, label_n);
}

/* Z = rY, key = HKDF(Z, Lb) */
static enum sr_error encapsulate(struct sr_key32 *key, const struct sr_scalar *r,
    const struct sr_point *y, const uint8_t *label, size_t label_n)
{
	struct sr_point z = sr_point_identity;
	enum sr_error error = sr_point_mul(&z, r, y);

	if (error == SR_OK)
		error = derive(key, &z, label, label_n);
	sr_wipe(&z, sizeof z);
	return error;
}

enum sr_error shamir_tdh2_encrypt(struct shamir_tdh2_ct *ct, struct sr_key32 *key,
    const struct sr_point *y, const uint8_t *label, size_t label_n, struct sr_drbg *drbg)
{
	struct sr_point w_point, w2_point;
	SR_SCALAR_AUTO r;
	SR_SCALAR_AUTO w;

	*ct = (struct shamir_tdh2_ct){ 0 };
	sr_key32_wipe(key);
	if (label_n > SHAMIR_TDH2_LABEL_MAX)
		return SR_ERR_TOO_LONG;
	if (sr_point_is_identity(y))
		return SR_ERR_BAD_POINT;
	SR_TRY(sr_scalar_random(&r, drbg));
	SR_TRY(sr_scalar_random(&w, drbg));
	SR_TRY(encapsulate(key, &r, y, label, label_n));
	sr_point_base_mul(&ct->r, &r);
	sr_point_base_mul(&w_point, &w);
	SR_TRY(sr_point_mul(&ct->r2, &r, &sr_point_g2));
	SR_TRY(sr_point_mul(&w2_point, &w, &sr_point_g2));
	challenge(&ct->e, label, label_n, &ct->r, &w_point, &ct->r2, &w2_point);
	sr_scalar_mul(&ct->z, &ct->e, &r);              /* z = w + er */
	sr_scalar_add(&ct->z, &ct->z, &w);
	return SR_OK;
}

/* W = zB - eR, W2 = zG2 - eR2 */
static enum sr_error recompute(struct sr_point *w, struct sr_point *w2,
    const struct shamir_tdh2_ct *ct)
{
	struct sr_point left, right;

	sr_point_base_mul(&left, &ct->z);
	SR_TRY(sr_point_mul(&right, &ct->e, &ct->r));
	SR_TRY(sr_point_sub(w, &left, &right));
	SR_TRY(sr_point_mul(&left, &ct->z, &sr_point_g2));
	SR_TRY(sr_point_mul(&right, &ct->e, &ct->r2));
	return sr_point_sub(w2, &left, &right);
}

enum sr_error shamir_tdh2_check(const struct shamir_tdh2_ct *ct, const uint8_t *label,
    size_t label_n)
{
	struct sr_point w, w2;
	struct sr_scalar e;

	if (label_n > SHAMIR_TDH2_LABEL_MAX)
		return SR_ERR_TOO_LONG;
	if (sr_point_is_identity(&ct->r) || sr_point_is_identity(&ct->r2))
		return SR_ERR_BAD_CIPHERTEXT;
	if (recompute(&w, &w2, ct) != SR_OK)
		return SR_ERR_BAD_CIPHERTEXT;
	challenge(&e, label, label_n, &ct->r, &w, &ct->r2, &w2);
	return sr_scalar_equal(&e, &ct->e) ? SR_OK : SR_ERR_BAD_CIPHERTEXT;
}

/* What a share's proof is bound to, besides its points. */
static struct sr_hash32 share_context(const struct shamir_tdh2_ct *ct, const uint8_t *label,
    size_t label_n)
{
	struct sr_bytes parts[5] = {
		{ ct->r.b, 32 }, { ct->r2.b, 32 }, { ct->e.b, 32 }, { ct->z.b, 32 },
		{ label, label_n },
	};

	return sr_hash_domain(SHARE_DOMAIN, parts, 5);
}

enum sr_error shamir_tdh2_share_make(struct shamir_tdh2_share *out, const struct sr_scalar *x_i,
    const struct shamir_tdh2_ct *ct, const uint8_t *label, size_t label_n, struct sr_drbg *drbg)
{
	struct sr_hash32 about;
	struct sr_point y_i;

	*out = (struct shamir_tdh2_share){ 0 };
	SR_TRY(shamir_tdh2_check(ct, label, label_n));
	about = share_context(ct, label, label_n);
	sr_point_base_mul(&y_i, x_i);
	SR_TRY(sr_point_mul(&out->d, x_i, &ct->r));     /* D_i = x_i R */
	return shamir_dleq_prove(&out->proof, x_i, &sr_point_base, &y_i, &ct->r, &out->d, about.b,
	    sizeof about.b, drbg);
}

enum sr_error shamir_tdh2_share_verify(const struct shamir_tdh2_share *share,
    const struct sr_point *y_i, const struct shamir_tdh2_ct *ct, const uint8_t *label,
    size_t label_n)
{
	struct sr_hash32 about = share_context(ct, label, label_n);

	return shamir_dleq_verify(&share->proof, &sr_point_base, y_i, &ct->r, &share->d, about.b,
	    sizeof about.b) == SR_OK ? SR_OK : SR_ERR_SHARE_BAD;
}

/* Z = sum lambda_i D_i over the first t shares, which were all verified. */
static enum sr_error interpolate(struct sr_point *z, const struct shamir_index *indices,
    const struct shamir_tdh2_share *shares, uint32_t t)
{
	struct sr_scalar lambda[SHAMIR_T_MAX];
	struct sr_point term;

	SR_TRY(shamir_lagrange(lambda, indices, t));
	*z = sr_point_identity;
	for (uint32_t i = 0; i < t; i++) {
		SR_TRY(sr_point_mul(&term, &lambda[i], &shares[i].d));
		SR_TRY(sr_point_add(z, z, &term));
	}
	sr_wipe(&term, sizeof term);
	return SR_OK;
}

enum sr_error shamir_tdh2_open(struct sr_key32 *key, const uint8_t *label, size_t label_n,
    const struct shamir_index *indices, const struct shamir_tdh2_share *shares, uint32_t t)
{
	struct sr_point z = sr_point_identity;
	enum sr_error error;

	sr_key32_wipe(key);
	if (t < 1 || t > SHAMIR_T_MAX)
		return SR_ERR_THRESHOLD;
	error = interpolate(&z, indices, shares, t);
	if (error == SR_OK)
		error = derive(key, &z, label, label_n);
	sr_wipe(&z, sizeof z);
	return error;
}

enum sr_error shamir_tdh2_combine(struct sr_key32 *key, struct shamir_index *bad,
    const struct shamir_tdh2_ct *ct, const uint8_t *label, size_t label_n,
    const struct shamir_index *indices,
    const struct sr_point *keys, const struct shamir_tdh2_share *shares, size_t n, uint32_t t)
{
	enum sr_error error;

	sr_key32_wipe(key);
	bad->v = 0;
	if (t < 1 || t > SHAMIR_T_MAX)
		return SR_ERR_THRESHOLD;
	if (n < t)
		return SR_ERR_SHARE_TOO_FEW;
	SR_TRY(shamir_indices_check(indices, n));
	SR_TRY(shamir_tdh2_check(ct, label, label_n));
	for (size_t i = 0; i < n; i++) {
		error = shamir_tdh2_share_verify(&shares[i], &keys[i], ct, label, label_n);
		if (error != SR_OK) {
			*bad = indices[i];
			return error;
		}
	}
	return shamir_tdh2_open(key, label, label_n, indices, shares, t);
}

void shamir_tdh2_ct_write(struct sr_writer *w, const struct shamir_tdh2_ct *ct)
{
	sr_write_point(w, &ct->r);
	sr_write_point(w, &ct->r2);
	sr_write_scalar(w, &ct->e);
	sr_write_scalar(w, &ct->z);
}

void shamir_tdh2_ct_read(struct shamir_tdh2_ct *out, struct sr_reader *r)
{
	out->r = sr_read_point(r);
	out->r2 = sr_read_point(r);
	out->e = sr_read_scalar(r);
	out->z = sr_read_scalar(r);
}

void shamir_tdh2_share_write(struct sr_writer *w, const struct shamir_tdh2_share *share)
{
	sr_write_point(w, &share->d);
	shamir_proof_write(w, &share->proof);
}

void shamir_tdh2_share_read(struct shamir_tdh2_share *out, struct sr_reader *r)
{
	out->d = sr_read_point(r);
	out->proof = shamir_proof_read(r);
}
