/*
 * The load of `make chaos`.
 *
 *   load run CLUSTER HISTORY SCRATCH SEED WORKERS    until SIGUSR1; then reads everything back from
 *                                                    every member, writes "end" and exits
 *   load recover CLUSTER SCRATCH LIMIT_MS            from now: how long until every member has a
 *                                                    new final block and a new operation is
 *                                                    acknowledged. Prints ms; exit 1: not in time
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "tests/chaos/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPERATION_MS 8000u
#define ACTIVE_OBJECTS 6u
#define ACTIVE_SWITCHES 6u
#define FINAL_TRIES 40u
#define WORKERS_MAX 32u

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(2);
}

/* --- what the operations use --- */

uint64_t load_draw(struct worker *w, uint64_t below)
{
	uint64_t z = (w->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % below;
}

struct key *load_key(struct worker *w, unsigned subject, enum role role)
{
	uint64_t numbers[3] = { w->seed, subject, role };
	struct sr_bytes part = { (const uint8_t *)numbers, sizeof numbers };
	struct sr_hash32 hash = sr_hash_domain("strongroom chaos key v1", &part, 1);
	struct sr_key32 seed;
	struct key *key;

	memcpy(seed.b, hash.b, sizeof seed.b);
	if (key_from_seed(&key,
		role == ROLE_HOLDER + 1 ? VAULT_ACCOUNT_ETHEREUM : VAULT_ACCOUNT_ED25519, &seed)
	    != SR_OK)
		die("a key could not be made");
	return key;
}

void load_begin(struct worker *w)
{
	w->cli.started_ms = cli_monotonic_ms();
	w->cli.timeout_ms = w->timeout_ms;
}

__attribute__((format(printf, 3, 0))) static void line_write(
    struct worker *w, uint64_t id, const char *f, va_list args)
{
	char line[512];
	int n = snprintf(line, sizeof line, "%" PRIu64 " %" PRIu64 " ", now_us(), id);

	n += vsnprintf(line + n, sizeof line - (size_t)n - 1, f, args);
	line[n++] = '\n';
	/* One write to a file opened for appending: lines of several processes stay whole. */
	if (write(w->history, line, (size_t)n) != n)
		die("the history can't be written");
}

uint64_t load_invoke(struct worker *w, const char *f, ...)
{
	uint64_t id = w->shared->next_id++;
	char format[128];
	va_list args;

	snprintf(format, sizeof format, "invoke %s", f);
	va_start(args, f);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	line_write(w, id, format, args);
#pragma GCC diagnostic pop
	va_end(args);
	return id;
}

void load_end(struct worker *w, uint64_t id, const char *f, ...)
{
	va_list args;

	va_start(args, f);
	line_write(w, id, f, args);
	va_end(args);
}

/* --- a worker --- */

static void connect_until(struct worker *w, uint64_t limit_ms)
{
	uint64_t until = cli_monotonic_ms() + limit_ms;

	do {
		load_begin(w);
		if (client_connect(&w->cli, &w->c) == CLI_DONE)
			return;
		cli_pause_ms(100);
	} while (!ending && cli_monotonic_ms() < until);
	die("the cluster can't be reached");
}

/* A random one that is ready; -1: none. */
static int pick_object(struct worker *w)
{
	unsigned n = w->shared->objects_n, ready[OBJECTS_MAX], count = 0;

	for (unsigned i = 0; i < n && i < OBJECTS_MAX; i++)
		if (w->shared->objects[i].stage == STAGE_READY)
			ready[count++] = i;
	if (count < ACTIVE_OBJECTS && n < OBJECTS_MAX && load_draw(w, 3) == 0)
		ops_object_new(w);
	if (count == 0)
		return -1;
	n = ready[load_draw(w, count)];
	if (w->shared->objects[n].ops++ == OBJECT_OPS)
		w->shared->objects[n].stage = STAGE_RESTING;
	return (int)n;
}

static int pick_switch(struct worker *w)
{
	unsigned n = w->shared->switches_n, ready[SWITCHES_MAX], count = 0, waiting = 0;

	for (unsigned i = 0; i < n && i < SWITCHES_MAX; i++) {
		if (w->shared->switches[i].stage != STAGE_READY)
			continue;
		ready[count++] = i;
		waiting += !w->shared->switches[i].seen_fired;
	}
	if (waiting < ACTIVE_SWITCHES && n < SWITCHES_MAX && load_draw(w, 3) == 0)
		ops_switch_new(w, cli_monotonic_ms());
	return count == 0 ? -1 : (int)ready[load_draw(w, count)];
}

static void act_on_object(struct worker *w)
{
	static void (*const acts[])(struct worker *, unsigned) = { ops_update, ops_update,
		ops_update, ops_transfer, ops_transfer, ops_transfer, ops_open, ops_open, ops_open,
		ops_open, ops_look, ops_look, ops_steal };
	int object = pick_object(w);

	if (object >= 0)
		acts[load_draw(w, sizeof acts / sizeof acts[0])](w, (unsigned)object);
}

static void act_on_switch(struct worker *w)
{
	int number = pick_switch(w);

	if (number < 0)
		return;
	if (load_draw(w, 4) == 0)
		ops_inherit(w, (unsigned)number);
	else
		ops_watch(w, (unsigned)number);
}

static void work(struct worker *w)
{
	while (!ending) {
		if (load_draw(w, 4) == 0)
			act_on_switch(w);
		else
			act_on_object(w);
		if (!ending)
			cli_pause_ms(200 + (unsigned)load_draw(w, 900)); /* people's pace */
	}
}

/* Who keeps the switches armed, until their owners fall silent. */
static void keep(struct worker *w)
{
	static uint64_t due[SWITCHES_MAX];

	while (!ending) {
		unsigned n = w->shared->switches_n;

		for (unsigned i = 0; i < n && i < SWITCHES_MAX && !ending; i++) {
			struct dms *d = &w->shared->switches[i];
			uint64_t now = cli_monotonic_ms();

			if (d->stage != STAGE_READY || d->seen_fired || now > d->silent_from_ms
			    || now < due[i])
				continue;
			ops_beat(w, i);
			due[i] = cli_monotonic_ms() + d->interval_ms / 3;
		}
		cli_pause_ms(100);
	}
}

/* --- run --- */

static void final_member(struct worker *w, uint32_t member)
{
	unsigned tries = FINAL_TRIES;

	for (unsigned i = 0; i < w->shared->objects_n; i++)
		while (w->shared->objects[i].stage != STAGE_NONE
		    && !ops_final_object(w, i, member) && tries > 0) {
			tries--;
			cli_pause_ms(250);
		}
	for (unsigned i = 0; i < w->shared->switches_n; i++)
		while (w->shared->switches[i].stage != STAGE_NONE
		    && !ops_final_switch(w, i, member) && tries > 0) {
			tries--;
			cli_pause_ms(250);
		}
}

static void final(struct worker *w)
{
	connect_until(w, 30000);
	load_end(w, 0, "members %u", w->c->epoch->n);
	for (uint32_t i = 0; i < w->c->epoch->n; i++)
		final_member(w, i);
	/* And each once more the way a holder does, through a ticket. */
	for (unsigned i = 0; i < w->shared->objects_n; i++)
		if (w->shared->objects[i].stage >= STAGE_READY)
			ops_open(w, i);
	load_end(w, 0, "end");
}

static struct worker *worker_new(struct shared *shared, const char *cluster, const char *scratch,
    uint64_t seed, unsigned number)
{
	struct worker *w = calloc(1, sizeof *w);

	if (w == NULL)
		die("out of memory");
	w->shared = shared;
	w->seed = seed;
	w->random = seed * 1000003u + number;
	w->timeout_ms = OPERATION_MS;
	w->cli.cluster = cluster;
	w->cli.program = "load";
	snprintf(w->path, sizeof w->path, "%s/value-%u", scratch, number);
	return w;
}

static int run(char **argv)
{
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int history = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	uint64_t seed = strtoull(argv[3], NULL, 10);
	unsigned workers = (unsigned)strtoul(argv[4], NULL, 10);
	pid_t pids[WORKERS_MAX + 1];
	struct worker *w;

	if (shared == MAP_FAILED || history < 0 || workers == 0 || workers > WORKERS_MAX)
		die("usage, memory or history");
	shared->next_id = 1;
	for (unsigned i = 0; i <= workers; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		w = worker_new(shared, argv[0], argv[2], seed, i);
		w->history = history;
		connect_until(w, 60000);
		if (i == workers)
			keep(w);
		else
			work(w);
		_exit(0);
	}
	while (!ending)
		pause();
	for (unsigned i = 0; i <= workers; i++)
		if (pids[i] > 0) {
			kill(pids[i], SIGUSR1);
			waitpid(pids[i], NULL, 0);
		}
	ending = 0;
	w = worker_new(shared, argv[0], argv[2], seed, workers + 1);
	w->history = history;
	final(w);
	return 0;
}

/* --- recover --- */

struct progress { uint64_t highest, lowest; unsigned answered; };

static struct progress look(struct worker *w)
{
	struct enclave_status *statuses = calloc(SR_MEMBERS_MAX, sizeof *statuses);
	struct progress p = { 0, UINT64_MAX, 0 };
	bool ok[SR_MEMBERS_MAX];

	if (statuses == NULL)
		die("out of memory");
	client_statuses(w->c, statuses, ok, 1000);
	for (uint32_t i = 0; i < w->c->genesis->members_n; i++) {
		uint64_t height = ok[i] ? statuses[i].final_height : 0;

		p.answered += ok[i] && statuses[i].vault_ready;
		p.highest = height > p.highest ? height : p.highest;
		p.lowest = height < p.lowest ? height : p.lowest;
	}
	free(statuses);
	return p;
}

static int recover(char **argv)
{
	uint64_t start = now_us(), limit = strtoull(argv[2], NULL, 10), block_ms = 0, op_ms = 0;
	struct shared shared = { 0 };
	struct worker *w = worker_new(&shared, argv[0], argv[1], start, 99);
	struct progress p;
	uint64_t baseline;

	w->timeout_ms = limit;
	connect_until(w, limit);
	baseline = look(w).highest;
	while ((block_ms == 0 || op_ms == 0) && now_us() - start < limit * 1000) {
		if (op_ms == 0) {
			load_begin(w);
			w->cli.timeout_ms = 1500;
			if (ops_probe(w, start))
				op_ms = (now_us() - start) / 1000 + 1;
		}
		p = look(w);
		if (block_ms == 0 && p.answered == w->c->genesis->members_n && p.lowest > baseline)
			block_ms = (now_us() - start) / 1000 + 1;
		else
			cli_pause_ms(50);
	}
	printf("block %" PRIu64 " operation %" PRIu64 "\n", block_ms, op_ms);
	return block_ms != 0 && op_ms != 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sr_crypto_init() != SR_OK)
		die("starting");
	if (argc == 7 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc == 5 && strcmp(argv[1], "recover") == 0)
		return recover(argv + 2);
	fputs("usage: load run CLUSTER HISTORY SCRATCH SEED WORKERS\n"
	      "       load recover CLUSTER SCRATCH LIMIT_MS\n",
	    stderr);
	return 2;
}
