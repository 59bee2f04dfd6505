/* cli/ask.c and the search for shares: whom a client asks, whom instead, whom it believes. */
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/json.h"
#include "cli/rpc.h"
#include "shamir/poly.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"
#include "tests/lib/fake_members.h"

#define THRESHOLD 2u

struct search {
	struct fake_members *members;
	struct cli cli;
	struct client *c;
	struct sr_drbg drbg;
	struct sr_hash32 ticket, label;
	struct sr_key32 e, key;
	struct sr_xpk to;
	struct shamir_tdh2_ct ct;
	struct sr_scalar shares[4];      /* by index */
	uint8_t tdh2[VAULT_TDH2_BYTES];
	/* by index */
	bool silent[4], unreachable[4], lies[4];
	enum sr_error refuses[4];
};

static uint32_t index_of(const struct search *s, uint32_t seat)
{
	uint32_t i = 0;

	while (s->c->epoch->members[i].seat != seat)
		i++;
	return i;
}

static enum sr_error before(struct fake_members *m, const struct fake_request *r)
{
	struct search *s = m->ctx;
	uint32_t i;

	if (r->method != CLIENT_SHARE)
		return SR_OK;
	i = index_of(s, r->seat);
	return s->silent[i] ? SR_ERR_CANCELLED : s->unreachable[i] ? SR_ERR_NOT_REACHED : SR_OK;
}

static void share(struct fake_members *m, const struct fake_request *r, struct fake_answer *a)
{
	struct search *s = m->ctx;
	uint32_t i = index_of(s, r->seat);
	uint8_t sealed[SHAMIR_TDH2_SHARE_SIZE + SR_HPKE_OVERHEAD];
	struct shamir_tdh2_share d;
	struct sr_key32 ephemeral;
	struct sr_writer w;

	a->code = s->refuses[i];
	if (a->code != SR_OK)
		return;
	/* Who lies gives another member's, with a proof that is good for that. */
	ck_ok(shamir_tdh2_share_make(&d, &s->shares[s->lies[i] ? (i + 1) % 4 : i], &s->ct,
	    s->label.b, sizeof s->label.b, &s->drbg));
	sr_writer_init(&w, SHAMIR_TDH2_SHARE_SIZE);
	shamir_tdh2_share_write(&w, &d);
	ck_ok(sr_drbg_fill(&s->drbg, ephemeral.b, sizeof ephemeral.b));
	ck_ok(sr_hpke_seal(sealed, &s->to, &ephemeral, "strongroom share v1", s->ticket.b,
	    sizeof s->ticket.b, w.p, w.n));
	sr_write_copy(&a->payload, sealed, sizeof sealed);
	sr_writer_clear(&w);
}

/* A vault key of the test's own: x_i = x + a i. */
static void deal(struct search *s)
{
	struct sr_scalar x, a, term;
	struct sr_point y;

	ck_ok(sr_scalar_random(&x, &s->drbg));
	ck_ok(sr_scalar_random(&a, &s->drbg));
	for (uint32_t i = 0; i < 4; i++) {
		sr_scalar_from_u32(&term, i + 1);
		sr_scalar_mul(&term, &term, &a);
		sr_scalar_add(&s->shares[i], &x, &term);
		sr_point_base_mul(&y, &s->shares[i]);
		memcpy(s->c->epoch->members[i].verify_key, y.b, sizeof y.b);
	}
	s->c->epoch->threshold = THRESHOLD;
	sr_point_base_mul(&y, &x);
	ck_ok(shamir_tdh2_encrypt(&s->ct, &s->key, &y, s->label.b, sizeof s->label.b, &s->drbg));
}

static struct search *search_new(void)
{
	struct search *s = calloc(1, sizeof *s);
	struct sr_key32 seed = { { 7 } };
	struct sr_writer w;

	ck_assert_ptr_nonnull(s);
	s->members = fake_members_new();
	s->members->ctx = s;
	s->members->before = before;
	s->members->share = share;
	s->cli = (struct cli){ .program = "strongroom", .cluster = s->members->dir,
		.timeout_ms = 3000, .started_ms = cli_monotonic_ms() };
	ck_ok(cli_json_open(&s->cli));
	ck_assert_int_eq(client_connect(&s->cli, &s->c), CLI_DONE);
	sr_drbg_init(&s->drbg, &seed);
	ck_ok(sr_drbg_fill(&s->drbg, s->ticket.b, sizeof s->ticket.b));
	ck_ok(sr_drbg_fill(&s->drbg, s->label.b, sizeof s->label.b));
	ck_ok(sr_drbg_fill(&s->drbg, s->e.b, sizeof s->e.b));
	sr_x25519_public(&s->to, &s->e);
	deal(s);
	sr_writer_init(&w, sizeof s->tdh2);
	shamir_tdh2_ct_write(&w, &s->ct);
	ck_assert_uint_eq(w.n, sizeof s->tdh2);
	memcpy(s->tdh2, w.p, w.n);
	sr_writer_clear(&w);
	return s;
}

static void search_free(struct search *s)
{
	client_close(s->c);
	cli_json_close(&s->cli);
	fake_members_free(s->members);
	free(s);
}

/* Finds the key; so many were asked, and was one that was held back? */
static void finds(struct search *s, unsigned asked, bool held)
{
	struct sr_key32 kem;

	ck_ok(client_shares(s->c, &s->ticket, &s->e, s->tdh2, &s->label, &kem));
	ck_assert_mem_eq(kem.b, s->key.b, sizeof kem.b);
	ck_assert_uint_eq(s->members->counts[CLIENT_SHARE], asked);
	ck_assert_uint_eq(s->members->held_ms,
	    held ? s->members->genesis->slot_ms + CLIENT_PATIENCE_MS : 0);
}

START_TEST(no_more_members_are_asked_than_shares_are_needed)
{
	struct search *s = search_new();

	finds(s, THRESHOLD, false);
	search_free(s);
}
END_TEST

START_TEST(instead_of_one_that_is_not_there_another_is_asked_at_once)
{
	struct search *s = search_new();

	s->unreachable[s->c->order[0]] = true;
	finds(s, THRESHOLD + 1, false);
	search_free(s);
}
END_TEST

START_TEST(instead_of_one_that_is_not_ready_another_is_asked_at_once)
{
	struct search *s = search_new();

	s->refuses[s->c->order[1]] = SR_ERR_NOT_READY;
	finds(s, THRESHOLD + 1, false);
	search_free(s);
}
END_TEST

START_TEST(who_does_not_answer_is_waited_for_a_little)
{
	struct search *s = search_new();

	s->silent[s->c->order[0]] = true;
	finds(s, THRESHOLD + 1, true);
	search_free(s);
}
END_TEST

START_TEST(a_share_of_somebody_else_is_none)
{
	struct search *s = search_new();

	s->lies[s->c->order[0]] = true;
	finds(s, THRESHOLD + 1, true);
	search_free(s);
}
END_TEST

START_TEST(when_too_many_refuse_their_word_is_the_last)
{
	struct search *s = search_new();
	struct sr_key32 kem;

	for (uint32_t i = 0; i < 3; i++)
		s->refuses[s->c->order[i]] = SR_ERR_TICKET_CLOSED;
	ck_error(client_shares(s->c, &s->ticket, &s->e, s->tdh2, &s->label, &kem),
	    SR_ERR_TICKET_CLOSED);
	search_free(s);
}
END_TEST

TEST_MAIN("cli_ask",
	no_more_members_are_asked_than_shares_are_needed,
	instead_of_one_that_is_not_there_another_is_asked_at_once,
	instead_of_one_that_is_not_ready_another_is_asked_at_once,
	who_does_not_answer_is_waited_for_a_little,
	a_share_of_somebody_else_is_none,
	when_too_many_refuse_their_word_is_the_last)
