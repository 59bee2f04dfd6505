#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"

/* ALICE owns; BOB beats; CAROL is the duress key; DAVE vetoes; ERIN, FRANK, GRACE guard; HEIDI is a
 * stranger. */
#define I_MS 100000u
#define G_MS 20000u

static struct vault_world *w;
static uint64_t sw;

static void setup_with(uint32_t guardians_k)
{
	struct vault_switch_settings s = world_settings(I_MS, G_MS);

	w = world_new();
	s.heartbeat = w->who[BOB];
	s.duress = w->who[CAROL];
	s.vetoer = w->who[DAVE];
	s.guardians_k = guardians_k;
	s.guardians_n = guardians_k == 0 ? 0 : 3;
	for (unsigned i = 0; i < s.guardians_n; i++)
		s.guardians[i] = w->who[ERIN + i];
	ck_ok(world_switch_new(w, ALICE, &s, &sw));
}

static void setup(void) { setup_with(0); }
static void teardown(void) { world_free(w); }

static enum vault_switch_state state(void) { return world_switch(w, sw).state; }

/* What this person reads; WRONG_KEY etc. as vault_get. */
static enum sr_error look(unsigned who, struct vault_switch *out)
{
	static uint8_t bytes[4096];
	uint8_t id[8];
	struct sr_writer answer;
	struct sr_reader r;

	for (unsigned i = 0; i < 8; i++)
		id[i] = (uint8_t)(sw >> (8 * i));
	sr_writer_init(&answer, sizeof bytes);
	SR_TRY(
	    vault_get(&answer, w->t, VAULT_GET_SWITCH, (struct sr_bytes){ id, 8 }, &w->who[who]));
	memcpy(bytes, answer.p, answer.n);
	sr_reader_init(&r, bytes, answer.n);
	vault_switch_read(out, &r);
	sr_writer_clear(&answer);
	return sr_reader_finish(&r);
}

/* To the very end of the interval, then of the grace: blocks are at both. */
static void lapse(void)
{
	world_pass(w, I_MS);
	world_pass(w, G_MS);
}

static union vault_op_body ref(void)
{
	return (union vault_op_body){ .switch_ref = { sw } };
}

START_TEST(it_warns_at_50_75_and_90_per_cent_then_waits_and_fires)
{
	setup();
	world_pass(w, I_MS / 2 - 300);
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	world_pass(w, 300);
	ck_assert_int_eq(state(), VAULT_SWITCH_WARN);
	ck_assert_uint_eq(world_switch(w, sw).warn_level, 50);
	world_pass(w, I_MS / 4 - 1);
	ck_assert_uint_eq(world_switch(w, sw).warn_level, 50);
	world_pass(w, 1);
	ck_assert_uint_eq(world_switch(w, sw).warn_level, 75);
	world_pass(w, I_MS * 15 / 100 - 1);
	ck_assert_uint_eq(world_switch(w, sw).warn_level, 75);
	world_pass(w, 1);
	ck_assert_uint_eq(world_switch(w, sw).warn_level, 90);
	world_pass(w, I_MS / 10 - 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_WARN);
	world_pass(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_pass(w, G_MS - 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_pass(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_WARN, sw), 3);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_PENDING, sw), 1);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_FIRED, sw), 1);
	teardown();
}
END_TEST

START_TEST(a_heartbeat_re_arms_from_every_state_before_fired)
{
	static const uint64_t spans[] = { 10, I_MS / 2, I_MS, I_MS + G_MS - 1 };

	setup();
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
		world_pass(w, spans[i]);
		ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, sw));
		ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
		ck_assert_uint_eq(world_switch(w, sw).warn_level, 0);
		ck_assert_uint_eq(world_switch(w, sw).heartbeat_ms, w->block.time_ms);
	}
	world_pass(w, I_MS - 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_WARN);
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_HEARTBEAT, sw)); /* the owner always may */
	lapse();
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

START_TEST(fired_is_final)
{
	static const enum vault_op_kind kinds[] = { VAULT_OP_SWITCH_HEARTBEAT,
		VAULT_OP_SWITCH_CANCEL, VAULT_OP_SWITCH_VETO, VAULT_OP_SWITCH_DURESS };
	union vault_op_body pause, b;

	setup();
	lapse();
	b = ref();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, ALICE, kinds[i], &b));
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, CAROL, VAULT_OP_SWITCH_HEARTBEAT, &b));
	pause = (union vault_op_body){ .switch_pause = { sw, 0 } };
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, ALICE, VAULT_OP_SWITCH_PAUSE, &pause));
	pause.switch_pause.until_ms = w->block.time_ms + 1000;
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, ALICE, VAULT_OP_SWITCH_PAUSE, &pause));
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

START_TEST(strangers_do_not_beat_veto_pause_delegate_or_cancel)
{
	union vault_op_body b, pause, delegate;

	setup();
	b = ref();
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, HEIDI, VAULT_OP_SWITCH_HEARTBEAT, &b));
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, HEIDI, VAULT_OP_SWITCH_DURESS, &b));
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, HEIDI, VAULT_OP_SWITCH_VETO, &b));
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SWITCH_CANCEL, &b));
	ck_assert(world_refuses(w, SR_ERR_NOT_GUARDIAN, ALICE, VAULT_OP_SWITCH_CONFIRM, &b));
	pause = (union vault_op_body){ .switch_pause = { sw, w->block.time_ms + 5000 } };
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SWITCH_PAUSE, &pause));
	delegate = (union vault_op_body){ .switch_delegate = { sw, true, w->who[HEIDI],
		w->block.time_ms + 5000 } };
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SWITCH_DELEGATE, &delegate));
	b.switch_ref.switch_id = 99;
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_SWITCH, ALICE, VAULT_OP_SWITCH_HEARTBEAT, &b));
	teardown();
}
END_TEST

START_TEST(a_veto_works_while_pending_only_and_counts_as_a_heartbeat)
{
	union vault_op_body b;

	setup();
	b = ref();
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, DAVE, VAULT_OP_SWITCH_VETO, &b));
	world_pass(w, I_MS);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	ck_ok(world_switch_op(w, DAVE, VAULT_OP_SWITCH_VETO, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	world_pass(w, I_MS - 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_WARN);
	world_pass(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	teardown();
}
END_TEST

START_TEST(it_fires_only_with_enough_guardians_and_only_after_the_grace)
{
	union vault_op_body b;

	setup_with(2);
	b = ref();
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, ERIN, VAULT_OP_SWITCH_CONFIRM, &b));
	world_pass(w, I_MS);
	ck_ok(world_switch_op(w, ERIN, VAULT_OP_SWITCH_CONFIRM, sw));
	ck_assert(world_refuses(w, SR_ERR_CONFIRM_DUPLICATE, ERIN, VAULT_OP_SWITCH_CONFIRM, &b));
	ck_assert(world_refuses(w, SR_ERR_NOT_GUARDIAN, HEIDI, VAULT_OP_SWITCH_CONFIRM, &b));
	world_pass(w, G_MS * 3);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	/* Confirmations from before a heartbeat are worth nothing after it. */
	ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_assert_uint_eq(world_switch(w, sw).confirmed, 0);
	world_pass(w, I_MS);
	ck_ok(world_switch_op(w, FRANK, VAULT_OP_SWITCH_CONFIRM, sw));
	world_pass(w, G_MS);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	ck_ok(world_switch_op(w, ERIN, VAULT_OP_SWITCH_CONFIRM, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_pass_deaf(w, WORLD_SLOT_MS); /* due, but nobody could be heard in this block */
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_block(w, WORLD_SLOT_MS);
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

START_TEST(enough_guardians_do_not_shorten_the_grace)
{
	setup_with(2);
	world_pass(w, I_MS);
	ck_ok(world_switch_op(w, ERIN, VAULT_OP_SWITCH_CONFIRM, sw));
	ck_ok(world_switch_op(w, GRACE, VAULT_OP_SWITCH_CONFIRM, sw));
	world_pass(w, G_MS - 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_pass(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

START_TEST(a_pause_holds_until_its_date_and_the_interval_starts_anew)
{
	union vault_op_body b;
	uint64_t until;

	setup();
	world_pass(w, I_MS);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	until = w->block.time_ms + 500000;
	b = (union vault_op_body){ .switch_pause = { sw, until } };
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_PAUSE, &b));
	ck_assert_int_eq(state(), VAULT_SWITCH_PAUSED);
	ck_ok(
	    world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, sw)); /* changes nothing about it */
	world_pass(w, 499999);
	ck_assert_int_eq(state(), VAULT_SWITCH_PAUSED);
	world_pass(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	ck_assert_uint_eq(world_switch(w, sw).heartbeat_ms, until);
	world_pass(w, I_MS);
	world_pass(w, G_MS - 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_PENDING);
	world_pass(w, 1);
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

START_TEST(a_pause_ends_at_the_owners_word_and_lasts_a_year_at_most)
{
	union vault_op_body b;

	setup();
	b = (union vault_op_body){ .switch_pause = {
				       sw, w->block.time_ms + VAULT_PAUSE_MAX_MS + 1 } };
	ck_assert(world_refuses(w, SR_ERR_OUT_OF_RANGE, ALICE, VAULT_OP_SWITCH_PAUSE, &b));
	b.switch_pause.until_ms = w->block.time_ms;
	ck_assert(world_refuses(w, SR_ERR_OUT_OF_RANGE, ALICE, VAULT_OP_SWITCH_PAUSE, &b));
	b.switch_pause.until_ms = w->block.time_ms + VAULT_PAUSE_MAX_MS;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_PAUSE, &b));
	world_pass(w, I_MS * 2);
	ck_assert_int_eq(state(), VAULT_SWITCH_PAUSED);
	b.switch_pause.until_ms = 0;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_PAUSE, &b));
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	lapse();
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	teardown();
}
END_TEST

START_TEST(a_cancelled_switch_never_moves_again)
{
	union vault_op_body b;

	setup();
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_CANCEL, sw));
	world_pass(w, (I_MS + G_MS) * 2);
	ck_assert_int_eq(state(), VAULT_SWITCH_CANCELLED);
	b = ref();
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, BOB, VAULT_OP_SWITCH_HEARTBEAT, &b));
	ck_assert(world_refuses(w, SR_ERR_SWITCH_STATE, ALICE, VAULT_OP_SWITCH_CANCEL, &b));
	ck_assert_uint_eq(world_count(w, VAULT_REC_DEADLINE), world_count(w, VAULT_REC_RECEIPT));
	teardown();
}
END_TEST

START_TEST(a_delegate_beats_until_its_date_and_no_longer)
{
	union vault_op_body b, beat;

	setup();
	beat = ref();
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, HEIDI, VAULT_OP_SWITCH_HEARTBEAT, &beat));
	b = (union vault_op_body){ .switch_delegate = { sw, true, w->who[HEIDI],
		w->block.time_ms + 5000 } };
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	world_block(w, 2999);
	ck_ok(world_switch_op(w, HEIDI, VAULT_OP_SWITCH_HEARTBEAT, sw));
	world_block(w, 2001);
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, HEIDI, VAULT_OP_SWITCH_HEARTBEAT, &beat));
	ck_assert(world_refuses(w, SR_ERR_OUT_OF_RANGE, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	b.switch_delegate.until_ms = w->block.time_ms + 50000;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	ck_ok(world_switch_op(w, HEIDI, VAULT_OP_SWITCH_HEARTBEAT, sw));
	b.switch_delegate.add = false;
	b.switch_delegate.until_ms = 0;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, HEIDI, VAULT_OP_SWITCH_HEARTBEAT, &beat));
	ck_assert(world_refuses(w, SR_ERR_NOT_FOUND, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	teardown();
}
END_TEST

START_TEST(there_are_four_delegates_at_most_and_the_duress_key_is_none)
{
	static const unsigned four[] = { DAVE, ERIN, FRANK, GRACE };
	union vault_op_body b;

	setup();
	b = (union vault_op_body){ .switch_delegate = { sw, true, w->who[CAROL],
		w->block.time_ms + 50000 } };
	ck_assert(world_refuses(w, SR_ERR_SWITCH_SETTINGS, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	for (unsigned i = 0; i < VAULT_DELEGATES_MAX; i++) {
		b.switch_delegate.to = w->who[four[i]];
		ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	}
	b.switch_delegate.to = w->who[HEIDI];
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	world_block(w, 50000); /* those of the past make room */
	b.switch_delegate.until_ms = w->block.time_ms + 1000;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	teardown();
}
END_TEST

START_TEST(settings_that_contradict_each_other_are_refused)
{
	struct vault_switch_settings s = world_settings(1000, 1000);

	setup();
	s.duress = w->who[ALICE];
	ck_error(world_switch_new(w, ALICE, &s, NULL), SR_ERR_SWITCH_SETTINGS);
	s.duress = s.vetoer = w->who[BOB];
	ck_error(world_switch_new(w, ALICE, &s, NULL), SR_ERR_SWITCH_SETTINGS);
	s = world_settings(1000, 1000);
	s.guardians_n = 1;
	s.guardians[0] = w->who[BOB];
	s.guardians_k = 2;
	ck_error(world_switch_new(w, ALICE, &s, NULL), SR_ERR_SWITCH_SETTINGS);
	s.guardians_k = 0;
	ck_error(world_switch_new(w, ALICE, &s, NULL), SR_ERR_SWITCH_SETTINGS);
	s.guardians_k = 1;
	ck_ok(world_switch_new(w, ALICE, &s, NULL));
	teardown();
}
END_TEST

/* --- duress --- */

START_TEST(the_duress_key_freezes_under_the_look_of_a_heartbeat)
{
	struct vault_receipt honest;
	struct vault_switch seen;

	setup();
	world_pass(w, I_MS / 2);
	ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, sw));
	honest = w->receipt;
	world_pass(w, I_MS / 2);
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_assert_uint_eq(w->receipt.code, honest.code);
	ck_assert_uint_eq(w->receipt.id, honest.id);
	ck_assert_uint_eq(w->receipt.detail, honest.detail);
	ck_assert_int_eq(state(), VAULT_SWITCH_FROZEN);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_HEARTBEAT, sw), 2);
	for (unsigned who = ALICE; who <= DAVE; who++) {
		if (who == CAROL)
			continue;
		ck_ok(look(who, &seen));
		ck_assert_int_eq(seen.state, VAULT_SWITCH_ARMED);
		ck_assert_uint_eq(seen.heartbeat_ms, w->block.time_ms);
	}
	world_pass(w, (I_MS + G_MS) * 5);
	ck_assert_int_eq(state(), VAULT_SWITCH_FROZEN);
	teardown();
}
END_TEST

struct actors {
	struct vault_account list[8];
	unsigned n;
};

static bool actor_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct actors *actors = ctx;
	struct vault_event e;
	struct sr_reader r;

	(void)key;
	sr_reader_init(&r, value.p, value.n);
	vault_event_read(&e, &r);
	if (e.kind == VAULT_EVENT_HEARTBEAT && actors->n < 8)
		actors->list[actors->n++] = e.actor;
	return true;
}

START_TEST(the_event_of_a_freeze_names_the_heartbeat_account)
{
	struct actors actors = { .n = 0 };
	struct vault_key from;
	uint8_t id[16] = { 1 };

	setup();
	ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_HEARTBEAT, sw));
	from = vault_key_event(VAULT_SUBJECT_SWITCH, id, 0);
	vault_tree_walk(w->t, &from, 18, actor_visit, &actors);
	ck_assert_uint_eq(actors.n, 2);
	ck_assert(vault_account_equal(&actors.list[0], &w->who[BOB]));
	ck_assert(vault_account_equal(&actors.list[1], &w->who[BOB]));
	teardown();
}
END_TEST

/* Two switches that live the same life but for one signature; every answer and event must agree. */
START_TEST(no_reader_can_tell_a_frozen_switch_from_its_twin_until_it_should_have_fired)
{
	struct vault_switch_settings s = world_settings(I_MS, G_MS);
	uint64_t honest, frozen;
	struct vault_switch a, b;

	w = world_new();
	s.heartbeat = w->who[BOB];
	s.duress = w->who[CAROL];
	s.vetoer = w->who[DAVE];
	ck_ok(world_switch_new(w, ALICE, &s, &honest));
	ck_ok(world_switch_new(w, ALICE, &s, &frozen));
	ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, honest));
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_DURESS, frozen));
	for (unsigned i = 0; i < (I_MS + G_MS) / WORLD_SLOT_MS - 1; i++) {
		static const enum vault_event_kind kinds[] = { VAULT_EVENT_HEARTBEAT,
			VAULT_EVENT_WARN, VAULT_EVENT_PENDING, VAULT_EVENT_REARMED,
			VAULT_EVENT_FIRED };

		world_block(w, WORLD_SLOT_MS);
		sw = honest;
		ck_ok(look(BOB, &a));
		sw = frozen;
		ck_ok(look(BOB, &b));
		b.id = a.id;
		ck_assert_int_eq(a.state, b.state);
		b.name = a.name;
		ck_assert_int_eq(memcmp(&a, &b, sizeof a), 0);
		for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
			ck_assert_uint_eq(world_switch_events(w, kinds[k], honest),
			    world_switch_events(w, kinds[k], frozen));
	}
	ck_assert_int_eq(b.state, VAULT_SWITCH_PENDING);
	world_pass(w, 10 * WORLD_SLOT_MS);
	ck_assert_int_eq(world_switch(w, honest).state, VAULT_SWITCH_FIRED);
	ck_assert_int_eq(world_switch(w, frozen).state, VAULT_SWITCH_FROZEN);
	teardown();
}
END_TEST

START_TEST(a_frozen_switch_takes_heartbeats_vetoes_and_pauses_and_stays_frozen)
{
	union vault_op_body b;
	struct vault_switch seen;

	setup_with(2);
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_DURESS, sw));
	ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_FROZEN);
	world_pass(w, I_MS);
	ck_ok(look(ALICE, &seen));
	ck_assert_int_eq(seen.state, VAULT_SWITCH_PENDING);
	ck_ok(world_switch_op(w, DAVE, VAULT_OP_SWITCH_VETO, sw));
	ck_ok(look(ALICE, &seen));
	ck_assert_int_eq(seen.state, VAULT_SWITCH_ARMED);
	b = (union vault_op_body){ .switch_pause = { sw, w->block.time_ms + 5000 } };
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_PAUSE, &b));
	ck_ok(look(ALICE, &seen));
	ck_assert_int_eq(seen.state, VAULT_SWITCH_PAUSED);
	world_pass(w, 5000);
	ck_ok(look(ALICE, &seen));
	ck_assert_int_eq(seen.state, VAULT_SWITCH_ARMED);
	world_pass(w, I_MS);
	ck_ok(world_switch_op(w, ERIN, VAULT_OP_SWITCH_CONFIRM, sw));
	ck_ok(world_switch_op(w, FRANK, VAULT_OP_SWITCH_CONFIRM, sw));
	world_pass(w, G_MS * 4);
	ck_assert_int_eq(state(), VAULT_SWITCH_FROZEN);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_FIRED, sw), 0);
	teardown();
}
END_TEST

START_TEST(only_the_owners_cancel_or_end_of_pause_thaws)
{
	union vault_op_body thaw;

	setup();
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_HEARTBEAT, sw));
	thaw = (union vault_op_body){ .switch_pause = { sw, 0 } };
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SWITCH_PAUSE, &thaw));
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_PAUSE, &thaw));
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	lapse();
	ck_assert_int_eq(state(), VAULT_SWITCH_FIRED);
	world_free(w);
	setup();
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_CANCEL, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_CANCELLED);
	/* The end of a pause reads the same on a switch that was never frozen. */
	world_free(w);
	setup();
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_PAUSE, &thaw));
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	teardown();
}
END_TEST

START_TEST(duress_from_the_owner_freezes_and_from_a_heartbeat_key_is_a_heartbeat)
{
	setup();
	ck_ok(world_switch_op(w, BOB, VAULT_OP_SWITCH_DURESS, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_ARMED);
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_DURESS, sw));
	ck_assert_int_eq(state(), VAULT_SWITCH_FROZEN);
	teardown();
}
END_TEST

START_TEST(the_duress_key_is_shown_to_the_owner_only_and_sees_nothing)
{
	struct vault_switch seen;

	setup();
	ck_ok(look(ALICE, &seen));
	ck_assert(vault_account_equal(&seen.settings.duress, &w->who[CAROL]));
	ck_ok(look(BOB, &seen));
	ck_assert_uint_eq(seen.settings.duress.kind, VAULT_ACCOUNT_NONE);
	ck_error(look(CAROL, &seen), SR_ERR_WRONG_KEY);
	ck_error(look(HEIDI, &seen), SR_ERR_WRONG_KEY);
	teardown();
}
END_TEST

START_TEST(a_policy_sees_what_a_frozen_switch_hides)
{
	struct vault_secret_id alive, dead;

	setup();
	ck_ok(world_put(w, ALICE, "alive", "switch(1, armed)", &alive));
	ck_ok(world_put(w, ALICE, "dead", "switch(1, fired)", &dead));
	ck_ok(world_switch_op(w, CAROL, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_ok(world_retrieve(w, HEIDI, &alive, 0, 0, 1));
	world_pass(w, (I_MS + G_MS) * 2);
	ck_error(world_retrieve(w, HEIDI, &dead, 0, 0, 1), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

TEST_MAIN("vault switch", it_warns_at_50_75_and_90_per_cent_then_waits_and_fires,
    a_heartbeat_re_arms_from_every_state_before_fired, fired_is_final,
    strangers_do_not_beat_veto_pause_delegate_or_cancel,
    a_veto_works_while_pending_only_and_counts_as_a_heartbeat,
    it_fires_only_with_enough_guardians_and_only_after_the_grace,
    enough_guardians_do_not_shorten_the_grace,
    a_pause_holds_until_its_date_and_the_interval_starts_anew,
    a_pause_ends_at_the_owners_word_and_lasts_a_year_at_most,
    a_cancelled_switch_never_moves_again, a_delegate_beats_until_its_date_and_no_longer,
    there_are_four_delegates_at_most_and_the_duress_key_is_none,
    settings_that_contradict_each_other_are_refused,
    the_duress_key_freezes_under_the_look_of_a_heartbeat,
    the_event_of_a_freeze_names_the_heartbeat_account,
    no_reader_can_tell_a_frozen_switch_from_its_twin_until_it_should_have_fired,
    a_frozen_switch_takes_heartbeats_vetoes_and_pauses_and_stays_frozen,
    only_the_owners_cancel_or_end_of_pause_thaws,
    duress_from_the_owner_freezes_and_from_a_heartbeat_key_is_a_heartbeat,
    the_duress_key_is_shown_to_the_owner_only_and_sees_nothing,
    a_policy_sees_what_a_frozen_switch_hides)
