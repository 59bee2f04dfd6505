/*
 * Random histories of a roster: people join, leave, fall silent, lie, are down and come back, and
 * changes are given up. Whatever happens, the vault key never changes; after each change any
 * threshold of the new shares makes it, fewer do not, and a new minority does not with an old one
 * (I7); and the roster is what a small model of the rules says it may be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "tests/lib/check_main.h"
#include "tests/lib/roster_world.h"
#include "tests/lib/seed.h"

#define RUNS 6u
#define STEPS 60u

struct history {
	struct roster_world *w;
	struct sr_drbg drbg;
	uint32_t next_person;            /* the next who never asked */
	uint32_t closes, given_up;

};

static uint32_t below(struct history *h, uint32_t n)
{
	return test_below(&h->drbg, n);
}

/* A member, whoever. */
static uint32_t some_member(struct history *h)
{
	uint32_t index = below(h, h->w->now->n);

	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++)
		if (roster_index(h->w, i) == index)
			return i;
	ck_abort_msg("no such member");
	return 0;
}

static void step_join(struct history *h)
{
	struct roster_candidate c;

	if (h->next_person >= ROSTER_PEOPLE || h->w->now->n > 9 ||
	    roster_join(h->w, h->next_person) != SR_OK)
		return;
	ck_ok(roster_candidate_find(&c, h->w->t, &h->w->people[h->next_person].entry.id_key));
	if (below(h, 5) == 0) {
		roster_verdict(h->w, &c.subject, SR_ERR_CHAIN_BAD, NULL);
	} else {
		uint8_t report[ATTEST_REPORT_DATA];
		struct attest_facts facts;

		genesis_report_data(report, &c.entry.operator_key, &c.entry.id_key,
		    &c.entry.vote_key, c.entry.box_key, &c.nonce);
		facts = roster_facts(h->w, report);
		roster_verdict(h->w, &c.subject, SR_OK, &facts);
	}
	h->next_person++;
}

static void step_silence(struct history *h)
{
	uint32_t who = some_member(h), seat = roster_seat(h->w, who), said = 0;

	for (uint32_t i = 0; i < ROSTER_PEOPLE && said < consensus_quorum(h->w->now->n); i++)
		if (i != who && roster_index(h->w, i) != EPOCH_NOBODY)
			said += roster_silent(h->w, &h->w->people[i].vote,
			    seat) == SR_OK ? 1 : 0;
}

static void step_fault(struct history *h)
{
	uint32_t who = some_member(h);
	struct sr_writer body;

	sr_writer_init(&body, 2048);
	sr_write_u8(&body, 1);
	sr_write_u8(&body, 2);
	for (uint8_t i = 0; i < 2; i++) {
		struct consensus_vote v = { .kind = CONSENSUS_FINAL, .epoch = h->w->now->epoch,
			.slot = 3, .voter = roster_index(h->w, who),
			.hash = { { (uint8_t)(1 + i) } } };

		consensus_vote_sign(&v, &h->w->g->chain_id, &h->w->people[who].vote);
		consensus_vote_write(&body, &v);
	}
	(void)!roster_do(h->w, EPOCH_OP_FAULT, &h->w->people[0].operator_sk, body.p, body.n);
	sr_writer_clear(&body);
}

/* The rules, said again: who may be in the next roster. */
static void model_check(struct history *h, const struct epoch_change *change)
{
	const struct epoch_record *now = h->w->now;
	struct epoch_record *next = malloc(sizeof(*next));
	uint32_t f = (now->n - 1) / 3, churn = f / 2 > 1 ? f / 2 : 1;
	uint32_t came = 0, last = 0, f_next, stalled = 0;
	struct roster_member m;

	ck_assert_ptr_nonnull(next);
	ck_ok(epoch_change_roster(next, h->w->t, now));
	for (uint32_t i = 0; i < next->n; i++) {
		uint32_t was = epoch_record_id(now, &next->members[i].id_key);

		if (was == EPOCH_NOBODY) {
			came++;
			ck_assert_uint_eq(epoch_record_seat(now, next->members[i].seat),
			    EPOCH_NOBODY);
			continue;
		}
		/* Who stays keeps seat and order, before who joins. */
		ck_assert_uint_eq(came, 0);
		ck_assert(i == 0 || was > last);
		ck_assert_uint_eq(now->members[was].seat, next->members[i].seat);
		last = was;
	}
	f_next = (next->n - 1) / 3;
	for (uint32_t i = 0; i < now->n; i++) {
		if (epoch_record_id(next, &now->members[i].id_key) != EPOCH_NOBODY)
			continue;
		ck_ok(roster_member_get(&m, h->w->t, now->members[i].seat));
		/* Three changes in vain are more than churn. */
		stalled += (m.flags & ROSTER_STALLS) != 0 && m.stalls >= 3 ? 1 : 0;
	}
	ck_assert_uint_le(came, churn);
	ck_assert_uint_le(now->n - (next->n - came), churn + stalled);
	ck_assert_uint_le(now->n - (next->n - came), f > churn ? f : churn);
	ck_assert_uint_ge(next->n, 3);
	ck_assert_uint_eq(next->threshold, next->n / 2 + 1);
	ck_assert(next->threshold >= f_next + 1 && next->threshold <= next->n - f_next);
	ck_assert_uint_eq(change->n, next->n);
	ck_assert_uint_eq(change->target, now->epoch + 1);
	free(next);
}

/* Those who are up take part; some come too late. */
static void step_change(struct history *h)
{
	struct epoch_change change;
	uint64_t epoch = h->w->now->epoch;

	if (!roster_changing(h->w, &change))
		return;
	model_check(h, &change);
	roster_deal_all(h->w);
	for (unsigned i = 0; i < 4 && roster_changing(h->w, &change) && !change.fixed; i++)
		roster_block(h->w, 1000);
	if (!roster_changing(h->w, &change) || !epoch_set_complete(&change, h->w->now))
		return;
	roster_ack_all(h->w);
	if (!roster_close_block(h->w))
		return;
	ck_assert_uint_eq(h->w->now->epoch, epoch + 1);
	ck_assert_mem_eq(h->w->now->vault_key, h->w->before->vault_key, 32);
	roster_shares_check(h->w);
	h->closes++;
}

static void step_down(struct history *h, bool down)
{
	uint32_t who = some_member(h);

	if (!down)
		for (uint32_t i = 0; i < ROSTER_PEOPLE; i++)
			h->w->people[i].down = false;
	else
		h->w->people[who].down = true;
}

static void step(struct history *h)
{
	struct epoch_change change;
	uint32_t who = some_member(h);
	bool was = roster_changing(h->w, &change);

	switch (below(h, 12)) {
	case 0: case 1: step_join(h); break;
	case 2: (void)!roster_seat_op(h->w, EPOCH_OP_LEAVE, &h->w->people[who].operator_sk,
		    roster_seat(h->w, who)); break;
	case 3: step_silence(h); break;
	case 4: if (below(h, 3) == 0) step_fault(h); break;
	case 5: step_down(h, true); break;
	case 6: step_down(h, false); break;
	case 7: (void)!roster_do(h->w, EPOCH_OP_REFRESH, &h->w->people[who].operator_sk, NULL, 0);
		break;
	case 8: roster_block(h->w, 1 + below(h, 700000)); break;
	default: step_change(h); break;
	}
	roster_pass(h->w, 1000 * below(h, 4));
	if (was && !roster_changing(h->w, &change))
		h->given_up++;
}

static void history_run(uint32_t n, const char *name)
{
	struct history h = { .next_person = n };
	uint32_t closes;
	uint8_t key[32];

	test_drbg(&h.drbg, name);
	h.w = roster_world_new(n, below(&h, 1u << 31), NULL);
	memcpy(key, h.w->now->vault_key, 32);
	for (unsigned i = 0; i < STEPS; i++)
		step(&h);
	/* Everyone is back: the next change gets through. */
	step_down(&h, false);
	closes = h.closes;
	for (unsigned i = 0; i < 4 && h.closes == closes; i++) {
		(void)!roster_do(h.w, EPOCH_OP_REFRESH,
		    &h.w->people[some_member(&h)].operator_sk, NULL, 0);
		h.closes += roster_change_through(h.w) ? 1 : 0;
		if (h.closes == closes)
			roster_block(h.w, EPOCH_PAUSE_MAX_MS);
	}
	ck_assert_uint_gt(h.closes, closes);
	roster_shares_check(h.w);
	ck_assert_mem_eq(key, h.w->now->vault_key, 32);
	roster_world_free(h.w);
}

START_TEST(the_vault_key_outlives_every_history)
{
	char name[32];

	for (uint32_t run = 0; run < RUNS; run++) {
		snprintf(name, sizeof(name), "rosters %u", run);
		history_run(run % 2 == 0 ? 4 : 5 + run, name);
	}
}
END_TEST

/* The planted fault: a share that was changed after its change is seen. */
START_TEST(a_share_of_another_polynomial_does_not_fit)
{
	struct roster_world *w = roster_world_new(4, 99, NULL);
	struct shamir_index at[3] = { { 1 }, { 2 }, { 3 } };
	struct sr_scalar shares[3], x;
	struct sr_point key;

	roster_block(w, roster_policy_now(w).refresh_min_ms);
	ck_ok(roster_do(w, EPOCH_OP_REFRESH, &w->people[1].operator_sk, NULL, 0));
	ck_assert(roster_change_through(w));
	for (uint32_t i = 0; i < 3; i++)
		shares[i] = i == 2 ? w->old_share[i] : w->people[i].share;
	ck_ok(shamir_interpolate(&x, at, shares, 3));
	sr_point_base_mul(&key, &x);
	ck_assert_int_ne(memcmp(key.b, w->now->vault_key, 32), 0);
	shares[2] = w->people[2].share;
	ck_ok(shamir_interpolate(&x, at, shares, 3));
	sr_point_base_mul(&key, &x);
	ck_assert_mem_eq(key.b, w->now->vault_key, 32);
	roster_world_free(w);
}
END_TEST

TEST_MAIN("rosters", the_vault_key_outlives_every_history,
    a_share_of_another_polynomial_does_not_fit)
