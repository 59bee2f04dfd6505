/* Polynomials and Lagrange, against RFC 9591's ristretto255 shares. */
#include "shamir/poly.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

#define FROST "crypto/frost/frost-ristretto255-sha512.json"

static struct sr_scalar scalar_of(const json_t *object, const char *member)
{
	struct sr_scalar s;
	uint8_t bytes[32];

	test_vectors_hex_into(bytes, sizeof bytes, object, member);
	ck_ok(sr_scalar_decode(&s, bytes));
	return s;
}

/* The RFC's polynomial: the group's secret and the one coefficient it gives. */
static json_t *frost(struct shamir_poly *poly, struct sr_scalar a[2])
{
	json_t *file = test_vectors_load(FROST, "RFC 9591 shares (1 case)");
	json_t *inputs = json_object_get(file, "inputs");
	json_t *list = json_object_get(inputs, "share_polynomial_coefficients");
	size_t n;
	uint8_t *bytes;

	if (file == NULL)
		return NULL;
	a[0] = scalar_of(inputs, "group_secret_key");
	bytes = test_vectors_unhex(json_string_value(json_array_get(list, 0)), &n);
	ck_assert_uint_eq(n, 32);
	ck_ok(sr_scalar_decode(&a[1], bytes));
	free(bytes);
	*poly = (struct shamir_poly){ a, 2 };
	return file;
}

START_TEST(the_rfc_9591_polynomial_gives_the_rfc_9591_shares)
{
	struct sr_scalar a[2], share, expected;
	struct shamir_poly poly;
	struct sr_point p;
	json_t *file = frost(&poly, a), *inputs, *row;
	uint8_t key[32];
	size_t i;

	if (file == NULL)
		return;
	inputs = json_object_get(file, "inputs");
	json_array_foreach(json_object_get(inputs, "participant_shares"), i, row) {
		struct shamir_index index = {
			(uint32_t)json_integer_value(json_object_get(row, "identifier")) };

		expected = scalar_of(row, "participant_share");
		ck_ok(shamir_poly_eval(&share, &poly, index));
		ck_assert_mem_eq(share.b, expected.b, 32);
	}
	ck_assert_uint_eq(i, 3);
	test_vectors_hex_into(key, sizeof key, inputs, "group_public_key");
	sr_point_base_mul(&p, &a[0]);
	ck_assert_mem_eq(p.b, key, 32);
	json_decref(file);
}
END_TEST

START_TEST(any_two_rfc_9591_shares_give_the_group_secret)
{
	static const uint32_t pairs[][2] = { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 3, 1 } };
	struct sr_scalar a[2], secret, shares[2];
	struct shamir_poly poly;
	json_t *file = frost(&poly, a), *list;

	if (file == NULL)
		return;
	list = json_object_get(json_object_get(file, "inputs"), "participant_shares");
	for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
		struct shamir_index set[2] = { { pairs[k][0] }, { pairs[k][1] } };

		for (size_t i = 0; i < 2; i++)
			shares[i] = scalar_of(json_array_get(list, set[i].v - 1),
			    "participant_share");
		ck_ok(shamir_interpolate(&secret, set, shares, 2));
		ck_assert_mem_eq(secret.b, a[0].b, 32);
	}
	json_decref(file);
}
END_TEST

/* RFC 9591's own set {1, 3}: lambda_1 = 3/2, lambda_3 = -1/2. */
START_TEST(lagrange_coefficients_are_the_quotients_they_should_be)
{
	struct shamir_index set[2] = { { 1 }, { 3 } };
	struct sr_scalar lambda[2], two, three, one, x, zero;

	sr_scalar_from_u32(&zero, 0);
	sr_scalar_from_u32(&one, 1);
	sr_scalar_from_u32(&two, 2);
	sr_scalar_from_u32(&three, 3);
	ck_ok(shamir_lagrange(lambda, set, 2));
	sr_scalar_mul(&x, &lambda[0], &two);
	ck_assert(sr_scalar_equal(&x, &three));
	sr_scalar_mul(&x, &lambda[1], &two);
	sr_scalar_add(&x, &x, &one);
	ck_assert(sr_scalar_equal(&x, &zero));
}
END_TEST

START_TEST(index_zero_and_duplicates_are_refused)
{
	struct shamir_index zero[2] = { { 1 }, { 0 } }, twice[3] = { { 4 }, { 2 }, { 4 } };
	struct shamir_index many[SHAMIR_T_MAX + 1];
	struct sr_scalar lambda[3], out, shares[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
	struct shamir_poly poly = { shares, 3 };

	ck_error(shamir_lagrange(lambda, zero, 2), SR_ERR_SHARE_INDEX);
	ck_error(shamir_lagrange(lambda, twice, 3), SR_ERR_SHARE_DUPLICATE);
	ck_error(shamir_lagrange(lambda, twice, 0), SR_ERR_EMPTY);
	ck_error(shamir_interpolate(&out, zero, shares, 2), SR_ERR_SHARE_INDEX);
	ck_error(shamir_interpolate(&out, twice, shares, 3), SR_ERR_SHARE_DUPLICATE);
	ck_error(shamir_poly_eval(&out, &poly, (struct shamir_index){ 0 }), SR_ERR_SHARE_INDEX);
	ck_assert(sr_scalar_is_zero(&out));
	for (uint32_t i = 0; i <= SHAMIR_T_MAX; i++)
		many[i].v = i + 1;
	ck_error(shamir_indices_check(many, SHAMIR_T_MAX + 1), SR_ERR_TOO_MANY);
	ck_ok(shamir_indices_check(many, SHAMIR_T_MAX));
}
END_TEST

START_TEST(a_threshold_out_of_range_is_refused)
{
	struct sr_drbg drbg;
	struct shamir_poly poly;

	test_drbg(&drbg, "threshold");
	ck_error(shamir_poly_init(&poly, 0, NULL, &drbg), SR_ERR_THRESHOLD);
	ck_error(shamir_poly_init(&poly, SHAMIR_T_MAX + 1, NULL, &drbg), SR_ERR_THRESHOLD);
	ck_assert_ptr_null(poly.a);
	ck_ok(shamir_poly_init(&poly, SHAMIR_T_MAX, NULL, &drbg));
	shamir_poly_clear(&poly);
	shamir_poly_clear(&poly);
}
END_TEST

TEST_MAIN("shamir/poly", the_rfc_9591_polynomial_gives_the_rfc_9591_shares,
    any_two_rfc_9591_shares_give_the_group_secret,
    lagrange_coefficients_are_the_quotients_they_should_be, index_zero_and_duplicates_are_refused,
    a_threshold_out_of_range_is_refused)
