/* A client among members that change, lag and lie: what it does, it does once. */
#include "cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/json.h"
#include "cli/rpc.h"
#include "tests/lib/check_main.h"
#include "tests/lib/fake_members.h"
#include "tests/lib/scratch.h"

#define SEEN_MAX 64u

struct story {
	struct fake_members *members;
	struct cli cli;
	struct client *c;
	struct key *key;
	unsigned after;              /* what changes comes with this request */
	uint32_t liar;               /* a seat */
	uint32_t seats[8], seats_n;  /* the next roster */
	struct { uint8_t *p; size_t n; } seen[SEEN_MAX];
	unsigned seen_n;
};

/* Whoever carries operations may keep them, and bring them again at any time. */
static void keep(struct story *s, const struct fake_request *r)
{
	if (r->method != CLIENT_SUBMIT)
		return;
	ck_assert_uint_lt(s->seen_n, SEEN_MAX);
	s->seen[s->seen_n].p = malloc(r->payload.n);
	ck_assert_ptr_nonnull(s->seen[s->seen_n].p);
	memcpy(s->seen[s->seen_n].p, r->payload.p, r->payload.n);
	s->seen[s->seen_n++].n = r->payload.n;
}

static void after_keep(struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	(void)a;
	keep(m->ctx, r);
}

static void story_cli(struct story *s)
{
	memset(&s->cli, 0, sizeof s->cli);
	s->cli.program = "strongroom";
	s->cli.cluster = s->members->dir;
	s->cli.timeout_ms = 3000;
	s->cli.started_ms = cli_monotonic_ms();
	ck_ok(cli_json_open(&s->cli));
}

static struct story *story_new(void)
{
	struct story *s = calloc(1, sizeof *s);
	struct sr_key32 seed;

	ck_assert_ptr_nonnull(s);
	s->members = fake_members_new();
	s->members->ctx = s;
	s->members->after = after_keep;
	s->seats_n = 4;
	for (uint32_t i = 0; i < 4; i++)
		s->seats[i] = i;
	memset(seed.b, 1, sizeof seed.b);       /* ALICE's in the world */
	ck_ok(key_from_seed(&s->key, VAULT_ACCOUNT_ED25519, &seed));
	story_cli(s);
	ck_assert_int_eq(client_connect(&s->cli, &s->c), CLI_DONE);
	return s;
}

static void story_free(struct story *s)
{
	client_close(s->c);
	key_free(s->key);
	cli_json_close(&s->cli);
	fake_members_free(s->members);
	for (unsigned i = 0; i < s->seen_n; i++)
		free(s->seen[i].p);
	free(s);
}

static void ask_first(struct story *s, uint32_t seat)
{
	for (uint32_t i = 0; s->c->epoch->members[s->c->order[0]].seat != seat; i++) {
		ck_assert_uint_lt(i, SR_MEMBERS_MAX);
		client_rotate(s->c);
	}
}

static enum sr_error mint(struct story *s, struct client_act *act)
{
	union vault_op_body body;

	memset(&body, 0, sizeof body);
	body.nft_mint.to = s->key->account;
	body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"one", 3 };
	*act = (struct client_act){ .kind = VAULT_OP_NFT_MINT, .body = &body };
	return client_act(s->c, s->key, act);
}

/* All that was ever seen comes again; then there is one. */
static void minted_once(struct story *s)
{
	struct vault_receipt receipt;

	for (unsigned again = 0; again < 2; again++)
		for (unsigned i = 0; i < s->seen_n; i++)
			(void)!fake_members_apply(s->members,
			    (struct sr_bytes){ s->seen[i].p, s->seen[i].n }, &receipt);
	ck_assert_uint_eq(world_count(s->members->world, VAULT_REC_NFT), 1);
}

static void mints_once(struct story *s)
{
	struct client_act act;

	ck_ok(mint(s, &act));
	ck_error(act.receipt.code, SR_OK);
	ck_assert(sr_hash32_equal(&act.receipt.op, &act.hash));
	minted_once(s);
	story_free(s);
}

START_TEST(a_mint_makes_one)
{
	mints_once(story_new());
}
END_TEST

/* --- members that lie --- */

static void after_ahead(struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	struct story *s = m->ctx;
	struct vault_account_record record;
	struct sr_reader reader;

	keep(s, r);
	if (r->method != CLIENT_GET || r->get != VAULT_GET_ACCOUNT || r->proof ||
	    r->seat != s->liar)
		return;
	sr_reader_init(&reader, a->payload.p, a->payload.n);
	vault_account_record_read(&record, &reader);
	ck_ok(sr_reader_finish(&reader));
	record.nonce++;
	sr_writer_reset(&a->payload);
	vault_account_record_write(&a->payload, &record);
}

START_TEST(a_nonce_that_one_member_made_up_leads_to_no_second_operation)
{
	struct story *s = story_new();

	s->liar = (uint32_t)_i;
	s->members->after = after_ahead;
	ask_first(s, s->liar);
	mints_once(s);
}
END_TEST

static void after_wrong_epoch(
    struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	struct story *s = m->ctx;

	keep(s, r);
	if (r->seat != s->liar)
		return;
	a->code = SR_ERR_WRONG_EPOCH;
	sr_writer_reset(&a->payload);
}

START_TEST(a_member_that_names_another_epoch_is_passed_over)
{
	struct story *s = story_new();

	s->members->after = after_wrong_epoch;
	ask_first(s, s->liar);
	mints_once(s);
}
END_TEST

static void after_refuse(
    struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	struct story *s = m->ctx;

	keep(s, r);
	if (r->method != CLIENT_SUBMIT || r->seat != s->liar)
		return;
	a->code = SR_ERR_NOT_HOLDER;
	sr_writer_reset(&a->payload);
}

START_TEST(a_refusal_by_one_member_is_none)
{
	struct story *s = story_new();

	s->liar = (uint32_t)_i;
	s->members->after = after_refuse;
	ask_first(s, s->liar);
	mints_once(s);
}
END_TEST

/* Another client of the same account was faster. */
static enum sr_error before_foreign(struct fake_members *m, const struct fake_request *r)
{
	struct vault_receipt receipt;
	union vault_op_body b = { .nft_mint = { .to = m->world->who[ALICE] } };

	if (r->method != CLIENT_SUBMIT || r->number != 1)
		return SR_OK;
	b.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"other", 5 };
	world_sign(m->world, ALICE, VAULT_OP_NFT_MINT, &b);
	ck_ok(fake_members_apply(
	    m, (struct sr_bytes){ m->world->bytes, m->world->bytes_n }, &receipt));
	return SR_OK;
}

START_TEST(an_operation_whose_nonce_another_one_used_is_signed_anew)
{
	struct story *s = story_new();
	struct vault_receipt receipt;
	struct client_act act;

	s->members->before = before_foreign;
	ck_ok(mint(s, &act));
	ck_error(act.receipt.code, SR_OK);
	ck_assert_uint_gt(s->seen_n, 1);
	for (unsigned i = 0; i < s->seen_n; i++)
		(void)!fake_members_apply(
		    s->members, (struct sr_bytes){ s->seen[i].p, s->seen[i].n }, &receipt);
	ck_assert_uint_eq(world_count(s->members->world, VAULT_REC_NFT), 2);
	story_free(s);
}
END_TEST

/* The first answers are lost, and whoever shows receipts shows those of an older state. */
static enum sr_error before_old(struct fake_members *m, const struct fake_request *r)
{
	if (r->method == CLIENT_SUBMIT && r->number == 1)
		fake_members_grow_old(m);
	return SR_OK;
}

static void after_lost(struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	keep(m->ctx, r);
	if (r->method == CLIENT_SUBMIT && r->number <= 4) {
		a->code = SR_ERR_NONCE_REPLAYED;
		sr_writer_reset(&a->payload);
	}
}

static bool stale_receipts(struct fake_members *m, const struct fake_request *r)
{
	struct story *s = m->ctx;

	return r->get == VAULT_GET_RECEIPT && s->after++ < 3;
}

START_TEST(a_receipt_missing_from_an_older_state_proves_nothing)
{
	struct story *s = story_new();

	s->members->before = before_old;
	s->members->after = after_lost;
	s->members->stale = stale_receipts;
	mints_once(s);
}
END_TEST

/* --- epochs that end --- */

static void next_epoch(struct story *s)
{
	fake_members_epoch(s->members, s->seats, s->seats_n);
}

static enum sr_error before_submit(struct fake_members *m, const struct fake_request *r)
{
	struct story *s = m->ctx;

	if (r->method == CLIENT_SUBMIT && r->number == 1)
		next_epoch(s);
	return SR_OK;
}

START_TEST(an_operation_that_came_too_late_for_its_epoch_is_signed_for_the_next)
{
	struct story *s = story_new();

	s->members->before = before_submit;
	mints_once(s);
}
END_TEST

static void after_submit(
    struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	struct story *s = m->ctx;

	(void)a;
	keep(s, r);
	if (r->method == CLIENT_SUBMIT && r->number == 1)
		next_epoch(s);
}

START_TEST(an_operation_whose_answer_the_epoch_cut_off_is_not_done_again)
{
	struct story *s = story_new();

	s->members->after = after_submit;
	mints_once(s);
}
END_TEST

static void after_receipt(
    struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	struct story *s = m->ctx;

	(void)a;
	keep(s, r);
	if (r->method == CLIENT_GET && r->get == VAULT_GET_RECEIPT && s->after++ == 0)
		next_epoch(s);
}

START_TEST(an_epoch_that_ends_while_members_confirm_is_followed)
{
	struct story *s = story_new();

	s->members->after = after_receipt;
	mints_once(s);
}
END_TEST

START_TEST(the_same_with_members_that_come_and_go)
{
	struct story *s = story_new();
	static const uint32_t seats[][5] = { { 1, 2, 3, 4 }, { 0, 1, 2, 3, 4 }, { 3, 4, 5, 6 } };

	memcpy(s->seats, seats[_i], sizeof seats[_i]);
	s->seats_n = _i == 1 ? 5 : 4;
	s->members->after = after_submit;
	mints_once(s);
}
END_TEST

/* --- members that are all gone --- */

static enum cli_exit connect_anew(struct story *s)
{
	client_close(s->c);
	s->cli.started_ms = cli_monotonic_ms();
	return client_connect(&s->cli, &s->c);
}

static void replace_all(struct story *s)
{
	static const uint32_t half[] = { 2, 3, 4, 5 }, rest[] = { 4, 5, 6, 7 };

	fake_members_epoch(s->members, half, 4);
	ck_assert_int_eq(connect_anew(s), CLI_DONE);
	ck_assert_uint_eq(s->c->epoch->epoch, 2);
	fake_members_epoch(s->members, rest, 4);
}

START_TEST(a_roster_seen_once_leads_on_when_all_of_the_genesis_are_gone)
{
	struct story *s = story_new();

	replace_all(s);
	ck_assert_int_eq(connect_anew(s), CLI_DONE);
	ck_assert_uint_eq(s->c->epoch->epoch, 3);
	mints_once(s);
}
END_TEST

START_TEST(without_that_roster_nobody_is_found_and_a_damaged_one_does_no_harm)
{
	struct story *s = story_new();
	char path[300];

	snprintf(path, sizeof path, "%s/trail", s->members->dir);
	scratch_write(path, "nonsense", 8);
	ck_assert_int_eq(connect_anew(s), CLI_DONE);
	replace_all(s);
	scratch_write(path, "nonsense", 8);
	ck_assert_int_eq(connect_anew(s), CLI_UNREACHED);
	story_free(s);
}
END_TEST

START_TEST(a_client_under_way_follows_its_members_to_the_last)
{
	struct story *s = story_new();
	static const uint32_t half[] = { 2, 3, 4, 5 }, rest[] = { 4, 5, 6, 7 };
	struct client_act act;

	fake_members_epoch(s->members, half, 4);
	ck_ok(mint(s, &act));
	fake_members_epoch(s->members, rest, 4);
	ck_ok(mint(s, &act));
	ck_assert_uint_eq(s->c->epoch->epoch, 3);
	ck_assert_uint_eq(world_count(s->members->world, VAULT_REC_NFT), 2);
	story_free(s);
}
END_TEST

/* --- another past --- */

static const uint32_t first_four[] = { 0, 1, 2, 3 };

static void forget(struct story *s)
{
	char path[300];

	snprintf(path, sizeof path, "%s/trail", s->members->dir);
	ck_assert_int_eq(unlink(path), 0);
}

static enum sr_error fetch_anew(struct story *s, const char *checkpoint)
{
	client_close(s->c);
	s->cli.started_ms = cli_monotonic_ms();
	s->cli.checkpoint = checkpoint;
	ck_assert_int_eq(client_open(&s->cli, &s->c), CLI_DONE);
	return client_trail_fetch(s->c);
}

static void shown_by(struct story *s, uint32_t first, uint32_t end)
{
	for (uint32_t seat = 0; seat < 4; seat++)
		s->members->other.by_seat[seat] = seat >= first && seat < end;
}

/* The vote keys of epoch 0 were kept by their owners, or stolen. */
static struct story *story_forked(uint64_t fork, uint64_t total)
{
	struct story *s = story_new();

	fake_members_epoch(s->members, first_four, 4);
	ck_ok(fetch_anew(s, NULL));
	ck_assert_uint_eq(s->c->epoch->epoch, 2);
	s->members->other.fork = fork;
	s->members->other.total = total;
	return s;
}

static char *point(struct story *s, uint64_t epoch)
{
	static char text[100];
	struct sr_hash32 root = epoch_record_root(s->members->records[epoch]);
	int n = snprintf(text, sizeof text, "%llu:", (unsigned long long)epoch);

	sr_hex_encode(text + n, root.b, sizeof root.b);
	return text;
}

START_TEST(a_longer_trail_that_forks_from_the_known_one_is_refused)
{
	struct story *s = story_forked((uint64_t)_i, 40);

	shown_by(s, 0, 4);
	ck_error(fetch_anew(s, NULL), SR_ERR_TRAIL_FORK);
	ck_assert_uint_eq(s->c->epoch->epoch, 2);
	ck_assert_int_eq(connect_anew(s), CLI_REFUSED);
	ck_assert_ptr_null(s->c);
	/* One alone keeps nobody away. */
	for (uint32_t seat = 0; seat < 4; seat++) {
		shown_by(s, seat, seat + 1);
		ck_ok(fetch_anew(s, NULL));
		ck_assert_uint_eq(s->c->epoch->epoch, 2);
	}
	story_free(s);
}
END_TEST

START_TEST(who_knows_nothing_yet_takes_neither_of_two_pasts)
{
	struct story *s = story_forked(0, 40);

	for (uint32_t seat = 0; seat < 4; seat++) {
		shown_by(s, seat, seat + 1);
		forget(s);
		ck_error(fetch_anew(s, NULL), SR_ERR_TRAIL_FORK);
		ck_assert_uint_eq(s->c->epoch->epoch, 0);
		/* A point that somebody told decides it. */
		ck_ok(fetch_anew(s, point(s, 1)));
		ck_assert_uint_eq(s->c->epoch->epoch, 2);
	}
	/* A past that was never signed is none. */
	forget(s);
	s->members->votes[0][1].b[3] ^= 1;
	ck_ok(fetch_anew(s, NULL));
	ck_assert_uint_eq(s->c->epoch->epoch, 2);
	story_free(s);
}
END_TEST

START_TEST(a_pinned_point_must_be_on_the_way)
{
	struct story *s = story_forked(1, 40);
	static const char *const wrong[] = { "1", "0:00", "1:00", ":", "1:zz" };
	char other[100];

	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		client_close(s->c);
		s->cli.checkpoint = wrong[i];
		ck_assert_int_eq(client_open(&s->cli, &s->c), CLI_USAGE);
	}
	snprintf(other, sizeof other, "%s", point(s, 2));
	ck_ok(fetch_anew(s, other));
	/* Kept with another pin, or none: the trail is looked at again. */
	ck_ok(fetch_anew(s, point(s, 1)));
	other[5] = other[5] == '0' ? '1' : '0';
	ck_error(fetch_anew(s, other), SR_ERR_CHECKPOINT_OTHER);
	ck_assert_uint_lt(s->c->epoch->epoch, 2);
	other[0] = '3';
	ck_error(fetch_anew(s, other), SR_ERR_CHECKPOINT_OTHER);
	ck_assert_int_eq(connect_anew(s), CLI_REFUSED);
	/* The same of who shows a past without it. */
	shown_by(s, 0, 2);
	ck_ok(fetch_anew(s, point(s, 2)));
	ck_assert_uint_eq(s->c->epoch->epoch, 2);
	story_free(s);
}
END_TEST

START_TEST(a_trail_is_followed_page_by_page)
{
	struct story *s = story_new();
	struct epoch_record *record = malloc(sizeof *record);
	struct sr_hash32 close_hash, root, want;
	struct sr_writer w;

	ck_assert_ptr_nonnull(record);
	for (unsigned i = 0; i < 3; i++)
		fake_members_epoch(s->members, first_four, 4);
	s->members->page_steps = 1;
	forget(s);
	ck_ok(fetch_anew(s, NULL));
	ck_assert_uint_eq(s->c->epoch->epoch, 4);
	for (unsigned known = 0; known < 2; known++) { /* this run's steps, and a later run's */
		ck_ok(client_epoch_at(record, s->c, 2));
		root = epoch_record_root(record);
		want = epoch_record_root(s->members->records[2]);
		ck_assert(sr_hash32_equal(&root, &want));
		ck_error(client_epoch_at(record, s->c, 5), SR_ERR_WRONG_EPOCH);
		sr_writer_init(&w, CLIENT_ANSWER_MAX);
		ck_ok(client_trail_cut(&w, s->c, 3));
		ck_ok(epoch_trail_verify(record, &close_hash, s->c->genesis, w.p, w.n));
		ck_assert_uint_eq(record->epoch, 3);
		sr_writer_clear(&w);
		ck_ok(fetch_anew(s, NULL));
	}
	/* What lies behind is compared with what is known. */
	s->members->other.total = 40;
	shown_by(s, 0, 4);
	ck_error(client_epoch_at(record, s->c, 2), SR_ERR_TRAIL_FORK);
	free(record);
	story_free(s);
}
END_TEST

/* From epoch 1 on, which is known, thousands more. */
START_TEST(thousands_of_epochs_are_followed)
{
	struct story *s = story_new();

	s->members->other.fork = 1;
	s->members->other.total = 3000;
	fake_members_epoch(s->members, first_four, 4);
	shown_by(s, 0, 4);
	s->cli.timeout_ms = 60000;
	ck_ok(fetch_anew(s, NULL));
	ck_assert_uint_eq(s->c->epoch->epoch, 3000);
	ck_ok(fetch_anew(s, NULL));
	ck_assert_uint_eq(s->c->epoch->epoch, 3000);
	story_free(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_client");
	TCase *t = tcase_create("all");
	SRunner *runner;
	int failed;

	if (sr_crypto_init() != SR_OK)
		return 1;
	tcase_add_test(t, a_mint_makes_one);
	tcase_add_loop_test(t, a_nonce_that_one_member_made_up_leads_to_no_second_operation, 0, 4);
	tcase_add_test(t, a_member_that_names_another_epoch_is_passed_over);
	tcase_add_loop_test(t, a_refusal_by_one_member_is_none, 0, 4);
	tcase_add_test(t, an_operation_whose_nonce_another_one_used_is_signed_anew);
	tcase_add_test(t, a_receipt_missing_from_an_older_state_proves_nothing);
	tcase_add_test(t, an_operation_that_came_too_late_for_its_epoch_is_signed_for_the_next);
	tcase_add_test(t, an_operation_whose_answer_the_epoch_cut_off_is_not_done_again);
	tcase_add_test(t, an_epoch_that_ends_while_members_confirm_is_followed);
	tcase_add_loop_test(t, the_same_with_members_that_come_and_go, 0, 3);
	tcase_add_test(t, a_roster_seen_once_leads_on_when_all_of_the_genesis_are_gone);
	tcase_add_test(t, without_that_roster_nobody_is_found_and_a_damaged_one_does_no_harm);
	tcase_add_test(t, a_client_under_way_follows_its_members_to_the_last);
	tcase_add_loop_test(t, a_longer_trail_that_forks_from_the_known_one_is_refused, 0, 2);
	tcase_add_test(t, who_knows_nothing_yet_takes_neither_of_two_pasts);
	tcase_add_test(t, a_pinned_point_must_be_on_the_way);
	tcase_add_test(t, a_trail_is_followed_page_by_page);
	tcase_add_test(t, thousands_of_epochs_are_followed);
	tcase_set_timeout(t, 120);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
