/* node/store.h on bad disks: after a power cut in any call, also one of a fold, the state is that
 * of a commit. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcutil.h>
#include <unistd.h>

#include "node/file.h"
#include "node/store.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/sim/disk.h"

#define DIR DISK_PREFIX "0"
#define ROUNDS 5u
#define KEYS 60u
#define SEEDS 4u
#define FOLD_SEEDS 60u

static char note[NODE_STORE_NOTE_MAX];
static uint64_t seed_now, call_now;

/* What row i holds after this round: 0 none, else its length. */
static size_t row_n(uint32_t round, uint32_t i)
{
	uint32_t last = 0;

	for (uint32_t r = 1; r <= round; r++)
		if ((i * 7 + r * 3) % 4 != 0)
			last = r;
	return last == 0 || (i + last) % 9 == 0 ? 0 : 20 + (i * 31 + last * 57) % 700;
}

static enum sr_error round_put(struct node_store *store, uint32_t round)
{
	uint8_t key[32] = { 0 }, value[1024];
	struct sr_hash32 hash = { { 9 } };

	for (uint32_t i = 0; i < KEYS; i++) {
		if ((i * 7 + round * 3) % 4 == 0)
			continue;
		key[0] = (uint8_t)i;
		memset(value, (int)(i + round), sizeof value);
		SR_TRY(node_store_state_put(store, key, sizeof key, value, row_n(round, i)));
	}
	for (uint64_t h = round * 30; h < round * 30 + 30; h++)
		SR_TRY(node_store_archive_put(store, h, &hash, value, 300 + h));
	return node_store_commit(store);
}

/* Can all of it be read? */
static enum sr_error reads(struct node_store *store)
{
	struct node_store_cursor at = { 0 };
	enum sr_error err;
	uint8_t *value;
	size_t n;

	while ((err = node_store_state_next(store, &at, &value, &n)) == SR_OK)
		free(value);
	node_store_cursor_clear(&at);
	return err == SR_ERR_NOT_FOUND ? SR_OK : err;
}

/* Does it hold what it held after this round? */
static bool holds(struct node_store *store, uint32_t round)
{
	struct node_store_cursor at = { 0 };
	uint32_t want = 0, found = 0;
	uint8_t *value;
	size_t n;

	for (uint32_t i = 0; i < KEYS; i++)
		want += row_n(round, i) > 0;
	while (node_store_state_next(store, &at, &value, &n) == SR_OK) {
		found += n == row_n(round, at.key[0]);
		free(value);
	}
	node_store_cursor_clear(&at);
	return found == want;
}

/* Part of a fold, or all of it. */
static enum sr_error fold(struct disk *disk, struct node_store *store, uint32_t steps)
{
	char said[NODE_STORE_NOTE_MAX];

	for (; steps > 0 && node_store_busy(store) && !disk->dead; steps--) {
		SR_TRY(node_store_work(store, 4000, said));
		ck_assert_msg(said[0] == '\0' || disk->dead || disk->armed, "%s", said);
	}
	return SR_OK;
}

/* Works until the power goes; how many rounds were committed. Folds begin in a round and end in
 * another one. */
static uint32_t work(struct disk *disk, uint32_t from, uint32_t to)
{
	struct node_store *store;
	uint32_t round = from;
	enum sr_error err = node_store_open(&store, DIR, 70, note);

	if (err != SR_OK) {
		ck_assert_msg(disk->dead, "opening: %s", note);
		return round;
	}
	node_store_fold_from(store, 12000);
	node_store_aside_from(store, 700);
	while (round < to) {
		err = fold(disk, store, 3 + round % 4);
		if (err == SR_OK && !disk->dead)
			err = round_put(store, round + 1);
		if (disk->dead)
			break;
		ck_assert_msg(err == SR_OK, "seed %lu call %lu round %u: %s", seed_now, call_now,
		    round + 1, sr_error_name((unsigned)err));
		round++;
	}
	node_store_close(store, !disk->dead);
	return disk->dead && round == to ? to : round;
}

static void cut_at(uint64_t seed, uint64_t call)
{
	struct disk *disk = disk_format(0, seed);
	struct node_store *store;
	uint32_t done;

	seed_now = seed;
	call_now = call;
	disk->cut_after = call;
	done = work(disk, 0, ROUNDS);
	disk_power_cut(disk);
	disk_process_ends(disk);
	disk_power_on(disk);
	disk->cut_after = 0;
	ck_assert_msg(node_store_open(&store, DIR, 70, note) == SR_OK,
	    "seed %lu call %lu after round %u: %s", seed, call, done, note);
	ck_assert_msg(note[0] == '\0' || strstr(note, "cut a torn tail") != NULL,
	    "seed %lu call %lu after round %u: %s", seed, call, done, note);
	if (!holds(store, done)) {
		ck_assert_msg(done < ROUNDS && holds(store, done + 1),
		    "seed %lu call %lu: the state is not that of round %u, nor the next", seed,
		    call, done);
		done++;
	}
	node_store_close(store, false);
	/* And it goes on. */
	ck_assert_uint_eq(work(disk, done, ROUNDS + 2), ROUNDS + 2);
	ck_ok(node_store_open(&store, DIR, 70, note));
	ck_assert(holds(store, ROUNDS + 2));
	ck_ok(fold(disk, store, UINT32_MAX));
	ck_assert(holds(store, ROUNDS + 2));
	node_store_close(store, true);
}

START_TEST(a_power_cut_in_any_call_leaves_the_state_of_a_commit)
{
	struct disk *disk = disk_format(0, 1);
	uint64_t calls, seed = test_seed();

	ck_assert_uint_eq(work(disk, 0, ROUNDS), ROUNDS);
	calls = disk->calls;
	ck_assert_uint_gt(calls, 50);
	for (uint64_t call = 1; call <= calls; call++)
		for (uint64_t i = 0; i < SEEDS; i++)
			cut_at(seed + i, call);
}
END_TEST

/* One life of a process on a disk whose calls fail now and then. true: it ended with an error. */
static bool life(struct disk *disk, uint32_t *done, uint32_t to)
{
	struct node_store *store;
	enum sr_error err = node_store_open(&store, DIR, 70, note);

	if (err != SR_OK) {
		ck_assert_msg(err == SR_ERR_IO, "opening: %s (%s)", sr_error_name((unsigned)err),
		    note);
		disk_process_ends(disk);
		return true;
	}
	node_store_fold_from(store, 12000);
	node_store_aside_from(store, 700);
	for (; *done < to; ++*done) {
		err = fold(disk, store, 30);
		if (err == SR_OK)
			err = round_put(store, *done + 1);
		if (err != SR_OK)
			break;
	}
	ck_assert(err == SR_OK || err == SR_ERR_IO);
	node_store_close(store, err == SR_OK);
	disk_process_ends(disk);
	return err != SR_OK;
}

static jmp_buf death;

static void dies(const char *why)
{
	(void)why;
	longjmp(death, 1);
}

/* A start on a disk whose reads fail. A length that was never read may be more than there is
 * memory: Tokyo Cabinet ends the process then, which is started again as after any error. */
static enum sr_error start_on_bad_reads(void)
{
	struct node_store *store;
	enum sr_error err;

	if (setjmp(death) != 0)
		return SR_ERR_IO;
	tcfatalfunc = dies;
	err = node_store_open(&store, DIR, 70, note);
	if (err == SR_OK)
		node_store_close(store, false);
	tcfatalfunc = NULL;
	return err;
}

START_TEST(a_read_that_fails_at_a_start_is_not_damage)
{
	uint64_t seed = test_seed();
	uint32_t failed = 0;

	for (uint64_t i = 0; i < 120; i++) {
		struct disk *disk = disk_format(0, seed + i);
		struct node_store *store;
		uint32_t done = 0;
		enum sr_error err;

		ck_assert(!life(disk, &done, 2));
		if (i % 2 == 0)
			ck_assert_int_eq(unlink(DIR "/clean"), 0);
		disk->rates.read_error = 60000;
		disk->armed = true;
		err = start_on_bad_reads();
		ck_assert_msg(err == SR_OK || err == SR_ERR_IO, "seed %lu: %s %s", seed + i,
		    sr_error_name((unsigned)err), note);
		failed += err != SR_OK;
		disk->armed = false;
		disk_process_ends(disk);
		ck_ok(node_store_open(&store, DIR, 70, note));
		ck_assert(holds(store, done));
		node_store_close(store, true);
	}
	ck_assert_uint_gt(failed, 10);
}
END_TEST

START_TEST(after_a_write_or_sync_that_failed_the_state_is_that_of_a_commit)
{
	uint64_t seed = test_seed();
	uint32_t ended = 0;

	for (uint64_t i = 0; i < 240; i++) {
		struct disk *disk = disk_format(0, seed + i);
		struct node_store *store;
		uint32_t done = 0;
		enum sr_error err;

		ck_assert(!life(disk, &done, 2));
		disk->rates.sync_error = 12000;
		disk->rates.write_error = i % 2 == 0 ? 12000 : 0;
		disk->armed = true;
		ended += life(disk, &done, 4);
		disk->armed = false;
		err = node_store_open(&store, DIR, 70, note);
		ck_ok(err);
		ck_ok(reads(store));
		ck_assert_msg(holds(store, done) || holds(store, done + 1), "seed %lu", seed + i);
		node_store_close(store, true);
		disk_process_ends(disk);
	}
	ck_assert_uint_gt(ended, 60);
}
END_TEST

/* --- Folds that fail --- */

/* Two rounds, of which the first is to be folded. */
static struct node_store *to_be_folded(struct disk **disk, uint64_t seed)
{
	struct node_store *store;

	*disk = disk_format(0, seed);
	ck_ok(node_store_open(&store, DIR, 70, note));
	node_store_fold_from(store, 1);
	ck_ok(round_put(store, 1));
	return store;
}

/* Steps until the fold is dropped or done. true: dropped, and said so. */
static bool drops(struct node_store *store, const struct disk *disk)
{
	bool said = false;

	while (node_store_busy(store)) {
		enum sr_error err = node_store_work(store, 2000, note);

		ck_assert_msg(err == SR_OK, "call %lu: %s", disk->calls,
		    sr_error_name((unsigned)err));
		ck_assert(note[0] == '\0' || !said);
		said = said || note[0] != '\0';
	}
	return said;
}

/* In this call of a fold, from 1; UINT64_MAX: in none. How many calls it had. */
static uint64_t cut_in_fold(uint64_t seed, uint64_t call)
{
	struct disk *disk;
	struct node_store *store = to_be_folded(&disk, seed);
	uint64_t from = disk->calls, calls;

	disk->cut_after = call == UINT64_MAX ? 0 : from + call;
	while (node_store_busy(store) && !disk->dead)
		ck_ok(node_store_work(store, 4000, note));
	calls = disk->calls - from;
	node_store_close(store, !disk->dead);
	disk_power_cut(disk);
	disk_process_ends(disk);
	disk_power_on(disk);
	disk->cut_after = 0;
	ck_assert_msg(node_store_open(&store, DIR, 70, note) == SR_OK, "seed %lu call %lu: %s",
	    seed, call, note);
	ck_assert_msg(holds(store, 1), "seed %lu call %lu: rows are missing", seed, call);
	ck_ok(fold(disk, store, UINT32_MAX));
	ck_assert(holds(store, 1));
	node_store_close(store, true);
	disk_process_ends(disk);
	return calls;
}

START_TEST(a_power_cut_in_any_call_of_a_fold_loses_no_row)
{
	uint64_t seed = test_seed(), calls = cut_in_fold(seed, UINT64_MAX);

	ck_assert_uint_gt(calls, 10);
	for (uint64_t call = 1; call <= calls; call++)
		for (uint64_t i = 0; i < FOLD_SEEDS; i++)
			(void)cut_in_fold(++seed, call);
}
END_TEST

/* Commits went on meanwhile; and later it is folded. */
static void is_folded_later(struct node_store *store, struct disk *disk, bool reopen)
{
	struct node_store_figures f;

	ck_ok(round_put(store, 2));
	ck_assert(holds(store, 2));
	if (reopen) {
		node_store_close(store, true);
		disk_process_ends(disk);
		ck_ok(node_store_open(&store, DIR, 70, note));
		node_store_fold_from(store, 1);
	}
	ck_ok(round_put(store, 3));
	ck_assert(!drops(store, disk));
	ck_ok(round_put(store, 4));
	ck_assert(!drops(store, disk));
	ck_assert(holds(store, 4));
	node_store_figures(&f, store);
	ck_assert_uint_eq(f.delta_bytes, 0);
	node_store_close(store, true);
	disk_process_ends(disk);
}

START_TEST(a_fold_whose_disk_fails_is_dropped_and_said_and_done_later)
{
	static const char *const files[] = { "state.tcb.new", NULL };
	uint64_t seed = test_seed();
	uint32_t dropped = 0;

	for (uint64_t i = 0; i < 300; i++) {
		struct disk *disk;
		struct node_store *store = to_be_folded(&disk, seed + i);
		bool syncs = i % 3 != 0, said;

		disk->rates.sync_error = syncs ? 300000 : 0;
		disk->rates.write_error = syncs ? 0 : 60000;
		disk->rates.error_in = files[syncs ? i % 2 : 0];
		disk->armed = true;
		said = drops(store, disk);
		disk->armed = false;
		dropped += said;
		/* Then Tokyo Cabinet is not touched again in this process. */
		is_folded_later(store, disk, said);
	}
	ck_assert_uint_gt(dropped, 100);
}
END_TEST

START_TEST(a_fold_without_room_is_dropped_and_done_when_there_is_some)
{
	uint64_t seed = test_seed();
	uint32_t dropped = 0;

	for (uint64_t i = 0; i < 60; i++) {
		struct disk *disk;
		struct node_store *store = to_be_folded(&disk, seed + i);
		uint64_t room = disk->room;

		/* Less than it asks for at once, or gone after its beginning. */
		if (i % 2 == 1)
			ck_ok(node_store_work(store, 2000, note));
		disk->room = disk->charged + i * 500000;
		dropped += drops(store, disk);
		ck_assert_ptr_null(disk_look(disk, "state.tcb.new"));
		disk->room = room;
		is_folded_later(store, disk, false);
	}
	ck_assert_uint_gt(dropped, 40);
}
END_TEST

TEST_MAIN("disk_store", a_fold_whose_disk_fails_is_dropped_and_said_and_done_later,
    a_power_cut_in_any_call_of_a_fold_loses_no_row,
    a_fold_without_room_is_dropped_and_done_when_there_is_some,
    a_power_cut_in_any_call_leaves_the_state_of_a_commit,
    a_read_that_fails_at_a_start_is_not_damage,
    after_a_write_or_sync_that_failed_the_state_is_that_of_a_commit)
