/* Edges of the state machine that no story of the other tests comes to. */
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"
#include "vault/internal.h"
#include "vault/policy.h"

static const char BAD_NAME[] = "a\x01z";

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

/* --- names and versions --- */

START_TEST(names_with_control_characters_are_refused_everywhere)
{
	struct vault_world *w = world_new();
	uint8_t policy[VAULT_POLICY_BYTES_MAX];
	union vault_op_body b = { .collection_create = { text(BAD_NAME) } };

	ck_error(world_do(w, ALICE, VAULT_OP_COLLECTION_CREATE, &b), SR_ERR_NAME_BAD);
	b = (union vault_op_body){ .nft_mint = { 0, w->who[BOB], text(BAD_NAME) } };
	ck_error(world_do(w, ALICE, VAULT_OP_NFT_MINT, &b), SR_ERR_NAME_BAD);
	b = world_put_body(w, ALICE, BAD_NAME, "after(5)", policy);
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b), SR_ERR_NAME_BAD);
	memset(&b, 0, sizeof b);
	b.switch_create.name = text(BAD_NAME);
	b.switch_create.settings = world_settings(100000, 20000);
	ck_error(world_do(w, ALICE, VAULT_OP_SWITCH_CREATE, &b), SR_ERR_NAME_BAD);
	world_free(w);
}
END_TEST

START_TEST(a_blob_larger_than_the_limit_is_refused)
{
	struct vault_world *w = world_new();
	uint8_t policy[VAULT_POLICY_BYTES_MAX];
	union vault_op_body b = world_put_body(w, ALICE, "s", "after(5)", policy);

	memset(&b.secret_put.payload, 0, sizeof b.secret_put.payload);
	b.secret_put.payload.plain_bytes = VAULT_BLOB_PLAIN_MAX + 1;
	b.secret_put.payload.pieces_n = w->block.members_n;
	b.secret_put.payload.data_pieces = 1;
	ck_assert_int_ne((int)world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b), (int)SR_OK);
	ck_assert_uint_eq(world_meta(w).secrets, 0);
	world_free(w);
}
END_TEST

START_TEST(an_update_may_bring_a_new_policy_with_its_key)
{
	struct vault_world *w = world_new();
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	struct sr_bytes policy = world_policy(bytes, "after(9)");
	struct vault_secret_id id;
	struct vault_secret now;
	union vault_op_body b;

	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	memset(&b, 0, sizeof b);
	b.secret_put.id = id;
	b.secret_put.version = 1;
	b.secret_put.policy = policy;
	b.secret_put.payload = world_payload("other");
	/* A key that is wrapped for the old policy does not fit the new one. */
	b.secret_put.key = world_key(w, &id, ALICE, world_secret(w, &id).policy);
	ck_assert_int_ne((int)world_do(w, ALICE, VAULT_OP_SECRET_UPDATE, &b), (int)SR_OK);
	b.secret_put.key = world_key(w, &id, ALICE, policy);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	now = world_secret(w, &id);
	ck_assert_uint_eq(now.version, 2);
	ck_assert_uint_eq(now.policy.n, policy.n);
	ck_assert_int_eq(memcmp(now.policy.p, policy.p, policy.n), 0);
	world_free(w);
}
END_TEST

START_TEST(an_operation_for_another_chain_leaves_no_trace)
{
	struct vault_world *w = world_new();
	struct sr_hash32 before = world_root(w), after;
	union vault_op_body b = { .collection_create = { text("c") } };

	world_sign(w, ALICE, VAULT_OP_COLLECTION_CREATE, &b);
	w->op.chain_id.b[0] ^= 1;
	ck_ok(vault_apply(&w->t, &w->receipt, &w->block, &w->op));
	ck_error(w->receipt.code, SR_ERR_WRONG_CHAIN);
	after = world_root(w);
	ck_assert(sr_hash32_equal(&before, &after));
	world_free(w);
}
END_TEST

/* --- facts about what is not there --- */

START_TEST(no_policy_names_what_does_not_exist)
{
	static const char *const texts[] = { "holder(77)", "switch(77, fired)", "heir(77)" };
	struct vault_world *w = world_new();
	struct vault_secret_id id;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_error(world_put(w, ALICE, "s", texts[i], &id), SR_ERR_POLICY_REFERENCE);
	world_free(w);
}
END_TEST

START_TEST(nothing_is_held_for_a_while_by_who_presents_nothing)
{
	struct vault_world *w = world_new();
	struct vault_secret_id id;
	uint64_t nft;

	ck_ok(world_mint(w, ALICE, BOB, &nft));
	ck_ok(world_put(w, ALICE, "s", "held_for(1m)", &id));
	world_block(w, 300);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	world_free(w);
}
END_TEST

/* --- switches --- */

static enum sr_error delegate(struct vault_world *w, uint64_t id, unsigned to, bool add)
{
	union vault_op_body b = { .switch_delegate = { id, add, w->who[to],
		add ? w->block.time_ms + 3600000 : 0 } };

	return world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b);
}

START_TEST(the_first_of_three_delegates_can_be_removed)
{
	struct vault_world *w = world_new();
	struct vault_switch_settings s = world_settings(100000, 20000);
	struct vault_switch now;
	uint64_t id;

	ck_ok(world_switch_new(w, ALICE, &s, &id));
	for (unsigned to = BOB; to <= DAVE; to++)
		ck_ok(delegate(w, id, to, true));
	ck_ok(delegate(w, id, BOB, false));
	now = world_switch(w, id);
	ck_assert_uint_eq(now.delegates_n, 2);
	ck_assert(vault_account_is(&now.delegates[0], &w->who[CAROL]));
	ck_assert(vault_account_is(&now.delegates[1], &w->who[DAVE]));
	ck_assert(vault_switch_concerns(&now, &w->who[DAVE]));
	ck_assert(!vault_switch_concerns(&now, &w->who[BOB]));
	ck_error(delegate(w, id, BOB, false), SR_ERR_NOT_FOUND);
	world_free(w);
}
END_TEST

START_TEST(settings_that_contradict_each_other_are_refused)
{
	struct vault_world *w = world_new();
	struct vault_switch_settings s = world_settings(100000, 20000);
	uint64_t id;

	s.guardians_n = 1;
	s.guardians[0] = w->who[BOB];
	ck_assert_int_ne((int)world_switch_new(w, ALICE, &s, &id), (int)SR_OK);
	s = world_settings(VAULT_SPAN_MIN_MS - 1, 20000);
	ck_assert_int_ne((int)world_switch_new(w, ALICE, &s, &id), (int)SR_OK);
	ck_assert_uint_eq(world_meta(w).switches, 0);
	world_free(w);
}
END_TEST

/* --- reading --- */

static enum sr_error read_as(struct vault_world *w, unsigned who, enum vault_get_kind kind,
    const struct sr_writer *params)
{
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, VAULT_LIST_BYTES_MAX);
	error = vault_get(
	    &out, w->t, kind, (struct sr_bytes){ params->p, params->n }, &w->who[who]);
	sr_writer_clear(&out);
	return error;
}

static enum sr_error events_of(struct vault_world *w, unsigned who, uint8_t subject, uint64_t id,
    uint64_t high)
{
	struct sr_writer p;
	enum sr_error error;

	sr_writer_init(&p, 64);
	sr_write_u8(&p, subject);
	sr_write_u64(&p, id);
	sr_write_u64(&p, high);
	sr_write_u64(&p, 0);
	error = read_as(w, who, VAULT_GET_EVENTS, &p);
	sr_writer_clear(&p);
	return error;
}

START_TEST(events_of_a_switch_are_for_those_it_concerns)
{
	struct vault_world *w = world_new();
	struct vault_switch_settings s = world_settings(100000, 20000);
	uint64_t id;

	ck_ok(world_switch_new(w, ALICE, &s, &id));
	ck_ok(events_of(w, ALICE, VAULT_SUBJECT_SWITCH, id, 0));
	ck_error(events_of(w, HEIDI, VAULT_SUBJECT_SWITCH, id, 0), SR_ERR_WRONG_KEY);
	ck_error(events_of(w, ALICE, VAULT_SUBJECT_SWITCH, id, 1), SR_ERR_BAD_ENCODING);
	ck_error(events_of(w, ALICE, VAULT_SUBJECT_SWITCH, id + 1, 0), SR_ERR_NO_SUCH_SWITCH);
	ck_assert_int_ne((int)events_of(w, ALICE, 200, id, 0), (int)SR_OK);
	world_free(w);
}
END_TEST

START_TEST(a_delegate_of_the_past_no_longer_reads_the_switch)
{
	struct vault_world *w = world_new();
	struct vault_switch_settings s = world_settings(100000, 20000);
	struct sr_writer p;
	uint64_t id;

	ck_ok(world_switch_new(w, ALICE, &s, &id));
	ck_ok(delegate(w, id, BOB, true));
	ck_ok(delegate(w, id, BOB, false));
	sr_writer_init(&p, 64);
	vault_account_write(&p, &w->who[BOB]);
	sr_write_u64(&p, 0);
	ck_ok(read_as(w, BOB, VAULT_GET_SWITCHES, &p));
	sr_writer_clear(&p);
	world_free(w);
}
END_TEST

START_TEST(every_single_record_has_its_key)
{
	struct vault_world *w = world_new();
	struct vault_secret_id id;
	struct vault_key key;
	struct sr_writer p;

	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	sr_writer_init(&p, 64);
	vault_account_write(&p, &w->who[ALICE]);
	ck_ok(vault_get_key(&key, VAULT_GET_ACCOUNT, (struct sr_bytes){ p.p, p.n }));
	ck_assert(world_has(w, key));
	sr_writer_clear(&p);
	sr_writer_init(&p, 64);
	sr_write_copy(&p, id.b, sizeof id.b);
	sr_write_u64(&p, 1);
	ck_ok(vault_get_key(&key, VAULT_GET_VERSION, (struct sr_bytes){ p.p, p.n }));
	ck_assert(world_has(w, key));
	sr_writer_clear(&p);
	sr_writer_init(&p, 64);
	sr_write_hash(&p, &w->op.hash);
	ck_ok(vault_get_key(&key, VAULT_GET_TICKET, (struct sr_bytes){ p.p, p.n }));
	ck_assert(!world_has(w, key));
	ck_ok(vault_get_key(&key, VAULT_GET_ATTESTATION, (struct sr_bytes){ p.p, p.n }));
	ck_assert_mem_eq(key.b + 1, w->op.hash.b, sizeof key.b - 1);
	sr_writer_clear(&p);
	world_free(w);
}
END_TEST

/* --- writers given nonsense by their own program --- */

START_TEST(operations_that_cannot_be_are_not_written)
{
	static const uint8_t big[SR_OP_MAX + 1];
	struct vault_world *w = world_new();
	struct vault_account none = { .kind = VAULT_ACCOUNT_NONE };
	struct vault_account odd = { .kind = (enum vault_account_kind)77 };
	union vault_op_body b = { .collection_create = { text("c") } };
	struct sr_writer out;

	sr_writer_init(&out, 4096);
	vault_account_write(&out, &odd);
	ck_error(out.error, SR_ERR_BAD_KIND);
	sr_writer_clear(&out);
	sr_writer_init(&out, 4096);
	vault_op_body_write(&out, VAULT_OP_MEMBER_FIRST, &b);
	ck_error(out.error, SR_ERR_BAD_KIND);
	sr_writer_clear(&out);
	sr_writer_init(&out, 4096);
	vault_op_write_signed(
	    &out, &w->block.chain_id, 0, &none, 0, 0, VAULT_OP_COLLECTION_CREATE, &b);
	ck_error(out.error, SR_ERR_EMPTY);
	sr_writer_clear(&out);
	sr_writer_init(&out, 4096);
	vault_op_write_signed_raw(
	    &out, &w->block.chain_id, 0, &w->who[ALICE], 0, 0, UINT16_MAX + 1u, text("b"));
	ck_error(out.error, SR_ERR_BAD_KIND);
	sr_writer_clear(&out);
	sr_writer_init(&out, 4096);
	vault_op_write_signature(&out, big, 63);
	ck_error(out.error, SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&out);
	ck_error(vault_op_body_decode(&b, VAULT_OP_NFT_MINT, (struct sr_bytes){ big, sizeof big }),
	    SR_ERR_TOO_LONG);
	world_free(w);
}
END_TEST

static enum sr_error policy_written(const struct vault_policy *p)
{
	enum sr_error error;
	struct sr_writer w;

	sr_writer_init(&w, 65536);
	vault_policy_write(&w, p);
	error = w.error;
	sr_writer_clear(&w);
	return error;
}

static enum sr_error policy_told(const struct vault_policy *p)
{
	enum sr_error error;
	struct sr_writer w;

	sr_writer_init(&w, 65536);
	vault_policy_text(&w, p);
	error = w.error;
	sr_writer_clear(&w);
	return error;
}

START_TEST(policies_that_cannot_be_are_not_written)
{
	static const uint8_t big[VAULT_POLICY_BYTES_MAX + 1];
	struct vault_policy p, none;
	struct vault_policy_node *n = p.nodes;

	memset(&p, 0, sizeof p);
	memset(&none, 0, sizeof none);
	ck_error(vault_policy_decode(&p, (struct sr_bytes){ big, sizeof big }), SR_ERR_TOO_LONG);
	ck_error(policy_written(&none), SR_ERR_EMPTY);
	ck_error(policy_told(&none), SR_ERR_EMPTY);
	none.nodes_n = VAULT_POLICY_NODES_MAX + 1;
	ck_error(policy_written(&none), SR_ERR_POLICY_TOO_LARGE);
	p.nodes_n = 1;
	n->kind = (enum vault_policy_kind)200;
	ck_error(policy_written(&p), SR_ERR_BAD_KIND);
	n->kind = VAULT_POLICY_K_OF;
	n->number = 256;
	ck_error(policy_written(&p), SR_ERR_OUT_OF_RANGE);
	n->kind = VAULT_POLICY_SWITCH;
	n->state = 256;
	ck_error(policy_written(&p), SR_ERR_OUT_OF_RANGE);
	n->kind = VAULT_POLICY_ATTESTED;
	n->measurement_n = 32;
	ck_error(policy_written(&p), SR_ERR_OUT_OF_RANGE);
	n->state = 0;
	ck_ok(policy_written(&p));
	ck_ok(policy_told(&p));
	n->measurement_n = 33;
	ck_error(policy_written(&p), SR_ERR_OUT_OF_RANGE);
	ck_error(policy_told(&p), SR_ERR_OUT_OF_RANGE);
	n->kind = VAULT_POLICY_ALL;
	n->children_n = VAULT_POLICY_NODES_MAX;
	ck_error(policy_written(&p), SR_ERR_POLICY_TOO_LARGE);
	/* A loop: the links are the caller's own. */
	memset(&p, 0, sizeof p);
	p.nodes_n = 2;
	for (unsigned i = 0; i < 2; i++) {
		n[i].kind = VAULT_POLICY_NOT;
		n[i].children_n = 1;
		n[i].first_child = 1;
	}
	ck_error(policy_written(&p), SR_ERR_POLICY_TOO_DEEP);
	ck_error(policy_told(&p), SR_ERR_POLICY_TOO_DEEP);
}
END_TEST

TEST_MAIN("vault_edges",
	names_with_control_characters_are_refused_everywhere,
	a_blob_larger_than_the_limit_is_refused,
	an_update_may_bring_a_new_policy_with_its_key,
	an_operation_for_another_chain_leaves_no_trace,
	no_policy_names_what_does_not_exist,
	nothing_is_held_for_a_while_by_who_presents_nothing,
	the_first_of_three_delegates_can_be_removed,
	settings_that_contradict_each_other_are_refused,
	events_of_a_switch_are_for_those_it_concerns,
	a_delegate_of_the_past_no_longer_reads_the_switch,
	every_single_record_has_its_key,
	operations_that_cannot_be_are_not_written,
	policies_that_cannot_be_are_not_written)
