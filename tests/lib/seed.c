/* tests/lib/seed.c - see seed.h. */
#include "tests/lib/seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

uint64_t test_seed(void)
{
	static uint64_t seed;
	static bool known;
	const char *text = getenv("SR_SEED");

	if (known)
		return seed;
	if (text != NULL)
		seed = strtoull(text, NULL, 0);
	else if (sr_random_system((uint8_t *)&seed, sizeof seed) != SR_OK)
		abort();
	known = true;
	fprintf(stderr, "SR_SEED=%" PRIu64 "\n", seed);
	return seed;
}

void test_drbg(struct sr_drbg *out, const char *name)
{
	uint64_t seed = test_seed();
	struct sr_bytes parts[2] = {
		{ (const uint8_t *)&seed, sizeof seed }, { (const uint8_t *)name, strlen(name) },
	};
	struct sr_hash32 hash = sr_hash_domain("test", parts, 2);
	struct sr_key32 key;

	memcpy(key.b, hash.b, sizeof key.b);
	sr_drbg_init(out, &key);
}

uint32_t test_below(struct sr_drbg *drbg, uint32_t below)
{
	uint64_t v;

	if (sr_drbg_fill(drbg, (uint8_t *)&v, sizeof v) != SR_OK)
		abort();
	return (uint32_t)(v % below);
}
