/*
 * From a failing seed to a short schedule: fewer members, a shorter run, then without whole kinds
 * of faults, then without single faults (delta debugging, Zeller: halves, quarters, ... single
 * ones). What is left of the plan is the same plan, so each try is an ordinary run; where leaving
 * something out moves the timing, a few other networks (--stir) are tried with the same plan.
 */
#include "tests/sim/run.h"

#include <stdio.h>
#include <string.h>

#define STIRS 4u

struct shrink {
	struct sim_options best;
	char kind[8];                           /* "I2:", the invariant that must still break */
	char violation[512];
	unsigned runs;
};

static void kind_of(char out[8], const char *violation)
{
	/* "at 1234 ms: I2: member ..." or another text without a number */
	const char *text = strstr(violation, ": ");
	memset(out, 0, 8);
	if (text != NULL && text[2] == 'I' && text[3] >= '0' && text[3] <= '9')
		for (size_t i = 0; i < 6 && text[2 + i] != '\0' && text[2 + i] != ' '; i++)
			out[i] = text[2 + i];
}

/* Does it still fail, the same way? Then this is the best so far. */
static bool attempt(struct shrink *sh, const struct sim_options *o)
{
	for (unsigned i = 0; i < STIRS; i++) {
		struct sim_options t = *o;
		struct run_result result;
		char kind[8];
		t.stir = o->stir + i;
		sh->runs++;
		run_one(&result, NULL, &t, false);
		kind_of(kind, result.violation);
		if (result.violation[0] != '\0' && strcmp(kind, sh->kind) == 0) {
			sh->best = t;
			memcpy(sh->violation, result.violation, sizeof sh->violation);
			return true;
		}
	}
	return false;
}

static void fewer_members(struct shrink *sh, uint32_t n)
{
	static const uint32_t sizes[] = { 3, 4, 5, 7, 13 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && sizes[i] < n; i++) {
		struct sim_options o = sh->best;
		o.n = sizes[i];
		if (attempt(sh, &o))
			return;
	}
}

static void shorter(struct shrink *sh)
{
	for (uint64_t ms = 500; ms < 9000; ms *= 2) {
		struct sim_options o = sh->best;
		o.fault_ms = ms;
		if (attempt(sh, &o))
			return;
	}
}

static void fewer_kinds(struct shrink *sh)
{
	for (unsigned k = 0; k < SIM_FAULT_KINDS; k++) {
		struct sim_options o = sh->best;
		o.without_kinds |= 1ull << k;
		(void)attempt(sh, &o);
	}
}

/* The entries that did something in the best run so far. */
static size_t entries(uint32_t list[SIM_PLAN_MAX], const struct sim_options *o)
{
	static struct sim s;
	size_t count = 0;
	if (sim_init(&s, o) != SR_OK)
		return 0;
	for (uint32_t i = 0; i < s.plan_n; i++)
		if (!s.plan[i].off)
			list[count++] = i;
	sim_clear(&s);
	return count;
}

static void only_set(struct sim_options *o, const uint32_t *list, size_t n, size_t from,
    size_t to)
{
	o->has_only = true;
	o->without_kinds = 0;
	memset(o->only, 0, sizeof o->only);
	for (size_t i = 0; i < n; i++)
		if (i < from || i >= to)
			o->only[list[i] / 64] |= 1ull << list[i] % 64;
}

static void fewer_faults(struct shrink *sh)
{
	uint32_t list[SIM_PLAN_MAX] = { 0 };
	size_t n = entries(list, &sh->best), chunk = (n + 1) / 2;
	only_set(&sh->best, list, n, n, n); /* the same run, said the other way */
	while (n > 0 && chunk > 0) {
		bool smaller = false;
		for (size_t from = 0; from < n && !smaller; from += chunk) {
			struct sim_options o = sh->best;
			only_set(&o, list, n, from, from + chunk);
			smaller = attempt(sh, &o);
		}
		if (smaller) {
			n = entries(list, &sh->best);
			chunk = chunk > n ? n : chunk;
		} else {
			chunk = chunk == 1 ? 0 : (chunk + 1) / 2;
		}
	}
}

bool run_shrink(const struct sim_options *o, uint64_t seed)
{
	struct shrink sh = { .best = *o };
	struct run_result result;
	char command[2048];
	sh.best.seed = seed;
	sh.best.verbose = false;
	run_one(&result, NULL, &sh.best, false);
	if (result.violation[0] == '\0') {
		printf("seed %llu: no violation, nothing to shrink\n", (unsigned long long)seed);
		return false;
	}
	printf("seed %llu n %u: %s\n", (unsigned long long)seed, result.n, result.violation);
	memcpy(sh.violation, result.violation, sizeof sh.violation);
	kind_of(sh.kind, result.violation);
	fflush(stdout);
	fewer_members(&sh, result.n);
	shorter(&sh);
	fewer_kinds(&sh);
	fewer_faults(&sh);
	run_command(command, sizeof command, &sh.best);
	printf("after %u runs: %s\n  replay: %s --verbose\n", sh.runs, sh.violation, command);
	run_one(&result, NULL, &sh.best, true);
	return true;
}
