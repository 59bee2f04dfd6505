/* tests/bench/rows/clock.h - what the programs of the rows share: a clock, and how a line is said:
 * "name[ unit] value...", a value for each run. */
#ifndef SR_TESTS_BENCH_CLOCK_H
#define SR_TESTS_BENCH_CLOCK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

#define RUNS_MAX 100u

static inline double clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void clock_must(enum sr_error error, const char *what)
{
	if (error != SR_OK) {
		fprintf(stderr, "%s: %s\n", what, sr_error_message((unsigned)error));
		exit(1);
	}
}

static inline unsigned clock_runs(const char *text)
{
	unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 0;

	clock_must(n > 0 && n <= RUNS_MAX ? SR_OK : SR_ERR_USAGE, "runs");
	return (unsigned)n;
}

static inline void clock_say(const char *name, const double *values, unsigned n)
{
	printf("%s", name);
	for (unsigned i = 0; i < n; i++)
		printf(" %.6g", values[i]);
	printf("\n");
	fflush(stdout);
}

#endif
