#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"

static struct vault_world *w;
static uint8_t policy_a[VAULT_POLICY_BYTES_MAX], policy_b[VAULT_POLICY_BYTES_MAX];

static void setup(void) { w = world_new(); }
static void teardown(void) { world_free(w); }

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

/* An UPDATE by ALICE of version; name and policy NULL: kept. */
static union vault_op_body update_body(const struct vault_secret_id *id, uint64_t version,
    const char *name, const char *policy, const char *payload)
{
	union vault_op_body b;
	struct vault_secret secret = world_secret(w, id);

	memset(&b, 0, sizeof b);
	b.secret_put.id = *id;
	b.secret_put.version = version;
	if (name != NULL)
		b.secret_put.name = text(name);
	if (policy != NULL)
		b.secret_put.policy = world_policy(policy_b, policy);
	b.secret_put.key = world_key(
	    w, id, ALICE, policy != NULL ? b.secret_put.policy : secret.policy);
	b.secret_put.payload = world_payload(payload);
	return b;
}

static enum sr_error update(const struct vault_secret_id *id, uint64_t version, const char *payload)
{
	union vault_op_body b = update_body(id, version, NULL, NULL, payload);

	return world_do(w, ALICE, VAULT_OP_SECRET_UPDATE, &b);
}

/* The record of a version; aborts the test when it is absent. */
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

static bool payload_is(const struct vault_version *v, const char *s)
{
	return v->payload.inline_bytes.n == strlen(s) &&
	    memcmp(v->payload.inline_bytes.p, s, strlen(s)) == 0;
}

START_TEST(a_put_makes_version_one)
{
	struct vault_secret_id id;
	struct vault_secret secret;
	struct vault_version v;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	secret = world_secret(w, &id);
	ck_assert_uint_eq(secret.version, 1);
	ck_assert(vault_account_equal(&secret.owner, &w->who[ALICE]));
	v = version_of(&id, 1);
	ck_assert(payload_is(&v, "ciphertext"));
	ck_assert_uint_eq(world_secret_events(w, VAULT_EVENT_STORED, &id), 1);
	ck_assert_uint_eq(world_meta(w).secrets, 1);
	teardown();
}
END_TEST

START_TEST(a_put_must_carry_the_id_of_its_owner_and_nonce)
{
	union vault_op_body b;

	setup();
	b = world_put_body(w, ALICE, "will", "after(5)", policy_a);
	b.secret_put.id.b[0] ^= 1;
	b.secret_put.key = world_key(w, &b.secret_put.id, ALICE, b.secret_put.policy);
	ck_assert(world_refuses(w, SR_ERR_SECRET_ID, ALICE, VAULT_OP_SECRET_PUT, &b));
	ck_ok(world_put(w, ALICE, "will", "after(5)", NULL));
	teardown();
}
END_TEST

START_TEST(a_name_is_unique_to_its_owner_until_it_is_free_again)
{
	struct vault_secret_id id;
	union vault_op_body b, del;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	b = world_put_body(w, ALICE, "will", "after(6)", policy_a);
	ck_assert(world_refuses(w, SR_ERR_DUPLICATE, ALICE, VAULT_OP_SECRET_PUT, &b));
	ck_ok(world_put(w, BOB, "will", "after(5)", NULL));
	del = (union vault_op_body){ .secret_delete = { id, 1 } };
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_DELETE, &del));
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	/* A rename frees the old name and claims the new one. */
	b = update_body(&id, 1, "testament", NULL, "x");
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	ck_ok(world_put(w, ALICE, "will", "after(5)", NULL));
	b = update_body(&id, 2, "will", NULL, "x");
	ck_assert(world_refuses(w, SR_ERR_DUPLICATE, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	teardown();
}
END_TEST

START_TEST(a_policy_names_only_what_exists)
{
	static const char *const wrong[] = { "holder(1)", "switch(1, fired)", "heir(1)",
		"after(5) and (before(7) or not holder(7))" };
	struct vault_switch_settings s = world_settings(1000, 1000);
	union vault_op_body b;

	setup();
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		b = world_put_body(w, ALICE, "will", wrong[i], policy_a);
		ck_assert(
		    world_refuses(w, SR_ERR_POLICY_REFERENCE, ALICE, VAULT_OP_SECRET_PUT, &b));
	}
	s.stages_n = 1;
	s.stage_delay_ms[0] = 10;
	ck_ok(world_mint(w, BOB, BOB, NULL));
	ck_ok(world_switch_new(w, BOB, &s, NULL));
	for (size_t i = 0; i < 3; i++)
		ck_ok(world_put(w, ALICE, wrong[i], wrong[i], NULL));
	ck_ok(world_put(w, ALICE, "stage one", "switch(1, fired, 1)", NULL));
	b = world_put_body(w, ALICE, "stage two", "switch(1, fired, 2)", policy_a);
	ck_assert(world_refuses(w, SR_ERR_POLICY_REFERENCE, ALICE, VAULT_OP_SECRET_PUT, &b));
	teardown();
}
END_TEST

START_TEST(a_key_wrapped_for_another_label_is_refused)
{
	struct vault_secret_id id, other = { { 9 } };
	union vault_op_body b;

	setup();
	b = world_put_body(w, ALICE, "will", "after(5)", policy_a);
	b.secret_put.key = world_key(w, &other, ALICE, b.secret_put.policy);
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b), SR_ERR_BAD_CIPHERTEXT);
	b.secret_put.key = world_key(w, &b.secret_put.id, BOB, b.secret_put.policy);
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b), SR_ERR_BAD_CIPHERTEXT);
	ck_assert_uint_eq(world_nonce(w, ALICE), 0); /* caught by the check, before any block */
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	/* Where the policy stays, only the state knows the label. */
	b = update_body(&id, 1, NULL, NULL, "x");
	b.secret_put.key = world_key(w, &id, ALICE, world_policy(policy_b, "after(6)"));
	ck_assert(world_refuses(w, SR_ERR_BAD_CIPHERTEXT, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	teardown();
}
END_TEST

START_TEST(an_update_replaces_the_version_it_names_and_no_other)
{
	struct vault_secret_id id;
	struct vault_version v;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	ck_ok(update(&id, 1, "second"));
	ck_assert_uint_eq(world_secret(w, &id).version, 2);
	v = version_of(&id, 2);
	ck_assert(payload_is(&v, "second"));
	v = version_of(&id, 1);
	ck_assert(payload_is(&v, "ciphertext"));
	b = update_body(&id, 1, NULL, NULL, "late");
	ck_assert(world_refuses(w, SR_ERR_SECRET_VERSION, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	b = update_body(&id, 2, NULL, NULL, "theirs");
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SECRET_UPDATE, &b));
	b.secret_put.id.b[0] ^= 1;
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_SECRET, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	teardown();
}
END_TEST

START_TEST(an_update_never_reuses_the_key_before)
{
	struct vault_secret_id id;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	b = update_body(&id, 1, NULL, NULL, "x");
	b.secret_put.key = version_of(&id, 1).key;
	ck_assert(world_refuses(w, SR_ERR_DUPLICATE, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	teardown();
}
END_TEST

START_TEST(a_restore_brings_an_older_payload_back_as_a_new_version)
{
	struct vault_secret_id id;
	struct vault_version v;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	ck_ok(update(&id, 1, "second"));
	b = (union vault_op_body){ .secret_restore = {
				       .id = id, .version = 2, .from_version = 7 } };
	b.secret_restore.key = world_key(w, &id, ALICE, world_policy(policy_a, "after(5)"));
	/* The decoder wants it older than the latest already. */
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_RESTORE, &b), SR_ERR_NO_SUCH_VERSION);
	b.secret_restore.from_version = 1;
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SECRET_RESTORE, &b));
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_RESTORE, &b));
	v = version_of(&id, 3);
	ck_assert(payload_is(&v, "ciphertext"));
	ck_assert_uint_eq(v.from_version, 1);
	ck_assert_int_eq(memcmp(&v.key, &b.secret_restore.key, sizeof v.key), 0);
	ck_assert(world_refuses(w, SR_ERR_SECRET_VERSION, ALICE, VAULT_OP_SECRET_RESTORE, &b));
	teardown();
}
END_TEST

START_TEST(a_new_policy_is_a_new_version_with_the_same_payload)
{
	struct vault_secret_id id;
	struct vault_version v;
	struct sr_hash32 hash;
	union vault_op_body b;

	setup();
	ck_ok(world_mint(w, BOB, BOB, NULL));
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	b = (union vault_op_body){ .secret_policy = { .id = id, .version = 1 } };
	b.secret_policy.policy = world_policy(policy_a, "holder(1)");
	b.secret_policy.key = world_key(w, &id, ALICE, b.secret_policy.policy);
	/* Bob's label would be another one, so he does not even get into a block. */
	ck_error(world_do(w, BOB, VAULT_OP_SECRET_POLICY, &b), SR_ERR_BAD_CIPHERTEXT);
	b.secret_policy.key = world_key(w, &id, BOB, b.secret_policy.policy);
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SECRET_POLICY, &b));
	b.secret_policy.key = version_of(&id, 1).key;
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_POLICY, &b), SR_ERR_BAD_CIPHERTEXT);
	b.secret_policy.key = world_key(w, &id, ALICE, b.secret_policy.policy);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_POLICY, &b));
	v = version_of(&id, 2);
	hash = vault_policy_hash(b.secret_policy.policy);
	ck_assert(payload_is(&v, "ciphertext"));
	ck_assert(sr_hash32_equal(&v.policy_hash, &hash));
	ck_error(world_retrieve(w, CAROL, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 1));
	teardown();
}
END_TEST

START_TEST(a_policy_with_an_unchanged_key_is_named)
{
	struct vault_secret_id id;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	b = (union vault_op_body){ .secret_policy = { .id = id, .version = 1 } };
	b.secret_policy.policy = world_policy(policy_a, "after(5)");
	b.secret_policy.key = version_of(&id, 1).key;
	ck_assert(
	    world_refuses(w, SR_ERR_POLICY_UNCHANGED_LABEL, ALICE, VAULT_OP_SECRET_POLICY, &b));
	teardown();
}
END_TEST

START_TEST(sixty_four_versions_are_kept_and_the_latest_always)
{
	struct vault_secret_id id;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	for (uint64_t v = 1; v < 70; v++)
		ck_ok(update(&id, v, "next"));
	ck_assert_uint_eq(world_count(w, VAULT_REC_VERSION), VAULT_VERSIONS_KEPT);
	ck_assert(!world_has(w, vault_key_version(&id, 6)));
	ck_assert(world_has(w, vault_key_version(&id, 7)));
	ck_assert(world_has(w, vault_key_version(&id, 70)));
	b = (union vault_op_body){ .secret_restore = {
				       .id = id, .version = 70, .from_version = 6 } };
	b.secret_restore.key = world_key(w, &id, ALICE, world_policy(policy_a, "after(5)"));
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_VERSION, ALICE, VAULT_OP_SECRET_RESTORE, &b));
	teardown();
}
END_TEST

START_TEST(nothing_is_released_after_delete)
{
	struct vault_secret_id id;
	union vault_op_body b, del;
	struct vault_ticket ticket;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	ck_ok(update(&id, 1, "second"));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ck_ok(vault_ticket_find(&ticket, w->t, &w->op.hash));
	ck_ok(vault_ticket_recheck(w->t, &ticket, w->block.time_ms));
	del = (union vault_op_body){ .secret_delete = { id, 1 } };
	ck_assert(world_refuses(w, SR_ERR_SECRET_VERSION, ALICE, VAULT_OP_SECRET_DELETE, &del));
	del.secret_delete.version = 2;
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_SECRET_DELETE, &del));
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_DELETE, &del));
	ck_assert(world_secret(w, &id).deleted);
	ck_assert_uint_eq(world_count(w, VAULT_REC_VERSION), 0);
	ck_error(vault_ticket_recheck(w->t, &ticket, w->block.time_ms), SR_ERR_DELETED);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_DELETED);
	b = update_body(&id, 2, NULL, NULL, "x");
	ck_assert(world_refuses(w, SR_ERR_DELETED, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	ck_assert(world_refuses(w, SR_ERR_DELETED, ALICE, VAULT_OP_SECRET_DELETE, &del));
	teardown();
}
END_TEST

START_TEST(nothing_is_released_after_expiry_and_the_owner_may_extend_it)
{
	union vault_op_body b;
	struct vault_secret_id id;
	struct vault_ticket ticket;
	uint64_t expiry;

	setup();
	b = world_put_body(w, ALICE, "will", "after(5)", policy_a);
	id = b.secret_put.id;
	b.secret_put.expiry_ms = w->block.time_ms;
	ck_error(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b), SR_ERR_SECRET_EXPIRED);
	b = world_put_body(w, ALICE, "will", "after(5)", policy_a);
	id = b.secret_put.id;
	expiry = b.secret_put.expiry_ms = w->block.time_ms + 10000;
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b));
	world_block(w, 9999);
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	ck_ok(vault_ticket_find(&ticket, w->t, &w->op.hash));
	ck_ok(vault_ticket_recheck(w->t, &ticket, expiry - 1));
	ck_error(vault_ticket_recheck(w->t, &ticket, expiry), SR_ERR_SECRET_EXPIRED);
	world_block(w, 1);
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_SECRET_EXPIRED);
	ck_error(vault_ticket_recheck(w->t, &ticket, expiry - 1), SR_ERR_SECRET_EXPIRED);
	ck_ok(update(&id, 1, "extended"));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	teardown();
}
END_TEST

START_TEST(a_blob_may_have_more_pieces_than_there_are_members_now)
{
	union vault_op_body b;

	setup();
	for (uint32_t pieces = 3; pieces <= 6; pieces++) {
		char name[] = { 'w', (char)('0' + pieces), '\0' };

		b = world_put_body(w, ALICE, name, "after(5)", policy_a);
		b.secret_put.payload = (struct vault_payload){ .plain_bytes = 1000000,
			.cipher_bytes = 1000100, .data_pieces = 2, .pieces_n = pieces,
			.stripe_bytes = 4096 };
		ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b));
	}
	teardown();
}
END_TEST

START_TEST(the_largest_inline_payload_fits_in_an_operation)
{
	static uint8_t big[SR_INLINE_PAYLOAD_MAX];
	union vault_op_body b;

	setup();
	b = world_put_body(w, ALICE, "will", "after(5)", policy_a);
	b.secret_put.payload.inline_bytes = (struct sr_bytes){ big, sizeof big };
	b.secret_put.payload.plain_bytes = sizeof big;
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b));
	teardown();
}
END_TEST

START_TEST(a_restored_version_is_wrapped_to_the_label_of_now)
{
	struct vault_secret_id id;
	union vault_op_body b;

	setup();
	ck_ok(world_put(w, ALICE, "will", "after(5)", &id));
	ck_ok(update(&id, 1, "second"));
	b = (union vault_op_body){ .secret_restore = {
				       .id = id, .version = 2, .from_version = 1 } };
	b.secret_restore.key = world_key(w, &id, ALICE, world_policy(policy_a, "after(6)"));
	ck_assert(world_refuses(w, SR_ERR_BAD_CIPHERTEXT, ALICE, VAULT_OP_SECRET_RESTORE, &b));
	teardown();
}
END_TEST

TEST_MAIN("vault secret", a_put_makes_version_one, a_put_must_carry_the_id_of_its_owner_and_nonce,
    a_name_is_unique_to_its_owner_until_it_is_free_again, a_policy_names_only_what_exists,
    a_key_wrapped_for_another_label_is_refused,
    an_update_replaces_the_version_it_names_and_no_other, an_update_never_reuses_the_key_before,
    a_restore_brings_an_older_payload_back_as_a_new_version,
    a_new_policy_is_a_new_version_with_the_same_payload,
    a_policy_with_an_unchanged_key_is_named, sixty_four_versions_are_kept_and_the_latest_always,
    nothing_is_released_after_delete, nothing_is_released_after_expiry_and_the_owner_may_extend_it,
    a_blob_may_have_more_pieces_than_there_are_members_now,
    the_largest_inline_payload_fits_in_an_operation,
    a_restored_version_is_wrapped_to_the_label_of_now)
