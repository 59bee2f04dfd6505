/* Share files: made and read in pieces, and every way in which one can be wrong. */
#include "shamir/share_file.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define SIZE 5000u
#define N_MAX 7u

/* The files of one split, whole, and the payload. */
struct files {
	struct sr_drbg drbg;
	unsigned t, n;
	size_t payload_n, file_n;
	uint8_t payload[SIZE], joined[SIZE];
	uint8_t *file[N_MAX];
};

static void files_fill(struct files *f)
{
	struct shamir_splitter *splitter;
	uint8_t *out[N_MAX];
	size_t at = 0, now;

	ck_ok(shamir_splitter_new(&splitter, f->t, f->n, f->payload_n, &f->drbg));
	for (unsigned i = 0; i < f->n; i++)
		shamir_splitter_header(splitter, i + 1, f->file[i]);
	while (at < f->payload_n) {
		now = 1 + test_below(&f->drbg, 2000);
		now = now < f->payload_n - at ? now : f->payload_n - at;
		for (unsigned i = 0; i < f->n; i++)
			out[i] = f->file[i] + SHAMIR_FILE_HEADER + at;
		ck_ok(shamir_splitter_update(splitter, out, f->payload + at, now));
		at += now;
	}
	for (unsigned i = 0; i < f->n; i++)
		out[i] = f->file[i] + SHAMIR_FILE_HEADER + at;
	ck_ok(shamir_splitter_finish(splitter, out));
	shamir_splitter_free(splitter);
}

static struct files *files_make(const char *name, unsigned t, unsigned n, size_t payload_n)
{
	struct files *f = calloc(1, sizeof *f);

	ck_assert_ptr_nonnull(f);
	test_drbg(&f->drbg, name);
	f->t = t;
	f->n = n;
	f->payload_n = payload_n;
	f->file_n = SHAMIR_FILE_HEADER + payload_n + shamir_file_trailer_size(n);
	ck_ok(sr_drbg_fill(&f->drbg, f->payload, sizeof f->payload));
	for (unsigned i = 0; i < n; i++) {
		f->file[i] = malloc(f->file_n);
		ck_assert_ptr_nonnull(f->file[i]);
	}
	files_fill(f);
	return f;
}

static void files_free(struct files *f)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->file[i]);
	free(f);
}

/* Joins the files at positions who[0..m-1]; *bad is one of those positions' order. */
static enum sr_error join(struct files *f, unsigned *bad, const unsigned *who, unsigned m)
{
	struct shamir_file_header headers[N_MAX];
	struct shamir_joiner *joiner;
	const uint8_t *in[N_MAX];
	size_t at = 0, now;
	enum sr_error error = SR_OK;

	*bad = 99;
	for (unsigned i = 0; i < m; i++) {
		*bad = i;
		SR_TRY(shamir_file_header_read(&headers[i], f->file[who[i]]));
	}
	SR_TRY(shamir_joiner_new(&joiner, headers, m, bad));
	while (at < f->payload_n && error == SR_OK) {
		now = 1 + test_below(&f->drbg, 3000);
		now = now < f->payload_n - at ? now : f->payload_n - at;
		for (unsigned i = 0; i < m; i++)
			in[i] = f->file[who[i]] + SHAMIR_FILE_HEADER + at;
		error = shamir_joiner_update(joiner, f->joined + at, in, now);
		at += now;
	}
	for (unsigned i = 0; i < m; i++)
		in[i] = f->file[who[i]] + SHAMIR_FILE_HEADER + f->payload_n;
	if (error == SR_OK)
		error = shamir_joiner_finish(joiner, in, bad);
	shamir_joiner_free(joiner);
	return error;
}

START_TEST(any_t_files_give_the_payload)
{
	struct files *f = files_make("any t", 3, 5, SIZE);
	unsigned bad, joins_n = 0;

	for (unsigned set = 0; set < 32; set++) {
		unsigned who[N_MAX], m = 0;

		for (unsigned i = 0; i < 5; i++) {
			if (set >> i & 1)
				who[m++] = i;
		}
		memset(f->joined, 0, SIZE);
		if (m < 3) {
			ck_error(join(f, &bad, who, m), m == 0 ? SR_ERR_EMPTY :
			    SR_ERR_SHARE_TOO_FEW);
			continue;
		}
		ck_ok(join(f, &bad, who, m));
		ck_assert_mem_eq(f->joined, f->payload, SIZE);
		joins_n++;
	}
	ck_assert_uint_eq(joins_n, 16);
	files_free(f);
}
END_TEST

START_TEST(every_changed_byte_of_a_file_is_found_and_the_file_named)
{
	struct files *f = files_make("changed byte", 2, 3, 40);
	unsigned bad;

	for (size_t at = 0; at < f->file_n; at++) {
		f->file[1][at] ^= 0x41;
		ck_assert_int_ne((int)join(f, &bad, (unsigned[]){ 0, 1, 2 }, 3), (int)SR_OK);
		ck_assert_uint_eq(bad, 1);
		f->file[1][at] ^= 0x41;
	}
	ck_ok(join(f, &bad, (unsigned[]){ 0, 1, 2 }, 3));
	files_free(f);
}
END_TEST

START_TEST(with_just_t_files_damage_is_still_named)
{
	struct files *f = files_make("just t", 2, 3, 40);
	unsigned bad;

	for (size_t at = SHAMIR_FILE_HEADER; at < f->file_n; at++) {
		f->file[2][at] ^= 0x80;
		ck_error(join(f, &bad, (unsigned[]){ 0, 2 }, 2), SR_ERR_SHARE_BAD);
		ck_assert_uint_eq(bad, 1);
		f->file[2][at] ^= 0x80;
	}
	files_free(f);
}
END_TEST

/* Recomputes file i's own print and end after a change: a forger can, without knowing any key. */
static void forge(struct files *f, unsigned i)
{
	static const char print_domain[] = "strongroom share print v1";
	uint8_t *trailer = f->file[i] + SHAMIR_FILE_HEADER + f->payload_n;
	struct sr_bytes part = { f->file[i], SHAMIR_FILE_HEADER + f->payload_n + 32 };
	struct sr_hash32 hash = sr_hash_domain(print_domain, &part, 1);

	memcpy(trailer + 32 + 32 * (size_t)i, hash.b, 32);
	part = (struct sr_bytes){ trailer + 32, 32 * (size_t)f->n + 32 };
	hash = sr_hash_domain("strongroom share end v1", &part, 1);
	memcpy(trailer + 32 + 32 * (size_t)f->n + 32, hash.b, 32);
}

START_TEST(a_forged_file_is_outvoted_and_named)
{
	struct files *f = files_make("forged", 2, 5, 100);
	unsigned bad;

	f->file[3][SHAMIR_FILE_HEADER + 7] ^= 1;
	forge(f, 3);
	ck_error(join(f, &bad, (unsigned[]){ 3, 0, 1 }, 3), SR_ERR_SHARE_BAD);
	ck_assert_uint_eq(bad, 0);
	ck_error(join(f, &bad, (unsigned[]){ 0, 4, 3, 1, 2 }, 5), SR_ERR_SHARE_BAD);
	ck_assert_uint_eq(bad, 2);
	/* One against one: refused, and nobody is named. */
	ck_error(join(f, &bad, (unsigned[]){ 0, 3 }, 2), SR_ERR_SHARE_MISMATCH);
	ck_assert_uint_eq(bad, 2);
	ck_ok(join(f, &bad, (unsigned[]){ 0, 1 }, 2));
	files_free(f);
}
END_TEST

/* All of them changed, prints and ends made to fit everywhere: only the check key knows. */
START_TEST(a_consistent_forgery_by_everyone_fails_the_check)
{
	struct files *f = files_make("all forged", 2, 2, 100);
	uint8_t *prints[2];
	unsigned bad;

	for (unsigned i = 0; i < 2; i++) {
		f->file[i][SHAMIR_FILE_HEADER + 7] ^= 1;        /* the same in each share */
		prints[i] = f->file[i] + SHAMIR_FILE_HEADER + f->payload_n + 32;
		forge(f, i);
	}
	memcpy(prints[0] + 32, prints[1] + 32, 32);
	memcpy(prints[1], prints[0], 32);
	forge(f, 0);
	forge(f, 1);
	ck_error(join(f, &bad, (unsigned[]){ 0, 1 }, 2), SR_ERR_SHARE_MISMATCH);
	ck_assert_uint_eq(bad, 2);
	files_free(f);
}
END_TEST

/* A dealer who gives file 2 a body that fits its print, but not the other two files. */
START_TEST(a_dishonest_dealers_extra_share_is_noticed)
{
	struct files *f = files_make("dishonest dealer", 2, 3, 100);
	const size_t key_at = SHAMIR_FILE_HEADER + 100, prints_at = key_at + 32;
	const uint8_t *key_shares[2] = { f->file[0] + key_at, f->file[1] + key_at };
	struct shamir_file_header common = { .t = 2, .n = 3, .payload_n = 100 };
	uint8_t header[SHAMIR_FILE_HEADER], key[32], wrong;
	struct sr_bytes payload = { f->payload, 100 };
	struct sr_hash32 hash = sr_hash_domain("strongroom share payload v1", &payload, 1), check;
	struct sr_bytes parts[4] = {
		{ (const uint8_t *)"strongroom share check v1", 26 }, { header, sizeof header },
		{ hash.b, 32 }, { f->file[2] + prints_at, 96 },
	};
	unsigned bad;

	ck_ok(shamir_gf_combine(key, &wrong, (uint8_t[]){ 1, 2 }, key_shares, 2, 2, 32, NULL));
	memcpy(common.split_id, f->file[0] + 8, 16);
	shamir_file_header_write(header, &common);
	f->file[2][SHAMIR_FILE_HEADER + 7] ^= 1;
	forge(f, 2);
	sr_hmac_sha256(&check, key, sizeof key, parts, 4);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(f->file[i] + prints_at + 64, f->file[2] + prints_at + 64, 32);
		memcpy(f->file[i] + prints_at + 96, check.b, 32);
		forge(f, i);
	}
	ck_ok(join(f, &bad, (unsigned[]){ 0, 1 }, 2));
	ck_error(join(f, &bad, (unsigned[]){ 0, 1, 2 }, 3), SR_ERR_SHARE_MISMATCH);
	ck_error(join(f, &bad, (unsigned[]){ 0, 2 }, 2), SR_ERR_SHARE_MISMATCH);
	files_free(f);
}
END_TEST

START_TEST(files_of_two_splits_do_not_join)
{
	struct files *f = files_make("two splits", 2, 3, 100);
	struct files *g = files_make("two splits, other", 2, 3, 100);
	unsigned bad;

	memcpy(f->file[1], g->file[1], f->file_n);
	ck_error(join(f, &bad, (unsigned[]){ 0, 1, 2 }, 3), SR_ERR_SHARE_MISMATCH);
	ck_assert_uint_eq(bad, 1);
	ck_error(join(f, &bad, (unsigned[]){ 0, 2, 0 }, 3), SR_ERR_SHARE_DUPLICATE);
	ck_assert_uint_eq(bad, 2);
	files_free(f);
	files_free(g);
}
END_TEST

START_TEST(only_the_canonical_header_is_read)
{
	struct shamir_file_header h = { .t = 3, .n = 5, .index = 2, .payload_n = 9 }, got;
	uint8_t bytes[SHAMIR_FILE_HEADER], changed[SHAMIR_FILE_HEADER];
	static const struct { unsigned at; uint8_t value; enum sr_error error; } cases[] = {
		{ 0, 'X', SR_ERR_BAD_KIND }, { 4, 2, SR_ERR_BAD_VERSION },
		{ 5, 1, SR_ERR_THRESHOLD }, { 5, 6, SR_ERR_THRESHOLD },
		{ 6, 2, SR_ERR_THRESHOLD }, { 7, 0, SR_ERR_SHARE_INDEX },
		{ 7, 6, SR_ERR_SHARE_INDEX }, { 24, 0, SR_ERR_PAYLOAD_SIZE },
		{ 28, 1, SR_ERR_PAYLOAD_SIZE }, { 32, 1, SR_ERR_BAD_ENCODING },
		{ 39, 1, SR_ERR_BAD_ENCODING },
	};

	shamir_file_header_write(bytes, &h);
	ck_ok(shamir_file_header_read(&got, bytes));
	ck_assert_mem_eq(&got.split_id, &h.split_id, 16);
	ck_assert(got.t == 3 && got.n == 5 && got.index == 2 && got.payload_n == 9);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memcpy(changed, bytes, sizeof changed);
		changed[cases[i].at] = cases[i].value;
		ck_error(shamir_file_header_read(&got, changed), cases[i].error);
	}
}
END_TEST

START_TEST(too_much_and_too_little_payload_is_refused)
{
	struct shamir_splitter *splitter;
	struct sr_drbg drbg;
	uint8_t in[20] = { 0 }, a[300], b[300], *out[2] = { a, b };

	test_drbg(&drbg, "lengths");
	ck_error(shamir_splitter_new(&splitter, 2, 2, 0, &drbg), SR_ERR_EMPTY);
	ck_error(shamir_splitter_new(&splitter, 2, 2, SR_PAYLOAD_MAX + 1, &drbg),
	    SR_ERR_PAYLOAD_SIZE);
	ck_error(shamir_splitter_new(&splitter, 1, 2, 5, &drbg), SR_ERR_THRESHOLD);
	ck_error(shamir_splitter_new(&splitter, 3, 2, 5, &drbg), SR_ERR_THRESHOLD);
	ck_error(shamir_splitter_new(&splitter, 2, 256, 5, &drbg), SR_ERR_THRESHOLD);
	ck_assert_ptr_null(splitter);
	ck_ok(shamir_splitter_new(&splitter, 2, 2, 10, &drbg));
	ck_error(shamir_splitter_update(splitter, out, in, 11), SR_ERR_TOO_LONG);
	ck_ok(shamir_splitter_update(splitter, out, in, 9));
	ck_error(shamir_splitter_finish(splitter, out), SR_ERR_TRUNCATED);
	ck_error(shamir_splitter_update(splitter, out, in, 2), SR_ERR_TOO_LONG);
	ck_ok(shamir_splitter_update(splitter, out, in, 1));
	ck_ok(shamir_splitter_finish(splitter, out));
	shamir_splitter_free(splitter);
	shamir_splitter_free(NULL);
}
END_TEST

START_TEST(equal_payloads_make_files_with_nothing_in_common)
{
	struct files *f = files_make("one", 2, 2, 64);
	struct files *g = files_make("two", 2, 2, 64);
	size_t equal_n = 0;

	memcpy(g->payload, f->payload, SIZE);
	files_fill(g);
	for (size_t at = SHAMIR_FILE_HEADER; at < f->file_n; at++)
		equal_n += f->file[0][at] == g->file[0][at];
	ck_assert_uint_lt(equal_n, 20);                 /* 1 of 256 by chance */
	files_free(f);
	files_free(g);
}
END_TEST

START_TEST(joining_does_not_begin_with_too_few_files)
{
	struct files *f = files_make("too few", 3, 5, 40);
	struct shamir_file_header headers[2];
	struct shamir_joiner *joiner;
	unsigned bad;

	for (unsigned i = 0; i < 2; i++)
		ck_ok(shamir_file_header_read(&headers[i], f->file[i]));
	ck_error(shamir_joiner_new(&joiner, headers, 2, &bad), SR_ERR_SHARE_TOO_FEW);
	ck_assert_ptr_null(joiner);
	files_free(f);
}
END_TEST

TEST_MAIN("shamir/share_file", any_t_files_give_the_payload,
    every_changed_byte_of_a_file_is_found_and_the_file_named,
    with_just_t_files_damage_is_still_named, a_forged_file_is_outvoted_and_named,
    a_consistent_forgery_by_everyone_fails_the_check,
    a_dishonest_dealers_extra_share_is_noticed, files_of_two_splits_do_not_join,
    only_the_canonical_header_is_read, too_much_and_too_little_payload_is_refused,
    equal_payloads_make_files_with_nothing_in_common,
    joining_does_not_begin_with_too_few_files)
