/*
 * Splitting 3 of 5: GB of secret per second, coefficients included, for each kernel, and what
 * copying to five outputs costs at best: the best of some rounds in each of RUNS runs, each thing
 * in turn. Outputs touched before.
 *   bench-split RUNS
 */
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "shamir/gf256.h"
#include "tests/bench/rows/clock.h"

#define SIZE (16u * 1024u * 1024u)
#define SHARES 5u
#define THRESHOLD 3u
#define ROUNDS 5u

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
		double start = clock_s();

		run(kernel, out, in);
		if (clock_s() - start < best)
			best = clock_s() - start;
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

struct measure {
	char name[48];
	run_function *run;
	const struct shamir_gf_kernel *kernel;
	double values[RUNS_MAX];
};

static void add(struct measure *list, unsigned *n, const char *kernel, const char *what,
    run_function *run)
{
	snprintf(list[*n].name, sizeof list[*n].name, "split.%s%s%s", kernel,
	    *kernel != '\0' ? "." : "", what);
	list[(*n)++].run = run;
}

static void add_kernel(struct measure *list, unsigned *n, const char *name,
    const struct shamir_gf_kernel *kernel)
{
	add(list, n, name, "split", run_split);
	list[*n - 1].kernel = kernel;
	add(list, n, name, "combine", run_combine);
	list[*n - 1].kernel = kernel;
}

/* The best kernel under no name of its own, and each that this processor has. */
static unsigned measures(struct measure *list)
{
	unsigned n = 0;

	add(list, &n, "", "copy", run_copy);
	add(list, &n, "", "coefficients", run_coefficients);
	add_kernel(list, &n, "", shamir_gf_kernel_best());
	for (unsigned i = 0; i < SHAMIR_GF_KERNELS; i++)
		if (shamir_gf_kernel_get(i) != NULL)
			add_kernel(list, &n, shamir_gf_kernel_get(i)->name,
			    shamir_gf_kernel_get(i));
	return n;
}

int main(int argc, char **argv)
{
	static struct measure list[2 + 2 * (SHAMIR_GF_KERNELS + 1)];
	uint8_t *out[SHARES], *in = block();
	unsigned runs = clock_runs(argc == 2 ? argv[1] : NULL), n;

	clock_must(sr_crypto_init(), "starting");
	for (unsigned i = 0; i < SHARES; i++)
		out[i] = block();
	n = measures(list);
	for (unsigned run = 0; run < runs; run++)
		for (unsigned i = 0; i < n; i++)
			list[i].values[run] = best_of(list[i].run, list[i].kernel, out, in);
	for (unsigned i = 0; i < n; i++)
		clock_say(list[i].name, list[i].values, runs);
	for (unsigned i = 0; i < SHARES; i++)
		free(out[i]);
	free(in);
	return EXIT_SUCCESS;
}
