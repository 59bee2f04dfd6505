/* tests/bench/tree.c - puts a second and the time of a root, on small and large trees. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"
#include "vault/tree.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* SplitMix64: spreads a counter over 64 bits, the same in every run. */
static uint64_t mix(uint64_t i)
{
	uint64_t z = i * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static struct vault_key key_of(uint64_t i)
{
	struct vault_key key = { { 's' } };

	for (unsigned w = 0; w < 2; w++) /* a secret's id: 16 random bytes */
		for (unsigned b = 0; b < 8; b++)
			key.b[1 + 8 * w + b] = (uint8_t)(mix(2 * i + w) >> 8 * b);
	return key;
}

static void put(struct vault_tree **t, uint64_t i, uint64_t round)
{
	struct vault_key key = key_of(i);
	uint64_t value[16] = { i, round };

	if (vault_tree_put(t, &key, (const uint8_t *)value, sizeof value) != SR_OK)
		abort();
}

static void measure(uint64_t records)
{
	enum { BATCH = 1000, ROUNDS = 50 };
	struct vault_tree *t = NULL;
	double start = seconds(), filled, rooted, changing = 0, rooting = 0;
	uint64_t found = 0;

	for (uint64_t i = 0; i < records; i++)
		put(&t, i, 0);
	filled = seconds();
	vault_tree_root(t);
	rooted = seconds();
	printf("%8llu records: fill %8.0f puts/s, first root %9.3f ms (%.2f us a record)\n",
	    (unsigned long long)records, (double)records / (filled - start),
	    (rooted - filled) * 1e3, (rooted - filled) * 1e6 / (double)records);
	/* Blocks: each keeps the state before it, changes a thousand records, needs a root. */
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct vault_tree *before = vault_tree_ref(t);
		double t0 = seconds(), t1;

		for (uint64_t i = 0; i < BATCH; i++)
			put(&t, mix(round * BATCH + i) % records, round);
		t1 = seconds();
		vault_tree_root(t);
		changing += t1 - t0;
		rooting += seconds() - t1;
		vault_tree_unref(before);
	}
	printf("%8s blocks of %d: %8.0f puts/s while the old state is kept, root %.3f ms a block\n",
	    "", BATCH, BATCH * ROUNDS / changing, rooting / ROUNDS * 1e3);
	start = seconds();
	for (uint64_t i = 0; i < 200000; i++) {
		struct vault_key key = key_of(mix(i) % records);

		found += vault_tree_get(t, &key).n;
	}
	printf("%8s %.0f gets/s (%llu bytes seen)\n", "", 200000 / (seconds() - start),
	    (unsigned long long)found);
	vault_tree_unref(t);
}

int main(void)
{
	if (sr_crypto_init() != SR_OK)
		return 1;
	measure(1000);
	measure(1000000);
	return 0;
}
