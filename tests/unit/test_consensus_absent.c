/* consensus/absent.c: who misses its slots is not waited for while operations wait. Node 0 of four
 * is real, node 3 is down. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"
#include "tests/lib/seed.h"

#define OTHERS 0xeu     /* members 1, 2, 3 */
#define FULL_MS 350u

struct world {
	struct puppet *p;
	struct puppet_block last;
	const char *body;
};

static void final_block(struct world *w, uint64_t slot)
{
	struct puppet_block b = puppet_block(w->p, &w->last, slot, w->body);
	struct consensus_cert skips[2], notar;
	uint32_t skips_n = 0;

	for (uint64_t gap = w->last.header.slot + 1; gap < slot; gap++)
		skips[skips_n++] = puppet_cert(w->p, CONSENSUS_SKIP, gap, NULL, OTHERS);
	notar = puppet_cert(w->p, CONSENSUS_NOTAR, w->last.header.slot, &w->last.hash, OTHERS);
	puppet_pass(w->p, 100);
	ck_ok(puppet_say_propose(w->p, (uint32_t)(slot % 4), &b,
	    w->last.header.height > 0 ? &notar : NULL, skips, skips_n));
	puppet_finalise(w->p, &b);
	ck_assert_uint_eq(puppet_status(w->p).final_slot, slot);
	w->last = b;
}

static void skipped(struct world *w, uint64_t slot)
{
	struct consensus_cert skip = puppet_cert(w->p, CONSENSUS_SKIP, slot, NULL, OTHERS);

	ck_ok(puppet_say_cert(w->p, 1, &skip));
	ck_assert_uint_eq(puppet_status(w->p).frontier_slot, slot + 1);
}

/* Up to node 3's slot of this turn, counted from 0: its timer. */
static uint32_t turn(struct world *w, uint64_t n)
{
	final_block(w, 4 * n + 1);
	final_block(w, 4 * n + 2);
	ck_assert_uint_eq(puppet_status(w->p).frontier_slot, 4 * n + 3);
	return puppet_status(w->p).skip_timeout_ms;
}

static void turn_end(struct world *w, uint64_t n)
{
	skipped(w, 4 * n + 3);
	skipped(w, 4 * n + 4);
}

static struct world begin(bool work)
{
	struct world w = { .p = puppet_new(4, 0) };

	w.last = puppet_genesis(w.p);
	w.body = work ? "op" : NULL;
	w.p->c->nodes[0].app.work = work;
	return w;
}

START_TEST(an_author_that_is_down_is_waited_for_less_and_less_often)
{
	struct world w = begin(true);

	for (uint64_t n = 0; n < 200; n++) {
		bool chance = n == 0 || n == 1 || n == 2 || n == 4 || n == 8 || n == 16 ||
		    n == 32 || n == 64 || n == 128 || n == 192;
		uint32_t ms = turn(&w, n);

		ck_assert_msg(ms == (chance ? FULL_MS : 0), "turn %lu: %u ms", n, ms);
		ck_assert(puppet_voted(w.p, CONSENSUS_SKIP, 4 * n + 3, NULL) == !chance);
		turn_end(&w, n);
	}
	puppet_free(w.p);
}
END_TEST

START_TEST(while_nothing_waits_it_is_waited_for)
{
	struct world w = begin(false);

	for (uint64_t n = 0; n < 8; n++) {
		ck_assert_uint_eq(turn(&w, n), FULL_MS);
		turn_end(&w, n);
	}
	ck_assert_uint_eq(turn(&w, 8), FULL_MS);
	skipped(&w, 35);
	skipped(&w, 36);
	ck_assert_uint_eq(turn(&w, 9), FULL_MS);
	w.p->c->nodes[0].app.work = true;
	ck_ok(consensus_work(puppet_consensus(w.p), w.p->c->now_ms));
	ck_assert(puppet_voted(w.p, CONSENSUS_SKIP, 39, NULL));
	puppet_free(w.p);
}
END_TEST

START_TEST(a_block_with_operations_is_as_good_as_some_that_wait)
{
	struct world w = begin(false);

	for (uint64_t n = 0; n < 6; n++) {
		w.body = n == 3 ? "op" : NULL;
		ck_assert_uint_eq(turn(&w, n), n == 3 ? 0 : FULL_MS);
		turn_end(&w, n);
	}
	puppet_free(w.p);
}
END_TEST

START_TEST(without_finality_all_are_waited_for)
{
	struct world w = begin(true);

	for (uint64_t n = 0; n < 5; n++) {
		(void)turn(&w, n);
		turn_end(&w, n);
	}
	ck_assert_uint_eq(turn(&w, 5), 0);
	turn_end(&w, 5);
	skipped(&w, 25);
	skipped(&w, 26);
	ck_assert_uint_eq(puppet_status(w.p).frontier_slot, 27);
	ck_assert_uint_eq(puppet_status(w.p).skip_timeout_ms, 2 * FULL_MS);
	puppet_free(w.p);
}
END_TEST

START_TEST(its_own_slot_is_never_left_in_a_hurry)
{
	struct world w = begin(true);

	for (uint64_t n = 0; n < 6; n++) {
		(void)turn(&w, n);
		skipped(&w, 4 * n + 3);
		ck_assert_uint_eq(puppet_status(w.p).frontier_author, 0);
		ck_assert_uint_eq(puppet_status(w.p).skip_timeout_ms, FULL_MS);
		skipped(&w, 4 * n + 4);
	}
	puppet_free(w.p);
}
END_TEST

START_TEST(a_block_of_its_own_makes_it_one_like_the_others)
{
	struct world w = begin(true);

	for (uint64_t n = 0; n < 8; n++) {
		(void)turn(&w, n);
		turn_end(&w, n);
	}
	ck_assert_uint_eq(turn(&w, 8), FULL_MS);
	final_block(&w, 35);
	skipped(&w, 36);
	for (uint64_t n = 9; n < 12; n++) {
		ck_assert_uint_eq(turn(&w, n), FULL_MS);
		turn_end(&w, n);
	}
	ck_assert_uint_eq(turn(&w, 12), 0);
	puppet_free(w.p);
}
END_TEST

START_TEST(who_was_silent_and_speaks_has_its_chance)
{
	struct world w = begin(true);
	struct consensus_vote v;

	for (uint64_t n = 0; n < 5; n++) {
		(void)turn(&w, n);
		turn_end(&w, n);
	}
	/* It voted all the time: no reason to wait for its blocks. */
	ck_assert_uint_eq(turn(&w, 5), 0);
	turn_end(&w, 5);
	puppet_pass(w.p, CONS_ABSENT_QUIET_MS);
	v = puppet_vote(w.p, 3, CONSENSUS_SKIP, 25, NULL);
	ck_ok(puppet_say_vote(w.p, &v));
	ck_assert_uint_ge(turn(&w, 6), FULL_MS);
	puppet_free(w.p);
}
END_TEST

/* Blocks of a fleet on virtual time in ten seconds. */
static uint64_t blocks(struct fleet *c)
{
	uint64_t before = fleet_height_most(c);

	fleet_run(c, 10000);
	return fleet_height_most(c) - before;
}

START_TEST(a_member_that_is_down_costs_little_and_authors_again_when_it_is_back)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint64_t all, three, skips;

	fleet_start(c);
	fleet_work(c, 100);
	fleet_run(c, 2000);
	all = blocks(c);
	fleet_crash(c, 3, false);
	fleet_run(c, 5000);
	three = blocks(c);
	ck_assert_msg(three * 10 >= all * 8, "%lu blocks of %lu", three, all);
	fleet_start_node(c, 3);
	fleet_work(c, 100);
	fleet_run(c, 5000);
	skips = fleet_status(c, 0).slots_skipped;
	(void)blocks(c);
	ck_assert_uint_eq(fleet_status(c, 0).slots_skipped, skips);
	fleet_free(c);
}
END_TEST

TEST_MAIN("consensus_absent",
	an_author_that_is_down_is_waited_for_less_and_less_often,
	while_nothing_waits_it_is_waited_for,
	a_block_with_operations_is_as_good_as_some_that_wait,
	without_finality_all_are_waited_for,
	its_own_slot_is_never_left_in_a_hurry,
	a_block_of_its_own_makes_it_one_like_the_others,
	who_was_silent_and_speaks_has_its_chance,
	a_member_that_is_down_costs_little_and_authors_again_when_it_is_back)
