/*
 * Dealt secrets in a whole cluster: its members open what was dealt to them for the ticket's key
 * alone, say what was dealt wrongly, and know it all again after a restart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hpke.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"
#include "tests/lib/dealing.h"
#include "vault/hold.h"

#define NODES 4u
#define HOLDERS 3u                       /* node 3 holds nothing */
#define T 2u

struct scene {
	struct cluster *c;
	struct cluster_key alice, bob;
	struct vault_secret_id secret;
	struct sr_hash32 label, ticket;
	struct dealing dealing;
	struct sr_key32 e;
	struct sr_xpk to;
	uint64_t generation;             /* that shares are of */
	uint8_t commitments[T][32];
};

static struct scene *s;

static struct sr_bytes policy_of(struct sr_writer *w, const struct vault_account *who)
{
	struct vault_policy *p = malloc(sizeof(*p));
	char account[VAULT_ACCOUNT_TEXT_MAX], words[128];
	size_t at;

	vault_account_text(account, who);
	snprintf(words, sizeof(words), "account(%s)", account);
	ck_ok(vault_policy_parse(p, &at, words, strlen(words)));
	sr_writer_init(w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(w, p);
	ck_ok(sr_writer_finish(w));
	free(p);
	return (struct sr_bytes){ w->p, w->n };
}

/* ALICE deals 2 of nodes 0 to 2; BOB may have it. */
static void put(uint32_t wrong)
{
	struct sr_point keys[HOLDERS];
	struct sr_writer policy, bytes;
	struct sr_hash32 policy_hash;
	struct vault_receipt receipt;
	union vault_op_body b;

	memset(&b, 0, sizeof(b));
	b.secret_put.id = vault_secret_id_derive(&s->c->genesis->chain_id, &s->alice.account,
	    s->alice.nonce);
	b.secret_put.name = (struct sr_bytes){ (const uint8_t *)"will", 4 };
	b.secret_put.policy = policy_of(&policy, &s->bob.account);
	policy_hash = vault_policy_hash(b.secret_put.policy);
	s->secret = b.secret_put.id;
	s->label = vault_label(&s->c->genesis->chain_id, &s->secret, &s->alice.account,
	    &policy_hash);
	for (uint32_t i = 0; i < HOLDERS; i++)
		ck_ok(sr_point_decode(&keys[i], s->c->genesis->members[i].box_key));
	dealing_make(&s->dealing, &s->label, T, keys, HOLDERS, wrong, &s->c->drbg);
	memcpy(s->commitments, s->dealing.d.commitments, sizeof(s->commitments));
	sr_writer_init(&bytes, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&bytes, &s->dealing.d);
	b.secret_put.key.dealt = (struct sr_bytes){ bytes.p, bytes.n };
	b.secret_put.payload.inlined = true;
	b.secret_put.payload.inline_bytes = (struct sr_bytes){ (const uint8_t *)"sealed", 6 };
	b.secret_put.payload.plain_bytes = 16;
	ck_ok(cluster_submit(s->c, 0, &s->alice, VAULT_OP_SECRET_PUT, &b, &receipt));
	sr_writer_clear(&policy);
	sr_writer_clear(&bytes);
}

static void setup_of(uint32_t nodes, uint64_t seed, uint32_t wrong)
{
	struct cluster_options o = { .n = nodes, .threshold = 3, .slot_ms = 300,
		.slot_min_ms = 100, .seed = seed };

	s = calloc(1, sizeof(*s));
	s->c = cluster_new(&o);
	s->c->quiet = true;
	cluster_start_all(s->c);
	ck_assert(cluster_run_epoch(s->c, 1, 60000));
	cluster_key_make(&s->alice, s->c);
	cluster_key_make(&s->bob, s->c);
	put(wrong);
}

static void setup(uint64_t seed, uint32_t wrong)
{
	setup_of(NODES, seed, wrong);
}

static void teardown(void)
{
	cluster_free(s->c);
	free(s);
}

static void retrieve(void)
{
	union vault_op_body b;
	struct vault_receipt receipt;

	ck_ok(sr_drbg_fill(&s->c->drbg, s->e.b, sizeof(s->e.b)));
	sr_x25519_public(&s->to, &s->e);
	memset(&b, 0, sizeof(b));
	b.retrieve.id = s->secret;
	b.retrieve.to = s->to;
	ck_ok(cluster_submit(s->c, 1, &s->bob, VAULT_OP_RETRIEVE, &b, &receipt));
	ck_assert_uint_eq(receipt.code, SR_OK);
	s->ticket = receipt.op;
}

/* What a node answers; its pair when that is SR_OK. */
static enum sr_error share(uint32_t node, struct shamir_pair *pair)
{
	uint8_t plain[8 + SHAMIR_PAIR_SIZE];
	struct sr_reader r;
	enum sr_error code;
	uint8_t *answer;
	size_t n;

	ck_ok(cluster_ask(s->c, node, CLIENT_SHARE, s->ticket.b, 32, &code, &answer, &n, 60000));
	if (code == SR_OK) {
		ck_assert_uint_eq(n, sizeof(plain) + SR_HPKE_OVERHEAD);
		ck_ok(sr_hpke_open(plain, &s->e, "strongroom dealt share v1", s->ticket.b, 32,
		    answer, n));
		sr_reader_init(&r, plain, sizeof(plain));
		ck_assert_uint_eq(sr_read_u64(&r), s->generation);
		shamir_pair_read(pair, &r);
		ck_ok(sr_reader_finish(&r));
	}
	free(answer);
	return code;
}

static void opens(uint32_t a, uint32_t b)
{
	struct shamir_index set[T] = { { a + 1 }, { b + 1 } }, bad;
	struct shamir_commitments c;
	struct shamir_pair pairs[T];
	struct sr_scalar got;

	ck_ok(share(a, &pairs[0]));
	ck_ok(share(b, &pairs[1]));
	ck_ok(shamir_commitments_decode(&c, (const uint8_t (*)[32])s->commitments, T));
	ck_ok(shamir_pedersen_combine(&got, &bad, &c, set, pairs, T));
	ck_assert(sr_scalar_equal(&got, &s->dealing.secret));
}

static bool marked(struct cluster *c, void *ctx)
{
	const uint32_t *seat = ctx;
	struct vault_hold_view v;
	struct vault_key at = { { 0 } };

	for (uint32_t i = 0; i < c->n; i++, at = (struct vault_key){ { 0 } })
		if (vault_hold_next(&v, &at, enclave_core_final_state(c->nodes[i].core),
		    &c->genesis->chain_id) != SR_OK || !v.dealt.holders[*seat].bad)
			return false;
	return true;
}

START_TEST(any_two_of_the_chosen_open_it_and_who_was_not_chosen_has_nothing)
{
	struct shamir_pair pair;

	setup(11, DEALING_ALL_GOOD);
	retrieve();
	opens(0, 2);
	opens(1, 0);
	ck_error(share(3, &pair), SR_ERR_NO_SHARE);
	teardown();
}
END_TEST

START_TEST(a_closed_ticket_opens_nothing)
{
	union vault_op_body b;
	struct vault_receipt receipt;
	struct shamir_pair pair;

	setup(12, DEALING_ALL_GOOD);
	retrieve();
	opens(0, 1);
	memset(&b, 0, sizeof(b));
	b.ticket_close.ticket = s->ticket;
	ck_ok(cluster_submit(s->c, 0, &s->bob, VAULT_OP_TICKET_CLOSE, &b, &receipt));
	ck_error(share(2, &pair), SR_ERR_TICKET_CLOSED);
	teardown();
}
END_TEST

START_TEST(a_holder_says_by_itself_that_its_box_holds_no_share)
{
	uint32_t wrong = 1;
	struct shamir_pair pair;

	setup(13, wrong);
	ck_assert(cluster_run_until(s->c, marked, &wrong, 60000));
	retrieve();
	ck_error(share(1, &pair), SR_ERR_DEALING_BAD);
	opens(0, 2);
	teardown();
}
END_TEST

START_TEST(after_a_restart_a_holder_opens_what_was_dealt_to_it)
{
	setup(14, DEALING_ALL_GOOD);
	for (uint32_t i = 0; i < HOLDERS; i++) {
		cluster_kill(s->c, i, true);
		cluster_run(s->c, 1000);
		cluster_start(s->c, i);
		cluster_run(s->c, 5000);
	}
	retrieve();
	opens(0, 1);
	opens(2, 1);
	teardown();
}
END_TEST

/* --- epochs --- */

/* All running nodes have this generation; its commitments are the scene's from here on. */
static bool shared_again(struct cluster *c, void *ctx)
{
	const uint64_t *generation = ctx;
	struct vault_hold_view v;

	for (uint32_t i = 0; i < c->n; i++) {
		struct vault_key at = { { 0 } };

		if (c->nodes[i].core == NULL || c->nodes[i].fatal)
			continue;
		if (vault_hold_next(&v, &at, enclave_core_final_state(c->nodes[i].core),
		    &c->genesis->chain_id) != SR_OK || v.ref.generation != *generation)
			return false;
	}
	s->generation = *generation;
	memcpy(s->commitments, v.dealt.commitments, sizeof(s->commitments));
	return true;
}

START_TEST(a_refresh_shares_it_again_and_it_opens_as_before)
{
	uint64_t generation;

	setup(15, DEALING_ALL_GOOD);
	for (generation = 1; generation <= 2; generation++) {
		cluster_run(s->c, 6000);
		ck_ok(cluster_refresh(s->c, 2));
		ck_assert(cluster_run_epoch(s->c, 1 + generation, 60000));
		ck_assert(cluster_run_until(s->c, shared_again, &generation, 60000));
		retrieve();
		opens(0, 2);
		opens(1, 0);
	}
	teardown();
}
END_TEST

START_TEST(who_leaves_the_cluster_leaves_the_secret)
{
	uint64_t generation = 1;

	setup_of(NODES + 1, 16, DEALING_ALL_GOOD);
	cluster_run(s->c, 6000);
	ck_ok(cluster_leave(s->c, 2, 0));
	cluster_run(s->c, 60000);
	ck_assert(s->c->nodes[2].fatal);
	ck_assert(cluster_run_until(s->c, shared_again, &generation, 60000));
	retrieve();
	opens(0, 1);
	teardown();
}
END_TEST

TEST_MAIN("enclave/dealt", any_two_of_the_chosen_open_it_and_who_was_not_chosen_has_nothing,
    a_closed_ticket_opens_nothing, a_holder_says_by_itself_that_its_box_holds_no_share,
    after_a_restart_a_holder_opens_what_was_dealt_to_it,
    a_refresh_shares_it_again_and_it_opens_as_before, who_leaves_the_cluster_leaves_the_secret)
