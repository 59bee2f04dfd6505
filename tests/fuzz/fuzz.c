#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"

const struct fuzz_target fuzz_targets[] = {
#define FUZZ(name, max_n, weight, covers)                                                          \
	{ #name, fuzz_##name, seed_##name, max_n, weight, covers },
#include FUZZ_TARGETS
#undef FUZZ
	{ NULL, NULL, NULL, 0, 0, NULL },
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
		if (strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

void fuzz_start(void)
{
	FUZZ_CHECK(sr_crypto_init() == SR_OK);
	/* Files of targets need no disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	/* A line for each bad input is what the product should say, and would be gigabytes here. */
	sr_log_set(SR_LOG_ERROR, false);
}

void fuzz_broken(const char *file, int line, const char *cond)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, cond);
	abort();
}

void fuzz_same(struct sr_writer *w, const uint8_t *p, size_t n)
{
	FUZZ_CHECK(sr_writer_finish(w) == SR_OK);
	FUZZ_CHECK(w->n == n && (n == 0 || memcmp(w->p, p, n) == 0));
	sr_writer_clear(w);
}

void fuzz_canonical(fuzz_recode *recode, const uint8_t *p, size_t n)
{
	struct sr_reader r;
	struct sr_writer w;
	sr_reader_init(&r, p, n);
	sr_writer_init(&w, n);
	recode(&w, &r);
	if (sr_reader_finish(&r) == SR_OK)
		fuzz_same(&w, p, n);
	sr_writer_clear(&w);
}

size_t fuzz_below(struct sr_reader *r, size_t max)
{
	uint32_t v = max <= UINT8_MAX ? sr_read_u8(r) : sr_read_u16(r);
	return v % (max + 1);
}

uint8_t *fuzz_take(struct sr_reader *r, size_t *n, size_t max)
{
	*n = r->left < max ? r->left : max;
	uint8_t *p = malloc(*n ? *n : 1);
	FUZZ_CHECK(p != NULL);
	sr_read_copy(r, p, *n);
	return p;
}

void fuzz_drbg(struct sr_drbg *out, uint8_t which)
{
	struct sr_key32 seed = { { 'f', 'u', 'z', 'z', which } };
	sr_drbg_init(out, &seed);
}
