/* What holds in any group of prime order: the simulator's fake must pass this, too. */
#include "shamir/group.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

START_TEST(the_identity_is_refused_unless_asked_for)
{
	struct sr_point p;
	struct sr_reader r;

	ck_error(sr_point_decode(&p, sr_point_identity.b), SR_ERR_BAD_POINT);
	ck_ok(sr_point_decode_any(&p, sr_point_identity.b));
	sr_reader_init(&r, sr_point_identity.b, 32);
	(void)sr_read_point(&r);
	ck_error(sr_reader_finish(&r), SR_ERR_BAD_POINT);
	sr_reader_init(&r, sr_point_identity.b, 32);
	(void)sr_read_point_any(&r);
	ck_ok(sr_reader_finish(&r));
}
END_TEST

START_TEST(the_field_laws_hold)
{
	struct sr_drbg drbg;
	struct sr_scalar a, b, c, x, y, one;

	test_drbg(&drbg, "field laws");
	sr_scalar_from_u32(&one, 1);
	for (unsigned i = 0; i < 200; i++) {
		ck_ok(sr_scalar_random(&a, &drbg));
		ck_ok(sr_scalar_random(&b, &drbg));
		ck_ok(sr_scalar_random(&c, &drbg));
		sr_scalar_add(&x, &b, &c);              /* a (b + c) = a b + a c */
		sr_scalar_mul(&x, &a, &x);
		sr_scalar_mul(&y, &a, &b);
		sr_scalar_mul(&c, &a, &c);
		sr_scalar_add(&y, &y, &c);
		ck_assert(sr_scalar_equal(&x, &y));
		sr_scalar_sub(&y, &y, &x);
		ck_assert(sr_scalar_is_zero(&y));
		sr_scalar_invert(&x, &a);
		sr_scalar_mul(&x, &x, &a);
		ck_assert(sr_scalar_equal(&x, &one));
	}
	sr_scalar_sub(&x, &one, &one);
	sr_scalar_invert(&x, &x);
	ck_assert(sr_scalar_is_zero(&x));
}
END_TEST

START_TEST(points_follow_their_scalars)
{
	struct sr_drbg drbg;
	struct sr_scalar a, b, s;
	struct sr_point p, q, r;

	test_drbg(&drbg, "points follow");
	for (unsigned i = 0; i < 50; i++) {
		ck_ok(sr_scalar_random(&a, &drbg));
		ck_ok(sr_scalar_random(&b, &drbg));
		sr_point_base_mul(&p, &a);
		sr_point_base_mul(&q, &b);
		ck_ok(sr_point_add(&r, &p, &q));
		sr_scalar_add(&s, &a, &b);
		sr_point_base_mul(&q, &s);
		ck_assert(sr_point_equal(&r, &q));
		ck_ok(sr_point_sub(&r, &r, &p));
		ck_ok(sr_point_sub(&r, &r, &r));
		ck_assert(sr_point_is_identity(&r));
		ck_ok(sr_point_mul(&r, &a, &r));        /* a times the identity */
		ck_assert(sr_point_is_identity(&r));
	}
}
END_TEST

START_TEST(the_second_base_is_the_hash_of_its_name)
{
	struct sr_point p;

	sr_point_hash(&p, "strongroom G2 v1", NULL, 0);
	ck_assert_mem_eq(p.b, sr_point_g2.b, 32);
	ck_ok(sr_point_decode(&p, sr_point_g2.b));
	ck_assert(!sr_point_equal(&p, &sr_point_base));
}
END_TEST

START_TEST(hashing_separates_domains_and_parts)
{
	struct sr_bytes part = { (const uint8_t *)"ab", 2 };
	struct sr_scalar s, u;
	struct sr_point p, q;

	sr_scalar_hash(&s, "one", &part, 1);
	sr_scalar_hash(&u, "two", &part, 1);
	ck_assert(!sr_scalar_equal(&s, &u));
	sr_scalar_hash(&u, "one", &part, 1);
	ck_assert(sr_scalar_equal(&s, &u));
	sr_point_hash(&p, "one", &part, 1);
	sr_point_hash(&q, "onea", &(struct sr_bytes){ (const uint8_t *)"b", 1 }, 1);
	ck_assert(!sr_point_equal(&p, &q));
}
END_TEST

TEST_MAIN("shamir/group laws",
    the_identity_is_refused_unless_asked_for,
    the_field_laws_hold,
    points_follow_their_scalars,
    the_second_base_is_the_hash_of_its_name,
    hashing_separates_domains_and_parts)
