/*
 * Properties of sharing, over random parameters with a printed seed: any t of n give the secret; t
 * - 1 fit every candidate equally well; a changed byte is found and its dealer named.
 */
#include <stdlib.h>
#include <string.h>

#include "shamir/feldman.h"
#include "shamir/gf256.h"
#include "shamir/share_file.h"
#include "shamir/subshare.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define PAIRS 65536u

/* --- secrecy, exhausted over GF(2^8) --- */

/*
 * Whether two shares of a 3-of-n split fit every secret equally well: for each of 256 secrets, do
 * the polynomials (a row of a1, a row of a2) reach each of the 65,536 pairs of share values exactly
 * once?
 */
static bool fits_equally(const uint8_t *a1, const uint8_t *a2, uint8_t x, uint8_t y)
{
	static uint8_t secret[PAIRS], at_x[PAIRS], at_y[PAIRS], seen[PAIRS];
	const uint8_t *rows[3] = { secret, a1, a2 };
	const struct shamir_gf_kernel *kernel = shamir_gf_kernel_best();

	for (unsigned s = 0; s < 256; s++) {
		memset(secret, (int)s, PAIRS);
		memset(seen, 0, PAIRS);
		kernel->eval(at_x, x, rows, 3, PAIRS, false);
		kernel->eval(at_y, y, rows, 3, PAIRS, false);
		for (unsigned i = 0; i < PAIRS; i++) {
			if (seen[at_x[i] << 8 | at_y[i]]++ != 0)
				return false;
		}
	}
	return true;
}

START_TEST(two_shares_of_three_fit_every_secret_equally_well)
{
	static uint8_t a1[PAIRS], a2[PAIRS];
	struct sr_drbg drbg;
	uint8_t x, y;

	test_drbg(&drbg, "secrecy");
	for (unsigned i = 0; i < PAIRS; i++) {
		a1[i] = (uint8_t)i;
		a2[i] = (uint8_t)(i >> 8);
	}
	ck_assert(fits_equally(a1, a2, 1, 2));
	for (unsigned i = 0; i < 4; i++) {
		x = (uint8_t)(1 + test_below(&drbg, 255));
		y = (uint8_t)(1 + test_below(&drbg, 255));
		ck_assert(x == y || fits_equally(a1, a2, x, y));
	}
	/* The planted faults: a highest coefficient that is never zero, and index 0. */
	for (unsigned i = 0; i < 256; i++)
		a2[i] = 1;
	ck_assert(!fits_equally(a1, a2, 1, 2));
	for (unsigned i = 0; i < 256; i++)
		a2[i] = 0;
	ck_assert(fits_equally(a1, a2, 1, 2));
	ck_assert(!fits_equally(a1, a2, 0, 2));
}
END_TEST

/*
 * Pedersen's commitments, in a group of 11 elements written by their logarithms (so that a bounded
 * and an unbounded adversary are the same): what one holder of a 2-of-n dealing sees is C_0, C_1
 * and his pair. Over all dealings of a secret each view must come equally often, whatever the
 * secret: then no computation tells one from another. blinded: g is random, as it must be.
 */
#define FIELD 11u
#define VIEWS (FIELD * FIELD * FIELD * FIELD)

static bool views_tell_nothing(unsigned h, unsigned j, bool blinded)
{
	static uint16_t first[VIEWS], seen[VIEWS];

	for (unsigned s = 0; s < FIELD; s++) {
		memset(seen, 0, sizeof seen);
		for (unsigned i = 0; i < FIELD * FIELD * FIELD; i++) {
			const unsigned a1 = i % FIELD, b0 = blinded ? i / FIELD % FIELD : 0;
			const unsigned b1 = i / FIELD / FIELD;
			const unsigned c0 = (s + h * b0) % FIELD, c1 = (a1 + h * b1) % FIELD;
			const unsigned f = (s + j * a1) % FIELD, g = (b0 + j * b1) % FIELD;

			seen[((c0 * FIELD + c1) * FIELD + f) * FIELD + g]++;
		}
		if (s == 0)
			memcpy(first, seen, sizeof seen);
		if (memcmp(first, seen, sizeof seen) != 0)
			return false;
	}
	return true;
}

START_TEST(a_holder_and_the_commitments_fit_every_dealt_secret_equally_often)
{
	for (unsigned h = 1; h < FIELD; h++)
		for (unsigned j = 1; j < FIELD; j++) {
			ck_assert(views_tell_nothing(h, j, true));
			ck_assert(!views_tell_nothing(h, j, false));    /* planted: no blinding */
		}
	ck_assert(!views_tell_nothing(0, 1, true));                     /* planted: H = 0 */
	ck_assert(!views_tell_nothing(1, 0, true));                     /* planted: index 0 */
}
END_TEST

/* The missing share for which t - 1 given ones say `candidate`: there is exactly one, so they say
 * nothing. */
static void missing_share(struct sr_scalar *out, const struct shamir_index *set,
    const struct sr_scalar *shares, unsigned t, const struct sr_scalar *candidate)
{
	struct sr_scalar lambda[SHAMIR_T_MAX], term, inverse;

	ck_ok(shamir_lagrange(lambda, set, t));
	*out = *candidate;
	for (unsigned i = 0; i + 1 < t; i++) {
		sr_scalar_mul(&term, &lambda[i], &shares[i]);
		sr_scalar_sub(out, out, &term);
	}
	ck_assert(!sr_scalar_is_zero(&lambda[t - 1]));
	sr_scalar_invert(&inverse, &lambda[t - 1]);
	sr_scalar_mul(out, out, &inverse);
}

/* k distinct indices out of 1..n, in any order. */
static void choose(struct shamir_index *set, unsigned k, unsigned n, struct sr_drbg *drbg)
{
	uint32_t all[SHAMIR_T_MAX], at;

	for (uint32_t i = 0; i < n; i++)
		all[i] = i + 1;
	for (unsigned i = 0; i < k; i++) {
		at = i + test_below(drbg, n - i);
		set[i].v = all[at];
		all[at] = all[i];
		all[i] = set[i].v;
	}
}

START_TEST(any_t_scalars_give_the_secret_and_fewer_fit_any)
{
	struct sr_drbg drbg;
	struct shamir_poly poly;
	struct shamir_index set[SHAMIR_T_MAX];
	struct sr_scalar shares[SHAMIR_T_MAX], got, candidate;
	unsigned n, t;

	test_drbg(&drbg, "any t");
	for (unsigned round = 0; round < 60; round++) {
		n = 1 + test_below(&drbg, SHAMIR_T_MAX);
		t = 1 + test_below(&drbg, n);
		ck_ok(shamir_poly_init(&poly, t, NULL, &drbg));
		choose(set, t, n, &drbg);
		for (unsigned i = 0; i < t; i++)
			ck_ok(shamir_poly_eval(&shares[i], &poly, set[i]));
		ck_ok(shamir_interpolate(&got, set, shares, t));
		ck_assert(sr_scalar_equal(&got, &poly.a[0]));
		ck_ok(sr_scalar_random(&candidate, &drbg));
		missing_share(&shares[t - 1], set, shares, t, &candidate);
		ck_ok(shamir_interpolate(&got, set, shares, t));
		ck_assert(sr_scalar_equal(&got, &candidate));
		shamir_poly_clear(&poly);
	}
}
END_TEST

START_TEST(any_t_pairs_give_the_dealt_secret_and_fewer_fit_any)
{
	static struct shamir_pair pairs[SHAMIR_T_MAX];
	struct sr_drbg drbg;
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct shamir_index set[SHAMIR_T_MAX], bad;
	struct sr_scalar halves[SHAMIR_T_MAX], got, candidate;
	unsigned n, t;

	test_drbg(&drbg, "any t pairs");
	for (unsigned round = 0; round < 30; round++) {
		n = 1 + test_below(&drbg, 32);
		t = 1 + test_below(&drbg, n);
		ck_ok(shamir_pedersen_deal(&poly, &c, t, NULL, &drbg));
		choose(set, t, n, &drbg);
		for (unsigned i = 0; i < t; i++)
			ck_ok(shamir_pedersen_eval(&pairs[i], &poly, set[i]));
		ck_ok(shamir_pedersen_combine(&got, &bad, &c, set, pairs, t));
		ck_assert(sr_scalar_equal(&got, &poly.f.a[0]));
		ck_error(shamir_pedersen_combine(&got, &bad, &c, set, pairs, t - 1),
		    SR_ERR_SHARE_TOO_FEW);
		ck_ok(sr_scalar_random(&candidate, &drbg));
		for (unsigned i = 0; i < t; i++)
			halves[i] = pairs[i].f;
		missing_share(&halves[t - 1], set, halves, t, &candidate);
		ck_ok(shamir_interpolate(&got, set, halves, t));
		ck_assert(sr_scalar_equal(&got, &candidate));
		/* That share exists for every candidate, but it is not the one committed to. */
		pairs[t - 1].f = halves[t - 1];
		ck_error(shamir_pedersen_combine(&got, &bad, &c, set, pairs, t),
		    SR_ERR_SHARE_BAD);
		ck_assert_uint_eq(bad.v, set[t - 1].v);
		shamir_pedersen_clear(&poly);
	}
}
END_TEST

/* Holders of a dealt secret come and go: who stays deals, whoever holds next verifies. */
static void holders_change(struct shamir_commitments *c, struct shamir_pair *pairs, unsigned *n,
    struct sr_drbg *drbg)
{
	static struct shamir_commitments lists[9], next;
	static struct shamir_pair parts[9][9];
	const struct shamir_commitments *pointers[9];
	struct shamir_index dealers[9];
	struct shamir_pair_poly poly;
	struct sr_point own;
	const unsigned dealers_n = c->t + test_below(drbg, *n - c->t + 1), old_t = c->t;
	const unsigned to_n = old_t + test_below(drbg, 10 - old_t);

	choose(dealers, dealers_n, *n, drbg);
	for (unsigned i = 0; i < dealers_n; i++) {
		ck_ok(shamir_pedersen_deal_reshare(&poly, &lists[i], old_t,
		    &pairs[dealers[i].v - 1], drbg));
		ck_ok(shamir_feldman_key(&own, c, dealers[i]));
		ck_ok(shamir_commitments_check(&lists[i], old_t, SHAMIR_DEAL_RESHARE, &own));
		for (uint32_t j = 0; j < to_n; j++)
			ck_ok(shamir_pedersen_eval(&parts[j][i], &poly,
			    (struct shamir_index){ j + 1 }));
		pointers[i] = &lists[i];
		shamir_pedersen_clear(&poly);
	}
	ck_ok(shamir_reshare_sum_commitments(&next, pointers, dealers, dealers_n, old_t,
	    &c->a[0]));
	for (uint32_t j = 0; j < to_n; j++)
		ck_ok(shamir_pedersen_reshare_sum(&pairs[j], parts[j], dealers, dealers_n, old_t));
	*c = next;
	*n = to_n;
}

START_TEST(a_dealt_secret_stays_the_same_while_its_holders_change)
{
	static struct shamir_pair pairs[9], chosen[9];
	static struct shamir_commitments c;
	struct sr_drbg drbg;
	struct shamir_pair_poly poly;
	struct shamir_index set[9], bad;
	struct sr_scalar secret, got;
	unsigned n, t;

	test_drbg(&drbg, "holders change");
	for (unsigned round = 0; round < 4; round++) {
		n = 1 + test_below(&drbg, 9);
		t = 1 + test_below(&drbg, n);
		ck_ok(sr_scalar_random(&secret, &drbg));
		ck_ok(shamir_pedersen_deal(&poly, &c, t, &secret, &drbg));
		for (uint32_t j = 0; j < n; j++)
			ck_ok(shamir_pedersen_eval(&pairs[j], &poly,
			    (struct shamir_index){ j + 1 }));
		shamir_pedersen_clear(&poly);
		for (unsigned epoch = 0; epoch < 4; epoch++) {
			holders_change(&c, pairs, &n, &drbg);
			choose(set, t, n, &drbg);
			for (unsigned i = 0; i < t; i++)
				chosen[i] = pairs[set[i].v - 1];
			ck_ok(shamir_pedersen_combine(&got, &bad, &c, set, chosen, t));
			ck_assert(sr_scalar_equal(&got, &secret));
		}
	}
}
END_TEST

/* --- epochs: the key never changes --- */

struct group {
	unsigned t, n;
	struct sr_scalar x[SR_MEMBERS_MAX];
	struct shamir_commitments c;
};

static void group_deal(struct group *g, unsigned t, unsigned n, struct sr_drbg *drbg)
{
	struct shamir_poly poly;

	ck_ok(shamir_deal_fresh(&poly, &g->c, t, drbg));
	g->t = t;
	g->n = n;
	for (uint32_t j = 0; j < n; j++)
		ck_ok(shamir_poly_eval(&g->x[j], &poly, (struct shamir_index){ j + 1 }));
	shamir_poly_clear(&poly);
}

/* Some of `old`, at least its t, deal to (t, n): every sub-share is verified. */
static void group_reshare(struct group *new, const struct group *old, unsigned t, unsigned n,
    struct sr_drbg *drbg)
{
	static struct shamir_commitments lists[SR_MEMBERS_MAX];
	static struct sr_scalar parts[SR_MEMBERS_MAX][SR_MEMBERS_MAX];
	const struct shamir_commitments *pointers[SR_MEMBERS_MAX];
	struct shamir_index dealers[SR_MEMBERS_MAX];
	const unsigned dealers_n = old->t + test_below(drbg, old->n - old->t + 1);
	struct shamir_poly poly;
	struct sr_point y;

	choose(dealers, dealers_n, old->n, drbg);
	for (unsigned i = 0; i < dealers_n; i++) {
		ck_ok(shamir_deal_reshare(&poly, &lists[i], t, &old->x[dealers[i].v - 1], drbg));
		ck_ok(shamir_feldman_key(&y, &old->c, dealers[i]));
		ck_ok(shamir_commitments_check(&lists[i], t, SHAMIR_DEAL_RESHARE, &y));
		pointers[i] = &lists[i];
		for (uint32_t j = 0; j < n; j++)
			ck_ok(shamir_poly_eval(&parts[j][i], &poly,
			    (struct shamir_index){ j + 1 }));
		shamir_poly_clear(&poly);
	}
	new->t = t;
	new->n = n;
	ck_ok(shamir_reshare_sum_commitments(&new->c, pointers, dealers, dealers_n, old->t,
	    &old->c.a[0]));
	for (uint32_t j = 0; j < n; j++) {
		ck_ok(shamir_reshare_sum_shares(&new->x[j], parts[j], dealers, dealers_n,
		    old->t));
		ck_ok(shamir_feldman_verify(&new->c, (struct shamir_index){ j + 1 },
		    &new->x[j]));
	}
}

/* Any t open a ciphertext made for the first epoch's key. */
static void group_opens(const struct group *g, const struct shamir_tdh2_ct *ct,
    const struct sr_key32 *key, const uint8_t *label, size_t label_n, struct sr_drbg *drbg)
{
	struct shamir_index set[SR_MEMBERS_MAX], bad;
	struct sr_point keys[SR_MEMBERS_MAX];
	struct shamir_tdh2_share shares[SR_MEMBERS_MAX];
	struct sr_key32 got;

	choose(set, g->t, g->n, drbg);
	for (unsigned i = 0; i < g->t; i++) {
		ck_ok(shamir_feldman_key(&keys[i], &g->c, set[i]));
		ck_ok(shamir_tdh2_share_make(&shares[i], &g->x[set[i].v - 1], ct, label, label_n,
		    drbg));
	}
	ck_ok(shamir_tdh2_combine(&got, &bad, ct, label, label_n, set, keys, shares, g->t, g->t));
	ck_assert_mem_eq(got.b, key->b, 32);
}

START_TEST(a_ciphertext_opens_after_any_number_of_roster_changes)
{
	static struct group a, b;
	static const uint8_t label[] = "label";
	struct sr_drbg drbg;
	struct shamir_tdh2_ct ct;
	struct sr_key32 key;
	struct sr_point y;
	unsigned n;

	test_drbg(&drbg, "roster changes");
	for (unsigned round = 0; round < 3; round++) {
		n = 1 + test_below(&drbg, 9);
		group_deal(&a, 1 + test_below(&drbg, n), n, &drbg);
		y = a.c.a[0];
		ck_ok(shamir_tdh2_encrypt(&ct, &key, &y, label, sizeof label, &drbg));
		for (unsigned epoch = 0; epoch < 4; epoch++) {
			n = 1 + test_below(&drbg, 9);
			group_reshare(&b, &a, 1 + test_below(&drbg, n), n, &drbg);
			ck_assert(sr_point_equal(&b.c.a[0], &y));
			group_opens(&b, &ct, &key, label, sizeof label, &drbg);
			a = b;
		}
	}
}
END_TEST

START_TEST(shares_of_two_epochs_do_not_mix)
{
	static struct group a, b;
	struct sr_drbg drbg;
	struct shamir_index set[3] = { { 1 }, { 2 }, { 3 } };
	struct sr_scalar mixed[3], got;
	struct sr_point p;

	test_drbg(&drbg, "mix");
	group_deal(&a, 3, 4, &drbg);
	group_reshare(&b, &a, 3, 4, &drbg);
	mixed[0] = a.x[0];
	mixed[1] = b.x[1];
	mixed[2] = b.x[2];
	ck_ok(shamir_interpolate(&got, set, mixed, 3));
	sr_point_base_mul(&p, &got);
	ck_assert(!sr_point_equal(&p, &a.c.a[0]));
	ck_error(shamir_feldman_verify(&b.c, set[0], &mixed[0]), SR_ERR_DEALING_BAD);
}
END_TEST

/* --- a changed byte is found and its dealer named --- */

#define DEALERS 5u

START_TEST(among_dealers_the_one_with_a_changed_byte_is_named)
{
	static const uint8_t context[] = "context";
	const struct shamir_index receiver = { 2 };
	struct sr_drbg drbg;
	static struct shamir_commitments lists[DEALERS];
	struct shamir_box boxes[DEALERS];
	struct shamir_complaint complaint;
	struct shamir_poly poly;
	struct sr_scalar p, share;
	struct sr_point key;

	test_drbg(&drbg, "dealer named");
	ck_ok(shamir_box_keypair(&p, &key, &drbg));
	for (unsigned round = 0; round < 20; round++) {
		const unsigned culprit = test_below(&drbg, DEALERS + 1);        /* or nobody */
		unsigned named = DEALERS;

		for (unsigned i = 0; i < DEALERS; i++) {
			ck_ok(shamir_deal_fresh(&poly, &lists[i], 3, &drbg));
			ck_ok(shamir_poly_eval(&share, &poly, receiver));
			if (i == culprit && round % 2 == 0)     /* before sealing, or after */
				share.b[test_below(&drbg, 31)] ^= 1;
			ck_ok(shamir_subshare_seal(&boxes[i], &key, &share, context,
			    sizeof context, &drbg));
			shamir_poly_clear(&poly);
		}
		if (culprit < DEALERS && round % 2 == 1)
			boxes[culprit].b[test_below(&drbg, SHAMIR_BOX_SIZE)] ^= 0x20;
		for (unsigned i = 0; i < DEALERS; i++) {
			bool fault = shamir_box_check(&boxes[i]) != SR_OK;

			if (!fault) {
				ck_ok(shamir_complaint_make(&complaint, &boxes[i], &p, context,
				    sizeof context, &drbg));
				ck_ok(shamir_complaint_judge_share(&fault, &complaint, &boxes[i],
				    &key, context, sizeof context, &lists[i], receiver));
			}
			if (fault) {
				ck_assert_uint_eq(named, DEALERS);
				named = i;
			}
		}
		ck_assert_uint_eq(named, culprit);
	}
}
END_TEST

/* --- byte strings --- */

START_TEST(any_t_of_n_byte_shares_give_the_secret)
{
	struct sr_drbg drbg;
	struct shamir_gf_split split;
	struct sr_key32 key;
	struct shamir_index set[SHAMIR_T_MAX];
	uint8_t *shares[SHAMIR_T_MAX], indices[SHAMIR_T_MAX], secret[3000], got[3000], bad;
	const uint8_t *in[SHAMIR_T_MAX];

	test_drbg(&drbg, "byte shares");
	for (unsigned i = 0; i < SHAMIR_T_MAX; i++)
		ck_assert_ptr_nonnull(shares[i] = malloc(sizeof secret));
	for (unsigned round = 0; round < 200; round++) {
		const unsigned n = 1 + test_below(&drbg, SHAMIR_T_MAX);
		const unsigned t = 1 + test_below(&drbg, n);
		const unsigned m = t + test_below(&drbg, n - t + 1);
		const size_t size = test_below(&drbg, sizeof secret);

		ck_ok(sr_drbg_fill(&drbg, secret, sizeof secret));
		ck_ok(sr_drbg_fill(&drbg, key.b, sizeof key.b));
		ck_ok(shamir_gf_split_init(&split, t, n, &key, NULL));
		ck_ok(shamir_gf_split_update(&split, shares, secret, size));
		shamir_gf_split_clear(&split);
		choose(set, m, n, &drbg);
		for (unsigned i = 0; i < m; i++) {
			indices[i] = (uint8_t)set[i].v;
			in[i] = shares[set[i].v - 1];
		}
		ck_ok(shamir_gf_combine(got, &bad, indices, in, m, t, size, NULL));
		ck_assert_mem_eq(got, secret, size);
		if (size == 0 || m < t + 2)
			continue;
		shares[set[m - 1].v - 1][test_below(&drbg, (uint32_t)size)] ^= 2;
		ck_error(shamir_gf_combine(got, &bad, indices, in, m, t, size, NULL),
		    SR_ERR_SHARE_BAD);
		ck_assert_uint_eq(bad, set[m - 1].v);
	}
	for (unsigned i = 0; i < SHAMIR_T_MAX; i++)
		free(shares[i]);
}
END_TEST

TEST_MAIN("shamir properties", two_shares_of_three_fit_every_secret_equally_well,
    a_holder_and_the_commitments_fit_every_dealt_secret_equally_often,
    any_t_scalars_give_the_secret_and_fewer_fit_any,
    any_t_pairs_give_the_dealt_secret_and_fewer_fit_any,
    a_dealt_secret_stays_the_same_while_its_holders_change,
    a_ciphertext_opens_after_any_number_of_roster_changes, shares_of_two_epochs_do_not_mix,
    among_dealers_the_one_with_a_changed_byte_is_named, any_t_of_n_byte_shares_give_the_secret)
