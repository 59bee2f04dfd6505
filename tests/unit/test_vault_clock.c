#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"
#include "vault/internal.h"

#define I_MS 100000u
#define G_MS 20000u

static struct vault_world *w;
static uint64_t sw;

static void setup(void)
{
	struct vault_switch_settings s = world_settings(I_MS, G_MS);

	w = world_new();
	ck_ok(world_switch_new(w, ALICE, &s, &sw));
}

static void teardown(void) { world_free(w); }

static enum vault_switch_state state(void) { return world_switch(w, sw).state; }
static uint64_t uptime(void) { return world_meta(w).uptime_ms; }

/* Blocks of a slot until the switch is in this state; how long that took. */
static uint64_t until(enum vault_switch_state wanted)
{
	uint64_t start = w->block.time_ms;

	while (state() != wanted) {
		ck_assert_uint_lt(w->block.time_ms - start, 100000000u);
		world_block(w, WORLD_SLOT_MS);
	}
	return w->block.time_ms - start;
}

START_TEST(uptime_grows_with_time_but_at_most_three_seconds_a_block)
{
	uint64_t before;

	setup();
	before = uptime();
	world_block(w, 300);
	ck_assert_uint_eq(uptime() - before, 300);
	world_block(w, 3000);
	ck_assert_uint_eq(uptime() - before, 3300);
	world_block(w, 3001);
	ck_assert_uint_eq(uptime() - before, 6300);
	world_block(w, 86400000);
	ck_assert_uint_eq(uptime() - before, 9300);
	teardown();
}
END_TEST

START_TEST(uptime_stands_while_nobodys_ingress_works)
{
	uint64_t before;

	setup();
	before = uptime();
	world_pass_deaf(w, 10000000);
	ck_assert_uint_eq(uptime(), before);
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	teardown();
}
END_TEST

START_TEST(a_block_must_be_later_than_the_last)
{
	struct sr_hash32 before, after;

	setup();
	before = world_root(w);
	ck_error(vault_begin_block(&w->t, &w->block), SR_ERR_BAD_TIME);
	w->block.time_ms--;
	ck_error(vault_begin_block(&w->t, &w->block), SR_ERR_BAD_TIME);
	after = world_root(w);
	ck_assert(sr_hash32_equal(&before, &after));
	teardown();
}
END_TEST

START_TEST(an_outage_of_days_costs_the_owner_nothing)
{
	setup();
	world_pass(w, I_MS - 1000);
	world_block(w, 5 * 86400000ull);
	ck_assert_int_eq(state(), VAULT_SWITCH_WARN);
	/* Amnesty: a tenth of the interval, since the outage was longer than that. */
	ck_assert_uint_ge(until(VAULT_SWITCH_PENDING), I_MS / 10);
	ck_assert_uint_ge(until(VAULT_SWITCH_FIRED), G_MS);
	teardown();
}
END_TEST

START_TEST(an_outage_during_the_grace_is_paid_back_too)
{
	setup();
	until(VAULT_SWITCH_PENDING);
	world_pass(w, G_MS - 600);
	world_block(w, 3600000);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	ck_assert_uint_ge(until(VAULT_SWITCH_FIRED), I_MS / 10);
	teardown();
}
END_TEST

START_TEST(the_amnesty_is_at_least_a_minute_and_at_most_a_tenth_of_the_interval)
{
	struct vault_switch_settings s = world_settings(10000000, 1000);

	setup();
	ck_ok(world_switch_new(w, BOB, &s, &sw));
	world_pass(w, 9999000);
	world_block(w, 3001); /* a gap one millisecond too long */
	ck_assert_uint_ge(until(VAULT_SWITCH_PENDING), VAULT_AMNESTY_MIN_MS);
	ck_assert_uint_le(w->block.time_ms - world_switch(w, sw).heartbeat_ms,
	    10000000 + 3001 + VAULT_AMNESTY_MIN_MS + 2 * WORLD_SLOT_MS);
	world_free(w);
	setup(); /* an outage of ten minutes gives back ten minutes */
	ck_ok(world_switch_new(w, BOB, &s, &sw));
	world_pass(w, 9999000);
	world_block(w, 600000);
	ck_assert_uint_ge(until(VAULT_SWITCH_PENDING), 600000);
	teardown();
}
END_TEST

START_TEST(three_seconds_without_ingress_are_no_outage_and_more_are)
{
	setup();
	world_pass(w, I_MS - 3000);
	world_pass_deaf(w, 3000);
	ck_assert_uint_le(until(VAULT_SWITCH_PENDING), 3000);
	world_free(w);
	setup();
	world_pass(w, I_MS - 3000);
	world_pass_deaf(w, 3300);
	ck_assert_uint_ge(until(VAULT_SWITCH_PENDING), I_MS / 10);
	teardown();
}
END_TEST

START_TEST(no_switch_moves_in_a_block_without_ingress)
{
	setup();
	world_pass(w, I_MS - 300);
	w->block.ingress_ok = false;
	world_block(w, 300);
	w->block.ingress_ok = true;
	ck_assert_int_eq(state(), VAULT_SWITCH_WARN);
	world_block(w, 300);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	teardown();
}
END_TEST

START_TEST(a_heartbeat_in_the_first_block_after_an_outage_is_in_time)
{
	setup();
	until(VAULT_SWITCH_PENDING);
	world_pass(w, G_MS - 1);
	world_block(w, 86400000);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	teardown();
}
END_TEST

START_TEST(a_fired_switch_is_not_held_back_by_outages)
{
	struct vault_switch_settings s = world_settings(1000, 1000);
	struct vault_switch seen;

	setup();
	s.stages_n = 2;
	s.stage_delay_ms[0] = 2000;
	s.stage_delay_ms[1] = 4000;
	ck_ok(world_switch_new(w, BOB, &s, &sw));
	until(VAULT_SWITCH_FIRED);
	ck_assert_uint_eq(world_switch(w, sw).stage, 0);
	world_block(w, 86400000); /* three seconds of uptime */
	seen = world_switch(w, sw);
	ck_assert_uint_eq(seen.stage, 1);
	world_pass(w, 1000);
	ck_assert_uint_eq(world_switch(w, sw).stage, 2);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_STAGE, sw), 2);
	teardown();
}
END_TEST

START_TEST(a_short_interval_may_take_all_its_steps_in_one_block)
{
	struct vault_switch_settings s = world_settings(1000, 1000);

	setup();
	ck_ok(world_switch_new(w, BOB, &s, &sw));
	world_block(w, 3000);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING); /* but never the grace with it */
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_WARN, sw), 3);
	world_block(w, 999);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_block(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

static unsigned fired(uint64_t from, uint64_t to)
{
	unsigned n = 0;

	for (uint64_t id = from; id <= to; id++)
		n += world_switch(w, id).state == VAULT_SWITCH_PENDING;
	return n;
}

START_TEST(a_block_runs_1024_deadlines_and_the_rest_wait_for_the_next)
{
	struct vault_switch_settings s = world_settings(1000, 1000);
	uint64_t first, last = 0;

	setup();
	ck_ok(world_switch_new(w, BOB, &s, &first));
	for (unsigned i = 1; i < 2500; i++)
		ck_ok(world_switch_new(w, BOB, &s, &last));
	world_block(w, 1000);
	ck_assert_uint_eq(fired(first, last), 1024);
	world_block(w, 1);
	ck_assert_uint_eq(fired(first, last), 2048);
	world_block(w, 1);
	ck_assert_uint_eq(fired(first, last), 2500);
	teardown();
}
END_TEST

START_TEST(a_short_outage_does_not_end_the_amnesty_of_a_long_one)
{
	struct vault_switch_settings s = world_settings(10000000, 1000);
	uint64_t before;

	setup();
	ck_ok(world_switch_new(w, BOB, &s, &sw));
	world_pass(w, 9990000); /* due in ten seconds */
	world_block(w, 600000);
	before = uptime();
	world_block(w, WORLD_SLOT_MS);
	world_block(w, 3001);
	until(VAULT_SWITCH_PENDING);
	ck_assert_uint_ge(uptime() - before, 600000);
	teardown();
}
END_TEST

/* Three seconds deaf, then a slot: no outage, but uptime is an eleventh of the wall clock. */
static void until_slowly(enum vault_switch_state wanted)
{
	while (state() != wanted) {
		ck_assert_uint_lt(uptime(), 10 * I_MS);
		w->block.ingress_ok = false;
		world_block(w, 3000);
		w->block.ingress_ok = true;
		world_block(w, WORLD_SLOT_MS);
	}
}

START_TEST(interval_and_grace_are_counted_in_uptime)
{
	uint64_t from;

	setup();
	from = uptime();
	until_slowly(VAULT_SWITCH_PENDING);
	ck_assert_uint_ge(uptime() - from, I_MS);
	from = uptime();
	until_slowly(VAULT_SWITCH_FIRED);
	ck_assert_uint_ge(uptime() - from, G_MS);
	teardown();
}
END_TEST

/* Uptime never runs ahead of the wall clock; should it ever, as here by hand, nothing fires. */
static void last_heard_later(uint64_t ms)
{
	struct vault_switch changed;
	struct vault_tx tx;

	ck_ok(vault_tx_begin(&tx, w->t, &w->block));
	ck_ok(vault_switch_load(tx.t, &changed, sw));
	changed.heartbeat_ms += ms;
	ck_ok(vault_switch_store(&tx, &changed));
	ck_ok(vault_tx_commit(&tx, &w->t));
}

START_TEST(the_wall_clock_must_agree_that_the_interval_is_over)
{
	uint64_t from;

	setup();
	last_heard_later(30000);
	from = world_switch(w, sw).heartbeat_ms;
	until(VAULT_SWITCH_PENDING);
	ck_assert_uint_ge(w->block.time_ms - from, I_MS);
	teardown();
}
END_TEST

START_TEST(the_wall_clock_must_agree_that_the_grace_is_over)
{
	uint64_t from;

	setup();
	until(VAULT_SWITCH_PENDING);
	last_heard_later(30000);
	from = world_switch(w, sw).heartbeat_ms;
	until(VAULT_SWITCH_FIRED);
	ck_assert_uint_ge(w->block.time_ms - from, I_MS + G_MS);
	teardown();
}
END_TEST

TEST_MAIN("vault clock", uptime_grows_with_time_but_at_most_three_seconds_a_block,
    uptime_stands_while_nobodys_ingress_works, a_block_must_be_later_than_the_last,
    an_outage_of_days_costs_the_owner_nothing, an_outage_during_the_grace_is_paid_back_too,
    the_amnesty_is_at_least_a_minute_and_at_most_a_tenth_of_the_interval,
    three_seconds_without_ingress_are_no_outage_and_more_are,
    no_switch_moves_in_a_block_without_ingress,
    a_heartbeat_in_the_first_block_after_an_outage_is_in_time,
    a_fired_switch_is_not_held_back_by_outages,
    a_short_interval_may_take_all_its_steps_in_one_block,
    a_block_runs_1024_deadlines_and_the_rest_wait_for_the_next,
    a_short_outage_does_not_end_the_amnesty_of_a_long_one,
    interval_and_grace_are_counted_in_uptime,
    the_wall_clock_must_agree_that_the_interval_is_over,
    the_wall_clock_must_agree_that_the_grace_is_over)
