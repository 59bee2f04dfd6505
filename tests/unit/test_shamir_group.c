/* Scalars and points: canonical encodings, published values, the second base. */
#include "shamir/group.h"

#include <string.h>

#include "base/hex.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static void unhex(uint8_t out[32], const char *text)
{
	ck_ok(sr_hex_decode(out, 32, text, strlen(text)));
}

/* RFC 9496, A.1: the first multiples of the base. */
static const char *const multiples[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
	"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
	"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
	"da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
	"e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
};

/* RFC 9496, A.3 (the first of each kind): none of these is an encoding. */
static const char *const no_points[] = {
	"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
	"26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
};

START_TEST(multiples_of_the_base_are_the_published_ones)
{
	struct sr_scalar k;
	struct sr_point p, q;
	uint8_t expected[32];

	for (uint32_t i = 0; i < sizeof multiples / sizeof multiples[0]; i++) {
		unhex(expected, multiples[i]);
		sr_scalar_from_u32(&k, i);
		sr_point_base_mul(&p, &k);
		ck_assert_mem_eq(p.b, expected, 32);
		ck_ok(sr_point_mul(&q, &k, &sr_point_base));
		ck_assert_mem_eq(q.b, expected, 32);
		ck_ok(sr_point_decode_any(&q, expected));
	}
}
END_TEST

START_TEST(bytes_that_encode_no_point_are_refused)
{
	struct sr_point p;
	struct sr_scalar one;
	uint8_t bytes[32];

	sr_scalar_from_u32(&one, 1);
	for (size_t i = 0; i < sizeof no_points / sizeof no_points[0]; i++) {
		unhex(bytes, no_points[i]);
		ck_error(sr_point_decode(&p, bytes), SR_ERR_BAD_POINT);
		ck_error(sr_point_decode_any(&p, bytes), SR_ERR_BAD_POINT);
		ck_assert(sr_point_is_identity(&p));
		memcpy(p.b, bytes, 32);
		ck_error(sr_point_mul(&p, &one, &p), SR_ERR_BAD_POINT);
		memcpy(p.b, bytes, 32);
		ck_error(sr_point_add(&p, &sr_point_base, &p), SR_ERR_BAD_POINT);
		memcpy(p.b, bytes, 32);
		ck_error(sr_point_sub(&p, &p, &sr_point_base), SR_ERR_BAD_POINT);
	}
}
END_TEST

START_TEST(only_scalars_below_the_order_are_read)
{
	uint8_t order[32];
	struct sr_scalar s;
	struct sr_reader r;

	unhex(order, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	ck_error(sr_scalar_decode(&s, order), SR_ERR_BAD_SCALAR);
	ck_assert(sr_scalar_is_zero(&s));
	sr_reader_init(&r, order, 32);
	(void)sr_read_scalar(&r);
	ck_error(sr_reader_finish(&r), SR_ERR_BAD_SCALAR);
	order[0]--;
	ck_ok(sr_scalar_decode(&s, order));             /* L - 1 */
	ck_assert_mem_eq(s.b, order, 32);
	order[0] += 2;
	ck_error(sr_scalar_decode(&s, order), SR_ERR_BAD_SCALAR);
	memset(order, 0xff, 32);
	ck_error(sr_scalar_decode(&s, order), SR_ERR_BAD_SCALAR);
	memset(order, 0, 32);
	order[31] = 0x10;                               /* 2^252, just below L */
	ck_ok(sr_scalar_decode(&s, order));
	order[31] = 0x11;
	ck_error(sr_scalar_decode(&s, order), SR_ERR_BAD_SCALAR);
}
END_TEST

TEST_MAIN("shamir/group", multiples_of_the_base_are_the_published_ones,
    bytes_that_encode_no_point_are_refused,
    only_scalars_below_the_order_are_read)
