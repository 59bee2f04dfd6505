/*
 * tests/fuzz/planted.c - targets with a fault each, which the replay and the fuzzer must report:
 * planted_overread trusts a length, planted_two_forms takes two encodings of one value. The replay
 * finds both in the inputs that seed_* makes; libFuzzer finds the first from nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static const uint8_t magic[] = { 'S', 'R' };

/* "SR", a length, so many bytes. Wrong: the length is not checked. */
void fuzz_planted_overread(const uint8_t *p, size_t n)
{
	unsigned sum = 0;
	if (n < 3 || memcmp(p, magic, sizeof(magic)) != 0)
		return;
	for (size_t i = 0; i < p[2]; i++)
		sum += p[3 + i];
	FUZZ_CHECK(sum <= 255u * 255u);
}

/* A number of any length. Wrong: leading zeros are let through. */
void fuzz_planted_two_forms(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	struct sr_writer w;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	sr_writer_init(&w, 8);
	for (unsigned shift = 64; shift > 0; shift -= 8) {
		if (w.n > 0 || v >> (shift - 8) != 0)
			sr_write_u8(&w, (uint8_t)(v >> (shift - 8)));
	}
	fuzz_same(&w, p, n);
}

void fuzz_planted_none(const uint8_t *p, size_t n)
{
	FUZZ_CHECK(p != NULL || n == 0);
}

void seed_planted_overread(void)
{
	static const uint8_t good[] = { 'S', 'R', 2, 1, 1 }, bad[] = { 'S', 'R', 3, 1, 1 };
	fuzz_seed("good", good, sizeof(good));
	fuzz_seed("bad", bad, sizeof(bad));
}

void seed_planted_two_forms(void)
{
	static const uint8_t good[] = { 2, 1 }, bad[] = { 0, 1 };
	fuzz_seed("good", good, sizeof(good));
	fuzz_seed("bad", bad, sizeof(bad));
}

void seed_planted_none(void)
{
	fuzz_seed("any", (const uint8_t *)"any", 3);
}
