/*
 * What a week of blocks leaves on a node's disk:
 *   bench-week DIRECTORY DAYS RATE ARCHIVE_BLOCKS NODES
 * NODES of the product's cores run in virtual time, with RATE operations a second (0: nobody
 * comes), and what one of them gives its host between one checkpoint and the second one after it is
 * kept as a tape: a thousand blocks and their votes, a few minutes. The product's keeper (log,
 * store, archive) is then given that tape again and again, under new heights and, where a row was
 * new, new names, until so many days are over. Once a day comes another tape: all shares are dealt
 * anew.
 *
 * What is not as on a node: nothing is synced, on which sizes do not depend; a tape that comes
 * again has the same sizes, not the same bytes; and the enclave is not asked again, so that what it
 * would refuse by its age is not seen. Each line: day, then bytes of all files, of safety.log (its
 * most on that day), state and archive; blocks in the archive, blocks of that day, milliseconds for
 * it.
 */
#define _GNU_SOURCE /* off64_t, FTW_PHYS */
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/keeper.h"
#include "tests/bench/rows/clock.h"
#include "tests/lib/cluster.h"

#define DAY_MS 86400000ull
#define KEY_BYTES 32u                    /* of a row that the core puts */
#define CHECKPOINTS 2u                   /* in a tape */
#define LOOK_BLOCKS 97u                  /* how often the log is looked at */
#define TAPE_LIMIT_MS 3600000u

/* The linker exports what shared libraries ask for, so their calls end here, too. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int msync(void *p, size_t n, int flags)
{
	(void)p;
	(void)n;
	(void)flags;
	return 0;
}

int sync_file_range(int fd, off64_t from, off64_t n, unsigned flags)
{
	(void)fd;
	(void)from;
	(void)n;
	(void)flags;
	return 0;
}

/* --- the tape --- */

/* What a core gave its host in one step; last: of a step. */
struct piece { struct enclave_effect fx; bool last, again; };

struct tape {
	struct piece *list;
	size_t n, capacity;
	const struct enclave_effect *before; /* the effect that came before this one */
	uint64_t blocks, ms;
	unsigned checkpoints;
	bool on;
};

static struct tape idle, day;
static struct tape *recording;

static struct sr_bytes copied(struct sr_bytes from)
{
	uint8_t *p = malloc(from.n + 1);

	clock_must(p != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a tape");
	if (from.n > 0)
		memcpy(p, from.p, from.n);
	return (struct sr_bytes){ p, from.n };
}

static void tape_add(struct tape *t, const struct enclave_effect *fx)
{
	if (t->n == t->capacity) {
		t->capacity = 2 * t->capacity + 1024;
		t->list = realloc(t->list, t->capacity * sizeof *t->list);
		clock_must(t->list != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a tape");
	}
	/* The effects of a step stand behind each other. */
	if (t->n > 0)
		t->list[t->n - 1].last = fx != t->before + 1;
	t->list[t->n] = (struct piece){ .fx = *fx, .last = true };
	t->list[t->n].fx.a = copied(fx->a);
	t->list[t->n++].fx.b = copied(fx->b);
	t->before = fx;
}

static bool on_disk(enum enclave_effect_kind kind)
{
	return kind == ENCLAVE_FX_PERSIST || kind == ENCLAVE_FX_ARCHIVE_PUT ||
	    kind == ENCLAVE_FX_STATE_PUT || kind == ENCLAVE_FX_CHECKPOINT ||
	    kind == ENCLAVE_FX_IDENTITY;
}

/* The first checkpoint begins it, a later one ends it. */
static void on_effect(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct tape *t = recording;

	(void)ctx;
	(void)c;
	if (node != 0 || t == NULL)
		return;
	if (t->on && t->n > 0 && !on_disk(fx->kind) && fx == t->before + 1)
		t->before = fx;
	if (t->on && on_disk(fx->kind)) {
		tape_add(t, fx);
		t->blocks += fx->kind == ENCLAVE_FX_ARCHIVE_PUT;
	}
	if (fx->kind != ENCLAVE_FX_CHECKPOINT)
		return;
	t->checkpoints++;
	t->on = t->checkpoints <= CHECKPOINTS;
}

static int by_key(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;

	return memcmp(x->fx.a.p, y->fx.a.p, KEY_BYTES);
}

/* A row that the tape puts more than once is one that is there already: only others are new each
 * time. */
static void rows_tell_apart(struct tape *t)
{
	struct piece **rows = malloc((t->n + 1) * sizeof *rows);
	size_t n = 0;

	clock_must(rows != NULL ? SR_OK : SR_ERR_NO_MEMORY, "rows");
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].fx.kind == ENCLAVE_FX_STATE_PUT)
			rows[n++] = &t->list[i];
	qsort(rows, n, sizeof *rows, by_key);
	for (size_t i = 0; i + 1 < n; i++)
		if (by_key(&rows[i], &rows[i + 1]) == 0)
			rows[i]->again = rows[i + 1]->again = true;
	free(rows);
}

/* --- what is recorded --- */

static void mint(struct cluster *c, struct cluster_key *key)
{
	union vault_op_body body;
	struct vault_receipt receipt;

	memset(&body, 0, sizeof body);
	body.nft_mint.to = key->account;
	body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"a week", 6 };
	clock_must(cluster_submit(c, 0, key, VAULT_OP_NFT_MINT, &body, &receipt), "an operation");
}

static void tape_record(struct tape *t, struct cluster *c, struct cluster_key *key, double rate)
{
	uint64_t from = c->now_ms, begun = 0, done = 0;

	recording = t;
	while (t->checkpoints <= CHECKPOINTS) {
		clock_must(c->now_ms < from + TAPE_LIMIT_MS ? SR_OK : SR_ERR_TIMED_OUT, "a tape");
		if (begun == 0 && t->on)
			begun = c->now_ms;
		if ((double)(c->now_ms - from) * rate >= (double)(done + 1) * 1000) {
			mint(c, key);
			done++;
		} else {
			cluster_run(c, 100);
		}
	}
	recording = NULL;
	t->ms = c->now_ms - begun;
	rows_tell_apart(t);
}

/* From one change of the roster's keys to its end, with whatever checkpoints it asks for. */
static void day_record(struct cluster *c)
{
	uint64_t epoch = enclave_core_epoch(c->nodes[0].core)->epoch, from = c->now_ms;

	recording = &day;
	day.on = true;
	clock_must(cluster_refresh(c, 0), "a refresh");
	clock_must(cluster_run_members(c, epoch + 1, 60000) ? SR_OK : SR_ERR_TIMED_OUT,
	    "a refresh");
	cluster_run(c, 2000);
	recording = NULL;
	day.ms = c->now_ms - from;
	rows_tell_apart(&day);
}

static struct sr_hash32 tapes_record(uint32_t nodes, double rate)
{
	struct cluster_options options = { .n = nodes, .seed = 1 };
	struct cluster *c = cluster_new(&options);
	struct sr_hash32 chain_id;
	struct cluster_key key;

	c->quiet = true;
	c->hooks.effect = on_effect;
	cluster_start_all(c);
	clock_must(cluster_run_epoch(c, 1, 60000) ? SR_OK : SR_ERR_TIMED_OUT, "an epoch");
	cluster_key_make(&key, c);
	tape_record(&idle, c, &key, rate);
	day_record(c);
	chain_id = c->genesis->chain_id;
	cluster_free(c);
	return chain_id;
}

/* --- what is played --- */

struct player {
	struct keeper keeper;
	uint64_t height, plays, log_most;
};

static bool nothing(void *ctx, const struct enclave_effect *fx)
{
	(void)ctx;
	(void)fx;
	return true;
}

static void step_play(struct player *p, struct enclave_effect *list, size_t n)
{
	clock_must(keeper_run(&p->keeper, list, n, nothing, NULL), p->keeper.doing);
	while (keeper_busy(&p->keeper))
		clock_must(keeper_work(&p->keeper), p->keeper.doing);
	if (p->height % LOOK_BLOCKS == 0 && p->keeper.log.size > p->log_most)
		p->log_most = p->keeper.log.size;
}

static void tape_play(struct player *p, const struct tape *t)
{
	static struct enclave_effect list[65536];
	static uint8_t keys[65536][KEY_BYTES]; /* new names */
	uint64_t salt = ++p->plays * 0x9e3779b97f4a7c15ull;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct piece *piece = &t->list[i];

		clock_must(n < sizeof list / sizeof *list ? SR_OK : SR_ERR_TOO_MANY, "a step");
		list[n] = piece->fx;
		if (piece->fx.kind == ENCLAVE_FX_ARCHIVE_PUT)
			list[n].number = ++p->height;
		if (piece->fx.kind == ENCLAVE_FX_STATE_PUT && !piece->again) {
			memcpy(keys[n], piece->fx.a.p, KEY_BYTES);
			for (int k = 0; k < 8; k++)
				keys[n][k] ^= (uint8_t)(salt >> 8 * k);
			list[n].a.p = keys[n];
		}
		n++;
		if (!piece->last)
			continue;
		step_play(p, list, n);
		n = 0;
	}
}

static uint64_t all_bytes, state_bytes, archive_bytes;

static int count(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	uint64_t bytes = (uint64_t)st->st_blocks * 512;

	(void)at;
	if (kind != FTW_F)
		return 0;
	all_bytes += bytes;
	state_bytes += strstr(path, "/state.") != NULL ? bytes : 0;
	archive_bytes += strstr(path, "/archive") != NULL ? bytes : 0;
	return 0;
}

static void day_tell(struct player *p, const char *dir, unsigned number, uint64_t blocks, double ms)
{
	struct node_store_figures figures;

	all_bytes = state_bytes = archive_bytes = 0;
	clock_must(nftw(dir, count, 16, FTW_PHYS) == 0 ? SR_OK : SR_ERR_IO, dir);
	node_store_figures(&figures, p->keeper.store);
	printf("%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %.0f\n",
	    number, all_bytes, p->log_most, state_bytes, archive_bytes, figures.archive_rows,
	    blocks, ms);
	fflush(stdout);
	p->log_most = 0;
}

static void play(const char *dir, unsigned days, uint64_t archive_blocks,
    const struct sr_hash32 *chain_id)
{
	static struct player p;
	char note[NODE_LOG_NOTE_MAX] = "";

	clock_must(keeper_open(&p.keeper, dir, chain_id, 0, archive_blocks, note), note);
	for (unsigned d = 1; d <= days; d++) {
		uint64_t height = p.height, ms = day.ms;
		double from = clock_s();

		tape_play(&p, &day);
		for (; ms < DAY_MS; ms += idle.ms)
			tape_play(&p, &idle);
		day_tell(&p, dir, d, p.height - height, (clock_s() - from) * 1e3);
	}
	keeper_close(&p.keeper, true);
}

int main(int argc, char **argv)
{
	struct sr_hash32 chain_id;
	double from = clock_s();

	clock_must(argc == 6 ? SR_OK : SR_ERR_USAGE, "DIRECTORY DAYS RATE ARCHIVE_BLOCKS NODES");
	chain_id = tapes_record((uint32_t)strtoul(argv[5], NULL, 10), strtod(argv[3], NULL));
	fprintf(stderr, "a tape of %" PRIu64 " blocks, %" PRIu64 " ms; a refresh of %" PRIu64
	    " blocks, %" PRIu64 " ms; recorded in %.1f s\n", idle.blocks, idle.ms, day.blocks,
	    day.ms, clock_s() - from);
	play(argv[1], (unsigned)strtoul(argv[2], NULL, 10), strtoull(argv[4], NULL, 10), &chain_id);
	return 0;
}
