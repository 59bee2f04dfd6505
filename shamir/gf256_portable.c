/*
 * shamir/gf256_portable.c - eight bytes side by side in each word of a vector, in whatever vectors
 * the machine has. A product with a public constant x adds the doubled words for each bit of x:
 * every step is masks and shifts over whole words.
 */
#include "shamir/gf256_kernel.h"

#include <string.h>

#define GROUP 16u

typedef uint64_t words __attribute__((vector_size(GROUP)));

static inline words times2(words v)
{
	words high = v & 0x8080808080808080u;
	words full = (high << 1) - (high >> 7);         /* 0xff in each byte that overflows */

	return ((v ^ high) << 1) ^ (full & 0x1b1b1b1b1b1b1b1bu);
}

/* The number of x's bits up to its highest one. x is an index or a Lagrange coefficient: public. */
static unsigned bits_of(uint8_t x)
{
	unsigned n = 0;

	while (x >> n != 0)
		n++;
	return n;
}

static inline words mul(words v, uint8_t x, unsigned bits_n)
{
	words product = { 0 };

	for (unsigned bit = bits_n; bit > 0; bit--)
		product = times2(product) ^ (v & (0 - (uint64_t)((x >> (bit - 1)) & 1)));
	return product;
}

/* One group, the last one shorter. */
static inline words load(const uint8_t *in, size_t n)
{
	words v = { 0 };

	memcpy(&v, in, n);
	return v;
}

static inline words eval_group(uint8_t x, unsigned bits_n, const uint8_t *const *rows, unsigned t,
    size_t at, size_t n)
{
	words sum = load(rows[t - 1] + at, n);

	for (unsigned k = t - 1; k > 0; k--)
		sum = mul(sum, x, bits_n) ^ load(rows[k - 1] + at, n);
	return sum;
}

static void eval(uint8_t *out, uint8_t x, const uint8_t *const *rows, unsigned t, size_t n,
    bool stream)
{
	const unsigned bits_n = bits_of(x);
	size_t at = 0;
	words sum;

	(void)stream;
	for (; n - at >= GROUP; at += GROUP) {
		sum = eval_group(x, bits_n, rows, t, at, GROUP);
		memcpy(out + at, &sum, GROUP);
	}
	if (at < n) {
		sum = eval_group(x, bits_n, rows, t, at, n - at);
		memcpy(out + at, &sum, n - at);
	}
}

static inline words dot_group(const uint8_t *lambda, const uint8_t *const *rows, unsigned m,
    size_t at, size_t n)
{
	words sum = { 0 };

	for (unsigned i = 0; i < m; i++)
		sum ^= mul(load(rows[i] + at, n), lambda[i], bits_of(lambda[i]));
	return sum;
}

static void dot(uint8_t *out, const uint8_t *lambda, const uint8_t *const *rows, unsigned m,
    size_t n, bool stream)
{
	size_t at = 0;
	words sum;

	(void)stream;
	for (; n - at >= GROUP; at += GROUP) {
		sum = dot_group(lambda, rows, m, at, GROUP);
		memcpy(out + at, &sum, GROUP);
	}
	if (at < n) {
		sum = dot_group(lambda, rows, m, at, n - at);
		memcpy(out + at, &sum, n - at);
	}
}

const struct shamir_gf_kernel shamir_gf_portable = { "portable", eval, dot };
