/* Stories of whole clusters: they agree, they go on, they come back. The promises themselves (one final
 * block per height, no double vote, nothing sent before it is durable) are checked at every step. */
#include <stdio.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_cluster.h"
#include "tests/lib/seed.h"

static struct cluster *cluster_begun(uint32_t n)
{
	struct cluster *c = cluster_new(n, test_seed());

	cluster_start(c);
	return c;
}

static bool nobody_recovers(struct cluster *c, void *ctx)
{
	(void)ctx;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].consensus != NULL && cluster_status(c, i).recovering)
			return false;
	return true;
}

START_TEST(four_idle_nodes_finalise_a_block_every_slot)
{
	struct cluster *c = cluster_begun(4);

	ck_assert(cluster_run_to_height(c, 20, 20 * 330));
	ck_assert_uint_eq(cluster_status(c, 0).slots_skipped, 0);
	ck_assert_uint_ge(c->now_ms - 1700000000000u, 20 * 300 - 300);
	cluster_free(c);
}
END_TEST

START_TEST(every_size_from_one_to_seven_makes_progress)
{
	for (uint32_t n = 1; n <= 7; n++) {
		struct cluster *c = cluster_begun(n);

		ck_assert(cluster_run_to_height(c, 10, 10 * 400));
		cluster_free(c);
	}
}
END_TEST

START_TEST(waiting_operations_are_proposed_without_waiting_for_the_slot)
{
	struct cluster *c = cluster_begun(4);

	cluster_work(c, 100);
	ck_assert(cluster_run_to_height(c, 40, 40 * 45));
	ck_assert_uint_eq(cluster_status(c, 0).slots_skipped, 0);
	ck_assert_uint_ge(c->nodes[2].app.ops, 39);
	cluster_free(c);
}
END_TEST

START_TEST(the_strict_mode_keeps_the_slot_even_with_work)
{
	struct cluster *c = cluster_new(4, test_seed());

	c->slot_min_ms = c->slot_ms;
	cluster_start(c);
	cluster_work(c, 100);
	cluster_run(c, 3000);
	ck_assert_uint_le(cluster_height_most(c), 10);
	ck_assert_uint_ge(cluster_height_least(c), 8);
	cluster_free(c);
}
END_TEST

START_TEST(one_of_four_down_costs_its_slots_only)
{
	struct cluster *c = cluster_begun(4);

	ck_assert(cluster_run_to_height(c, 5, 3000));
	cluster_crash(c, 2, true);
	ck_assert(cluster_run_to_height(c, 35, 60000));
	ck_assert_uint_ge(cluster_status(c, 0).slots_skipped, 5);
	cluster_free(c);
}
END_TEST

START_TEST(two_of_four_down_stop_the_cluster_and_nothing_is_lost_when_they_come_back)
{
	struct cluster *c = cluster_begun(4);
	uint64_t height;

	ck_assert(cluster_run_to_height(c, 5, 3000));
	cluster_crash(c, 1, true);
	cluster_crash(c, 2, true);
	cluster_run(c, 1000);
	height = cluster_height_most(c);
	cluster_run(c, 3600000);
	ck_assert_uint_le(cluster_height_most(c), height + 1);
	cluster_restart(c, 1);
	cluster_restart(c, 2);
	ck_assert(cluster_run_to_height(c, height + 20, 60000));
	/* Slots are indices: an hour without a quorum is no reason to skip thousands of them. */
	ck_assert_uint_lt(cluster_status(c, 0).final_slot, height + 60);
	cluster_free(c);
}
END_TEST

START_TEST(two_halves_stand_still_and_one_cluster_goes_on)
{
	struct cluster *c = cluster_begun(4);
	uint64_t height;

	ck_assert(cluster_run_to_height(c, 5, 3000));
	cluster_partition(c, 0x3);
	cluster_run(c, 30000);
	height = cluster_height_most(c);
	ck_assert_uint_le(height, 8);
	cluster_heal(c);
	ck_assert(cluster_run_to_height(c, height + 10, 40000));
	cluster_free(c);
}
END_TEST

START_TEST(a_minority_catches_up_after_a_long_partition)
{
	struct cluster *c = cluster_begun(7);
	uint64_t height;

	ck_assert(cluster_run_to_height(c, 5, 3000));
	cluster_partition(c, 0x60);
	cluster_run(c, 300000);
	height = cluster_height_most(c);
	ck_assert_uint_gt(height, 300);
	ck_assert_uint_lt(cluster_height(c, 6), 10);
	cluster_heal(c);
	ck_assert(cluster_run_to_height(c, height, 10000));
	cluster_free(c);
}
END_TEST

START_TEST(a_tenth_of_all_messages_may_be_lost_and_repeated)
{
	struct cluster *c = cluster_new(4, test_seed());

	c->drop_permille = 100;
	c->duplicate_permille = 100;
	c->delay_max_ms = 60;
	cluster_start(c);
	ck_assert(cluster_run_to_height(c, 60, 180000));
	cluster_free(c);
}
END_TEST

static bool lose_proposals_to_3(struct cluster *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n)
{
	(void)c;
	(void)from;
	return to == 3 && n > 2 && msg[1] == CONS_PROPOSE;
}

START_TEST(a_node_that_gets_no_proposals_still_finalises_every_block)
{
	struct cluster *c = cluster_new(4, test_seed());

	c->lose = lose_proposals_to_3;
	cluster_start(c);
	cluster_work(c, 3000);
	ck_assert(cluster_run_to_height(c, 30, 20000));
	cluster_free(c);
}
END_TEST

START_TEST(full_blocks_of_four_mebibytes_are_finalised)
{
	struct cluster *c = cluster_begun(4);

	cluster_work(c, SR_BLOCK_MAX);
	ck_assert(cluster_run_to_height(c, 5, 5000));
	ck_assert_uint_ge(c->nodes[3].app.ops, 4);
	cluster_free(c);
}
END_TEST

START_TEST(a_crash_at_any_moment_is_survived_again_and_again)
{
	struct cluster *c = cluster_new(4, test_seed());
	struct sr_drbg rng;

	test_drbg(&rng, "crash");
	cluster_start(c);
	cluster_work(c, 50);
	for (int round = 0; round < 40; round++) {
		uint32_t who = test_below(&rng, 4);

		cluster_run(c, test_below(&rng, 400));
		cluster_crash(c, who, true);
		cluster_run(c, test_below(&rng, 600));
		cluster_restart(c, who);
		ck_assert(cluster_run_until(c, nobody_recovers, NULL, 40000));
	}
	ck_assert(cluster_run_to_height(c, cluster_height_most(c) + 10, 20000));
	cluster_free(c);
}
END_TEST

START_TEST(a_power_cut_of_everybody_ends_with_the_same_chain_and_goes_on)
{
	struct cluster *c = cluster_begun(4);
	uint64_t height;

	cluster_work(c, 50);
	cluster_run(c, 3000);
	for (uint32_t i = 0; i < 4; i++)
		cluster_crash(c, i, true);
	height = cluster_height_most(c);
	for (uint32_t i = 0; i < 4; i++)
		cluster_restart(c, i);
	ck_assert(cluster_run_to_height(c, height + 10, 60000));
	cluster_free(c);
}
END_TEST

START_TEST(a_clock_that_is_behind_or_ahead_by_a_little_costs_nothing)
{
	struct cluster *c = cluster_new(4, test_seed());

	c->nodes[1].clock_offset_ms = -400;
	c->nodes[2].clock_offset_ms = 300;
	cluster_start(c);
	cluster_run(c, 1000);
	ck_assert(cluster_run_to_height(c, 30, 15000));
	cluster_free(c);
}
END_TEST

START_TEST(a_clock_an_hour_ahead_loses_its_own_slots_only)
{
	struct cluster *c = cluster_new(4, test_seed());

	c->nodes[2].clock_offset_ms = 3600000;
	cluster_start(c);
	ck_assert(cluster_run_to_height(c, 30, 60000));
	ck_assert_uint_lt(cluster_status(c, 0).final_time_ms, c->now_ms + 501);
	cluster_free(c);
}
END_TEST

START_TEST(a_clock_that_jumps_back_does_not_stop_its_node)
{
	struct cluster *c = cluster_begun(4);

	ck_assert(cluster_run_to_height(c, 5, 3000));
	c->nodes[1].clock_offset_ms = -60000;
	ck_assert(cluster_run_to_height(c, 25, 20000));
	cluster_free(c);
}
END_TEST

START_TEST(when_all_clocks_jump_back_blocks_wait_until_time_has_passed_again)
{
	struct cluster *c = cluster_begun(4);
	uint64_t height;

	ck_assert(cluster_run_to_height(c, 5, 3000));
	for (uint32_t i = 0; i < 4; i++)
		c->nodes[i].clock_offset_ms = -60000;
	cluster_run(c, 50000);
	height = cluster_height_most(c);
	ck_assert_uint_le(height, 5 + 30);
	ck_assert(cluster_run_to_height(c, height + 20, 60000));
	cluster_free(c);
}
END_TEST

static bool all_closed(struct cluster *c, void *ctx)
{
	(void)ctx;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].consensus != NULL && !cluster_status(c, i).closed)
			return false;
	return true;
}

START_TEST(after_the_close_block_is_final_nothing_more_is_proposed)
{
	struct cluster *c = cluster_begun(4);
	uint64_t height, ops;

	cluster_work(c, 50);
	cluster_run(c, 500);
	for (uint32_t i = 0; i < 4; i++)
		c->nodes[i].app.close = true;
	ck_assert(cluster_run_until(c, all_closed, NULL, 5000));
	ops = c->nodes[0].app.ops;
	cluster_run(c, 200);
	height = cluster_height_most(c);
	cluster_run(c, 60000);
	ck_assert_uint_eq(cluster_height_most(c), height);
	ck_assert_uint_eq(c->nodes[0].app.ops, ops);
	cluster_free(c);
}
END_TEST

START_TEST(a_node_that_was_away_learns_that_the_epoch_is_closed)
{
	struct cluster *c = cluster_begun(4);

	cluster_run(c, 1000);
	cluster_crash(c, 3, true);
	for (uint32_t i = 0; i < 3; i++)
		c->nodes[i].app.close = true;
	ck_assert(cluster_run_until(c, all_closed, NULL, 20000));
	cluster_run(c, 60000);
	cluster_restart(c, 3);
	ck_assert(cluster_run_until(c, all_closed, NULL, 20000));
	/* And it still knows after the next restart. */
	cluster_crash(c, 3, false);
	cluster_restart(c, 3);
	ck_assert(cluster_status(c, 3).closed);
	cluster_free(c);
}
END_TEST

START_TEST(a_disk_that_fails_stops_its_node_and_nothing_leaves_it)
{
	struct cluster *c = cluster_begun(4);

	ck_assert(cluster_run_to_height(c, 5, 3000));
	c->nodes[1].persist_fails = true;
	cluster_run(c, 2000);
	ck_assert(cluster_status(c, 1).stopped);
	ck_assert_int_eq(c->nodes[1].last_error, SR_ERR_IO);
	cluster_crash(c, 1, true);
	ck_assert(cluster_run_to_height(c, 20, 20000));
	cluster_free(c);
}
END_TEST

/* Cuts, crashes, loss and skewed clocks at random, for n = 4 and 7; then quiet, and they must go on. */
static void storm(uint32_t n, struct sr_drbg *rng)
{
	struct cluster *c = cluster_new(n, ((uint64_t)test_below(rng, 1u << 30) << 8) + n);
	uint32_t faults = consensus_faults(n);
	uint64_t height;

	c->drop_permille = test_below(rng, 60);
	c->duplicate_permille = test_below(rng, 60);
	c->delay_max_ms = 2 + test_below(rng, 120);
	for (uint32_t i = 0; i < n; i++)
		c->nodes[i].clock_offset_ms = (int64_t)test_below(rng, 400) - 200;
	cluster_start(c);
	for (int round = 0; round < 12; round++) {
		uint32_t who = test_below(rng, n);

		cluster_work(c, test_below(rng, 2) * 80);
		cluster_partition(c, test_below(rng, 1u << n));
		cluster_run(c, test_below(rng, 4000));
		if (test_below(rng, 2))
			cluster_heal(c);
		for (uint32_t k = 0; k < faults; k++) {
			uint32_t victim = (who + k) % n;

			cluster_crash(c, victim, test_below(rng, 2));
			if (test_below(rng, 3) == 0)
				cluster_roll_back(c, victim, test_below(rng, 6));
			cluster_run(c, test_below(rng, 2000));
			cluster_restart(c, victim);
			cluster_heal(c);
			/* A rolled-back node needs the answers of a quorum that is not itself recovering. */
			ck_assert(cluster_run_until(c, nobody_recovers, NULL, 120000));
		}
	}
	cluster_heal(c);
	c->drop_permille = 0;
	c->delay_max_ms = 5;
	height = cluster_height_most(c);
	ck_assert_msg(cluster_run_to_height(c, height + 3 * n, 120000), "stuck at %llu of %llu",
	    (unsigned long long)cluster_height_least(c), (unsigned long long)height);
	cluster_free(c);
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

/* The planted fault for the cluster's own checks: a node whose log is emptied behind its back, and that
 * does not ask its peers, votes twice. */
START_TEST(the_cluster_notices_a_node_that_forgot_its_votes)
{
	struct cluster *c = cluster_new(4, test_seed());

	c->expect_broken = true;
	cluster_start(c);
	cluster_work(c, 50);
	for (int i = 0; i < 60 && c->broken == NULL; i++) {
		cluster_run(c, 7);
		cluster_crash(c, 1, true);
		cluster_roll_back(c, 1, SIZE_MAX);
		c->nodes[1].ever_started = false;
		c->nodes[1].app.body_n = 50 + (size_t)i;
		cluster_restart(c, 1);
	}
	ck_assert(c->broken != NULL);
	cluster_free(c);
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
