/* Proofs of a fault: each kind is found, verifies for everybody, and nothing else does. */
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"

static enum sr_error verify(const struct puppet *p, uint32_t *culprit)
{
	const struct fleet_record *e = &p->c->nodes[0].last_evidence;

	return consensus_evidence_verify(culprit, e->p, e->n, &p->c->chain_id, 1, p->c->keys, 4);
}

static void pair_is_evidence(enum consensus_vote_kind a, bool same, enum consensus_vote_kind b,
    bool expected)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 h1 = { { 1 } }, h2 = { { 2 } };
	struct consensus_vote va = puppet_vote(p, 2, a, 5, a == CONSENSUS_SKIP ? NULL : &h1);
	struct consensus_vote vb = puppet_vote(p, 2, b, 5,
	    b == CONSENSUS_SKIP ? NULL : same ? &h1 : &h2);
	uint32_t culprit = 99;

	ck_ok(puppet_say_vote(p, &va));
	ck_ok(puppet_say_vote(p, &vb));
	ck_assert_uint_eq(p->c->nodes[0].evidence, expected);
	if (expected) {
		ck_assert_uint_eq(p->c->nodes[0].culprit, 2);
		ck_ok(verify(p, &culprit));
		ck_assert_uint_eq(culprit, 2);
	}
	puppet_free(p);
}

START_TEST(every_pair_of_votes_is_evidence_exactly_when_an_honest_member_never_casts_both)
{
	pair_is_evidence(CONSENSUS_NOTAR, true, CONSENSUS_NOTAR, false);
	pair_is_evidence(CONSENSUS_NOTAR, false, CONSENSUS_NOTAR, true);
	pair_is_evidence(CONSENSUS_NOTAR, false, CONSENSUS_SKIP, false);
	pair_is_evidence(CONSENSUS_NOTAR, true, CONSENSUS_FINAL, false);
	pair_is_evidence(CONSENSUS_SKIP, true, CONSENSUS_NOTAR, false);
	pair_is_evidence(CONSENSUS_SKIP, true, CONSENSUS_SKIP, false);
	pair_is_evidence(CONSENSUS_SKIP, true, CONSENSUS_FINAL, true);
	pair_is_evidence(CONSENSUS_FINAL, true, CONSENSUS_NOTAR, false);
	pair_is_evidence(CONSENSUS_FINAL, true, CONSENSUS_SKIP, true);
	pair_is_evidence(CONSENSUS_FINAL, true, CONSENSUS_FINAL, false);
	pair_is_evidence(CONSENSUS_FINAL, false, CONSENSUS_FINAL, true);
}
END_TEST

START_TEST(two_proposals_in_a_slot_are_evidence_against_their_author)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &g, 1, "two");
	uint32_t culprit = 99;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_error(puppet_say_propose(p, 1, &b, NULL, NULL, 0), SR_ERR_DUPLICATE);
	ck_ok(verify(p, &culprit));
	ck_assert_uint_eq(culprit, 1);
	/* Once is enough. */
	ck_error(puppet_say_propose(p, 1, &b, NULL, NULL, 0), SR_ERR_DUPLICATE);
	ck_assert_uint_eq(p->c->nodes[0].evidence, 1);
	puppet_free(p);
}
END_TEST

START_TEST(a_second_vote_hidden_in_a_certificate_is_found)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 h1 = { { 1 } }, h2 = { { 2 } };
	struct consensus_vote v = puppet_vote(p, 2, CONSENSUS_NOTAR, 5, &h1);
	struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 5, &h2, 0xe);

	ck_ok(puppet_say_vote(p, &v));
	ck_ok(puppet_say_cert(p, 3, &c));
	ck_assert_uint_eq(p->c->nodes[0].evidence, 1);
	ck_assert_uint_eq(p->c->nodes[0].culprit, 2);
	puppet_free(p);
}
END_TEST

START_TEST(a_vote_that_came_too_late_to_count_still_convicts)
{
	struct puppet *p = puppet_new(7, 0);
	struct sr_hash32 h1 = { { 1 } }, h2 = { { 2 } };
	struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 5, &h1, 0x3e);
	struct consensus_vote a = puppet_vote(p, 6, CONSENSUS_NOTAR, 5, &h1);
	struct consensus_vote b = puppet_vote(p, 6, CONSENSUS_NOTAR, 5, &h2);

	ck_ok(puppet_say_cert(p, 3, &c));
	ck_ok(puppet_say_vote(p, &a));
	ck_assert_uint_eq(p->c->nodes[0].evidence, 0);
	ck_ok(puppet_say_vote(p, &b));
	ck_assert_uint_eq(p->c->nodes[0].evidence, 1);
	ck_assert_uint_eq(p->c->nodes[0].culprit, 6);
	puppet_free(p);
}
END_TEST

START_TEST(a_forged_second_vote_convicts_nobody)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 h1 = { { 1 } }, h2 = { { 2 } };
	struct consensus_vote a = puppet_vote(p, 2, CONSENSUS_NOTAR, 5, &h1);
	struct consensus_vote b = puppet_vote(p, 3, CONSENSUS_NOTAR, 5, &h2);

	b.voter = 2;
	ck_ok(puppet_say_vote(p, &a));
	ck_error(puppet_say_vote(p, &b), SR_ERR_BAD_SIGNATURE);
	ck_assert_uint_eq(p->c->nodes[0].evidence, 0);
	puppet_free(p);
}
END_TEST

static void votes_encode(struct sr_writer *w, const struct consensus_vote *a,
    const struct consensus_vote *b)
{
	sr_writer_init(w, 4096);
	sr_write_u8(w, 1);
	sr_write_u8(w, 2);
	consensus_vote_write(w, a);
	consensus_vote_write(w, b);
}

START_TEST(what_is_no_proof_does_not_verify)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 h1 = { { 1 } }, h2 = { { 2 } }, other = { { 3 } };
	struct consensus_vote a = puppet_vote(p, 2, CONSENSUS_NOTAR, 5, &h1);
	struct consensus_vote b = puppet_vote(p, 2, CONSENSUS_NOTAR, 5, &h2), x;
	struct sr_writer w;
	uint32_t culprit;

#define VERIFY(id, e, members)                                                                    \
	consensus_evidence_verify(&culprit, w.p, w.n, id, e, p->c->keys, members)
	votes_encode(&w, &a, &b);
	ck_ok(VERIFY(&p->c->chain_id, 1, 4));
	ck_error(VERIFY(&other, 1, 4), SR_ERR_BAD_SIGNATURE);
	ck_error(VERIFY(&p->c->chain_id, 2, 4), SR_ERR_WRONG_EPOCH);
	ck_error(VERIFY(&p->c->chain_id, 1, 2), SR_ERR_NOT_A_MEMBER);
	ck_error(VERIFY(&p->c->chain_id, 1, 0), SR_ERR_OUT_OF_RANGE);
	for (size_t n = 0; n < w.n; n++)
		ck_assert_int_ne(consensus_evidence_verify(&culprit, w.p, n, &p->c->chain_id, 1,
		    p->c->keys, 4), SR_OK);
	sr_writer_clear(&w);

	x = puppet_vote(p, 2, CONSENSUS_NOTAR, 6, &h2);
	votes_encode(&w, &a, &x);
	ck_error(VERIFY(&p->c->chain_id, 1, 4), SR_ERR_BAD_PROOF);
	sr_writer_clear(&w);
	x = puppet_vote(p, 3, CONSENSUS_NOTAR, 5, &h2);
	votes_encode(&w, &a, &x);
	ck_error(VERIFY(&p->c->chain_id, 1, 4), SR_ERR_BAD_PROOF);
	sr_writer_clear(&w);
	votes_encode(&w, &a, &a);
	ck_error(VERIFY(&p->c->chain_id, 1, 4), SR_ERR_BAD_PROOF);
	sr_writer_clear(&w);
	x = b;
	x.sig.b[3] ^= 1;
	votes_encode(&w, &a, &x);
	ck_error(VERIFY(&p->c->chain_id, 1, 4), SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&w);
#undef VERIFY
	puppet_free(p);
}
END_TEST

START_TEST(two_headers_prove_nothing_unless_slot_author_and_signatures_fit)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block pairs[3][2] = {
		{ puppet_block(p, &g, 1, "one"), puppet_block(p, &g, 5, "two") },
		{ puppet_block(p, &g, 1, "one"), puppet_block(p, &g, 1, "one") },
		{ puppet_block(p, &g, 1, "one"), puppet_block(p, &g, 1, "two") },
	};
	static const enum sr_error expected[] = { SR_ERR_BAD_PROOF, SR_ERR_BAD_PROOF, SR_OK };

	for (int i = 0; i < 3; i++) {
		for (uint32_t signer = 1; signer <= 2; signer++) {
			struct sr_writer w;
			uint32_t culprit;

			sr_writer_init(&w, 4096);
			sr_write_u8(&w, 1);
			sr_write_u8(&w, 1);
			for (int k = 0; k < 2; k++) {
				struct sr_sig64 sig;

				consensus_proposal_sign(
				    &sig, &pairs[i][k].hash, &p->c->nodes[signer].key);
				consensus_header_write(&w, &pairs[i][k].header);
				sr_write_sig(&w, &sig);
			}
			ck_error(consensus_evidence_verify(&culprit, w.p, w.n, &p->c->chain_id, 1,
			    p->c->keys, 4), signer == 2 && expected[i] == SR_OK ?
			    SR_ERR_BAD_SIGNATURE : expected[i]);
			sr_writer_clear(&w);
		}
	}
	puppet_free(p);
}
END_TEST

/* NOTAR may follow an own SKIP, and goes before FINAL: nobody is convicted for either. */
START_TEST(what_an_honest_member_casts_convicts_nobody)
{
	static const enum consensus_vote_kind with[] = { CONSENSUS_SKIP, CONSENSUS_FINAL };
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 hash = { { 1 } };

	for (size_t i = 0; i < 2; i++) {
		struct consensus_vote a = puppet_vote(p, 2, CONSENSUS_NOTAR, 5, &hash);
		struct consensus_vote b = puppet_vote(p, 2, with[i], 5,
		    with[i] == CONSENSUS_SKIP ? NULL : &hash);
		uint32_t culprit = 99;
		struct sr_writer w;

		sr_writer_init(&w, 1000);
		sr_write_u8(&w, 1);
		sr_write_u8(&w, 2);
		consensus_vote_write(&w, &a);
		consensus_vote_write(&w, &b);
		ck_error(consensus_evidence_verify(&culprit, w.p, w.n, &p->c->chain_id, 1,
		    p->c->keys, 4), SR_ERR_BAD_PROOF);
		sr_writer_clear(&w);
	}
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_evidence",
	every_pair_of_votes_is_evidence_exactly_when_an_honest_member_never_casts_both,
	two_proposals_in_a_slot_are_evidence_against_their_author,
	a_second_vote_hidden_in_a_certificate_is_found,
	a_vote_that_came_too_late_to_count_still_convicts,
	a_forged_second_vote_convicts_nobody,
	what_is_no_proof_does_not_verify,
	two_headers_prove_nothing_unless_slot_author_and_signatures_fit,
	what_an_honest_member_casts_convicts_nobody)
