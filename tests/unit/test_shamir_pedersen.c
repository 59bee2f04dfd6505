/* Dealings that hide: what is checked, what is refused, what the sums and any t pairs give. */
#include "shamir/pedersen.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define N 5u
#define T 3u

static struct shamir_index at(uint32_t v)
{
	return (struct shamir_index){ v };
}

struct group { struct shamir_commitments c; struct shamir_pair x[N]; struct sr_scalar secret; };

static void group_deal(struct group *g, struct sr_drbg *drbg)
{
	struct shamir_pair_poly poly;

	ck_ok(sr_scalar_random(&g->secret, drbg));
	ck_ok(shamir_pedersen_deal(&poly, &g->c, T, &g->secret, drbg));
	for (uint32_t j = 0; j < N; j++)
		ck_ok(shamir_pedersen_eval(&g->x[j], &poly, at(j + 1)));
	shamir_pedersen_clear(&poly);
}

static void group_check(const struct group *g, const struct sr_scalar *secret)
{
	static const uint32_t sets[][T] = { { 1, 2, 3 }, { 5, 1, 3 }, { 2, 4, 5 } };
	struct shamir_pair pairs[T];
	struct shamir_index set[T], bad;
	struct sr_scalar got;

	for (uint32_t j = 0; j < N; j++)
		ck_ok(shamir_pedersen_verify(&g->c, at(j + 1), &g->x[j]));
	for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
		for (uint32_t i = 0; i < T; i++) {
			set[i] = at(sets[s][i]);
			pairs[i] = g->x[sets[s][i] - 1];
		}
		ck_ok(shamir_pedersen_combine(&got, &bad, &g->c, set, pairs, T));
		ck_assert(sr_scalar_equal(&got, secret));
	}
}

START_TEST(the_other_base_is_the_hash_of_its_name_and_neither_of_the_two_before)
{
	struct sr_point p;

	sr_point_hash(&p, "strongroom Pedersen H v1", NULL, 0);
	ck_assert_mem_eq(p.b, sr_point_h.b, 32);
	ck_ok(sr_point_decode(&p, sr_point_h.b));
	ck_assert(!sr_point_equal(&p, &sr_point_base));
	ck_assert(!sr_point_equal(&p, &sr_point_g2));
}
END_TEST

START_TEST(every_pair_of_a_dealing_fits_and_any_t_give_the_secret)
{
	struct sr_drbg drbg;
	struct group g;

	test_drbg(&drbg, "every pair");
	group_deal(&g, &drbg);
	ck_ok(shamir_commitments_check(&g.c, T, SHAMIR_DEAL_FRESH, NULL));
	group_check(&g, &g.secret);
}
END_TEST

START_TEST(a_dealing_without_a_secret_makes_one)
{
	struct sr_drbg drbg;
	struct shamir_pair_poly a, b;
	struct shamir_commitments c;

	test_drbg(&drbg, "makes one");
	ck_ok(shamir_pedersen_deal(&a, &c, T, NULL, &drbg));
	ck_ok(shamir_pedersen_deal(&b, &c, T, NULL, &drbg));
	ck_assert(!sr_scalar_equal(&a.f.a[0], &b.f.a[0]));
	ck_assert(!sr_scalar_equal(&a.f.a[0], &a.g.a[0]));
	shamir_pedersen_clear(&a);
	shamir_pedersen_clear(&b);
	ck_error(shamir_pedersen_deal(&a, &c, 0, NULL, &drbg), SR_ERR_THRESHOLD);
	ck_error(shamir_pedersen_deal(&a, &c, SHAMIR_T_MAX + 1, NULL, &drbg), SR_ERR_THRESHOLD);
	ck_assert_ptr_null(a.f.a);
	ck_assert_ptr_null(a.g.a);
}
END_TEST

START_TEST(a_change_in_either_half_in_a_commitment_or_in_the_index_is_found)
{
	struct sr_drbg drbg;
	struct group g;
	struct shamir_commitments changed;
	struct shamir_pair wrong;
	struct sr_scalar one;

	test_drbg(&drbg, "changed");
	group_deal(&g, &drbg);
	sr_scalar_from_u32(&one, 1);
	wrong = g.x[1];
	sr_scalar_add(&wrong.f, &wrong.f, &one);
	ck_error(shamir_pedersen_verify(&g.c, at(2), &wrong), SR_ERR_DEALING_BAD);
	wrong = g.x[1];
	sr_scalar_add(&wrong.g, &wrong.g, &one);
	ck_error(shamir_pedersen_verify(&g.c, at(2), &wrong), SR_ERR_DEALING_BAD);
	wrong = (struct shamir_pair){ g.x[1].g, g.x[1].f };
	ck_error(shamir_pedersen_verify(&g.c, at(2), &wrong), SR_ERR_DEALING_BAD);
	ck_error(shamir_pedersen_verify(&g.c, at(3), &g.x[1]), SR_ERR_DEALING_BAD);
	ck_error(shamir_pedersen_verify(&g.c, at(0), &g.x[1]), SR_ERR_SHARE_INDEX);
	for (uint32_t k = 0; k < T; k++) {
		changed = g.c;
		ck_ok(sr_point_add(&changed.a[k], &changed.a[k], &sr_point_h));
		ck_error(shamir_pedersen_verify(&changed, at(2), &g.x[1]), SR_ERR_DEALING_BAD);
	}
	changed.t = 0;
	ck_error(shamir_pedersen_verify(&changed, at(2), &g.x[1]), SR_ERR_COMMITMENT_LENGTH);
}
END_TEST

START_TEST(a_bad_pair_is_named_even_when_enough_good_ones_are_there)
{
	struct sr_drbg drbg;
	struct group g;
	struct shamir_index set[N], bad;
	struct sr_scalar got, one;

	test_drbg(&drbg, "named");
	sr_scalar_from_u32(&one, 1);
	for (uint32_t culprit = 0; culprit < N; culprit++) {
		group_deal(&g, &drbg);
		for (uint32_t j = 0; j < N; j++)
			set[j] = at(j + 1);
		sr_scalar_add(&g.x[culprit].f, &g.x[culprit].f, &one);
		ck_error(shamir_pedersen_combine(&got, &bad, &g.c, set, g.x, N),
		    SR_ERR_SHARE_BAD);
		ck_assert_uint_eq(bad.v, culprit + 1);
		ck_assert(sr_scalar_is_zero(&got));
		set[culprit] = set[N - 1];              /* without it there are enough */
		g.x[culprit] = g.x[N - 1];
		if (culprit < N - 1) {
			ck_ok(shamir_pedersen_combine(&got, &bad, &g.c, set, g.x, N - 1));
			ck_assert(sr_scalar_equal(&got, &g.secret));
		}
	}
}
END_TEST

START_TEST(too_few_or_the_same_twice_or_index_zero_give_nothing)
{
	struct sr_drbg drbg;
	struct group g;
	struct shamir_index set[T] = { { 1 }, { 2 }, { 3 } }, bad;
	struct sr_scalar got;

	test_drbg(&drbg, "too few");
	group_deal(&g, &drbg);
	ck_error(shamir_pedersen_combine(&got, &bad, &g.c, set, g.x, T - 1), SR_ERR_SHARE_TOO_FEW);
	set[2] = at(1);
	ck_error(shamir_pedersen_combine(&got, &bad, &g.c, set, g.x, T), SR_ERR_SHARE_DUPLICATE);
	set[2] = at(0);
	ck_error(shamir_pedersen_combine(&got, &bad, &g.c, set, g.x, T), SR_ERR_SHARE_INDEX);
	g.c.t = 0;
	ck_error(shamir_pedersen_combine(&got, &bad, &g.c, set, g.x, T), SR_ERR_COMMITMENT_LENGTH);
}
END_TEST

START_TEST(a_refresh_changes_every_pair_and_not_the_secret)
{
	struct sr_drbg drbg;
	struct group old, new;
	struct shamir_pair_poly poly;
	struct shamir_commitments zero;
	const struct shamir_commitments *lists[2] = { &old.c, &zero };
	struct shamir_pair parts[2];

	test_drbg(&drbg, "refresh");
	group_deal(&old, &drbg);
	ck_ok(shamir_pedersen_deal_refresh(&poly, &zero, T, &drbg));
	ck_ok(shamir_commitments_check(&zero, T, SHAMIR_DEAL_REFRESH, NULL));
	ck_error(shamir_commitments_check(&old.c, T, SHAMIR_DEAL_REFRESH, NULL),
	    SR_ERR_DEALING_BAD);
	ck_ok(shamir_dkg_sum_commitments(&new.c, lists, 2));
	for (uint32_t j = 0; j < N; j++) {
		parts[0] = old.x[j];
		ck_ok(shamir_pedersen_eval(&parts[1], &poly, at(j + 1)));
		shamir_pedersen_sum(&new.x[j], parts, 2);
		ck_assert(!sr_scalar_equal(&new.x[j].f, &old.x[j].f));
		ck_assert(!sr_scalar_equal(&new.x[j].g, &old.x[j].g));
		ck_error(shamir_pedersen_verify(&new.c, at(j + 1), &old.x[j]), SR_ERR_DEALING_BAD);
	}
	group_check(&new, &old.secret);
	shamir_pedersen_clear(&poly);
}
END_TEST

/* Dealers `who` of `old` reshare to (N, T) again. */
static enum sr_error reshare(struct group *new, const struct group *old, const uint32_t *who,
    size_t dealers_n, struct sr_drbg *drbg)
{
	static struct shamir_commitments lists[N];
	struct shamir_pair parts[N][N];
	const struct shamir_commitments *pointers[N];
	struct shamir_index dealers[N];
	struct shamir_pair_poly poly;

	for (size_t i = 0; i < dealers_n; i++) {
		dealers[i] = at(who[i]);
		ck_ok(shamir_pedersen_deal_reshare(&poly, &lists[i], T, &old->x[who[i] - 1],
		    drbg));
		for (uint32_t j = 0; j < N; j++) {
			ck_ok(shamir_pedersen_eval(&parts[j][i], &poly, at(j + 1)));
			ck_ok(shamir_pedersen_verify(&lists[i], at(j + 1), &parts[j][i]));
		}
		pointers[i] = &lists[i];
		shamir_pedersen_clear(&poly);
	}
	SR_TRY(shamir_reshare_sum_commitments(&new->c, pointers, dealers, dealers_n, T,
	    &old->c.a[0]));
	for (uint32_t j = 0; j < N; j++)
		SR_TRY(shamir_pedersen_reshare_sum(&new->x[j], parts[j], dealers, dealers_n, T));
	return SR_OK;
}

START_TEST(a_reshare_by_t_or_more_holders_keeps_the_secret)
{
	static const uint32_t three[] = { 5, 2, 1 }, all[] = { 1, 2, 3, 4, 5 };
	struct sr_drbg drbg;
	struct group old, new;

	test_drbg(&drbg, "reshare");
	group_deal(&old, &drbg);
	ck_ok(reshare(&new, &old, three, 3, &drbg));
	group_check(&new, &old.secret);
	ck_ok(reshare(&new, &old, all, 5, &drbg));
	group_check(&new, &old.secret);
}
END_TEST

START_TEST(a_reshare_by_too_few_or_twice_the_same_or_a_liar_is_refused)
{
	static const uint32_t two[] = { 1, 2 }, twice[] = { 1, 2, 1 }, three[] = { 1, 2, 3 };
	struct sr_drbg drbg;
	struct group old, new;
	struct shamir_pair none;
	struct shamir_index dealers[2] = { { 1 }, { 2 } };

	test_drbg(&drbg, "reshare refused");
	group_deal(&old, &drbg);
	ck_error(reshare(&new, &old, two, 2, &drbg), SR_ERR_SHARE_TOO_FEW);
	ck_error(reshare(&new, &old, twice, 3, &drbg), SR_ERR_SHARE_DUPLICATE);
	ck_error(shamir_pedersen_reshare_sum(&none, old.x, dealers, 2, T), SR_ERR_SHARE_TOO_FEW);
	ck_assert(sr_scalar_is_zero(&none.f) && sr_scalar_is_zero(&none.g));
	sr_scalar_add(&old.x[1].g, &old.x[1].g, &old.x[0].g);   /* member 2 deals something else */
	ck_error(reshare(&new, &old, three, 3, &drbg), SR_ERR_DEALING_BAD);
}
END_TEST

START_TEST(a_dealers_commitment_must_be_to_its_own_pair)
{
	struct sr_drbg drbg;
	struct group g;
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct sr_point first, second;

	test_drbg(&drbg, "own pair");
	group_deal(&g, &drbg);
	ck_ok(shamir_pedersen_deal_reshare(&poly, &c, T, &g.x[0], &drbg));
	ck_ok(shamir_feldman_key(&first, &g.c, at(1)));
	ck_ok(shamir_feldman_key(&second, &g.c, at(2)));
	ck_ok(shamir_commitments_check(&c, T, SHAMIR_DEAL_RESHARE, &first));
	ck_error(shamir_commitments_check(&c, T, SHAMIR_DEAL_RESHARE, &second),
	    SR_ERR_DEALING_BAD);
	shamir_pedersen_clear(&poly);
}
END_TEST

START_TEST(the_key_is_for_one_secret_and_one_label)
{
	static const uint8_t a[32] = "label", b[32] = "other";
	struct sr_drbg drbg;
	struct sr_scalar s, other;
	struct sr_key32 first, again, moved, changed;

	test_drbg(&drbg, "the key");
	ck_ok(sr_scalar_random(&s, &drbg));
	ck_ok(sr_scalar_random(&other, &drbg));
	ck_ok(shamir_pedersen_key(&first, &s, a, sizeof a));
	ck_ok(shamir_pedersen_key(&again, &s, a, sizeof a));
	ck_ok(shamir_pedersen_key(&moved, &s, b, sizeof b));
	ck_ok(shamir_pedersen_key(&changed, &other, a, sizeof a));
	ck_assert_mem_eq(first.b, again.b, 32);
	ck_assert_mem_ne(first.b, moved.b, 32);
	ck_assert_mem_ne(first.b, changed.b, 32);
	ck_assert_mem_ne(first.b, s.b, 32);
}
END_TEST

START_TEST(a_pair_is_64_bytes_of_two_canonical_scalars)
{
	struct sr_drbg drbg;
	struct shamir_pair pair, read;
	struct sr_writer w;
	struct sr_reader r;

	test_drbg(&drbg, "a pair");
	ck_ok(sr_scalar_random(&pair.f, &drbg));
	ck_ok(sr_scalar_random(&pair.g, &drbg));
	sr_writer_init(&w, SHAMIR_PAIR_SIZE);
	shamir_pair_write(&w, &pair);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(w.n, SHAMIR_PAIR_SIZE);
	sr_reader_init(&r, w.p, w.n);
	shamir_pair_read(&read, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert_mem_eq(&read, &pair, sizeof pair);
	memset(w.p + 32, 0xff, 32);
	sr_reader_init(&r, w.p, w.n);
	shamir_pair_read(&read, &r);
	ck_error(sr_reader_finish(&r), SR_ERR_BAD_SCALAR);
	sr_writer_clear(&w);
}
END_TEST

TEST_MAIN("shamir/pedersen",
    the_other_base_is_the_hash_of_its_name_and_neither_of_the_two_before,
    every_pair_of_a_dealing_fits_and_any_t_give_the_secret, a_dealing_without_a_secret_makes_one,
    a_change_in_either_half_in_a_commitment_or_in_the_index_is_found,
    a_bad_pair_is_named_even_when_enough_good_ones_are_there,
    too_few_or_the_same_twice_or_index_zero_give_nothing,
    a_refresh_changes_every_pair_and_not_the_secret,
    a_reshare_by_t_or_more_holders_keeps_the_secret,
    a_reshare_by_too_few_or_twice_the_same_or_a_liar_is_refused,
    a_dealers_commitment_must_be_to_its_own_pair, the_key_is_for_one_secret_and_one_label,
    a_pair_is_64_bytes_of_two_canonical_scalars)
