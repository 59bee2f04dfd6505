/* Dealings: what is checked, what is refused, and what the sums give. */
#include "shamir/feldman.h"

#include <stdlib.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define N 5u
#define T 3u

static struct shamir_index at(uint32_t v)
{
	return (struct shamir_index){ v };
}

START_TEST(every_share_of_a_dealing_fits_its_commitments)
{
	struct sr_drbg drbg;
	struct shamir_poly poly;
	struct shamir_commitments c;
	struct sr_scalar share;
	struct sr_point key, direct;

	test_drbg(&drbg, "every share fits");
	ck_ok(shamir_deal_fresh(&poly, &c, T, &drbg));
	ck_ok(shamir_commitments_check(&c, T, SHAMIR_DEAL_FRESH, NULL));
	for (uint32_t j = 1; j <= N; j++) {
		ck_ok(shamir_poly_eval(&share, &poly, at(j)));
		ck_ok(shamir_feldman_verify(&c, at(j), &share));
		ck_ok(shamir_feldman_key(&key, &c, at(j)));
		sr_point_base_mul(&direct, &share);
		ck_assert(sr_point_equal(&key, &direct));
	}
	shamir_poly_clear(&poly);
}
END_TEST

START_TEST(a_changed_share_commitment_or_index_is_found)
{
	struct sr_drbg drbg;
	struct shamir_poly poly;
	struct shamir_commitments c, changed;
	struct sr_scalar share, wrong, one;

	test_drbg(&drbg, "changed share");
	ck_ok(shamir_deal_fresh(&poly, &c, T, &drbg));
	ck_ok(shamir_poly_eval(&share, &poly, at(2)));
	sr_scalar_from_u32(&one, 1);
	sr_scalar_add(&wrong, &share, &one);
	ck_error(shamir_feldman_verify(&c, at(2), &wrong), SR_ERR_DEALING_BAD);
	ck_error(shamir_feldman_verify(&c, at(3), &share), SR_ERR_DEALING_BAD);
	ck_error(shamir_feldman_verify(&c, at(0), &share), SR_ERR_SHARE_INDEX);
	ck_error(shamir_feldman_verify(&c, at(0), &poly.a[0]), SR_ERR_SHARE_INDEX);
	for (uint32_t k = 0; k < T; k++) {
		changed = c;
		ck_ok(sr_point_add(&changed.a[k], &changed.a[k], &sr_point_base));
		ck_error(shamir_feldman_verify(&changed, at(2), &share), SR_ERR_DEALING_BAD);
	}
	shamir_poly_clear(&poly);
}
END_TEST

START_TEST(a_commitment_list_of_the_wrong_length_is_refused)
{
	struct sr_drbg drbg;
	struct shamir_poly poly;
	struct shamir_commitments c, read;
	struct sr_writer w;
	struct sr_reader r;
	struct sr_point key;

	test_drbg(&drbg, "wrong length");
	ck_ok(shamir_deal_fresh(&poly, &c, T, &drbg));
	ck_error(shamir_commitments_check(&c, T + 1, SHAMIR_DEAL_FRESH, NULL),
	    SR_ERR_COMMITMENT_LENGTH);
	ck_error(shamir_commitments_check(&c, T - 1, SHAMIR_DEAL_FRESH, NULL),
	    SR_ERR_COMMITMENT_LENGTH);
	sr_writer_init(&w, 4096);
	shamir_commitments_write(&w, &c);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(w.n, 4 + 32 * T);
	sr_reader_init(&r, w.p, w.n);
	shamir_commitments_read(&read, &r, T);
	ck_ok(sr_reader_finish(&r));
	ck_assert_mem_eq(&read.a, &c.a, 32 * T);
	for (uint32_t t = 0; t <= T + 1; t++) {
		if (t == T)
			continue;
		sr_reader_init(&r, w.p, w.n);
		shamir_commitments_read(&read, &r, t);
		ck_error(sr_reader_finish(&r), SR_ERR_COMMITMENT_LENGTH);
	}
	ck_error(shamir_commitments_decode(&read, (const uint8_t (*)[32])(w.p + 4), 0),
	    SR_ERR_COMMITMENT_LENGTH);
	ck_error(shamir_commitments_decode(&read, (const uint8_t (*)[32])(w.p + 4),
	    SHAMIR_T_MAX + 1), SR_ERR_COMMITMENT_LENGTH);
	ck_ok(shamir_commitments_decode(&read, (const uint8_t (*)[32])(w.p + 4), T));
	c.t = 0;
	ck_error(shamir_feldman_key(&key, &c, at(1)), SR_ERR_COMMITMENT_LENGTH);
	c.t = SHAMIR_T_MAX + 1;
	ck_error(shamir_feldman_key(&key, &c, at(1)), SR_ERR_COMMITMENT_LENGTH);
	sr_writer_clear(&w);
	shamir_poly_clear(&poly);
}
END_TEST

START_TEST(a_refresh_must_deal_zero_and_a_new_key_must_not)
{
	struct sr_drbg drbg;
	struct shamir_poly poly, zero;
	struct shamir_commitments c, z;

	test_drbg(&drbg, "refresh zero");
	ck_ok(shamir_deal_fresh(&poly, &c, T, &drbg));
	ck_ok(shamir_deal_refresh(&zero, &z, T, &drbg));
	ck_ok(shamir_commitments_check(&z, T, SHAMIR_DEAL_REFRESH, NULL));
	ck_error(shamir_commitments_check(&c, T, SHAMIR_DEAL_REFRESH, NULL), SR_ERR_DEALING_BAD);
	ck_error(shamir_commitments_check(&z, T, SHAMIR_DEAL_FRESH, NULL), SR_ERR_DEALING_BAD);
	ck_error(shamir_commitments_check(&z, T + 1, SHAMIR_DEAL_REFRESH, NULL),
	    SR_ERR_COMMITMENT_LENGTH);
	z.a[T - 1] = sr_point_identity;                 /* a polynomial of lower degree */
	ck_error(shamir_commitments_check(&z, T, SHAMIR_DEAL_REFRESH, NULL), SR_ERR_DEALING_BAD);
	shamir_poly_clear(&poly);
	shamir_poly_clear(&zero);
}
END_TEST

START_TEST(a_reshare_must_deal_the_dealers_own_share)
{
	struct sr_drbg drbg;
	struct shamir_poly poly, next;
	struct shamir_commitments c, g;
	struct sr_scalar x_1, x_2;
	struct sr_point y_1;

	test_drbg(&drbg, "reshare own");
	ck_ok(shamir_deal_fresh(&poly, &c, T, &drbg));
	ck_ok(shamir_poly_eval(&x_1, &poly, at(1)));
	ck_ok(shamir_poly_eval(&x_2, &poly, at(2)));
	ck_ok(shamir_feldman_key(&y_1, &c, at(1)));
	ck_ok(shamir_deal_reshare(&next, &g, T + 1, &x_1, &drbg));
	ck_ok(shamir_commitments_check(&g, T + 1, SHAMIR_DEAL_RESHARE, &y_1));
	ck_error(shamir_commitments_check(&g, T + 1, SHAMIR_DEAL_RESHARE, NULL),
	    SR_ERR_DEALING_BAD);
	shamir_poly_clear(&next);
	ck_ok(shamir_deal_reshare(&next, &g, T + 1, &x_2, &drbg));
	ck_error(shamir_commitments_check(&g, T + 1, SHAMIR_DEAL_RESHARE, &y_1),
	    SR_ERR_DEALING_BAD);
	shamir_poly_clear(&poly);
	shamir_poly_clear(&next);
}
END_TEST

/* A group made by a DKG of N dealers: shares, and the list that describes it. */
struct group { struct sr_scalar x[N]; struct shamir_commitments c; };

static void group_make(struct group *g, struct sr_drbg *drbg)
{
	struct shamir_poly poly[N];
	struct shamir_commitments *lists = calloc(N, sizeof *lists);
	const struct shamir_commitments *pointers[N];
	struct sr_scalar parts[N];

	ck_assert_ptr_nonnull(lists);
	for (uint32_t i = 0; i < N; i++) {
		ck_ok(shamir_deal_fresh(&poly[i], &lists[i], T, drbg));
		pointers[i] = &lists[i];
	}
	ck_ok(shamir_dkg_sum_commitments(&g->c, pointers, N));
	for (uint32_t j = 0; j < N; j++) {
		for (uint32_t i = 0; i < N; i++) {
			ck_ok(shamir_poly_eval(&parts[i], &poly[i], at(j + 1)));
			ck_ok(shamir_feldman_verify(&lists[i], at(j + 1), &parts[i]));
		}
		shamir_dkg_sum_shares(&g->x[j], parts, N);
	}
	for (uint32_t i = 0; i < N; i++)
		shamir_poly_clear(&poly[i]);
	free(lists);
}

static void group_check(const struct group *g, const struct sr_point *vault_key)
{
	static const uint32_t sets[][T] = { { 1, 2, 3 }, { 5, 1, 3 }, { 2, 4, 5 } };
	struct sr_point keys[N], p;
	struct sr_scalar secret, shares[T];

	ck_assert(sr_point_equal(&g->c.a[0], vault_key));
	ck_ok(shamir_feldman_keys(keys, N, &g->c));
	for (uint32_t j = 0; j < N; j++) {
		ck_ok(shamir_feldman_verify(&g->c, at(j + 1), &g->x[j]));
		sr_point_base_mul(&p, &g->x[j]);
		ck_assert(sr_point_equal(&p, &keys[j]));
	}
	for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
		struct shamir_index set[T];

		for (uint32_t i = 0; i < T; i++) {
			set[i] = at(sets[s][i]);
			shares[i] = g->x[sets[s][i] - 1];
		}
		ck_ok(shamir_interpolate(&secret, set, shares, T));
		sr_point_base_mul(&p, &secret);
		ck_assert(sr_point_equal(&p, vault_key));
	}
}

START_TEST(a_dkg_gives_shares_of_the_key_in_the_sum_of_commitments)
{
	struct sr_drbg drbg;
	struct group g;

	test_drbg(&drbg, "dkg");
	group_make(&g, &drbg);
	group_check(&g, &g.c.a[0]);
}
END_TEST

START_TEST(a_refresh_changes_every_share_and_not_the_key)
{
	struct sr_drbg drbg;
	struct group old, new;
	struct shamir_poly poly;
	struct shamir_commitments zero;
	const struct shamir_commitments *lists[2] = { &old.c, &zero };
	struct sr_scalar parts[2];

	test_drbg(&drbg, "refresh");
	group_make(&old, &drbg);
	ck_ok(shamir_deal_refresh(&poly, &zero, T, &drbg));
	ck_ok(shamir_dkg_sum_commitments(&new.c, lists, 2));
	for (uint32_t j = 0; j < N; j++) {
		parts[0] = old.x[j];
		ck_ok(shamir_poly_eval(&parts[1], &poly, at(j + 1)));
		shamir_dkg_sum_shares(&new.x[j], parts, 2);
		ck_assert(!sr_scalar_equal(&new.x[j], &old.x[j]));
	}
	group_check(&new, &old.c.a[0]);
	shamir_poly_clear(&poly);
}
END_TEST

START_TEST(lists_of_different_lengths_do_not_add)
{
	struct sr_drbg drbg;
	struct shamir_poly a, b;
	struct shamir_commitments ca, cb, sum;
	const struct shamir_commitments *lists[2] = { &ca, &cb };

	test_drbg(&drbg, "lengths");
	ck_ok(shamir_deal_fresh(&a, &ca, T, &drbg));
	ck_ok(shamir_deal_fresh(&b, &cb, T + 1, &drbg));
	ck_error(shamir_dkg_sum_commitments(&sum, lists, 2), SR_ERR_COMMITMENT_LENGTH);
	ck_error(shamir_dkg_sum_commitments(&sum, lists, 0), SR_ERR_EMPTY);
	shamir_poly_clear(&a);
	shamir_poly_clear(&b);
}
END_TEST

/* Dealers `who` (dealers_n of them) of `old` reshare to (N, T) again. */
static enum sr_error reshare(struct group *new, const struct group *old, const uint32_t *who,
    size_t dealers_n, struct sr_drbg *drbg)
{
	struct shamir_poly poly[N];
	struct shamir_commitments *lists = calloc(N, sizeof *lists);
	const struct shamir_commitments *pointers[N];
	struct shamir_index dealers[N];
	struct sr_scalar parts[N];
	enum sr_error error;

	for (size_t i = 0; i < dealers_n; i++) {
		dealers[i] = at(who[i]);
		ck_ok(shamir_deal_reshare(&poly[i], &lists[i], T, &old->x[who[i] - 1], drbg));
		pointers[i] = &lists[i];
	}
	error = shamir_reshare_sum_commitments(&new->c, pointers, dealers, dealers_n, T,
	    &old->c.a[0]);
	for (uint32_t j = 0; j < N && error == SR_OK; j++) {
		for (size_t i = 0; i < dealers_n; i++)
			ck_ok(shamir_poly_eval(&parts[i], &poly[i], at(j + 1)));
		error = shamir_reshare_sum_shares(&new->x[j], parts, dealers, dealers_n, T);
	}
	for (size_t i = 0; i < dealers_n; i++)
		shamir_poly_clear(&poly[i]);
	free(lists);
	return error;
}

START_TEST(a_reshare_by_t_or_more_dealers_keeps_the_key)
{
	static const uint32_t three[] = { 5, 2, 1 }, all[] = { 1, 2, 3, 4, 5 };
	struct sr_drbg drbg;
	struct group old, new;

	test_drbg(&drbg, "reshare");
	group_make(&old, &drbg);
	ck_ok(reshare(&new, &old, three, 3, &drbg));
	group_check(&new, &old.c.a[0]);
	ck_ok(reshare(&new, &old, all, 5, &drbg));
	group_check(&new, &old.c.a[0]);
}
END_TEST

START_TEST(a_reshare_by_too_few_or_twice_the_same_or_a_liar_is_refused)
{
	static const uint32_t two[] = { 1, 2 }, twice[] = { 1, 2, 1 }, three[] = { 1, 2, 3 };
	struct sr_drbg drbg;
	struct group old, new;

	test_drbg(&drbg, "reshare refused");
	group_make(&old, &drbg);
	ck_error(reshare(&new, &old, two, 2, &drbg), SR_ERR_SHARE_TOO_FEW);
	ck_error(reshare(&new, &old, twice, 3, &drbg), SR_ERR_SHARE_DUPLICATE);
	sr_scalar_add(&old.x[1], &old.x[1], &old.x[0]); /* member 2 deals something else */
	ck_error(reshare(&new, &old, three, 3, &drbg), SR_ERR_DEALING_BAD);
}
END_TEST

TEST_MAIN("shamir/feldman", every_share_of_a_dealing_fits_its_commitments,
    a_changed_share_commitment_or_index_is_found,
    a_commitment_list_of_the_wrong_length_is_refused,
    a_refresh_must_deal_zero_and_a_new_key_must_not,
    a_reshare_must_deal_the_dealers_own_share,
    a_dkg_gives_shares_of_the_key_in_the_sum_of_commitments,
    a_refresh_changes_every_share_and_not_the_key, lists_of_different_lengths_do_not_add,
    a_reshare_by_t_or_more_dealers_keeps_the_key,
    a_reshare_by_too_few_or_twice_the_same_or_a_liar_is_refused)
