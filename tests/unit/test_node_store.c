#define _DEFAULT_SOURCE /* syscall */
#include "node/dir.h"
#include "node/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tcbdb.h>
#include <unistd.h>

#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/seed.h"

static const struct sr_hash32 chain = { { 1, 2, 3 } };
static const struct sr_hash32 block = { { 9, 9, 9 } };
static char note[NODE_STORE_NOTE_MAX];

/* --- The disk's calls, as libraries make them --- */

static unsigned reads, read_fails; /* the n-th; 0: none */

ssize_t pread64(int fd, void *to, size_t n, off_t at);
ssize_t pread64(int fd, void *to, size_t n, off_t at)
{
	if (++reads != read_fails)
		return (ssize_t)syscall(SYS_pread64, fd, to, n, at);
	errno = EIO;
	return -1;
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	return pread64(fd, to, n, at);
}

static struct node_store *open_store(void)
{
	struct node_store *store = NULL;

	ck_ok(node_store_open(&store, scratch_dir(), 1000000, note));
	return store;
}

static void put(struct node_store *store, uint32_t key, uint32_t version, size_t n)
{
	uint8_t k[4], v[6000];

	memcpy(k, &key, 4);
	memset(v, (int)(key + version), sizeof v);
	memcpy(v, &version, 4);
	ck_ok(node_store_state_put(store, k, sizeof k, v, n));
}

/* All that was put, into the base. */
static void fold(struct node_store *store)
{
	node_store_fold_from(store, 1);
	ck_ok(node_store_commit(store));
	ck_assert(node_store_busy(store));
	while (node_store_busy(store)) {
		ck_ok(node_store_work(store, 2000, note));
		ck_assert_str_eq(note, "");
	}
}

/* Rows in the state; all must be of this version. */
static uint32_t count(struct node_store *store, uint32_t version)
{
	struct node_store_cursor at = { 0 };
	uint32_t n = 0, got;
	uint8_t *value;
	size_t size;
	enum sr_error err;

	while ((err = node_store_state_next(store, &at, &value, &size)) == SR_OK) {
		ck_assert_uint_ge(size, 4);
		memcpy(&got, value, 4);
		ck_assert_uint_eq(got, version);
		for (size_t i = 4; i < size; i++)
			ck_assert_uint_eq(value[i], (uint8_t)(at.key[0] + version));
		free(value);
		n++;
	}
	ck_error(err, SR_ERR_NOT_FOUND);
	node_store_cursor_clear(&at);
	return n;
}

START_TEST(rows_are_there_after_a_commit_and_only_then)
{
	struct node_store *store = open_store();
	struct node_store_figures f;

	for (uint32_t i = 0; i < 200; i++)
		put(store, i, 1, 100 + i);
	ck_assert_uint_eq(count(store, 1), 0);
	ck_ok(node_store_commit(store));
	ck_assert_uint_eq(count(store, 1), 200);
	node_store_close(store, true);
	store = open_store();
	node_store_figures(&f, store);
	ck_assert(!f.created && !f.unclean);
	ck_assert_uint_eq(f.state_rows, 200);
	ck_assert_uint_eq(count(store, 1), 200);
	put(store, 0, 2, 0); /* an empty value deletes; so it does where nothing is */
	put(store, 777, 2, 0);
	ck_ok(node_store_commit(store));
	ck_assert_uint_eq(count(store, 1), 199);
	put(store, 5, 3, 10);
	node_store_abandon(store);
	ck_ok(node_store_commit(store));
	ck_assert_uint_eq(count(store, 1), 199);
	node_store_close(store, true);
}
END_TEST

START_TEST(the_clean_stop_mark_is_gone_while_open_and_missing_after_a_crash)
{
	struct node_store *store = open_store();
	struct node_store_figures f;

	node_store_figures(&f, store);
	ck_assert(f.created && !f.unclean);
	ck_assert_int_ne(access(scratch_path("clean"), F_OK), 0);
	node_store_close(store, true);
	ck_assert_int_eq(access(scratch_path("clean"), F_OK), 0);
	store = open_store();
	ck_assert_int_ne(access(scratch_path("clean"), F_OK), 0);
	node_store_close(store, false);
	store = open_store();
	node_store_figures(&f, store);
	ck_assert(f.unclean);
	node_store_close(store, true);
}
END_TEST

START_TEST(a_damaged_state_row_is_found_and_refuses_to_start)
{
	struct node_store *store = open_store();

	for (uint32_t i = 0; i < 20; i++)
		put(store, i + 100, 1, 4000);
	fold(store);
	node_store_close(store, false);
	scratch_damage("state.tcb", 110 + 1);
	ck_error(node_store_open(&store, scratch_dir(), 1000, note), SR_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(note, "restore the data directory"));
}
END_TEST

/* Also in the commit that was the last: it was acknowledged, so it is no torn tail. */
START_TEST(a_damaged_row_of_a_delta_refuses_to_start_after_any_stop)
{
	for (int clean = 0; clean < 2; clean++) {
		struct node_store *store = open_store();

		for (uint32_t i = 0; i < 20; i++)
			put(store, i + 100, 1, 4000);
		ck_ok(node_store_commit(store));
		node_store_close(store, clean == 1);
		scratch_damage("state.delta.0", 110 + 1);
		ck_error(node_store_open(&store, scratch_dir(), 1000, note), SR_ERR_DAMAGED);
		ck_assert_ptr_nonnull(strstr(note, "restore the data directory"));
		ck_assert_int_eq(unlink(scratch_path("state.delta.0")), 0);
	}
}
END_TEST

START_TEST(a_delta_without_its_base_refuses_to_start)
{
	struct node_store *store = open_store();

	put(store, 1, 1, 10);
	ck_ok(node_store_commit(store));
	node_store_close(store, true);
	ck_assert_int_eq(unlink(scratch_path("state.tcb")), 0);
	ck_error(node_store_open(&store, scratch_dir(), 1000, note), SR_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(note, "restore the data directory"));
}
END_TEST

/* Version of a row, or 0. */
static uint32_t version_of(struct node_store *store, uint32_t key)
{
	uint32_t version;
	uint8_t *value;
	size_t n;
	enum sr_error err =
	    node_store_state_get(store, (const uint8_t *)&key, sizeof key, &value, &n);

	if (err == SR_ERR_NOT_FOUND)
		return 0;
	ck_ok(err);
	memcpy(&version, value, 4);
	free(value);
	return version;
}

/* What a row's version is, by where it was put last: base, closed delta, open delta; every third is
 * removed in each. */
static uint32_t version_wanted(uint32_t key)
{
	for (uint32_t version = 3; version > 0; version--)
		if (key % 4 >= version - 1)
			return key / 4 % 3 == version % 3 ? 0 : version;
	return 0;
}

static void layer_put(struct node_store *store, uint32_t version)
{
	for (uint32_t i = 0; i < 400; i++)
		if (i % 4 >= version - 1)
			put(store, i, version, i / 4 % 3 == version % 3 ? 0 : 50 + i);
}

static void layers_check(struct node_store *store)
{
	struct node_store_cursor at = { 0 };
	uint32_t rows = 0, want = 0, last = 0, key, version;
	uint8_t *value;
	size_t n;
	enum sr_error err;

	for (uint32_t i = 0; i < 400; i++) {
		ck_assert_uint_eq(version_of(store, i), version_wanted(i));
		want += version_wanted(i) > 0;
	}
	while ((err = node_store_state_next(store, &at, &value, &n)) == SR_OK) {
		memcpy(&key, at.key, 4);
		memcpy(&version, value, 4);
		ck_assert_uint_eq(version, version_wanted(key));
		ck_assert_uint_eq(n, 50 + key);
		free(value);
		key = (uint32_t)at.key[0] << 8 | at.key[1]; /* in order */
		ck_assert(rows == 0 || key > last);
		last = key;
		rows++;
	}
	ck_error(err, SR_ERR_NOT_FOUND);
	node_store_cursor_clear(&at);
	ck_assert_uint_eq(rows, want);
}

/* Base, closed and open delta at once; then as the fold goes on, and after a stop in each of its
 * steps. */
START_TEST(of_base_and_deltas_each_row_is_given_once_and_as_it_was_put_last)
{
	struct node_store *store = open_store();
	uint32_t steps = 0;

	layer_put(store, 1);
	fold(store);
	layer_put(store, 2);
	ck_ok(node_store_commit(store));
	ck_ok(node_store_work(store, 1000, note));
	layer_put(store, 3);
	ck_ok(node_store_commit(store));
	layers_check(store);
	for (uint32_t stop = 1; steps < stop; stop++) {
		node_store_close(store, stop % 2 == 0);
		store = open_store();
		layers_check(store);
		if (!node_store_busy(store))
			break; /* only freeing was left */
		for (steps = 0; steps < stop && node_store_busy(store); steps++) {
			ck_ok(node_store_work(store, 3000, note));
			layers_check(store);
		}
		if (!node_store_busy(store))
			break;
	}
	ck_assert_uint_gt(steps, 8);
	ck_assert_int_ne(access(scratch_path("state.delta.1"), F_OK), 0);
	ck_assert_int_eq(access(scratch_path("state.delta.2"), F_OK), 0);
	fold(store);
	layers_check(store);
	node_store_close(store, true);
}
END_TEST

START_TEST(a_fold_begins_when_enough_has_changed_and_says_when_it_is_done)
{
	struct node_store *store = open_store();
	struct node_store_figures f;

	ck_assert(!node_store_busy(store));
	node_store_fold_from(store, 5000);
	put(store, 1, 1, 4000);
	ck_ok(node_store_commit(store));
	ck_assert(!node_store_busy(store));
	ck_ok(node_store_work(store, 1000, note));
	node_store_figures(&f, store);
	ck_assert_uint_eq(f.folds, 0);
	ck_assert_uint_gt(f.delta_bytes, 4000);
	put(store, 2, 1, 4000);
	ck_ok(node_store_commit(store));
	ck_assert(node_store_busy(store));
	while (node_store_busy(store))
		ck_ok(node_store_work(store, 1000, note));
	node_store_figures(&f, store);
	ck_assert_uint_eq(f.folds, 1);
	ck_assert_uint_eq(f.delta_bytes, 0);
	ck_assert_uint_eq(f.state_rows, 2);
	node_store_close(store, true);
}
END_TEST

START_TEST(a_step_of_a_fold_moves_no_more_than_it_was_asked_to)
{
	struct node_store *store = open_store();
	uint32_t steps = 0;

	for (uint32_t i = 0; i < 1000; i++)
		put(store, i, 1, 1000);
	node_store_fold_from(store, 1);
	ck_ok(node_store_commit(store));
	for (; node_store_busy(store); steps++)
		ck_ok(node_store_work(store, 10000, note));
	ck_assert_uint_ge(steps, 100);
	ck_assert_uint_le(steps, 120);
	ck_assert_uint_eq(count(store, 1), 1000);
	node_store_close(store, true);
}
END_TEST

START_TEST(a_damaged_state_row_is_found_while_reading_even_after_a_clean_stop)
{
	struct node_store *store = open_store();
	struct node_store_cursor at = { 0 };
	uint8_t *value;
	size_t n;
	enum sr_error err;

	for (uint32_t i = 0; i < 20; i++)
		put(store, i + 100, 1, 4000);
	fold(store);
	node_store_close(store, true);
	scratch_damage("state.tcb", 110 + 1);
	store = open_store();
	while ((err = node_store_state_next(store, &at, &value, &n)) == SR_OK)
		free(value);
	ck_error(err, SR_ERR_DAMAGED);
	node_store_cursor_clear(&at);
	node_store_close(store, false);
}
END_TEST

START_TEST(a_base_that_does_not_open_refuses_to_start)
{
	struct node_store *store = open_store();

	put(store, 1, 1, 10);
	ck_ok(node_store_commit(store));
	node_store_close(store, true);
	scratch_write(scratch_path("state.tcb"), "not a database at all", 21);
	ck_error(node_store_open(&store, scratch_dir(), 1000, note), SR_ERR_DAMAGED);
}
END_TEST

/* Each checkpoint rewrites every row: a mix of two would show. */
START_TEST(a_process_killed_while_it_commits_leaves_one_whole_checkpoint)
{
	const char *dir = scratch_dir();
	uint32_t seen = 0;

	for (unsigned round = 0; round < 8; round++) {
		struct node_store *store = NULL;
		int told[2];
		uint32_t done = 0, version = 0;
		pid_t pid;

		ck_assert_int_eq(pipe(told), 0);
		pid = fork();
		if (pid == 0) {
			if (node_store_open(&store, dir, 1000, note) != SR_OK)
				_exit(1);
			for (uint32_t v = seen + 1;; v++) {
				for (uint32_t k = 0; k < 300; k++)
					put(store, k, v, 400);
				if (node_store_commit(store) != SR_OK || write(told[1], &v, 4) != 4)
					_exit(1);
			}
		}
		close(told[1]);
		for (unsigned i = 0; i < 2 + round % 3; i++)
			ck_assert_int_eq(read(told[0], &done, 4), 4);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		while (read(told[0], &version, 4) == 4)
			done = version;
		close(told[0]);
		store = open_store();
		{
			struct node_store_cursor at = { 0 };
			uint8_t *value;
			size_t n;

			ck_ok(node_store_state_next(store, &at, &value, &n));
			memcpy(&seen, value, 4);
			free(value);
			node_store_cursor_clear(&at);
		}
		ck_assert_uint_ge(seen, done);
		ck_assert_uint_le(seen, done + 1);
		ck_assert_uint_eq(count(store, seen), 300);
		node_store_close(store, true);
	}
}
END_TEST

START_TEST(keys_and_values_have_their_limits)
{
	struct node_store *store = open_store();
	uint8_t *big = calloc(1, NODE_STORE_VALUE_MAX + 1);

	ck_error(node_store_state_put(store, big, 0, big, 1), SR_ERR_TOO_LONG);
	ck_error(node_store_state_put(store, big, NODE_STORE_KEY_MAX + 1, big, 1), SR_ERR_TOO_LONG);
	ck_error(
	    node_store_state_put(store, big, 1, big, NODE_STORE_VALUE_MAX + 1), SR_ERR_TOO_LONG);
	ck_ok(node_store_state_put(store, big, NODE_STORE_KEY_MAX, big, NODE_STORE_VALUE_MAX));
	ck_ok(node_store_commit(store));
	node_store_close(store, true);
	free(big);
}
END_TEST

/* Of this version: three times what waits in memory, in rows of 6,000 bytes. */
static uint32_t put_much(struct node_store *store, uint32_t version)
{
	const size_t size = 6000;
	uint32_t n = (uint32_t)(3 * NODE_STORE_ASIDE_BYTES / size) + 1;

	for (uint32_t i = 0; i < n; i++)
		put(store, i, version, size);
	return n;
}

static uint64_t delta_size(const struct node_store *store)
{
	struct node_store_figures f;

	node_store_figures(&f, store);
	return f.delta_bytes;
}

/* A joiner's whole state is one checkpoint. */
START_TEST(a_checkpoint_larger_than_memory_counts_whole_or_not_at_all)
{
	struct node_store *store = open_store();
	struct node_store_figures f;
	uint32_t n;

	put(store, 0, 1, 100);
	ck_ok(node_store_commit(store));
	n = put_much(store, 2);
	node_store_figures(&f, store);
	ck_assert_uint_lt(f.buffered_bytes, 2 * NODE_STORE_ASIDE_BYTES);
	ck_assert_uint_gt(f.delta_bytes, 2 * NODE_STORE_ASIDE_BYTES);
	ck_assert_uint_eq(count(store, 1), 1);
	node_store_close(store, false);          /* as a crash leaves it */
	store = open_store();
	ck_assert_uint_eq(count(store, 1), 1);
	put_much(store, 2);
	node_store_abandon(store);
	ck_assert_uint_lt(delta_size(store), 1000);
	ck_ok(node_store_commit(store));
	ck_assert_uint_eq(count(store, 1), 1);
	put_much(store, 3);
	put(store, 0, 2, 0);
	put(store, 0, 3, 10);
	ck_ok(node_store_commit(store));
	ck_assert_uint_eq(count(store, 3), n);
	node_store_close(store, true);
	store = open_store();
	ck_assert_uint_eq(count(store, 3), n);
	node_store_close(store, true);
}
END_TEST

START_TEST(a_fold_waits_for_a_batch_that_has_begun)
{
	struct node_store *store = open_store();
	uint32_t n;

	node_store_fold_from(store, 1);
	put(store, 0, 1, 100);
	ck_ok(node_store_commit(store));
	ck_assert(node_store_busy(store));
	n = put_much(store, 2);
	ck_assert(!node_store_busy(store));
	ck_ok(node_store_commit(store));
	ck_assert(node_store_busy(store));
	while (node_store_busy(store))
		ck_ok(node_store_work(store, 1u << 20, note));
	ck_assert_uint_eq(count(store, 2), n);
	node_store_close(store, true);
}
END_TEST

/* --- The directory --- */

START_TEST(a_directory_belongs_to_one_member_of_one_cluster)
{
	struct sr_hash32 other = chain;
	struct node_dir dir;

	other.b[0] ^= 1;
	ck_ok(node_dir_open(&dir, scratch_dir(), &chain, 3, note));
	node_dir_close(&dir);
	ck_ok(node_dir_open(&dir, scratch_dir(), &chain, 3, note));
	node_dir_close(&dir);
	ck_error(node_dir_open(&dir, scratch_dir(), &chain, 4, note), SR_ERR_FOREIGN_DATA);
	ck_assert_ptr_nonnull(strstr(note, "Point data_dir at"));
	ck_error(node_dir_open(&dir, scratch_dir(), &other, 3, note), SR_ERR_FOREIGN_DATA);
	scratch_write(scratch_path("VERSION"), "strongroom data 2\nwhatever", 26);
	ck_error(node_dir_open(&dir, scratch_dir(), &chain, 3, note), SR_ERR_BAD_VERSION);
}
END_TEST

START_TEST(a_directory_has_one_process_at_a_time)
{
	struct node_dir first, second;
	char pid[32];

	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	ck_ok(node_dir_open(&first, scratch_dir(), &chain, 3, note));
	ck_error(node_dir_open(&second, scratch_dir(), &chain, 3, note), SR_ERR_IN_USE);
	ck_assert_ptr_nonnull(strstr(note, pid));
	node_dir_close(&first);
	ck_ok(node_dir_open(&second, scratch_dir(), &chain, 3, note));
	node_dir_close(&second);
}
END_TEST

/* Takes a row as it stands in one file and puts it under a key in another. */
static void move_row(const char *from, const void *key, int key_n, const char *to,
    const void *other, int other_n, int first_byte)
{
	TCBDB *a = tcbdbnew(), *b = tcbdbnew();
	uint8_t *row;
	int n;

	ck_assert(tcbdbopen(a, scratch_path(from), BDBOREADER));
	row = tcbdbget(a, key, key_n, &n);
	ck_assert_ptr_nonnull(row);
	ck_assert(tcbdbclose(a));
	if (first_byte >= 0)
		row[0] = (uint8_t)first_byte;
	ck_assert(tcbdbopen(b, scratch_path(to), BDBOWRITER));
	ck_assert(tcbdbput(b, other, other_n, row, n));
	ck_assert(tcbdbclose(b));
	tcbdbdel(a);
	tcbdbdel(b);
	free(row);
}

static enum sr_error first_row(void)
{
	struct node_store *store = open_store();
	struct node_store_cursor at = { 0 };
	uint8_t *value;
	size_t n;
	enum sr_error err = node_store_state_next(store, &at, &value, &n);

	if (err == SR_OK)
		free(value);
	node_store_cursor_clear(&at);
	node_store_close(store, true);
	return err;
}

/* As when the disk wrote one row over another: every byte of it is good. */
START_TEST(a_row_counts_only_under_its_own_key)
{
	struct node_store *store = open_store();

	put(store, 1, 1, 10);
	put(store, 2, 1, 10);
	fold(store);
	node_store_close(store, true);
	ck_ok(first_row());
	move_row("state.tcb", "\2\0\0\0", 4, "state.tcb", "\1\0\0\0", 4, -1);
	ck_error(first_row(), SR_ERR_DAMAGED);
}
END_TEST

START_TEST(a_row_counts_only_in_its_own_table)
{
	static const uint8_t key[4] = { 1 };
	struct node_store *store = open_store();
	TCBDB *base = tcbdbnew();
	struct sr_writer w;

	put(store, 1, 1, 10);
	fold(store);
	node_store_close(store, true);
	for (int i = 0; i < 2; i++) {
		sr_writer_init(&w, 100);
		row_write(&w, i == 0 ? NODE_STORE_STATE_LETTER : 'a', key, sizeof key, key, 4);
		ck_assert(tcbdbopen(base, scratch_path("state.tcb"), BDBOWRITER));
		ck_assert(tcbdbput(base, key, sizeof key, w.p, (int)w.n));
		ck_assert(tcbdbclose(base));
		sr_writer_clear(&w);
		ck_error(first_row(), i == 0 ? SR_OK : SR_ERR_DAMAGED);
	}
	tcbdbdel(base);
}
END_TEST

START_TEST(a_row_of_another_version_is_not_read)
{
	struct node_store *store = open_store();

	put(store, 1, 1, 10);
	fold(store);
	node_store_close(store, true);
	move_row("state.tcb", "\1\0\0\0", 4, "state.tcb", "\1\0\0\0", 4, 2);
	ck_error(first_row(), SR_ERR_DAMAGED);
}
END_TEST

static enum sr_error open_and_read_here(uint32_t *rows, const char *dir)
{
	struct node_store *store = NULL;
	struct node_store_cursor at = { 0 };
	uint8_t *value;
	size_t n;
	enum sr_error err = node_store_open(&store, dir, 1000, note);

	*rows = 0;
	if (err != SR_OK)
		return err;
	while ((err = node_store_state_next(store, &at, &value, &n)) == SR_OK) {
		free(value);
		++*rows;
	}
	node_store_cursor_clear(&at);
	return err;
}

/* In a process of its own: a store that fails is left as a crash leaves it, and Tokyo Cabinet may
 * end the process for what it took for a length. false: that many reads were not needed. */
static bool open_and_read(unsigned nth, enum sr_error *err, uint32_t *rows)
{
	struct { enum sr_error err; uint32_t rows; bool reached; } r = { SR_ERR_INTERNAL, 0, true };
	const char *dir = scratch_dir();
	int told[2];
	pid_t pid;

	ck_assert_int_eq(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		reads = 0;
		read_fails = nth;
		r.err = open_and_read_here(&r.rows, dir);
		r.reached = reads >= nth;
		_exit(write(told[1], &r, sizeof r) == (ssize_t)sizeof r ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(told[1]);
	if (read(told[0], &r, sizeof r) != (ssize_t)sizeof r)
		r.err = SR_ERR_IO;
	close(told[0]);
	*err = r.err;
	*rows = r.rows;
	return r.reached;
}

/* Nobody shall throw a data directory away for a read that fails once. */
START_TEST(a_disk_that_does_not_read_is_not_a_damaged_one)
{
	struct node_store *store = open_store();
	enum sr_error err;
	uint32_t rows;
	unsigned failed = 0;

	for (uint32_t i = 0; i < 20; i++) {
		put(store, i + 100, 1, 4000);
		ck_ok(node_store_archive_put(store, i, &block, (const uint8_t *)note, 200));
	}
	fold(store);
	put(store, 100, 1, 4000);
	ck_ok(node_store_commit(store));
	node_store_close(store, false);
	for (unsigned nth = 1; open_and_read(nth, &err, &rows); nth++) {
		ck_assert_msg(err == SR_ERR_IO, "read %u: error %d, %u rows", nth, (int)err, rows);
		failed++;
	}
	ck_error(err, SR_ERR_NOT_FOUND);
	ck_assert_uint_eq(rows, 20);
	ck_assert_uint_gt(failed, 3);
}
END_TEST

TEST_MAIN("node_store",
    of_base_and_deltas_each_row_is_given_once_and_as_it_was_put_last,
    a_fold_begins_when_enough_has_changed_and_says_when_it_is_done,
    a_step_of_a_fold_moves_no_more_than_it_was_asked_to,
    a_damaged_row_of_a_delta_refuses_to_start_after_any_stop,
    a_delta_without_its_base_refuses_to_start,
    a_disk_that_does_not_read_is_not_a_damaged_one,
    rows_are_there_after_a_commit_and_only_then,
    the_clean_stop_mark_is_gone_while_open_and_missing_after_a_crash,
    a_damaged_state_row_is_found_and_refuses_to_start,
    a_damaged_state_row_is_found_while_reading_even_after_a_clean_stop,
    a_base_that_does_not_open_refuses_to_start,
    a_process_killed_while_it_commits_leaves_one_whole_checkpoint,
    keys_and_values_have_their_limits,
    a_checkpoint_larger_than_memory_counts_whole_or_not_at_all,
    a_fold_waits_for_a_batch_that_has_begun, a_directory_belongs_to_one_member_of_one_cluster,
    a_directory_has_one_process_at_a_time,
    a_row_counts_only_under_its_own_key,
    a_row_counts_only_in_its_own_table,
    a_row_of_another_version_is_not_read)
