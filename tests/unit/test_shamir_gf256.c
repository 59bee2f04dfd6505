/* GF(2^8): every product on every kernel, the kernels against each other, splitting and
 * combining. */
#include "shamir/gf256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

/* The definition, by long division; shares nothing with what is tested. */
static uint8_t product(uint8_t a, uint8_t b)
{
	unsigned p = 0;

	for (unsigned i = 0; i < 8; i++) {
		if (b >> i & 1)
			p ^= (unsigned)a << i;
	}
	for (unsigned i = 15; i >= 8; i--) {
		if (p >> i & 1)
			p ^= 0x11bu << (i - 8);
	}
	return (uint8_t)p;
}

/* How many of the 65,536 products a kernel's two loops get wrong. */
static unsigned wrong_products(const struct shamir_gf_kernel *kernel)
{
	uint8_t all[256], zeros[256] = { 0 }, out[256], lambda;
	const uint8_t *rows[2] = { zeros, all };
	unsigned wrong_n = 0;

	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	for (unsigned x = 0; x < 256; x++) {
		lambda = (uint8_t)x;
		kernel->eval(out, lambda, rows, 2, 256, false);
		for (unsigned i = 0; i < 256; i++)
			wrong_n += out[i] != product(lambda, (uint8_t)i);
		kernel->dot(out, &lambda, rows + 1, 1, 256, false);
		for (unsigned i = 0; i < 256; i++)
			wrong_n += out[i] != product(lambda, (uint8_t)i);
	}
	return wrong_n;
}

START_TEST(all_65536_products_are_right_on_every_kernel)
{
	unsigned kernels_n = 0;

	for (unsigned k = 0; k < SHAMIR_GF_KERNELS; k++) {
		const struct shamir_gf_kernel *kernel = shamir_gf_kernel_get(k);

		if (kernel == NULL) {
			fprintf(stderr, "SKIPPED: kernel %u is not on this CPU\n", k);
			continue;
		}
		ck_assert_uint_eq(wrong_products(kernel), 0);
		kernels_n++;
	}
	ck_assert_uint_ge(kernels_n, 1);
	for (unsigned a = 0; a < 256; a++) {
		for (unsigned b = 0; b < 256; b++)
			ck_assert_uint_eq(shamir_gf_mul((uint8_t)a, (uint8_t)b),
			    product((uint8_t)a, (uint8_t)b));
	}
}
END_TEST

static void faulty_eval(uint8_t *out, uint8_t x, const uint8_t *const *rows, unsigned t, size_t n,
    bool stream)
{
	shamir_gf_kernel_get(0)->eval(out, x, rows, t, n, stream);
	if (x == 0x53)
		out[0xca] ^= 1;                         /* one product of all is wrong */
}

START_TEST(one_wrong_product_would_be_found)
{
	struct shamir_gf_kernel faulty = *shamir_gf_kernel_get(0);

	faulty.eval = faulty_eval;
	ck_assert_uint_eq(wrong_products(&faulty), 1);
}
END_TEST

START_TEST(every_inverse_is_one)
{
	for (unsigned a = 1; a < 256; a++)
		ck_assert_uint_eq(product((uint8_t)a, shamir_gf_inv((uint8_t)a)), 1);
	ck_assert_uint_eq(shamir_gf_inv(0), 0);
}
END_TEST

/* One random call of both loops on two kernels, at odd lengths and alignments. */
static void compare_kernels(const struct shamir_gf_kernel *a, const struct shamir_gf_kernel *b,
    struct sr_drbg *drbg)
{
	static uint8_t in[9][2200], got_a[2200], got_b[2200];
	const uint8_t *rows[9];
	uint8_t lambda[9];
	const unsigned t = 1 + test_below(drbg, 9);
	const size_t n = test_below(drbg, 2000), shift = test_below(drbg, 2) * test_below(drbg, 64);
	const bool stream = test_below(drbg, 2);
	const uint8_t x = (uint8_t)test_below(drbg, 256);

	ck_ok(sr_drbg_fill(drbg, lambda, sizeof lambda));
	for (unsigned k = 0; k < t; k++) {
		ck_ok(sr_drbg_fill(drbg, in[k], sizeof in[k]));
		rows[k] = in[k] + test_below(drbg, 64);
	}
	memset(got_a, 0xa5, sizeof got_a);
	memset(got_b, 0xa5, sizeof got_b);
	a->eval(got_a + shift, x, rows, t, n, stream);
	b->eval(got_b + shift, x, rows, t, n, stream);
	ck_assert_mem_eq(got_a, got_b, sizeof got_a);           /* beyond the end as well */
	a->dot(got_a + shift, lambda, rows, t, n, stream);
	b->dot(got_b + shift, lambda, rows, t, n, stream);
	ck_assert_mem_eq(got_a, got_b, sizeof got_a);
}

START_TEST(the_kernels_give_the_same_bytes)
{
	struct sr_drbg drbg;

	test_drbg(&drbg, "same bytes");
	for (unsigned k = 1; k < SHAMIR_GF_KERNELS; k++) {
		if (shamir_gf_kernel_get(k) == NULL)
			continue;
		for (unsigned i = 0; i < 2000; i++)
			compare_kernels(shamir_gf_kernel_get(0), shamir_gf_kernel_get(k), &drbg);
	}
}
END_TEST

#define SIZE_MAX_HERE (70u * 1024u)

static uint8_t *shares[255], secret[SIZE_MAX_HERE], joined[SIZE_MAX_HERE];

static void split_all(unsigned t, unsigned n, size_t size, struct sr_drbg *drbg,
    const struct shamir_gf_kernel *kernel)
{
	struct shamir_gf_split split;
	struct sr_key32 key;

	for (unsigned i = 0; i < n; i++) {
		if (shares[i] == NULL)
			shares[i] = malloc(SIZE_MAX_HERE);
		ck_assert_ptr_nonnull(shares[i]);
	}
	ck_ok(sr_drbg_fill(drbg, secret, sizeof secret));
	ck_ok(sr_drbg_fill(drbg, key.b, sizeof key.b));
	ck_ok(shamir_gf_split_init(&split, t, n, &key, kernel));
	ck_ok(shamir_gf_split_update(&split, shares, secret, size));
	shamir_gf_split_clear(&split);
}

static enum sr_error join(uint8_t *bad, const uint8_t *indices, unsigned m, unsigned t, size_t size,
    const struct shamir_gf_kernel *kernel)
{
	const uint8_t *in[255];

	for (unsigned i = 0; i < m; i++)
		in[i] = shares[indices[i] == 0 ? 0 : indices[i] - 1];
	return shamir_gf_combine(joined, bad, indices, in, m, t, size, kernel);
}

START_TEST(every_t_of_n_give_the_secret_on_every_kernel)
{
	struct sr_drbg drbg;
	uint8_t bad;

	test_drbg(&drbg, "every t of n");
	for (unsigned k = 0; k < SHAMIR_GF_KERNELS; k++) {
		const struct shamir_gf_kernel *kernel = shamir_gf_kernel_get(k);

		if (kernel == NULL)
			continue;
		split_all(3, 5, SIZE_MAX_HERE, &drbg, kernel);
		for (uint8_t a = 1; a <= 5; a++) {
			for (uint8_t b = 1; b <= 5; b++) {
				for (uint8_t c = 1; c <= 5; c++) {
					uint8_t indices[3] = { a, b, c };

					if (a == b || b == c || a == c)
						continue;
					ck_ok(join(&bad, indices, 3, 3, SIZE_MAX_HERE, kernel));
					ck_assert_mem_eq(joined, secret, SIZE_MAX_HERE);
				}
			}
		}
	}
}
END_TEST

START_TEST(one_kernel_combines_what_another_split)
{
	struct sr_drbg drbg;
	uint8_t bad;

	test_drbg(&drbg, "crossed kernels");
	for (unsigned k = 0; k < SHAMIR_GF_KERNELS; k++) {
		for (unsigned j = 0; j < SHAMIR_GF_KERNELS; j++) {
			if (shamir_gf_kernel_get(k) == NULL || shamir_gf_kernel_get(j) == NULL)
				continue;
			split_all(2, 3, 5000, &drbg, shamir_gf_kernel_get(k));
			ck_ok(join(&bad, (uint8_t[]){ 3, 1 }, 2, 2, 5000,
			    shamir_gf_kernel_get(j)));
			ck_assert_mem_eq(joined, secret, 5000);
		}
	}
}
END_TEST

START_TEST(the_largest_and_smallest_splits_work)
{
	static const struct { unsigned t, n; size_t size; } edges[] = {
		{ 1, 1, 10 }, { 1, 255, 10 }, { 255, 255, 3000 }, { 2, 255, 1 }, { 2, 2, 0 },
		{ 128, 255, 1025 },
		{ 2, 255, SIZE_MAX_HERE - 1 },          /* past the cache, page after page */
	};
	struct sr_drbg drbg;
	uint8_t indices[255], bad;

	test_drbg(&drbg, "edges");
	for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
		split_all(edges[i].t, edges[i].n, edges[i].size, &drbg, NULL);
		for (unsigned k = 0; k < edges[i].t; k++)
			indices[k] = (uint8_t)(edges[i].n - k);
		ck_ok(join(&bad, indices, edges[i].t, edges[i].t, edges[i].size, NULL));
		ck_assert_mem_eq(joined, secret, edges[i].size);
	}
}
END_TEST

START_TEST(splitting_in_pieces_is_as_good_as_at_once)
{
	struct sr_drbg drbg;
	struct shamir_gf_split split;
	struct sr_key32 key = { { 1 } };
	uint8_t *out[3], bad;
	size_t at = 0, now;

	test_drbg(&drbg, "pieces");
	split_all(3, 3, 10, &drbg, NULL);
	ck_ok(shamir_gf_split_init(&split, 3, 3, &key, NULL));
	while (at < SIZE_MAX_HERE) {
		now = 1 + test_below(&drbg, 5000);
		now = now < SIZE_MAX_HERE - at ? now : SIZE_MAX_HERE - at;
		for (unsigned i = 0; i < 3; i++)
			out[i] = shares[i] + at;
		ck_ok(shamir_gf_split_update(&split, out, secret + at, now));
		at += now;
	}
	shamir_gf_split_clear(&split);
	ck_ok(join(&bad, (uint8_t[]){ 2, 3, 1 }, 3, 3, SIZE_MAX_HERE, NULL));
	ck_assert_mem_eq(joined, secret, SIZE_MAX_HERE);
}
END_TEST

/* Of a secret of zeros and t = 2, share 1 is the coefficients. */
START_TEST(coefficients_are_the_key_stream_each_byte_once)
{
	static const size_t pieces[] = { 1, 16, 5000, 2048, 4097, 0, 31 };
	static const uint8_t zeros[5000], iv[16];
	static uint8_t stream[1 + 16 + 5000 + 2048 + 4097 + 31];
	struct shamir_gf_split split;
	struct sr_key32 key = { { 7 } };
	struct sr_drbg drbg;
	uint8_t *out[2];
	size_t at = 0;

	test_drbg(&drbg, "repeat");
	split_all(2, 2, 10, &drbg, NULL);
	ck_ok(shamir_gf_split_init(&split, 2, 2, &key, NULL));
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; at += pieces[i++]) {
		out[0] = shares[0] + at;
		out[1] = shares[1] + at;
		ck_ok(shamir_gf_split_update(&split, out, zeros, pieces[i]));
	}
	shamir_gf_split_clear(&split);
	ck_assert_uint_eq(at, sizeof stream);
	ck_ok(sr_ctr_stream(stream, sizeof stream, &key, iv));
	ck_assert_mem_eq(shares[0], stream, sizeof stream);
}
END_TEST

START_TEST(a_changed_byte_is_found_and_its_share_named)
{
	struct sr_drbg drbg;
	uint8_t bad;

	test_drbg(&drbg, "changed byte");
	split_all(3, 5, 40000, &drbg, NULL);
	for (uint8_t culprit = 1; culprit <= 5; culprit++) {
		size_t at = test_below(&drbg, 40000);

		shares[culprit - 1][at] ^= 0x10;
		memset(joined, 0xee, sizeof joined);
		ck_error(join(&bad, (uint8_t[]){ 1, 2, 3, 4, 5 }, 5, 3, 40000, NULL),
		    SR_ERR_SHARE_BAD);
		ck_assert_uint_eq(bad, culprit);
		ck_assert_uint_eq(joined[0] | joined[39999], 0);
		shares[culprit - 1][at] ^= 0x10;
	}
	ck_ok(join(&bad, (uint8_t[]){ 1, 2, 3, 4, 5 }, 5, 3, 40000, NULL));
}
END_TEST

START_TEST(what_cannot_be_named_is_still_not_guessed)
{
	struct sr_drbg drbg;
	uint8_t bad;

	test_drbg(&drbg, "not guessed");
	split_all(3, 5, 100, &drbg, NULL);
	shares[1][50] ^= 1;
	ck_error(join(&bad, (uint8_t[]){ 1, 2, 3, 4 }, 4, 3, 100, NULL), SR_ERR_SHARE_MISMATCH);
	ck_assert_uint_eq(bad, 0);
	shares[2][51] ^= 1;                             /* two culprits among five */
	ck_error(join(&bad, (uint8_t[]){ 1, 2, 3, 4, 5 }, 5, 3, 100, NULL),
	    SR_ERR_SHARE_MISMATCH);
}
END_TEST

START_TEST(bad_indices_and_thresholds_are_refused)
{
	struct sr_drbg drbg;
	struct shamir_gf_split split;
	struct sr_key32 key = { { 1 } };
	uint8_t bad;

	test_drbg(&drbg, "refused");
	split_all(3, 5, 100, &drbg, NULL);
	ck_error(join(&bad, (uint8_t[]){ 1, 0, 3 }, 3, 3, 100, NULL), SR_ERR_SHARE_INDEX);
	ck_error(join(&bad, (uint8_t[]){ 1, 3, 3 }, 3, 3, 100, NULL), SR_ERR_SHARE_DUPLICATE);
	ck_error(join(&bad, (uint8_t[]){ 1, 2, 3, 3 }, 4, 3, 100, NULL), SR_ERR_SHARE_DUPLICATE);
	ck_error(join(&bad, (uint8_t[]){ 1, 3 }, 2, 3, 100, NULL), SR_ERR_SHARE_TOO_FEW);
	ck_error(join(&bad, (uint8_t[]){ 1, 3 }, 2, 0, 100, NULL), SR_ERR_THRESHOLD);
	ck_error(shamir_gf_split_init(&split, 0, 3, &key, NULL), SR_ERR_THRESHOLD);
	ck_error(shamir_gf_split_init(&split, 4, 3, &key, NULL), SR_ERR_THRESHOLD);
	ck_error(shamir_gf_split_init(&split, 2, 256, &key, NULL), SR_ERR_THRESHOLD);
	shamir_gf_split_clear(&split);
}
END_TEST

TEST_MAIN("shamir/gf256", all_65536_products_are_right_on_every_kernel,
    one_wrong_product_would_be_found, every_inverse_is_one, the_kernels_give_the_same_bytes,
    every_t_of_n_give_the_secret_on_every_kernel, one_kernel_combines_what_another_split,
    the_largest_and_smallest_splits_work, splitting_in_pieces_is_as_good_as_at_once,
    coefficients_are_the_key_stream_each_byte_once, a_changed_byte_is_found_and_its_share_named,
    what_cannot_be_named_is_still_not_guessed, bad_indices_and_thresholds_are_refused)
