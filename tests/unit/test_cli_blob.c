/* Erasure coding: any data_pieces of the pieces give the ciphertext back. */
#include "cli/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

struct coded { struct vault_payload payload; uint8_t *bytes; size_t n; int fds[SR_MEMBERS_MAX]; };

static int scratch_file(void)
{
	char path[] = "/tmp/strongroom-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	unlink(path);
	return fd;
}

static void code(struct coded *c, struct sr_drbg *drbg, size_t n, uint32_t members)
{
	struct blob_coder *coder;

	memset(c, 0, sizeof *c);
	c->n = n;
	c->bytes = malloc(n);
	ck_ok(sr_drbg_fill(drbg, c->bytes, n));
	for (uint32_t i = 0; i < members; i++)
		c->fds[i] = scratch_file();
	ck_ok(blob_coder_new(&coder, &c->payload, n, members, members, c->fds));
	/* In uneven bites: they must not show. */
	for (size_t at = 0, bite = 1; at < n; at += bite, bite = bite * 3 + 1) {
		if (bite > n - at)
			bite = n - at;
		ck_ok(blob_coder_update(coder, c->bytes + at, bite));
	}
	ck_ok(blob_coder_finish(coder, &c->payload));
	blob_coder_free(coder);
}

static void coded_free(struct coded *c)
{
	for (uint32_t i = 0; i < c->payload.pieces_n; i++)
		close(c->fds[i]);
	free(c->bytes);
}

static bool restores(struct coded *c, const uint32_t *which)
{
	struct blob_reader *reader;
	uint8_t *out = malloc(c->n);
	int fds[SR_MEMBERS_MAX];
	bool same;

	for (uint32_t i = 0; i < c->payload.data_pieces; i++) {
		fds[i] = c->fds[which[i]];
		ck_assert(lseek(fds[i], 0, SEEK_SET) == 0);
	}
	ck_ok(blob_reader_new(&reader, &c->payload, which, fds));
	ck_ok(blob_reader_read(reader, out, c->n / 3));
	ck_ok(blob_reader_read(reader, out + c->n / 3, c->n - c->n / 3));
	ck_error(blob_reader_read(reader, out, 1), SR_ERR_TRUNCATED);
	blob_reader_free(reader);
	same = memcmp(out, c->bytes, c->n) == 0;
	free(out);
	return same;
}

START_TEST(any_two_of_four_pieces_restore_every_size)
{
	static const size_t sizes[] = { 1, 2, 3, 1000, 65535, 131072, 131073, 300001 };
	struct sr_drbg drbg;

	test_drbg(&drbg, "any_two_of_four");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct coded c;

		code(&c, &drbg, sizes[i], 4);
		ck_assert_uint_eq(c.payload.data_pieces, 2);
		for (uint32_t a = 0; a < 4; a++)
			for (uint32_t b = 0; b < 4; b++)
				ck_assert(a == b || restores(&c, (uint32_t[]){ a, b }));
		coded_free(&c);
	}
}
END_TEST

START_TEST(every_choice_of_three_of_seven_pieces_restores)
{
	struct sr_drbg drbg;
	struct coded c;
	unsigned tried = 0;

	test_drbg(&drbg, "three_of_seven");
	code(&c, &drbg, 200001, 7);
	ck_assert_uint_eq(c.payload.data_pieces, 3);
	for (uint32_t set = 0; set < 128; set++) {
		uint32_t which[3], n = 0;

		for (uint32_t i = 0; i < 7; i++)
			if ((set >> i & 1) != 0 && n++ < 3)
				which[n - 1] = i;
		if (n != 3)
			continue;
		ck_assert(restores(&c, which));
		tried++;
	}
	ck_assert_uint_eq(tried, 35);
	coded_free(&c);
}
END_TEST

START_TEST(a_seat_that_nobody_has_costs_no_file_and_its_piece_fits_who_takes_it_later)
{
	struct blob_coder *coder;
	struct sr_drbg drbg;
	struct coded all, gap = { .n = 1000 };

	test_drbg(&drbg, "seat_that_nobody_has");
	code(&all, &drbg, 1000, 4);
	ck_ok(blob_coder_new(&coder, &gap.payload, 1000, 4, 6, (int[]){ scratch_file(),
	    scratch_file(), -1, scratch_file(), -1, scratch_file() }));
	ck_ok(blob_coder_update(coder, all.bytes, 1000));
	ck_ok(blob_coder_finish(coder, &gap.payload));
	blob_coder_free(coder);
	ck_assert_uint_eq(gap.payload.pieces_n, 6);
	ck_assert_uint_eq(gap.payload.data_pieces, 2);
	/* More pieces change nothing in the first ones. */
	for (uint32_t i = 0; i < 2; i++)
		ck_assert(sr_hash32_equal(&gap.payload.piece_hash[i], &all.payload.piece_hash[i]));
	for (uint32_t i = 0; i < 6; i++)
		ck_assert(!sr_hash32_is_zero(&gap.payload.piece_hash[i]));
	coded_free(&all);
}
END_TEST

START_TEST(pieces_are_as_long_and_hash_as_the_payload_says)
{
	struct sr_drbg drbg;
	struct coded c;

	test_drbg(&drbg, "pieces_hash");
	code(&c, &drbg, 300001, 4);
	for (uint32_t i = 0; i < 4; i++) {
		size_t n = (size_t)blob_piece_bytes(&c.payload);
		uint8_t *p = malloc(n + 1);
		struct sr_hash32 h;

		ck_assert_int_eq(pread(c.fds[i], p, n + 1, 0), (ssize_t)n);
		h = sr_hash(p, n);
		ck_assert(sr_hash32_equal(&h, &c.payload.piece_hash[i]));
		free(p);
	}
	ck_ok(blob_check(&c.payload));
	coded_free(&c);
}
END_TEST

START_TEST(a_piece_taken_for_another_gives_other_bytes)
{
	struct sr_drbg drbg;
	struct coded c;
	int swapped;

	/* That the comparison above can fail: piece 2 under the name of piece 1. */
	test_drbg(&drbg, "a_piece_taken_for_another");
	code(&c, &drbg, 1000, 4);
	swapped = c.fds[1];
	c.fds[1] = c.fds[2];
	c.fds[2] = swapped;
	ck_assert(!restores(&c, (uint32_t[]){ 0, 1 }));
	coded_free(&c);
}
END_TEST

START_TEST(what_arrives_in_time_is_enough_even_after_the_faults)
{
	for (uint32_t n = 3; n <= SR_MEMBERS_MAX; n++) {
		uint32_t lost = n - blob_needed(n);

		ck_assert_uint_ge(blob_data_pieces(n), 1);
		ck_assert_uint_ge(blob_needed(n) - lost, blob_data_pieces(n));
	}
	ck_assert_uint_eq(blob_data_pieces(4), 2);
	ck_assert_uint_eq(blob_needed(4), 3);
	ck_assert_uint_eq(blob_data_pieces(3), 1);
	ck_assert_uint_eq(blob_needed(3), 2);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused)
{
	struct sr_drbg drbg;
	struct coded c;
	struct blob_reader *reader;
	struct vault_payload p;
	uint32_t which[2] = { 0, 4 }, twice[2] = { 1, 1 };

	test_drbg(&drbg, "sizes");
	code(&c, &drbg, 1000, 4);
	ck_error(blob_reader_new(&reader, &c.payload, which, c.fds), SR_ERR_OUT_OF_RANGE);
	ck_error(blob_reader_new(&reader, &c.payload, twice, c.fds), SR_ERR_SHARE_DUPLICATE);
	p = c.payload;
	p.data_pieces = 0;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = c.payload;
	p.stripe_bytes = 0;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = c.payload;
	p.data_pieces = 5;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	coded_free(&c);
}
END_TEST

TEST_MAIN("cli blob", any_two_of_four_pieces_restore_every_size,
    every_choice_of_three_of_seven_pieces_restores,
    pieces_are_as_long_and_hash_as_the_payload_says,
    a_seat_that_nobody_has_costs_no_file_and_its_piece_fits_who_takes_it_later,
    a_piece_taken_for_another_gives_other_bytes,
    what_arrives_in_time_is_enough_even_after_the_faults, sizes_that_do_not_fit_are_refused)
