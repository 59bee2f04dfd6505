/*
 * Secrets of base are marked undefined for memcheck, which then reports every branch and every
 * index that depends on one. --planted-leak makes a branch on a key, which must be reported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/drbg.h"
#include "base/hpke.h"

static const uint8_t text[100] = "a message";

static void must(bool good, const char *what)
{
	VALGRIND_MAKE_MEM_DEFINED(&good, sizeof good);
	if (!good) {
		fprintf(stderr, "failed: %s\n", what);
		exit(1);
	}
}

static void compare(const struct sr_key32 *secret)
{
	struct sr_key32 other = *secret;

	must(sr_ct_equal(secret, &other, sizeof other), "compare");
}

static void derive(const struct sr_key32 *secret)
{
	struct sr_key32 out;

	must(sr_key_derive(&out, secret, "label", text, sizeof text) == SR_OK, "derive");
}

static void seal_and_open(const struct sr_key32 *secret)
{
	static const uint8_t nonce[SR_GCM_NONCE];
	uint8_t sealed[sizeof text + SR_GCM_TAG], out[sizeof text];

	must(sr_gcm_seal(sealed, secret, nonce, NULL, 0, text, sizeof text) == SR_OK, "seal");
	/* The ciphertext is public. */
	VALGRIND_MAKE_MEM_DEFINED(sealed, sizeof sealed);
	must(sr_gcm_open(out, secret, nonce, NULL, 0, sealed, sizeof sealed) == SR_OK, "open");
}

static void generate(const struct sr_key32 *secret)
{
	struct sr_drbg rng;
	uint8_t out[100];

	sr_drbg_init(&rng, secret);
	must(sr_drbg_fill(&rng, out, sizeof out) == SR_OK, "generate");
	must(sr_drbg_reseed(&rng, secret) == SR_OK, "reseed");
}

static void exchange(const struct sr_key32 *secret)
{
	struct sr_xpk pk;
	struct sr_key32 shared;

	sr_x25519_public(&pk, secret);
	VALGRIND_MAKE_MEM_DEFINED(&pk, sizeof pk);
	must(sr_x25519(&shared, secret, &pk) == SR_OK, "exchange");
}

static void sign(const struct sr_key32 *secret)
{
	struct sr_edsk sk;
	struct sr_edpk pk;
	struct sr_sig64 sig;

	sr_ed25519_keypair(&sk, &pk, secret);
	sr_sign(&sig, &sk, "test", text, sizeof text);
	VALGRIND_MAKE_MEM_DEFINED(&pk, sizeof pk);
	VALGRIND_MAKE_MEM_DEFINED(&sig, sizeof sig);
	must(sr_verify(&pk, &sig, "test", text, sizeof text) == SR_OK, "verify");
}

static void leak(const struct sr_key32 *secret)
{
	volatile int live = 0;

	if (secret->b[0] & 1)
		live = 1;
	(void)live;
}

int main(int argc, char **argv)
{
	bool planted = argc == 2 && strcmp(argv[1], "--planted-leak") == 0;
	struct sr_key32 secret;

	if (!RUNNING_ON_VALGRIND) {
		fprintf(stderr, "this runs under valgrind\n");
		return 2;
	}
	if (sr_crypto_init() != SR_OK)
		return 2;
	memset(&secret, 7, sizeof secret);
	VALGRIND_MAKE_MEM_UNDEFINED(&secret, sizeof secret);
	compare(&secret);
	derive(&secret);
	seal_and_open(&secret);
	generate(&secret);
	exchange(&secret);
	sign(&secret);
	if (planted)
		leak(&secret);
	return 0;
}
