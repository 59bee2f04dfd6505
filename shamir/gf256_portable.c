/*
 * shamir/gf256_portable.c - eight bytes side by side in a word. A product with a public constant x
 * adds the doubled word for each bit of x: every step is masks and shifts over whole words.
 */
#include "shamir/gf256_kernel.h"

#include <string.h>

#define WORDS 8u                /* 64 bytes at a time keep the compiler's vectors busy */

static inline uint64_t times2(uint64_t v)
{
	uint64_t high = v & 0x8080808080808080u;

	return ((v ^ high) << 1) ^ ((high >> 7) * 0x1b);
}

/* acc = acc x, then acc ^= row */
static inline void mul_add(uint64_t acc[WORDS], uint8_t x, const uint64_t row[WORDS])
{
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t v = acc[i], product = 0;

		for (unsigned bit = 0; bit < 8; bit++) {
			product ^= v & (0 - (uint64_t)((x >> bit) & 1));
			v = times2(v);
		}
		acc[i] = product ^ row[i];
	}
}

/* One group of 64 bytes, the last one shorter. */
static void load(uint64_t out[WORDS], const uint8_t *in, size_t n)
{
	if (n < WORDS * 8)
		memset(out, 0, WORDS * 8);
	memcpy(out, in, n);
}

static void eval(uint8_t *out, uint8_t x, const uint8_t *const *rows, unsigned t, size_t n,
    bool stream)
{
	uint64_t acc[WORDS], row[WORDS];

	(void)stream;
	for (size_t at = 0; at < n; at += WORDS * 8) {
		size_t now = n - at < WORDS * 8 ? n - at : WORDS * 8;

		load(acc, rows[t - 1] + at, now);
		for (unsigned k = t - 1; k > 0; k--) {
			load(row, rows[k - 1] + at, now);
			mul_add(acc, x, row);
		}
		memcpy(out + at, acc, now);
	}
	sr_wipe(acc, sizeof acc);
	sr_wipe(row, sizeof row);
}

static void dot(uint8_t *out, const uint8_t *lambda, const uint8_t *const *rows, unsigned m,
    size_t n, bool stream)
{
	uint64_t acc[WORDS], row[WORDS];

	(void)stream;
	for (size_t at = 0; at < n; at += WORDS * 8) {
		size_t now = n - at < WORDS * 8 ? n - at : WORDS * 8;

		memset(acc, 0, sizeof acc);
		for (unsigned i = 0; i < m; i++) {
			load(row, rows[i] + at, now);
			mul_add(row, lambda[i], acc);
			memcpy(acc, row, sizeof acc);
		}
		memcpy(out + at, acc, now);
	}
	sr_wipe(acc, sizeof acc);
	sr_wipe(row, sizeof row);
}

const struct shamir_gf_kernel shamir_gf_portable = { "portable", eval, dot };
