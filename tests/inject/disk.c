/*
 * What strongroomd keeps on disk, with the n-th I/O call failing, for every n: open, read, write,
 * fsync, fallocate, ftruncate, rename, mmap in node/log, store, file, blobs and in Tokyo Cabinet
 * below. Each n is a process of its own that notes, in shared memory, what it was told is durable;
 * afterwards the directory is opened without a fault and must hold exactly that, and of what was
 * under way either nothing or a beginning.
 *
 *   disk [--only SCENARIO:HOW:N] [--planted FAULT]
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "node/blobs.h"
#include "node/file.h"
#include "node/log.h"
#include "node/store.h"
#include "tests/inject/fault.h"
#include "tests/lib/scratch.h"

#define IO_CALLS                                                                                   \
	(FAULT_BIT(FAULT_OPEN) | FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_WRITE) |                  \
	    FAULT_BIT(FAULT_FSYNC) | FAULT_BIT(FAULT_FALLOCATE) | FAULT_BIT(FAULT_FTRUNCATE) |     \
	    FAULT_BIT(FAULT_RENAME) | FAULT_BIT(FAULT_MMAP))
#define EINTR_CALLS (FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_WRITE))

/* What the process with the fault knows. */
struct told {
	uint64_t durable;               /* of the scenario's steps, the last that was said done */
	uint64_t begun;                 /* the last that was begun */
	uint64_t calls;
	bool refused, fired, went_wrong;
	enum sr_error error;            /* the first */
	char call[16];
	char text[256];
};

enum planted { PLANTED_NOTHING, PLANTED_LOST, PLANTED_TORN };

static struct told *told;
static enum planted planted;
static const char *dir;
static char note[NODE_LOG_NOTE_MAX];
static struct sr_hash32 chain = { { 1, 2, 3 } };

__attribute__((noreturn, format(printf, 1, 2))) static void wrong(const char *format, ...)
{
	va_list args;

	fault_disarm();
	va_start(args, format);
	vsnprintf(told->text, sizeof told->text, format, args);
	va_end(args);
	told->went_wrong = true;
	_exit(EXIT_FAILURE);
}

static void check(bool good, const char *what)
{
	if (!good)
		wrong("%s", what);
}

/* The errors that I/O may end in. What is said of the data must be true: nothing is damaged. */
static bool allowed(enum sr_error error)
{
	return error == SR_ERR_IO || error == SR_ERR_DISK_FULL || error == SR_ERR_NO_MEMORY;
}

/* In the process with the fault. true: done. Notes the error, which must be one of those. */
static bool done(enum sr_error error, const char *what)
{
	if (error == SR_OK)
		return true;
	if (!allowed(error))
		wrong("%s: %s", what, sr_error_name((unsigned)error));
	if (!told->refused)
		told->error = error;
	told->refused = true;
	return false;
}

/* --- The safety log --- */

#define LOG_BATCHES 8u
#define LOG_ROTATE_AT 4u

static void record_make(uint8_t out[40], uint64_t batch, uint64_t i)
{
	memset(out, (int)(batch * 16 + i), 40);
	memcpy(out, &batch, 8);
	memcpy(out + 8, &i, 8);
}

/* Three records a batch, synced. */
static enum sr_error batch_write(struct node_log *log, uint64_t batch)
{
	uint8_t record[40];

	for (uint64_t i = 0; i < 3; i++) {
		record_make(record, batch, i);
		SR_TRY(node_log_append(log, record, sizeof record));
	}
	return node_log_write(log, true);
}

/* A log that begins with this batch. */
static enum sr_error batch_rotate(struct node_log *log, uint64_t batch)
{
	uint8_t record[40];
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, 4096);
	sr_write_u32(&w, 3);
	for (uint64_t i = 0; i < 3; i++) {
		record_make(record, batch, i);
		sr_write_blob(&w, record, sizeof record);
	}
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = node_log_rotate(log, w.p, w.n);
	sr_writer_clear(&w);
	return error;
}

static void log_run(void)
{
	struct node_log log;
	uint64_t batch;

	/* Twice, so that a log which is there is opened, too. */
	if (!done(node_log_open(&log, dir, &chain, 2, note), "opening the log"))
		return;
	for (batch = 1; batch <= LOG_BATCHES; batch++) {
		enum sr_error error;

		if (batch == LOG_ROTATE_AT + 2) {
			node_log_close(&log);
			if (!done(node_log_open(&log, dir, &chain, 2, note), "opening the log"))
				return;
		}
		told->begun = batch;
		error = batch == LOG_ROTATE_AT ? batch_rotate(&log, batch) :
		    batch_write(&log, batch);
		if (!done(error, "writing a batch")) {
			(void)!node_log_discard(&log);
			/* IO: the process must end. DISK_FULL: there is room again, it goes on. */
			if (error != SR_ERR_DISK_FULL)
				return;
			told->calls += fault_disarm();
			error = batch == LOG_ROTATE_AT ? batch_rotate(&log, batch) :
			    batch_write(&log, batch);
			check(error == SR_OK, "no batch once there was room again");
		}
		told->durable = batch;
	}
	node_log_close(&log);
}

static void log_check(void)
{
	struct node_log log;
	uint64_t position = 0, batch = 0, i = 0;
	uint8_t *bytes, want[40];
	enum sr_error error = node_log_open(&log, dir, &chain, 2, note);
	size_t n;

	if (error != SR_OK)
		wrong("the log does not open: %s", note);
	while ((error = node_log_next(&log, &position, &bytes, &n)) == SR_OK) {
		if (batch == 0) {
			memcpy(&batch, bytes, 8);
			check(batch == 1 || batch == LOG_ROTATE_AT, "it begins elsewhere");
			check(batch == 1 || told->begun >= LOG_ROTATE_AT, "it begins too late");
			check(batch != 1 || told->durable < LOG_ROTATE_AT, "the old log is back");
		}
		record_make(want, batch, i);
		check(n == sizeof want && memcmp(bytes, want, n) == 0, "another record is next");
		free(bytes);
		batch += i == 2;
		i = i == 2 ? 0 : i + 1;
	}
	check(error == SR_ERR_NOT_FOUND, "the log does not read");
	/* batch: the first that is not whole. */
	if (batch == 0)
		batch = 1;
	if (planted == PLANTED_LOST)
		told->durable++;
	if (batch <= told->durable)
		wrong("batch %" PRIu64 " was durable and is gone", batch);
	check(batch <= told->begun + 1, "a batch that was never written");
	if (batch == told->begun + 1)
		check(i == 0, "a record too many");
	node_log_close(&log);
}

/* --- Whole files --- */

#define FILE_STEPS 4u
#define FILE_BYTES 70000u

static void file_fill(uint8_t *p, uint64_t step)
{
	for (size_t i = 0; i < FILE_BYTES; i++)
		p[i] = (uint8_t)(i * 7 + step);
}

static void file_run(void)
{
	static uint8_t bytes[FILE_BYTES];

	for (uint64_t step = 1; step <= FILE_STEPS; step++) {
		file_fill(bytes, step);
		told->begun = step;
		if (done(file_replace(dir, "identity", bytes, sizeof bytes), "replacing"))
			told->durable = step;
		else
			return;
	}
}

static void file_check(void)
{
	static uint8_t want[FILE_BYTES];
	char path[NODE_PATH_MAX];
	uint8_t *bytes = NULL;
	uint64_t step;
	size_t n;
	enum sr_error error;

	check(file_path(path, dir, "identity") == SR_OK, "path");
	error = file_read(&bytes, &n, path, FILE_BYTES);
	if (error == SR_ERR_NOT_FOUND && told->durable == 0)
		return;
	check(error == SR_OK && n == FILE_BYTES, "the file is not whole");
	step = bytes[0];
	if (planted == PLANTED_TORN)
		bytes[FILE_BYTES - 1] ^= 1;
	file_fill(want, step);
	check(memcmp(bytes, want, n) == 0, "the file is mixed");
	check(step >= told->durable && step <= told->begun, "another version of the file");
	free(bytes);
}

/* --- Pieces --- */

#define PIECES 4u
#define PIECE_BYTES 5000u

static struct sr_hash32 piece_make(uint8_t *p, uint64_t i)
{
	memset(p, (int)i, PIECE_BYTES);
	return sr_hash(p, PIECE_BYTES);
}

static enum sr_error piece_put(struct blobs *blobs, const struct sr_hash32 *hash, const uint8_t *p)
{
	struct blob_put *put;
	enum sr_error error = blobs_put_begin(&put, blobs, hash, PIECE_BYTES);

	if (error != SR_OK)
		return error;
	error = blobs_put_write(put, p, PIECE_BYTES / 2);
	if (error == SR_OK)
		error = blobs_put_write(put, p + PIECE_BYTES / 2, PIECE_BYTES - PIECE_BYTES / 2);
	if (error == SR_OK)
		return blobs_put_finish(put);
	blobs_put_abort(put);
	return error;
}

/* The figures are those of what lies there, or the quota goes wrong for good. */
static void pieces_figures(struct blobs *blobs, uint64_t most)
{
	struct blobs_figures f;

	blobs_figures(&f, blobs);
	check(f.files <= most && f.bytes == f.files * PIECE_BYTES && f.coming == 0,
	    "the figures of the pieces are wrong");
}

static enum sr_error piece_keep(struct blobs *blobs, const struct sr_hash32 *hash)
{
	return blobs_keep(blobs, NULL, hash, (struct sr_bytes){ NULL, 0 });
}

static void pieces_run(void)
{
	static uint8_t p[PIECE_BYTES];
	struct blobs *blobs = NULL;

	if (!done(blobs_open(&blobs, dir, 10 * PIECE_BYTES * PIECES, 1000, 0), "opening pieces"))
		return;
	for (uint64_t i = 1; i <= PIECES; i++) {
		struct sr_hash32 hash = piece_make(p, i);
		enum sr_error error;

		told->begun = i;
		if (i % 2 == 0)
			(void)done(piece_keep(blobs, &hash), "keeping a piece");
		error = piece_put(blobs, &hash, p);
		/* It must never be taken for there when it was refused. */
		if (!done(error, "putting a piece")) {
			told->calls += fault_disarm();
			error = piece_put(blobs, &hash, p);
			if (error != SR_OK)
				wrong("putting it again: %s", sr_error_name((unsigned)error));
		}
		told->durable = i;
		if (i % 2 == 1)
			(void)done(piece_keep(blobs, &hash), "keeping a piece");
		pieces_figures(blobs, i);
	}
	for (uint64_t i = 1; i <= PIECES; i++) {
		struct sr_hash32 hash = piece_make(p, i);

		(void)done(blobs_drop(blobs, &hash), "dropping a piece");
	}
	pieces_figures(blobs, PIECES);
	for (uint64_t i = 1; i <= PIECES; i++) {
		struct sr_hash32 hash = piece_make(p, i);
		enum sr_error error = piece_put(blobs, &hash, p);

		if (error != SR_ERR_DUPLICATE)
			(void)done(error, "putting a piece");
	}
	blobs_close(blobs);
}

static void pieces_check(void)
{
	static uint8_t want[PIECE_BYTES], got[PIECE_BYTES];
	struct blobs *blobs = NULL;

	check(blobs_open(&blobs, dir, 10 * PIECE_BYTES * PIECES, 1000, 0) == SR_OK, "opening");
	pieces_figures(blobs, PIECES);
	for (uint64_t i = 1; i <= PIECES; i++) {
		struct sr_hash32 hash = piece_make(want, i);
		uint64_t bytes = 0;
		int fd;
		enum sr_error error = blobs_get(&fd, &bytes, blobs, &hash);

		if (error == SR_ERR_NOT_FOUND)
			continue;
		check(error == SR_OK, "a piece does not open");
		check(bytes == PIECE_BYTES && read(fd, got, PIECE_BYTES) == PIECE_BYTES &&
		    memcmp(got, want, PIECE_BYTES) == 0, "a piece is not what its name says");
		close(fd);
	}
	blobs_close(blobs);
}

/* --- The store --- */

#define STORE_COMMITS 3u
#define STORE_ROWS 20u

/* Every commit writes every row anew with its number. */
static enum sr_error store_commit(struct node_store *store, uint64_t commit)
{
	uint8_t value[900];

	memset(value, (int)commit, sizeof value);
	for (uint8_t i = 0; i < STORE_ROWS; i++) {
		uint8_t key[4] = { i, 1, 2, 3 };
		struct sr_hash32 hash = { { i } };

		SR_TRY(node_store_state_put(store, key, sizeof key, value, sizeof value));
		SR_TRY(node_store_archive_put(store, commit * STORE_ROWS + i, &hash, value,
		    sizeof value));
	}
	return node_store_commit(store);
}

/* All that was committed, into the base. What fails of it is dropped, and harms nothing. */
static bool store_fold(struct node_store *store)
{
	char said[NODE_STORE_NOTE_MAX];

	node_store_fold_from(store, 1);
	if (!done(node_store_commit(store), "an empty commit"))
		return false;
	while (node_store_busy(store)) {
		if (!done(node_store_work(store, 4000, said), "a fold"))
			return false;
		told->refused = told->refused || said[0] != '\0';
	}
	return true;
}

static void store_run(void)
{
	struct node_store *store = NULL;

	for (uint64_t commit = 1; commit <= STORE_COMMITS; commit++) {
		if (!done(node_store_open(&store, dir, 1000, note), "opening the store"))
			return;
		check(note[0] == '\0', note);
		told->begun = commit;
		if (!done(store_commit(store, commit), "a commit")) {
			if (told->error != SR_ERR_DISK_FULL)
				return; /* the process ends */
			told->calls += fault_disarm();
			check(node_store_commit(store) == SR_OK, "no commit with room again");
		}
		told->durable = commit;
		/* Every other one stays in its delta. */
		if (commit % 2 == 1 && !store_fold(store))
			return;
		node_store_close(store, true);
	}
}

static void store_check(void)
{
	struct node_store_cursor at = { 0 };
	struct node_store *store = NULL;
	struct node_store_figures f;
	uint64_t commit = 0, rows = 0;
	uint8_t *value;
	size_t n;
	enum sr_error error = node_store_open(&store, dir, 1000, note);

	if (error != SR_OK)
		wrong("the store does not open: %s %s", sr_error_name((unsigned)error), note);
	while ((error = node_store_state_next(store, &at, &value, &n)) == SR_OK) {
		if (rows == 0)
			commit = value[0];
		check(n == 900 && value[0] == commit && value[899] == commit, "commits are mixed");
		free(value);
		rows++;
	}
	check(error == SR_ERR_NOT_FOUND, "a row does not read");
	check(rows == 0 || rows == STORE_ROWS, "a part of a commit");
	if (planted == PLANTED_LOST)
		told->durable++;
	if (commit < told->durable || commit > told->begun)
		wrong("commit %" PRIu64 " is there, %" PRIu64 " was durable", commit,
		    told->durable);
	node_store_figures(&f, store);
	check(f.damaged_rows == 0, "rows of the archive are damaged");
	check(f.archive_rows >= told->durable * STORE_ROWS, "the archive has lost rows");
	node_store_cursor_clear(&at);
	node_store_close(store, true);
}

/* --- The sweep --- */

struct scenario { const char *name; void (*run)(void), (*check)(void); };

static const struct scenario scenarios[] = {
	{ "log", log_run, log_check },
	{ "file", file_run, file_check },
	{ "pieces", pieces_run, pieces_check },
	{ "store", store_run, store_check },
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

struct manner { const char *name; struct fault fault; };

static const struct manner manners[] = {
	{ "eio", { IO_CALLS, 0, EIO, FAULT_ONCE, 0 } },
	{ "eio-on", { IO_CALLS, 0, EIO, FAULT_ON, 0 } },
	{ "full", { IO_CALLS, 0, ENOSPC, FAULT_ON, 0 } },
	{ "short", { FAULT_BIT(FAULT_WRITE), 0, ENOSPC, FAULT_HALF, 0 } },
	{ "eintr", { EINTR_CALLS, 0, EINTR, FAULT_ONCE, 0 } },
	{ "no-files", { FAULT_BIT(FAULT_OPEN), 0, EMFILE, FAULT_ONCE, 0 } },
};
#define MANNERS (sizeof manners / sizeof manners[0])

static uint64_t tried, failed, refused, passed_by, ended;

static int in_child(void (*work)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		work();
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

static const struct scenario *scenario_now;
static struct fault fault_now;

static void run_with_fault(void)
{
	alarm(30);
	fault_arm(&fault_now);
	scenario_now->run();
	told->calls += fault_disarm();
	told->fired = fault_fired();
	snprintf(told->call, sizeof told->call, "%s", fault_fired_call());
}

static void check_after(void)
{
	alarm(30);
	scenario_now->check();
}

static void dir_fresh(void)
{
	scratch_remove(dir);
	if (file_make_dir(dir) != SR_OK)
		abort();
}

/* One n. false: there are not so many calls. */
static bool try_one(const struct scenario *s, const struct manner *m, uint64_t n)
{
	int status;

	scenario_now = s;
	fault_now = m->fault;
	fault_now.nth = n;
	memset(told, 0, sizeof *told);
	dir_fresh();
	status = in_child(run_with_fault);
	if (status == 0 && !told->fired)
		return false;
	tried++;
	/* Tokyo Cabinet may end the process, with a signal when it fails to close a table: a stop
	 * like any other, as far as the disk goes. */
	ended += status != 0 && !told->went_wrong;
	refused += told->refused;
	passed_by += status == 0 && !told->refused;
	if (WIFSIGNALED(status) && s->run != store_run)
		snprintf(told->text, sizeof told->text, "signal %d", WTERMSIG(status));
	else if (!told->went_wrong)
		status = in_child(check_after);
	if (status == 0)
		return true;
	failed++;
	printf("FAILED: --only %s:%s:%" PRIu64 " (%s): %s\n", s->name, m->name, n, told->call,
	    told->text);
	return true;
}

static void sweep(void)
{
	for (size_t s = 0; s < SCENARIOS; s++)
		for (size_t m = 0; m < MANNERS; m++)
			for (uint64_t n = 1; try_one(&scenarios[s], &manners[m], n); n++)
				;
}

/* SCENARIO:MANNER:N */
static void try_only(const char *only)
{
	char scenario[32], manner[32];
	uint64_t n;

	if (sscanf(only, "%31[^:]:%31[^:]:%" SCNu64, scenario, manner, &n) != 3)
		return;
	for (size_t s = 0; s < SCENARIOS; s++)
		for (size_t m = 0; m < MANNERS; m++)
			if (strcmp(scenario, scenarios[s].name) == 0 &&
			    strcmp(manner, manners[m].name) == 0)
				(void)try_one(&scenarios[s], &manners[m], n);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "planted", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	const char *only = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'o')
			only = optarg;
		else if (c == 'p')
			planted = strcmp(optarg, "torn") == 0 ? PLANTED_TORN : PLANTED_LOST;
		else
			return 2;
	}
	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	    0);
	dir = strdup(scratch_path("data"));
	if (told == MAP_FAILED || dir == NULL || sr_crypto_init() != SR_OK)
		return 2;
	if (only != NULL)
		try_only(only);
	else
		sweep();
	printf("%" PRIu64 " calls failed in turn: %" PRIu64 " were told to the caller, %" PRIu64
	    " it went on from, %" PRIu64 " ended the process\n", tried, refused, passed_by, ended);
	printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", tried - failed, failed);
	return failed == 0 && tried > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
