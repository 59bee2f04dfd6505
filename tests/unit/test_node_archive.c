#define _DEFAULT_SOURCE /* st_blocks */
#include "node/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

#define FIRST "archive.00000000000000000001"
#define SECOND "archive.00000000000000001025"
#define ALL (1u << 24)
#define ROOM (1u << 26)

static const struct sr_hash32 block = { { 9, 9, 9 } };
static char note[NODE_LOG_NOTE_MAX];

static struct archive opened(uint64_t blocks_max)
{
	struct archive a;

	note[0] = '\0';
	ck_ok(archive_open(&a, scratch_dir(), blocks_max, note));
	return a;
}

static struct archive again(struct archive *a)
{
	archive_close(a);
	return opened(1000000);
}

static size_t row_n(uint64_t height)
{
	return 1000 + height % 50;
}

static void put_as(struct archive *a, uint64_t height, uint8_t byte)
{
	uint8_t row[1050];

	memset(row, byte, sizeof row);
	ck_ok(archive_put(a, ROOM, height, &block, row, row_n(height)));
}

static void put(struct archive *a, uint64_t from, uint64_t to)
{
	for (uint64_t h = from; h <= to; h++)
		put_as(a, h, (uint8_t)(h % 199));
}

static void filled(struct archive *a, uint64_t to)
{
	*a = opened(1000000);
	put(a, 1, to);
	ck_ok(archive_commit(a));
}

/* Rows from height on; each must be what was put. */
static uint32_t rows(struct archive *a, uint64_t height, size_t max)
{
	struct sr_writer w;
	struct sr_reader r;
	uint32_t n;

	sr_writer_init(&w, 1u << 26);
	ck_ok(archive_read(a, height, max, &w));
	sr_reader_init(&r, w.p, w.n);
	n = sr_read_u32(&r);
	for (uint64_t h = height; h < height + n; h++) {
		struct sr_bytes row = sr_read_blob(&r, 1u << 20);

		ck_assert_uint_eq(row.n, row_n(h));
		ck_assert_uint_eq(row.p[0], h % 199);
		ck_assert_uint_eq(row.p[row.n - 1], h % 199);
	}
	ck_ok(sr_reader_finish(&r));
	sr_writer_clear(&w);
	return n;
}

static bool there(const char *name)
{
	return access(scratch_path(name), F_OK) == 0;
}

static void damage(const char *name, uint64_t height)
{
	scratch_damage(name, (uint8_t)(height % 199));
}

START_TEST(it_gives_rows_from_a_height_on_without_gaps)
{
	struct archive a = opened(1000000);

	put(&a, 1, 150);
	put(&a, 152, 152);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(rows(&a, 1, ALL), 150); /* at first partly in memory */
		ck_assert_uint_eq(rows(&a, 100, ALL), 51);
		ck_assert_uint_eq(rows(&a, 1, 5000), 4);
		ck_assert_uint_eq(rows(&a, 1, 0), 1); /* at least one */
		ck_assert_uint_eq(rows(&a, 0, ALL), 0);
		ck_assert_uint_eq(rows(&a, 151, ALL), 0);
		ck_assert_uint_eq(rows(&a, 152, ALL), 1);
		ck_assert_uint_eq(rows(&a, UINT64_MAX, ALL), 0);
		ck_ok(archive_commit(&a));
		a = again(&a);
		ck_assert_uint_eq(archive_rows(&a), 152);
	}
	archive_close(&a);
}
END_TEST

START_TEST(an_empty_one_has_nothing)
{
	struct archive a = opened(1000);

	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(rows(&a, 0, ALL), 0);
	ck_assert_uint_eq(archive_rows(&a), 0);
	ck_assert_uint_eq(a.files, 0);
	put_as(&a, 0, 0);
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(archive_rows(&a), 1);
	ck_assert_uint_eq(rows(&a, 0, ALL), 1);
	archive_close(&a);
}
END_TEST

START_TEST(a_full_file_is_followed_by_another)
{
	struct archive a;
	struct stat st;

	filled(&a, 2500);
	ck_assert_uint_eq(a.files, 3);
	ck_assert(there(FIRST) && there(SECOND));
	ck_assert_uint_eq(rows(&a, 1, ALL), 2500);
	ck_assert_uint_eq(rows(&a, 1000, 100000), 97);
	ck_assert_uint_eq(rows(&a, 2000, ALL), 501);
	ck_assert_uint_eq(rows(&a, 5, ALL), 2496);
	/* Of what the disk had promised nothing is left over. */
	ck_assert_int_eq(stat(scratch_path(FIRST), &st), 0);
	ck_assert_int_le((long)st.st_blocks * 512, st.st_size + 65536);
	a = again(&a);
	ck_assert_uint_eq(archive_rows(&a), 2500);
	ck_assert_uint_eq(archive_first(&a), 1);
	ck_assert_uint_eq(a.last, 2500);
	ck_assert_uint_eq(rows(&a, 1, ALL), 2500);
	archive_close(&a);
}
END_TEST

START_TEST(a_file_is_full_by_its_bytes_too)
{
	static uint8_t row[300000];
	struct archive a = opened(1000000);

	for (uint64_t h = 1; h <= 64; h++)
		ck_ok(archive_put(&a, ROOM, h, &block, row, sizeof row));
	ck_assert_uint_eq(a.pile.rows, 0);
	ck_ok(archive_put(&a, ROOM, 65, &block, row, 100));
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(a.files, 2);
	ck_assert_uint_eq(a.firsts[1], 65);
	archive_close(&a);
}
END_TEST

/* An enclave that starts again gives what it gave before. */
START_TEST(what_is_there_is_not_put_again)
{
	struct archive a;

	filled(&a, 200);
	a = again(&a);
	for (uint64_t h = 150; h <= 200; h++)
		put_as(&a, h, 255);
	put(&a, 201, 210);
	put_as(&a, 205, 255); /* waiting */
	ck_assert_uint_eq(rows(&a, 100, ALL), 111);
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(rows(&a, 100, ALL), 111);
	archive_close(&a);
}
END_TEST

/* What an enclave that starts again puts once more fills gaps, but takes nothing away. */
START_TEST(a_gap_is_filled_in_the_last_file_only)
{
	struct archive a;

	filled(&a, 1300);
	archive_close(&a);
	damage(FIRST, 102);
	damage(SECOND, 1110);
	a = opened(1000000);
	ck_assert_uint_eq(rows(&a, 1, ALL), 101);
	put(&a, 90, 110);
	ck_assert_uint_eq(rows(&a, 103, ALL), 1007);
	put(&a, 1100, 1300);
	ck_ok(archive_commit(&a));
	a = again(&a);
	ck_assert_uint_eq(rows(&a, 1, ALL), 101);
	ck_assert_uint_eq(rows(&a, 103, ALL), 1198);
	archive_close(&a);
}
END_TEST

/* Blocks that only proved the end of an epoch, and those of the next. */
static void replaced(bool committed)
{
	static const struct sr_hash32 other = { { 8 } };
	struct archive a = opened(1000000);
	uint8_t row[1050];

	for (uint64_t h = 1; h <= 1027; h++)
		put_as(&a, h, 255);
	if (committed)
		ck_ok(archive_commit(&a));
	for (uint64_t h = 1; h <= 1030; h++) {
		memset(row, (int)(h % 199), sizeof row);
		ck_ok(archive_put(&a, ROOM, h, &other, row, row_n(h)));
	}
	ck_assert_uint_eq(rows(&a, 1, ALL), 1030);
	ck_ok(archive_commit(&a));
	a = again(&a);
	ck_assert_uint_eq(rows(&a, 1, ALL), 1030);
	archive_close(&a);
}

START_TEST(another_block_of_a_height_takes_its_place)
{
	replaced(true);
}
END_TEST

START_TEST(another_block_takes_the_place_of_one_that_waits)
{
	replaced(false);
}
END_TEST

START_TEST(the_oldest_files_go)
{
	struct archive a = opened(1000);

	put(&a, 1, 2000);
	ck_ok(archive_commit(&a));
	ck_assert(there(FIRST));
	ck_assert_uint_eq(rows(&a, 1, 1), 1); /* it is open for reading as it goes */
	put(&a, 2001, 2023);
	ck_ok(archive_commit(&a));
	ck_assert(there(FIRST));
	put(&a, 2024, 2024);
	ck_ok(archive_commit(&a));
	ck_assert(!there(FIRST));
	ck_assert_ptr_null(a.read); /* or the disk would not have its room back */
	ck_assert_uint_eq(archive_first(&a), 1025);
	ck_assert_uint_eq(archive_rows(&a), 1000);
	ck_assert_uint_eq(rows(&a, 1, ALL), 0);
	ck_assert_uint_eq(rows(&a, 1025, ALL), 1000);
	archive_close(&a);
}
END_TEST

START_TEST(what_waits_for_the_disk_has_a_bound)
{
	static const uint8_t row[100];
	struct archive a = opened(1000);

	ck_ok(archive_put(&a, 500, 1, &block, row, sizeof row));
	ck_error(archive_put(&a, 500 - a.pile.bytes - 300, 2, &block, row, sizeof row),
	    SR_ERR_TOO_MANY);
	ck_ok(archive_put(&a, 500 - a.pile.bytes, 2, &block, row, sizeof row));
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(archive_rows(&a), 2);
	archive_close(&a);
}
END_TEST

/* A member that took the state from another begins far above. */
START_TEST(heights_may_be_left_out)
{
	struct archive a;

	filled(&a, 100);
	put(&a, 5000000, 5000100);
	ck_ok(archive_commit(&a));
	a = again(&a);
	ck_assert_uint_eq(rows(&a, 1, ALL), 100);
	ck_assert_uint_eq(rows(&a, 5000000, ALL), 101);
	ck_assert_uint_eq(rows(&a, 4000000, ALL), 0);
	archive_close(&a);
}
END_TEST

START_TEST(a_torn_end_is_put_again)
{
	struct archive a;
	struct stat st;

	filled(&a, 60);
	put(&a, 61, 80);
	ck_ok(archive_commit(&a));
	archive_close(&a);
	ck_assert_int_eq(stat(scratch_path(FIRST), &st), 0);
	ck_assert_int_eq(truncate(scratch_path(FIRST), st.st_size - 100), 0);
	a = opened(1000000);
	ck_assert_str_eq(note, "");
	ck_assert_uint_eq(a.last, 60);
	ck_assert_uint_eq(a.damaged, 0);
	put(&a, 1, 90);
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(rows(&a, 1, ALL), 90);
	archive_close(&a);
}
END_TEST

START_TEST(a_damaged_last_file_is_moved_aside)
{
	struct archive a;

	filled(&a, 1300);
	archive_close(&a);
	scratch_write(scratch_path(SECOND), "no blocks at all", 16);
	a = opened(1000000);
	ck_assert_ptr_nonnull(strstr(note, "archive.damaged"));
	ck_assert(there("archive.damaged") && !there(SECOND));
	ck_assert_uint_eq(a.damaged, 1);
	ck_assert_uint_eq(a.last, 1024);
	ck_assert_uint_eq(rows(&a, 1000, ALL), 25);
	put(&a, 1250, 1400);
	ck_ok(archive_commit(&a));
	a = again(&a);
	ck_assert_str_eq(note, "");
	ck_assert_uint_eq(rows(&a, 1000, ALL), 25);
	ck_assert_uint_eq(rows(&a, 1250, ALL), 151);
	archive_close(&a);
}
END_TEST

START_TEST(an_only_file_that_is_none_is_moved_aside)
{
	struct archive a;

	filled(&a, 10);
	archive_close(&a);
	scratch_write(scratch_path(FIRST), "no blocks at all", 16);
	a = opened(1000000);
	ck_assert_ptr_nonnull(strstr(note, "archive.damaged"));
	ck_assert_uint_eq(archive_rows(&a), 0);
	put(&a, 1, 20);
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(rows(&a, 1, ALL), 20);
	archive_close(&a);
}
END_TEST

START_TEST(a_damaged_file_of_long_ago_is_a_gap_when_it_is_read)
{
	struct archive a;

	filled(&a, 2500);
	archive_close(&a);
	scratch_write(scratch_path(SECOND), "no blocks at all", 16);
	a = opened(1000000);
	ck_assert_uint_eq(a.damaged, 0);
	ck_assert_uint_eq(rows(&a, 1000, ALL), 25);
	ck_assert_uint_eq(a.damaged, 1);
	ck_assert(there("archive.damaged") && !there(SECOND));
	ck_assert_uint_eq(rows(&a, 1500, ALL), 0);
	ck_assert_uint_eq(rows(&a, 2049, ALL), 452);
	a = again(&a);
	ck_assert_uint_eq(rows(&a, 2049, ALL), 452);
	archive_close(&a);
}
END_TEST

/* Else one bit would take a thousand blocks from whoever is behind. */
START_TEST(a_damaged_row_is_a_gap_and_the_rest_serves)
{
	struct archive a;

	filled(&a, 1300);
	archive_close(&a);
	damage(FIRST, 102);
	damage(SECOND, 1110);
	damage(SECOND, 1200);
	a = opened(1000000);
	ck_assert_str_eq(note, "");
	ck_assert_uint_eq(a.damaged, 2);
	ck_assert_uint_eq(a.last, 1300);
	ck_assert_uint_eq(rows(&a, 1025, ALL), 85);
	ck_assert_uint_eq(rows(&a, 1111, ALL), 89);
	ck_assert_uint_eq(rows(&a, 1201, ALL), 100);
	ck_assert_uint_eq(rows(&a, 1, ALL), 101);
	ck_assert_uint_eq(rows(&a, 103, ALL), 1007);
	ck_assert_uint_eq(a.damaged, 3);
	put(&a, 1301, 1310);
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(rows(&a, 1300, ALL), 11);
	archive_close(&a);
}
END_TEST

START_TEST(a_row_that_is_damaged_meanwhile_is_a_gap)
{
	struct archive a;

	filled(&a, 60);
	damage(FIRST, 30);
	ck_assert_uint_eq(rows(&a, 1, ALL), 29);
	ck_assert_uint_eq(a.damaged, 1);
	ck_assert_uint_eq(rows(&a, 31, ALL), 30);
	archive_close(&a);
}
END_TEST

/* Made by a process that ended before it wrote to it. */
START_TEST(an_empty_last_file_is_removed)
{
	struct archive a;
	struct delta *empty;

	filled(&a, 60);
	archive_close(&a);
	ck_ok(delta_open(&empty, scratch_dir(), SECOND, 'a', note));
	delta_close(empty);
	a = opened(1000000);
	ck_assert(!there(SECOND));
	ck_assert_uint_eq(a.last, 60);
	put(&a, 61, 70);
	ck_ok(archive_commit(&a));
	ck_assert_uint_eq(a.files, 1);
	ck_assert_uint_eq(rows(&a, 1, ALL), 70);
	archive_close(&a);
}
END_TEST

START_TEST(other_names_are_left_alone)
{
	static const char *const names[] = { "archive.damaged", "archive.1",
		"archive.0000000000000000000x", "archive.99999999999999999999",
		"archive.000000000000000000010", FIRST ".new", "state.tcb" };
	struct archive a;

	filled(&a, 60);
	archive_close(&a);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		scratch_write(scratch_path(names[i]), "x", 1);
	a = opened(1000000);
	ck_assert_uint_eq(a.files, 1);
	ck_assert_uint_eq(rows(&a, 1, ALL), 60);
	archive_close(&a);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_msg(there(names[i]) == (i != 5), "%s", names[i]);
}
END_TEST

TEST_MAIN("node_archive", it_gives_rows_from_a_height_on_without_gaps, an_empty_one_has_nothing,
    a_full_file_is_followed_by_another, a_file_is_full_by_its_bytes_too,
    what_is_there_is_not_put_again, another_block_of_a_height_takes_its_place,
    another_block_takes_the_place_of_one_that_waits,
    a_gap_is_filled_in_the_last_file_only, the_oldest_files_go,
    what_waits_for_the_disk_has_a_bound, heights_may_be_left_out,
    a_torn_end_is_put_again, a_damaged_last_file_is_moved_aside,
    an_only_file_that_is_none_is_moved_aside,
    a_damaged_file_of_long_ago_is_a_gap_when_it_is_read,
    a_damaged_row_is_a_gap_and_the_rest_serves, a_row_that_is_damaged_meanwhile_is_a_gap,
    an_empty_last_file_is_removed, other_names_are_left_alone)
