/* tests/lib/seed.h - a printed seed for property tests: SR_SEED repeats a run. */
#ifndef SR_TESTS_LIB_SEED_H
#define SR_TESTS_LIB_SEED_H

#include "base/drbg.h"

/* The seed of this process, a fresh one or SR_SEED's; printed once. */
uint64_t test_seed(void);
/* A generator for one test: the seed and the test's own name. */
void test_drbg(struct sr_drbg *out, const char *name);
/* Uniform enough in 0 .. below - 1. */
uint32_t test_below(struct sr_drbg *drbg, uint32_t below);

#endif
