/* shamir/dleq.c - proofs about logarithms, made non-interactive by hashing. */
#include "shamir/dleq.h"

#include <string.h>

#define DLEQ_DOMAIN "strongroom dleq v1"
#define POK_DOMAIN "strongroom pok v1"
#define NONCE_LABEL "strongroom proof nonce v1"

/* The statement: up to six points, and the context with its length before it. */
static void challenge(struct sr_scalar *e, const char *domain, const uint8_t *context,
    size_t context_n, const struct sr_point *const *points, size_t points_n)
{
	struct sr_bytes parts[8];
	uint8_t length[8];

	SR_ASSERT(points_n <= 6);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)context_n >> (8 * i));
	parts[0] = (struct sr_bytes){ length, sizeof length };
	parts[1] = (struct sr_bytes){ context, context_n };
	for (size_t i = 0; i < points_n; i++)
		parts[2 + i] = (struct sr_bytes){ points[i]->b, sizeof points[i]->b };
	sr_scalar_hash(e, domain, parts, 2 + points_n);
}

/* w = HKDF(x || 32 fresh bytes; statement). */
static enum sr_error nonce(struct sr_scalar *w, const struct sr_scalar *x,
    const struct sr_scalar *statement, struct sr_drbg *drbg)
{
	uint8_t ikm[64], info[sizeof NONCE_LABEL + 32], wide[64];
	enum sr_error error = sr_drbg_fill(drbg, ikm + 32, 32);

	if (error == SR_OK) {
		memcpy(ikm, x->b, 32);
		memcpy(info, NONCE_LABEL, sizeof NONCE_LABEL);
		memcpy(info + sizeof NONCE_LABEL, statement->b, 32);
		error = sr_hkdf(wide, sizeof wide, ikm, sizeof ikm, NULL, 0, info, sizeof info);
	}
	if (error == SR_OK)
		sr_scalar_from_wide(w, wide);
	sr_wipe(ikm, sizeof ikm);
	sr_wipe(wide, sizeof wide);
	return error;
}

/* z = w + e x */
static void respond(struct shamir_proof *out, const struct sr_scalar *w, const struct sr_scalar *x)
{
	sr_scalar_mul(&out->z, &out->e, x);
	sr_scalar_add(&out->z, &out->z, w);
}

/* s g; the base has its own, faster table. */
static enum sr_error mul(struct sr_point *out, const struct sr_scalar *s, const struct sr_point *g)
{
	if (!sr_point_equal(g, &sr_point_base))
		return sr_point_mul(out, s, g);
	sr_point_base_mul(out, s);
	return SR_OK;
}

/* z g - e p, which is w g when the proof is good. */
static enum sr_error commitment(struct sr_point *out, const struct shamir_proof *proof,
    const struct sr_point *g, const struct sr_point *p)
{
	struct sr_point zg, ep;

	SR_TRY(mul(&zg, &proof->z, g));
	SR_TRY(sr_point_mul(&ep, &proof->e, p));
	return sr_point_sub(out, &zg, &ep);
}

enum sr_error shamir_dleq_prove(struct shamir_proof *out, const struct sr_scalar *x,
    const struct sr_point *g, const struct sr_point *p, const struct sr_point *h,
    const struct sr_point *q,
    const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	struct sr_point a1, a2;
	const struct sr_point *points[6] = { g, p, h, q, &a1, &a2 };
	struct sr_scalar statement;
	SR_SCALAR_AUTO w;

	*out = (struct shamir_proof){ 0 };
	challenge(&statement, DLEQ_DOMAIN, context, context_n, points, 4);
	SR_TRY(nonce(&w, x, &statement, drbg));
	SR_TRY(mul(&a1, &w, g));
	SR_TRY(mul(&a2, &w, h));
	challenge(&out->e, DLEQ_DOMAIN, context, context_n, points, 6);
	respond(out, &w, x);
	return SR_OK;
}

enum sr_error shamir_dleq_verify(const struct shamir_proof *proof, const struct sr_point *g,
    const struct sr_point *p, const struct sr_point *h, const struct sr_point *q,
    const uint8_t *context,
    size_t context_n)
{
	struct sr_point a1, a2;
	const struct sr_point *points[6] = { g, p, h, q, &a1, &a2 };
	struct sr_scalar e;

	for (unsigned i = 0; i < 4; i++) {
		if (sr_point_is_identity(points[i]))
			return SR_ERR_BAD_PROOF;
	}
	SR_TRY(commitment(&a1, proof, g, p));
	SR_TRY(commitment(&a2, proof, h, q));
	challenge(&e, DLEQ_DOMAIN, context, context_n, points, 6);
	return sr_scalar_equal(&e, &proof->e) ? SR_OK : SR_ERR_BAD_PROOF;
}

enum sr_error shamir_pok_prove(struct shamir_proof *out, const struct sr_scalar *x,
    const struct sr_point *p, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	struct sr_point a;
	const struct sr_point *points[2] = { p, &a };
	struct sr_scalar statement;
	SR_SCALAR_AUTO w;

	*out = (struct shamir_proof){ 0 };
	challenge(&statement, POK_DOMAIN, context, context_n, points, 1);
	SR_TRY(nonce(&w, x, &statement, drbg));
	sr_point_base_mul(&a, &w);
	challenge(&out->e, POK_DOMAIN, context, context_n, points, 2);
	respond(out, &w, x);
	return SR_OK;
}

enum sr_error shamir_pok_verify(const struct shamir_proof *proof, const struct sr_point *p,
    const uint8_t *context, size_t context_n)
{
	struct sr_point a;
	const struct sr_point *points[2] = { p, &a };
	struct sr_scalar e;

	if (sr_point_is_identity(p))
		return SR_ERR_BAD_PROOF;
	SR_TRY(commitment(&a, proof, &sr_point_base, p));
	challenge(&e, POK_DOMAIN, context, context_n, points, 2);
	return sr_scalar_equal(&e, &proof->e) ? SR_OK : SR_ERR_BAD_PROOF;
}

void shamir_proof_write(struct sr_writer *w, const struct shamir_proof *proof)
{
	sr_write_scalar(w, &proof->e);
	sr_write_scalar(w, &proof->z);
}

struct shamir_proof shamir_proof_read(struct sr_reader *r)
{
	struct shamir_proof proof;

	proof.e = sr_read_scalar(r);
	proof.z = sr_read_scalar(r);
	return proof;
}
