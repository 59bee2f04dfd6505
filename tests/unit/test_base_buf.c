#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static void fill(struct sr_drbg *rng, uint8_t *out, size_t n)
{
	ck_assert_int_eq(sr_drbg_fill(rng, out, n), SR_OK);
}

START_TEST(what_is_written_is_read_back)
{
	struct sr_writer w;
	struct sr_reader r;
	struct sr_hash32 h = { { 1, 2, 3 } };
	struct sr_edpk ed = { { 4 } };
	struct sr_xpk x = { { 5 } };
	struct sr_sig64 sig = { { 6, [63] = 7 } };
	struct sr_bytes blob;

	sr_writer_init(&w, 1000);
	sr_write_u8(&w, 0xfe);
	sr_write_u16(&w, 0xfedc);
	sr_write_u32(&w, 0xfedcba98u);
	sr_write_u64(&w, 0xfedcba9876543210u);
	sr_write_bool(&w, true);
	sr_write_bool(&w, false);
	sr_write_blob(&w, (const uint8_t *)"hello", 5);
	sr_write_hash(&w, &h);
	sr_write_edpk(&w, &ed);
	sr_write_xpk(&w, &x);
	sr_write_sig(&w, &sig);
	ck_assert_int_eq(sr_writer_finish(&w), SR_OK);
	ck_assert_uint_eq(w.n, 1 + 2 + 4 + 8 + 2 + 9 + 32 * 3 + 64);

	sr_reader_init(&r, w.p, w.n);
	ck_assert_uint_eq(sr_read_u8(&r), 0xfe);
	ck_assert_uint_eq(sr_read_u16(&r), 0xfedc);
	ck_assert_uint_eq(sr_read_u32(&r), 0xfedcba98u);
	ck_assert_uint_eq(sr_read_u64(&r), 0xfedcba9876543210u);
	ck_assert(sr_read_bool(&r));
	ck_assert(!sr_read_bool(&r));
	blob = sr_read_blob(&r, 5);
	ck_assert_uint_eq(blob.n, 5);
	ck_assert_mem_eq(blob.p, "hello", 5);
	ck_assert_mem_eq(sr_read_hash(&r).b, h.b, 32);
	ck_assert_mem_eq(sr_read_edpk(&r).b, ed.b, 32);
	ck_assert_mem_eq(sr_read_xpk(&r).b, x.b, 32);
	ck_assert_mem_eq(sr_read_sig(&r).b, sig.b, 64);
	ck_assert_int_eq(sr_reader_finish(&r), SR_OK);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(integers_are_little_endian)
{
	struct sr_writer w;

	sr_writer_init(&w, 8);
	sr_write_u64(&w, 0x0807060504030201u);
	ck_assert_int_eq(sr_writer_finish(&w), SR_OK);
	ck_assert_mem_eq(w.p, "\1\2\3\4\5\6\7\10", 8);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_short_input_fails_and_stays_failed)
{
	const uint8_t bytes[5] = { 1, 2, 3, 4, 5 };
	uint8_t out[8];
	struct sr_reader r;

	sr_reader_init(&r, bytes, sizeof bytes);
	ck_assert_uint_eq(sr_read_u32(&r), 0x04030201);
	ck_assert_uint_eq(sr_read_u16(&r), 0);
	/* One byte would still be there, but nothing is read after a failure. */
	ck_assert_uint_eq(sr_read_u8(&r), 0);
	memset(out, 0xaa, sizeof out);
	sr_read_copy(&r, out, sizeof out);
	ck_assert_mem_eq(out, "\0\0\0\0\0\0\0\0", 8);
	ck_assert_ptr_null(sr_read_view(&r, 0).p);
	sr_reader_fail(&r, SR_ERR_BAD_KIND);
	ck_assert_int_eq(sr_reader_finish(&r), SR_ERR_TRUNCATED);
}
END_TEST

START_TEST(every_truncation_of_a_message_is_noticed)
{
	struct sr_writer w;

	sr_writer_init(&w, 100);
	sr_write_u32(&w, 7);
	sr_write_blob(&w, (const uint8_t *)"abcdef", 6);
	sr_write_u64(&w, 9);
	ck_assert_int_eq(sr_writer_finish(&w), SR_OK);
	for (size_t n = 0; n <= w.n; n++) {
		struct sr_reader r;

		sr_reader_init(&r, w.p, n);
		sr_read_u32(&r);
		sr_read_blob(&r, 6);
		sr_read_u64(&r);
		ck_assert_int_eq(sr_reader_finish(&r), n == w.n ? SR_OK : SR_ERR_TRUNCATED);
	}
	sr_writer_clear(&w);
}
END_TEST

START_TEST(bytes_left_over_are_an_error)
{
	const uint8_t bytes[2] = { 1, 2 };
	struct sr_reader r;

	sr_reader_init(&r, bytes, sizeof bytes);
	sr_read_u8(&r);
	ck_assert_int_eq(sr_reader_finish(&r), SR_ERR_TRAILING_BYTES);
}
END_TEST

START_TEST(a_bool_is_zero_or_one)
{
	for (unsigned v = 0; v < 256; v++) {
		uint8_t byte = (uint8_t)v;
		struct sr_reader r;

		sr_reader_init(&r, &byte, 1);
		ck_assert_int_eq(sr_read_bool(&r), v == 1);
		ck_assert_int_eq(sr_reader_finish(&r), v < 2 ? SR_OK : SR_ERR_BAD_ENCODING);
	}
}
END_TEST

START_TEST(a_blob_over_its_limit_or_its_input_is_refused)
{
	const uint8_t bytes[] = { 4, 0, 0, 0, 'a', 'b', 'c', 'd' };
	const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 'a' };
	struct sr_reader r;

	sr_reader_init(&r, bytes, sizeof bytes);
	ck_assert_ptr_null(sr_read_blob(&r, 3).p);
	ck_assert_int_eq(sr_reader_finish(&r), SR_ERR_TOO_LONG);
	sr_reader_init(&r, huge, sizeof huge);
	ck_assert_ptr_null(sr_read_blob(&r, SIZE_MAX).p);
	ck_assert_int_eq(sr_reader_finish(&r), SR_ERR_TRUNCATED);
}
END_TEST

START_TEST(a_writer_stops_at_its_limit_and_stays_failed)
{
	struct sr_writer w;
	uint8_t *taken;
	size_t n = 99;

	sr_writer_init(&w, 8);
	sr_write_u64(&w, 1);
	ck_assert_int_eq(w.error, SR_OK);
	sr_write_u8(&w, 2);
	ck_assert_int_eq(w.error, SR_ERR_TOO_LONG);
	sr_writer_fail(&w, SR_ERR_INTERNAL);
	sr_write_copy(&w, NULL, 0);
	ck_assert_int_eq(sr_writer_finish(&w), SR_ERR_TOO_LONG);
	ck_assert_ptr_null(w.p);
	taken = sr_writer_take(&w, &n);
	ck_assert_ptr_null(taken);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(a_reset_writer_starts_again_in_the_same_memory)
{
	struct sr_writer w;
	uint8_t *p;
	size_t n;

	sr_writer_init(&w, 16);
	sr_write_u64(&w, 1);
	p = w.p;
	sr_write_copy(&w, p, 100);
	ck_assert_int_eq(w.error, SR_ERR_TOO_LONG);
	sr_writer_reset(&w);
	sr_write_u8(&w, 3);
	ck_assert_int_eq(sr_writer_finish(&w), SR_OK);
	ck_assert_ptr_eq(w.p, p);
	ck_assert_ptr_eq(sr_writer_take(&w, &n), p);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(w.n, 0);
	free(p);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(growth_keeps_every_byte_up_to_the_limit)
{
	const size_t max = 100 * 1000;
	struct sr_writer w;

	sr_writer_init(&w, max);
	for (size_t i = 0; i < max; i++)
		sr_write_u8(&w, (uint8_t)(i * 7));
	ck_assert_int_eq(sr_writer_finish(&w), SR_OK);
	ck_assert_uint_eq(w.n, max);
	ck_assert_uint_le(w.capacity, max);
	for (size_t i = 0; i < max; i++)
		ck_assert_uint_eq(w.p[i], (uint8_t)(i * 7));
	sr_writer_clear(&w);
}
END_TEST

START_TEST(random_pieces_come_back_in_order)
{
	struct sr_drbg rng;

	test_drbg(&rng, "buf pieces");
	for (int round = 0; round < 200; round++) {
		uint8_t pieces[20][50];
		size_t sizes[20];
		struct sr_writer w;
		struct sr_reader r;

		sr_writer_init(&w, 4096);
		for (int i = 0; i < 20; i++) {
			sizes[i] = test_below(&rng, 51);
			fill(&rng, pieces[i], sizeof pieces[i]);
			sr_write_blob(&w, pieces[i], sizes[i]);
		}
		ck_assert_int_eq(sr_writer_finish(&w), SR_OK);
		sr_reader_init(&r, w.p, w.n);
		for (int i = 0; i < 20; i++) {
			struct sr_bytes got = sr_read_blob(&r, 50);

			ck_assert_uint_eq(got.n, sizes[i]);
			ck_assert(got.n == 0 || memcmp(got.p, pieces[i], got.n) == 0);
		}
		ck_assert_int_eq(sr_reader_finish(&r), SR_OK);
		sr_writer_clear(&w);
	}
}
END_TEST

TEST_MAIN("base buf",
    what_is_written_is_read_back,
    integers_are_little_endian,
    a_short_input_fails_and_stays_failed,
    every_truncation_of_a_message_is_noticed,
    bytes_left_over_are_an_error,
    a_bool_is_zero_or_one,
    a_blob_over_its_limit_or_its_input_is_refused,
    a_writer_stops_at_its_limit_and_stays_failed,
    a_reset_writer_starts_again_in_the_same_memory,
    growth_keeps_every_byte_up_to_the_limit,
    random_pieces_come_back_in_order)
