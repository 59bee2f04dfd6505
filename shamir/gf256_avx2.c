/*
 * shamir/gf256_avx2.c - a product with a public constant x is two 16-entry tables held in
 * registers, x times the low and x times the high half of a byte; the shuffle that looks them up
 * takes the same time for every byte and touches no memory.
 */
#include "shamir/gf256_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define GROUP 128u              /* four vectors at a time hide the shuffles' latency */

struct tables { __m256i low, high; };

static uint8_t times2(uint8_t v)
{
	return (uint8_t)((v << 1) ^ ((v >> 7) * 0x1b));
}

/* table[i] = x i for i < 16, from x, 2x, 4x, 8x; and x the next start. */
static uint8_t half_table(uint8_t table[16], uint8_t x)
{
	table[0] = 0;
	for (unsigned bit = 1; bit < 16; bit *= 2) {
		for (unsigned i = 0; i < bit; i++)
			table[bit + i] = table[i] ^ x;
		x = times2(x);
	}
	return x;
}

AVX2 static struct tables tables_make(uint8_t x)
{
	uint8_t half[16];
	struct tables t;

	x = half_table(half, x);
	t.low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)half));
	(void)half_table(half, x);
	t.high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)half));
	return t;
}

AVX2 static inline __m256i mul(const struct tables *t, __m256i v)
{
	const __m256i mask = _mm256_set1_epi8(15);
	__m256i low = _mm256_and_si256(v, mask);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), mask);

	return _mm256_xor_si256(_mm256_shuffle_epi8(t->low, low),
	    _mm256_shuffle_epi8(t->high, high));
}

AVX2 static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline void store(uint8_t *p, __m256i v, bool stream)
{
	if (stream)
		_mm256_stream_si256((__m256i *)(void *)p, v);
	else
		_mm256_storeu_si256((__m256i *)(void *)p, v);
}

AVX2 static inline void eval_group(uint8_t *out, const struct tables *x, const uint8_t *const *rows,
    unsigned t, size_t at, bool stream)
{
	__m256i acc[4];

	for (unsigned v = 0; v < 4; v++)
		acc[v] = load(rows[t - 1] + at + 32 * v);
	for (unsigned k = t - 1; k > 0; k--) {
		for (unsigned v = 0; v < 4; v++)
			acc[v] = _mm256_xor_si256(mul(x, acc[v]),
			    load(rows[k - 1] + at + 32 * v));
	}
	for (unsigned v = 0; v < 4; v++)
		store(out + at + 32 * v, acc[v], stream);
}

AVX2 static void eval(uint8_t *out, uint8_t x, const uint8_t *const *rows, unsigned t, size_t n,
    bool stream)
{
	struct tables table = tables_make(x);
	size_t at = 0;

	if (stream && ((uintptr_t)out & 31) == 0) {
		for (; n - at >= GROUP; at += GROUP)
			eval_group(out, &table, rows, t, at, true);
		_mm_sfence();
	}
	for (; n - at >= GROUP; at += GROUP)
		eval_group(out, &table, rows, t, at, false);
	_mm256_zeroupper();
	if (at < n) {
		const uint8_t *rest[SHAMIR_GF_SHARES_MAX];

		for (unsigned k = 0; k < t; k++)
			rest[k] = rows[k] + at;
		shamir_gf_portable.eval(out + at, x, rest, t, n - at, false);
	}
}

AVX2 static inline void dot_group(uint8_t *out, const struct tables *lambda,
    const uint8_t *const *rows, unsigned m, size_t at, bool stream)
{
	__m256i acc[4];

	for (unsigned v = 0; v < 4; v++)
		acc[v] = mul(&lambda[0], load(rows[0] + at + 32 * v));
	for (unsigned i = 1; i < m; i++) {
		for (unsigned v = 0; v < 4; v++)
			acc[v] = _mm256_xor_si256(acc[v],
			    mul(&lambda[i], load(rows[i] + at + 32 * v)));
	}
	for (unsigned v = 0; v < 4; v++)
		store(out + at + 32 * v, acc[v], stream);
}

AVX2 static void dot(uint8_t *out, const uint8_t *lambda, const uint8_t *const *rows, unsigned m,
    size_t n, bool stream)
{
	struct tables table[SHAMIR_GF_SHARES_MAX];
	size_t at = 0;

	for (unsigned i = 0; i < m; i++)
		table[i] = tables_make(lambda[i]);
	if (stream && ((uintptr_t)out & 31) == 0) {
		for (; n - at >= GROUP; at += GROUP)
			dot_group(out, table, rows, m, at, true);
		_mm_sfence();
	}
	for (; n - at >= GROUP; at += GROUP)
		dot_group(out, table, rows, m, at, false);
	_mm256_zeroupper();
	if (at < n) {
		const uint8_t *rest[SHAMIR_GF_SHARES_MAX];

		for (unsigned i = 0; i < m; i++)
			rest[i] = rows[i] + at;
		shamir_gf_portable.dot(out + at, lambda, rest, m, n - at, false);
	}
}

static const struct shamir_gf_kernel avx2 = { "avx2", eval, dot };

const struct shamir_gf_kernel *shamir_gf_avx2(void)
{
	return __builtin_cpu_supports("avx2") ? &avx2 : NULL;
}

#else

const struct shamir_gf_kernel *shamir_gf_avx2(void)
{
	return NULL;
}

#endif
