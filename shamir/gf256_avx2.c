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

/* a x + the next row */
AVX2 static inline __m256i mul_add(const struct tables *x, __m256i a, const uint8_t *row)
{
	return _mm256_xor_si256(mul(x, a), load(row));
}

/* a + l row */
AVX2 static inline __m256i add_mul(const struct tables *l, __m256i a, const uint8_t *row)
{
	return _mm256_xor_si256(a, mul(l, load(row)));
}

AVX2 static inline void store_group(uint8_t *out, __m256i a, __m256i b, __m256i c, __m256i d,
    bool stream)
{
	store(out, a, stream);
	store(out + 32, b, stream);
	store(out + 64, c, stream);
	store(out + 96, d, stream);
}

AVX2 static inline void eval_group(uint8_t *out, const struct tables *x,
    const uint8_t *const *rows, unsigned t, size_t at, bool stream)
{
	const uint8_t *row = rows[t - 1] + at;
	__m256i a = load(row), b = load(row + 32), c = load(row + 64), d = load(row + 96);

	for (unsigned k = t - 1; k > 0; k--) {
		row = rows[k - 1] + at;
		a = mul_add(x, a, row);
		b = mul_add(x, b, row + 32);
		c = mul_add(x, c, row + 64);
		d = mul_add(x, d, row + 96);
	}
	store_group(out + at, a, b, c, d, stream);
}

AVX2 static void eval(uint8_t *out, uint8_t x, const uint8_t *const *rows, unsigned t, size_t n,
    bool stream)
{
	struct tables table = tables_make(x);
	size_t at = 0;

	if (stream && ((uintptr_t)out & 31) == 0) {
		for (; n - at >= GROUP; at += GROUP)
			eval_group(out, &table, rows, t, at, true);
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
	__m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;

	for (unsigned i = 0; i < m; i++) {
		const uint8_t *row = rows[i] + at;

		a = add_mul(&lambda[i], a, row);
		b = add_mul(&lambda[i], b, row + 32);
		c = add_mul(&lambda[i], c, row + 64);
		d = add_mul(&lambda[i], d, row + 96);
	}
	store_group(out + at, a, b, c, d, stream);
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
