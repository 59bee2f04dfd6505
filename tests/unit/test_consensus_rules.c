/* Each rule of voting, one by one, with its violation planted. Node 0 of four is real; q = 3. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"

#define OTHERS 0xeu     /* members 1, 2, 3 */

START_TEST(a_good_proposal_draws_notar_and_its_certificate_draws_final)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct consensus_vote v;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	v = puppet_vote(p, 1, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	v = puppet_vote(p, 2, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert(puppet_voted(p, CONSENSUS_FINAL, 1, &b.hash));
	ck_assert_uint_eq(p->c->nodes[0].app.certified, 1);
	ck_assert_uint_eq(puppet_status(p).final_height, 0);
	v = puppet_vote(p, 1, CONSENSUS_FINAL, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert_uint_eq(puppet_status(p).final_height, 0);
	v = puppet_vote(p, 2, CONSENSUS_FINAL, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert_uint_eq(puppet_status(p).final_height, 1);
	puppet_free(p);
}
END_TEST

START_TEST(the_same_vote_twice_counts_once)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct consensus_vote v = puppet_vote(p, 1, CONSENSUS_NOTAR, 1, &b.hash);

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	for (int i = 0; i < 5; i++)
		ck_ok(puppet_say_vote(p, &v));
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(votes_for_two_blocks_make_no_certificate_of_either)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, "one");
	struct puppet_block b = puppet_block(p, &g, 1, "two");
	struct consensus_vote v;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	v = puppet_vote(p, 1, CONSENSUS_NOTAR, 1, &a.hash);
	ck_ok(puppet_say_vote(p, &v));
	v = puppet_vote(p, 2, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1);
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	v = puppet_vote(p, 3, CONSENSUS_NOTAR, 1, &a.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert(puppet_voted(p, CONSENSUS_FINAL, 1, &a.hash));
	puppet_free(p);
}
END_TEST

START_TEST(a_vote_with_a_wrong_signature_is_refused_and_counts_nothing)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	for (uint32_t i = 1; i < 4; i++) {
		struct consensus_vote v = puppet_vote(p, i, CONSENSUS_NOTAR, 1, &b.hash);

		v.sig.b[5] ^= 1;
		ck_error(puppet_say_vote(p, &v), SR_ERR_BAD_SIGNATURE);
	}
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	ck_assert_uint_eq(puppet_status(p).votes_bad, 3);
	puppet_free(p);
}
END_TEST

START_TEST(only_the_first_of_two_proposals_in_a_slot_draws_notar)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &g, 1, "two");

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_error(puppet_say_propose(p, 1, &b, NULL, NULL, 0), SR_ERR_DUPLICATE);
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &a.hash));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	ck_assert_uint_eq(p->c->nodes[0].evidence, 1);
	puppet_free(p);
}
END_TEST

/* The rival comes in by hash, with a certificate: NOTAR was cast for the slot already. */
START_TEST(no_second_notar_in_a_slot_even_for_a_block_fetched_by_hash)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 2, "one"), b = puppet_block(p, &g, 2, "two");
	struct consensus_cert skip1 = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS);
	struct cons_block *held;
	struct cons_slot *s;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 2, &a, NULL, &skip1, 1));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 2, &a.hash));
	/* Straight into the tree, past every other check. */
	ck_ok(cons_block_new(&held, &b.header, NULL, b.body));
	ck_ok(cons_tree_add(puppet_consensus(p), held));
	ck_ok(consensus_tick(puppet_consensus(p), p->c->now_ms));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, &b.hash));
	s = cons_slot_find(puppet_consensus(p), 2);
	ck_assert(sr_hash32_equal(&s->own.notar_hash, &a.hash));
	puppet_free(p);
}
END_TEST

START_TEST(no_notar_without_a_skip_certificate_for_each_gap_slot)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 3, "op");
	struct consensus_cert skips[2] = {
		puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS),
		puppet_cert(p, CONSENSUS_SKIP, 2, NULL, OTHERS),
	};

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 3, &b, NULL, &skips[1], 1));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 3, NULL));
	ck_ok(puppet_say_cert(p, 2, &skips[0]));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 3, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(a_gap_certificate_of_too_few_or_outside_the_gap_is_refused)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 2, "op");
	struct consensus_cert few = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, 0x6);
	struct consensus_cert outside = puppet_cert(p, CONSENSUS_SKIP, 2, NULL, OTHERS);
	struct consensus_cert forged = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS);

	forged.signers[2].sig.b[0] ^= 1;
	puppet_pass(p, 100);
	ck_error(puppet_say_propose(p, 2, &b, NULL, &few, 1), SR_ERR_BAD_QUORUM);
	ck_error(puppet_say_propose(p, 2, &b, NULL, &outside, 1), SR_ERR_GAP_UNPROVEN);
	ck_error(puppet_say_propose(p, 2, &b, NULL, &forged, 1), SR_ERR_BAD_SIGNATURE);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(no_notar_on_a_parent_without_a_certificate)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &a, 2, "two");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_ok(puppet_say_propose(p, 2, &b, NULL, NULL, 0));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	ck_ok(puppet_say_cert(p, 3, &notar));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 2, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(a_proposal_brings_its_parents_certificate_itself)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &a, 2, "two");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);
	struct consensus_cert wrong = puppet_cert(p, CONSENSUS_NOTAR, 1, &b.hash, OTHERS);

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_error(puppet_say_propose(p, 2, &b, &wrong, NULL, 0), SR_ERR_BAD_PARENT);
	ck_ok(puppet_say_propose(p, 2, &b, &notar, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 2, &b.hash));
	puppet_free(p);
}
END_TEST

/* The trap: the parent is notarised, even final, but it is not the *last* final block. */
START_TEST(a_parent_below_the_last_final_block_is_refused_though_it_is_notarised)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &a, 2, "two");
	struct puppet_block fork = puppet_block(p, &a, 3, "fork");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	puppet_finalise(p, &a);
	ck_ok(puppet_say_propose(p, 2, &b, &notar, NULL, 0));
	puppet_finalise(p, &b);
	ck_assert_uint_eq(puppet_status(p).final_slot, 2);
	ck_ok(puppet_say_propose(p, 3, &fork, &notar, NULL, 0));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 3, NULL));
	puppet_free(p);
}
END_TEST

/* Another notarised block in the last final block's own slot would need f+1 liars; still
 * refused. */
START_TEST(a_stranger_in_the_last_final_slot_is_no_parent)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), o = puppet_block(p, &g, 1, "other");
	struct puppet_block b = puppet_block(p, &o, 2, "two");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &o.hash, OTHERS);

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	puppet_finalise(p, &a);
	(void)puppet_say_propose(p, 2, &b, &notar, NULL, 0);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(no_notar_below_the_frontier)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "late");
	struct consensus_cert skip = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS);

	puppet_pass(p, 100);
	ck_ok(puppet_say_cert(p, 2, &skip));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 2);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(skip_comes_when_the_timer_has_expired_and_not_before)
{
	struct puppet *p = puppet_new(4, 0);
	uint32_t timeout = puppet_status(p).skip_timeout_ms;

	ck_assert_uint_eq(timeout, 350);
	puppet_pass(p, timeout - 1);
	ck_ok(consensus_tick(puppet_consensus(p), p->c->now_ms));
	ck_assert(!puppet_voted(p, CONSENSUS_SKIP, 1, NULL));
	puppet_pass(p, 1);
	ck_assert(puppet_voted(p, CONSENSUS_SKIP, 1, NULL));
	ck_assert(!puppet_voted(p, CONSENSUS_SKIP, 2, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(notar_may_follow_an_own_skip_but_final_may_not)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "late");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &b.hash, OTHERS);

	puppet_pass(p, 400);
	ck_assert(puppet_voted(p, CONSENSUS_SKIP, 1, NULL));
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	ck_ok(puppet_say_cert(p, 1, &notar));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 2);
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	puppet_free(p);
}
END_TEST

/* Only a log that lost its tail can show a FINAL vote without the certificate it followed. */
START_TEST(no_skip_after_an_own_final)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct consensus_vote v = puppet_vote(p, 0, CONSENSUS_FINAL, 1, &b.hash);

	puppet_log_vote(p, &v);
	fleet_start_node(p->c, 0);
	puppet_pass(p, 3000);
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1);
	ck_assert(puppet_voted(p, CONSENSUS_FINAL, 1, &b.hash));
	ck_assert(!puppet_voted(p, CONSENSUS_SKIP, 1, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(an_invalid_block_draws_no_vote_even_when_certified)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "BAD");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &b.hash, OTHERS);

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, NULL));
	ck_ok(puppet_say_cert(p, 1, &notar));
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(a_final_block_that_my_own_check_refuses_stops_me)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "BAD");
	struct consensus_cert final = puppet_cert(p, CONSENSUS_FINAL, 1, &b.hash, OTHERS);

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert_int_ne(puppet_say_cert(p, 1, &final), SR_OK);
	ck_assert(puppet_status(p).stopped);
	ck_assert_uint_eq(puppet_status(p).final_height, 0);
	puppet_free(p);
}
END_TEST

static void proposal_draws_nothing(struct puppet_block *b, struct puppet *p, enum sr_error error)
{
	puppet_rehash(b);
	ck_error(puppet_say_propose(p, (uint32_t)(b->header.slot % 4), b, NULL, NULL, 0), error);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, b->header.slot, NULL));
}

START_TEST(every_field_of_a_header_is_checked)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), good = puppet_block(p, &g, 1, "op"), b;

	puppet_pass(p, 100);
	b = good, b.header.chain_id.b[0] ^= 1;
	proposal_draws_nothing(&b, p, SR_ERR_WRONG_CHAIN);
	b = good, b.header.epoch = 2;
	proposal_draws_nothing(&b, p, SR_ERR_WRONG_EPOCH);
	b = good, b.header.author = 2;
	proposal_draws_nothing(&b, p, SR_ERR_WRONG_AUTHOR);
	b = good, b.header.ops_root.b[0] ^= 1;
	proposal_draws_nothing(&b, p, SR_ERR_BAD_HASH);
	b = good, b.header.flags = CONSENSUS_INGRESS_OK;
	proposal_draws_nothing(&b, p, SR_ERR_BAD_QUORUM);
	b = good, b.header.time_ms = p->c->now_ms + 10001;
	proposal_draws_nothing(&b, p, SR_ERR_BAD_TIME);
	/* Nothing of that is kept: the good one is still the first of its slot. */
	ck_ok(puppet_say_propose(p, 1, &good, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &good.hash));
	puppet_free(p);
}
END_TEST

START_TEST(what_only_the_parent_can_tell_is_checked_too)
{
	static const int cases = 5;

	for (int i = 0; i < cases; i++) {
		struct puppet *p = puppet_new(4, 0);
		struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

		puppet_pass(p, 100);
		if (i == 0)
			b.header.height = 2;
		if (i == 1)
			b.header.time_ms = g.header.time_ms;
		if (i == 2)
			b.header.time_ms = g.header.time_ms + 19;
		if (i == 3)
			b.header.pre_state_root.b[0] ^= 1;
		if (i == 4)
			b.header.parent_hash.b[0] ^= 1;
		proposal_draws_nothing(&b, p, SR_OK);
		puppet_free(p);
	}
}
END_TEST

START_TEST(a_block_of_exactly_the_least_time_is_good)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	b.header.time_ms = g.header.time_ms + 20;
	puppet_rehash(&b);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(a_voter_waits_until_its_clock_is_half_a_second_before_the_block)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	b.header.time_ms = p->c->now_ms + 700;
	puppet_rehash(&b);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	puppet_pass(p, 199);
	ck_ok(consensus_tick(puppet_consensus(p), p->c->now_ms));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, NULL));
	puppet_pass(p, 1);
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(the_ingress_bit_needs_enough_votes_that_say_so)
{
	for (uint32_t say = 0; say <= 3; say++) {
		struct puppet *p = puppet_new(4, 0);
		struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, "one");
		struct puppet_block b = puppet_block(p, &a, 2, "two");
		struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);

		for (uint32_t i = 0; i < say; i++) {
			struct consensus_vote v = consensus_cert_vote(&c, i);

			v.flags = CONSENSUS_VOTE_INGRESS;
			consensus_vote_sign(&v, &p->c->chain_id, &p->c->nodes[v.voter].key);
			c.signers[i].flags = v.flags;
			c.signers[i].sig = v.sig;
		}
		b.header.flags = CONSENSUS_INGRESS_OK;
		puppet_rehash(&b);
		puppet_pass(p, 300);
		ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
		/* f = 1: two votes must say it. */
		ck_error(puppet_say_propose(p, 2, &b, &c, NULL, 0),
		    say >= 2 ? SR_OK : SR_ERR_BAD_QUORUM);
		ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 2, NULL) == (say >= 2));
		puppet_free(p);
	}
}
END_TEST

/* The parent's certificate is already held, so the one in the proposal might be taken unseen. */
START_TEST(forged_ingress_flags_are_found_even_when_the_parents_certificate_is_known)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, "one");
	struct puppet_block b = puppet_block(p, &a, 2, "two");
	struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);

	b.header.flags = CONSENSUS_INGRESS_OK;
	puppet_rehash(&b);
	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_ok(puppet_say_cert(p, 1, &c));
	for (uint32_t i = 0; i < 3; i++)
		c.signers[i].flags = CONSENSUS_VOTE_INGRESS;
	ck_error(puppet_say_propose(p, 2, &b, &c, NULL, 0), SR_ERR_BAD_SIGNATURE);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(a_child_of_a_close_block_must_be_empty_and_not_close_again)
{
	for (int i = 0; i < 3; i++) {
		struct puppet *p = puppet_new(4, 0);
		struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, NULL), b;
		struct consensus_cert notar;

		a.header.flags = CONSENSUS_CLOSE;
		puppet_rehash(&a);
		b = puppet_block(p, &a, 2, i == 0 ? "op" : NULL);
		if (i == 1) {
			b.header.flags = CONSENSUS_CLOSE;
			puppet_rehash(&b);
		}
		notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);
		puppet_pass(p, 300);
		ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
		ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &a.hash));
		ck_ok(puppet_say_propose(p, 2, &b, &notar, NULL, 0));
		ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 2, &b.hash) == (i == 2));
		puppet_free(p);
	}
}
END_TEST

START_TEST(a_final_certificate_commits_all_ancestors_in_order)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &a, 2, "two");
	struct puppet_block d = puppet_block(p, &b, 3, "three");
	struct consensus_cert an = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);
	struct consensus_cert bn = puppet_cert(p, CONSENSUS_NOTAR, 2, &b.hash, OTHERS);
	struct consensus_cert df = puppet_cert(p, CONSENSUS_FINAL, 3, &d.hash, OTHERS);

	puppet_pass(p, 340);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_ok(puppet_say_propose(p, 2, &b, &an, NULL, 0));
	ck_ok(puppet_say_propose(p, 3, &d, &bn, NULL, 0));
	ck_assert_uint_eq(puppet_status(p).final_height, 0);
	ck_ok(puppet_say_cert(p, 1, &df));
	ck_assert_uint_eq(puppet_status(p).final_height, 3);
	ck_assert(sr_hash32_equal(&p->c->nodes[0].app.head, &d.hash));
	puppet_free(p);
}
END_TEST

START_TEST(a_rival_of_a_final_block_is_abandoned)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &g, 2, "two");
	struct consensus_cert skip = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS);

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &a.hash));
	ck_ok(puppet_say_propose(p, 2, &b, NULL, &skip, 1));
	puppet_finalise(p, &b);
	ck_assert_uint_eq(puppet_status(p).final_slot, 2);
	ck_assert_uint_eq(p->c->nodes[0].app.abandoned, 1);
	puppet_free(p);
}
END_TEST

START_TEST(an_application_that_is_not_ready_is_asked_again)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	p->c->nodes[0].app.not_ready = true;
	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, NULL));
	p->c->nodes[0].app.not_ready = false;
	puppet_pass(p, 60);
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(messages_for_slots_too_far_ahead_are_refused)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 any = { { 1 } };
	struct consensus_vote v = puppet_vote(p, 1, CONSENSUS_NOTAR, 257, &any);
	struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 257, &any, OTHERS);

	ck_error(puppet_say_vote(p, &v), SR_ERR_TOO_FAR_AHEAD);
	ck_error(puppet_say_cert(p, 1, &c), SR_ERR_TOO_FAR_AHEAD);
	v = puppet_vote(p, 1, CONSENSUS_NOTAR, 256, &any);
	ck_ok(puppet_say_vote(p, &v));
	puppet_free(p);
}
END_TEST

START_TEST(a_peer_that_floods_with_nonsense_is_not_listened_to_for_a_second)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct consensus_vote bad = puppet_vote(p, 1, CONSENSUS_NOTAR, 1, &b.hash), good = bad;

	bad.sig.b[0] ^= 1;
	for (uint32_t i = 0; i < CONS_BAD_PER_SECOND; i++)
		ck_error(puppet_say_vote(p, &bad), SR_ERR_BAD_SIGNATURE);
	ck_error(puppet_say_vote(p, &good), SR_ERR_TOO_MANY);
	good = puppet_vote(p, 2, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &good));
	puppet_pass(p, 1001);
	good = puppet_vote(p, 1, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &good));
	puppet_free(p);
}
END_TEST

static uint8_t four_mebibytes[SR_BLOCK_MAX];

START_TEST(unverified_blocks_have_sixteen_mebibytes_and_the_frontier_is_never_crowded_out)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), far = puppet_block(p, &g, 1, "far");
	struct puppet_block b = puppet_block(p, &g, 1, "op");

	/* Unknown parents: nothing of it can be checked. Three fit, four with their own slot
	 * below. */
	puppet_pass(p, 100);
	for (uint64_t i = 0; i < 5; i++) {
		struct puppet_block x = puppet_block(p, &far, 41 + 4 * i, NULL);

		x.body.p = four_mebibytes;
		x.body.n = sizeof(four_mebibytes);
		x.header.ops_root = sr_hash(x.body.p, x.body.n);
		puppet_rehash(&x);
		ck_error(
		    puppet_say_propose(p, 1, &x, NULL, NULL, 0), i < 4 ? SR_OK : SR_ERR_TOO_MANY);
	}
	ck_assert_uint_le(puppet_consensus(p)->unverified_bytes, CONS_UNVERIFIED_BYTES);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	ck_assert_uint_le(puppet_consensus(p)->unverified_bytes, CONS_UNVERIFIED_BYTES);
	puppet_free(p);
}
END_TEST

START_TEST(every_truncated_or_padded_message_is_refused)
{
	struct puppet *p = puppet_new(4, 1);
	struct consensus *c;
	size_t tried = 0;

	/* Node 1 is the first author: it sends a proposal, votes and a head by itself. */
	puppet_pass(p, 3000);
	c = puppet_consensus(p);
	for (size_t i = 0; i < p->sent_n; i++) {
		const struct fleet_record *m = &p->sent[i].msg;
		uint8_t copy[4096];

		ck_assert_uint_lt(m->n, sizeof(copy));
		memcpy(copy, m->p, m->n);
		copy[m->n] = 0;
		p->c->now_ms += 2000;
		for (size_t n = 0; n < m->n; n += 7, tried++)
			ck_assert_int_ne(consensus_receive(c, p->c->now_ms, 2, copy, n), SR_OK);
		ck_assert_int_ne(consensus_receive(c, p->c->now_ms, 2, copy, m->n + 1), SR_OK);
		copy[0] = 9;
		ck_error(consensus_receive(c, p->c->now_ms, 2, copy, m->n), SR_ERR_BAD_VERSION);
		copy[0] = 1;
		copy[1] = 99;
		ck_error(consensus_receive(c, p->c->now_ms, 2, copy, m->n), SR_ERR_BAD_KIND);
		copy[2] ^= 1;
		ck_error(consensus_receive(c, p->c->now_ms, 2, copy, m->n), SR_ERR_WRONG_EPOCH);
		if (tried > 2000)
			break;
	}
	ck_assert_uint_gt(puppet_sent_count(p, CONS_PROPOSE), 0);
	ck_error(consensus_receive(c, p->c->now_ms, 4 + CONSENSUS_GUESTS_MAX, four_mebibytes, 10),
	    SR_ERR_NOT_A_MEMBER);
	ck_error(consensus_receive(c, p->c->now_ms, 1, four_mebibytes, 10), SR_ERR_NOT_A_MEMBER);
	puppet_free(p);
}
END_TEST

START_TEST(the_skip_timer_doubles_with_each_rotation_and_ends_at_ten_seconds)
{
	struct puppet *p = puppet_new(4, 0);
	uint32_t last = puppet_status(p).skip_timeout_ms;

	for (uint64_t slot = 1; slot <= 40; slot++) {
		struct consensus_cert skip = puppet_cert(p, CONSENSUS_SKIP, slot, NULL, OTHERS);
		uint32_t now;

		ck_ok(puppet_say_cert(p, 1, &skip));
		now = puppet_status(p).skip_timeout_ms;
		if (slot <= 16 && slot % 4 == 0)
			ck_assert_uint_eq(now, 2 * last);
		else
			ck_assert(now == last || now == 10000);
		last = now;
	}
	ck_assert_uint_eq(last, 10000);
	puppet_free(p);
}
END_TEST

START_TEST(late_blocks_make_the_skip_timer_longer)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "late");
	uint32_t before = puppet_status(p).skip_timeout_ms;
	struct consensus_vote v;

	puppet_pass(p, 400);
	ck_assert(puppet_voted(p, CONSENSUS_SKIP, 1, NULL));
	v = puppet_vote(p, 1, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert_uint_eq(puppet_status(p).skip_timeout_ms, before);
	v = puppet_vote(p, 2, CONSENSUS_NOTAR, 1, &b.hash);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert_uint_eq(puppet_status(p).skip_timeout_ms, before * 3 / 2);
	puppet_free(p);
}
END_TEST

START_TEST(a_standstill_repeats_votes_and_certificates_within_its_budget)
{
	struct puppet *p = puppet_new(4, 0);
	size_t most = 0;

	for (uint64_t slot = 1; slot <= 200; slot++) {
		struct consensus_cert skip = puppet_cert(p, CONSENSUS_SKIP, slot, NULL, OTHERS);

		ck_ok(puppet_say_cert(p, 1, &skip));
	}
	puppet_sent_clear(p);
	puppet_pass(p, 2000);
	ck_assert_uint_gt(puppet_sent_count(p, CONS_HEAD), 0);
	ck_assert_uint_gt(puppet_sent_count(p, CONS_CERTS), 0);
	for (size_t i = 0; i < p->sent_n; i++)
		if (p->sent[i].msg.n > most)
			most = p->sent[i].msg.n;
	ck_assert_uint_le(most, 64 * 1024 + 4096);
	/* 32 slots of one certificate each. */
	ck_assert_uint_le(most, 32 * 300);
	puppet_free(p);
}
END_TEST

START_TEST(no_notar_before_the_parent_itself_is_there)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);
	struct puppet_block a = puppet_block(p, &g, 1, "one"), b = puppet_block(p, &a, 2, "two");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 2, &b, &notar, NULL, 0));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 2);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 2, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(final_is_cast_once)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &b.hash, OTHERS);
	size_t sent, records;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_ok(puppet_say_cert(p, 1, &notar));
	ck_assert(puppet_voted(p, CONSENSUS_FINAL, 1, &b.hash));
	sent = puppet_sent_count(p, CONS_VOTES);
	records = p->c->nodes[0].log_n;
	for (int i = 0; i < 3; i++)
		ck_ok(consensus_tick(puppet_consensus(p), p->c->now_ms));
	ck_assert_uint_eq(puppet_sent_count(p, CONS_VOTES), sent);
	ck_assert_uint_eq(p->c->nodes[0].log_n, records);
	puppet_free(p);
}
END_TEST

START_TEST(a_certificate_of_another_epoch_is_none)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus_cert c = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS);

	c.epoch = 2;
	for (uint32_t i = 0; i < c.signers_n; i++) {
		struct consensus_vote v = consensus_cert_vote(&c, i);

		consensus_vote_sign(&v, &p->c->chain_id, &p->c->nodes[v.voter].key);
		c.signers[i].sig = v.sig;
	}
	ck_error(puppet_say_cert(p, 1, &c), SR_ERR_WRONG_EPOCH);
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1);
	puppet_free(p);
}
END_TEST

START_TEST(nothing_is_cast_once_a_close_block_is_final)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, NULL), b;
	struct consensus_cert notar;

	a.header.flags = CONSENSUS_CLOSE;
	puppet_rehash(&a);
	b = puppet_block(p, &a, 2, NULL);
	notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, OTHERS);
	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
	puppet_finalise(p, &a);
	ck_assert(puppet_status(p).closed);
	(void)puppet_say_propose(p, 2, &b, &notar, NULL, 0);
	puppet_pass(p, 20000);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	ck_assert(!puppet_voted(p, CONSENSUS_SKIP, 2, NULL));
	puppet_free(p);
}
END_TEST

/* The NOTAR vote in the last message of votes. */
static struct consensus_vote notar_sent(const struct puppet *p)
{
	const struct puppet_sent *sent = puppet_sent_last(p, CONS_VOTES);
	struct consensus_vote v;
	struct sr_reader r;

	ck_assert_ptr_nonnull(sent);
	sr_reader_init(&r, sent->msg.p + 12, sent->msg.n - 12);
	consensus_vote_read(&v, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert_int_eq(v.kind, CONSENSUS_NOTAR);
	return v;
}

START_TEST(a_vote_says_of_ingress_what_the_application_says)
{
	for (int deaf = 0; deaf < 2; deaf++) {
		struct puppet *p = puppet_new(4, 0);
		struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

		p->c->nodes[0].app.no_ingress = deaf;
		puppet_pass(p, 100);
		ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
		ck_assert_uint_eq(notar_sent(p).flags, deaf ? 0 : CONSENSUS_VOTE_INGRESS);
		puppet_free(p);
	}
}
END_TEST

START_TEST(a_record_that_could_not_be_written_ends_all_voting)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	puppet_pass(p, 100);
	p->c->nodes[0].persist_fails = true;
	ck_assert_int_ne(puppet_say_propose(p, 1, &b, NULL, NULL, 0), SR_OK);
	p->c->nodes[0].persist_fails = false;
	ck_assert(puppet_status(p).stopped);
	ck_assert(!cons_may_vote(puppet_consensus(p)));
	ck_assert_int_ne(consensus_tick(puppet_consensus(p), p->c->now_ms + 20000), SR_OK);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_VOTES), 0);
	puppet_free(p);
}
END_TEST

START_TEST(the_genesis_has_no_certificate_that_could_say_ingress)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	ck_ok(cons_block_form(puppet_consensus(p), &b.header, b.body));
	b.header.flags = CONSENSUS_INGRESS_OK;
	ck_error(cons_block_form(puppet_consensus(p), &b.header, b.body), SR_ERR_BAD_QUORUM);
	puppet_free(p);
}
END_TEST

START_TEST(an_author_proposes_once_in_a_slot)
{
	struct puppet *p = puppet_new(4, 1);

	for (int ms = 0; ms < 345; ms++) {
		puppet_pass(p, 1);
		ck_ok(consensus_tick(puppet_consensus(p), p->c->now_ms));
	}
	ck_assert_uint_eq(puppet_sent_count(p, CONS_PROPOSE), 3); /* one to each peer */
	puppet_free(p);
}
END_TEST

START_TEST(a_proposal_that_could_not_be_made_durable_is_not_sent)
{
	struct puppet *p = puppet_new(4, 1);

	p->c->nodes[1].persist_fails = true;
	p->c->expect_broken = true;
	puppet_pass(p, 345);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_PROPOSE), 0);
	ck_assert(puppet_status(p).stopped);
	puppet_free(p);
}
END_TEST

START_TEST(a_proposal_is_signed_by_the_author_of_its_slot)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");

	puppet_pass(p, 100);
	ck_error(puppet_say_propose(p, 2, &b, NULL, NULL, 0), SR_ERR_BAD_SIGNATURE);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(a_vote_of_another_epoch_is_none)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus_vote v = puppet_vote(p, 1, CONSENSUS_SKIP, 1, NULL);

	v.epoch = 2;
	consensus_vote_sign(&v, &p->c->chain_id, &p->c->nodes[1].key);
	ck_error(puppet_say_vote(p, &v), SR_ERR_WRONG_EPOCH);
	puppet_free(p);
}
END_TEST

START_TEST(a_slot_holds_so_many_blocks_and_no_more)
{
	static const char *const bodies[] = { "a", "b", "c", "d" };
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p);

	for (uint32_t i = 0; i < 4; i++) {
		struct puppet_block b = puppet_block(p, &g, 1, bodies[i]);
		struct cons_block *held;

		ck_ok(cons_block_new(&held, &b.header, NULL, b.body));
		ck_error(cons_tree_add(puppet_consensus(p), held),
		    i < CONS_SLOT_BLOCKS ? SR_OK : SR_ERR_TOO_MANY);
		if (i >= CONS_SLOT_BLOCKS)
			cons_block_free(held);
	}
	puppet_free(p);
}
END_TEST

/* The header of the last proposal that was sent. */
static struct consensus_header proposal_sent(const struct puppet *p)
{
	const struct puppet_sent *sent = puppet_sent_last(p, CONS_PROPOSE);
	struct consensus_header h;
	struct sr_reader r;

	ck_assert_ptr_nonnull(sent);
	sr_reader_init(&r, sent->msg.p + 10, sent->msg.n - 10);
	consensus_header_read(&h, &r);
	ck_assert_int_eq(r.error, SR_OK);
	return h;
}

/* Node 2 is the author of slot 2; f = 1. */
START_TEST(an_author_says_ingress_works_when_more_than_f_did)
{
	for (uint32_t say = 0; say <= 3; say++) {
		struct puppet *p = puppet_new(4, 2);
		struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, "one");
		struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 1, &a.hash, 0xb);

		for (uint32_t i = 0; i < say; i++) {
			struct consensus_vote v = consensus_cert_vote(&c, i);

			v.flags = CONSENSUS_VOTE_INGRESS;
			consensus_vote_sign(&v, &p->c->chain_id, &p->c->nodes[v.voter].key);
			c.signers[i].flags = v.flags;
			c.signers[i].sig = v.sig;
		}
		p->c->nodes[2].app.no_ingress = true;
		puppet_pass(p, 100);
		ck_ok(puppet_say_propose(p, 1, &a, NULL, NULL, 0));
		ck_ok(puppet_say_cert(p, 1, &c));
		puppet_pass(p, 320);
		ck_assert_uint_eq(proposal_sent(p).slot, 2);
		ck_assert_uint_eq(proposal_sent(p).flags & CONSENSUS_INGRESS_OK,
		    say >= 2 ? CONSENSUS_INGRESS_OK : 0);
		puppet_free(p);
	}
}
END_TEST

START_TEST(a_proposal_s_record_is_synced)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 4, "op");
	struct sr_sig64 sig = { { 0 } };

	ck_ok(cons_log_proposed(puppet_consensus(p), &b.header, &sig));
	ck_assert_uint_gt(p->c->nodes[0].log_n, 0);
	ck_assert_uint_eq(p->c->nodes[0].durable_n, p->c->nodes[0].log_n);
	puppet_free(p);
}
END_TEST

START_TEST(skip_is_for_the_frontier_alone)
{
	struct puppet *p = puppet_new(4, 1);
	struct consensus *c = puppet_consensus(p);

	c->now_ms += 10000;
	ck_ok(cons_rule_skip(c, 1));
	ck_error(cons_rule_skip(c, 2), SR_ERR_STALE);
	puppet_free(p);
}
END_TEST

START_TEST(a_block_has_four_mebibytes_and_no_more)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, NULL);
	uint8_t *body = calloc(1, SR_BLOCK_MAX + 1);

	ck_assert_ptr_nonnull(body);
	for (size_t more = 0; more < 2; more++) {
		struct sr_bytes bytes = { body, SR_BLOCK_MAX + more };

		b.header.ops_root = sr_hash(bytes.p, bytes.n);
		ck_error(cons_block_form(puppet_consensus(p), &b.header, bytes),
		    more ? SR_ERR_BLOCK_LIMIT : SR_OK);
	}
	free(body);
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_rules",
	a_good_proposal_draws_notar_and_its_certificate_draws_final,
	the_same_vote_twice_counts_once,
	votes_for_two_blocks_make_no_certificate_of_either,
	a_vote_with_a_wrong_signature_is_refused_and_counts_nothing,
	only_the_first_of_two_proposals_in_a_slot_draws_notar,
	no_second_notar_in_a_slot_even_for_a_block_fetched_by_hash,
	no_notar_without_a_skip_certificate_for_each_gap_slot,
	a_gap_certificate_of_too_few_or_outside_the_gap_is_refused,
	no_notar_on_a_parent_without_a_certificate,
	a_proposal_brings_its_parents_certificate_itself,
	a_parent_below_the_last_final_block_is_refused_though_it_is_notarised,
	a_stranger_in_the_last_final_slot_is_no_parent,
	no_notar_below_the_frontier,
	skip_comes_when_the_timer_has_expired_and_not_before,
	notar_may_follow_an_own_skip_but_final_may_not,
	no_skip_after_an_own_final,
	an_invalid_block_draws_no_vote_even_when_certified,
	a_final_block_that_my_own_check_refuses_stops_me,
	every_field_of_a_header_is_checked,
	what_only_the_parent_can_tell_is_checked_too,
	a_block_of_exactly_the_least_time_is_good,
	a_voter_waits_until_its_clock_is_half_a_second_before_the_block,
	the_ingress_bit_needs_enough_votes_that_say_so,
	forged_ingress_flags_are_found_even_when_the_parents_certificate_is_known,
	a_child_of_a_close_block_must_be_empty_and_not_close_again,
	a_final_certificate_commits_all_ancestors_in_order,
	a_rival_of_a_final_block_is_abandoned,
	an_application_that_is_not_ready_is_asked_again,
	messages_for_slots_too_far_ahead_are_refused,
	a_peer_that_floods_with_nonsense_is_not_listened_to_for_a_second,
	unverified_blocks_have_sixteen_mebibytes_and_the_frontier_is_never_crowded_out,
	every_truncated_or_padded_message_is_refused,
	the_skip_timer_doubles_with_each_rotation_and_ends_at_ten_seconds,
	late_blocks_make_the_skip_timer_longer,
	a_standstill_repeats_votes_and_certificates_within_its_budget,
	no_notar_before_the_parent_itself_is_there,
	final_is_cast_once,
	a_certificate_of_another_epoch_is_none,
	nothing_is_cast_once_a_close_block_is_final,
	a_vote_says_of_ingress_what_the_application_says,
	a_record_that_could_not_be_written_ends_all_voting,
	the_genesis_has_no_certificate_that_could_say_ingress,
	an_author_proposes_once_in_a_slot,
	a_proposal_that_could_not_be_made_durable_is_not_sent,
	a_proposal_is_signed_by_the_author_of_its_slot,
	a_vote_of_another_epoch_is_none,
	a_slot_holds_so_many_blocks_and_no_more,
	an_author_says_ingress_works_when_more_than_f_did,
	a_proposal_s_record_is_synced,
	skip_is_for_the_frontier_alone,
	a_block_has_four_mebibytes_and_no_more)
