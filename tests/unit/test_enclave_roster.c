/* Who may come and who may stay: candidates, verdicts, limits, members' evidence, faults and the
 * policy, on vault trees. Each refusal changes nothing: the world asserts that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "enclave/epoch_state.h"
#include "tests/lib/check_main.h"
#include "tests/lib/roster_world.h"
#include "vault/vault.h"

static struct attest_facts good_facts(struct roster_world *w, uint32_t person)
{
	const struct genesis_member *e = &w->people[person].entry;
	struct sr_hash32 nonce = roster_candidate(w, person).nonce;
	uint8_t report[ATTEST_REPORT_DATA];

	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    &nonce);
	return roster_facts(w, report);
}

static struct attest_facts member_facts(struct roster_world *w, uint32_t person)
{
	struct epoch_context ctx = roster_ctx(w);
	uint8_t report[ATTEST_REPORT_DATA];

	roster_member_report(report, &ctx, roster_index(w, person));
	return roster_facts(w, report);
}

/* Someone's evidence for the registry (vault/attest.c): the subject to vote on. */
static struct sr_hash32 submit(struct roster_world *w, const struct vault_block *block)
{
	union vault_op_body b = { .attest_submit = { { NULL, 0 }, { (const uint8_t *)"e", 1 } } };
	struct vault_account account = { .kind = VAULT_ACCOUNT_ED25519 };
	const struct sr_edsk *sk = &w->people[9].operator_sk;
	struct vault_receipt receipt;
	struct sr_writer out;
	struct sr_sig64 sig;
	struct vault_op op;

	memcpy(account.b, sk->b + 32, 32);
	sr_writer_init(&out, SR_OP_MAX);
	vault_op_write_signed(&out, &w->g->chain_id, w->now->epoch, &account, 0,
	    block->time_ms + 60000, VAULT_OP_ATTEST_SUBMIT, &b);
	sr_sign(&sig, sk, "strongroom op v1", out.p, out.n);
	vault_op_write_signature(&out, sig.b, sizeof(sig.b));
	ck_ok(sr_writer_finish(&out));
	ck_ok(vault_op_check(&op, block, out.p, out.n));
	ck_ok(vault_apply(&w->t, &receipt, block, &op));
	ck_error(receipt.code, SR_OK);
	sr_writer_clear(&out);
	return op.hash;
}

START_TEST(a_verdict_on_no_candidate_or_member_is_the_registry_s)
{
	struct roster_world *w = roster_world_new(4, 29, NULL);
	static const struct vault_hooks hooks;
	struct vault_block block = { .chain_id = w->g->chain_id, .epoch = 1, .height = 9,
		.time_ms = w->time_ms, .parent_time_ms = w->parent_ms, .members_n = 4,
		.hooks = &hooks };
	struct vault_pending todo;
	struct sr_hash32 subject = submit(w, &block);
	size_t n;

	ck_error(roster_vote(w, 0, &subject, SR_ERR_CHAIN_BAD, NULL), SR_ERR_NOT_FOUND);
	w->block = &block;
	ck_ok(roster_vote(w, 0, &subject, SR_ERR_CHAIN_BAD, NULL));
	ck_error(roster_vote(w, 0, &subject, SR_ERR_CHAIN_BAD, NULL), SR_ERR_DUPLICATE);
	ck_ok(roster_vote(w, 1, &subject, SR_ERR_CHAIN_BAD, NULL));
	ck_ok(vault_attest_pending(&todo, &n, 1, w->t, 1, 2));
	ck_assert_uint_eq(n, 1);
	ck_ok(roster_vote(w, 2, &subject, SR_ERR_CHAIN_BAD, NULL));
	ck_ok(vault_attest_pending(&todo, &n, 1, w->t, 1, 3));
	ck_assert_uint_eq(n, 0);
	ck_error(roster_vote(w, 3, &subject, SR_ERR_CHAIN_BAD, NULL), SR_ERR_NOT_FOUND);
	roster_world_free(w);
}
END_TEST

/* ----------------------------------------------------------------------------------------- JOIN */

START_TEST(a_candidate_waits_until_a_quorum_says_the_same)
{
	struct roster_world *w = roster_world_new(4, 1, NULL);
	const struct sr_hash32 *subject = &w->people[5].subject;
	struct attest_facts facts, other;
	struct epoch_context ctx;
	struct roster_subject todo;

	ck_ok(roster_join(w, 5));
	facts = other = good_facts(w, 5);
	other.tcb_date_s = 7;
	ctx = roster_ctx(w);
	ck_ok(roster_subject_next(&todo, w->t, &ctx, 0, NULL));
	ck_assert(sr_hash32_equal(&todo.subject, subject));
	ck_assert_mem_eq(todo.report_data, facts.report_data, ATTEST_REPORT_DATA);
	ck_assert_mem_eq(todo.operator_key.b, w->people[5].operator_pk.b, 32);
	ck_assert_uint_eq(todo.evidence.n, w->people[5].entry.evidence.n);
	ck_assert_uint_eq(todo.time_ms, w->time_ms);
	ck_ok(roster_vote(w, 0, subject, SR_OK, &facts));
	ck_error(roster_subject_next(&todo, w->t, &ctx, 0, NULL), SR_ERR_NOT_FOUND);
	ck_ok(roster_subject_next(&todo, w->t, &ctx, 1, NULL));
	ck_error(roster_subject_next(&todo, w->t, &ctx, 1, subject), SR_ERR_NOT_FOUND);
	ck_error(roster_vote(w, 0, subject, SR_OK, &facts), SR_ERR_DUPLICATE);
	ck_error(roster_vote(w, 0, subject, SR_ERR_BINDING, NULL), SR_ERR_DUPLICATE);
	ck_ok(roster_vote(w, 1, subject, SR_OK, &other));
	ck_ok(roster_vote(w, 2, subject, SR_OK, &facts));
	ck_assert_int_eq(roster_candidate(w, 5).state, ROSTER_WAITING);
	ck_ok(roster_vote(w, 3, subject, SR_OK, &facts));
	ck_assert_int_eq(roster_candidate(w, 5).state, ROSTER_ADMITTED);
	ck_error(roster_vote(w, 1, subject, SR_OK, &facts), SR_ERR_NOT_FOUND);
	roster_world_free(w);
}
END_TEST

START_TEST(a_stranger_to_the_roster_does_not_vote)
{
	struct roster_world *w = roster_world_new(4, 2, NULL);
	struct attest_facts facts;

	ck_ok(roster_join(w, 5));
	facts = good_facts(w, 5);
	ck_error(roster_vote(w, 6, &w->people[5].subject, SR_OK, &facts), SR_ERR_NOT_A_MEMBER);
	ck_error(roster_vote(w, 5, &w->people[5].subject, SR_OK, &facts), SR_ERR_NOT_A_MEMBER);
	ck_error(roster_vote(w, 0, &w->people[6].subject, SR_OK, &facts), SR_ERR_NOT_FOUND);
	roster_world_free(w);
}
END_TEST

/* A verdict's bytes have one form. */
START_TEST(a_malformed_verdict_is_refused)
{
	struct roster_world *w = roster_world_new(4, 3, NULL);
	struct attest_facts facts;
	struct sr_writer body;

	ck_ok(roster_join(w, 5));
	facts = good_facts(w, 5);
	sr_writer_init(&body, 8192);
	roster_verdict_write(&body, &w->people[5].subject, SR_OK, &facts);
	body.p[32] = (uint8_t)SR_ERR_BINDING;
	ck_error(roster_do(w, EPOCH_OP_VERDICT, &w->people[0].vote, body.p, body.n),
	    SR_ERR_BAD_ENCODING);
	body.p[32] = 0;
	body.p[38]++;
	ck_error(roster_do(w, EPOCH_OP_VERDICT, &w->people[0].vote, body.p, body.n),
	    SR_ERR_BAD_VERSION);
	body.p[38]--;
	sr_write_u8(&body, 0);
	ck_error(roster_do(w, EPOCH_OP_VERDICT, &w->people[0].vote, body.p, body.n),
	    SR_ERR_TRAILING_BYTES);
	ck_ok(roster_do(w, EPOCH_OP_VERDICT, &w->people[0].vote, body.p, body.n - 1));
	sr_writer_clear(&body);
	roster_world_free(w);
}
END_TEST

START_TEST(what_a_quorum_could_not_verify_is_refused_with_its_code)
{
	struct roster_world *w = roster_world_new(4, 4, NULL);
	struct epoch_change change;

	ck_ok(roster_join(w, 5));
	roster_verdict(w, &w->people[5].subject, SR_ERR_CHAIN_BAD, NULL);
	ck_assert_int_eq(roster_candidate(w, 5).state, ROSTER_REFUSED);
	ck_error(roster_candidate(w, 5).code, SR_ERR_CHAIN_BAD);
	roster_pass(w, 60000);
	ck_assert(!roster_changing(w, &change));
	roster_world_free(w);
}
END_TEST

/* Whoever sees a machine's evidence can't join with it in his own name. */
START_TEST(evidence_is_its_operator_s_alone)
{
	struct roster_world *w = roster_world_new(4, 35, NULL);
	struct genesis_member *thief = &w->people[6].entry;
	const struct genesis_member *e = &w->people[5].entry;
	struct sr_hash32 nonce = epoch_record_nonce(w->now, w->g);
	uint8_t report[ATTEST_REPORT_DATA];
	struct attest_facts facts;

	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    &nonce);
	facts = roster_facts(w, report);
	thief->id_key = e->id_key;
	thief->vote_key = e->vote_key;
	memcpy(thief->box_key, e->box_key, 32);
	ck_ok(roster_join(w, 6));
	roster_verdict(w, &w->people[6].subject, SR_OK, &facts);
	ck_error(roster_candidate(w, 6).code, SR_ERR_BINDING);
	roster_world_free(w);
}
END_TEST

START_TEST(what_is_genuine_must_also_be_acceptable)
{
	struct roster_world *w = roster_world_new(4, 5, NULL);
	struct attest_facts facts;

	ck_ok(roster_join(w, 5));
	facts = good_facts(w, 5);
	facts.measurement[0] ^= 1;
	roster_verdict(w, &w->people[5].subject, SR_OK, &facts);
	ck_error(roster_candidate(w, 5).code, SR_ERR_MEASUREMENT);
	ck_ok(roster_join(w, 6));
	facts = good_facts(w, 6);
	facts.report_data[0] ^= 1;
	roster_verdict(w, &w->people[6].subject, SR_OK, &facts);
	ck_error(roster_candidate(w, 6).code, SR_ERR_BINDING);
	ck_ok(roster_join(w, 7));
	facts = good_facts(w, 7);
	facts.debug = true;
	roster_verdict(w, &w->people[7].subject, SR_OK, &facts);
	ck_error(roster_candidate(w, 7).code, SR_ERR_DEBUG_ENCLAVE);
	roster_world_free(w);
}
END_TEST

static void listed_only(struct attest_policy *p)
{
	p->operators_open = false;
}

START_TEST(only_listed_operators_may_ask_unless_anyone_may)
{
	struct roster_world *w = roster_world_new(4, 6, listed_only);
	struct attest_policy p;
	const uint32_t three[] = { 0, 1, 2 };

	ck_error(roster_join(w, 5), SR_ERR_OPERATOR_UNKNOWN);
	p = roster_policy_now(w);
	p.number++;
	p.operators_n = 1;
	p.operators[0] = w->people[5].operator_pk;
	ck_ok(roster_policy(w, &p, three, 3));
	ck_ok(roster_join(w, 5));
	ck_error(roster_join(w, 6), SR_ERR_OPERATOR_UNKNOWN);
	roster_world_free(w);
}
END_TEST

START_TEST(an_operator_has_as_many_members_as_the_policy_allows)
{
	struct roster_world *w = roster_world_new(4, 7, NULL);
	struct roster_person *p = &w->people[5];
	struct attest_policy policy;
	const uint32_t three[] = { 3, 1, 2 };

	/* The second machine of an operator who is there. */
	p->operator_sk = w->people[0].operator_sk;
	p->operator_pk = p->entry.operator_key = w->people[0].operator_pk;
	ck_error(roster_join(w, 5), SR_ERR_OPERATOR_LIMIT);
	policy = roster_policy_now(w);
	policy.number++;
	policy.per_operator_max = 2;
	ck_ok(roster_policy(w, &policy, three, 3));
	ck_ok(roster_join(w, 5));
	/* And the candidate counts for the third. */
	w->people[6].operator_sk = p->operator_sk;
	w->people[6].operator_pk = w->people[6].entry.operator_key = p->operator_pk;
	ck_error(roster_join(w, 6), SR_ERR_OPERATOR_LIMIT);
	roster_world_free(w);
}
END_TEST

START_TEST(a_machine_has_as_many_members_as_the_policy_allows)
{
	struct roster_world *w = roster_world_new(4, 8, NULL);
	struct attest_facts facts;

	for (uint32_t i = 5; i < 7; i++) {
		ck_ok(roster_join(w, i));
		facts = good_facts(w, i);
		facts.platform = sr_hash("machine", 7);
		roster_verdict(w, &w->people[i].subject, SR_OK, &facts);
	}
	ck_assert_int_eq(roster_candidate(w, 5).state, ROSTER_ADMITTED);
	ck_error(roster_candidate(w, 6).code, SR_ERR_PLATFORM_LIMIT);
	ck_assert(roster_change_through(w));
	/* As a member it counts as before. */
	ck_ok(roster_join(w, 7));
	facts = good_facts(w, 7);
	facts.platform = sr_hash("machine", 7);
	roster_verdict(w, &w->people[7].subject, SR_OK, &facts);
	ck_error(roster_candidate(w, 7).code, SR_ERR_PLATFORM_LIMIT);
	roster_world_free(w);
}
END_TEST

START_TEST(a_join_is_the_operator_s_own_for_this_epoch_with_keys_of_its_own)
{
	struct roster_world *w = roster_world_new(4, 9, NULL);
	struct genesis_member *e = &w->people[5].entry, kept;
	struct sr_hash32 nonce = epoch_record_nonce(w->now, w->g);
	const struct sr_edsk *sk = &w->people[5].operator_sk;

	roster_entry(w, 5);
	kept = *e;
	ck_error(roster_join_entry(w, 5, &w->people[6].operator_sk), SR_ERR_WRONG_KEY);
	e->url_pin.b[0] ^= 1;
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_BAD_SIGNATURE);
	*e = kept;
	/* An entry for the genesis, or for another epoch. */
	genesis_member_sign(e, &w->g->nonce, sk);
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_BAD_SIGNATURE);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *key = i == 0 ? e->id_key.b : i == 1 ? e->vote_key.b : e->box_key;

		*e = kept;
		memcpy(key, w->now->members[2].vote_key.b, 32);
		genesis_member_sign(e, &nonce, sk);
		ck_error(roster_join_entry(w, 5, sk), SR_ERR_DUPLICATE);
		*e = kept;
		memcpy(key, e->operator_key.b, 32);
		genesis_member_sign(e, &nonce, sk);
		ck_error(roster_join_entry(w, 5, sk), SR_ERR_DUPLICATE);
	}
	*e = kept;
	memset(e->box_key, 0xff, 32);
	genesis_member_sign(e, &nonce, sk);
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_BAD_POINT);
	*e = kept;
	memcpy(e->name, "person 3", 8);
	genesis_member_sign(e, &nonce, sk);
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_DUPLICATE);
	*e = kept;
	e->evidence.n = 0;
	genesis_member_sign(e, &nonce, sk);
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_EVIDENCE_KIND);
	*e = kept;
	w->people[5].evidence[0] = ATTEST_KIND_SNP;
	genesis_member_sign(e, &nonce, sk);
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_EVIDENCE_KIND);
	w->people[5].evidence[0] = ATTEST_KIND_SOFTWARE;
	*e = kept;
	ck_ok(roster_join_entry(w, 5, sk));
	ck_error(roster_join_entry(w, 5, sk), SR_ERR_DUPLICATE);
	roster_world_free(w);
}
END_TEST

START_TEST(eight_wait_at_most_and_who_was_refused_makes_room)
{
	struct roster_world *w = roster_world_new(4, 10, NULL);

	for (uint32_t i = 0; i < ROSTER_CANDIDATES_MAX; i++) {
		ck_ok(roster_join(w, 5 + i));
		ck_assert_uint_eq(roster_candidate(w, 5 + i).seat, 4 + i);
	}
	ck_error(roster_join(w, 20), SR_ERR_TOO_MANY);
	roster_block(w, 1000);
	roster_verdict(w, &w->people[7].subject, SR_ERR_CHAIN_BAD, NULL);
	roster_block(w, 1000);
	roster_verdict(w, &w->people[6].subject, SR_ERR_CHAIN_BAD, NULL);
	ck_ok(roster_join(w, 20));
	ck_assert_uint_eq(roster_candidate(w, 20).seat, 6);
	ck_error(roster_candidate(w, 6).code, SR_ERR_CHAIN_BAD);
	ck_ok(roster_join(w, 21));
	ck_error(roster_join(w, 22), SR_ERR_TOO_MANY);
	roster_world_free(w);
}
END_TEST

START_TEST(a_candidate_of_whom_nothing_becomes_expires)
{
	struct roster_world *w = roster_world_new(4, 11, NULL);
	uint64_t span = ROSTER_EXPIRE_WINDOWS * roster_policy_now(w).window_ms;
	struct attest_facts facts;
	struct roster_candidate c;

	ck_ok(roster_join(w, 5));
	facts = good_facts(w, 5);
	ck_ok(roster_vote(w, 0, &w->people[5].subject, SR_OK, &facts));
	roster_block(w, span - 1);
	ck_assert_int_eq(roster_candidate(w, 5).state, ROSTER_WAITING);
	roster_block(w, 1000);
	ck_error(roster_candidate(w, 5).code, SR_ERR_NOT_ADMITTED);
	ck_error(roster_vote(w, 1, &w->people[5].subject, SR_OK, &facts), SR_ERR_NOT_FOUND);
	roster_block(w, 2 * span);
	ck_error(roster_candidate_find(&c, w->t, &w->people[5].entry.id_key), SR_ERR_NOT_FOUND);
	roster_world_free(w);
}
END_TEST

START_TEST(who_waits_while_an_epoch_ends_is_voted_on_anew)
{
	struct roster_world *w = roster_world_new(4, 12, NULL);
	struct attest_facts facts;

	roster_admit(w, 4);
	ck_ok(roster_join(w, 5));
	facts = good_facts(w, 5);
	for (uint32_t i = 0; i < 2; i++)
		ck_ok(roster_vote(w, i, &w->people[5].subject, SR_OK, &facts));
	ck_assert(roster_change_through(w));
	ck_ok(roster_vote(w, 2, &w->people[5].subject, SR_OK, &facts));
	ck_assert_int_eq(roster_candidate(w, 5).state, ROSTER_WAITING);
	/* Bound to the epoch in which it asked. */
	for (uint32_t i = 0; i < 5; i++)
		if (i != 2 && roster_candidate(w, 5).state == ROSTER_WAITING)
			ck_ok(roster_vote(w, i, &w->people[5].subject, SR_OK, &facts));
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 5), 5);
	roster_world_free(w);
}
END_TEST

static void mixed(struct attest_policy *p)
{
	p->kinds |= ATTEST_KIND_BIT(ATTEST_KIND_SNP);
}

static void renew(struct roster_world *w, uint32_t person, uint8_t salt)
{
	struct attest_facts facts = member_facts(w, person);
	struct sr_hash32 subject;

	ck_ok(roster_reattest(w, &w->people[person].vote, person, salt, &subject));
	roster_verdict(w, &subject, SR_OK, &facts);
	ck_assert_uint_eq(roster_member(w, person).flags, 0);
}

START_TEST(evidence_counts_once_in_an_epoch)
{
	struct roster_world *w = roster_world_new(4, 13, NULL);
	struct sr_hash32 subject;
	struct attest_facts facts = member_facts(w, 1);

	ck_ok(roster_reattest(w, &w->people[1].operator_sk, 1, 7, &subject));
	roster_verdict(w, &subject, SR_OK, &facts);
	ck_error(roster_reattest(w, &w->people[1].operator_sk, 1, 7, NULL), SR_ERR_DUPLICATE);
	ck_error(roster_reattest(w, &w->people[1].operator_sk, 1, 8, NULL), SR_ERR_TOO_EARLY);
	roster_block(w, ROSTER_OWN_REST_MS);
	/* What was no good neither. */
	ck_ok(roster_reattest(w, &w->people[1].operator_sk, 1, 8, &subject));
	roster_verdict(w, &subject, SR_ERR_CHAIN_BAD, NULL);
	ck_error(roster_reattest(w, &w->people[1].operator_sk, 1, 8, NULL), SR_ERR_DUPLICATE);
	roster_world_free(w);
}
END_TEST

/* A member that holds a JOIN back can't make its evidence worthless by bringing it as its own. */
START_TEST(evidence_that_a_thief_brought_first_is_still_its_owner_s)
{
	struct roster_world *w = roster_world_new(4, 36, NULL);
	const struct sr_edsk *thief = &w->people[1].vote;
	const struct genesis_member *e = &w->people[5].entry;
	struct sr_hash32 nonce = epoch_record_nonce(w->now, w->g), subject;
	uint8_t report[ATTEST_REPORT_DATA];
	struct attest_facts facts;

	roster_entry(w, 5);
	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    &nonce);
	facts = roster_facts(w, report);
	ck_ok(roster_reattest_with(w, thief, 1, e->evidence, &subject));
	roster_verdict(w, &subject, SR_OK, &facts);
	ck_error(roster_member(w, 1).code, SR_ERR_BINDING);
	roster_block(w, ROSTER_OWN_REST_MS);
	ck_error(roster_reattest_with(w, thief, 1, e->evidence, NULL), SR_ERR_DUPLICATE);
	ck_ok(roster_join(w, 5));
	roster_verdict(w, &w->people[5].subject, SR_OK, &facts);
	ck_assert_uint_eq(roster_candidate(w, 5).state, ROSTER_ADMITTED);
	/* Accepted, it is nobody's any more. */
	ck_error(roster_reattest_with(w, &w->people[2].vote, 2, e->evidence, NULL),
	    SR_ERR_DUPLICATE);
	roster_world_free(w);
}
END_TEST

/* Each one makes everyone verify. */
START_TEST(a_member_asks_so_often_in_an_epoch_and_no_oftener)
{
	struct roster_world *w = roster_world_new(4, 32, NULL);
	struct sr_hash32 subject;

	for (uint8_t i = 0; i < ROSTER_TRIES_MAX; i++) {
		ck_ok(roster_reattest(w, &w->people[1].vote, 1, i, &subject));
		roster_verdict(w, &subject, SR_ERR_CHAIN_BAD, NULL);
		roster_block(w, ROSTER_OWN_REST_MS);
	}
	ck_error(roster_reattest(w, &w->people[1].operator_sk, 1, 99, NULL), SR_ERR_TOO_MANY);
	ck_ok(roster_reattest(w, &w->people[2].operator_sk, 2, 99, NULL));
	roster_admit(w, 5);
	ck_assert(roster_change_through(w));
	ck_ok(roster_reattest(w, &w->people[1].operator_sk, 1, 99, NULL));
	roster_world_free(w);
}
END_TEST

/* Without new epochs, evidence that was made on the first day would serve for ever. */
START_TEST(evidence_counts_no_longer_than_its_nonce_and_a_new_one_comes_by_itself)
{
	struct roster_world *w = roster_world_new(4, 33, mixed);
	struct attest_policy p = roster_policy_now(w);
	uint64_t began = roster_member(w, 1).nonce_ms;
	struct epoch_change change;

	roster_block(w, began + p.reattest_ms - w->time_ms);
	renew(w, 1, 1);
	roster_pass(w, 2000);
	ck_assert_uint_eq(roster_member(w, 1).flags, 0);
	/* The refresh that is due is held up for half a day. */
	roster_block(w, began + p.reattest_ms + p.lapse_ms + 3000 - w->time_ms);
	ck_assert_uint_eq(roster_member(w, 1).flags, ROSTER_DUE);
	renew(w, 1, 2);
	roster_pass(w, 1000);
	ck_assert_uint_eq(roster_member(w, 1).flags, ROSTER_DUE);
	roster_pass(w, 31000);
	ck_assert(roster_changing(w, &change));
	ck_assert(roster_change_through(w));
	renew(w, 1, 3);
	roster_pass(w, 1000);
	ck_assert_uint_eq(roster_member(w, 1).flags, 0);
	roster_world_free(w);
}
END_TEST

START_TEST(a_join_leads_to_another_machine_and_is_asked_about_once)
{
	struct roster_world *w = roster_world_new(4, 34, NULL);
	struct genesis_member *e = &w->people[5].entry;
	struct sr_hash32 nonce = epoch_record_nonce(w->now, w->g);
	char kept[GENESIS_URL_MAX];

	memcpy(kept, e->link, sizeof(kept));
	roster_entry(w, 5);
	snprintf(e->link, sizeof(e->link), "ipc:///run/other");
	genesis_member_sign(e, &nonce, &w->people[5].operator_sk);
	ck_error(roster_join_entry(w, 5, &w->people[5].operator_sk), SR_ERR_BAD_ENCODING);
	memcpy(e->link, kept, sizeof(kept));
	ck_ok(roster_join(w, 5));
	roster_verdict(w, &w->people[5].subject, SR_ERR_CHAIN_BAD, NULL);
	/* Eight others later its row is gone. */
	for (uint32_t i = 6; i < 15; i++) {
		roster_block(w, 1000);
		ck_ok(roster_join(w, i));
		roster_verdict(w, &w->people[i].subject, SR_ERR_CHAIN_BAD, NULL);
	}
	ck_error(roster_join(w, 5), SR_ERR_DUPLICATE);
	roster_world_free(w);
}
END_TEST

/* ------------------------------------------------------------------------------------- evidence */

START_TEST(evidence_becomes_due_and_then_lapses)
{
	struct roster_world *w = roster_world_new(5, 14, mixed);
	struct attest_policy p = roster_policy_now(w);
	struct sr_hash32 subject;
	struct attest_facts facts;
	struct epoch_change change;

	roster_block(w, ROSTER_START_MS + p.reattest_ms - 1 - w->time_ms);
	ck_assert_uint_eq(roster_member(w, 2).flags, 0);
	roster_block(w, 1);
	ck_assert_uint_eq(roster_member(w, 2).flags, ROSTER_DUE);
	for (uint32_t i = 0; i < 4; i++) {
		facts = member_facts(w, i);
		ck_ok(roster_reattest(w, &w->people[i].vote, i, 1, &subject));
		roster_verdict(w, &subject, SR_OK, &facts);
		ck_assert_uint_eq(roster_member(w, i).flags, 0);
		ck_assert_uint_eq(roster_member(w, i).verified_ms, w->time_ms);
	}
	roster_block(w, p.lapse_ms - 1000);
	ck_assert_uint_eq(roster_member(w, 4).flags, ROSTER_DUE);
	roster_block(w, 1000);
	ck_assert_uint_eq(roster_member(w, 4).flags, ROSTER_DUE | ROSTER_LAPSED);
	ck_error(roster_member(w, 4).code, SR_ERR_EVIDENCE_LAPSED);
	/* The refresh that new nonces need was under way, then this one. */
	ck_assert(roster_changing(w, &change));
	ck_assert(roster_change_through(w));
	w->people[4].down = true;
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 4), EPOCH_NOBODY);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(who_renews_lapsed_evidence_in_time_stays)
{
	struct roster_world *w = roster_world_new(4, 15, mixed);
	struct attest_policy p = roster_policy_now(w);
	struct sr_hash32 subject;
	struct attest_facts facts;
	struct epoch_change change;

	/* No block for a day and a half: nobody could renew anything. */
	roster_block(w, p.reattest_ms + p.lapse_ms + 1000);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(roster_member(w, i).flags, ROSTER_DUE);
	roster_block(w, p.lapse_ms - 1);
	ck_assert_uint_eq(roster_member(w, 0).flags, ROSTER_DUE);
	roster_block(w, 1000);
	/* All of them: service goes on, since fewer than four may not remain. */
	for (uint32_t i = 0; i < 4; i++)
		ck_assert(roster_member(w, i).flags & ROSTER_LAPSED);
	roster_pass(w, 31000);
	ck_assert(roster_changing(w, &change));
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		facts = member_facts(w, i);
		ck_ok(roster_reattest(w, &w->people[i].vote, i, 1, &subject));
		roster_verdict(w, &subject, SR_OK, &facts);
	}
	roster_pass(w, 5000);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(roster_member(w, i).flags, 0);
	roster_world_free(w);
}
END_TEST

/* A common expiry: one after the other, they would take the healthy with them. */
START_TEST(more_than_may_fail_do_not_go_for_their_evidence_and_not_in_a_row)
{
	struct roster_world *w = roster_world_new(7, 30, mixed);
	struct attest_policy p = roster_policy_now(w);
	struct epoch_change change;

	roster_block(w, p.reattest_ms);
	for (uint32_t i = 0; i < 4; i++)
		renew(w, i, 1);
	roster_block(w, p.lapse_ms);
	for (uint32_t i = 0; i < 7; i++)
		ck_assert_uint_eq(roster_member(w, i).flags & ROSTER_LAPSED,
		    i < 4 ? 0 : ROSTER_LAPSED);
	/* The refresh that is due takes nobody with it. */
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 7);
	roster_pass(w, 5000);
	ck_assert(!roster_changing(w, &change));
	renew(w, 4, 2);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 6);
	ck_assert_uint_eq(roster_index(w, 5), EPOCH_NOBODY);
	/* One of six may fail, and one has lapsed: it still has a window to renew it. */
	roster_pass(w, p.window_ms - 1000);
	ck_assert(!roster_changing(w, &change));
	roster_pass(w, 3000);
	ck_assert(roster_changing(w, &change));
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 6), EPOCH_NOBODY);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

/* Evidence that was brought just before a CLOSE, and such that comes just after it. */
START_TEST(evidence_of_the_epoch_before_still_counts)
{
	struct roster_world *w = roster_world_new(5, 31, NULL);
	struct attest_facts one = member_facts(w, 1), two = member_facts(w, 2);
	struct attest_facts three = member_facts(w, 3);
	struct sr_hash32 subject;
	struct epoch_context ctx;
	struct roster_subject todo;
	uint64_t began = w->time_ms;

	ck_ok(roster_reattest(w, &w->people[3].vote, 3, 9, &subject));
	roster_verdict(w, &subject, SR_OK, &three);
	ck_ok(roster_reattest(w, &w->people[1].vote, 1, 7, &subject));
	roster_admit(w, 5);
	ck_assert(roster_change_through(w));
	ctx = roster_ctx(w);
	ck_ok(roster_subject_next(&todo, w->t, &ctx, 0, NULL));
	ck_assert(sr_hash32_equal(&todo.subject, &subject));
	ck_assert_mem_eq(todo.report_data, one.report_data, ATTEST_REPORT_DATA);
	roster_verdict(w, &subject, SR_OK, &one);
	ck_error(roster_member(w, 1).code, SR_OK);
	ck_assert_uint_eq(roster_member(w, 1).nonce_ms, began);
	ck_ok(roster_reattest(w, &w->people[2].vote, 2, 7, &subject));
	roster_verdict(w, &subject, SR_OK, &two);
	ck_error(roster_member(w, 2).code, SR_OK);
	/* What counted once counts no more, in the epoch after neither. */
	ck_error(roster_reattest(w, &w->people[3].vote, 3, 9, NULL), SR_ERR_DUPLICATE);
	roster_admit(w, 6);
	ck_assert(roster_change_through(w));
	roster_block(w, ROSTER_OWN_REST_MS);
	ck_ok(roster_reattest(w, &w->people[2].vote, 2, 8, &subject));
	roster_verdict(w, &subject, SR_OK, &two);
	ck_error(roster_member(w, 2).code, SR_ERR_BINDING);
	roster_world_free(w);
}
END_TEST

START_TEST(the_operators_word_does_not_get_older)
{
	struct roster_world *w = roster_world_new(4, 16, NULL);

	roster_block(w, 100 * roster_policy_now(w).reattest_ms);
	ck_assert_uint_eq(roster_member(w, 0).flags, 0);
	roster_world_free(w);
}
END_TEST

START_TEST(collateral_that_runs_out_makes_evidence_due)
{
	struct roster_world *w = roster_world_new(4, 17, mixed);
	struct attest_policy p = roster_policy_now(w);
	struct sr_hash32 subject;
	struct attest_facts facts = member_facts(w, 1);

	facts.valid_to_s = w->time_ms / 1000 + 3600;
	ck_ok(roster_reattest(w, &w->people[1].vote, 1, 1, &subject));
	roster_verdict(w, &subject, SR_OK, &facts);
	roster_block(w, 3600000);
	ck_assert_uint_eq(roster_member(w, 1).flags, 0);
	roster_block(w, 2000);
	ck_assert_uint_eq(roster_member(w, 1).flags, ROSTER_DUE);
	roster_block(w, p.lapse_ms);
	ck_assert_uint_eq(roster_member(w, 1).flags, ROSTER_DUE | ROSTER_LAPSED);
	roster_world_free(w);
}
END_TEST

START_TEST(a_member_stays_on_its_machine)
{
	struct roster_world *w = roster_world_new(4, 18, mixed);
	struct sr_hash32 subject;
	struct attest_facts facts = member_facts(w, 1);
	uint64_t verified = roster_member(w, 1).verified_ms;

	facts.platform = sr_hash("other", 5);
	ck_ok(roster_reattest(w, &w->people[1].vote, 1, 1, &subject));
	roster_block(w, 1000);
	roster_verdict(w, &subject, SR_OK, &facts);
	ck_error(roster_member(w, 1).code, SR_ERR_COLLATERAL_OTHER);
	ck_assert_uint_eq(roster_member(w, 1).verified_ms, verified);
	facts = member_facts(w, 1);
	facts.report_data[1] ^= 1;
	roster_block(w, ROSTER_OWN_REST_MS);
	ck_ok(roster_reattest(w, &w->people[1].vote, 1, 2, &subject));
	roster_verdict(w, &subject, SR_OK, &facts);
	ck_error(roster_member(w, 1).code, SR_ERR_BINDING);
	roster_world_free(w);
}
END_TEST

START_TEST(a_stranger_brings_evidence_only_for_what_is_due_and_keeps_nobody_out)
{
	struct roster_world *w = roster_world_new(4, 19, mixed);
	const struct sr_edsk *stranger = &w->people[9].operator_sk;
	struct sr_hash32 subject;
	struct attest_facts facts;

	ck_error(roster_reattest(w, stranger, 1, 1, NULL), SR_ERR_TOO_EARLY);
	roster_block(w, roster_policy_now(w).reattest_ms);
	ck_ok(roster_reattest(w, stranger, 1, 1, &subject));
	ck_error(roster_reattest(w, stranger, 1, 2, NULL), SR_ERR_CHANGE_PENDING);
	ck_ok(roster_reattest(w, &w->people[1].operator_sk, 1, 3, NULL));
	ck_error(roster_reattest(w, &w->people[1].vote, 1, 4, NULL), SR_ERR_CHANGE_PENDING);
	roster_verdict(w, &subject, SR_ERR_EVIDENCE_FORMAT, NULL);
	ck_error(roster_member(w, 1).code, SR_OK);
	ck_error(roster_reattest(w, stranger, 1, 5, NULL), SR_ERR_TOO_EARLY);
	roster_block(w, ROSTER_OPEN_REST_MS);
	ck_ok(roster_reattest(w, stranger, 1, 5, &subject));
	facts = member_facts(w, 1);
	roster_verdict(w, &subject, SR_OK, &facts);
	ck_assert_uint_eq(roster_member(w, 1).flags, 0);
	/* What nobody agrees on makes room after a while. */
	roster_block(w, roster_policy_now(w).window_ms);
	ck_ok(roster_reattest(w, &w->people[1].vote, 1, 6, NULL));
	roster_world_free(w);
}
END_TEST

/* --------------------------------------------------------------------------------------- policy */

START_TEST(a_policy_needs_a_quorum_of_the_operators)
{
	struct roster_world *w = roster_world_new(4, 20, NULL);
	struct attest_policy p = roster_policy_now(w);
	const uint32_t four[] = { 0, 1, 2, 3 }, with_stranger[] = { 0, 1, 2, 7 };

	p.number++;
	p.per_operator_max = 3;
	ck_assert_uint_eq(roster_operators_quorum(w->now), 3);
	ck_error(roster_policy(w, &p, four, 2), SR_ERR_THRESHOLD);
	ck_error(roster_policy(w, &p, with_stranger, 4), SR_ERR_NOT_A_MEMBER);
	p.number++;
	ck_error(roster_policy(w, &p, four, 3), SR_ERR_TOO_FAR_AHEAD);
	p.number--;
	ck_ok(roster_policy(w, &p, four, 3));
	ck_assert_uint_eq(roster_policy_now(w).per_operator_max, 3);
	ck_error(roster_policy(w, &p, four, 3), SR_ERR_STALE);
	roster_world_free(w);
}
END_TEST

/* Until then the old one judges; the next one takes its place. */
START_TEST(a_policy_that_loosens_waits)
{
	struct roster_world *w = roster_world_new(4, 36, listed_only);
	struct attest_policy p = roster_policy_now(w), announced;
	const uint32_t three[] = { 0, 1, 2 };
	uint64_t from_ms;

	p.number = 2;
	p.operators_open = true;
	ck_ok(roster_policy(w, &p, three, 3));
	ck_assert_uint_eq(roster_policy_now(w).number, 1);
	ck_ok(roster_policy_announced(&announced, &from_ms, w->t));
	ck_assert_uint_eq(announced.number, 2);
	ck_assert_uint_eq(from_ms, w->time_ms + p.measurement_delay_ms);
	ck_error(roster_join(w, 5), SR_ERR_OPERATOR_UNKNOWN);
	/* Another one: its time begins anew. */
	roster_block(w, 60000);
	ck_error(roster_policy(w, &p, three, 3), SR_ERR_STALE);
	p.number = 3;
	p.statuses |= ATTEST_STATUS_BIT(ATTEST_OUT_OF_DATE);
	ck_ok(roster_policy(w, &p, three, 3));
	roster_block(w, p.measurement_delay_ms - 1000);
	ck_assert_uint_eq(roster_policy_now(w).number, 1);
	roster_block(w, 1000);
	ck_assert_uint_eq(roster_policy_now(w).number, 3);
	ck_assert(roster_policy_now(w).operators_open);
	ck_error(roster_policy_announced(&announced, &from_ms, w->t), SR_ERR_NOT_FOUND);
	ck_ok(roster_join(w, 5));
	/* What is stricter counts at once, and ends what was announced. */
	p.number = 4;
	p.kinds |= ATTEST_KIND_BIT(ATTEST_KIND_SNP);
	ck_ok(roster_policy(w, &p, three, 3));
	p.number = 5;
	p.kinds = ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE);
	p.operators_open = false;
	ck_ok(roster_policy(w, &p, three, 3));
	ck_assert_uint_eq(roster_policy_now(w).number, 5);
	roster_block(w, 2 * p.measurement_delay_ms);
	ck_assert_uint_eq(roster_policy_now(w).number, 5);
	roster_world_free(w);
}
END_TEST

START_TEST(nobody_signs_a_policy_for_another_or_twice)
{
	struct roster_world *w = roster_world_new(4, 21, NULL);
	struct attest_policy p = roster_policy_now(w);
	const uint32_t three[] = { 0, 1, 2 }, twice[] = { 0, 1, 1 };
	struct roster_person *forged = &w->people[1];
	struct sr_edsk kept = forged->operator_sk;

	p.number++;
	ck_error(roster_policy(w, &p, twice, 3), SR_ERR_BAD_ENCODING);
	forged->operator_sk = w->people[8].operator_sk;
	ck_error(roster_policy(w, &p, three, 3), SR_ERR_BAD_SIGNATURE);
	forged->operator_sk = kept;
	/* For another chain. */
	w->policy_chain.b[0] ^= 1;
	ck_error(roster_policy(w, &p, three, 3), SR_ERR_BAD_SIGNATURE);
	w->policy_chain.b[0] ^= 1;
	ck_ok(roster_policy(w, &p, three, 3));
	roster_world_free(w);
}
END_TEST

START_TEST(a_measurement_that_ends_sends_its_members_away)
{
	struct roster_world *w = roster_world_new(5, 22, NULL);
	struct attest_policy p = roster_policy_now(w);
	const uint32_t four[] = { 0, 1, 2, 3 };
	struct epoch_change change;

	roster_admit(w, 6);
	p.number++;
	p.measurements[0].until_ms = w->time_ms + 10000;
	ck_ok(roster_policy(w, &p, four, 4));
	ck_assert(roster_change_through(w));
	roster_admit(w, 7);
	w->people[7].down = true;
	roster_block(w, 20000);
	for (uint32_t i = 0; i < 5; i++) {
		ck_error(roster_member(w, i).code, SR_ERR_MEASUREMENT_ENDED);
		ck_assert_uint_eq(roster_member(w, i).flags, ROSTER_DUE);
	}
	/* Whoever has been admitted has not been let in yet. */
	ck_assert(roster_changing(w, &change) ||
	    roster_candidate(w, 7).code == SR_ERR_MEASUREMENT_ENDED);
	roster_block(w, p.lapse_ms);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert(roster_member(w, i).flags & ROSTER_LAPSED);
	roster_world_free(w);
}
END_TEST

/* ---------------------------------------------------------------------------------------- fault */

static void fault_body(struct roster_world *w, struct sr_writer *body,
    const struct epoch_record *record, uint32_t index, const struct sr_edsk *vote, uint8_t other)
{
	sr_writer_init(body, 2048);
	sr_write_u8(body, 1);
	sr_write_u8(body, 2);
	for (uint8_t i = 0; i < 2; i++) {
		struct consensus_vote v = {
			.kind = CONSENSUS_NOTAR, .epoch = record->epoch, .slot = 9, .voter = index,
			.hash = { { i == 0 ? (uint8_t)1 : other } },
		};

		consensus_vote_sign(&v, &w->g->chain_id, vote);
		consensus_vote_write(body, &v);
	}
	ck_ok(sr_writer_finish(body));
}

START_TEST(who_votes_twice_in_a_slot_is_sent_away_even_from_four)
{
	struct roster_world *w = roster_world_new(4, 23, NULL);
	const struct sr_edsk *anyone = &w->people[11].operator_sk;
	struct sr_writer body;

	fault_body(w, &body, w->now, 2, &w->people[2].vote, 1);
	ck_error(roster_do(w, EPOCH_OP_FAULT, anyone, body.p, body.n), SR_ERR_BAD_PROOF);
	sr_writer_clear(&body);
	fault_body(w, &body, w->now, 2, &w->people[1].vote, 2);
	ck_error(roster_do(w, EPOCH_OP_FAULT, anyone, body.p, body.n), SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&body);
	fault_body(w, &body, w->now, 2, &w->people[2].vote, 2);
	ck_ok(roster_do(w, EPOCH_OP_FAULT, anyone, body.p, body.n));
	ck_assert_uint_eq(roster_member(w, 2).flags, ROSTER_FAULTY);
	ck_error(roster_do(w, EPOCH_OP_FAULT, anyone, body.p, body.n), SR_ERR_CHANGE_PENDING);
	sr_writer_clear(&body);
	w->people[2].down = true;
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 3);
	ck_assert_uint_eq(w->now->threshold, 2);
	ck_assert_uint_eq(roster_index(w, 2), EPOCH_NOBODY);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(a_fault_of_the_epoch_before_counts_and_an_older_one_does_not)
{
	struct roster_world *w = roster_world_new(5, 24, NULL);
	const struct sr_edsk *anyone = &w->people[11].operator_sk;
	struct sr_writer body;

	fault_body(w, &body, w->now, 2, &w->people[2].vote, 2);
	roster_admit(w, 5);
	ck_assert(roster_change_through(w));
	roster_admit(w, 6);
	ck_assert(roster_change_through(w));
	ck_error(roster_do(w, EPOCH_OP_FAULT, anyone, body.p, body.n), SR_ERR_WRONG_EPOCH);
	sr_writer_clear(&body);
	fault_body(w, &body, w->now, 3, &w->people[3].vote, 2);
	roster_admit(w, 7);
	ck_assert(roster_change_through(w));
	ck_ok(roster_do(w, EPOCH_OP_FAULT, anyone, body.p, body.n));
	ck_assert_uint_eq(roster_member(w, 3).flags, ROSTER_FAULTY);
	sr_writer_clear(&body);
	roster_world_free(w);
}
END_TEST

/* A fault goes before a wish, whoever stands first in the roster. */
START_TEST(faults_go_first)
{
	struct roster_world *w = roster_world_new(6, 25, NULL);
	struct sr_writer body;

	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[0].operator_sk, 0));
	fault_body(w, &body, w->now, 4, &w->people[4].vote, 2);
	ck_ok(roster_do(w, EPOCH_OP_FAULT, &w->people[9].operator_sk, body.p, body.n));
	sr_writer_clear(&body);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 4), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 0), 0);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 0), EPOCH_NOBODY);
	roster_world_free(w);
}
END_TEST

START_TEST(leaving_is_for_who_speaks_for_the_seat)
{
	struct roster_world *w = roster_world_new(6, 26, NULL);

	ck_error(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[1].operator_sk, 0),
	    SR_ERR_WRONG_KEY);
	ck_error(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[8].operator_sk, 0),
	    SR_ERR_WRONG_KEY);
	ck_error(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[1].operator_sk, 77),
	    SR_ERR_NOT_FOUND);
	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[0].vote, 0));
	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[1].operator_sk, 1));
	ck_error(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[2].operator_sk, 2),
	    SR_ERR_ROSTER_SMALL);
	roster_world_free(w);
}
END_TEST

/* -------------------------------------------------------------------------------------- genesis */

static enum sr_error fake_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	memset(facts, 0, sizeof(*facts));
	if (trust->operator_key == NULL || time_s != ROSTER_START_MS / 1000)
		return SR_ERR_EVIDENCE_BAD;
	facts->kind = ATTEST_KIND_SOFTWARE;
	facts->status = ATTEST_UP_TO_DATE;
	facts->measurement_n = 32;
	memcpy(facts->measurement, evidence.p + 1, 32);
	memcpy(facts->report_data, evidence.p + 33, 64);
	facts->valid_to_s = UINT64_MAX;
	return SR_OK;
}

START_TEST(at_boot_every_entry_must_be_genuine_and_acceptable)
{
	struct roster_world *w = roster_world_new(4, 27, NULL);
	struct genesis *g = w->g;

	for (uint32_t i = 0; i < 4; i++) {
		w->people[i].entry = g->members[i];
		ck_assert_uint_gt(g->members[i].evidence.n, 0);
	}
	ck_ok(roster_genesis_check(g, fake_verify));
	g->nonce.b[0] ^= 1;
	ck_error(roster_genesis_check(g, fake_verify), SR_ERR_BINDING);
	g->nonce.b[0] ^= 1;
	g->policy.measurements[0].until_ms = 1;
	ck_error(roster_genesis_check(g, fake_verify), SR_ERR_MEASUREMENT_ENDED);
	g->policy.measurements[0].until_ms = 0;
	g->created_ms += 1000;
	ck_error(roster_genesis_check(g, fake_verify), SR_ERR_EVIDENCE_BAD);
	roster_world_free(w);
}
END_TEST

START_TEST(vendors_evidence_of_the_genesis_gets_its_facts_by_verdicts)
{
	struct roster_world *w = roster_world_new(4, 28, mixed);
	struct epoch_context ctx;
	struct roster_subject todo;
	struct roster_member m = roster_member(w, 1);
	struct attest_facts facts = m.facts;

	m.has_facts = false;
	ck_ok(roster_member_put(&w->t, &m));
	ctx = roster_ctx(w);
	ck_ok(roster_subject_next(&todo, w->t, &ctx, 0, NULL));
	ck_assert_mem_eq(todo.report_data, facts.report_data, ATTEST_REPORT_DATA);
	ck_assert_uint_eq(todo.time_ms, w->g->created_ms);
	roster_verdict(w, &todo.subject, SR_OK, &facts);
	ck_assert(roster_member(w, 1).has_facts);
	ck_error(roster_subject_next(&todo, w->t, &ctx, 0, NULL), SR_ERR_NOT_FOUND);
	m.seat = 2;
	ck_ok(roster_member_put(&w->t, &m));
	ck_ok(roster_subject_next(&todo, w->t, &ctx, 0, NULL));
	roster_verdict(w, &todo.subject, SR_ERR_KEY_REVOKED, NULL);
	roster_pass(w, 3000);
	ck_error(roster_member(w, 2).code, SR_ERR_KEY_REVOKED);
	ck_assert_uint_eq(roster_member(w, 2).flags, ROSTER_LAPSED);
	ck_error(roster_subject_next(&todo, w->t, &ctx, 0, NULL), SR_ERR_NOT_FOUND);
	roster_world_free(w);
}
END_TEST

TEST_MAIN("enclave roster", a_candidate_waits_until_a_quorum_says_the_same,
    a_stranger_to_the_roster_does_not_vote, a_malformed_verdict_is_refused,
    what_a_quorum_could_not_verify_is_refused_with_its_code,
    evidence_is_its_operator_s_alone, what_is_genuine_must_also_be_acceptable,
    only_listed_operators_may_ask_unless_anyone_may,
    an_operator_has_as_many_members_as_the_policy_allows,
    a_machine_has_as_many_members_as_the_policy_allows,
    a_join_is_the_operator_s_own_for_this_epoch_with_keys_of_its_own,
    eight_wait_at_most_and_who_was_refused_makes_room,
    a_candidate_of_whom_nothing_becomes_expires,
    who_waits_while_an_epoch_ends_is_voted_on_anew, evidence_counts_once_in_an_epoch,
    evidence_that_a_thief_brought_first_is_still_its_owner_s,
    a_member_asks_so_often_in_an_epoch_and_no_oftener,
    evidence_counts_no_longer_than_its_nonce_and_a_new_one_comes_by_itself,
    a_join_leads_to_another_machine_and_is_asked_about_once,
    evidence_becomes_due_and_then_lapses, who_renews_lapsed_evidence_in_time_stays,
    more_than_may_fail_do_not_go_for_their_evidence_and_not_in_a_row,
    evidence_of_the_epoch_before_still_counts,
    the_operators_word_does_not_get_older, collateral_that_runs_out_makes_evidence_due,
    a_member_stays_on_its_machine,
    a_stranger_brings_evidence_only_for_what_is_due_and_keeps_nobody_out,
    a_policy_needs_a_quorum_of_the_operators, a_policy_that_loosens_waits,
    nobody_signs_a_policy_for_another_or_twice,
    a_measurement_that_ends_sends_its_members_away,
    who_votes_twice_in_a_slot_is_sent_away_even_from_four,
    a_fault_of_the_epoch_before_counts_and_an_older_one_does_not, faults_go_first,
    leaving_is_for_who_speaks_for_the_seat,
    at_boot_every_entry_must_be_genuine_and_acceptable,
    vendors_evidence_of_the_genesis_gets_its_facts_by_verdicts,
    a_verdict_on_no_candidate_or_member_is_the_registry_s)
