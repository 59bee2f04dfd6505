/* What the primitives of base cost: microseconds a call, and MB/s where bytes are what counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/drbg.h"
#include "base/hpke.h"

#define LARGE (1024u * 1024u)

static uint8_t *large;
static struct sr_key32 key = { { 1 } };
static struct sr_edsk sk;
static struct sr_edpk pk;
static struct sr_xpk xpk;
static struct sr_sig64 sig;
static struct sr_drbg rng;

static void must(enum sr_error error)
{
	if (error != SR_OK) {
		fprintf(stderr, "%s\n", sr_error_message(error));
		exit(1);
	}
}

static void seal(size_t n)
{
	static const uint8_t nonce[SR_GCM_NONCE];

	must(sr_gcm_seal(large, &key, nonce, NULL, 0, large, n));
}

static void hash(size_t n)
{
	struct sr_hash32 h = sr_hash(large, n);

	large[0] ^= h.b[0];
}

static void fill(size_t n)
{
	must(sr_drbg_fill(&rng, large, n));
}

static void crc(size_t n)
{
	large[0] ^= (uint8_t)sr_crc32c(0, large, n);
}

static void sign(size_t n)
{
	sr_sign(&sig, &sk, "bench", large, n);
}

static void verify(size_t n)
{
	must(sr_verify(&pk, &sig, "bench", large, n));
}

static void derive(size_t n)
{
	must(sr_key_derive(&key, &key, "bench", large, n));
}

static void hpke(size_t n)
{
	static uint8_t out[LARGE + SR_HPKE_OVERHEAD];

	must(sr_hpke_seal(out, &xpk, &key, "bench", NULL, 0, large, n));
}

static void locked(size_t n)
{
	void *p = sr_secret_alloc(n);

	must(p != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY);
	sr_secret_free(p);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(const char *name, void (*run)(size_t n), size_t n)
{
	double start = now_s(), spent;
	size_t calls = 0;

	do {
		for (int i = 0; i < 10; i++)
			run(n);
		calls += 10;
		spent = now_s() - start;
	} while (spent < 0.3);
	printf("%-10s %8zu bytes  %9.2f us  %9.1f MB/s\n", name, n, spent / (double)calls * 1e6,
	    (double)n * (double)calls / spent / 1e6);
}

int main(void)
{
	must(sr_crypto_init());
	large = calloc(1, LARGE + SR_GCM_TAG);
	if (large == NULL)
		return 1;
	sr_drbg_init(&rng, &key);
	sr_ed25519_keypair(&sk, &pk, &key);
	sr_x25519_public(&xpk, &key);
	measure("gcm seal", seal, 64);
	measure("gcm seal", seal, LARGE);
	measure("sha-256", hash, 64);
	measure("sha-256", hash, LARGE);
	measure("drbg", fill, 32);
	measure("drbg", fill, LARGE);
	measure("crc-32c", crc, LARGE);
	measure("hkdf", derive, 32);
	measure("sign", sign, 100);
	measure("verify", verify, 100);
	measure("hpke seal", hpke, 100);
	measure("locked", locked, 32);
	free(large);
	return 0;
}
