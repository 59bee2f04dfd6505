/* safety.log after power cuts in any call and after reads and syncs that failed. */
#include <stdlib.h>
#include <string.h>

#include "node/log.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/sim/disk.h"

#define DIR DISK_PREFIX "0"
#define BATCHES 14u
#define SEEDS 24u

static const struct sr_hash32 chain = { { 1, 2, 3 } };
static char note[NODE_LOG_NOTE_MAX];

static void append(struct node_log *log, uint32_t i)
{
	uint8_t b[4 + 1500];

	memset(b, (int)i, sizeof b);
	memcpy(b, &i, 4);
	ck_ok(node_log_append(log, b, 4 + i * 397 % 1500));
}

/* Replaces it by one that begins with records first to last. */
static enum sr_error rotate(struct node_log *log, uint32_t first, uint32_t last)
{
	struct sr_writer w;
	enum sr_error err;

	sr_writer_init(&w, 1 << 20);
	sr_write_u32(&w, last - first + 1);
	for (uint32_t i = first; i <= last; i++)
		sr_write_blob(&w, (const uint8_t *)&i, 4);
	err = node_log_rotate(log, w.p, w.n);
	sr_writer_clear(&w);
	return err;
}

/* The number of the last record; each must be one more than that before it. */
static uint32_t replay(struct node_log *log)
{
	uint64_t position = 0;
	uint32_t last = 0, i;
	uint8_t *bytes;
	size_t n;
	enum sr_error err;

	while ((err = node_log_next(log, &position, &bytes, &n)) == SR_OK) {
		memcpy(&i, bytes, 4);
		ck_assert(last == 0 || i == last + 1);
		last = i;
		free(bytes);
	}
	ck_error(err, SR_ERR_NOT_FOUND);
	return last;
}

/* Batches of three records, some not synced, a fresh log now and then. Ends when the power does.
 * The last record that was synced. */
static uint32_t work(struct disk *disk, struct node_log *log, uint32_t last)
{
	uint32_t synced = last;

	for (uint32_t b = 0; b < BATCHES && !disk->dead; b++) {
		enum sr_error err;

		for (int i = 0; i < 3; i++)
			append(log, ++last);
		err = node_log_write(log, b % 3 != 1);
		if (err == SR_OK && !disk->dead && b % 3 != 1)
			synced = last;
		if (b % 5 == 4 && !disk->dead) {
			err = rotate(log, last - 4, last);
			if (err == SR_OK && !disk->dead)
				synced = last;
		}
		if (!disk->dead)
			ck_ok(err);
	}
	return synced;
}

static void cut_at(uint64_t seed, uint64_t call)
{
	struct disk *disk = disk_format(0, seed);
	struct node_log log;
	uint32_t synced = 0, last;
	enum sr_error err;

	disk->size_first = seed % 3 == 0;
	disk->cut_after = call;
	err = node_log_open(&log, DIR, &chain, 2, note);
	/* Whatever it says when the power went meanwhile. */
	ck_assert_msg(err == SR_OK || disk->dead, "seed %lu call %lu: %s", seed, call, note);
	if (!disk->dead)
		synced = work(disk, &log, 0);
	node_log_close(&log);
	/* Three times over: what is replayed once is replayed ever after. */
	for (int i = 0; i < 3; i++) {
		disk_power_cut(disk);
		disk_power_on(disk);
		disk->cut_after = 0;
		ck_assert_msg(node_log_open(&log, DIR, &chain, 2, note) == SR_OK,
		    "seed %lu call %lu: %s", seed, call, note);
		last = replay(&log);
		ck_assert_msg(last >= synced, "seed %lu call %lu: %u of %u", seed, call, last,
		    synced);
		synced = last;
		if (i == 1)
			synced = work(disk, &log, last);
		node_log_close(&log);
	}
}

START_TEST(a_power_cut_in_any_call_loses_nothing_that_was_synced_or_replayed)
{
	struct disk *disk = disk_format(0, 1);
	uint64_t seed = test_seed(), calls;
	struct node_log log;

	ck_ok(node_log_open(&log, DIR, &chain, 2, note));
	ck_assert_uint_gt(work(disk, &log, 0), 30);
	node_log_close(&log);
	calls = disk->calls;
	for (uint64_t call = 1; call <= calls; call++)
		for (uint64_t i = 0; i < SEEDS; i++)
			cut_at(seed + i, call);
}
END_TEST

/* A disk that does not give what it has now may give it later. */
START_TEST(a_read_that_fails_is_neither_a_torn_tail_nor_damage)
{
	uint64_t seed = test_seed();
	unsigned failed = 0, went_on = 0;

	for (uint64_t i = 0; i < 400; i++) {
		struct disk *disk = disk_format(0, seed + i);
		struct node_log log;
		uint32_t synced, last = 0;
		enum sr_error err;

		ck_ok(node_log_open(&log, DIR, &chain, 2, note));
		synced = work(disk, &log, 0);
		node_log_close(&log);
		disk->rates.read_error = 60000;
		disk->armed = true;
		err = node_log_open(&log, DIR, &chain, 2, note);
		disk->armed = false;
		ck_assert_msg(err == SR_OK || err == SR_ERR_IO, "seed %lu: %s (%s)", seed + i,
		    sr_error_name((unsigned)err), note);
		failed += err != SR_OK;
		if (err != SR_OK)
			ck_ok(node_log_open(&log, DIR, &chain, 2, note));
		last = replay(&log);
		ck_assert_uint_ge(last, synced);
		disk->armed = true;
		for (uint64_t position = 0;;) {
			uint8_t *bytes = NULL;
			size_t n;

			err = node_log_next(&log, &position, &bytes, &n);
			if (err != SR_OK)
				break;
			free(bytes);
			went_on++;
		}
		ck_assert(err == SR_ERR_IO || err == SR_ERR_NOT_FOUND);
		node_log_close(&log);
	}
	ck_assert_uint_gt(failed, 50);
	ck_assert_uint_gt(went_on, 50);
}
END_TEST

/* Linux shows pages that a failed sync did not write, and calls them clean. */
START_TEST(what_is_replayed_after_a_failed_sync_survives_a_power_cut)
{
	uint64_t seed = test_seed();

	for (uint64_t i = 0; i < 200; i++) {
		struct disk *disk = disk_format(0, seed + i);
		struct node_log log;
		uint32_t synced, seen;

		ck_ok(node_log_open(&log, DIR, &chain, 2, note));
		synced = work(disk, &log, 0);
		for (uint32_t r = 1; r < 6; r++)
			append(&log, 3 * BATCHES + r);
		disk->rates.sync_error = 1000000;
		disk->armed = true;
		ck_error(node_log_write(&log, true), SR_ERR_IO);
		node_log_close(&log);
		disk->armed = false;
		ck_assert_msg(node_log_open(&log, DIR, &chain, 2, note) == SR_OK, "seed %lu: %s",
		    seed + i, note);
		seen = replay(&log);
		ck_assert_uint_ge(seen, synced);
		node_log_close(&log);
		disk_power_cut(disk);
		disk_power_on(disk);
		ck_assert_msg(node_log_open(&log, DIR, &chain, 2, note) == SR_OK, "seed %lu: %s",
		    seed + i, note);
		ck_assert_msg(replay(&log) == seen, "seed %lu", seed + i);
		node_log_close(&log);
	}
}
END_TEST

TEST_MAIN("disk_log", a_power_cut_in_any_call_loses_nothing_that_was_synced_or_replayed,
    a_read_that_fails_is_neither_a_torn_tail_nor_damage,
    what_is_replayed_after_a_failed_sync_survives_a_power_cut)
