#include "attest/cbor.h"

#include "tests/lib/check_main.h"

/* Reads a list of numbers; how many, or -1 when it is not one. */
static int count(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	struct cbor_list list;
	int items = 0;

	sr_reader_init(&r, p, n);
	list = cbor_array(&r);
	for (; cbor_more(&r, &list); items++)
		(void)cbor_uint(&r);
	return sr_reader_finish(&r) == SR_OK ? items : -1;
}

START_TEST(a_list_ends_where_it_says)
{
	static const uint8_t two[] = { 0x82, 1, 2 }, open[] = { 0x9f, 1, 2, 0xff };

	ck_assert_int_eq(count(two, 3), 2);
	ck_assert_int_eq(count(two, 2), -1);
	ck_assert_int_eq(count(open, 4), 2);
	ck_assert_int_eq(count(open, 3), -1);
	ck_assert_int_eq(count(open, 1), -1);
}
END_TEST

TEST_MAIN("attest/cbor", a_list_ends_where_it_says)
