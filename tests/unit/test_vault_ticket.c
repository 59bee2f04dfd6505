#include <stdio.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"
#include "vault/internal.h"

static struct vault_world *w;
static struct vault_secret_id id;

static void setup(void) { w = world_new(); }
static void teardown(void) { world_free(w); }

static union vault_op_body retrieve_body(uint64_t nft, uint64_t nft_version, uint8_t to)
{
	union vault_op_body b = { .retrieve = {
				      .id = id, .nft_id = nft, .nft_version = nft_version } };

	memset(b.retrieve.to.b, to, sizeof b.retrieve.to.b);
	return b;
}

static struct vault_ticket ticket_of(const struct sr_hash32 *ticket_id)
{
	struct vault_ticket ticket;

	ck_ok(vault_ticket_find(&ticket, w->t, ticket_id));
	return ticket;
}

START_TEST(the_holder_gets_a_ticket_that_says_everything)
{
	struct vault_ticket ticket;
	struct sr_hash32 hash, label;
	struct vault_secret secret;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 7));
	ticket = ticket_of(&w->op.hash);
	secret = world_secret(w, &id);
	hash = vault_policy_hash(secret.policy);
	label = vault_label(&w->block.chain_id, &id, &w->who[ALICE], &hash);
	ck_assert(sr_hash32_equal(&ticket.label, &label));
	ck_assert(vault_account_equal(&ticket.requester, &w->who[BOB]));
	ck_assert_uint_eq(ticket.secret_version, 1);
	ck_assert_uint_eq(ticket.nft_id, 1);
	ck_assert_uint_eq(ticket.nft_version, 1);
	ck_assert_uint_eq(ticket.to.b[0], 7);
	ck_assert_uint_eq(ticket.height, w->block.height);
	ck_assert_uint_eq(ticket.expires_ms, w->op.expiry_ms);
	ck_assert_int_eq(memcmp(ticket.tdh2, label.b, sizeof label.b), 0);
	ck_assert(!ticket.time_conditioned);
	ck_assert_uint_eq(secret.releases, 1);
	ck_assert_uint_eq(world_nft(w, 1).releases, 1);
	ck_assert_uint_eq(world_secret_events(w, VAULT_EVENT_TICKET, &id), 1);
	ck_ok(vault_ticket_recheck(w->t, &ticket, w->block.time_ms));
	teardown();
}
END_TEST

START_TEST(a_false_policy_is_refused_with_the_failing_node_and_an_event)
{
	union vault_op_body b;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "after(5) and holder(1)", &id));
	b = retrieve_body(0, 0, 1);
	ck_assert(world_refuses(w, SR_ERR_POLICY_FALSE, CAROL, VAULT_OP_RETRIEVE, &b));
	ck_assert_uint_eq(w->receipt.detail, 2); /* 0: and, 1: after, 2: holder */
	ck_assert_uint_eq(world_secret_events(w, VAULT_EVENT_REFUSED, &id), 1);
	ck_assert_uint_eq(world_count(w, VAULT_REC_TICKET), 0);
	teardown();
}
END_TEST

START_TEST(a_presented_nft_must_be_held_current_and_named)
{
	union vault_op_body b;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	b = retrieve_body(1, 1, 1);
	ck_assert(world_refuses(w, SR_ERR_NOT_HOLDER, CAROL, VAULT_OP_RETRIEVE, &b));
	b = retrieve_body(1, 2, 1);
	ck_assert(world_refuses(w, SR_ERR_NFT_VERSION, BOB, VAULT_OP_RETRIEVE, &b));
	b = retrieve_body(2, 1, 1);
	ck_assert(world_refuses(w, SR_ERR_POLICY_FALSE, BOB, VAULT_OP_RETRIEVE, &b));
	b = retrieve_body(3, 1, 1);
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_NFT, BOB, VAULT_OP_RETRIEVE, &b));
	b.retrieve.id.b[3] ^= 1;
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_SECRET, BOB, VAULT_OP_RETRIEVE, &b));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 1));
	teardown();
}
END_TEST

START_TEST(who_sold_the_nft_gets_nothing_and_who_bought_it_does)
{
	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_transfer(w, BOB, 1, 1, CAROL));
	ck_error(world_retrieve(w, BOB, &id, 1, 2, 1), SR_ERR_NOT_HOLDER);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	ck_ok(world_retrieve(w, CAROL, &id, 1, 2, 1));
	teardown();
}
END_TEST

START_TEST(an_unnamed_nft_is_implied_and_locked)
{
	struct vault_ticket ticket;

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1) or holder(2)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_assert_uint_eq(ticket.nft_id, 2);
	ck_assert_uint_eq(ticket.nft_version, 1);
	ck_error(world_transfer(w, BOB, 2, 1, CAROL), SR_ERR_TICKET_OPEN);
	ck_ok(world_transfer(w, ALICE, 1, 1, CAROL));
	teardown();
}
END_TEST

START_TEST(every_nft_that_the_policy_needed_is_locked_and_no_other)
{
	setup();
	for (unsigned i = 0; i < 3; i++)
		ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "2 of (holder(1), holder(2), holder(3))", &id));
	ck_ok(world_retrieve(w, BOB, &id, 3, 1, 1));
	ck_error(world_transfer(w, BOB, 3, 1, CAROL), SR_ERR_TICKET_OPEN);
	ck_ok(world_transfer(w, BOB, 1, 1, CAROL)); /* 2 of 3 holds without it */
	ck_error(world_transfer(w, BOB, 2, 1, CAROL), SR_ERR_TICKET_OPEN);
	teardown();
}
END_TEST

START_TEST(an_open_ticket_refuses_another_key_and_repeats_for_the_same)
{
	struct sr_hash32 first, second;
	union vault_op_body b;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 7));
	first = w->op.hash;
	b = retrieve_body(1, 1, 8);
	ck_assert(world_refuses(w, SR_ERR_TICKET_OPEN, BOB, VAULT_OP_RETRIEVE, &b));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 7));
	second = w->op.hash;
	ck_assert(ticket_of(&first).closed);
	ck_assert(!ticket_of(&second).closed);
	ck_assert_uint_eq(world_secret(w, &id).releases, 1);
	ck_assert_uint_eq(world_nft(w, 1).releases, 1);
	ck_error(world_transfer(w, BOB, 1, 1, CAROL), SR_ERR_TICKET_OPEN);
	ck_ok(world_close(w, BOB, &second));
	ck_ok(world_transfer(w, BOB, 1, 1, CAROL));
	teardown();
}
END_TEST

START_TEST(only_the_requester_closes_a_ticket_and_only_once)
{
	struct sr_hash32 ticket;
	union vault_op_body b;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 7));
	ticket = w->op.hash;
	b = (union vault_op_body){ .ticket_close = { ticket } };
	ck_assert(world_refuses(w, SR_ERR_WRONG_KEY, ALICE, VAULT_OP_TICKET_CLOSE, &b));
	ck_ok(world_do(w, BOB, VAULT_OP_TICKET_CLOSE, &b));
	ck_assert(world_refuses(w, SR_ERR_TICKET_CLOSED, BOB, VAULT_OP_TICKET_CLOSE, &b));
	b.ticket_close.ticket.b[0] ^= 1;
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_TICKET, BOB, VAULT_OP_TICKET_CLOSE, &b));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 9)); /* a new key, once the old ticket is closed */
	teardown();
}
END_TEST

START_TEST(an_account_policy_needs_no_nft)
{
	char policy[200], text[VAULT_ACCOUNT_TEXT_MAX];

	setup();
	vault_account_text(text, &w->who[DAVE]);
	snprintf(policy, sizeof policy, "account(%s)", text);
	ck_ok(world_put(w, ALICE, "s", policy, &id));
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	ck_ok(world_retrieve(w, DAVE, &id, 0, 0, 1));
	ck_ok(world_retrieve(w, DAVE, &id, 0, 0, 2));
	teardown();
}
END_TEST

START_TEST(after_and_before_hold_by_block_time_and_by_the_enclaves_own_clock)
{
	char policy[200];
	uint64_t from = WORLD_START_MS + 50000, to = WORLD_START_MS + 100000;
	struct vault_ticket ticket;

	setup();
	snprintf(policy, sizeof policy, "after(%llu) and before(%llu)", (unsigned long long)from,
	    (unsigned long long)to);
	ck_ok(world_put(w, ALICE, "s", policy, &id));
	world_block(w, from - 1 - w->block.time_ms);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	world_block(w, 1);
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_assert(ticket.time_conditioned);
	ck_error(vault_ticket_recheck(w->t, &ticket, from - 1), SR_ERR_TOO_EARLY);
	ck_ok(vault_ticket_recheck(w->t, &ticket, from));
	world_block(w, to - 1 - w->block.time_ms);
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_ok(vault_ticket_recheck(w->t, &ticket, to + VAULT_CLOCK_SLACK_MS - 1));
	ck_error(
	    vault_ticket_recheck(w->t, &ticket, to + VAULT_CLOCK_SLACK_MS), SR_ERR_POLICY_FALSE);
	world_block(w, 1);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(held_for_counts_from_the_last_transfer)
{
	struct vault_ticket ticket;
	uint64_t held;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1) and held_for(90s)", &id));
	world_block(w, 90000);
	ck_ok(world_transfer(w, BOB, 1, 1, CAROL));
	held = w->block.time_ms;
	ck_error(world_retrieve(w, CAROL, &id, 1, 2, 1), SR_ERR_POLICY_FALSE);
	world_block(w, 89999);
	ck_error(world_retrieve(w, CAROL, &id, 1, 2, 1), SR_ERR_POLICY_FALSE);
	world_block(w, 1);
	ck_ok(world_retrieve(w, CAROL, &id, 1, 2, 1));
	ticket = ticket_of(&w->op.hash);
	ck_error(vault_ticket_recheck(w->t, &ticket, held + 89999), SR_ERR_TOO_EARLY);
	ck_ok(vault_ticket_recheck(w->t, &ticket, held + 90000));
	teardown();
}
END_TEST

START_TEST(an_old_nft_can_not_stand_in_for_a_fresh_one)
{
	char text[VAULT_ACCOUNT_TEXT_MAX], policy[300];

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	vault_account_text(text, &w->who[DAVE]);
	snprintf(policy, sizeof policy,
	    "holder(1) and held_for(90s) or holder(2) and account(%s)", text);
	ck_ok(world_put(w, ALICE, "s", policy, &id));
	world_block(w, 100000);
	ck_ok(world_transfer(w, ALICE, 1, 1, BOB));
	ck_error(world_retrieve(w, BOB, &id, 2, 1, 1), SR_ERR_POLICY_FALSE);
	ck_error(world_retrieve(w, BOB, &id, 1, 2, 1), SR_ERR_POLICY_FALSE);
	world_block(w, 90000);
	ck_ok(world_retrieve(w, BOB, &id, 1, 2, 1));
	teardown();
}
END_TEST

START_TEST(a_fresh_nft_counts_at_once_where_it_must_not_be_held)
{
	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1) and held_for(90s) and not holder(2)", &id));
	world_block(w, 90000);
	ck_ok(world_transfer(w, ALICE, 2, 1, BOB));
	ck_error(world_retrieve(w, BOB, &id, 1, 1, 1), SR_ERR_POLICY_FALSE);
	ck_ok(world_transfer(w, BOB, 2, 2, ALICE));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 1));
	teardown();
}
END_TEST

START_TEST(a_changed_policy_stops_tickets_that_were_not_yet_served)
{
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	struct vault_ticket ticket;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_ok(vault_ticket_recheck(w->t, &ticket, w->block.time_ms));
	b = (union vault_op_body){ .secret_policy = { .id = id, .version = 1 } };
	b.secret_policy.policy = world_policy(bytes, "after(6)");
	b.secret_policy.key = world_key(w, &id, ALICE, b.secret_policy.policy);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_POLICY, &b));
	ck_error(
	    vault_ticket_recheck(w->t, &ticket, w->block.time_ms), SR_ERR_POLICY_UNCHANGED_LABEL);
	b = retrieve_body(0, 0, 1);
	b.retrieve.version = 1;
	ck_assert(world_refuses(w, SR_ERR_POLICY_UNCHANGED_LABEL, BOB, VAULT_OP_RETRIEVE, &b));
	b.retrieve.version = 9;
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_VERSION, BOB, VAULT_OP_RETRIEVE, &b));
	b.retrieve.version = 2;
	ck_ok(world_do(w, BOB, VAULT_OP_RETRIEVE, &b));
	teardown();
}
END_TEST

START_TEST(no_share_leaves_for_a_closed_expired_or_unknown_ticket)
{
	struct vault_ticket ticket, unknown;

	setup();
	ck_ok(world_put(w, ALICE, "s", "before(2100-01-01)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	unknown = ticket;
	unknown.id.b[0] ^= 1;
	ck_error(vault_ticket_recheck(w->t, &unknown, w->block.time_ms), SR_ERR_NO_SUCH_TICKET);
	ck_error(vault_ticket_find(&unknown, w->t, &unknown.id), SR_ERR_NO_SUCH_TICKET);
	ck_ok(vault_ticket_recheck(w->t, &ticket, ticket.expires_ms - 1));
	ck_error(vault_ticket_recheck(w->t, &ticket, ticket.expires_ms), SR_ERR_EXPIRED);
	ck_ok(world_close(w, BOB, &ticket.id));
	ck_error(vault_ticket_recheck(w->t, &ticket, w->block.time_ms), SR_ERR_TICKET_CLOSED);
	teardown();
}
END_TEST

START_TEST(a_ticket_leaves_the_state_ten_minutes_after_it_expired)
{
	setup();
	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	world_block(w, 60000 + VAULT_RECEIPT_KEEP_MS - 1);
	ck_assert_uint_eq(world_count(w, VAULT_REC_TICKET), 1);
	world_block(w, 1);
	ck_assert_uint_eq(world_count(w, VAULT_REC_TICKET), 0);
	teardown();
}
END_TEST

START_TEST(heirs_take_turns_once_the_switch_has_fired)
{
	struct vault_switch_settings s = world_settings(10000, 2000);
	struct vault_ticket ticket;
	struct vault_switch sw;

	setup();
	s.heirs_n = 2;
	s.heirs[0] = w->who[ERIN];
	s.heirs[1] = w->who[FRANK];
	s.heir_delay_ms[1] = 5000;
	ck_ok(world_switch_new(w, ALICE, &s, NULL));
	ck_ok(world_put(w, ALICE, "s", "heir(1)", &id));
	world_pass(w, 11900);
	ck_error(world_retrieve(w, ERIN, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	world_pass(w, 900);
	sw = world_switch(w, 1);
	ck_assert_int_eq(sw.state, VAULT_SWITCH_FIRED);
	ck_ok(world_retrieve(w, ERIN, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_assert(ticket.time_conditioned);
	ck_ok(vault_ticket_recheck(w->t, &ticket, w->block.time_ms));
	ck_error(vault_ticket_recheck(w->t, &ticket, sw.heartbeat_ms + 11999), SR_ERR_TOO_EARLY);
	ck_error(world_retrieve(w, FRANK, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	world_pass(w, 5000);
	ck_ok(world_retrieve(w, FRANK, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_error(vault_ticket_recheck(w->t, &ticket, sw.fired_ms + 4999), SR_ERR_TOO_EARLY);
	ck_ok(world_retrieve(w, ERIN, &id, 0, 0, 1));
	teardown();
}
END_TEST

START_TEST(a_policy_may_wait_for_a_stage_of_a_switch)
{
	struct vault_switch_settings s = world_settings(10000, 2000);
	struct vault_ticket ticket;

	setup();
	s.stages_n = 1;
	s.stage_delay_ms[0] = 6000;
	ck_ok(world_switch_new(w, ALICE, &s, NULL));
	ck_ok(world_put(w, ALICE, "s", "switch(1, fired, 1)", &id));
	world_pass(w, 13000);
	ck_assert_int_eq(world_switch(w, 1).state, VAULT_SWITCH_FIRED);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	world_pass(w, 6300);
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	ck_ok(vault_ticket_recheck(w->t, &ticket, w->block.time_ms));
	ck_error(vault_ticket_recheck(w->t, &ticket, world_switch(w, 1).fired_ms + 5999),
	    SR_ERR_TOO_EARLY);
	teardown();
}
END_TEST

START_TEST(whatever_depends_on_time_is_judged_by_the_own_clock_too)
{
	static const struct { const char *text; bool timed; } cases[] = {
		{ "after(5)", true }, { "before(5)", true }, { "switch(1, fired)", true },
		{ "heir(1)", true }, { "held_for(5s)", true },
		{ "holder(1) and not after(5)", true },
		{ "holder(1)", false }, { "holder(1) or holder(2)", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t bytes[VAULT_POLICY_BYTES_MAX];
		struct vault_policy policy;

		ck_ok(vault_policy_decode(&policy, world_policy(bytes, cases[i].text)));
		ck_assert_msg(vault_policy_timed(&policy) == cases[i].timed, "%s", cases[i].text);
	}
}
END_TEST

/* Presenting asks for it already; the leaf does not rely on that. */
START_TEST(held_for_holds_for_the_holder_alone)
{
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	struct vault_policy policy;
	struct vault_facts f = { .policy = &policy, .nft_id = 1 };

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	world_block(w, 5000);
	ck_ok(vault_policy_decode(&policy, world_policy(bytes, "held_for(5s)")));
	f.t = w->t;
	f.time_ms = w->block.time_ms;
	f.who = &w->who[BOB];
	ck_ok(vault_facts_judge(&f));
	ck_assert(vault_facts_hold(&f, 0, NULL));
	f.who = &w->who[CAROL];
	ck_ok(vault_facts_judge(&f));
	ck_assert(!vault_facts_hold(&f, 0, NULL));
	teardown();
}
END_TEST

START_TEST(only_the_very_same_request_replaces_an_open_ticket)
{
	struct vault_secret_id other;
	union vault_op_body b;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_put(w, ALICE, "t", "holder(1)", &other));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 7));
	b = retrieve_body(1, 1, 7);
	b.retrieve.id = other;
	ck_assert(world_refuses(w, SR_ERR_TICKET_OPEN, BOB, VAULT_OP_RETRIEVE, &b));
	/* A restored version has the label of now, so both could be asked for. */
	b = (union vault_op_body){ .secret_restore = { .id = id, .version = 1,
		.from_version = 1 } };
	b.secret_restore.key = world_key(w, &id, ALICE, world_secret(w, &id).policy);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_RESTORE, &b));
	b = retrieve_body(1, 1, 7);
	ck_assert(world_refuses(w, SR_ERR_TICKET_OPEN, BOB, VAULT_OP_RETRIEVE, &b));
	b.retrieve.version = 1;
	ck_ok(world_do(w, BOB, VAULT_OP_RETRIEVE, &b));
	teardown();
}
END_TEST

START_TEST(what_became_false_after_the_ticket_stops_its_shares)
{
	struct vault_ticket ticket;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1) and not holder(2)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 7));
	ticket = ticket_of(&w->op.hash);
	ck_ok(vault_ticket_recheck(w->t, &ticket, w->block.time_ms));
	ck_ok(world_transfer(w, ALICE, 2, 1, BOB));
	ck_error(vault_ticket_recheck(w->t, &ticket, w->block.time_ms), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(a_slow_clock_does_not_keep_a_ticket_open)
{
	struct vault_ticket ticket;

	setup();
	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ticket = ticket_of(&w->op.hash);
	world_block(w, ticket.expires_ms - w->block.time_ms - 1);
	ck_ok(vault_ticket_recheck(w->t, &ticket, ticket.expires_ms - 2));
	world_block(w, 1);
	ck_error(vault_ticket_recheck(w->t, &ticket, ticket.expires_ms - 2), SR_ERR_EXPIRED);
	teardown();
}
END_TEST

TEST_MAIN("vault ticket", the_holder_gets_a_ticket_that_says_everything,
    a_false_policy_is_refused_with_the_failing_node_and_an_event,
    a_presented_nft_must_be_held_current_and_named,
    who_sold_the_nft_gets_nothing_and_who_bought_it_does, an_unnamed_nft_is_implied_and_locked,
    every_nft_that_the_policy_needed_is_locked_and_no_other,
    an_open_ticket_refuses_another_key_and_repeats_for_the_same,
    only_the_requester_closes_a_ticket_and_only_once, an_account_policy_needs_no_nft,
    after_and_before_hold_by_block_time_and_by_the_enclaves_own_clock,
    held_for_counts_from_the_last_transfer, an_old_nft_can_not_stand_in_for_a_fresh_one,
    a_fresh_nft_counts_at_once_where_it_must_not_be_held,
    a_changed_policy_stops_tickets_that_were_not_yet_served,
    no_share_leaves_for_a_closed_expired_or_unknown_ticket,
    a_ticket_leaves_the_state_ten_minutes_after_it_expired,
    heirs_take_turns_once_the_switch_has_fired, a_policy_may_wait_for_a_stage_of_a_switch,
    whatever_depends_on_time_is_judged_by_the_own_clock_too,
    held_for_holds_for_the_holder_alone,
    only_the_very_same_request_replaces_an_open_ticket,
    what_became_false_after_the_ticket_stops_its_shares,
    a_slow_clock_does_not_keep_a_ticket_open)
