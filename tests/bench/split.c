/*
 * Splitting 3 of 5: GB of secret per second, coefficients included, for each kernel, and what
 * copying to five outputs costs at best. The best of several rounds; outputs touched before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "shamir/gf256.h"

#define SIZE (16u * 1024u * 1024u)
#define SHARES 5u
#define THRESHOLD 3u
#define ROUNDS 15u

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint8_t *block(void)
{
	uint8_t *p = aligned_alloc(4096, SIZE);

	if (p == NULL)
		abort();
	memset(p, 1, SIZE);
	return p;
}

/* The same traffic with no arithmetic: each piece read once and stored five times past the
 * cache. */
static void copy(uint8_t *const *out, const uint8_t *in)
{
	const size_t piece = 16384;

	for (size_t at = 0; at < SIZE; at += piece) {
		for (unsigned i = 0; i < SHARES; i++) {
#if defined(__x86_64__)
			for (size_t k = at; k < at + piece; k += 16)
				_mm_stream_si128((__m128i *)(void *)(out[i] + k),
				    _mm_load_si128((const __m128i *)(const void *)(in + k)));
#else
			memcpy(out[i] + at, in + at, piece);
#endif
		}
	}
}

typedef void run_function(const struct shamir_gf_kernel *, uint8_t *const *, uint8_t *);

static double best_of(run_function *run, const struct shamir_gf_kernel *kernel,
    uint8_t *const *out, uint8_t *in)
{
	double best = 1e9;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now();

		run(kernel, out, in);
		if (now() - start < best)
			best = now() - start;
	}
	return SIZE / best / 1e9;
}

static void run_copy(const struct shamir_gf_kernel *kernel, uint8_t *const *out, uint8_t *in)
{
	(void)kernel;
	copy(out, in);
}

static void run_split(const struct shamir_gf_kernel *kernel, uint8_t *const *out, uint8_t *in)
{
	static const struct sr_key32 key = { { 42 } };
	struct shamir_gf_split split;

	if (shamir_gf_split_init(&split, THRESHOLD, SHARES, &key, kernel) != SR_OK ||
	    shamir_gf_split_update(&split, out, in, SIZE) != SR_OK)
		abort();
	shamir_gf_split_clear(&split);
}

static void run_combine(const struct shamir_gf_kernel *kernel, uint8_t *const *out, uint8_t *in)
{
	static const uint8_t indices[THRESHOLD] = { 1, 3, 5 };
	const uint8_t *shares[THRESHOLD] = { out[0], out[2], out[4] };
	uint8_t bad;

	if (shamir_gf_combine(in, &bad, indices, shares, THRESHOLD, THRESHOLD, SIZE, kernel) !=
	    SR_OK)
		abort();
}

static void run_coefficients(const struct shamir_gf_kernel *kernel, uint8_t *const *out,
    uint8_t *in)
{
	static const struct sr_key32 key = { { 42 } };
	static const uint8_t iv[16];

	(void)kernel;
	(void)out;
	for (size_t at = 0; at < (THRESHOLD - 1) * (size_t)SIZE; at += 32768) {
		if (sr_ctr_stream(in, 32768, &key, iv) != SR_OK)
			abort();
	}
}

int main(void)
{
	uint8_t *out[SHARES], *in = block();
	const struct shamir_gf_kernel *kernel;

	if (sr_crypto_init() != SR_OK)
		return EXIT_FAILURE;
	for (unsigned i = 0; i < SHARES; i++)
		out[i] = block();
	printf("3 of 5, 16 MiB, GB/s of secret, best of %u\n", ROUNDS);
	printf("  %-22s %6.2f\n", "copy to five outputs", best_of(run_copy, NULL, out, in));
	printf("  %-22s %6.2f\n", "coefficients alone",
	    best_of(run_coefficients, NULL, out, in));
	for (unsigned i = 0; i < SHAMIR_GF_KERNELS; i++) {
		kernel = shamir_gf_kernel_get(i);
		if (kernel == NULL) {
			printf("  kernel %u: not on this CPU\n", i);
			continue;
		}
		printf("  %-9s split         %6.2f\n", kernel->name,
		    best_of(run_split, kernel, out, in));
		printf("  %-9s combine       %6.2f\n", kernel->name,
		    best_of(run_combine, kernel, out, in));
	}
	for (unsigned i = 0; i < SHARES; i++)
		free(out[i]);
	free(in);
	return EXIT_SUCCESS;
}
