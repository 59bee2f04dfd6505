/*
 * How long the host's loop stands still for the store: commits of 20,000 random rows into states of
 * several sizes, and the steps of folding them into the base.
 *   bench_store [ROWS...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/file.h"
#include "node/store.h"
#include "tests/lib/scratch.h"

#define COMMITS 5u
#define COMMIT_ROWS 20000u
#define BUILD_ROWS 100000u
#define ROW_BYTES 400u
#define STEP_BYTES (32u * 1024u)         /* as node/keeper.c */
#define WORK_MS 2                        /* as node/loop.c, and then others have their turn */
#define PAUSE_MS 6

/* cpu: of the longest in that, when a busy machine makes it wait for its turn. */
struct stall { double longest, total, cpu; unsigned n; };

struct moment { double wall, cpu; };

static char note[NODE_STORE_NOTE_MAX];
static uint64_t state = 1;

static void must(enum sr_error error)
{
	if (error != SR_OK) {
		fprintf(stderr, "%s %s\n", sr_error_message(error), note);
		exit(1);
	}
}

static double clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static struct moment moment(void)
{
	return (struct moment){ now_ms(), clock_ms(CLOCK_THREAD_CPUTIME_ID) };
}

static void stall_add(struct stall *s, const struct moment *from)
{
	struct moment now = moment();
	double took = now.wall - from->wall, cpu = now.cpu - from->cpu;

	s->longest = took > s->longest ? took : s->longest;
	s->cpu = cpu > s->cpu ? cpu : s->cpu;
	s->total += took;
	s->n++;
}

/* splitmix64 */
static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* A blinded name begins with any bytes. */
static void row_put(struct node_store *store, uint64_t first)
{
	uint64_t key[4] = { 0, draw(), draw(), draw() }, value[ROW_BYTES / 8];

	for (int i = 0; i < 8; i++)
		((uint8_t *)key)[i] = (uint8_t)(first >> 8 * (7 - i));
	for (size_t i = 0; i < ROW_BYTES / 8; i++)
		value[i] = draw();
	must(node_store_state_put(store, (const uint8_t *)key, sizeof key,
	    (const uint8_t *)value, sizeof value));
}

static void fold(struct node_store *store, struct stall *steps)
{
	double due = now_ms() + WORK_MS;

	node_store_fold_from(store, 1);
	must(node_store_commit(store));
	while (node_store_busy(store)) {
		struct moment from = moment();

		must(node_store_work(store, STEP_BYTES, note));
		if (note[0] != '\0')
			fprintf(stderr, "%s\n", note);
		stall_add(steps, &from);
		if (now_ms() > due) {
			nanosleep(&(struct timespec){ 0, PAUSE_MS * 1000000 }, NULL);
			due = now_ms() + WORK_MS;
		}
	}
	node_store_fold_from(store, 0);
}

static void build(struct node_store *store, uint64_t rows)
{
	struct stall ignored = { 0 };

	for (uint64_t i = 0; i < rows; i++) {
		row_put(store, UINT64_MAX / rows * i);
		if (i % BUILD_ROWS == BUILD_ROWS - 1)
			must(node_store_commit(store));
	}
	must(node_store_commit(store));
	fold(store, &ignored);
}

static void measure(uint64_t rows)
{
	struct stall commits = { 0 }, steps = { 0 };
	struct node_store *store;
	struct moment from;

	scratch_remove(scratch_path("data"));
	must(file_make_dir(scratch_path("data")));
	must(node_store_open(&store, scratch_path("data"), 1000, note));
	build(store, rows);
	for (unsigned i = 0; i < COMMITS; i++) {
		for (unsigned r = 0; r < COMMIT_ROWS; r++)
			row_put(store, draw());
		from = moment();
		must(node_store_commit(store));
		stall_add(&commits, &from);
	}
	fold(store, &steps);
	node_store_close(store, true);
	from = moment();
	must(node_store_open(&store, scratch_path("data"), 1000, note));
	printf("%8llu rows: commit of %u: mean %.0f ms, longest %.0f; %u steps of a fold: mean ",
	    (unsigned long long)rows, COMMIT_ROWS, commits.total / commits.n, commits.longest,
	    steps.n);
	printf("%.2f ms, longest %.0f (of the processor's time %.1f), together %.1f s; opened in "
	    "%.0f ms\n", steps.total / steps.n, steps.longest, steps.cpu, steps.total / 1e3,
	    now_ms() - from.wall);
	node_store_close(store, true);
}

int main(int argc, char **argv)
{
	static const uint64_t sizes[] = { 10000, 100000 };

	for (int i = 1; i < argc; i++)
		measure(strtoull(argv[i], NULL, 10));
	for (size_t i = 0; argc == 1 && i < sizeof sizes / sizeof sizes[0]; i++)
		measure(sizes[i]);
	return EXIT_SUCCESS;
}
