/* Keys that owners deal: how they are written, whom they may be dealt to, what a ticket carries. */
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"

static struct vault_world *w;
static uint8_t policy_bytes[VAULT_POLICY_BYTES_MAX], dealt_bytes[VAULT_DEALT_BYTES_MAX];
static const uint32_t seats[] = { 1, 3, 4 };

static void setup(void) { w = world_new(); }
static void teardown(void) { world_free(w); }

/* A PUT by ALICE that deals 2 of seats 1, 3, 4; changed through d before it is encoded. */
static union vault_op_body put_body(struct vault_dealt *d)
{
	union vault_op_body b = world_put_body(w, ALICE, "will", "after(5)", policy_bytes);

	*d = world_dealt(w, &b.secret_put.id, ALICE, b.secret_put.policy, 2, seats, 3);
	return b;
}

static enum sr_error put(union vault_op_body *b, const struct vault_dealt *d)
{
	b->secret_put.key = world_dealt_key(dealt_bytes, d);
	return world_do(w, ALICE, VAULT_OP_SECRET_PUT, b);
}

static struct vault_version version_of(const struct vault_secret_id *id, uint64_t version)
{
	struct vault_key key = vault_key_version(id, version);
	struct sr_bytes value = vault_tree_get(w->t, &key);
	struct vault_version v;
	struct sr_reader r;

	ck_assert_ptr_nonnull(value.p);
	sr_reader_init(&r, value.p, value.n);
	vault_version_read(&v, &r);
	ck_ok(sr_reader_finish(&r));
	return v;
}

START_TEST(a_dealing_is_kept_as_it_was_sent)
{
	struct vault_dealt d, got;
	union vault_op_body b;
	struct vault_version v;

	setup();
	b = put_body(&d);
	ck_ok(put(&b, &d));
	v = version_of(&b.secret_put.id, 1);
	ck_assert(vault_key_is_dealt(&v.key));
	ck_ok(vault_dealt_decode(&got, v.key.dealt));
	ck_assert_mem_eq(&got, &d, sizeof d);
	teardown();
}
END_TEST

/* The largest of each: the operation must have room for it. */
START_TEST(thirty_two_holders_and_the_largest_payload_fit_into_an_operation)
{
	static uint8_t payload[VAULT_INLINE_BYTES_MAX];
	static uint32_t all[VAULT_HOLDERS_MAX];
	struct vault_dealt d, got;
	union vault_op_body b;
	struct sr_writer out;

	setup();
	b = world_put_body(w, ALICE, "will", "after(5)", policy_bytes);
	for (uint32_t i = 0; i < VAULT_HOLDERS_MAX; i++)
		all[i] = SR_MEMBERS_MAX - VAULT_HOLDERS_MAX + i;
	d = world_dealt(w, &b.secret_put.id, ALICE, b.secret_put.policy, VAULT_HOLDERS_MAX, all,
	    VAULT_HOLDERS_MAX);
	b.secret_put.key = world_dealt_key(dealt_bytes, &d);
	ck_assert_uint_eq(b.secret_put.key.dealt.n, VAULT_DEALT_BYTES_MAX);
	b.secret_put.payload.plain_bytes = SR_INLINE_PAYLOAD_MAX;
	b.secret_put.payload.inline_bytes = (struct sr_bytes){ payload, sizeof payload };
	sr_writer_init(&out, SR_OP_MAX - VAULT_POLICY_BYTES_MAX - 512);
	vault_op_body_write(&out, VAULT_OP_SECRET_PUT, &b);
	ck_ok(sr_writer_finish(&out));
	sr_writer_clear(&out);
	ck_ok(vault_dealt_decode(&got, b.secret_put.key.dealt));
	ck_assert_mem_eq(&got, &d, sizeof d);
	teardown();
}
END_TEST

START_TEST(what_begins_with_the_identity_is_dealt_and_nothing_else_is)
{
	struct vault_wrapped_key key, got;
	struct vault_dealt d;
	union vault_op_body b;
	struct sr_writer out;
	struct sr_reader r;
	uint8_t *bytes;

	setup();
	b = put_body(&d);
	key = b.secret_put.key;
	sr_writer_init(&out, 8192);
	vault_wrapped_key_write(&out, &key);
	ck_ok(sr_writer_finish(&out));
	/* As it was before keys could be dealt. */
	ck_assert_uint_eq(out.n, VAULT_TDH2_BYTES + sizeof key.dek + sizeof key.owner_dek);
	sr_reader_init(&r, out.p, out.n);
	vault_wrapped_key_read(&got, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert(!vault_key_is_dealt(&got));
	ck_assert_mem_eq(got.tdh2, key.tdh2, sizeof key.tdh2);
	memset(out.p, 0, 32);
	sr_reader_init(&r, out.p, out.n);
	vault_wrapped_key_read(&got, &r);
	ck_assert(sr_reader_finish(&r) != SR_OK);
	/* A writer makes neither a key without a ciphertext nor one that is both. */
	memset(key.tdh2, 0, 32);
	sr_writer_reset(&out);
	vault_wrapped_key_write(&out, &key);
	ck_error(sr_writer_finish(&out), SR_ERR_BAD_ENCODING);
	key = world_dealt_key(dealt_bytes, &d);
	key.tdh2[0] = 2;
	sr_writer_reset(&out);
	vault_wrapped_key_write(&out, &key);
	ck_error(sr_writer_finish(&out), SR_ERR_BAD_ENCODING);
	/* A dealing that does not read is no key. */
	key = world_dealt_key(dealt_bytes, &d);
	sr_writer_reset(&out);
	vault_wrapped_key_write(&out, &key);
	ck_ok(sr_writer_finish(&out));
	bytes = out.p + out.n - sizeof key.dek - sizeof key.owner_dek - key.dealt.n;
	ck_assert_mem_eq(bytes, key.dealt.p, key.dealt.n);
	bytes[12] = VAULT_HOLDERS_MAX + 1;
	sr_reader_init(&r, out.p, out.n);
	vault_wrapped_key_read(&got, &r);
	ck_error(sr_reader_finish(&r), SR_ERR_TOO_MANY);
	sr_writer_clear(&out);
	teardown();
}
END_TEST

static enum sr_error written(const struct vault_dealt *d)
{
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&out, d);
	error = sr_writer_finish(&out);
	sr_writer_clear(&out);
	return error;
}

/* With another number of holders in its bytes (after generation u64, threshold u32). */
static enum sr_error counted(const struct vault_dealt *d, uint8_t holders)
{
	struct vault_dealt got;
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&out, d);
	ck_ok(sr_writer_finish(&out));
	out.p[12] = holders;
	error = vault_dealt_decode(&got, (struct sr_bytes){ out.p, out.n });
	sr_writer_clear(&out);
	return error;
}

static enum sr_error redecoded(const struct vault_dealt *d)
{
	struct vault_dealt got;
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&out, d);
	ck_ok(sr_writer_finish(&out));
	error = vault_dealt_decode(&got, (struct sr_bytes){ out.p, out.n });
	if (error == SR_OK)
		ck_assert_mem_eq(&got, d, sizeof got);
	for (size_t n = 0; n < out.n; n++)
		ck_assert(vault_dealt_decode(&got, (struct sr_bytes){ out.p, n }) != SR_OK);
	sr_writer_clear(&out);
	return error;
}

START_TEST(a_dealing_has_one_encoding_and_limits)
{
	struct vault_dealt d, changed;
	union vault_op_body b;

	setup();
	b = put_body(&d);
	(void)b;
	ck_ok(redecoded(&d));
	changed = d;
	changed.threshold = 3;
	ck_ok(redecoded(&changed));
	changed.threshold = 1;
	memset(changed.commitments[1], 0, 32);
	ck_error(redecoded(&changed), SR_ERR_THRESHOLD);
	ck_error(counted(&d, VAULT_HOLDERS_MAX + 1), SR_ERR_TOO_MANY);
	changed.threshold = 1;
	changed.holders_n = VAULT_HOLDERS_MAX + 1;
	ck_error(written(&changed), SR_ERR_OUT_OF_RANGE);
	changed.holders_n = 1;
	changed.threshold = 2;
	ck_error(written(&changed), SR_ERR_OUT_OF_RANGE);
	changed = d;
	changed.holders[2].seat = changed.holders[1].seat;
	ck_error(redecoded(&changed), SR_ERR_DUPLICATE);
	changed.holders[2].seat = 0;
	ck_error(redecoded(&changed), SR_ERR_DUPLICATE);
	changed.holders[2].seat = SR_MEMBERS_MAX;
	ck_error(redecoded(&changed), SR_ERR_OUT_OF_RANGE);
	changed = d;
	changed.generation = 9;
	memset(changed.proof, 0, sizeof changed.proof);
	changed.holders[1].bad = true;
	ck_ok(redecoded(&changed));
	ck_assert_uint_eq(vault_dealt_good(&changed), 2);
	ck_assert_uint_eq(vault_dealt_holder(&changed, 3), 1);
	ck_assert_uint_eq(vault_dealt_holder(&changed, 2), VAULT_HOLDERS_MAX);
	teardown();
}
END_TEST

START_TEST(only_members_of_now_by_their_box_keys_can_be_holders)
{
	struct vault_dealt d;
	union vault_op_body b;

	setup();
	b = put_body(&d);
	d.holders[2].seat = WORLD_MEMBERS;
	memset(d.holders[2].key, WORLD_MEMBERS + 1, 32);
	b.secret_put.key = world_dealt_key(dealt_bytes, &d);
	ck_assert(world_refuses(w, SR_ERR_HOLDER_UNKNOWN, ALICE, VAULT_OP_SECRET_PUT, &b));
	b = put_body(&d);
	d.holders[0].key[31] ^= 1;              /* who had the seat before */
	b.secret_put.key = world_dealt_key(dealt_bytes, &d);
	ck_assert(world_refuses(w, SR_ERR_HOLDER_UNKNOWN, ALICE, VAULT_OP_SECRET_PUT, &b));
	b = put_body(&d);
	w->block.roster = NULL;
	b.secret_put.key = world_dealt_key(dealt_bytes, &d);
	ck_assert(world_refuses(w, SR_ERR_HOLDER_UNKNOWN, ALICE, VAULT_OP_SECRET_PUT, &b));
	teardown();
}
END_TEST

/* A stranger at a seat that is nobody's, whatever the operation. */
static struct vault_wrapped_key strangers_key(const struct vault_secret_id *id,
    struct sr_bytes policy)
{
	struct vault_dealt d = world_dealt(w, id, ALICE, policy, 2, seats, 3);

	d.holders[2].seat = WORLD_MEMBERS;
	return world_dealt_key(dealt_bytes, &d);
}

START_TEST(later_versions_too_are_for_members_alone)
{
	struct vault_secret_id id;
	struct sr_bytes policy;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	policy = world_policy(policy_bytes, "after(5)");
	memset(&b, 0, sizeof b);
	b.secret_put.id = id;
	b.secret_put.version = 1;
	b.secret_put.key = strangers_key(&id, policy);
	b.secret_put.payload = world_payload("another");
	ck_assert(world_refuses(w, SR_ERR_HOLDER_UNKNOWN, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	memset(&b, 0, sizeof b);
	b.secret_restore.id = id;
	b.secret_restore.version = b.secret_restore.from_version = 1;
	b.secret_restore.key = strangers_key(&id, policy);
	ck_assert(world_refuses(w, SR_ERR_HOLDER_UNKNOWN, ALICE, VAULT_OP_SECRET_RESTORE, &b));
	memset(&b, 0, sizeof b);
	b.secret_policy.id = id;
	b.secret_policy.version = 1;
	b.secret_policy.policy = policy;
	b.secret_policy.key = strangers_key(&id, policy);
	ck_assert(world_refuses(w, SR_ERR_HOLDER_UNKNOWN, ALICE, VAULT_OP_SECRET_POLICY, &b));
	teardown();
}
END_TEST

START_TEST(an_owner_deals_the_first_generation_for_this_label_or_nothing)
{
	struct vault_dealt d;
	union vault_op_body b;

	setup();
	b = put_body(&d);
	d.generation = 1;
	memset(d.proof, 0, sizeof d.proof);
	ck_error(put(&b, &d), SR_ERR_DEALING_BAD);
	b = put_body(&d);
	d.holders[1].bad = true;
	ck_error(put(&b, &d), SR_ERR_DEALING_BAD);
	b = put_body(&d);
	d.commitments[0][0] ^= 1;
	ck_error(put(&b, &d), SR_ERR_BAD_PROOF);
	b = put_body(&d);
	ck_ok(put(&b, &d));
	teardown();
}
END_TEST

/* The owner changes policy, payload and holders; every time the key is dealt anew. */
START_TEST(a_new_policy_or_payload_needs_a_new_dealing_for_its_label)
{
	uint8_t second[VAULT_DEALT_BYTES_MAX], other[VAULT_POLICY_BYTES_MAX];
	struct vault_dealt d;
	union vault_op_body b, next;
	struct vault_secret_id id;
	struct vault_version v;

	setup();
	b = put_body(&d);
	ck_ok(put(&b, &d));
	id = b.secret_put.id;
	memset(&next, 0, sizeof next);
	next.secret_policy.id = id;
	next.secret_policy.version = 1;
	next.secret_policy.policy = world_policy(other, "after(6)");
	next.secret_policy.key = world_dealt_key(second, &d);
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_POLICY, &next), SR_ERR_BAD_PROOF);
	d = world_dealt(w, &id, ALICE, next.secret_policy.policy, 2, seats, 2);
	next.secret_policy.key = world_dealt_key(second, &d);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_POLICY, &next));
	/* The same dealing again, for another payload: its nonces would come twice. */
	memset(&b, 0, sizeof b);
	b.secret_put.id = id;
	b.secret_put.version = 2;
	b.secret_put.key = world_dealt_key(dealt_bytes, &d);
	b.secret_put.payload = world_payload("another");
	ck_assert(world_refuses(w, SR_ERR_DUPLICATE, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	/* And back under the vault key. */
	b.secret_put.key = world_key(w, &id, ALICE, next.secret_policy.policy);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	v = version_of(&id, 3);
	ck_assert(!vault_key_is_dealt(&v.key));
	v = version_of(&id, 2);
	ck_assert(vault_key_is_dealt(&v.key));
	teardown();
}
END_TEST

START_TEST(a_ticket_of_a_dealt_version_names_its_record)
{
	struct vault_ticket ticket;
	struct vault_dealt d, got;
	union vault_op_body b;
	struct vault_secret_id vault_id;

	setup();
	b = put_body(&d);
	ck_ok(put(&b, &d));
	ck_ok(world_retrieve(w, BOB, &b.secret_put.id, 0, 0, 9));
	ck_ok(vault_ticket_find(&ticket, w->t, &w->op.hash));
	ck_assert(vault_ticket_is_dealt(&ticket));
	ck_ok(vault_ticket_dealt(&got, w->t, &ticket));
	ck_assert_mem_eq(&got, &d, sizeof d);
	ck_ok(world_put(w, ALICE, "other", "after(5)", &vault_id));
	ck_ok(world_retrieve(w, BOB, &vault_id, 0, 0, 9));
	ck_ok(vault_ticket_find(&ticket, w->t, &w->op.hash));
	ck_assert(!vault_ticket_is_dealt(&ticket));
	ck_error(vault_ticket_dealt(&got, w->t, &ticket), SR_ERR_BAD_KIND);
	teardown();
}
END_TEST

START_TEST(a_box_is_bound_to_label_generation_dealer_and_receiver)
{
	uint8_t one[VAULT_DEALT_CONTEXT], other[VAULT_DEALT_CONTEXT];
	const struct sr_hash32 a = { { 1 } }, b = { { 2 } };

	vault_dealt_context(one, &a, 1, 2, 3);
	vault_dealt_context(other, &b, 1, 2, 3);
	ck_assert_mem_ne(one, other, sizeof one);
	vault_dealt_context(other, &a, 2, 2, 3);
	ck_assert_mem_ne(one, other, sizeof one);
	vault_dealt_context(other, &a, 1, 3, 3);
	ck_assert_mem_ne(one, other, sizeof one);
	vault_dealt_context(other, &a, 1, 2, 2);
	ck_assert_mem_ne(one, other, sizeof one);
	vault_dealt_context(other, &a, 1, 2, 3);
	ck_assert_mem_eq(one, other, sizeof one);
}
END_TEST

TEST_MAIN("vault/dealt", a_dealing_is_kept_as_it_was_sent,
    thirty_two_holders_and_the_largest_payload_fit_into_an_operation,
    what_begins_with_the_identity_is_dealt_and_nothing_else_is,
    a_dealing_has_one_encoding_and_limits, only_members_of_now_by_their_box_keys_can_be_holders,
    later_versions_too_are_for_members_alone,
    an_owner_deals_the_first_generation_for_this_label_or_nothing,
    a_new_policy_or_payload_needs_a_new_dealing_for_its_label,
    a_ticket_of_a_dealt_version_names_its_record,
    a_box_is_bound_to_label_generation_dealer_and_receiver)
