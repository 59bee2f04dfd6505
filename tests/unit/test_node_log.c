#define _GNU_SOURCE /* SIGXFSZ */
#include "node/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypto.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/seed.h"
#include "tests/lib/syncs.h"

static const struct sr_hash32 chain = { { 1, 2, 3 } };
static char note[NODE_LOG_NOTE_MAX];

static void open_log(struct node_log *log)
{
	ck_ok(node_log_open(log, scratch_dir(), &chain, 2, note));
}

/* Record i holds its number and as many bytes as its number says. */
static void append(struct node_log *log, uint32_t i)
{
	uint8_t b[4 + 300];

	memset(b, (int)i, sizeof b);
	memcpy(b, &i, 4);
	ck_ok(node_log_append(log, b, 4 + i % 300));
}

/* How many records replay; each must be the next one. */
static uint32_t replay(struct node_log *log)
{
	uint64_t position = 0;
	uint32_t n = 0, i;
	uint8_t *bytes;
	size_t size;
	enum sr_error err;

	while ((err = node_log_next(log, &position, &bytes, &size)) == SR_OK) {
		ck_assert_uint_ge(size, 4);
		memcpy(&i, bytes, 4);
		ck_assert_uint_eq(i, n);
		ck_assert_uint_eq(size, 4 + i % 300);
		n++;
		free(bytes);
	}
	ck_error(err, SR_ERR_NOT_FOUND);
	return n;
}

/* batches of 3 records, each synced, but the last not. Returns the file's path. */
static const char *make(uint32_t records, bool sync_last)
{
	struct node_log log;

	open_log(&log);
	for (uint32_t i = 0; i < records; i++) {
		append(&log, i);
		if (i % 3 == 2 || i == records - 1)
			ck_ok(node_log_write(&log, i < records - 1 || sync_last));
	}
	node_log_close(&log);
	return scratch_path(NODE_LOG_NAME);
}

static uint64_t size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

static void flip(const char *path, uint64_t at)
{
	uint8_t b;
	int fd = open(path, O_RDWR);

	ck_assert_int_eq(pread(fd, &b, 1, (off_t)at), 1);
	b ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &b, 1, (off_t)at), 1);
	close(fd);
}

START_TEST(what_was_synced_replays_in_order)
{
	struct node_log log;

	make(100, true);
	open_log(&log);
	ck_assert(!log.created);
	ck_assert_str_eq(note, "");
	ck_assert_uint_eq(replay(&log), 100);
	append(&log, 100);
	ck_ok(node_log_write(&log, true));
	ck_assert_uint_eq(replay(&log), 101);
	node_log_close(&log);
}
END_TEST

START_TEST(a_new_log_is_empty_and_says_so)
{
	struct node_log log;

	open_log(&log);
	ck_assert(log.created);
	ck_assert_uint_eq(replay(&log), 0);
	node_log_close(&log);
	open_log(&log);
	ck_assert(!log.created);
	ck_assert_uint_eq(log.size, NODE_LOG_HEADER_BYTES);
	node_log_close(&log);
}
END_TEST

/* Every length at which a crash may leave the file. */
START_TEST(a_tail_torn_anywhere_is_cut_off_and_the_log_goes_on)
{
	const char *path = make(10, true);
	size_t n;
	uint8_t *whole = scratch_read(path, &n);

	for (size_t cut = NODE_LOG_HEADER_BYTES; cut < n; cut++) {
		struct node_log log;
		uint32_t kept;

		scratch_write(path, whole, cut);
		open_log(&log);
		kept = replay(&log);
		ck_assert_uint_lt(kept, 10);
		append(&log, kept);
		ck_ok(node_log_write(&log, true));
		node_log_close(&log);
		open_log(&log);
		ck_assert_str_eq(note, "");
		ck_assert_uint_eq(replay(&log), kept + 1);
		node_log_close(&log);
	}
	free(whole);
}
END_TEST

START_TEST(a_torn_tail_of_zeros_or_noise_is_cut_off_with_a_note)
{
	const char *path = make(9, true);
	uint8_t tail[5000] = { 0 };
	struct sr_drbg rng;
	size_t n;
	uint8_t *whole = scratch_read(path, &n);

	test_drbg(&rng, "log");
	for (unsigned round = 0; round < 50; round++) {
		struct node_log log;
		uint8_t *torn = malloc(n + sizeof tail);

		memcpy(torn, whole, n);
		memcpy(torn + n, tail, sizeof tail);
		scratch_write(path, torn, n + sizeof tail - round * 7);
		open_log(&log);
		ck_assert_ptr_nonnull(strstr(note, "torn tail"));
		ck_assert_uint_eq(replay(&log), 9);
		node_log_close(&log);
		ck_assert_uint_eq(size_of(path), n);
		ck_ok(sr_drbg_fill(&rng, tail, sizeof tail));
		free(torn);
	}
	free(whole);
}
END_TEST

/* Wherever the bit is, but in the last batch, which might just as well be a torn one. */
START_TEST(a_flipped_bit_before_synced_records_refuses_to_start)
{
	const char *path = make(9, true);
	uint64_t n = size_of(path), last_batch = n;

	for (uint32_t i = 6; i < 9; i++)
		last_batch -= NODE_LOG_RECORD_HEADER_BYTES + 4 + i;
	for (uint64_t at = NODE_LOG_HEADER_BYTES; at < n; at++) {
		struct node_log log;
		enum sr_error err;

		flip(path, at);
		if (at < last_batch) {
			err = node_log_open(&log, scratch_dir(), &chain, 2, note);
			ck_assert_msg(err == SR_ERR_DAMAGED, "byte %llu: %d",
			    (unsigned long long)at, (int)err);
			ck_assert_ptr_nonnull(strstr(note, "restore the data directory"));
			ck_assert_uint_eq(size_of(path), n); /* nothing was changed */
		}
		flip(path, at);
	}
	struct node_log log;

	open_log(&log);
	ck_assert_uint_eq(replay(&log), 9);
	node_log_close(&log);
}
END_TEST

/* A disk may write the parts of one unsynced batch in any order. */
START_TEST(a_hole_in_the_last_batch_is_a_torn_tail)
{
	const char *path = make(9, true);
	uint64_t first_of_last = NODE_LOG_HEADER_BYTES;
	struct node_log log;

	for (uint32_t i = 0; i < 6; i++)
		first_of_last += NODE_LOG_RECORD_HEADER_BYTES + 4 + i;
	flip(path, first_of_last + 2);
	open_log(&log);
	ck_assert_ptr_nonnull(strstr(note, "torn tail"));
	ck_assert_uint_eq(replay(&log), 6);
	node_log_close(&log);
}
END_TEST

/* What was kept of an unsynced batch has been replayed: from then on it counts as synced. */
START_TEST(damage_in_what_a_crash_left_is_seen_later)
{
	const char *path = make(8, false);   /* 6, 7 written, never synced */
	uint64_t record_6 = NODE_LOG_HEADER_BYTES;
	struct node_log log;

	for (uint32_t i = 0; i < 6; i++)
		record_6 += NODE_LOG_RECORD_HEADER_BYTES + 4 + i;
	open_log(&log);
	ck_assert_uint_eq(replay(&log), 8);
	append(&log, 8);
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	flip(path, record_6 + NODE_LOG_RECORD_HEADER_BYTES);
	ck_error(node_log_open(&log, scratch_dir(), &chain, 2, note), SR_ERR_DAMAGED);
}
END_TEST

START_TEST(the_log_of_another_node_or_cluster_is_refused)
{
	struct sr_hash32 other = chain;
	struct node_log log;
	const char *path = make(3, true);

	ck_error(node_log_open(&log, scratch_dir(), &chain, 3, note), SR_ERR_FOREIGN_DATA);
	ck_assert_ptr_nonnull(strstr(note, "member 2's"));
	other.b[31] ^= 1;
	ck_error(node_log_open(&log, scratch_dir(), &other, 2, note), SR_ERR_FOREIGN_DATA);
	ck_assert_ptr_nonnull(strstr(note, "another cluster"));
	for (uint64_t at = 0; at < NODE_LOG_HEADER_BYTES; at++) {
		flip(path, at);
		ck_error(node_log_open(&log, scratch_dir(), &chain, 2, note), SR_ERR_DAMAGED);
		flip(path, at);
	}
	scratch_write(path, "SRSAFELG", 8);
	ck_error(node_log_open(&log, scratch_dir(), &chain, 2, note), SR_ERR_DAMAGED);
}
END_TEST

/* u32 count, blobs: records from..to. */
static void rotate(struct node_log *log, uint32_t n)
{
	struct sr_writer w;

	sr_writer_init(&w, 1u << 20);
	sr_write_u32(&w, n);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t b[304];

		memset(b, (int)i, sizeof b);
		memcpy(b, &i, 4);
		sr_write_blob(&w, b, 4 + i % 300);
	}
	ck_ok(sr_writer_finish(&w));
	ck_ok(node_log_rotate(log, w.p, w.n));
	sr_writer_clear(&w);
}

START_TEST(a_checkpoint_begins_a_fresh_log)
{
	struct node_log log;

	make(50, true);
	open_log(&log);
	rotate(&log, 5);
	ck_assert_uint_eq(replay(&log), 5);
	append(&log, 5);
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	open_log(&log);
	ck_assert_uint_eq(replay(&log), 6);
	rotate(&log, 0);
	ck_assert_uint_eq(replay(&log), 0);
	append(&log, 0);
	ck_ok(node_log_write(&log, true));
	ck_assert_uint_eq(replay(&log), 1);
	node_log_close(&log);
}
END_TEST

START_TEST(a_checkpoint_that_does_not_parse_leaves_the_old_log)
{
	struct node_log log;
	uint8_t bad[] = { 2, 0, 0, 0, 1, 0, 0, 0, 'x' };

	make(6, true);
	open_log(&log);
	ck_error(node_log_rotate(&log, bad, sizeof bad), SR_ERR_TRUNCATED);
	bad[0] = 1;
	ck_error(node_log_rotate(&log, bad, sizeof bad - 1), SR_ERR_TRUNCATED);
	bad[0] = 0;
	ck_error(node_log_rotate(&log, bad, sizeof bad), SR_ERR_TRAILING_BYTES);
	ck_assert_uint_eq(replay(&log), 6);
	node_log_close(&log);
}
END_TEST

START_TEST(a_crash_while_a_fresh_log_is_written_leaves_the_old_one)
{
	struct node_log log;

	make(6, true);
	scratch_write(scratch_path(NODE_LOG_NAME ".new"), "half a lo", 9);
	open_log(&log);
	ck_assert_uint_eq(replay(&log), 6);
	ck_assert_int_ne(access(scratch_path(NODE_LOG_NAME ".new"), F_OK), 0);
	node_log_close(&log);
}
END_TEST

START_TEST(a_process_killed_at_any_time_loses_nothing_it_synced)
{
	const char *dir = scratch_dir();

	for (unsigned round = 0; round < 10; round++) {
		struct node_log log;
		int told[2];
		uint32_t synced = 0, word;
		pid_t pid;

		scratch_remove(scratch_path(NODE_LOG_NAME));
		ck_assert_int_eq(pipe(told), 0);
		pid = fork();
		if (pid == 0) {
			if (node_log_open(&log, dir, &chain, 2, note) != SR_OK)
				_exit(1);
			for (uint32_t i = 0;; i++) {
				uint8_t b[304];

				memset(b, (int)i, sizeof b);
				memcpy(b, &i, 4);
				if (node_log_append(&log, b, 4 + i % 300) != SR_OK
				    || node_log_write(&log, true) != SR_OK
				    || write(told[1], &i, 4) != 4)
					_exit(1);
			}
		}
		close(told[1]);
		while (synced < 20 + round * 13 && read(told[0], &word, 4) == 4)
			synced = word + 1;
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		while (read(told[0], &word, 4) == 4)
			synced = word + 1;
		close(told[0]);
		open_log(&log);
		ck_assert_uint_ge(replay(&log), synced);
		node_log_close(&log);
	}
}
END_TEST

START_TEST(records_have_their_limits)
{
	struct node_log log;
	uint8_t *big = calloc(1, NODE_LOG_RECORD_MAX + 1), *back;
	uint64_t position = 0;
	size_t n;

	open_log(&log);
	ck_error(node_log_append(&log, big, 0), SR_ERR_EMPTY);
	ck_error(node_log_append(&log, big, NODE_LOG_RECORD_MAX + 1), SR_ERR_TOO_LONG);
	ck_ok(node_log_append(&log, big, NODE_LOG_RECORD_MAX));
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	open_log(&log);
	ck_ok(node_log_next(&log, &position, &back, &n));
	ck_assert_uint_eq(n, NODE_LOG_RECORD_MAX);
	free(back);
	free(big);
	node_log_close(&log);
}
END_TEST

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	check_quiet = true;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_quiet = bytes != RLIM_INFINITY;
}

/* A limit on file sizes stands for the full disk. */
START_TEST(a_full_disk_writes_nothing_and_the_log_goes_on_when_there_is_room)
{
	struct node_log log;
	uint8_t big[5000] = { 0 };
	uint64_t size;

	make(6, true);
	open_log(&log);
	size = log.size;
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	limit_files(size + 1000);
	ck_ok(node_log_append(&log, big, sizeof big));
	ck_error(node_log_write(&log, true), SR_ERR_DISK_FULL);
	ck_assert_uint_eq(size_of(scratch_path(NODE_LOG_NAME)), size);
	append(&log, 6);                       /* a small one still fits */
	ck_ok(node_log_write(&log, true));
	limit_files(RLIM_INFINITY);
	append(&log, 7);
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	open_log(&log);
	ck_assert_str_eq(note, "");
	ck_assert_uint_eq(replay(&log), 8);
	node_log_close(&log);
}
END_TEST

START_TEST(a_full_disk_at_a_checkpoint_leaves_the_old_log)
{
	struct node_log log;
	uint8_t *records = calloc(1, 8008);
	uint32_t lengths[2] = { 1, 8000 };

	memcpy(records, lengths, 8);
	make(6, true);
	open_log(&log);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	limit_files(4000);
	ck_error(node_log_rotate(&log, records, 8008), SR_ERR_DISK_FULL);
	limit_files(RLIM_INFINITY);
	ck_assert_uint_eq(replay(&log), 6);
	ck_assert_int_ne(access(scratch_path(NODE_LOG_NAME ".new"), F_OK), 0);
	append(&log, 6);
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	open_log(&log);
	ck_assert_uint_eq(replay(&log), 7);
	node_log_close(&log);
	free(records);
}
END_TEST

START_TEST(what_is_to_be_durable_is_synced_and_nothing_else)
{
	struct node_log log;

	open_log(&log);
	append(&log, 0);
	syncs_begin();
	ck_ok(node_log_write(&log, false));
	ck_assert_str_eq(syncs_story(), "");
	append(&log, 1);
	ck_ok(node_log_write(&log, true));
	ck_assert_str_eq(syncs_story(), "d");
	node_log_close(&log);
}
END_TEST

START_TEST(a_sync_that_fails_is_an_error)
{
	struct node_log log;

	open_log(&log);
	append(&log, 0);
	syncs_fail(true);
	ck_error(node_log_write(&log, true), SR_ERR_IO);
	syncs_fail(false);
	node_log_close(&log);
}
END_TEST

START_TEST(a_fresh_log_is_on_the_disk_before_it_takes_the_place_of_the_old_one)
{
	static const uint8_t records[] = { 1, 0, 0, 0, 1, 0, 0, 0, 'S' };
	struct node_log log;

	make(6, true);
	open_log(&log);
	syncs_begin();
	ck_ok(node_log_rotate(&log, records, sizeof records));
	ck_assert_str_eq(syncs_story(), "frD");
	syncs_fail(true);
	ck_error(node_log_rotate(&log, records, sizeof records), SR_ERR_IO);
	syncs_fail(false);
	node_log_close(&log);
}
END_TEST

/* A write that went astray, onto another record of the same size. */
START_TEST(a_record_counts_only_where_it_was_written)
{
	static const uint8_t first[8] = "first", second[8] = "second";
	uint8_t copy[NODE_LOG_RECORD_HEADER_BYTES + sizeof first];
	uint64_t position = 0;
	struct node_log log;
	uint8_t *bytes;
	size_t n;
	int fd;

	open_log(&log);
	ck_ok(node_log_append(&log, first, sizeof first));
	ck_ok(node_log_write(&log, true));
	ck_ok(node_log_append(&log, second, sizeof second));
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	fd = open(scratch_path(NODE_LOG_NAME), O_RDWR);
	ck_assert_int_eq(pread(fd, copy, sizeof copy, NODE_LOG_HEADER_BYTES), sizeof copy);
	ck_assert_int_eq(pwrite(fd, copy, sizeof copy,
	    NODE_LOG_HEADER_BYTES + (off_t)sizeof copy), sizeof copy);
	close(fd);
	open_log(&log);
	ck_ok(node_log_next(&log, &position, &bytes, &n));
	free(bytes);
	ck_error(node_log_next(&log, &position, &bytes, &n), SR_ERR_NOT_FOUND);
	node_log_close(&log);
}
END_TEST

/* A hole in the first batch after a crash is a torn tail, too: it was never all synced. */
START_TEST(a_hole_in_the_first_batch_after_a_crash_is_a_torn_tail)
{
	const char *path = make(8, false);
	struct node_log log;
	uint64_t hole;

	open_log(&log);
	hole = log.size;
	append(&log, 8);
	append(&log, 9);
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	flip(path, hole + NODE_LOG_RECORD_HEADER_BYTES);
	open_log(&log);
	ck_assert_uint_eq(replay(&log), 8);
	node_log_close(&log);
}
END_TEST

START_TEST(a_log_of_another_version_is_named)
{
	const char *path = make(3, true);
	uint8_t h[NODE_LOG_HEADER_BYTES];
	struct node_log log;
	uint32_t crc;
	int fd = open(path, O_RDWR);

	ck_assert_int_eq(pread(fd, h, sizeof h, 0), sizeof h);
	h[8]++;
	crc = sr_crc32c(0, h, 48);
	for (int i = 0; i < 4; i++)
		h[48 + i] = (uint8_t)(crc >> 8 * i);
	ck_assert_int_eq(pwrite(fd, h, sizeof h, 0), sizeof h);
	close(fd);
	ck_error(node_log_open(&log, scratch_dir(), &chain, 2, note), SR_ERR_BAD_VERSION);
}
END_TEST

/* --- Of whole batches --- */

static const struct node_log_kind whole = { "SRWHOLE1", "", true, false };

static enum sr_error whole_open(struct node_log *log)
{
	return node_log_open_as(log, scratch_dir(), "whole", &whole, &chain, 2, note);
}

/* Batches of three records, each in two writes. The bytes of the file. */
static uint8_t *whole_make(uint32_t batches, size_t *n)
{
	struct node_log log;

	(void)unlink(scratch_path("whole"));
	ck_ok(whole_open(&log));
	for (uint32_t i = 0; i < 3 * batches; i++) {
		append(&log, i);
		if (i % 3 != 1)
			ck_ok(node_log_write(&log, i % 3 == 2));
	}
	node_log_close(&log);
	return scratch_read(scratch_path("whole"), n);
}

static uint32_t whole_replay(enum sr_error *err)
{
	struct node_log log;
	uint32_t n;

	*err = whole_open(&log);
	if (*err != SR_OK)
		return 0;
	n = replay(&log);
	append(&log, n);
	ck_ok(node_log_write(&log, true));
	ck_assert_uint_eq(replay(&log), n + 1);
	node_log_close(&log);
	return n;
}

START_TEST(of_a_batch_that_a_crash_cut_short_nothing_is_left)
{
	enum sr_error err;
	size_t n;
	uint8_t *p = whole_make(3, &n);

	for (size_t cut = NODE_LOG_HEADER_BYTES; cut <= n; cut++) {
		uint32_t records;

		scratch_write(scratch_path("whole"), p, cut);
		records = whole_replay(&err);
		ck_ok(err);
		ck_assert_uint_eq(records % 3, 0);
		ck_assert_uint_eq(records == 9, cut >= n - NODE_LOG_RECORD_HEADER_BYTES);
	}
	free(p);
}
END_TEST

/* ... of one that was synced all must be there: the seal behind it tells. */
START_TEST(damage_in_any_whole_batch_is_refused_even_in_the_last)
{
	enum sr_error err;
	size_t n;
	uint8_t *p = whole_make(3, &n);

	for (size_t at = 0; at < n - NODE_LOG_RECORD_HEADER_BYTES; at++) {
		p[at] ^= 4;
		scratch_write(scratch_path("whole"), p, n);
		(void)whole_replay(&err);
		ck_assert_msg(err == SR_ERR_DAMAGED, "byte %zu: %s", at,
		    sr_error_name((unsigned)err));
		ck_assert_ptr_nonnull(strstr(note, "restore the data directory"));
		p[at] ^= 4;
	}
	free(p);
}
END_TEST

START_TEST(a_batch_for_which_there_is_no_room_leaves_nothing_of_its_beginning)
{
	struct node_log log;
	uint32_t records;
	enum sr_error err;
	size_t n;

	free(whole_make(1, &n));
	ck_ok(whole_open(&log));
	append(&log, 100);
	ck_ok(node_log_write(&log, false));
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	limit_files((rlim_t)log.size + 50);
	append(&log, 101);
	ck_error(node_log_write(&log, true), SR_ERR_DISK_FULL);
	limit_files(RLIM_INFINITY);
	append(&log, 3);
	ck_ok(node_log_write(&log, true));
	node_log_close(&log);
	records = whole_replay(&err);
	ck_ok(err);
	ck_assert_uint_eq(records, 4);
}
END_TEST

TEST_MAIN("node_log", of_a_batch_that_a_crash_cut_short_nothing_is_left,
    damage_in_any_whole_batch_is_refused_even_in_the_last,
    a_batch_for_which_there_is_no_room_leaves_nothing_of_its_beginning,
    a_full_disk_writes_nothing_and_the_log_goes_on_when_there_is_room,
    a_full_disk_at_a_checkpoint_leaves_the_old_log, what_was_synced_replays_in_order,
    a_new_log_is_empty_and_says_so, a_tail_torn_anywhere_is_cut_off_and_the_log_goes_on,
    a_torn_tail_of_zeros_or_noise_is_cut_off_with_a_note,
    a_flipped_bit_before_synced_records_refuses_to_start, a_hole_in_the_last_batch_is_a_torn_tail,
    damage_in_what_a_crash_left_is_seen_later, the_log_of_another_node_or_cluster_is_refused,
    a_checkpoint_begins_a_fresh_log, a_checkpoint_that_does_not_parse_leaves_the_old_log,
    a_crash_while_a_fresh_log_is_written_leaves_the_old_one,
    a_process_killed_at_any_time_loses_nothing_it_synced, records_have_their_limits,
    what_is_to_be_durable_is_synced_and_nothing_else,
    a_sync_that_fails_is_an_error,
    a_fresh_log_is_on_the_disk_before_it_takes_the_place_of_the_old_one,
    a_record_counts_only_where_it_was_written,
    a_hole_in_the_first_batch_after_a_crash_is_a_torn_tail,
    a_log_of_another_version_is_named)
