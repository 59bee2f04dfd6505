/* shamir/pedersen.c - dealings whose commitments hide what is shared. */
#include "shamir/pedersen.h"

#include <string.h>

static const char key_label[] = "strongroom dealt key v1";

void shamir_pair_wipe(struct shamir_pair *pair)
{
	sr_wipe(pair, sizeof *pair);
}

void shamir_pedersen_commit(struct sr_point *out, const struct shamir_pair *pair)
{
	struct sr_point blind;
	enum sr_error error = sr_point_mul(&blind, &pair->g, &sr_point_h);

	SR_ASSERT(error == SR_OK);
	sr_point_base_mul(out, &pair->f);
	/* Two points have a sum, whatever the scalars are: nothing here depends on them. Each half
	 * alone is no commitment, so only the sum leaves. */
	error = sr_point_add(out, out, &blind);
	(void)error;
	sr_wipe(&blind, sizeof blind);
}

static void commit_all(struct shamir_commitments *c, const struct shamir_pair_poly *poly)
{
	*c = (struct shamir_commitments){ .t = poly->f.t };
	for (uint32_t k = 0; k < poly->f.t; k++) {
		SHAMIR_PAIR_AUTO pair;

		pair = (struct shamir_pair){ poly->f.a[k], poly->g.a[k] };
		shamir_pedersen_commit(&c->a[k], &pair);
	}
}

/* f, g: the constants, NULL for random ones. */
static enum sr_error deal(struct shamir_pair_poly *poly, struct shamir_commitments *c, uint32_t t,
    const struct sr_scalar *f, const struct sr_scalar *g, struct sr_drbg *drbg)
{
	enum sr_error error;

	*poly = (struct shamir_pair_poly){ { NULL, 0 }, { NULL, 0 } };
	error = shamir_poly_init(&poly->f, t, f, drbg);
	if (error == SR_OK)
		error = shamir_poly_init(&poly->g, t, g, drbg);
	if (error == SR_OK)
		commit_all(c, poly);
	else
		shamir_pedersen_clear(poly);
	return error;
}

enum sr_error shamir_pedersen_deal(struct shamir_pair_poly *poly, struct shamir_commitments *c,
    uint32_t t, const struct sr_scalar *secret, struct sr_drbg *drbg)
{
	return deal(poly, c, t, secret, NULL, drbg);
}

enum sr_error shamir_pedersen_deal_refresh(struct shamir_pair_poly *poly,
    struct shamir_commitments *c, uint32_t t, struct sr_drbg *drbg)
{
	static const struct sr_scalar zero = { { 0 } };

	return deal(poly, c, t, &zero, &zero, drbg);
}

enum sr_error shamir_pedersen_deal_reshare(struct shamir_pair_poly *poly,
    struct shamir_commitments *c, uint32_t t, const struct shamir_pair *own, struct sr_drbg *drbg)
{
	return deal(poly, c, t, &own->f, &own->g, drbg);
}

void shamir_pedersen_clear(struct shamir_pair_poly *poly)
{
	shamir_poly_clear(&poly->f);
	shamir_poly_clear(&poly->g);
}

enum sr_error shamir_pedersen_eval(struct shamir_pair *out, const struct shamir_pair_poly *poly,
    struct shamir_index index)
{
	shamir_pair_wipe(out);
	SR_TRY(shamir_poly_eval(&out->f, &poly->f, index));
	return shamir_poly_eval(&out->g, &poly->g, index);
}

enum sr_error shamir_pedersen_verify(const struct shamir_commitments *c, struct shamir_index index,
    const struct shamir_pair *pair)
{
	struct sr_point expected, got;

	SR_TRY(shamir_feldman_key(&expected, c, index));
	shamir_pedersen_commit(&got, pair);
	return sr_point_equal(&expected, &got) ? SR_OK : SR_ERR_DEALING_BAD;
}

enum sr_error shamir_pedersen_combine(struct sr_scalar *secret, struct shamir_index *bad,
    const struct shamir_commitments *c, const struct shamir_index *indices,
    const struct shamir_pair *pairs, size_t n)
{
	struct sr_scalar lambda[SHAMIR_T_MAX];
	SR_SCALAR_AUTO sum;
	SR_SCALAR_AUTO term;
	enum sr_error error;

	sr_scalar_wipe(secret);
	bad->v = 0;
	if (c->t < 1 || c->t > SHAMIR_T_MAX)
		return SR_ERR_COMMITMENT_LENGTH;
	if (n < c->t)
		return SR_ERR_SHARE_TOO_FEW;
	SR_TRY(shamir_indices_check(indices, n));
	for (size_t i = 0; i < n; i++) {
		error = shamir_pedersen_verify(c, indices[i], &pairs[i]);
		if (error != SR_OK) {
			*bad = indices[i];
			return error == SR_ERR_DEALING_BAD ? SR_ERR_SHARE_BAD : error;
		}
	}
	SR_TRY(shamir_lagrange(lambda, indices, c->t));
	sr_scalar_from_u32(&sum, 0);
	for (uint32_t i = 0; i < c->t; i++) {
		sr_scalar_mul(&term, &lambda[i], &pairs[i].f);
		sr_scalar_add(&sum, &sum, &term);
	}
	*secret = sum;
	return SR_OK;
}

void shamir_pedersen_sum(struct shamir_pair *out, const struct shamir_pair *pairs, size_t n)
{
	SHAMIR_PAIR_AUTO sum;

	sr_scalar_from_u32(&sum.f, 0);
	sr_scalar_from_u32(&sum.g, 0);
	for (size_t i = 0; i < n; i++) {
		sr_scalar_add(&sum.f, &sum.f, &pairs[i].f);
		sr_scalar_add(&sum.g, &sum.g, &pairs[i].g);
	}
	*out = sum;
}

enum sr_error shamir_pedersen_reshare_sum(struct shamir_pair *out, const struct shamir_pair *pairs,
    const struct shamir_index *dealers, size_t n, uint32_t old_t)
{
	struct sr_scalar lambda[SHAMIR_T_MAX];
	SHAMIR_PAIR_AUTO sum;
	SHAMIR_PAIR_AUTO term;

	shamir_pair_wipe(out);
	SR_TRY(shamir_indices_check(dealers, n));
	if (n < old_t)
		return SR_ERR_SHARE_TOO_FEW;
	SR_TRY(shamir_lagrange(lambda, dealers, n));
	shamir_pair_wipe(&sum);
	for (size_t i = 0; i < n; i++) {
		sr_scalar_mul(&term.f, &lambda[i], &pairs[i].f);
		sr_scalar_mul(&term.g, &lambda[i], &pairs[i].g);
		sr_scalar_add(&sum.f, &sum.f, &term.f);
		sr_scalar_add(&sum.g, &sum.g, &term.g);
	}
	*out = sum;
	return SR_OK;
}

enum sr_error shamir_pedersen_key(struct sr_key32 *out, const struct sr_scalar *secret,
    const uint8_t *label, size_t label_n)
{
	SR_KEY32_AUTO from;

	memcpy(from.b, secret->b, sizeof from.b);
	return sr_key_derive(out, &from, key_label, label, label_n);
}

void shamir_pair_write(struct sr_writer *w, const struct shamir_pair *pair)
{
	sr_write_scalar(w, &pair->f);
	sr_write_scalar(w, &pair->g);
}

void shamir_pair_read(struct shamir_pair *out, struct sr_reader *r)
{
	out->f = sr_read_scalar(r);
	out->g = sr_read_scalar(r);
}
