/*
 * shamir/gf256_gfni.c - gf2p8mulb multiplies 64 pairs of bytes modulo exactly 0x11b, in the same
 * time for every value. Tails are masked loads and stores, so there is one path only.
 */
#include "shamir/gf256_kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define GFNI __attribute__((target("gfni,avx512f,avx512bw,avx512vl")))
#define GROUP 256u              /* four vectors at a time hide the products' latency */

GFNI static inline void store(uint8_t *p, __m512i v, bool stream)
{
	if (stream)
		_mm512_stream_si512((__m512i *)(void *)p, v);
	else
		_mm512_storeu_si512(p, v);
}

GFNI static inline __m512i load(const uint8_t *p)
{
	return _mm512_loadu_si512(p);
}

/* a x + the next row */
GFNI static inline __m512i mul_add(__m512i a, __m512i x, const uint8_t *row)
{
	return _mm512_xor_si512(_mm512_gf2p8mul_epi8(a, x), load(row));
}

/* a + l row */
GFNI static inline __m512i add_mul(__m512i a, __m512i l, const uint8_t *row)
{
	return _mm512_xor_si512(a, _mm512_gf2p8mul_epi8(load(row), l));
}

GFNI static inline void store_group(uint8_t *out, __m512i a, __m512i b, __m512i c, __m512i d,
    bool stream)
{
	store(out, a, stream);
	store(out + 64, b, stream);
	store(out + 128, c, stream);
	store(out + 192, d, stream);
}

GFNI static inline void eval_group(uint8_t *out, __m512i x, const uint8_t *const *rows, unsigned t,
    size_t at, bool stream)
{
	const uint8_t *row = rows[t - 1] + at;
	__m512i a = load(row), b = load(row + 64), c = load(row + 128), d = load(row + 192);

	for (unsigned k = t - 1; k > 0; k--) {
		row = rows[k - 1] + at;
		a = mul_add(a, x, row);
		b = mul_add(b, x, row + 64);
		c = mul_add(c, x, row + 128);
		d = mul_add(d, x, row + 192);
	}
	store_group(out + at, a, b, c, d, stream);
}

/* The lowest n of 64 lanes. n is a length: public. */
GFNI static inline __mmask64 lanes(size_t n)
{
	return n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1;
}

GFNI static void eval(uint8_t *out, uint8_t x_byte, const uint8_t *const *rows, unsigned t,
    size_t n, bool stream)
{
	const __m512i x = _mm512_set1_epi8((char)x_byte);
	size_t at = 0;

	if (stream && ((uintptr_t)out & 63) == 0) {
		for (; n - at >= GROUP; at += GROUP)
			eval_group(out, x, rows, t, at, true);
	}
	for (; n - at >= GROUP; at += GROUP)
		eval_group(out, x, rows, t, at, false);
	for (; at < n; at += 64) {
		__mmask64 mask = lanes(n - at);
		__m512i acc = _mm512_maskz_loadu_epi8(mask, rows[t - 1] + at);

		for (unsigned k = t - 1; k > 0; k--)
			acc = _mm512_xor_si512(_mm512_gf2p8mul_epi8(acc, x),
			    _mm512_maskz_loadu_epi8(mask, rows[k - 1] + at));
		_mm512_mask_storeu_epi8(out + at, mask, acc);
	}
	_mm256_zeroupper();
}

GFNI static inline void dot_group(uint8_t *out, const uint8_t *lambda, const uint8_t *const *rows,
    unsigned m, size_t at, bool stream)
{
	__m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;

	for (unsigned i = 0; i < m; i++) {
		const __m512i l = _mm512_set1_epi8((char)lambda[i]);
		const uint8_t *row = rows[i] + at;

		a = add_mul(a, l, row);
		b = add_mul(b, l, row + 64);
		c = add_mul(c, l, row + 128);
		d = add_mul(d, l, row + 192);
	}
	store_group(out + at, a, b, c, d, stream);
}

GFNI static void dot(uint8_t *out, const uint8_t *lambda, const uint8_t *const *rows, unsigned m,
    size_t n, bool stream)
{
	size_t at = 0;

	if (stream && ((uintptr_t)out & 63) == 0) {
		for (; n - at >= GROUP; at += GROUP)
			dot_group(out, lambda, rows, m, at, true);
	}
	for (; n - at >= GROUP; at += GROUP)
		dot_group(out, lambda, rows, m, at, false);
	for (; at < n; at += 64) {
		__mmask64 mask = lanes(n - at);
		__m512i acc = _mm512_setzero_si512();

		for (unsigned i = 0; i < m; i++)
			acc = _mm512_xor_si512(acc, _mm512_gf2p8mul_epi8(
			    _mm512_set1_epi8((char)lambda[i]),
			    _mm512_maskz_loadu_epi8(mask, rows[i] + at)));
		_mm512_mask_storeu_epi8(out + at, mask, acc);
	}
	_mm256_zeroupper();
}

static const struct shamir_gf_kernel gfni = { "gfni", eval, dot };

/* The CPU has GFNI (leaf 7, ECX bit 8); the compiler's own test also asks the system about
 * AVX-512. */
const struct shamir_gf_kernel *shamir_gf_gfni(void)
{
	unsigned a, b, c, d;

	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (c & (1u << 8)) == 0)
		return NULL;
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") ? &gfni : NULL;
}

#else

const struct shamir_gf_kernel *shamir_gf_gfni(void)
{
	return NULL;
}

#endif
