/* TDH2: any t of n open a ciphertext under its own label, and no one else does anything. */
#include "shamir/tdh2.h"

#include <string.h>

#include "shamir/feldman.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define N 5u
#define T 3u

static const uint8_t label[32] = "the policy";
static const uint8_t other_label[32] = "another policy";

/* A group, one ciphertext under its key, and everybody's share of it. */
struct scene {
	struct sr_drbg drbg;
	struct sr_scalar x[N];
	struct sr_point y, keys[N];
	struct shamir_index indices[N];
	struct shamir_tdh2_ct ct;
	struct sr_key32 key;
	struct shamir_tdh2_share shares[N];
};

static void scene_make(struct scene *s, const char *name)
{
	struct shamir_poly poly;
	struct shamir_commitments c;

	test_drbg(&s->drbg, name);
	ck_ok(shamir_deal_fresh(&poly, &c, T, &s->drbg));
	s->y = c.a[0];
	ck_ok(shamir_feldman_keys(s->keys, N, &c));
	ck_ok(shamir_tdh2_encrypt(&s->ct, &s->key, &s->y, label, sizeof label, &s->drbg));
	for (uint32_t i = 0; i < N; i++) {
		s->indices[i].v = i + 1;
		ck_ok(shamir_poly_eval(&s->x[i], &poly, s->indices[i]));
		ck_ok(shamir_tdh2_share_make(&s->shares[i], &s->x[i], &s->ct, label,
		    sizeof label, &s->drbg));
	}
	shamir_poly_clear(&poly);
}

/* Combines the shares at positions who[0..n-1]. */
static enum sr_error combine(struct sr_key32 *key, struct shamir_index *bad,
    const struct scene *s, const uint32_t *who, size_t n)
{
	struct shamir_index indices[N];
	struct sr_point keys[N];
	struct shamir_tdh2_share shares[N];

	for (size_t i = 0; i < n; i++) {
		indices[i] = s->indices[who[i]];
		keys[i] = s->keys[who[i]];
		shares[i] = s->shares[who[i]];
	}
	return shamir_tdh2_combine(key, bad, &s->ct, label, sizeof label, indices, keys, shares, n,
	    T);
}

START_TEST(every_set_of_t_members_gives_the_key)
{
	struct scene s;
	struct sr_key32 key;
	struct shamir_index bad;
	unsigned sets_n = 0;

	scene_make(&s, "every set");
	ck_ok(shamir_tdh2_check(&s.ct, label, sizeof label));
	for (uint32_t a = 0; a < N; a++) {
		for (uint32_t b = 0; b < a; b++) {
			for (uint32_t c = 0; c < b; c++) {
				ck_ok(combine(&key, &bad, &s, (uint32_t[]){ a, b, c }, 3));
				ck_assert_mem_eq(key.b, s.key.b, 32);
				sets_n++;
			}
		}
	}
	ck_assert_uint_eq(sets_n, 10);
	ck_ok(combine(&key, &bad, &s, (uint32_t[]){ 4, 3, 2, 1, 0 }, 5));
	ck_assert_mem_eq(key.b, s.key.b, 32);
	ck_error(combine(&key, &bad, &s, (uint32_t[]){ 0, 1 }, 2), SR_ERR_SHARE_TOO_FEW);
	ck_error(combine(&key, &bad, &s, (uint32_t[]){ 0, 1, 0 }, 3), SR_ERR_SHARE_DUPLICATE);
	ck_error(combine(&key, &bad, &s, (uint32_t[]){ 0, 1, 2, 0 }, 4), SR_ERR_SHARE_DUPLICATE);
}
END_TEST

START_TEST(a_bad_share_is_named_even_among_enough_good_ones)
{
	struct scene s;
	struct sr_key32 key, zero = { { 0 } };
	struct shamir_index bad;

	scene_make(&s, "bad share");
	for (uint32_t culprit = 0; culprit < N; culprit++) {
		struct shamir_tdh2_share good = s.shares[culprit];

		ck_ok(sr_point_add(&s.shares[culprit].d, &good.d, &sr_point_base));
		ck_error(combine(&key, &bad, &s, (uint32_t[]){ 0, 1, 2, 3, 4 }, 5),
		    SR_ERR_SHARE_BAD);
		ck_assert_uint_eq(bad.v, culprit + 1);
		ck_assert_mem_eq(key.b, zero.b, 32);
		s.shares[culprit] = good;
	}
	s.shares[2] = s.shares[1];                      /* somebody else's true share */
	ck_error(combine(&key, &bad, &s, (uint32_t[]){ 0, 2, 3 }, 3), SR_ERR_SHARE_BAD);
	ck_assert_uint_eq(bad.v, 3);
}
END_TEST

START_TEST(share_index_zero_is_refused)
{
	struct scene s;
	struct sr_key32 key;
	struct shamir_index bad;

	scene_make(&s, "index zero");
	s.indices[1].v = 0;
	ck_error(combine(&key, &bad, &s, (uint32_t[]){ 0, 1, 2 }, 3), SR_ERR_SHARE_INDEX);
}
END_TEST

START_TEST(under_another_label_nothing_is_computed)
{
	struct scene s;
	struct shamir_tdh2_share share, zero = { 0 };

	scene_make(&s, "other label");
	ck_error(shamir_tdh2_check(&s.ct, other_label, sizeof other_label),
	    SR_ERR_BAD_CIPHERTEXT);
	ck_error(shamir_tdh2_check(&s.ct, label, sizeof label - 1), SR_ERR_BAD_CIPHERTEXT);
	ck_error(shamir_tdh2_share_make(&share, &s.x[0], &s.ct, other_label,
	    sizeof other_label, &s.drbg), SR_ERR_BAD_CIPHERTEXT);
	ck_assert_mem_eq(&share, &zero, sizeof share);
	ck_error(shamir_tdh2_share_verify(&s.shares[0], &s.keys[0], &s.ct, other_label,
	    sizeof other_label), SR_ERR_SHARE_BAD);
}
END_TEST

static void write_ct(struct sr_writer *w, const struct shamir_tdh2_ct *ct)
{
	sr_writer_init(w, SHAMIR_TDH2_CT_SIZE);
	shamir_tdh2_ct_write(w, ct);
	ck_ok(sr_writer_finish(w));
}

START_TEST(every_changed_byte_of_a_ciphertext_is_refused)
{
	struct scene s;
	struct shamir_tdh2_ct ct;
	struct sr_writer w;
	struct sr_reader r;

	scene_make(&s, "changed byte");
	write_ct(&w, &s.ct);
	ck_assert_uint_eq(w.n, SHAMIR_TDH2_CT_SIZE);
	for (size_t i = 0; i <= w.n; i++) {
		if (i < w.n)
			w.p[i] ^= 4;
		sr_reader_init(&r, w.p, w.n);
		shamir_tdh2_ct_read(&ct, &r);
		if (i < w.n)
			ck_assert(sr_reader_finish(&r) != SR_OK ||
			    shamir_tdh2_check(&ct, label, sizeof label) != SR_OK);
		else
			ck_ok(shamir_tdh2_check(&ct, label, sizeof label));
		if (i < w.n)
			w.p[i] ^= 4;
	}
	sr_writer_clear(&w);
}
END_TEST

/* The attack TDH2 is against: R of a stranger's ciphertext in a new one, without knowing r. */
START_TEST(a_copied_R_in_a_new_ciphertext_is_refused)
{
	struct scene s;
	struct shamir_tdh2_ct forged;
	struct sr_key32 key;

	scene_make(&s, "copied R");
	ck_ok(shamir_tdh2_encrypt(&forged, &key, &s.y, other_label, sizeof other_label, &s.drbg));
	forged.r = s.ct.r;
	ck_error(shamir_tdh2_check(&forged, other_label, sizeof other_label),
	    SR_ERR_BAD_CIPHERTEXT);
	forged.r2 = s.ct.r2;
	ck_error(shamir_tdh2_check(&forged, other_label, sizeof other_label),
	    SR_ERR_BAD_CIPHERTEXT);
	forged = s.ct;
	forged.r = sr_point_identity;
	ck_error(shamir_tdh2_check(&forged, label, sizeof label), SR_ERR_BAD_CIPHERTEXT);
	memset(forged.r.b, 0xff, 32);
	ck_error(shamir_tdh2_check(&forged, label, sizeof label), SR_ERR_BAD_CIPHERTEXT);
}
END_TEST

START_TEST(a_share_survives_the_wire_and_a_bad_key_is_refused)
{
	struct scene s;
	struct shamir_tdh2_share read;
	struct sr_writer w;
	struct sr_reader r;
	static const uint8_t long_label[SHAMIR_TDH2_LABEL_MAX + 1];

	scene_make(&s, "share wire");
	sr_writer_init(&w, SHAMIR_TDH2_SHARE_SIZE);
	shamir_tdh2_share_write(&w, &s.shares[0]);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(w.n, SHAMIR_TDH2_SHARE_SIZE);
	sr_reader_init(&r, w.p, w.n);
	shamir_tdh2_share_read(&read, &r);
	ck_ok(sr_reader_finish(&r));
	ck_ok(shamir_tdh2_share_verify(&read, &s.keys[0], &s.ct, label, sizeof label));
	ck_error(shamir_tdh2_encrypt(&s.ct, &s.key, &sr_point_identity, label, sizeof label,
	    &s.drbg), SR_ERR_BAD_POINT);
	ck_ok(shamir_tdh2_encrypt(&s.ct, &s.key, &s.y, long_label, SHAMIR_TDH2_LABEL_MAX,
	    &s.drbg));
	ck_ok(shamir_tdh2_check(&s.ct, long_label, SHAMIR_TDH2_LABEL_MAX));
	ck_error(shamir_tdh2_encrypt(&s.ct, &s.key, &s.y, long_label, sizeof long_label, &s.drbg),
	    SR_ERR_TOO_LONG);
	sr_writer_clear(&w);
}
END_TEST

/* r = 0: its proof is good, and everyone knows the key. */
START_TEST(a_ciphertext_of_nothing_is_refused)
{
	struct shamir_tdh2_ct ct = { .r = sr_point_identity, .r2 = sr_point_identity };
	uint8_t length[4] = { sizeof label, 0, 0, 0 };
	struct sr_point w_point, w2_point;
	struct sr_scalar w;
	struct scene s;

	scene_make(&s, "nothing");
	ck_ok(sr_scalar_random(&w, &s.drbg));
	sr_point_base_mul(&w_point, &w);
	ck_ok(sr_point_mul(&w2_point, &w, &sr_point_g2));
	struct sr_bytes parts[6] = { { length, sizeof length }, { label, sizeof label },
		{ ct.r.b, 32 }, { w_point.b, 32 }, { ct.r2.b, 32 }, { w2_point.b, 32 } };

	sr_scalar_hash(&ct.e, "strongroom tdh2 v1", parts, 6);
	ct.z = w;
	ck_error(shamir_tdh2_check(&ct, label, sizeof label), SR_ERR_BAD_CIPHERTEXT);
}
END_TEST

TEST_MAIN("shamir/tdh2", every_set_of_t_members_gives_the_key,
    a_bad_share_is_named_even_among_enough_good_ones, share_index_zero_is_refused,
    under_another_label_nothing_is_computed, every_changed_byte_of_a_ciphertext_is_refused,
    a_copied_R_in_a_new_ciphertext_is_refused,
    a_share_survives_the_wire_and_a_bad_key_is_refused,
	a_ciphertext_of_nothing_is_refused)
