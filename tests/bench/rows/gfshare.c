/* libgfshare at what split.c does: 3 of 5, 16 MiB, GB of secret a second, the best of three in each
 * of RUNS runs. Its randomness is the product's own generator, which is faster than any it has. */
#include <libgfshare.h>
#include <string.h>

#include "base/crypto.h"
#include "tests/bench/rows/clock.h"

#define SIZE (16u * 1024u * 1024u)
#define SHARES 5u
#define THRESHOLD 3u
#define ROUNDS 3u

static void fill(unsigned char *out, unsigned n)
{
	static const struct sr_key32 key = { { 42 } };
	static const uint8_t iv[16];

	clock_must(sr_ctr_stream(out, n, &key, iv), "random bytes");
}

static double once(uint8_t *in, uint8_t *const *out)
{
	unsigned char numbers[SHARES] = { 1, 2, 3, 4, 5 };
	double start = clock_s(), took;
	gfshare_ctx *g = gfshare_ctx_init_enc(numbers, SHARES, THRESHOLD, SIZE);

	clock_must(g != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a context");
	gfshare_ctx_enc_setsecret(g, in);
	for (unsigned i = 0; i < SHARES; i++)
		gfshare_ctx_enc_getshare(g, (unsigned char)i, out[i]);
	took = clock_s() - start;
	gfshare_ctx_free(g);
	return SIZE / took * 1e-9;
}

static uint8_t *block(void)
{
	uint8_t *p = malloc(SIZE);

	clock_must(p != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a block");
	memset(p, 1, SIZE);
	return p;
}

int main(int argc, char **argv)
{
	uint8_t *in, *out[SHARES];
	double values[RUNS_MAX] = { 0 };
	unsigned runs = clock_runs(argc == 2 ? argv[1] : NULL);

	clock_must(sr_crypto_init(), "starting");
	gfshare_fill_rand = fill;
	in = block();
	for (unsigned i = 0; i < SHARES; i++)
		out[i] = block();
	for (unsigned i = 0; i < runs * ROUNDS; i++) {
		double v = once(in, out);

		values[i / ROUNDS] = v > values[i / ROUNDS] ? v : values[i / ROUNDS];
	}
	clock_say("split.libgfshare", values, runs);
	for (unsigned i = 0; i < SHARES; i++)
		free(out[i]);
	free(in);
	return 0;
}
