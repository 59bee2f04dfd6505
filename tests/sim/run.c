/* One run, and many over several processes: the same totals and the same trace for any number. */
#include "tests/sim/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/fake_crypto.h"

#define PROGRESS_S 5

static uint64_t wall_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* Of this process alone: what a run costs does not depend on who else is on the machine. */
static uint64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void totals_of_run(struct run_totals *t, const struct sim *s)
{
	t->seeds++;
	t->failed += s->violation[0] != '\0';
	t->events += s->events;
	t->messages += s->messages;
	t->crashes += s->crashes;
	t->lies += s->lies;
	t->releases += s->releases;
	t->acknowledged += s->acknowledged;
	t->blocks += s->final_top;
	t->simulated_ms += s->now_us / 1000;
	t->bad_shares_named += s->bad_shares_named;
	t->i6_looks += s->i6_looks;
	t->i7_looks += s->i7_looks;
	t->joined += s->joined;
	t->left += s->left;
	t->refused += s->refused;
	t->epochs += s->newest != NULL ? s->newest->epoch : 0;
	for (uint32_t i = s->n; i < s->people; i++)
		t->became += s->newest != NULL && sim_member_now(&s->nodes[i]);
	for (unsigned k = 0; k < SIM_FAULT_KINDS; k++)
		t->injected[k] += s->injected[k];
	t->by_n[s->n]++;
	t->ms_by_n[s->n] += s->now_us / 1000;
	/* A sum: which process ran which seed must not show. */
	for (size_t i = 0; i < 4; i++) {
		uint64_t part = 0;
		for (size_t k = 0; k < 8; k++)
			part |= (uint64_t)s->trace.b[8 * i + k] << (8 * k);
		t->trace[i] += part;
	}
}

static void totals_add(struct run_totals *sum, const struct run_totals *t)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)t;
	for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
		to[i] += from[i];
}

void run_one(struct run_result *out, struct run_totals *totals, const struct sim_options *o,
    bool story)
{
	struct sim *s = malloc(sizeof *s);
	uint64_t began = wall_us(), cpu_began = cpu_us();
	SR_ASSERT(s != NULL);
	enum sr_error err = sim_init(s, o);
	SR_ASSERT(err == SR_OK);
	out->n = s->n;
	(void)sim_run(s);
	memcpy(out->violation, s->violation, sizeof out->violation);
	out->wall_us = wall_us() - began;
	if (totals != NULL)
		totals_of_run(totals, s);
	if (story)
		sim_plan_print(s);
	sim_clear(s);
	free(s);
	if (totals != NULL)
		totals->cpu_us_by_n[out->n] += cpu_us() - cpu_began;
}

const char *run_cryptography(void)
{
	return fake_crypto_linked != NULL ? fake_crypto_linked : "real";
}

void run_command(char *out, size_t size, const struct sim_options *o)
{
	int at = snprintf(out, size, "%s --seed %llu",
	    fake_crypto_linked != NULL ? "sim_fast" : "sim", (unsigned long long)o->seed);
	if (o->stir != 0)
		at += snprintf(out + at, size - (size_t)at, " --stir %llu",
		    (unsigned long long)o->stir);
	if (o->n != 0)
		at += snprintf(out + at, size - (size_t)at, " --members %u", o->n);
	if (o->fault_ms != 0)
		at += snprintf(out + at, size - (size_t)at, " --fault-ms %llu",
		    (unsigned long long)o->fault_ms);
	if (o->heal_ms != 0)
		at += snprintf(out + at, size - (size_t)at, " --heal-ms %llu",
		    (unsigned long long)o->heal_ms);
	if (o->calm)
		at += snprintf(out + at, size - (size_t)at, " --calm");
	const char *before = o->has_only ? " --only-faults " : "";
	for (unsigned i = 0; o->has_only && i < SIM_PLAN_MAX; i++)
		if ((o->only[i / 64] >> i % 64 & 1) != 0 && (size_t)at + 8 < size) {
			at += snprintf(out + at, size - (size_t)at, "%s%u", before, i);
			before = ",";
		}
	if (o->has_only && before[0] == ' ')
		at += snprintf(out + at, size - (size_t)at, " --only-faults ''");
	before = " --without ";
	for (unsigned k = 0; k < SIM_FAULT_KINDS; k++)
		if ((o->without_kinds >> k & 1) != 0 && (size_t)at + 32 < size) {
			at += snprintf(out + at, size - (size_t)at, "%s%s", before,
			    sim_fault_name((enum sim_fault_kind)k));
			before = ",";
		}
}

/* One write: lines of several processes do not mix. */
static void violation_print(const struct run_result *result, const struct sim_options *o,
    const char *name)
{
	char command[2048], line[4096];
	run_command(command, sizeof command, o);
	int n = snprintf(line, sizeof line,
	    "VIOLATION %s%sseed %llu n %u: %s\n  replay: %s --verbose\n", name,
	    name[0] == '\0' ? "" : " ", (unsigned long long)o->seed, result->n,
	    result->violation, command);
	fflush(stdout);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(2);
}

static uint64_t trace_of(const struct run_totals *t)
{
	return t->trace[0] ^ t->trace[1] ^ t->trace[2] ^ t->trace[3];
}

bool run_single(const struct run_options *r)
{
	struct sim_options o = r->sim;
	struct run_result result;
	struct run_totals t = { 0 };
	o.seed = r->first;
	run_one(&result, &t, &o, r->story || o.verbose);
	if (result.violation[0] != '\0')
		violation_print(&result, &o, "");
	printf("seed %llu n %u: %s, %llu blocks, %.1f simulated s in %.1f s, traces %016llx\n",
	    (unsigned long long)o.seed, result.n, result.violation[0] == '\0' ? "ok" : "VIOLATION",
	    (unsigned long long)t.blocks, (double)t.simulated_ms / 1000,
	    (double)result.wall_us / 1e6, (unsigned long long)trace_of(&t));
	return result.violation[0] == '\0';
}

/* --- many --- */

/* In memory that the processes share. */
struct board {
	uint64_t next, done, failed;            /* counted up atomically */
	struct run_totals totals[RUN_JOBS_MAX];
};

static uint64_t count(uint64_t *n)
{
	return __atomic_fetch_add(n, 1, __ATOMIC_SEQ_CST);
}

static uint64_t counted(const uint64_t *n)
{
	return __atomic_load_n(n, __ATOMIC_SEQ_CST);
}

struct work {
	const struct run_options *options;
	const struct run_regression *list;
	size_t list_n;
	struct board *board;
};

static void worker(const struct work *w, uint32_t job)
{
	for (;;) {
		uint64_t i = count(&w->board->next);
		struct sim_options o = w->options->sim;
		struct run_result result;
		const char *name = "";
		if (i >= w->list_n + w->options->seeds ||
		    (w->options->until_violation && counted(&w->board->failed) > 0))
			return;
		if (i < w->list_n) {
			o = w->list[i].options;
			name = w->list[i].name;
		} else {
			o.seed = w->options->first + i - w->list_n;
		}
		run_one(&result, &w->board->totals[job], &o, false);
		(void)count(&w->board->done);
		if (result.violation[0] != '\0') {
			(void)count(&w->board->failed);
			violation_print(&result, &o, name);
		}
	}
}

static void report(const struct run_totals *t, uint64_t first, double wall_s)
{
	for (unsigned k = 0; k < SIM_FAULT_KINDS; k++)
		printf("  injected %-22s %10llu\n", sim_fault_name((enum sim_fault_kind)k),
		    (unsigned long long)t->injected[k]);
	uint64_t cpu = 0;
	for (uint32_t n = 0; n <= SIM_NODES_MAX; n++) {
		cpu += t->cpu_us_by_n[n];
		if (t->by_n[n] > 0)
			printf("  n = %2u: %llu runs, %.0f simulated s, %.0fx of a core\n", n,
			    (unsigned long long)t->by_n[n], (double)t->ms_by_n[n] / 1000,
			    (double)t->ms_by_n[n] * 1000 / (double)t->cpu_us_by_n[n]);
	}
	printf("  %llu blocks, %llu events, %llu messages, %llu crashes, %llu lies, "
	       "%llu acknowledged, %llu opened, %llu bad shares named, %llu logs looked into\n",
	    (unsigned long long)t->blocks, (unsigned long long)t->events,
	    (unsigned long long)t->messages, (unsigned long long)t->crashes,
	    (unsigned long long)t->lies, (unsigned long long)t->acknowledged,
	    (unsigned long long)t->releases, (unsigned long long)t->bad_shares_named,
	    (unsigned long long)t->i6_looks);
	printf("  %llu epochs, %llu joiners, %llu of them members at the end, %llu refused, "
	       "%llu left, %llu sets of shares tried\n", (unsigned long long)t->epochs,
	    (unsigned long long)t->joined, (unsigned long long)t->became,
	    (unsigned long long)t->refused, (unsigned long long)t->left,
	    (unsigned long long)t->i7_looks);
	printf("%llu seeds from %llu: %llu violations; "
	       "%.0f simulated s in %.1f s (%.0fx, %.0fx of a core); "
	       "traces %016llx; cryptography: %s\n",
	    (unsigned long long)t->seeds, (unsigned long long)first, (unsigned long long)t->failed,
	    (double)t->simulated_ms / 1000, wall_s, (double)t->simulated_ms / 1000 / wall_s,
	    (double)t->simulated_ms * 1000 / (double)cpu, (unsigned long long)trace_of(t),
	    run_cryptography());
}

static bool workers_wait(const struct work *w, const pid_t *pids, uint64_t began)
{
	uint64_t all = w->list_n + w->options->seeds, told = began;
	struct timespec pause = { 0, 100000000 };
	uint32_t left = w->options->jobs;
	bool good = true;
	while (left > 0) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		for (uint32_t j = 0; pid > 0 && j < w->options->jobs; j++)
			if (pids[j] == pid) {
				left--;
				good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
			}
		if (!w->options->quiet && wall_us() - told > PROGRESS_S * 1000000ull) {
			told = wall_us();
			fprintf(stderr, "%llu of %llu runs, %llu violations, %llu s\n",
			    (unsigned long long)counted(&w->board->done),
			    (unsigned long long)all,
			    (unsigned long long)counted(&w->board->failed),
			    (unsigned long long)(told - began) / 1000000u);
		}
		if (pid == 0)
			nanosleep(&pause, NULL);
	}
	return good;
}

static struct board *board_new(void)
{
	FILE *f = tmpfile();
	SR_ASSERT(f != NULL && ftruncate(fileno(f), sizeof(struct board)) == 0);
	struct board *out = mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f),
	    0);
	SR_ASSERT(out != MAP_FAILED);
	fclose(f);
	return out;
}

bool run_many(const struct run_options *r, const struct run_regression *list, size_t n)
{
	struct work w = { .options = r, .list = list, .list_n = r->seeds > 1 ? n : 0 };
	struct run_totals sum = { 0 };
	pid_t pids[RUN_JOBS_MAX];
	uint64_t began = wall_us();
	w.board = board_new();
	fflush(stdout);
	for (uint32_t j = 0; j < r->jobs; j++) {
		pids[j] = fork();
		SR_ASSERT(pids[j] >= 0);
		if (pids[j] == 0) {
			worker(&w, j);
			_exit(0);
		}
	}
	bool good = workers_wait(&w, pids, began);
	for (uint32_t j = 0; j < r->jobs; j++)
		totals_add(&sum, &w.board->totals[j]);
	report(&sum, r->first, (double)(wall_us() - began) / 1e6);
	if (!good)
		puts("a worker ended itself: an assertion failed");
	munmap(w.board, sizeof *w.board);
	return good && sum.failed == 0;
}
