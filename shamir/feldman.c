/* shamir/feldman.c - verifiable dealings and their sums. */
#include "shamir/feldman.h"

static enum sr_error deal(struct shamir_poly *poly, struct shamir_commitments *c, uint32_t t,
    const struct sr_scalar *constant, struct sr_drbg *drbg)
{
	SR_TRY(shamir_poly_init(poly, t, constant, drbg));
	shamir_commit(c, poly);
	return SR_OK;
}

enum sr_error shamir_deal_fresh(struct shamir_poly *poly, struct shamir_commitments *c, uint32_t t,
    struct sr_drbg *drbg)
{
	return deal(poly, c, t, NULL, drbg);
}

enum sr_error shamir_deal_refresh(struct shamir_poly *poly, struct shamir_commitments *c,
    uint32_t t, struct sr_drbg *drbg)
{
	static const struct sr_scalar zero = { { 0 } };

	return deal(poly, c, t, &zero, drbg);
}

enum sr_error shamir_deal_reshare(struct shamir_poly *poly, struct shamir_commitments *c,
    uint32_t t, const struct sr_scalar *x_i, struct sr_drbg *drbg)
{
	return deal(poly, c, t, x_i, drbg);
}

void shamir_commit(struct shamir_commitments *c, const struct shamir_poly *poly)
{
	SR_ASSERT(poly->t >= 1 && poly->t <= SHAMIR_T_MAX);
	*c = (struct shamir_commitments){ .t = poly->t };
	for (uint32_t k = 0; k < poly->t; k++)
		sr_point_base_mul(&c->a[k], &poly->a[k]);
}

static enum sr_error length_check(const struct shamir_commitments *c)
{
	return c->t >= 1 && c->t <= SHAMIR_T_MAX ? SR_OK : SR_ERR_COMMITMENT_LENGTH;
}

enum sr_error shamir_commitments_check(const struct shamir_commitments *c, uint32_t t,
    enum shamir_dealing_kind kind, const struct sr_point *y_i)
{
	bool good = false;

	SR_TRY(length_check(c));
	if (c->t != t)
		return SR_ERR_COMMITMENT_LENGTH;
	switch (kind) {
	case SHAMIR_DEAL_FRESH:
		good = !sr_point_is_identity(&c->a[0]);
		break;
	case SHAMIR_DEAL_REFRESH:
		good = sr_point_is_identity(&c->a[0]);
		break;
	case SHAMIR_DEAL_RESHARE:
		good = y_i != NULL && sr_point_equal(&c->a[0], y_i);
		break;
	}
	/* A higher coefficient of zero is a polynomial of lower degree, which no honest dealer
	 * makes. */
	for (uint32_t k = 1; k < t && good; k++)
		good = !sr_point_is_identity(&c->a[k]);
	return good ? SR_OK : SR_ERR_DEALING_BAD;
}

enum sr_error shamir_feldman_key(struct sr_point *out, const struct shamir_commitments *c,
    struct shamir_index index)
{
	struct sr_scalar x;
	struct sr_point sum;

	SR_TRY(length_check(c));
	if (index.v == 0)
		return SR_ERR_SHARE_INDEX;
	sr_scalar_from_u32(&x, index.v);
	sum = c->a[c->t - 1];
	for (uint32_t k = c->t - 1; k > 0; k--) {
		SR_TRY(sr_point_mul(&sum, &x, &sum));
		SR_TRY(sr_point_add(&sum, &sum, &c->a[k - 1]));
	}
	*out = sum;
	return SR_OK;
}

enum sr_error shamir_feldman_keys(struct sr_point *keys, size_t n,
    const struct shamir_commitments *c)
{
	if (n > SR_MEMBERS_MAX)
		return SR_ERR_TOO_MANY;
	for (size_t j = 0; j < n; j++)
		SR_TRY(shamir_feldman_key(&keys[j], c, (struct shamir_index){ (uint32_t)j + 1 }));
	return SR_OK;
}

enum sr_error shamir_feldman_verify(const struct shamir_commitments *c, struct shamir_index index,
    const struct sr_scalar *share)
{
	struct sr_point expected, got;

	SR_TRY(shamir_feldman_key(&expected, c, index));
	sr_point_base_mul(&got, share);
	return sr_point_equal(&expected, &got) ? SR_OK : SR_ERR_DEALING_BAD;
}

/* out_k = sum_i lambda_i A_{i,k}; lambda NULL stands for ones. */
static enum sr_error sum_commitments(struct shamir_commitments *out,
    const struct shamir_commitments *const *dealings, const struct sr_scalar *lambda, size_t n)
{
	struct sr_point term;

	if (n == 0)
		return SR_ERR_EMPTY;
	if (n > SR_MEMBERS_MAX + 1)     /* a refresh adds the old list to one of each member */
		return SR_ERR_TOO_MANY;
	SR_TRY(length_check(dealings[0]));
	*out = (struct shamir_commitments){ .t = dealings[0]->t };
	for (size_t i = 0; i < n; i++) {
		if (dealings[i]->t != out->t)
			return SR_ERR_COMMITMENT_LENGTH;
		for (uint32_t k = 0; k < out->t; k++) {
			term = dealings[i]->a[k];
			if (lambda != NULL)
				SR_TRY(sr_point_mul(&term, &lambda[i], &term));
			SR_TRY(sr_point_add(&out->a[k], &out->a[k], &term));
		}
	}
	return SR_OK;
}

enum sr_error shamir_dkg_sum_commitments(struct shamir_commitments *out,
    const struct shamir_commitments *const *dealings, size_t n)
{
	return sum_commitments(out, dealings, NULL, n);
}

void shamir_dkg_sum_shares(struct sr_scalar *out, const struct sr_scalar *shares, size_t n)
{
	SR_SCALAR_AUTO sum;

	sr_scalar_from_u32(&sum, 0);
	for (size_t i = 0; i < n; i++)
		sr_scalar_add(&sum, &sum, &shares[i]);
	*out = sum;
}

/* Any old_t dealers fix the old polynomial; more lie on it too and change nothing. */
static enum sr_error dealers_check(const struct shamir_index *dealers, size_t n, uint32_t old_t)
{
	SR_TRY(shamir_indices_check(dealers, n));
	return n >= old_t ? SR_OK : SR_ERR_SHARE_TOO_FEW;
}

enum sr_error shamir_reshare_sum_commitments(struct shamir_commitments *out,
    const struct shamir_commitments *const *dealings, const struct shamir_index *dealers, size_t n,
    uint32_t
    old_t, const struct sr_point *vault_key)
{
	struct sr_scalar lambda[SHAMIR_T_MAX];

	SR_TRY(dealers_check(dealers, n, old_t));
	SR_TRY(shamir_lagrange(lambda, dealers, n));
	SR_TRY(sum_commitments(out, dealings, lambda, n));
	return sr_point_equal(&out->a[0], vault_key) ? SR_OK : SR_ERR_DEALING_BAD;
}

enum sr_error shamir_reshare_sum_shares(struct sr_scalar *out, const struct sr_scalar *shares,
    const struct shamir_index *dealers, size_t n, uint32_t old_t)
{
	sr_wipe(out, sizeof *out);
	SR_TRY(dealers_check(dealers, n, old_t));
	return shamir_interpolate(out, dealers, shares, n);
}

void shamir_commitments_write(struct sr_writer *w, const struct shamir_commitments *c)
{
	SR_ASSERT(c->t <= SHAMIR_T_MAX);
	sr_write_u32(w, c->t);
	for (uint32_t k = 0; k < c->t; k++)
		sr_write_point(w, &c->a[k]);
}

void shamir_commitments_read(struct shamir_commitments *out, struct sr_reader *r, uint32_t t)
{
	*out = (struct shamir_commitments){ 0 };
	if (sr_read_u32(r) != t || t < 1 || t > SHAMIR_T_MAX) {
		sr_reader_fail(r, SR_ERR_COMMITMENT_LENGTH);
		return;
	}
	out->t = t;
	for (uint32_t k = 0; k < t; k++)
		out->a[k] = sr_read_point_any(r);
}

enum sr_error shamir_commitments_decode(struct shamir_commitments *out, const uint8_t (*bytes)[32],
    uint32_t t)
{
	*out = (struct shamir_commitments){ 0 };
	if (t < 1 || t > SHAMIR_T_MAX)
		return SR_ERR_COMMITMENT_LENGTH;
	for (uint32_t k = 0; k < t; k++)
		SR_TRY(sr_point_decode(&out->a[k], bytes[k]));
	out->t = t;
	return SR_OK;
}
