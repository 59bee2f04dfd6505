/* Observers follow without a word that counts; members serve their guests and believe nothing
 * of what those say. That an observer says nothing else is checked at every send
 * (consensus_fleet.c). */
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"
#include "tests/lib/seed.h"

struct watched { uint32_t node; uint64_t height; };

static bool node_reached(struct fleet *c, void *ctx)
{
	const struct watched *w = ctx;

	return fleet_height(c, w->node) >= w->height;
}

static bool reaches(struct fleet *c, uint32_t node, uint64_t height, uint64_t ms)
{
	struct watched w = { node, height };

	return fleet_run_until(c, node_reached, &w, ms);
}

static void guest_says(struct puppet *p, uint32_t guest, unsigned kind, enum sr_error expected)
{
	struct sr_writer w;

	puppet_begin(&w, kind);
	if (kind == CONS_HEAD) {
		sr_write_u64(&w, 1000000);
		sr_write_u64(&w, 1000000);
		sr_write_u64(&w, 1000001);
	}
	ck_error(puppet_say(p, guest, &w), expected);
	sr_writer_clear(&w);
}

START_TEST(an_observer_has_each_block_as_soon_as_the_members)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint32_t o = fleet_observer_add(c);

	fleet_start(c);
	fleet_start_node(c, o);
	for (uint64_t h = 1; h <= 20; h++) {
		ck_assert(reaches(c, 0, h, 2000));
		ck_assert(reaches(c, o, h, 20));
	}
	ck_assert_uint_eq(fleet_status(c, o).recovering, false);
	fleet_free(c);
}
END_TEST

START_TEST(eight_observers_of_the_smallest_cluster_change_nothing_for_it)
{
	struct fleet *c = fleet_new(3, test_seed());

	for (uint32_t i = 0; i < CONSENSUS_GUESTS_MAX; i++)
		(void)fleet_observer_add(c);
	fleet_start(c);
	for (uint32_t i = 0; i < CONSENSUS_GUESTS_MAX; i++)
		fleet_start_node(c, 3 + i);
	ck_assert(fleet_run_to_height(c, 20, 20 * 330));
	ck_assert_uint_eq(fleet_status(c, 0).slots_skipped, 0);
	fleet_free(c);
}
END_TEST

START_TEST(observers_make_no_quorum)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint64_t before;

	for (uint32_t i = 0; i < 4; i++)
		(void)fleet_observer_add(c);
	for (uint32_t i = 0; i < 8; i++)
		if (i != 0 && i != 1)
			fleet_start_node(c, i);
	before = fleet_height_most(c);
	fleet_run(c, 60000);
	ck_assert_uint_eq(fleet_height_most(c), before);
	fleet_start_node(c, 0);
	ck_assert(reaches(c, 2, 10, 60000));
	fleet_free(c);
}
END_TEST

START_TEST(who_begins_to_observe_late_catches_up_from_the_archives)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint32_t o = fleet_observer_add(c);

	fleet_start(c);
	fleet_work(c, 2000);
	ck_assert(reaches(c, 0, 400, 60000));
	fleet_start_node(c, o);
	ck_assert(reaches(c, o, 400, 10000));
	fleet_free(c);
}
END_TEST

START_TEST(an_observer_whose_messages_are_lost_asks_until_it_has_all)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint32_t o = fleet_observer_add(c);

	c->drop_permille = 200;
	fleet_start(c);
	fleet_start_node(c, o);
	ck_assert(reaches(c, 0, 60, 120000));
	ck_assert(reaches(c, o, 60, 20000));
	fleet_free(c);
}
END_TEST

START_TEST(an_observer_that_crashes_goes_on_from_its_log)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint32_t o = fleet_observer_add(c);
	uint64_t h;

	fleet_start(c);
	fleet_start_node(c, o);
	for (int round = 0; round < 6; round++) {
		h = fleet_height(c, o) + 10;
		ck_assert(reaches(c, o, h, 20000));
		if (round == 3)
			fleet_checkpoint(c, o);
		fleet_crash(c, o, round % 2 == 0);
		fleet_run(c, 2000);
		fleet_restart(c, o);
	}
	ck_assert(reaches(c, o, fleet_height(c, 0), 5000));
	fleet_free(c);
}
END_TEST

START_TEST(an_observer_learns_that_the_epoch_is_closed)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint32_t o = fleet_observer_add(c);

	fleet_start(c);
	fleet_start_node(c, o);
	ck_assert(reaches(c, o, 5, 5000));
	for (uint32_t i = 0; i < 4; i++)
		c->nodes[i].app.close = true;
	fleet_work(c, 64);
	fleet_run(c, 10000);
	ck_assert(fleet_status(c, 0).closed);
	ck_assert(fleet_status(c, o).closed);
	ck_assert_uint_eq(fleet_height(c, o), fleet_height(c, 0));
	fleet_free(c);
}
END_TEST

START_TEST(of_a_guest_only_head_and_requests_are_answered)
{
	struct puppet *p = puppet_new(4, 0);

	for (unsigned kind = 0; kind < 16; kind++)
		if (kind != CONS_HEAD && kind != CONS_REQ_BLOCK && kind != CONS_REQ_ROWS)
			guest_says(p, 4, kind, SR_ERR_NOT_A_MEMBER);
	guest_says(p, 4, CONS_HEAD, SR_OK);
	guest_says(p, 4 + CONSENSUS_GUESTS_MAX - 1, CONS_HEAD, SR_OK);
	guest_says(p, 4 + CONSENSUS_GUESTS_MAX, CONS_HEAD, SR_ERR_NOT_A_MEMBER);
	puppet_free(p);
}
END_TEST

START_TEST(a_guest_that_says_it_is_far_ahead_is_not_asked)
{
	struct puppet *p = puppet_new(4, 0);
	size_t before;

	ck_assert_uint_eq(fleet_observer_add(p->c), 4);
	ck_assert_uint_eq(fleet_observer_add(p->c), 5);
	before = p->sent_n;
	guest_says(p, 5, CONS_HEAD, SR_OK);
	ck_assert_uint_eq(p->sent_n, before);
	puppet_free(p);
}
END_TEST

START_TEST(a_members_vote_out_of_a_guests_mouth_is_not_counted)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 none = { { 0 } };
	struct sr_writer w;

	for (uint32_t voter = 1; voter < 4; voter++) {
		struct consensus_vote v = puppet_vote(p, voter, CONSENSUS_SKIP, 1, &none);

		puppet_begin(&w, CONS_VOTES);
		sr_write_u16(&w, 1);
		consensus_vote_write(&w, &v);
		ck_error(puppet_say(p, 4, &w), SR_ERR_NOT_A_MEMBER);
		sr_writer_clear(&w);
	}
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1);
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_observer",
	an_observer_has_each_block_as_soon_as_the_members,
	eight_observers_of_the_smallest_cluster_change_nothing_for_it,
	observers_make_no_quorum,
	who_begins_to_observe_late_catches_up_from_the_archives,
	an_observer_whose_messages_are_lost_asks_until_it_has_all,
	an_observer_that_crashes_goes_on_from_its_log,
	an_observer_learns_that_the_epoch_is_closed,
	of_a_guest_only_head_and_requests_are_answered,
	a_guest_that_says_it_is_far_ahead_is_not_asked,
	a_members_vote_out_of_a_guests_mouth_is_not_counted)
