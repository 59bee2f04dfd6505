/*
 * The fakes' own promises. What they share with the real cryptography is tested by the same files:
 * test_base_crypto_laws, test_shamir_*.
 */
#include <stdlib.h>
#include <string.h>

#include "shamir/group.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/sim/fake_crypto.h"

#define INPUTS 300000u

START_TEST(the_fakes_are_what_is_linked)
{
	ck_assert_ptr_nonnull(fake_crypto_linked);
}
END_TEST

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* One lane of four: 300,000 values of 64 bits meet with a chance of one in 400 million. */
static void all_differ(uint64_t *lanes)
{
	qsort(lanes, INPUTS, sizeof *lanes, compare);
	for (size_t i = 1; i < INPUTS; i++)
		ck_assert(lanes[i] != lanes[i - 1]);
}

/* Counters, lengths and single bits: what protocols hash, and what weak hashes confuse. */
START_TEST(no_lane_of_the_hash_collides_on_structured_input)
{
	static uint64_t lanes[4][INPUTS];
	uint8_t msg[200] = { 0 };

	for (uint32_t i = 0; i < INPUTS; i++) {
		uint64_t word[4];
		struct sr_hash32 h;

		if (i < 200) {
			h = sr_hash(msg, i);
		} else if (i < 200 + 8 * 190) {
			msg[(i - 200) / 8] ^= (uint8_t)(1u << i % 8);
			h = sr_hash(msg, 190);
			msg[(i - 200) / 8] ^= (uint8_t)(1u << i % 8);
		} else {
			memcpy(msg + i % 100, &i, sizeof i);
			h = sr_hash(msg, 120);
			memset(msg, 0, sizeof msg);
		}
		memcpy(word, h.b, sizeof word);
		for (size_t k = 0; k < 4; k++)
			lanes[k][i] = word[k];
	}
	for (size_t k = 0; k < 4; k++)
		all_differ(lanes[k]);
}
END_TEST

/* Each bit of the input turns about half of the output's. */
START_TEST(every_bit_counts)
{
	struct sr_drbg rng;
	uint8_t msg[64];

	test_drbg(&rng, "bits");
	ck_ok(sr_drbg_fill(&rng, msg, sizeof msg));
	struct sr_hash32 before = sr_hash(msg, sizeof msg);
	for (size_t bit = 0; bit < 8 * sizeof msg; bit++) {
		int turned = 0;

		msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		struct sr_hash32 after = sr_hash(msg, sizeof msg);
		msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		for (size_t i = 0; i < 32; i++)
			turned += __builtin_popcount((unsigned)(before.b[i] ^ after.b[i]));
		ck_assert_int_ge(turned, 128 - 56);     /* seven standard deviations */
		ck_assert_int_le(turned, 128 + 56);
	}
}
END_TEST

/* As in the real group: one value, one encoding, and no other bytes are any. */
START_TEST(only_canonical_encodings_are_read)
{
	struct sr_drbg rng;
	struct sr_scalar s, t;
	struct sr_point p, q;
	uint64_t order = FAKE_FIELD_ORDER;
	uint8_t bytes[32] = { 0 };

	memcpy(bytes, &order, sizeof order);
	ck_error(sr_scalar_decode(&s, bytes), SR_ERR_BAD_SCALAR);
	order--;
	memcpy(bytes, &order, sizeof order);
	ck_ok(sr_scalar_decode(&s, bytes));
	test_drbg(&rng, "canonical");
	for (int round = 0; round < 20; round++) {
		ck_ok(sr_scalar_random(&s, &rng));
		sr_point_base_mul(&p, &s);
		ck_ok(sr_scalar_decode(&t, s.b));
		ck_ok(sr_point_decode(&q, p.b));
		/* The name, the zeros, and what makes the number too large. */
		for (size_t i = 8; i < 32; i++) {
			s.b[i] ^= 1;
			p.b[i] ^= 1;
			ck_error(sr_scalar_decode(&t, s.b), SR_ERR_BAD_SCALAR);
			ck_error(sr_point_decode_any(&q, p.b), SR_ERR_BAD_POINT);
			ck_error(sr_point_mul(&q, &t, &p), SR_ERR_BAD_POINT);
			s.b[i] ^= 1;
			p.b[i] ^= 1;
		}
		s.b[7] |= 0x20;
		p.b[7] |= 0x20;
		ck_error(sr_scalar_decode(&t, s.b), SR_ERR_BAD_SCALAR);
		ck_error(sr_point_decode_any(&q, p.b), SR_ERR_BAD_POINT);
	}
	/* The identity has no name. */
	p = sr_point_base;
	memset(p.b, 0, 8);
	ck_error(sr_point_decode_any(&q, p.b), SR_ERR_BAD_POINT);
}
END_TEST

TEST_MAIN("fakes", the_fakes_are_what_is_linked, no_lane_of_the_hash_collides_on_structured_input,
    every_bit_counts, only_canonical_encodings_are_read)
