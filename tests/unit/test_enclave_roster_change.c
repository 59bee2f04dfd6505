/* Changes of the roster on vault trees: who comes, who goes, what the shares become, and what ends
 * a change that does not get through. */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "enclave/epoch_state.h"
#include "tests/lib/check_main.h"
#include "tests/lib/roster_world.h"

static void key_kept(const struct roster_world *w)
{
	ck_assert_mem_eq(w->now->vault_key, w->before->vault_key, 32);
	ck_assert_uint_eq(w->now->epoch, w->before->epoch + 1);
	ck_assert_int_ne(memcmp(w->now->shielding_key.b, w->before->shielding_key.b, 32), 0);
}

START_TEST(a_joiner_becomes_a_member_and_the_key_stays)
{
	struct roster_world *w = roster_world_new(4, 1, NULL);
	struct roster_member m;

	roster_admit(w, 4);
	ck_assert_uint_eq(roster_candidate(w, 4).seat, 4);
	ck_assert(roster_change_through(w));
	key_kept(w);
	ck_assert_uint_eq(w->now->n, 5);
	ck_assert_uint_eq(w->now->threshold, 3);
	ck_assert_uint_eq(roster_index(w, 4), 4);
	ck_assert_uint_eq(roster_seat(w, 4), 4);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(roster_index(w, i), i);
	m = roster_member(w, 4);
	ck_assert_uint_eq(m.since_epoch, 2);
	ck_assert(m.has_facts);
	ck_assert_uint_eq(m.flags, 0);
	ck_error(roster_candidate_find(&(struct roster_candidate){ .seat = 0 }, w->t,
	    &w->people[4].entry.id_key), SR_ERR_NOT_FOUND);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(who_leaves_is_gone_and_its_seat_is_free)
{
	struct roster_world *w = roster_world_new(5, 2, NULL);

	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[1].operator_sk, 1));
	ck_assert(roster_change_through(w));
	key_kept(w);
	ck_assert_uint_eq(w->now->n, 4);
	ck_assert_uint_eq(w->now->threshold, 3);
	ck_assert_uint_eq(roster_index(w, 1), EPOCH_NOBODY);
	/* Who stays keeps order and seat. */
	ck_assert_uint_eq(roster_index(w, 2), 1);
	ck_assert_uint_eq(roster_seat(w, 2), 2);
	ck_error(roster_member_get(&(struct roster_member){ .seat = 0 }, w->t, 1),
	    SR_ERR_NOT_FOUND);
	roster_shares_check(w);
	roster_admit(w, 6);
	ck_assert_uint_eq(roster_candidate(w, 6).seat, 1);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 6), 4);
	ck_assert_uint_eq(roster_seat(w, 6), 1);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(a_refresh_changes_every_share_and_nothing_else)
{
	struct roster_world *w = roster_world_new(4, 3, NULL);
	struct sr_scalar before[4];

	for (uint32_t i = 0; i < 4; i++)
		before[i] = w->people[i].share;
	ck_error(roster_do(w, EPOCH_OP_REFRESH, &w->people[2].operator_sk, NULL, 0),
	    SR_ERR_TOO_EARLY);
	roster_block(w, roster_policy_now(w).refresh_min_ms);
	ck_error(roster_do(w, EPOCH_OP_REFRESH, &w->people[9].operator_sk, NULL, 0),
	    SR_ERR_WRONG_KEY);
	ck_ok(roster_do(w, EPOCH_OP_REFRESH, &w->people[2].operator_sk, NULL, 0));
	ck_error(roster_do(w, EPOCH_OP_REFRESH, &w->people[1].operator_sk, NULL, 0),
	    SR_ERR_CHANGE_PENDING);
	ck_assert(roster_change_through(w));
	key_kept(w);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert(!sr_scalar_equal(&before[i], &w->people[i].share));
		ck_assert_uint_eq(w->now->members[i].seat, i);
	}
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

static void daily(struct attest_policy *p)
{
	p->refresh_ms = 3600000;
}

START_TEST(a_refresh_comes_by_itself_when_its_time_has_come)
{
	struct roster_world *w = roster_world_new(4, 4, daily);
	struct epoch_change change;

	roster_pass(w, 3590000);
	ck_assert(!roster_changing(w, &change));
	roster_pass(w, 20000);
	ck_assert(roster_changing(w, &change));
	ck_assert_uint_eq(change.attempt, 0);
	ck_assert(roster_change_through(w));
	ck_assert(!roster_changing(w, &change));
	roster_pass(w, 10000);
	ck_assert(!roster_changing(w, &change));
	roster_world_free(w);
}
END_TEST

START_TEST(whom_a_quorum_does_not_hear_is_voted_out)
{
	struct roster_world *w = roster_world_new(5, 5, NULL);

	w->people[3].down = true;
	ck_error(roster_silent(w, &w->people[3].vote, 3), SR_ERR_OUT_OF_RANGE);
	ck_error(roster_silent(w, &w->people[0].vote, 9), SR_ERR_NOT_FOUND);
	ck_error(roster_silent(w, &w->people[9].vote, 3), SR_ERR_NOT_A_MEMBER);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(roster_member(w, 3).flags, 0);
		ck_ok(roster_silent(w, &w->people[i].vote, 3));
	}
	ck_error(roster_silent(w, &w->people[0].vote, 3), SR_ERR_DUPLICATE);
	ck_assert_uint_eq(roster_member(w, 3).flags, 0);
	ck_ok(roster_silent(w, &w->people[4].vote, 3));
	ck_assert_uint_eq(roster_member(w, 3).flags, ROSTER_SILENT);
	/* The others deal without it. */
	ck_assert(roster_change_through(w));
	key_kept(w);
	ck_assert_uint_eq(w->now->n, 4);
	ck_assert_uint_eq(roster_index(w, 3), EPOCH_NOBODY);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(votes_on_silence_do_not_outlive_the_epoch)
{
	struct roster_world *w = roster_world_new(5, 6, NULL);

	for (uint32_t i = 0; i < 3; i++)
		ck_ok(roster_silent(w, &w->people[i].vote, 4));
	roster_admit(w, 5);
	ck_assert(roster_change_through(w));
	ck_ok(roster_silent(w, &w->people[3].vote, 4));
	ck_assert_uint_eq(roster_member(w, 4).flags, 0);
	roster_world_free(w);
}
END_TEST

/* To the next whole step of the votes' time. */
static uint64_t silence_step(struct roster_world *w)
{
	uint64_t step = roster_silence_step(roster_policy_now(w).silence_ms);

	roster_block(w, step - w->time_ms % step);
	return step;
}

/* Who spoke an hour apart did not hear the same silence; but who still hears nothing says so
 * again. */
START_TEST(votes_on_silence_get_old_and_are_renewed)
{
	struct roster_world *w = roster_world_new(5, 41, NULL);
	uint64_t silence = roster_policy_now(w).silence_ms, began;

	silence_step(w);
	began = w->time_ms;
	ck_ok(roster_silent(w, &w->people[0].vote, 4));
	roster_block(w, 1000);
	ck_error(roster_silent(w, &w->people[0].vote, 4), SR_ERR_DUPLICATE);
	ck_ok(roster_silent(w, &w->people[1].vote, 4));
	ck_ok(roster_silent(w, &w->people[2].vote, 4));
	roster_block(w, silence - 1000);
	ck_ok(roster_silent(w, &w->people[3].vote, 4));
	ck_assert_uint_eq(roster_member(w, 4).flags, 0);
	/* A vote of then that a host has kept does not count now. */
	ck_error(roster_silent_at(w, &w->people[0].vote, 4, began), SR_ERR_EXPIRED);
	ck_ok(roster_silent(w, &w->people[0].vote, 4));
	ck_ok(roster_silent(w, &w->people[1].vote, 4));
	ck_assert_uint_eq(roster_member(w, 4).flags, 0);
	ck_ok(roster_silent(w, &w->people[2].vote, 4));
	ck_assert_uint_eq(roster_member(w, 4).flags, ROSTER_SILENT);
	roster_world_free(w);
}
END_TEST

START_TEST(a_vote_on_silence_is_of_a_whole_step_that_has_begun)
{
	struct roster_world *w = roster_world_new(5, 43, NULL);
	uint64_t step = silence_step(w);
	const struct sr_edsk *vote = &w->people[0].vote;

	ck_error(roster_silent_at(w, vote, 4, w->time_ms + step), SR_ERR_TOO_EARLY);
	ck_error(roster_silent_at(w, vote, 4, w->time_ms - 1), SR_ERR_OUT_OF_RANGE);
	ck_ok(roster_silent_at(w, vote, 4, w->time_ms));
	ck_error(roster_silent_at(w, vote, 4, w->time_ms - step), SR_ERR_DUPLICATE);
	roster_world_free(w);
}
END_TEST

static void never_silent(struct attest_policy *p)
{
	p->silence_ms = 0;
}

START_TEST(nobody_is_silent_where_the_policy_says_never)
{
	struct roster_world *w = roster_world_new(5, 42, never_silent);

	ck_error(roster_silent(w, &w->people[0].vote, 4), SR_ERR_TOO_EARLY);
	roster_world_free(w);
}
END_TEST

START_TEST(four_stay_four_until_another_one_comes)
{
	struct roster_world *w = roster_world_new(4, 7, NULL);
	struct epoch_change change;

	ck_error(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[0].operator_sk, 0),
	    SR_ERR_ROSTER_SMALL);
	w->people[2].down = true;
	for (uint32_t i = 0; i < 4; i++)
		if (i != 2)
			ck_ok(roster_silent(w, &w->people[i].vote, 2));
	ck_assert_uint_eq(roster_member(w, 2).flags, ROSTER_SILENT);
	roster_pass(w, 60000);
	ck_assert(!roster_changing(w, &change));
	roster_admit(w, 4);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 4);
	ck_assert_uint_eq(roster_index(w, 2), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 4), 3);
	key_kept(w);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(a_leaver_waits_for_the_one_who_asked_to_join)
{
	struct roster_world *w = roster_world_new(4, 8, NULL);

	ck_ok(roster_join(w, 4));
	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[3].vote, 3));
	ck_error(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[3].vote, 3), SR_ERR_CHANGE_PENDING);
	roster_pass(w, 5000);
	ck_assert_uint_eq(roster_member(w, 3).flags, ROSTER_LEAVES);
	roster_world_free(w);
}
END_TEST

START_TEST(no_more_come_and_go_at_once_than_the_churn_allows)
{
	struct roster_world *w = roster_world_new(7, 9, NULL);

	for (uint32_t i = 7; i < 10; i++)
		roster_admit(w, i);
	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[5].operator_sk, 5));
	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[1].operator_sk, 1));
	for (uint32_t round = 0; round < 3; round++) {
		ck_assert(roster_change_through(w));
		ck_assert_uint_eq(roster_index(w, 7 + round), w->now->n - 1);
		ck_assert_uint_eq(w->now->n, round < 2 ? 7 : 8);
		roster_shares_check(w);
	}
	ck_assert_uint_eq(roster_index(w, 1), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 5), EPOCH_NOBODY);
	roster_world_free(w);
}
END_TEST

/* With thirteen members, f is 4: two may come and two may go. */
START_TEST(a_larger_roster_changes_in_larger_steps)
{
	struct roster_world *w = roster_world_new(13, 10, NULL);

	for (uint32_t i = 13; i < 16; i++)
		roster_admit(w, i);
	for (uint32_t i = 0; i < 3; i++)
		ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[i].operator_sk, i));
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 13);
	ck_assert_uint_eq(roster_index(w, 14), 12);
	ck_assert_uint_eq(roster_index(w, 15), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 1), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 2), 0);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

/* ------------------------------------------------------------------------------------- given up */

/* A change in which everyone does what he does, until it is given up. */
static void attempt_fails(struct roster_world *w)
{
	uint64_t window = roster_policy_now(w).window_ms;
	struct epoch_change change;

	for (unsigned i = 0; i < 4000 && !roster_changing(w, &change); i++)
		roster_block(w, 1000);
	ck_assert(roster_changing(w, &change));
	roster_deal_all(w);
	roster_block(w, EPOCH_FIX_WAIT_MS);
	roster_ack_all(w);
	ck_assert(!epoch_ready(w->t, w->now));
	ck_assert(roster_changing(w, &change));
	roster_block(w, change.since_ms + window - 1 - w->time_ms);
	ck_assert(roster_changing(w, &change));
	roster_block(w, 1);
	ck_assert(!roster_changing(w, &change));
}

START_TEST(a_change_that_is_late_is_given_up_and_tried_again_after_growing_pauses)
{
	struct roster_world *w = roster_world_new(4, 11, daily);
	uint64_t window = roster_policy_now(w).window_ms, pause = EPOCH_PAUSE_MS;
	struct epoch_change change;

	w->people[3].down = true;
	roster_pass(w, 3601000);
	for (uint32_t attempt = 0; attempt < 9; attempt++) {
		ck_assert(roster_changing(w, &change));
		ck_assert_uint_eq(change.attempt, attempt);
		roster_deal_all(w);
		roster_block(w, change.started_ms + window - 1 - w->time_ms);
		ck_assert(roster_changing(w, &change));
		ck_assert(!change.fixed);
		roster_block(w, 1);
		ck_assert(!roster_changing(w, &change));
		roster_block(w, pause - 1001);
		ck_assert(!roster_changing(w, &change));
		roster_block(w, 2001);
		pause = pause * 2 < EPOCH_PAUSE_MAX_MS ? pause * 2 : EPOCH_PAUSE_MAX_MS;
	}
	w->people[3].down = false;
	ck_assert(roster_change_through(w));
	key_kept(w);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(a_joiner_who_does_not_acknowledge_is_dropped_and_the_others_stay)
{
	struct roster_world *w = roster_world_new(4, 12, NULL);
	uint64_t window = roster_policy_now(w).window_ms;
	struct epoch_change change;

	roster_admit(w, 4);
	w->people[4].down = true;
	ck_assert(!roster_change_through(w));
	ck_assert(roster_changing(w, &change));
	ck_assert(change.fixed);
	roster_block(w, window);
	ck_assert(!roster_changing(w, &change));
	ck_assert_int_eq(roster_candidate(w, 4).state, ROSTER_REFUSED);
	ck_error(roster_candidate(w, 4).code, SR_ERR_NOT_ADMITTED);
	ck_assert_uint_eq(w->now->epoch, 1);
	roster_pass(w, 120000);
	ck_assert(!roster_changing(w, &change));
	roster_world_free(w);
}
END_TEST

/* The refresh is through before the next one of them has its turn. */
START_TEST(after_a_try_with_joiners_one_without_them_is_made)
{
	struct roster_world *w = roster_world_new(4, 37, daily);

	roster_pass(w, 3590000);
	for (uint32_t i = 5; i < 8; i++) {
		roster_admit(w, i);
		w->people[i].down = true;
	}
	attempt_fails(w);
	ck_error(roster_candidate(w, 5).code, SR_ERR_NOT_ADMITTED);
	ck_assert_int_eq(roster_candidate(w, 6).state, ROSTER_ADMITTED);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(roster_member(w, i).stalls, 0);
	roster_pass(w, 29000);
	roster_block(w, 1000);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 4);
	roster_world_free(w);
}
END_TEST

/* As roster_admit, whoever else has the same operator. */
static void admit_entry(struct roster_world *w, uint32_t person)
{
	struct roster_candidate c;
	struct attest_facts facts;
	uint8_t report[ATTEST_REPORT_DATA];

	ck_ok(roster_join(w, person));
	c = roster_candidate(w, person);
	genesis_report_data(report, &c.entry.operator_key, &c.entry.id_key, &c.entry.vote_key,
	    c.entry.box_key, &c.nonce);
	facts = roster_facts(w, report);
	roster_verdict(w, &c.subject, SR_OK, &facts);
	ck_assert_int_eq(roster_candidate(w, person).state, ROSTER_ADMITTED);
}

START_TEST(an_operator_whose_joiner_held_a_change_up_waits_longer_each_time)
{
	struct roster_world *w = roster_world_new(4, 38, NULL);
	uint64_t wait = ROSTER_WAIT_MS, dropped;

	/* Four machines of one operator. */
	for (uint32_t i = 5; i < 9; i++) {
		w->people[i].down = true;
		w->people[i].operator_sk = w->people[5].operator_sk;
		w->people[i].operator_pk = w->people[5].operator_pk;
		w->people[i].entry.operator_key = w->people[5].operator_pk;
	}
	for (uint32_t i = 5; i < 8; i++) {
		admit_entry(w, i);
		attempt_fails(w);
		dropped = w->time_ms;
		roster_block(w, 1000);
		ck_error(roster_join(w, i + 1), SR_ERR_TOO_EARLY);
		roster_block(w, wait - 1001);
		ck_assert_uint_eq(w->time_ms, dropped + wait - 1);
		ck_error(roster_join(w, i + 1), SR_ERR_TOO_EARLY);
		roster_block(w, 1);
		wait *= 2;
	}
	roster_block(w, wait);
	w->people[8].down = false;
	admit_entry(w, 8);
	ck_assert(roster_change_through(w));
	/* Who became a member begins anew. */
	ck_assert(!roster_operator_waits(w->t, &w->people[8].operator_pk, 0));
	roster_world_free(w);
}
END_TEST

/* A member that is proven to lie goes before who wants to come, and who comes does not hold that
 * up: of five, four remain. */
START_TEST(a_fault_is_removed_without_waiting_for_joiners)
{
	struct roster_world *w = roster_world_new(5, 39, NULL);
	struct roster_member m = roster_member(w, 2);

	roster_admit(w, 5);
	w->people[5].down = w->people[2].down = true;
	m.flags |= ROSTER_FAULTY;
	ck_ok(roster_member_put(&w->t, &m));
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 4);
	ck_assert_uint_eq(roster_index(w, 2), EPOCH_NOBODY);
	w->people[5].down = false;
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 5), 4);
	roster_world_free(w);
}
END_TEST

/* Of four, one more is wanted; but not for long. */
START_TEST(a_fault_of_one_of_four_is_removed_after_one_try_with_a_joiner)
{
	struct roster_world *w = roster_world_new(4, 40, NULL);
	struct roster_member m = roster_member(w, 2);

	roster_admit(w, 5);
	w->people[5].down = w->people[2].down = true;
	m.flags |= ROSTER_FAULTY;
	ck_ok(roster_member_put(&w->t, &m));
	attempt_fails(w);
	roster_pass(w, 30000);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 3);
	ck_assert_uint_eq(roster_index(w, 2), EPOCH_NOBODY);
	roster_world_free(w);
}
END_TEST

START_TEST(a_joiner_is_not_blamed_for_dealings_that_did_not_come)
{
	struct roster_world *w = roster_world_new(4, 13, NULL);
	struct epoch_change change;

	roster_admit(w, 4);
	w->people[0].down = true;
	ck_assert(!roster_change_through(w));
	roster_block(w, roster_policy_now(w).window_ms);
	ck_assert(!roster_changing(w, &change));
	ck_assert_int_eq(roster_candidate(w, 4).state, ROSTER_ADMITTED);
	w->people[0].down = false;
	roster_pass(w, 30000);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 4), 4);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

/* More than the churn allows: with one of them in it, the next roster would not get through. */
START_TEST(who_keeps_changes_from_getting_through_is_removed)
{
	struct roster_world *w = roster_world_new(7, 32, daily);

	w->people[2].down = w->people[6].down = true;
	for (uint32_t i = 0; i < ROSTER_STALLS_MAX; i++) {
		ck_assert_uint_eq(roster_member(w, 2).flags, 0);
		attempt_fails(w);
		ck_assert_uint_eq(roster_member(w, 2).stalls, i + 1);
		ck_assert_uint_eq(roster_member(w, 3).stalls, 0);
	}
	ck_assert_uint_eq(roster_member(w, 2).flags, ROSTER_STALLS);
	ck_assert_uint_eq(roster_member(w, 6).flags, ROSTER_STALLS);
	roster_pass(w, 300000);
	ck_assert(roster_change_through(w));
	key_kept(w);
	ck_assert_uint_eq(w->now->n, 5);
	ck_assert_uint_eq(roster_index(w, 2), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 6), EPOCH_NOBODY);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(who_was_down_for_two_changes_and_does_its_part_in_the_third_stays)
{
	struct roster_world *w = roster_world_new(7, 33, daily);

	w->people[2].down = true;
	attempt_fails(w);
	attempt_fails(w);
	w->people[2].down = false;
	roster_pass(w, 60000);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 7);
	ck_assert_uint_eq(roster_member(w, 2).stalls, 0);
	ck_assert_uint_eq(roster_member(w, 2).flags, 0);
	roster_world_free(w);
}
END_TEST

/* It deals, and never says that it has its share. */
START_TEST(who_never_acknowledges_is_removed_too)
{
	struct roster_world *w = roster_world_new(5, 34, daily);
	struct epoch_change change;

	for (uint32_t i = 0; i < ROSTER_STALLS_MAX; i++) {
		for (unsigned k = 0; k < 4000 && !roster_changing(w, &change); k++)
			roster_block(w, 1000);
		roster_deal_all(w);
		w->people[1].down = true;
		attempt_fails(w);
		w->people[1].down = false;
		ck_assert_uint_eq(roster_member(w, 1).stalls, i + 1);
		ck_assert_uint_eq(roster_member(w, 0).stalls, 0);
	}
	roster_pass(w, 300000);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 1), EPOCH_NOBODY);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

/* Who deals at the last moment leaves the others a whole window to acknowledge. */
START_TEST(each_step_of_a_change_has_a_window_of_its_own)
{
	struct roster_world *w = roster_world_new(5, 35, daily);
	uint64_t window = roster_policy_now(w).window_ms;
	struct epoch_change change;

	roster_pass(w, 3601000);
	w->people[4].down = true;
	roster_deal_all(w);
	ck_assert(roster_changing(w, &change));
	roster_block(w, change.started_ms + window - 1000 - w->time_ms);
	w->people[4].down = false;
	roster_deal_all(w);
	roster_block(w, window - 1);
	ck_assert(roster_changing(w, &change));
	ck_assert_uint_eq(change.since_ms, change.started_ms + window - 1000);
	ck_assert_uint_eq(roster_member(w, 0).stalls, 0);
	roster_ack_all(w);
	ck_assert(roster_close_block(w));
	roster_world_free(w);
}
END_TEST

/* Four stay four: it stays until somebody takes its place. */
START_TEST(one_of_four_that_keeps_changes_up_goes_when_another_comes)
{
	struct roster_world *w = roster_world_new(4, 36, daily);

	w->people[3].down = true;
	for (uint32_t i = 0; i < ROSTER_STALLS_MAX + 1; i++)
		attempt_fails(w);
	ck_assert_uint_eq(roster_member(w, 3).flags, ROSTER_STALLS);
	ck_assert_uint_eq(w->now->n, 4);
	roster_admit(w, 5);
	roster_pass(w, 241000);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(w->now->n, 4);
	ck_assert_uint_eq(roster_index(w, 3), EPOCH_NOBODY);
	ck_assert_uint_eq(roster_index(w, 5), 3);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

START_TEST(what_was_dealt_for_an_attempt_that_was_given_up_counts_no_more)
{
	struct roster_world *w = roster_world_new(4, 14, daily);
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct epoch_change change;

	ck_assert_ptr_nonnull(deal);
	roster_pass(w, 3601000);
	roster_deal_make(w, 0, deal);
	ck_ok(roster_deal_send(w, 0, deal));
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_EPOCH_STEP);
	roster_block(w, roster_policy_now(w).window_ms);
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_EPOCH_STEP);
	roster_pass(w, 31000);
	ck_assert(roster_changing(w, &change));
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_EPOCH_STEP);
	deal->attempt = 1;
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_BAD_SIGNATURE);
	epoch_vote_sign(&deal->vote_proof, &w->people[0].next_vote, &w->g->chain_id, 2, 1, 0);
	ck_ok(roster_deal_send(w, 0, deal));
	free(deal);
	roster_world_free(w);
}
END_TEST

/* ------------------------------------------------------------------------------------- dealings */

START_TEST(the_dealers_are_fixed_without_who_leaves_only_after_a_short_wait)
{
	struct roster_world *w = roster_world_new(5, 15, NULL);
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct epoch_change change;

	ck_assert_ptr_nonnull(deal);
	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[4].vote, 4));
	roster_pass(w, 2000);
	ck_assert(roster_changing(w, &change));
	w->people[4].down = true;
	roster_deal_all(w);
	roster_block(w, change.started_ms + EPOCH_FIX_WAIT_MS - 1 - w->time_ms);
	ck_assert(roster_changing(w, &change));
	ck_assert(!change.fixed);
	roster_deal_make(w, 4, deal);
	roster_block(w, 1);
	ck_assert(roster_changing(w, &change));
	ck_assert(change.fixed);
	ck_error(roster_deal_send(w, 4, deal), SR_ERR_EPOCH_STEP);
	roster_ack_all(w);
	ck_assert(roster_close_block(w));
	roster_shares_check(w);
	free(deal);
	roster_world_free(w);
}
END_TEST

START_TEST(who_leaves_may_deal_and_helps)
{
	struct roster_world *w = roster_world_new(5, 16, NULL);
	struct epoch_change change;

	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[0].vote, 0));
	roster_pass(w, 2000);
	roster_deal_all(w);
	ck_assert(roster_changing(w, &change));
	ck_assert(change.fixed);
	ck_assert(epoch_set_has(&change.dealt, 0));
	roster_ack_all(w);
	ck_assert(roster_close_block(w));
	key_kept(w);
	roster_shares_check(w);
	roster_world_free(w);
}
END_TEST

/* DESIGN 6: "reshare: dealer i shares x_i to the next (t',n'), A_{i,0} == Y_i enforced". */
START_TEST(a_dealing_of_anything_but_ones_own_share_is_refused)
{
	struct roster_world *w = roster_world_new(4, 17, daily);
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct sr_scalar kept;

	ck_assert_ptr_nonnull(deal);
	roster_pass(w, 3601000);
	kept = w->people[0].share;
	w->people[0].share = w->people[1].share;
	roster_deal_make(w, 0, deal);
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_DEALING_BAD);
	sr_scalar_from_u32(&w->people[0].share, 5);
	roster_deal_make(w, 0, deal);
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_DEALING_BAD);
	w->people[0].share = kept;
	roster_deal_make(w, 0, deal);
	deal->vote_key = w->people[2].entry.id_key;
	epoch_vote_sign(&deal->vote_proof, &w->people[2].id, &w->g->chain_id, 2, 0, 0);
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_DUPLICATE);
	roster_deal_make(w, 0, deal);
	deal->c.t--;
	ck_error(roster_deal_send(w, 0, deal), SR_ERR_COMMITMENT_LENGTH);
	roster_deal_make(w, 0, deal);
	ck_ok(roster_deal_send(w, 0, deal));
	free(deal);
	roster_world_free(w);
}
END_TEST

/* Whoever sees a dealing on its way could deal its vote key first, or name it in a JOIN. */
START_TEST(nobody_takes_another_s_next_vote_key)
{
	struct roster_world *w = roster_world_new(4, 30, daily);
	struct epoch_deal *honest = calloc(1, sizeof(*honest)), *thief = calloc(1, sizeof(*thief));
	struct roster_candidate c;
	struct attest_facts facts;
	uint8_t report[ATTEST_REPORT_DATA];

	ck_assert(honest != NULL && thief != NULL);
	roster_pass(w, 3601000);
	roster_deal_make(w, 0, honest);
	roster_deal_make(w, 1, thief);
	thief->vote_key = honest->vote_key;
	ck_error(roster_deal_send(w, 1, thief), SR_ERR_BAD_SIGNATURE);
	thief->vote_proof = honest->vote_proof;
	ck_error(roster_deal_send(w, 1, thief), SR_ERR_BAD_SIGNATURE);
	roster_entry(w, 5);
	w->people[5].entry.vote_key = honest->vote_key;
	ck_ok(roster_join(w, 5));
	ck_ok(roster_deal_send(w, 0, honest));
	c = roster_candidate(w, 5);
	genesis_report_data(report, &c.entry.operator_key, &c.entry.id_key, &c.entry.vote_key,
	    c.entry.box_key, &c.nonce);
	facts = roster_facts(w, report);
	roster_verdict(w, &c.subject, SR_OK, &facts);
	ck_error(roster_candidate(w, 5).code, SR_ERR_DUPLICATE);
	free(honest);
	free(thief);
	roster_world_free(w);
}
END_TEST

/* Its proof is for this attempt, this epoch and this chain alone. */
START_TEST(a_vote_key_s_proof_is_for_one_attempt)
{
	struct roster_world *w = roster_world_new(4, 31, daily);
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct sr_hash32 other = w->g->chain_id;

	ck_assert_ptr_nonnull(deal);
	other.b[3] ^= 1;
	roster_pass(w, 3601000);
	roster_deal_make(w, 0, deal);
	ck_ok(epoch_vote_verify(deal, &w->g->chain_id, 2, 0));
	ck_error(epoch_vote_verify(deal, &other, 2, 0), SR_ERR_BAD_SIGNATURE);
	ck_error(epoch_vote_verify(deal, &w->g->chain_id, 3, 0), SR_ERR_BAD_SIGNATURE);
	ck_error(epoch_vote_verify(deal, &w->g->chain_id, 2, 1), SR_ERR_BAD_SIGNATURE);
	deal->attempt++;
	ck_error(epoch_vote_verify(deal, &w->g->chain_id, 2, 0), SR_ERR_BAD_SIGNATURE);
	free(deal);
	roster_world_free(w);
}
END_TEST

/* A box that does not decrypt; the receiver, who joins, says so. */
static enum sr_error complain(struct roster_world *w, uint32_t person, uint32_t dealer)
{
	struct roster_person *p = &w->people[person];
	struct epoch_deal *deal = malloc(sizeof(*deal));
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct shamir_complaint complaint;
	struct epoch_change change;
	struct epoch_role role;
	struct sr_writer body;
	enum sr_error error;

	ck_assert_ptr_nonnull(deal);
	ck_assert(epoch_change_get(&change, w->t));
	ck_ok(epoch_role(&role, w->t, w->now, &p->entry.id_key));
	ck_ok(epoch_deal_get(deal, w->t, &change, dealer));
	epoch_context_bytes(context, &w->g->chain_id, change.target, dealer, role.next,
	    EPOCH_ABOUT_SHARE);
	ck_ok(shamir_complaint_make(&complaint, &deal->shares[role.next], &p->box, context,
	    sizeof(context), &w->drbg));
	sr_writer_init(&body, 256);
	sr_write_u32(&body, dealer);
	sr_write_u8(&body, EPOCH_ABOUT_SHARE);
	shamir_complaint_write(&body, &complaint);
	ck_ok(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_COMPLAINT, &p->vote, body.p, body.n);
	sr_writer_clear(&body);
	free(deal);
	return error;
}

START_TEST(a_joiner_s_complaint_excludes_a_dealer_who_goes_with_the_next_change)
{
	struct roster_world *w = roster_world_new(4, 18, NULL);
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct epoch_change change;

	ck_assert_ptr_nonnull(deal);
	roster_admit(w, 4);
	roster_pass(w, 2000);
	roster_deal_make(w, 1, deal);
	deal->shares[4].b[50] ^= 1;
	ck_ok(roster_deal_send(w, 1, deal));
	roster_deal_all(w);
	ck_error(complain(w, 4, 0), SR_ERR_BAD_PROOF);
	ck_ok(roster_ack(w, 0));
	ck_ok(complain(w, 4, 1));
	ck_error(complain(w, 4, 1), SR_ERR_EPOCH_STEP);
	ck_assert(roster_changing(w, &change));
	ck_assert(epoch_set_has(&change.excluded, 1));
	ck_assert_uint_eq(epoch_set_count(&change.acked), 0);
	ck_assert_uint_eq(roster_member(w, 1).flags, ROSTER_FAULTY);
	roster_ack_all(w);
	ck_assert(roster_close_block(w));
	key_kept(w);
	roster_shares_check(w);
	ck_assert_uint_eq(roster_index(w, 1), 1);
	ck_assert(roster_change_through(w));
	ck_assert_uint_eq(roster_index(w, 1), EPOCH_NOBODY);
	ck_assert_uint_eq(w->now->n, 4);
	roster_shares_check(w);
	free(deal);
	roster_world_free(w);
}
END_TEST

START_TEST(a_change_with_too_few_good_dealers_is_given_up_at_once)
{
	struct roster_world *w = roster_world_new(4, 19, NULL);
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct epoch_change change;

	ck_assert_ptr_nonnull(deal);
	roster_admit(w, 4);
	roster_pass(w, 2000);
	for (uint32_t i = 0; i < 2; i++) {
		roster_deal_make(w, i, deal);
		deal->shares[4].b[50] ^= 1;
		ck_ok(roster_deal_send(w, i, deal));
	}
	roster_deal_all(w);
	ck_ok(complain(w, 4, 0));
	ck_ok(complain(w, 4, 1));
	ck_assert(roster_changing(w, &change));
	roster_block(w, 20);
	ck_assert(!roster_changing(w, &change));
	ck_assert_int_eq(roster_candidate(w, 4).state, ROSTER_ADMITTED);
	free(deal);
	roster_world_free(w);
}
END_TEST

START_TEST(who_is_in_neither_roster_has_no_say_in_a_change)
{
	struct roster_world *w = roster_world_new(5, 20, NULL);
	struct epoch_change change;
	struct epoch_role role;

	ck_ok(roster_seat_op(w, EPOCH_OP_LEAVE, &w->people[4].vote, 4));
	roster_admit(w, 5);
	roster_pass(w, 2000);
	ck_assert(roster_changing(w, &change));
	roster_deal_all(w);
	ck_ok(epoch_role(&role, w->t, w->now, &w->people[5].entry.vote_key));
	ck_assert_uint_eq(role.now, EPOCH_NOBODY);
	ck_assert_uint_eq(role.next, 4);
	ck_ok(epoch_role(&role, w->t, w->now, &w->people[4].entry.id_key));
	ck_assert_uint_eq(role.now, 4);
	ck_assert_uint_eq(role.next, EPOCH_NOBODY);
	ck_error(epoch_role(&role, w->t, w->now, &w->people[6].entry.id_key), SR_ERR_NOT_FOUND);
	ck_error(roster_do(w, EPOCH_OP_ACK, &w->people[4].vote, (const uint8_t *)"", 0),
	    SR_ERR_EPOCH_STEP);
	ck_error(roster_do(w, EPOCH_OP_DEAL, &w->people[5].vote, (const uint8_t *)"", 0),
	    SR_ERR_NOT_A_MEMBER);
	ck_error(roster_do(w, EPOCH_OP_VERDICT, &w->people[5].vote, (const uint8_t *)"", 0),
	    SR_ERR_NOT_A_MEMBER);
	ck_error(roster_do(w, EPOCH_OP_ACK, &w->people[6].vote, (const uint8_t *)"", 0),
	    SR_ERR_NOT_A_MEMBER);
	roster_world_free(w);
}
END_TEST

START_TEST(the_close_block_does_not_give_up_what_it_closes)
{
	struct roster_world *w = roster_world_new(4, 21, NULL);
	struct epoch_change change;

	roster_admit(w, 4);
	roster_pass(w, 2000);
	roster_deal_all(w);
	roster_ack_all(w);
	ck_assert(epoch_ready(w->t, w->now));
	roster_block(w, 2 * roster_policy_now(w).window_ms);
	ck_assert(roster_changing(w, &change));
	ck_assert(roster_close_block(w));
	ck_assert_uint_eq(w->now->n, 5);
	roster_world_free(w);
}
END_TEST

START_TEST(the_record_before_is_kept_and_the_one_before_that_is_not)
{
	struct roster_world *w = roster_world_new(4, 22, NULL);
	struct epoch_record *old = malloc(sizeof(*old));
	struct sr_hash32 a, b;

	ck_assert_ptr_nonnull(old);
	roster_admit(w, 4);
	ck_assert(roster_change_through(w));
	ck_ok(epoch_old_get(old, w->t));
	a = epoch_record_root(old);
	b = epoch_record_root(w->before);
	ck_assert(sr_hash32_equal(&a, &b));
	free(old);
	roster_world_free(w);
}
END_TEST

TEST_MAIN("enclave roster_change", a_joiner_becomes_a_member_and_the_key_stays,
    who_leaves_is_gone_and_its_seat_is_free, a_refresh_changes_every_share_and_nothing_else,
    a_refresh_comes_by_itself_when_its_time_has_come, whom_a_quorum_does_not_hear_is_voted_out,
    votes_on_silence_do_not_outlive_the_epoch, votes_on_silence_get_old_and_are_renewed,
    a_vote_on_silence_is_of_a_whole_step_that_has_begun,
    nobody_is_silent_where_the_policy_says_never, four_stay_four_until_another_one_comes,
    a_leaver_waits_for_the_one_who_asked_to_join,
    no_more_come_and_go_at_once_than_the_churn_allows,
    a_larger_roster_changes_in_larger_steps,
    a_change_that_is_late_is_given_up_and_tried_again_after_growing_pauses,
    a_joiner_who_does_not_acknowledge_is_dropped_and_the_others_stay,
    after_a_try_with_joiners_one_without_them_is_made,
    an_operator_whose_joiner_held_a_change_up_waits_longer_each_time,
    a_fault_is_removed_without_waiting_for_joiners,
    a_fault_of_one_of_four_is_removed_after_one_try_with_a_joiner,
    a_joiner_is_not_blamed_for_dealings_that_did_not_come,
    who_keeps_changes_from_getting_through_is_removed,
    who_was_down_for_two_changes_and_does_its_part_in_the_third_stays,
    who_never_acknowledges_is_removed_too, each_step_of_a_change_has_a_window_of_its_own,
    one_of_four_that_keeps_changes_up_goes_when_another_comes,
    what_was_dealt_for_an_attempt_that_was_given_up_counts_no_more,
    nobody_takes_another_s_next_vote_key, a_vote_key_s_proof_is_for_one_attempt,
    the_dealers_are_fixed_without_who_leaves_only_after_a_short_wait,
    who_leaves_may_deal_and_helps, a_dealing_of_anything_but_ones_own_share_is_refused,
    a_joiner_s_complaint_excludes_a_dealer_who_goes_with_the_next_change,
    a_change_with_too_few_good_dealers_is_given_up_at_once,
    who_is_in_neither_roster_has_no_say_in_a_change,
    the_close_block_does_not_give_up_what_it_closes,
    the_record_before_is_kept_and_the_one_before_that_is_not)
