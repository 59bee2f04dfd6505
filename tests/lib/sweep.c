#include "tests/lib/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t fault(const char *what, const char *how, size_t where)
{
	fprintf(stderr, "%s: %s at %zu\n", what, how, where);
	return 1;
}

/* Works on an exact-size copy, so that a sanitizer sees a read past the end. */
static enum sr_error recode_copy(test_recode recode, struct sr_writer *again, const uint8_t *p,
    size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	enum sr_error error;

	SR_ASSERT(copy != NULL);
	memcpy(copy, p, n);
	sr_writer_init(again, SR_BLOCK_MAX);
	error = recode(again, (struct sr_bytes){ copy, n });
	if (error == SR_OK)
		error = sr_writer_finish(again);
	free(copy);
	return error;
}

static bool comes_back(test_recode recode, const uint8_t *p, size_t n, bool *refused)
{
	struct sr_writer again;
	bool same;

	*refused = recode_copy(recode, &again, p, n) != SR_OK;
	same = !*refused && again.n == n && memcmp(again.p, p, n) == 0;
	sr_writer_clear(&again);
	return same;
}

size_t test_sweep(const char *what, test_recode recode, struct sr_bytes bytes)
{
	uint8_t *changed = malloc(bytes.n + 1);
	size_t faults = 0;
	bool refused;

	SR_ASSERT(changed != NULL);
	memcpy(changed, bytes.p, bytes.n);
	changed[bytes.n] = 0;
	if (!comes_back(recode, changed, bytes.n, &refused))
		faults += fault(
		    what, refused ? "the original is refused" : "the original changes", 0);
	for (size_t n = 0; n <= bytes.n + 1; n++) {
		if (n == bytes.n)
			continue;
		comes_back(recode, changed, n, &refused);
		if (!refused)
			faults += fault(what, "another length is accepted", n);
	}
	for (size_t bit = 0; bit < bytes.n * 8; bit++) {
		changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!comes_back(recode, changed, bytes.n, &refused) && !refused)
			faults += fault(what, "a second encoding is accepted", bit / 8);
		changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(changed);
	return faults;
}
