/* What the threshold key costs: one operation each, and a dealing for 100 members. Microseconds,
 * best. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shamir/feldman.h"
#include "shamir/subshare.h"
#include "shamir/tdh2.h"

#define ROUNDS 200u
#define N 100u
#define T 51u

static const uint8_t label[32] = "label";
static struct sr_drbg drbg;
static struct shamir_poly poly;
static struct shamir_commitments c;
static struct sr_scalar x;
static struct sr_point y_1, keys[N];
static struct shamir_tdh2_ct ct;
static struct shamir_tdh2_share share;
static struct sr_key32 key;
static struct shamir_box box;

static void must(enum sr_error error)
{
	if (error != SR_OK) {
		fprintf(stderr, "%s\n", sr_error_name(error));
		exit(EXIT_FAILURE);
	}
}

static void encrypt(void)
{
	must(shamir_tdh2_encrypt(&ct, &key, &c.a[0], label, sizeof label, &drbg));
}

static void check(void)
{
	must(shamir_tdh2_check(&ct, label, sizeof label));
}

static void share_make(void)
{
	must(shamir_tdh2_share_make(&share, &x, &ct, label, sizeof label, &drbg));
}

static void share_verify(void)
{
	must(shamir_tdh2_share_verify(&share, &y_1, &ct, label, sizeof label));
}

static void deal(void)
{
	shamir_poly_clear(&poly);
	must(shamir_deal_fresh(&poly, &c, T, &drbg));
}

static void feldman_verify(void)
{
	must(shamir_feldman_verify(&c, (struct shamir_index){ 1 }, &x));
}

static void feldman_keys(void)
{
	must(shamir_feldman_keys(keys, N, &c));
}

static void box_seal(void)
{
	must(shamir_subshare_seal(&box, &y_1, &x, label, sizeof label, &drbg));
}

static void measure(const char *name, void (*run)(void), unsigned rounds)
{
	struct timespec a, b;
	double best = 1e9, took;

	for (unsigned i = 0; i < rounds; i++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		run();
		clock_gettime(CLOCK_MONOTONIC, &b);
		took = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) * 1e-3;
		best = took < best ? took : best;
	}
	printf("  %-34s %9.1f\n", name, best);
}

int main(void)
{
	struct sr_key32 seed = { { 1 } };

	must(sr_crypto_init());
	sr_drbg_init(&drbg, &seed);
	printf("threshold key, microseconds, best of %u\n", ROUNDS);
	measure("deal, t = 51", deal, 20);
	must(shamir_poly_eval(&x, &poly, (struct shamir_index){ 1 }));
	sr_point_base_mul(&y_1, &x);
	measure("verify one sub-share, t = 51", feldman_verify, 20);
	measure("all 100 keys, t = 51", feldman_keys, 2);
	measure("seal one sub-share", box_seal, ROUNDS);
	measure("TDH2 encrypt", encrypt, ROUNDS);
	measure("TDH2 check", check, ROUNDS);
	measure("TDH2 share (with the check)", share_make, ROUNDS);
	measure("TDH2 verify a share", share_verify, ROUNDS);
	shamir_poly_clear(&poly);
	return EXIT_SUCCESS;
}
