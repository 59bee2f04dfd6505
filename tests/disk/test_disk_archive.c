/* node/archive.h on bad disks: whatever befalls it, what was committed is there, whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/archive.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/sim/disk.h"

#define DIR DISK_PREFIX "0"
#define PER_COMMIT 7u
#define COMMITS 12u
#define KEPT 30u
#define FILE_ROWS 10u
#define SEEDS 3u
#define ROOM (1u << 20)

static char note[NODE_LOG_NOTE_MAX];
static uint64_t seed_now, call_now;

static size_t row_n(uint64_t height)
{
	return 50 + height * 37 % 900;
}

static enum sr_error commit(struct archive *a)
{
	struct sr_hash32 block = { { 9 } };
	uint8_t row[1000];

	for (unsigned i = 0; i < PER_COMMIT; i++) {
		uint64_t height = a->next > 0 ? a->next : 1;

		memset(row, (int)height, sizeof row);
		SR_TRY(archive_put(a, ROOM, height, &block, row, row_n(height)));
	}
	return archive_commit(a);
}

static enum sr_error opened(struct archive *a)
{
	enum sr_error err;

	note[0] = '\0';
	err = archive_open(a, DIR, KEPT, note);
	a->file_rows = FILE_ROWS;
	return err;
}

/* The first and the last row that are there; between them none is missing or changed. */
static void whole(struct archive *a, uint64_t committed)
{
	struct sr_writer w;
	struct sr_reader r;
	uint64_t height = archive_first(a);
	uint32_t n;

	ck_assert_msg(a->damaged == 0 && note[0] == '\0', "seed %lu call %lu: %s", seed_now,
	    call_now, note);
	ck_assert_msg(a->last >= committed, "seed %lu call %lu: %lu of %lu", seed_now, call_now,
	    a->last, committed);
	if (committed == 0)
		return;
	ck_assert_uint_le(height, a->last > KEPT ? a->last - KEPT + 1 : 1);
	sr_writer_init(&w, 1u << 24);
	ck_ok(archive_read(a, height, 1u << 20, &w));
	sr_reader_init(&r, w.p, w.n);
	n = sr_read_u32(&r);
	ck_assert_msg(height + n == a->last + 1, "seed %lu call %lu: %lu and %u of %lu", seed_now,
	    call_now, height, n, a->last);
	for (; n > 0; n--, height++) {
		struct sr_bytes row = sr_read_blob(&r, 1000);

		ck_assert_uint_eq(row.n, row_n(height));
		ck_assert(row.p[0] == (uint8_t)height && row.p[row.n - 1] == (uint8_t)height);
	}
	sr_writer_clear(&w);
}

/* The last height that was committed. */
static uint64_t work(const struct disk *disk, unsigned commits)
{
	uint64_t done = 0;
	struct archive a;
	enum sr_error err = opened(&a);

	ck_assert(err == SR_OK || disk->dead);
	for (unsigned i = 0; err == SR_OK && i < commits; i++) {
		err = commit(&a);
		if (disk->dead)
			break;
		ck_ok(err);
		done = a.last;
	}
	archive_close(&a);
	return done;
}

START_TEST(a_power_cut_in_any_call_loses_no_block_that_was_committed)
{
	struct disk *disk = disk_format(0, 1);
	uint64_t calls, seed = test_seed();

	ck_assert_uint_eq(work(disk, COMMITS), COMMITS * PER_COMMIT);
	calls = disk->calls;
	ck_assert_uint_gt(calls, 60);
	for (uint64_t call = 1; call <= calls; call++)
		for (uint64_t i = 0; i < SEEDS; i++) {
			struct archive a;
			uint64_t done;

			seed_now = seed + i;
			call_now = call;
			disk = disk_format(0, seed + i);
			disk->cut_after = call;
			done = work(disk, COMMITS);
			disk_power_cut(disk);
			disk_process_ends(disk);
			disk_power_on(disk);
			disk->cut_after = 0;
			ck_ok(opened(&a));
			whole(&a, done);
			for (unsigned more = 0; more < 4; more++)
				ck_ok(commit(&a));
			whole(&a, done + 4 * PER_COMMIT);
			archive_close(&a);
			ck_ok(opened(&a));
			whole(&a, done + 4 * PER_COMMIT);
			archive_close(&a);
			disk_process_ends(disk);
		}
}
END_TEST

/* The process ends with the first call that fails, and another begins. */
START_TEST(calls_that_fail_lose_no_block_that_was_committed)
{
	uint64_t seed = test_seed();
	unsigned failed = 0;

	for (uint64_t i = 0; i < 400; i++) {
		struct disk *disk = disk_format(0, seed + i);
		struct archive a;
		uint64_t done = 0;
		enum sr_error err;

		seed_now = seed + i;
		disk->rates.write_error = disk->rates.sync_error = 20000;
		disk->rates.read_error = 5000;
		disk->armed = true;
		err = opened(&a);
		for (unsigned n = 0; err == SR_OK && n < COMMITS; n++) {
			err = commit(&a);
			if (err == SR_OK)
				done = a.last;
		}
		ck_assert(err == SR_OK || err == SR_ERR_IO);
		failed += err != SR_OK;
		archive_close(&a);
		disk->armed = false;
		disk_process_ends(disk);
		ck_ok(opened(&a));
		whole(&a, done);
		ck_ok(commit(&a));
		whole(&a, done + PER_COMMIT);
		archive_close(&a);
		disk_process_ends(disk);
	}
	ck_assert_uint_gt(failed, 100);
}
END_TEST

START_TEST(a_read_that_fails_at_a_start_is_not_damage)
{
	uint64_t seed = test_seed();
	unsigned failed = 0;

	for (uint64_t i = 0; i < 200; i++) {
		struct disk *disk = disk_format(0, seed + i);
		struct archive a;
		enum sr_error err;

		seed_now = seed + i;
		ck_assert_uint_eq(work(disk, COMMITS), COMMITS * PER_COMMIT);
		disk->rates.read_error = 100000;
		disk->armed = true;
		err = opened(&a);
		ck_assert(err == SR_OK || err == SR_ERR_IO);
		failed += err != SR_OK;
		archive_close(&a);
		disk->armed = false;
		ck_ok(opened(&a));
		whole(&a, COMMITS * PER_COMMIT);
		archive_close(&a);
		disk_process_ends(disk);
	}
	ck_assert_uint_gt(failed, 50);
}
END_TEST

/* All that was put waits, and is written once there is room. */
START_TEST(a_full_disk_loses_nothing)
{
	uint64_t seed = test_seed();
	unsigned full = 0;

	for (uint64_t i = 0; i < 60; i++) {
		struct disk *disk = disk_format(0, seed + i);
		uint64_t room = disk->room;
		struct archive a;

		seed_now = seed + i;
		ck_ok(opened(&a));
		for (unsigned n = 0; n < COMMITS; n++) {
			enum sr_error err;

			disk->room = n % 2 == 0 ? room
				: disk->charged + i * 300000;
			err = commit(&a);
			ck_assert(err == SR_OK || err == SR_ERR_DISK_FULL);
			full += err != SR_OK;
		}
		disk->room = room;
		ck_ok(archive_commit(&a));
		whole(&a, COMMITS * PER_COMMIT);
		archive_close(&a);
		disk_process_ends(disk);
	}
	ck_assert_uint_gt(full, 30);
}
END_TEST

TEST_MAIN("disk_archive", a_power_cut_in_any_call_loses_no_block_that_was_committed,
    calls_that_fail_lose_no_block_that_was_committed, a_read_that_fails_at_a_start_is_not_damage,
    a_full_disk_loses_nothing)
