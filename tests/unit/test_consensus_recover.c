/* The handshake after a restart: merging, rolled-back disks, cold starts, and what an answer
 * carries. */
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"

#define OTHERS 0xeu

/* Node 0 of four, started once and crashed: its log is empty unless the test fills it. */
static struct puppet *restarted(void)
{
	struct puppet *p = puppet_new_stopped(4, 0);

	p->c->nodes[0].ever_started = true;
	fleet_start_node(p->c, 0);
	return p;
}

static struct sr_hash32 boot_id(const struct puppet *p)
{
	struct sr_hash32 id;

	ck_assert(puppet_sent_last(p, CONS_STATUS_REQ) != NULL);
	memcpy(id.b, puppet_sent_last(p, CONS_STATUS_REQ)->msg.p + 10, sizeof(id.b));
	return id;
}

struct answer {
	bool recovering;
	struct consensus_cert certs[4];
	struct consensus_vote votes[4];
	struct puppet_block proposals[2];
	uint32_t certs_n, votes_n, proposals_n;
};

static enum sr_error answer_say(struct puppet *p, uint32_t from, const struct sr_hash32 *id,
    const struct answer *a)
{
	struct sr_writer w;
	enum sr_error error;

	puppet_begin(&w, CONS_STATUS);
	sr_write_hash(&w, id);
	sr_write_bool(&w, a->recovering);
	sr_write_u64(&w, 0);
	sr_write_u64(&w, 1);
	sr_write_u16(&w, (uint16_t)a->certs_n);
	for (uint32_t i = 0; i < a->certs_n; i++)
		consensus_cert_write(&w, &a->certs[i]);
	sr_write_u16(&w, (uint16_t)a->votes_n);
	for (uint32_t i = 0; i < a->votes_n; i++)
		consensus_vote_write(&w, &a->votes[i]);
	sr_write_u16(&w, (uint16_t)a->proposals_n);
	for (uint32_t i = 0; i < a->proposals_n; i++) {
		struct sr_sig64 sig;

		consensus_proposal_sign(&sig, &a->proposals[i].hash, &p->c->nodes[0].key);
		consensus_header_write(&w, &a->proposals[i].header);
		sr_write_sig(&w, &sig);
	}
	error = puppet_say(p, from, &w);
	sr_writer_clear(&w);
	return error;
}

START_TEST(a_first_boot_asks_nobody)
{
	struct puppet *p = puppet_new(4, 0);

	ck_assert(!puppet_status(p).recovering);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_STATUS_REQ), 0);
	puppet_free(p);
}
END_TEST

START_TEST(a_restarted_node_asks_and_votes_only_after_a_quorum_of_answers)
{
	struct puppet *p = restarted();
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct answer nothing = { .recovering = false };
	struct sr_hash32 id = boot_id(p);

	ck_assert(puppet_status(p).recovering);
	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_ok(answer_say(p, 1, &id, &nothing));
	ck_ok(answer_say(p, 1, &id, &nothing));
	ck_ok(answer_say(p, 2, &id, &nothing));
	ck_assert(puppet_status(p).recovering);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 1, NULL));
	ck_ok(answer_say(p, 3, &id, &nothing));
	ck_assert(!puppet_status(p).recovering);
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &b.hash));
	puppet_free(p);
}
END_TEST

START_TEST(answers_to_another_boot_and_from_recovering_nodes_do_not_count)
{
	struct puppet *p = restarted();
	struct answer nothing = { .recovering = false }, recovering = { .recovering = true };
	struct sr_hash32 id = boot_id(p), other = id;

	other.b[0] ^= 1;
	for (uint32_t i = 1; i < 4; i++)
		ck_ok(answer_say(p, i, &other, &nothing));
	ck_ok(answer_say(p, 1, &id, &nothing));
	ck_ok(answer_say(p, 2, &id, &recovering));
	puppet_pass(p, 10000);
	ck_assert(puppet_status(p).recovering);
	for (uint32_t i = 1; i < 4; i++)
		ck_ok(answer_say(p, i, &id, &nothing));
	ck_assert(!puppet_status(p).recovering);
	puppet_free(p);
}
END_TEST

START_TEST(when_all_are_recovering_they_go_on_from_disk_at_once)
{
	struct puppet *p = restarted();
	struct answer recovering = { .recovering = true };
	struct sr_hash32 id = boot_id(p);

	ck_ok(answer_say(p, 1, &id, &recovering));
	ck_ok(answer_say(p, 2, &id, &recovering));
	ck_assert(puppet_status(p).recovering);
	ck_ok(answer_say(p, 3, &id, &recovering));
	ck_assert(!puppet_status(p).recovering);
	puppet_free(p);
}
END_TEST

/* Unless I know better: then the others, who are not abstaining for ever, come first. */
START_TEST(a_rolled_back_node_does_not_go_on_because_all_are_recovering)
{
	struct puppet *p = restarted();
	struct answer recovering = { .recovering = true, .votes_n = 1 };
	struct sr_hash32 id = boot_id(p);

	recovering.votes[0] = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	for (uint32_t i = 1; i < 4; i++)
		ck_ok(answer_say(p, i, &id, &recovering));
	puppet_pass(p, 60000);
	ck_assert(puppet_status(p).recovering);
	ck_assert_uint_eq(puppet_consensus(p)->floor, 0);
	puppet_free(p);
}
END_TEST

START_TEST(alone_for_long_enough_it_goes_on_from_disk)
{
	struct puppet *p = restarted();

	puppet_pass(p, 14900);
	ck_assert(puppet_status(p).recovering);
	ck_assert_uint_ge(puppet_sent_count(p, CONS_STATUS_REQ), 20);
	puppet_pass(p, 200);
	ck_assert(!puppet_status(p).recovering);
	puppet_free(p);
}
END_TEST

START_TEST(a_vote_of_mine_that_i_forgot_proves_a_rolled_back_disk)
{
	struct puppet *p = restarted();
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct answer nothing = { .recovering = false }, reminder = { .votes_n = 1 };
	struct sr_hash32 id = boot_id(p);

	reminder.votes[0] = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	ck_ok(answer_say(p, 1, &id, &reminder));
	/* Being alone is no longer a reason to go on. */
	puppet_pass(p, 60000);
	ck_assert(puppet_status(p).recovering);
	ck_ok(answer_say(p, 2, &id, &nothing));
	ck_ok(answer_say(p, 3, &id, &nothing));
	/* The frontier is 1: slots 1 and 2 are abstained in. */
	ck_assert(puppet_status(p).recovering);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	puppet_pass(p, 20000);
	for (uint64_t slot = 1; slot <= 2; slot++) {
		struct consensus_cert skip = puppet_cert(p, CONSENSUS_SKIP, slot, NULL, OTHERS);

		ck_ok(puppet_say_cert(p, 1, &skip));
		ck_assert(puppet_status(p).recovering == (slot < 2));
		puppet_pass(p, 20000);
		ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, slot, NULL));
		ck_assert(!puppet_voted(p, CONSENSUS_FINAL, slot, NULL));
		ck_assert(puppet_voted(p, CONSENSUS_SKIP, slot, NULL) == (slot == 1));
	}
	ck_assert(puppet_voted(p, CONSENSUS_SKIP, 3, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(the_floor_is_counted_from_the_certified_frontier_of_the_answers)
{
	struct puppet *p = restarted();
	struct sr_hash32 any = { { 5 } }, id = boot_id(p);
	struct answer nothing = { .recovering = false }, far = { .certs_n = 1, .votes_n = 1 };

	far.certs[0] = puppet_cert(p, CONSENSUS_FINAL, 1000, &any, OTHERS);
	far.votes[0] = puppet_vote(p, 0, CONSENSUS_SKIP, 1002, NULL);
	ck_ok(answer_say(p, 1, &id, &nothing));
	ck_ok(answer_say(p, 2, &id, &far));
	ck_ok(answer_say(p, 3, &id, &nothing));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1001);
	ck_assert_uint_eq(puppet_consensus(p)->floor, 1003);
	puppet_free(p);
}
END_TEST

START_TEST(a_lie_about_the_frontier_or_about_my_votes_is_not_believed)
{
	struct puppet *p = restarted();
	struct sr_hash32 any = { { 5 } }, id = boot_id(p);
	struct answer few = { .certs_n = 1 }, forged = { .votes_n = 1 }, others = { .votes_n = 1 };

	few.certs[0] = puppet_cert(p, CONSENSUS_FINAL, 1000, &any, 0x6);
	ck_error(answer_say(p, 1, &id, &few), SR_ERR_BAD_QUORUM);
	forged.votes[0] = puppet_vote(p, 1, CONSENSUS_SKIP, 1, NULL);
	forged.votes[0].voter = 0;
	ck_error(answer_say(p, 2, &id, &forged), SR_ERR_BAD_SIGNATURE);
	others.votes[0] = puppet_vote(p, 1, CONSENSUS_SKIP, 1, NULL);
	ck_error(answer_say(p, 3, &id, &others), SR_ERR_WRONG_KEY);
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1);
	/* None of these counts as an answer. */
	ck_assert(puppet_status(p).recovering);
	ck_assert(!puppet_consensus(p)->rolled_back);
	puppet_free(p);
}
END_TEST

START_TEST(a_proposal_of_mine_that_i_forgot_proves_it_too)
{
	struct puppet *p = restarted();
	struct puppet_block g = puppet_genesis(p);
	struct answer a = { .proposals_n = 1 };
	struct sr_hash32 id = boot_id(p);

	a.proposals[0] = puppet_block(p, &g, 4, "mine");
	ck_ok(answer_say(p, 1, &id, &a));
	ck_assert(puppet_consensus(p)->rolled_back);
	puppet_free(p);
}
END_TEST

START_TEST(a_forgotten_vote_that_turns_up_later_starts_the_handshake_again)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 any = { { 5 } };
	struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, 3, &any, 0x7);

	ck_assert(!puppet_status(p).recovering);
	ck_ok(puppet_say_cert(p, 1, &c));
	ck_assert(puppet_status(p).recovering);
	ck_assert_uint_gt(puppet_sent_count(p, CONS_STATUS_REQ), 0);
	puppet_free(p);
}
END_TEST

START_TEST(a_rollback_once_found_is_remembered_by_the_disk)
{
	struct puppet *p = restarted();
	struct answer reminder = { .votes_n = 1 }, nothing = { .recovering = false };
	struct sr_hash32 id = boot_id(p);

	reminder.votes[0] = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	ck_ok(answer_say(p, 1, &id, &reminder));
	fleet_crash(p->c, 0, true);
	puppet_sent_clear(p);
	fleet_restart(p->c, 0);
	puppet_pass(p, 60000);
	ck_assert(puppet_status(p).recovering);
	id = boot_id(p);
	for (uint32_t i = 1; i < 4; i++)
		ck_ok(answer_say(p, i, &id, &nothing));
	ck_assert_uint_eq(puppet_consensus(p)->floor, 3);
	/* And so is the floor, with the vote that was forgotten. */
	fleet_crash(p->c, 0, true);
	fleet_restart(p->c, 0);
	ck_assert_uint_eq(puppet_consensus(p)->floor, 3);
	ck_assert(!puppet_consensus(p)->rolled_back);
	ck_assert(cons_slot_find(puppet_consensus(p), 1)->own.skip);
	puppet_free(p);
}
END_TEST

START_TEST(votes_that_my_log_has_prove_nothing)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct consensus_vote v = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	struct answer reminder = { .votes_n = 1, .votes = { v } };
	struct sr_hash32 id;

	puppet_log_vote(p, &v);
	p->c->nodes[0].ever_started = true;
	fleet_start_node(p->c, 0);
	id = boot_id(p);
	for (uint32_t i = 1; i < 4; i++)
		ck_ok(answer_say(p, i, &id, &reminder));
	ck_assert(!puppet_status(p).recovering);
	ck_assert_uint_eq(puppet_consensus(p)->floor, 0);
	puppet_free(p);
}
END_TEST

/* A checkpoint drops votes in decided slots: peers that still hold them must not alarm anybody. */
START_TEST(votes_at_or_below_what_was_final_at_the_checkpoint_prove_nothing)
{
	struct fleet *c = fleet_new(4, 3);

	fleet_start(c);
	fleet_work(c, 40);
	ck_assert(fleet_run_to_height(c, 30, 5000));
	fleet_checkpoint(c, 2);
	fleet_crash(c, 2, true);
	fleet_run(c, 200);
	fleet_restart(c, 2);
	fleet_run(c, 100);
	ck_assert(!fleet_status(c, 2).recovering);
	ck_assert_uint_eq(c->nodes[2].consensus->floor, 0);
	ck_assert(fleet_run_to_height(c, fleet_height_most(c) + 10, 5000));
	fleet_free(c);
}
END_TEST

START_TEST(an_answer_carries_the_askers_votes_proposals_and_the_certified_frontier)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct puppet_block late = puppet_block(p, &b, 5, "later");
	struct consensus_vote v;
	struct consensus_cert c;
	struct sr_writer w;
	struct sr_reader r;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	puppet_finalise(p, &b);
	c = puppet_cert(p, CONSENSUS_SKIP, 2, NULL, 0xc);
	v = puppet_vote(p, 1, CONSENSUS_SKIP, 3, NULL);
	ck_ok(puppet_say_vote(p, &v));
	c = puppet_cert(p, CONSENSUS_SKIP, 2, NULL, 0xe);
	ck_ok(puppet_say_cert(p, 2, &c));
	ck_ok(puppet_say_propose(p, 1, &late, NULL, NULL, 0));
	puppet_begin(&w, CONS_STATUS_REQ);
	sr_write_hash(&w, &b.hash);
	ck_ok(puppet_say(p, 1, &w));
	/* Not as often as one likes. */
	ck_error(puppet_say(p, 1, &w), SR_ERR_NOT_READY);
	sr_writer_clear(&w);

	ck_assert_uint_eq(puppet_sent_count(p, CONS_STATUS), 1);
	ck_assert_uint_eq(puppet_sent_last(p, CONS_STATUS)->to, 1);
	sr_reader_init(&r, puppet_sent_last(p, CONS_STATUS)->msg.p + 10,
	    puppet_sent_last(p, CONS_STATUS)->msg.n - 10);
	(void)sr_read_hash(&r);
	ck_assert(!sr_read_bool(&r));
	ck_assert_uint_eq(sr_read_u64(&r), 1);
	ck_assert_uint_eq(sr_read_u64(&r), 3);
	ck_assert_uint_eq(sr_read_u16(&r), 2);
	consensus_cert_read(&c, &r);
	ck_assert(c.kind == CONSENSUS_FINAL && c.slot == 1);
	consensus_cert_read(&c, &r);
	ck_assert(c.kind == CONSENSUS_SKIP && c.slot == 2);
	/* NOTAR and FINAL of slot 1, SKIP of 2 (in the certificate) and of 3. */
	ck_assert_uint_eq(sr_read_u16(&r), 4);
	for (int i = 0; i < 4; i++) {
		consensus_vote_read(&v, &r);
		ck_assert_uint_eq(v.voter, 1);
		ck_ok(consensus_vote_verify(&v, &p->c->chain_id, &p->c->keys[1]));
	}
	ck_assert_uint_eq(sr_read_u16(&r), 2);
	puppet_free(p);
}
END_TEST

START_TEST(a_rolled_back_node_of_a_living_cluster_abstains_and_comes_back)
{
	struct fleet *c = fleet_new(4, 3);

	fleet_start(c);
	fleet_work(c, 40);
	ck_assert(fleet_run_to_height(c, 30, 5000));
	fleet_crash(c, 2, true);
	fleet_roll_back(c, 2, 20);
	fleet_run(c, 50);
	fleet_restart(c, 2);
	fleet_run(c, 20);
	ck_assert_uint_gt(c->nodes[2].consensus->floor, 0);
	ck_assert(fleet_run_to_height(c, fleet_height_most(c) + 20, 10000));
	ck_assert(!fleet_status(c, 2).recovering);
	fleet_free(c);
}
END_TEST

START_TEST(below_its_floor_it_does_not_finalise_either)
{
	struct puppet *p = restarted();
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &b.hash, OTHERS);
	struct answer nothing = { .recovering = false }, reminder = { .votes_n = 1 };
	struct sr_hash32 id = boot_id(p), any = { { 5 } };

	reminder.votes[0] = puppet_vote(p, 0, CONSENSUS_NOTAR, 2, &any);
	ck_ok(answer_say(p, 1, &id, &reminder));
	ck_ok(answer_say(p, 2, &id, &nothing));
	ck_ok(answer_say(p, 3, &id, &nothing));
	ck_assert_uint_eq(puppet_consensus(p)->floor, 3);
	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &b, NULL, NULL, 0));
	ck_ok(puppet_say_cert(p, 1, &notar));
	ck_assert_uint_eq(p->c->nodes[0].app.certified, 1);
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 1, NULL));
	puppet_free(p);
}
END_TEST

/* Node 0 is the author of slot 4, which is below its floor. */
START_TEST(below_its_floor_it_does_not_propose_either)
{
	struct puppet *p = restarted();
	struct answer nothing = { .recovering = false }, reminder = { .certs_n = 2, .votes_n = 1 };
	struct sr_hash32 id = boot_id(p), any = { { 5 } };
	struct consensus_cert third = puppet_cert(p, CONSENSUS_SKIP, 3, NULL, OTHERS);

	for (uint32_t i = 0; i < 2; i++)
		reminder.certs[i] = puppet_cert(p, CONSENSUS_SKIP, i + 1, NULL, OTHERS);
	reminder.votes[0] = puppet_vote(p, 0, CONSENSUS_NOTAR, 3, &any);
	ck_ok(answer_say(p, 1, &id, &reminder));
	ck_ok(answer_say(p, 2, &id, &nothing));
	ck_ok(answer_say(p, 3, &id, &nothing));
	ck_assert_uint_eq(puppet_consensus(p)->floor, 5);
	ck_ok(puppet_say_cert(p, 1, &third));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 4);
	puppet_pass(p, 2000);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_PROPOSE), 0);
	puppet_free(p);
}
END_TEST

START_TEST(a_checkpoint_does_not_forget_that_the_disk_was_rolled_back)
{
	struct puppet *p = restarted();
	struct answer reminder = { .votes_n = 1 };
	struct sr_hash32 id = boot_id(p);

	reminder.votes[0] = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	ck_ok(answer_say(p, 1, &id, &reminder));
	ck_assert(puppet_consensus(p)->rolled_back);
	fleet_checkpoint(p->c, 0);
	fleet_crash(p->c, 0, true);
	fleet_restart(p->c, 0);
	ck_assert(puppet_consensus(p)->rolled_back);
	puppet_free(p);
}
END_TEST

/* Kept unverified, as it came too late to count: for its voter it may be the only memory. */
START_TEST(an_answer_carries_votes_that_came_too_late_to_count)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus_cert skip = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, 0x7);
	struct consensus_vote late = puppet_vote(p, 3, CONSENSUS_SKIP, 1, NULL), v;
	struct sr_hash32 id = { { 8 } };
	struct consensus_cert c;
	struct sr_writer w;
	struct sr_reader r;

	/* Node 0 itself signs it: its timer first. */
	puppet_pass(p, 400);
	ck_assert(puppet_voted(p, CONSENSUS_SKIP, 1, NULL));
	ck_ok(puppet_say_cert(p, 1, &skip));
	ck_ok(puppet_say_vote(p, &late));
	puppet_begin(&w, CONS_STATUS_REQ);
	sr_write_hash(&w, &id);
	ck_ok(puppet_say(p, 3, &w));
	sr_writer_clear(&w);
	sr_reader_init(&r, puppet_sent_last(p, CONS_STATUS)->msg.p + 10,
	    puppet_sent_last(p, CONS_STATUS)->msg.n - 10);
	(void)sr_read_hash(&r);
	(void)sr_read_bool(&r);
	(void)sr_read_u64(&r);
	(void)sr_read_u64(&r);
	for (uint32_t n = sr_read_u16(&r); n > 0; n--)
		consensus_cert_read(&c, &r);
	ck_assert_uint_eq(sr_read_u16(&r), 1);
	consensus_vote_read(&v, &r);
	ck_assert(v.voter == 3 && v.kind == CONSENSUS_SKIP && v.slot == 1);
	puppet_free(p);
}
END_TEST

START_TEST(a_checkpoint_does_not_forget_the_floor)
{
	struct puppet *p = restarted();
	struct answer reminder = { .votes_n = 1 }, nothing = { .recovering = false };
	struct sr_hash32 id = boot_id(p);

	reminder.votes[0] = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	ck_ok(answer_say(p, 1, &id, &reminder));
	ck_ok(answer_say(p, 2, &id, &nothing));
	ck_ok(answer_say(p, 3, &id, &nothing));
	ck_assert_uint_eq(puppet_consensus(p)->floor, 3);
	fleet_checkpoint(p->c, 0);
	fleet_crash(p->c, 0, true);
	fleet_restart(p->c, 0);
	ck_assert_uint_eq(puppet_consensus(p)->floor, 3);
	puppet_free(p);
}
END_TEST

START_TEST(a_proposal_that_i_did_not_sign_proves_nothing)
{
	struct puppet *p = restarted();
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 4, "not mine");
	struct sr_hash32 id = boot_id(p);
	struct sr_sig64 sig;
	struct sr_writer w;

	consensus_proposal_sign(&sig, &b.hash, &p->c->nodes[1].key);
	puppet_begin(&w, CONS_STATUS);
	sr_write_hash(&w, &id);
	sr_write_bool(&w, false);
	sr_write_u64(&w, 0);
	sr_write_u64(&w, 1);
	sr_write_u16(&w, 0);
	sr_write_u16(&w, 0);
	sr_write_u16(&w, 1);
	consensus_header_write(&w, &b.header);
	sr_write_sig(&w, &sig);
	ck_error(puppet_say(p, 1, &w), SR_ERR_BAD_SIGNATURE);
	ck_assert(!puppet_consensus(p)->rolled_back);
	sr_writer_clear(&w);
	puppet_free(p);
}
END_TEST

START_TEST(what_i_proposed_is_known_after_a_restart)
{
	struct puppet *p = puppet_new(4, 1);
	const struct cons_slot *s;
	struct sr_hash32 before, after;

	puppet_pass(p, 320);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_PROPOSE), 3);
	s = cons_slot_find(puppet_consensus(p), 1);
	ck_assert(s != NULL && s->own.proposed);
	before = consensus_header_hash(&s->own.proposal);
	fleet_crash(p->c, 1, true);
	fleet_restart(p->c, 1);
	s = cons_slot_find(puppet_consensus(p), 1);
	ck_assert(s != NULL && s->own.proposed);
	after = consensus_header_hash(&s->own.proposal);
	ck_assert(sr_hash32_equal(&before, &after));
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_recover",
	a_first_boot_asks_nobody,
	a_restarted_node_asks_and_votes_only_after_a_quorum_of_answers,
	answers_to_another_boot_and_from_recovering_nodes_do_not_count,
	when_all_are_recovering_they_go_on_from_disk_at_once,
	a_rolled_back_node_does_not_go_on_because_all_are_recovering,
	alone_for_long_enough_it_goes_on_from_disk,
	a_vote_of_mine_that_i_forgot_proves_a_rolled_back_disk,
	the_floor_is_counted_from_the_certified_frontier_of_the_answers,
	a_lie_about_the_frontier_or_about_my_votes_is_not_believed,
	a_proposal_of_mine_that_i_forgot_proves_it_too,
	a_forgotten_vote_that_turns_up_later_starts_the_handshake_again,
	a_rollback_once_found_is_remembered_by_the_disk,
	votes_that_my_log_has_prove_nothing,
	votes_at_or_below_what_was_final_at_the_checkpoint_prove_nothing,
	an_answer_carries_the_askers_votes_proposals_and_the_certified_frontier,
	a_rolled_back_node_of_a_living_cluster_abstains_and_comes_back,
	below_its_floor_it_does_not_finalise_either,
	below_its_floor_it_does_not_propose_either,
	a_checkpoint_does_not_forget_that_the_disk_was_rolled_back,
	an_answer_carries_votes_that_came_too_late_to_count,
	a_checkpoint_does_not_forget_the_floor,
	a_proposal_that_i_did_not_sign_proves_nothing,
	what_i_proposed_is_known_after_a_restart)
