/* shamir/poly.c - polynomials over the scalars, and Lagrange interpolation at 0. */
#include "shamir/poly.h"

enum sr_error shamir_poly_init(struct shamir_poly *self, uint32_t t,
    const struct sr_scalar *constant, struct sr_drbg *drbg)
{
	enum sr_error error = SR_OK;

	*self = (struct shamir_poly){ NULL, 0 };
	if (t < 1 || t > SHAMIR_T_MAX)
		return SR_ERR_THRESHOLD;
	self->a = sr_secret_alloc(t * sizeof *self->a);
	if (self->a == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	self->t = t;
	for (uint32_t k = 0; k < t && error == SR_OK; k++) {
		if (k == 0 && constant != NULL)
			self->a[0] = *constant;
		else
			error = sr_scalar_random(&self->a[k], drbg);
	}
	if (error != SR_OK)
		shamir_poly_clear(self);
	return error;
}

void shamir_poly_clear(struct shamir_poly *self)
{
	sr_secret_free(self->a);
	*self = (struct shamir_poly){ NULL, 0 };
}

enum sr_error shamir_poly_eval(struct sr_scalar *out, const struct shamir_poly *self,
    struct shamir_index index)
{
	SR_SCALAR_AUTO sum;
	struct sr_scalar x;

	SR_ASSERT(self->t >= 1);
	sr_wipe(out, sizeof *out);
	if (index.v == 0)
		return SR_ERR_SHARE_INDEX;
	sr_scalar_from_u32(&x, index.v);
	sum = self->a[self->t - 1];
	for (uint32_t k = self->t - 1; k > 0; k--) {
		sr_scalar_mul(&sum, &sum, &x);
		sr_scalar_add(&sum, &sum, &self->a[k - 1]);
	}
	*out = sum;
	return SR_OK;
}

enum sr_error shamir_indices_check(const struct shamir_index *set, size_t n)
{
	if (n == 0)
		return SR_ERR_EMPTY;
	if (n > SHAMIR_T_MAX)
		return SR_ERR_TOO_MANY;
	for (size_t i = 0; i < n; i++) {
		if (set[i].v == 0)
			return SR_ERR_SHARE_INDEX;
		for (size_t k = 0; k < i; k++) {
			if (set[k].v == set[i].v)
				return SR_ERR_SHARE_DUPLICATE;
		}
	}
	return SR_OK;
}

enum sr_error shamir_lagrange(struct sr_scalar *lambda, const struct shamir_index *set, size_t n)
{
	struct sr_scalar x_i, x_k, difference, below;

	SR_TRY(shamir_indices_check(set, n));
	for (size_t i = 0; i < n; i++) {
		sr_scalar_from_u32(&x_i, set[i].v);
		sr_scalar_from_u32(&lambda[i], 1);
		sr_scalar_from_u32(&below, 1);
		for (size_t k = 0; k < n; k++) {
			if (k == i)
				continue;
			sr_scalar_from_u32(&x_k, set[k].v);
			sr_scalar_mul(&lambda[i], &lambda[i], &x_k);
			sr_scalar_sub(&difference, &x_k, &x_i);
			sr_scalar_mul(&below, &below, &difference);
		}
		sr_scalar_invert(&below, &below);
		sr_scalar_mul(&lambda[i], &lambda[i], &below);
	}
	return SR_OK;
}

enum sr_error shamir_interpolate(struct sr_scalar *out, const struct shamir_index *set,
    const struct sr_scalar *shares, size_t n)
{
	struct sr_scalar lambda[SHAMIR_T_MAX];
	SR_SCALAR_AUTO sum;
	SR_SCALAR_AUTO term;

	sr_wipe(out, sizeof *out);
	SR_TRY(shamir_indices_check(set, n));
	SR_TRY(shamir_lagrange(lambda, set, n));
	sr_scalar_from_u32(&sum, 0);
	for (size_t i = 0; i < n; i++) {
		sr_scalar_mul(&term, &lambda[i], &shares[i]);
		sr_scalar_add(&sum, &sum, &term);
	}
	*out = sum;
	return SR_OK;
}
