/*
 * Constant time: secrets are marked undefined for valgrind's memcheck, which then reports every
 * branch and every address that depends on them. Run under valgrind --error-exitcode;
 * --planted-branch and --planted-lookup must be reported (--planted-leak is both). What is made
 * public on purpose (points, proofs, shares given away) is marked defined again where it leaves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "shamir/feldman.h"
#include "shamir/gf256.h"
#include "shamir/subshare.h"
#include "shamir/tdh2.h"

#define SECRET(p, n) ((void)VALGRIND_MAKE_MEM_UNDEFINED(p, n))
#define PUBLIC(p, n) ((void)VALGRIND_MAKE_MEM_DEFINED(p, n))

/* A load whose result is unused is not looked at: every output ends here. */
static volatile uint8_t sink;

static void use(void *p, size_t n)
{
	PUBLIC(p, n);
	for (size_t i = 0; i < n; i++)
		sink = (uint8_t)(sink ^ ((uint8_t *)p)[i]);
}

static void must(enum sr_error error)
{
	if (error != SR_OK) {
		fprintf(stderr, "ct_shamir: %s\n", sr_error_name(error));
		exit(EXIT_FAILURE);
	}
}

static struct sr_drbg drbg;

/* --- GF(2^8) --- */

#define SIZE 1000u              /* whole groups and a tail */

static void gf_kernel(const struct shamir_gf_kernel *kernel)
{
	static uint8_t secret[SIZE], shares[5][SIZE], got[SIZE];
	uint8_t *out[5] = { shares[0], shares[1], shares[2], shares[3], shares[4] };
	const uint8_t *in[4] = { shares[4], shares[0], shares[2], shares[1] };
	static const uint8_t indices[4] = { 5, 1, 3, 2 };
	struct shamir_gf_split split;
	struct sr_key32 key;
	uint8_t bad;

	must(sr_drbg_fill(&drbg, secret, SIZE));
	must(sr_drbg_fill(&drbg, key.b, sizeof key.b));
	SECRET(secret, SIZE);
	SECRET(&key, sizeof key);
	must(shamir_gf_split_init(&split, 3, 5, &key, kernel));
	must(shamir_gf_split_update(&split, out, secret, SIZE));
	shamir_gf_split_clear(&split);
	/* Just t: nothing but the combination. One more: whether they agree becomes public. */
	must(shamir_gf_combine(got, &bad, indices, in, 3, 3, SIZE, kernel));
	PUBLIC(secret, SIZE);
	PUBLIC(got, SIZE);
	if (memcmp(got, secret, SIZE) != 0)
		must(SR_ERR_INTERNAL);
	use(shares, sizeof shares);
	use(got, SIZE);
}

static void gf_field(void)
{
	uint8_t a = 0x57, b = 0x83, product;

	SECRET(&a, 1);
	SECRET(&b, 1);
	product = shamir_gf_mul(a, b);
	product ^= shamir_gf_inv(a);
	use(&product, 1);
}

/* --- scalars and points --- */

static void scalars(void)
{
	struct sr_scalar a, b, c;
	struct sr_point p, q;
	uint8_t wide[64];

	must(sr_scalar_random(&a, &drbg));
	must(sr_scalar_random(&b, &drbg));
	must(sr_drbg_fill(&drbg, wide, sizeof wide));
	SECRET(&a, sizeof a);
	SECRET(&b, sizeof b);
	SECRET(wide, sizeof wide);
	sr_scalar_add(&c, &a, &b);
	sr_scalar_mul(&c, &c, &b);
	sr_scalar_sub(&c, &c, &a);
	sr_scalar_invert(&c, &c);
	use(&c, sizeof c);
	sr_scalar_from_wide(&c, wide);
	sr_scalar_hash(&c, "domain", &(struct sr_bytes){ wide, sizeof wide }, 1);
	sr_point_base_mul(&p, &a);
	must(sr_point_mul(&q, &b, &sr_point_g2));
	use(&c, sizeof c);
	use(&p, sizeof p);
	use(&q, sizeof q);
}

static void polynomials(void)
{
	struct shamir_poly poly;
	struct shamir_commitments c;
	struct sr_scalar shares[3], secret;
	struct shamir_index set[3] = { { 1 }, { 4 }, { 9 } };

	must(shamir_poly_init(&poly, 3, NULL, &drbg));
	SECRET(poly.a, 3 * sizeof *poly.a);
	shamir_commit(&c, &poly);
	use(&c, sizeof c);
	for (unsigned i = 0; i < 3; i++)
		must(shamir_poly_eval(&shares[i], &poly, set[i]));
	must(shamir_interpolate(&secret, set, shares, 3));
	use(&secret, sizeof secret);
	shamir_dkg_sum_shares(&secret, shares, 3);
	use(&secret, sizeof secret);
	must(shamir_reshare_sum_shares(&secret, shares, set, 3, 2));
	use(&secret, sizeof secret);
	shamir_poly_clear(&poly);
}

/* --- protocols --- */

/* Its own points and its commitments are public by the protocol, but it hashes them before they
 * leave, so the test hands in a secret and looks at what is done with it: multiplications, nonce,
 * answer. */
static void proofs(void)
{
	static const uint8_t context[] = "context";
	struct sr_scalar x;
	struct sr_point p, q;
	struct shamir_proof proof;

	must(sr_scalar_random(&x, &drbg));
	SECRET(&x, sizeof x);
	sr_point_base_mul(&p, &x);
	must(sr_point_mul(&q, &x, &sr_point_g2));
	PUBLIC(&p, sizeof p);
	PUBLIC(&q, sizeof q);
	must(shamir_dleq_prove(&proof, &x, &sr_point_base, &p, &sr_point_g2, &q, context,
	    sizeof context, &drbg));
	use(&proof, sizeof proof);
	must(shamir_dleq_verify(&proof, &sr_point_base, &p, &sr_point_g2, &q, context,
	    sizeof context));
	must(shamir_pok_prove(&proof, &x, &p, context, sizeof context, &drbg));
	use(&proof, sizeof proof);
}

static void decryption_share(void)
{
	static const uint8_t label[32] = "label";
	struct sr_scalar x;
	struct sr_point y;
	struct shamir_tdh2_ct ct;
	struct shamir_tdh2_share share;
	struct sr_key32 key;

	must(sr_scalar_random(&x, &drbg));
	sr_point_base_mul(&y, &x);
	must(shamir_tdh2_encrypt(&ct, &key, &y, label, sizeof label, &drbg));
	SECRET(&x, sizeof x);
	must(shamir_tdh2_share_make(&share, &x, &ct, label, sizeof label, &drbg));
	use(&share, sizeof share);
	must(shamir_tdh2_share_verify(&share, &y, &ct, label, sizeof label));
}

static void sub_share(void)
{
	static const uint8_t context[] = "context";
	struct sr_scalar p, share;
	struct sr_point key;
	struct shamir_box box;
	struct shamir_complaint complaint;

	must(shamir_box_keypair(&p, &key, &drbg));
	must(sr_scalar_random(&share, &drbg));
	SECRET(&share, sizeof share);
	must(shamir_subshare_seal(&box, &key, &share, context, sizeof context, &drbg));
	PUBLIC(&box, sizeof box);
	SECRET(&p, sizeof p);
	must(shamir_complaint_make(&complaint, &box, &p, context, sizeof context, &drbg));
	use(&complaint, sizeof complaint);
}

/* A dealt secret: commitments, boxes and the combination at its holder's. */
static void dealt(void)
{
	static const uint8_t context[] = "context";
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct shamir_pair pairs[3], sum;
	struct shamir_index set[3] = { { 1 }, { 4 }, { 9 } };
	struct sr_scalar p, r, secret;
	struct sr_point key;
	struct shamir_pair_box box;
	struct sr_key32 dek;

	must(shamir_box_keypair(&p, &key, &drbg));
	must(sr_scalar_random(&r, &drbg));
	must(sr_scalar_random(&secret, &drbg));
	SECRET(&r, sizeof r);
	SECRET(&secret, sizeof secret);
	must(shamir_pedersen_deal(&poly, &c, 3, &secret, &drbg));
	use(&c, sizeof c);
	SECRET(poly.f.a, 3 * sizeof *poly.f.a);
	SECRET(poly.g.a, 3 * sizeof *poly.g.a);
	for (unsigned i = 0; i < 3; i++)
		must(shamir_pedersen_eval(&pairs[i], &poly, set[i]));
	shamir_pedersen_commit(&key, &pairs[0]);
	use(&key, sizeof key);
	sr_point_base_mul(&key, &p);
	must(shamir_pair_seal_with(&box, &r, &key, &pairs[0], context, sizeof context));
	use(&box, sizeof box);
	shamir_pedersen_sum(&sum, pairs, 3);
	use(&sum, sizeof sum);
	must(shamir_pedersen_reshare_sum(&sum, pairs, set, 3, 2));
	use(&sum, sizeof sum);
	must(shamir_pedersen_key(&dek, &secret, context, sizeof context));
	use(&dek, sizeof dek);
	shamir_pedersen_clear(&poly);
}

/* --- planted faults --- */

static void planted_branch(void)
{
	uint8_t secret = 5;

	SECRET(&secret, 1);
	if (secret & 1)
		sink ^= 1;
}

static void planted_lookup(void)
{
	static uint8_t table[256];
	volatile uint8_t secret = 5;
	uint8_t at;

	table[5] = 1;
	at = secret;
	SECRET(&at, 1);
	sink ^= table[at];
}

static void run(const char *name, void (*test)(void))
{
	unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;

	test();
	printf("  %-24s %s\n", name,
	    (unsigned)VALGRIND_COUNT_ERRORS == before ? "no secret decides" : "LEAKS");
}

static void run_kernels(void)
{
	for (unsigned i = 0; i < SHAMIR_GF_KERNELS; i++) {
		const struct shamir_gf_kernel *kernel = shamir_gf_kernel_get(i);
		unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;

		if (kernel == NULL) {
			printf("  SKIPPED: GF(2^8) kernel %u: valgrind or this CPU lacks it\n", i);
			continue;
		}
		gf_kernel(kernel);
		printf("  GF(2^8) %-16s %s\n", kernel->name,
		    (unsigned)VALGRIND_COUNT_ERRORS == before ? "no secret decides" : "LEAKS");
	}
}

int main(int argc, char **argv)
{
	const char *plant = argc > 1 ? argv[1] : "";
	struct sr_key32 seed = { { 3 } };
	const bool both = strcmp(plant, "--planted-leak") == 0;

	if (!RUNNING_ON_VALGRIND) {
		fprintf(stderr, "ct_shamir: checks nothing unless run under valgrind\n");
		return EXIT_FAILURE;
	}
	must(sr_crypto_init());
	sr_drbg_init(&drbg, &seed);
	if (both || strcmp(plant, "--planted-branch") == 0)
		run("planted branch", planted_branch);
	if (both || strcmp(plant, "--planted-lookup") == 0)
		run("planted lookup", planted_lookup);
	if (*plant == '\0') {
		run_kernels();
		run("GF(2^8) field", gf_field);
		run("scalars", scalars);
		run("polynomials", polynomials);
		run("proofs", proofs);
		run("decryption share", decryption_share);
		run("sub-share", sub_share);
		run("dealt secret", dealt);
	}
	return (unsigned)VALGRIND_COUNT_ERRORS == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
