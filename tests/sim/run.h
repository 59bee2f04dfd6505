/* tests/sim/run.h - what one does with runs: one, many over several processes, and what is left of
 * a failing one (shrink.c). */
#ifndef SR_TESTS_SIM_RUN_H
#define SR_TESTS_SIM_RUN_H

#include "tests/sim/sim.h"

#define RUN_JOBS_MAX 64u

struct run_options {
	struct sim_options sim;
	uint64_t first, seeds;
	uint32_t jobs;
	bool single, shrink, story, selftest, kinds, help, until_violation, quiet, version;
};

struct run_regression {
	const char *name;
	struct sim_options options;
};

/* What a run came to; violation empty: none. */
struct run_result {
	uint32_t n;
	uint64_t wall_us;
	char violation[512];
};

/* Figures of many runs: whole numbers alone, so that they can be added up. */
struct run_totals {
	uint64_t seeds, failed, events, messages, crashes, lies, releases, acknowledged, blocks,
	    simulated_ms, bad_shares_named, i6_looks, i7_looks, epochs, joined, became, left,
	    refused;
	uint64_t injected[SIM_FAULT_KINDS];
	uint64_t by_n[SIM_NODES_MAX + 1], ms_by_n[SIM_NODES_MAX + 1],
	    cpu_us_by_n[SIM_NODES_MAX + 1];
	uint64_t trace[4];              /* of all runs, in any order */
};

/* story: the plan as far as it came true, printed. totals may be NULL. */
void run_one(struct run_result *out, struct run_totals *totals, const struct sim_options *o,
    bool story);
bool run_single(const struct run_options *r);
bool run_many(const struct run_options *r, const struct run_regression *list, size_t n);
/* The options that repeat a run, as text. */
void run_command(char *out, size_t size, const struct sim_options *o);
/* true: it failed, and what is left of it was printed. */
bool run_shrink(const struct sim_options *o, uint64_t seed);
bool run_selftest(void);
/* The same program is linked with either; a run must not be taken for one of the other kind. */
const char *run_cryptography(void);

#endif
