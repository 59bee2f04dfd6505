/* Proofs about logarithms: they verify, and nothing else does. */
#include "shamir/dleq.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static const uint8_t context[] = "a context";

struct statement { struct sr_scalar x; struct sr_point p, h, q; struct shamir_proof proof; };

static void statement_make(struct statement *s, struct sr_drbg *drbg)
{
	ck_ok(sr_scalar_random(&s->x, drbg));
	sr_point_base_mul(&s->p, &s->x);
	sr_point_hash(&s->h, "another base", NULL, 0);
	ck_ok(sr_point_mul(&s->q, &s->x, &s->h));
	ck_ok(shamir_dleq_prove(&s->proof, &s->x, &sr_point_base, &s->p, &s->h, &s->q, context,
	    sizeof context, drbg));
}

static enum sr_error verify(const struct statement *s)
{
	return shamir_dleq_verify(&s->proof, &sr_point_base, &s->p, &s->h, &s->q, context,
	    sizeof context);
}

START_TEST(a_true_statement_is_accepted)
{
	struct sr_drbg drbg;
	struct statement s;

	test_drbg(&drbg, "true");
	for (unsigned i = 0; i < 20; i++) {
		statement_make(&s, &drbg);
		ck_ok(verify(&s));
	}
}
END_TEST

START_TEST(unequal_logarithms_are_refused)
{
	struct sr_drbg drbg;
	struct statement s;

	test_drbg(&drbg, "unequal");
	statement_make(&s, &drbg);
	ck_ok(sr_point_add(&s.q, &s.q, &s.h));
	ck_error(verify(&s), SR_ERR_BAD_PROOF);
	/* Even when the prover proves the false statement with its true x. */
	ck_ok(shamir_dleq_prove(&s.proof, &s.x, &sr_point_base, &s.p, &s.h, &s.q, context,
	    sizeof context, &drbg));
	ck_error(verify(&s), SR_ERR_BAD_PROOF);
}
END_TEST

START_TEST(every_changed_bit_of_a_proof_is_found)
{
	struct sr_drbg drbg;
	struct statement s, changed;
	struct sr_writer w;
	struct sr_reader r;
	unsigned refused_n = 0;

	test_drbg(&drbg, "bits");
	statement_make(&s, &drbg);
	sr_writer_init(&w, SHAMIR_PROOF_SIZE);
	shamir_proof_write(&w, &s.proof);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(w.n, SHAMIR_PROOF_SIZE);
	for (unsigned bit = 0; bit < 8 * SHAMIR_PROOF_SIZE; bit++) {
		w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		sr_reader_init(&r, w.p, w.n);
		changed = s;
		changed.proof = shamir_proof_read(&r);
		refused_n += sr_reader_finish(&r) != SR_OK || verify(&changed) != SR_OK;
		w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_uint_eq(refused_n, 8 * SHAMIR_PROOF_SIZE);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_proof_is_bound_to_its_context_and_its_points)
{
	struct sr_drbg drbg;
	struct statement s, other;

	test_drbg(&drbg, "bound");
	statement_make(&s, &drbg);
	ck_error(shamir_dleq_verify(&s.proof, &sr_point_base, &s.p, &s.h, &s.q, context,
	    sizeof context - 1), SR_ERR_BAD_PROOF);
	ck_error(shamir_dleq_verify(&s.proof, &s.h, &s.q, &sr_point_base, &s.p, context,
	    sizeof context), SR_ERR_BAD_PROOF);
	ck_error(shamir_dleq_verify(&s.proof, &sr_point_base, &s.p, &s.h, &s.q,
	    (const uint8_t *)"A context", sizeof context), SR_ERR_BAD_PROOF);
	statement_make(&other, &drbg);
	other.proof = s.proof;
	ck_error(verify(&other), SR_ERR_BAD_PROOF);
	other = s;
	other.p = sr_point_identity;
	ck_error(verify(&other), SR_ERR_BAD_PROOF);
	memset(other.p.b, 0xff, 32);
	ck_error(verify(&other), SR_ERR_BAD_POINT);
}
END_TEST

START_TEST(a_logarithm_of_zero_proves_nothing)
{
	struct sr_drbg drbg;
	struct statement s;

	test_drbg(&drbg, "zero");
	statement_make(&s, &drbg);
	sr_scalar_from_u32(&s.x, 0);
	s.p = sr_point_identity;
	s.q = sr_point_identity;
	ck_ok(shamir_dleq_prove(&s.proof, &s.x, &sr_point_base, &s.p, &s.h, &s.q, context,
	    sizeof context, &drbg));
	ck_error(verify(&s), SR_ERR_BAD_PROOF);
	ck_ok(shamir_pok_prove(&s.proof, &s.x, &s.p, context, sizeof context, &drbg));
	ck_error(shamir_pok_verify(&s.proof, &s.p, context, sizeof context), SR_ERR_BAD_PROOF);
}
END_TEST

START_TEST(a_repeated_random_source_does_not_repeat_a_nonce)
{
	struct sr_drbg drbg, copy;
	struct statement s;
	struct shamir_proof a, b;
	struct sr_scalar difference;
	struct sr_point wa, wb, zero;

	test_drbg(&drbg, "repeated");
	statement_make(&s, &drbg);
	copy = drbg;
	ck_ok(shamir_pok_prove(&a, &s.x, &s.p, context, 1, &drbg));
	ck_ok(shamir_pok_prove(&b, &s.x, &s.p, context, 2, &copy));
	/* wB = zB - eP: the two commitments differ, so the nonces do. */
	sr_point_base_mul(&wa, &a.z);
	ck_ok(sr_point_mul(&zero, &a.e, &s.p));
	ck_ok(sr_point_sub(&wa, &wa, &zero));
	sr_point_base_mul(&wb, &b.z);
	ck_ok(sr_point_mul(&zero, &b.e, &s.p));
	ck_ok(sr_point_sub(&wb, &wb, &zero));
	ck_assert(!sr_point_equal(&wa, &wb));
	sr_scalar_sub(&difference, &a.z, &b.z);
	ck_assert(!sr_scalar_is_zero(&difference));
}
END_TEST

START_TEST(knowledge_of_a_logarithm_is_proved_and_bound)
{
	struct sr_drbg drbg;
	struct statement s, other;
	struct shamir_proof proof;

	test_drbg(&drbg, "pok");
	statement_make(&s, &drbg);
	statement_make(&other, &drbg);
	ck_ok(shamir_pok_prove(&proof, &s.x, &s.p, context, sizeof context, &drbg));
	ck_ok(shamir_pok_verify(&proof, &s.p, context, sizeof context));
	ck_error(shamir_pok_verify(&proof, &other.p, context, sizeof context), SR_ERR_BAD_PROOF);
	ck_error(shamir_pok_verify(&proof, &s.p, context, 3), SR_ERR_BAD_PROOF);
	ck_error(shamir_pok_verify(&proof, &sr_point_identity, context, sizeof context),
	    SR_ERR_BAD_PROOF);
	ck_error(shamir_pok_verify(&s.proof, &s.p, context, sizeof context), SR_ERR_BAD_PROOF);
	ck_ok(shamir_pok_prove(&proof, &other.x, &s.p, context, sizeof context, &drbg));
	ck_error(shamir_pok_verify(&proof, &s.p, context, sizeof context), SR_ERR_BAD_PROOF);
}
END_TEST

TEST_MAIN("shamir/dleq", a_true_statement_is_accepted, unequal_logarithms_are_refused,
    every_changed_bit_of_a_proof_is_found, a_proof_is_bound_to_its_context_and_its_points,
    a_logarithm_of_zero_proves_nothing, a_repeated_random_source_does_not_repeat_a_nonce,
    knowledge_of_a_logarithm_is_proved_and_bound)
