/*
 * tests/chaos/search.h - is there an order of these operations on one register in which each takes
 * effect at one moment between its call and its return? Wing and Gong's search with Lowe's memory
 * ("Testing for linearizability", 2017).
 */
#ifndef SR_TESTS_CHAOS_SEARCH_H
#define SR_TESTS_CHAOS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEARCH_OPS_MAX 4096u
#define SEARCH_STEPS_MAX 20000000ul /* more is "can't say", which is no order either */

struct search_op {
	uint64_t from_us, to_us;
	bool writes;         /* else it read */
	bool returned;       /* else it takes effect at any time after its call, or never */
	uint64_t version;    /* a write makes it from the one before; a read saw it */
	const char *value;
};

/* False: *stuck is the operation that no order got past, or n is too much. steps: added up over
 * calls. */
bool search_order(const struct search_op *ops, size_t n, unsigned long *steps, size_t *stuck);

#endif
