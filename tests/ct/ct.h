/*
 * tests/ct/ct.h - constant time: what is secret is marked undefined for valgrind's memcheck, which
 * then reports every branch and every address that depends on it; what is public by the protocol
 * is marked defined where it leaves. Run under valgrind --error-exitcode. Each program has its
 * planted leak, which must be reported.
 */
#ifndef SR_TESTS_CT_CT_H
#define SR_TESTS_CT_CT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "base/crypto.h"
#include "base/drbg.h"

#define SECRET(p, n) ((void)VALGRIND_MAKE_MEM_UNDEFINED(p, n))
#define PUBLIC(p, n) ((void)VALGRIND_MAKE_MEM_DEFINED(p, n))

/* A load whose result is unused is not looked at: every output ends here. */
static volatile uint8_t ct_sink;
static struct sr_drbg ct_drbg;

static inline void ct_use(void *p, size_t n)
{
	PUBLIC(p, n);
	for (size_t i = 0; i < n; i++)
		ct_sink = (uint8_t)(ct_sink ^ ((uint8_t *)p)[i]);
}

/* Whether it worked is public. */
static inline void ct_must(enum sr_error error)
{
	PUBLIC(&error, sizeof error);
	if (error != SR_OK) {
		fprintf(stderr, "failed: %s\n", sr_error_name(error));
		exit(EXIT_FAILURE);
	}
}

static inline void ct_key(struct sr_key32 *out)
{
	ct_must(sr_drbg_fill(&ct_drbg, out->b, sizeof out->b));
}

static inline void ct_planted_leak(void)
{
	static uint8_t table[256];
	volatile uint8_t secret = 5;
	uint8_t at = secret;

	SECRET(&at, 1);
	ct_sink ^= table[at];
	if (at & 1)
		ct_sink ^= 1;
}

struct ct_test { const char *name; void (*run)(void); };

static inline int ct_main(int argc, char **argv, const struct ct_test *tests, size_t n)
{
	const struct ct_test planted = { "planted leak", ct_planted_leak };
	struct sr_key32 seed = { { 3 } };

	if (!RUNNING_ON_VALGRIND) {
		fprintf(stderr, "this checks nothing unless run under valgrind\n");
		return EXIT_FAILURE;
	}
	if (argc == 2 && strcmp(argv[1], "--planted-leak") == 0) {
		tests = &planted;
		n = 1;
	}
	ct_must(sr_crypto_init());
	sr_drbg_init(&ct_drbg, &seed);
	for (size_t i = 0; i < n; i++) {
		unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;

		tests[i].run();
		printf("  %-24s %s\n", tests[i].name,
		    (unsigned)VALGRIND_COUNT_ERRORS == before ? "no secret decides" : "LEAKS");
	}
	return (unsigned)VALGRIND_COUNT_ERRORS == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
