/* Stories of whole clusters: they agree, they go on, they come back. The promises themselves
 * (one final block per height, no double vote, nothing sent before it is durable) are checked at
 * every step. */
#include <stdio.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_fleet.h"
#include "tests/lib/seed.h"

static struct fleet *fleet_begun(uint32_t n)
{
	struct fleet *c = fleet_new(n, test_seed());

	fleet_start(c);
	return c;
}

static bool nobody_recovers(struct fleet *c, void *ctx)
{
	(void)ctx;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].consensus != NULL && fleet_status(c, i).recovering)
			return false;
	return true;
}

START_TEST(four_idle_nodes_finalise_a_block_every_slot)
{
	struct fleet *c = fleet_begun(4);

	ck_assert(fleet_run_to_height(c, 20, 20 * 330));
	ck_assert_uint_eq(fleet_status(c, 0).slots_skipped, 0);
	ck_assert_uint_ge(c->now_ms - 1700000000000u, 20 * 300 - 300);
	fleet_free(c);
}
END_TEST

START_TEST(every_size_from_one_to_seven_makes_progress)
{
	for (uint32_t n = 1; n <= 7; n++) {
		struct fleet *c = fleet_begun(n);

		ck_assert(fleet_run_to_height(c, 10, 10 * 400));
		fleet_free(c);
	}
}
END_TEST

START_TEST(waiting_operations_are_proposed_without_waiting_for_the_slot)
{
	struct fleet *c = fleet_begun(4);

	fleet_work(c, 100);
	ck_assert(fleet_run_to_height(c, 40, 40 * 45));
	ck_assert_uint_eq(fleet_status(c, 0).slots_skipped, 0);
	ck_assert_uint_ge(c->nodes[2].app.ops, 39);
	fleet_free(c);
}
END_TEST

START_TEST(the_strict_mode_keeps_the_slot_even_with_work)
{
	struct fleet *c = fleet_new(4, test_seed());

	c->slot_min_ms = c->slot_ms;
	fleet_start(c);
	fleet_work(c, 100);
	fleet_run(c, 3000);
	ck_assert_uint_le(fleet_height_most(c), 10);
	ck_assert_uint_ge(fleet_height_least(c), 8);
	fleet_free(c);
}
END_TEST

START_TEST(one_of_four_down_costs_its_slots_only)
{
	struct fleet *c = fleet_begun(4);

	ck_assert(fleet_run_to_height(c, 5, 3000));
	fleet_crash(c, 2, true);
	ck_assert(fleet_run_to_height(c, 35, 60000));
	ck_assert_uint_ge(fleet_status(c, 0).slots_skipped, 5);
	fleet_free(c);
}
END_TEST

START_TEST(two_of_four_down_stop_the_cluster_and_nothing_is_lost_when_they_come_back)
{
	struct fleet *c = fleet_begun(4);
	uint64_t height;

	ck_assert(fleet_run_to_height(c, 5, 3000));
	fleet_crash(c, 1, true);
	fleet_crash(c, 2, true);
	fleet_run(c, 1000);
	height = fleet_height_most(c);
	fleet_run(c, 3600000);
	ck_assert_uint_le(fleet_height_most(c), height + 1);
	fleet_restart(c, 1);
	fleet_restart(c, 2);
	ck_assert(fleet_run_to_height(c, height + 20, 60000));
	/* Slots are indices: an hour without a quorum is no reason to skip thousands of them. */
	ck_assert_uint_lt(fleet_status(c, 0).final_slot, height + 60);
	fleet_free(c);
}
END_TEST

START_TEST(two_halves_stand_still_and_one_cluster_goes_on)
{
	struct fleet *c = fleet_begun(4);
	uint64_t height;

	ck_assert(fleet_run_to_height(c, 5, 3000));
	fleet_partition(c, 0x3);
	fleet_run(c, 30000);
	height = fleet_height_most(c);
	ck_assert_uint_le(height, 8);
	fleet_heal(c);
	ck_assert(fleet_run_to_height(c, height + 10, 40000));
	fleet_free(c);
}
END_TEST

/* The time a certificate takes over an outage says nothing about the network after it: else each
 * slot of a member that is down would cost many seconds for minutes. */
START_TEST(outages_do_not_make_the_skip_timer_long)
{
	struct fleet *c = fleet_begun(4);

	fleet_work(c, 100);
	for (unsigned i = 0; i < 40; i++) {
		fleet_run(c, 1000 + 7 * i);
		fleet_partition(c, 3);
		fleet_run(c, 2500);
		fleet_heal(c);
	}
	ck_assert(fleet_run_to_height(c, fleet_height_most(c) + 100, 60000));
	for (uint32_t i = 0; i < c->n; i++)
		ck_assert_uint_le(fleet_status(c, i).skip_timeout_ms, 2000);
	fleet_free(c);
}
END_TEST

START_TEST(a_minority_catches_up_after_a_long_partition)
{
	struct fleet *c = fleet_begun(7);
	uint64_t height;

	ck_assert(fleet_run_to_height(c, 5, 3000));
	fleet_partition(c, 0x60);
	fleet_run(c, 300000);
	height = fleet_height_most(c);
	ck_assert_uint_gt(height, 300);
	ck_assert_uint_lt(fleet_height(c, 6), 10);
	fleet_heal(c);
	ck_assert(fleet_run_to_height(c, height, 10000));
	fleet_free(c);
}
END_TEST

START_TEST(a_tenth_of_all_messages_may_be_lost_and_repeated)
{
	struct fleet *c = fleet_new(4, test_seed());

	c->drop_permille = 100;
	c->duplicate_permille = 100;
	c->delay_max_ms = 60;
	fleet_start(c);
	ck_assert(fleet_run_to_height(c, 60, 180000));
	fleet_free(c);
}
END_TEST

static bool lose_proposals_to_3(struct fleet *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n)
{
	(void)c;
	(void)from;
	return to == 3 && n > 2 && msg[1] == CONS_PROPOSE;
}

START_TEST(a_node_that_gets_no_proposals_still_finalises_every_block)
{
	struct fleet *c = fleet_new(4, test_seed());

	c->lose = lose_proposals_to_3;
	fleet_start(c);
	fleet_work(c, 3000);
	ck_assert(fleet_run_to_height(c, 30, 20000));
	fleet_free(c);
}
END_TEST

START_TEST(full_blocks_of_four_mebibytes_are_finalised)
{
	struct fleet *c = fleet_begun(4);

	fleet_work(c, SR_BLOCK_MAX);
	ck_assert(fleet_run_to_height(c, 5, 5000));
	ck_assert_uint_ge(c->nodes[3].app.ops, 4);
	fleet_free(c);
}
END_TEST

START_TEST(a_crash_at_any_moment_is_survived_again_and_again)
{
	struct fleet *c = fleet_new(4, test_seed());
	struct sr_drbg rng;

	test_drbg(&rng, "crash");
	fleet_start(c);
	fleet_work(c, 50);
	for (int round = 0; round < 40; round++) {
		uint32_t who = test_below(&rng, 4);

		fleet_run(c, test_below(&rng, 400));
		fleet_crash(c, who, true);
		fleet_run(c, test_below(&rng, 600));
		fleet_restart(c, who);
		ck_assert(fleet_run_until(c, nobody_recovers, NULL, 40000));
	}
	ck_assert(fleet_run_to_height(c, fleet_height_most(c) + 10, 20000));
	fleet_free(c);
}
END_TEST

START_TEST(a_power_cut_of_everybody_ends_with_the_same_chain_and_goes_on)
{
	struct fleet *c = fleet_begun(4);
	uint64_t height;

	fleet_work(c, 50);
	fleet_run(c, 3000);
	for (uint32_t i = 0; i < 4; i++)
		fleet_crash(c, i, true);
	height = fleet_height_most(c);
	for (uint32_t i = 0; i < 4; i++)
		fleet_restart(c, i);
	ck_assert(fleet_run_to_height(c, height + 10, 60000));
	fleet_free(c);
}
END_TEST

START_TEST(a_clock_that_is_behind_or_ahead_by_a_little_costs_nothing)
{
	struct fleet *c = fleet_new(4, test_seed());

	c->nodes[1].clock_offset_ms = -400;
	c->nodes[2].clock_offset_ms = 300;
	fleet_start(c);
	fleet_run(c, 1000);
	ck_assert(fleet_run_to_height(c, 30, 15000));
	fleet_free(c);
}
END_TEST

START_TEST(a_clock_an_hour_ahead_loses_its_own_slots_only)
{
	struct fleet *c = fleet_new(4, test_seed());

	c->nodes[2].clock_offset_ms = 3600000;
	fleet_start(c);
	ck_assert(fleet_run_to_height(c, 30, 60000));
	ck_assert_uint_lt(fleet_status(c, 0).final_time_ms, c->now_ms + 501);
	fleet_free(c);
}
END_TEST

START_TEST(a_clock_that_jumps_back_does_not_stop_its_node)
{
	struct fleet *c = fleet_begun(4);

	ck_assert(fleet_run_to_height(c, 5, 3000));
	c->nodes[1].clock_offset_ms = -60000;
	ck_assert(fleet_run_to_height(c, 25, 20000));
	fleet_free(c);
}
END_TEST

START_TEST(when_all_clocks_jump_back_blocks_wait_until_time_has_passed_again)
{
	struct fleet *c = fleet_begun(4);
	uint64_t height;

	ck_assert(fleet_run_to_height(c, 5, 3000));
	for (uint32_t i = 0; i < 4; i++)
		c->nodes[i].clock_offset_ms = -60000;
	fleet_run(c, 50000);
	height = fleet_height_most(c);
	ck_assert_uint_le(height, 5 + 30);
	ck_assert(fleet_run_to_height(c, height + 20, 60000));
	fleet_free(c);
}
END_TEST

static bool all_closed(struct fleet *c, void *ctx)
{
	(void)ctx;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].consensus != NULL && !fleet_status(c, i).closed)
			return false;
	return true;
}

START_TEST(after_the_close_block_is_final_nothing_more_is_proposed)
{
	struct fleet *c = fleet_begun(4);
	uint64_t height, ops;

	fleet_work(c, 50);
	fleet_run(c, 500);
	for (uint32_t i = 0; i < 4; i++)
		c->nodes[i].app.close = true;
	ck_assert(fleet_run_until(c, all_closed, NULL, 5000));
	ops = c->nodes[0].app.ops;
	fleet_run(c, 200);
	height = fleet_height_most(c);
	fleet_run(c, 60000);
	ck_assert_uint_eq(fleet_height_most(c), height);
	ck_assert_uint_eq(c->nodes[0].app.ops, ops);
	fleet_free(c);
}
END_TEST

START_TEST(a_node_that_was_away_learns_that_the_epoch_is_closed)
{
	struct fleet *c = fleet_begun(4);

	fleet_run(c, 1000);
	fleet_crash(c, 3, true);
	for (uint32_t i = 0; i < 3; i++)
		c->nodes[i].app.close = true;
	ck_assert(fleet_run_until(c, all_closed, NULL, 20000));
	fleet_run(c, 60000);
	fleet_restart(c, 3);
	ck_assert(fleet_run_until(c, all_closed, NULL, 20000));
	/* And it still knows after the next restart. */
	fleet_crash(c, 3, false);
	fleet_restart(c, 3);
	ck_assert(fleet_status(c, 3).closed);
	fleet_free(c);
}
END_TEST

START_TEST(a_disk_that_fails_stops_its_node_and_nothing_leaves_it)
{
	struct fleet *c = fleet_begun(4);

	ck_assert(fleet_run_to_height(c, 5, 3000));
	c->nodes[1].persist_fails = true;
	fleet_run(c, 2000);
	ck_assert(fleet_status(c, 1).stopped);
	ck_assert_int_eq(c->nodes[1].last_error, SR_ERR_IO);
	fleet_crash(c, 1, true);
	ck_assert(fleet_run_to_height(c, 20, 20000));
	fleet_free(c);
}
END_TEST

/* Cuts, crashes, loss and skewed clocks at random, for n = 4 and 7; then quiet, and they must go
 * on. */
static void storm(uint32_t n, struct sr_drbg *rng)
{
	struct fleet *c = fleet_new(n, ((uint64_t)test_below(rng, 1u << 30) << 8) + n);
	uint32_t faults = consensus_faults(n);
	uint64_t height;

	c->drop_permille = test_below(rng, 60);
	c->duplicate_permille = test_below(rng, 60);
	c->delay_max_ms = 2 + test_below(rng, 120);
	for (uint32_t i = 0; i < n; i++)
		c->nodes[i].clock_offset_ms = (int64_t)test_below(rng, 400) - 200;
	fleet_start(c);
	for (int round = 0; round < 12; round++) {
		uint32_t who = test_below(rng, n);

		fleet_work(c, test_below(rng, 2) * 80);
		fleet_partition(c, test_below(rng, 1u << n));
		fleet_run(c, test_below(rng, 4000));
		if (test_below(rng, 2))
			fleet_heal(c);
		for (uint32_t k = 0; k < faults; k++) {
			uint32_t victim = (who + k) % n;

			fleet_crash(c, victim, test_below(rng, 2));
			if (test_below(rng, 3) == 0)
				fleet_roll_back(c, victim, test_below(rng, 6));
			fleet_run(c, test_below(rng, 2000));
			fleet_restart(c, victim);
			fleet_heal(c);
			/* A rolled-back node needs the answers of a quorum that is not itself
			 * recovering. */
			ck_assert(fleet_run_until(c, nobody_recovers, NULL, 120000));
		}
	}
	fleet_heal(c);
	c->drop_permille = 0;
	c->delay_max_ms = 5;
	height = fleet_height_most(c);
	ck_assert_msg(fleet_run_to_height(c, height + 3 * n, 120000), "stuck at %llu of %llu",
	    (unsigned long long)fleet_height_least(c), (unsigned long long)height);
	fleet_free(c);
}

START_TEST(storms_of_cuts_crashes_and_rollbacks_never_split_four_nodes)
{
	struct sr_drbg rng;

	test_drbg(&rng, "storm4");
	for (int i = 0; i < 6; i++)
		storm(4, &rng);
}
END_TEST

START_TEST(storms_of_cuts_crashes_and_rollbacks_never_split_seven_nodes)
{
	struct sr_drbg rng;

	test_drbg(&rng, "storm7");
	for (int i = 0; i < 3; i++)
		storm(7, &rng);
}
END_TEST

/* The planted fault for the cluster's own checks: a node whose log is emptied behind its back,
 * and that does not ask its peers, votes twice. */
START_TEST(the_cluster_notices_a_node_that_forgot_its_votes)
{
	struct fleet *c = fleet_new(4, test_seed());

	c->expect_broken = true;
	fleet_start(c);
	fleet_work(c, 50);
	for (int i = 0; i < 60 && c->broken == NULL; i++) {
		fleet_run(c, 7);
		fleet_crash(c, 1, true);
		fleet_roll_back(c, 1, SIZE_MAX);
		c->nodes[1].ever_started = false;
		c->nodes[1].app.body_n = 50 + (size_t)i;
		fleet_restart(c, 1);
	}
	ck_assert(c->broken != NULL);
	fleet_free(c);
}
END_TEST

TEST_MAIN("consensus_cluster",
	four_idle_nodes_finalise_a_block_every_slot,
	every_size_from_one_to_seven_makes_progress,
	waiting_operations_are_proposed_without_waiting_for_the_slot,
	the_strict_mode_keeps_the_slot_even_with_work,
	one_of_four_down_costs_its_slots_only,
	two_of_four_down_stop_the_cluster_and_nothing_is_lost_when_they_come_back,
	two_halves_stand_still_and_one_cluster_goes_on,
	outages_do_not_make_the_skip_timer_long,
	a_minority_catches_up_after_a_long_partition,
	a_tenth_of_all_messages_may_be_lost_and_repeated,
	a_node_that_gets_no_proposals_still_finalises_every_block,
	full_blocks_of_four_mebibytes_are_finalised,
	a_crash_at_any_moment_is_survived_again_and_again,
	a_power_cut_of_everybody_ends_with_the_same_chain_and_goes_on,
	a_clock_that_is_behind_or_ahead_by_a_little_costs_nothing,
	a_clock_an_hour_ahead_loses_its_own_slots_only,
	a_clock_that_jumps_back_does_not_stop_its_node,
	when_all_clocks_jump_back_blocks_wait_until_time_has_passed_again,
	after_the_close_block_is_final_nothing_more_is_proposed,
	a_node_that_was_away_learns_that_the_epoch_is_closed,
	a_disk_that_fails_stops_its_node_and_nothing_leaves_it,
	storms_of_cuts_crashes_and_rollbacks_never_split_four_nodes,
	storms_of_cuts_crashes_and_rollbacks_never_split_seven_nodes,
	the_cluster_notices_a_node_that_forgot_its_votes)
