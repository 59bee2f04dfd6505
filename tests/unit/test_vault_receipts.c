#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"
#include "vault/internal.h"

static struct vault_world *w;

static void setup(void) { w = world_new(); }
static void teardown(void) { world_free(w); }

static union vault_op_body mint(void)
{
	static const uint8_t name[] = { 'x' };

	return (union vault_op_body){ .nft_mint = { 0, w->who[BOB], { name, 1 } } };
}

/* Signed as said, applied: refused with this code, and the state is what it was. */
static bool leaves_no_trace(enum sr_error code, uint64_t nonce, uint64_t expiry_ms)
{
	union vault_op_body b = mint();
	struct sr_hash32 before = world_root(w), after;
	enum sr_error said;

	world_sign_as(w, ALICE, VAULT_OP_NFT_MINT, &b, nonce, expiry_ms);
	said = world_apply(w);
	after = world_root(w);
	return said == code && w->receipt.code == (uint16_t)code
	    && sr_hash32_equal(&before, &after);
}

START_TEST(a_nonce_counts_up_from_zero)
{
	uint64_t soon;

	setup();
	soon = w->block.time_ms + 1000;
	ck_assert(leaves_no_trace(SR_ERR_NONCE_AHEAD, 1, soon));
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_assert_uint_eq(world_nonce(w, ALICE), 1);
	ck_assert(leaves_no_trace(SR_ERR_NONCE_REPLAYED, 0, soon));
	ck_assert(leaves_no_trace(SR_ERR_NONCE_AHEAD, 2, soon));
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	teardown();
}
END_TEST

START_TEST(an_operation_applied_twice_counts_once)
{
	struct sr_hash32 before, after;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	before = world_root(w);
	ck_error(world_apply(w), SR_ERR_NONCE_REPLAYED);
	after = world_root(w);
	ck_assert(sr_hash32_equal(&before, &after));
	teardown();
}
END_TEST

START_TEST(an_operation_lives_from_its_block_to_its_expiry_and_ten_minutes_at_most)
{
	uint64_t now;

	setup();
	now = w->block.time_ms;
	ck_assert(leaves_no_trace(SR_ERR_EXPIRED, 0, now));
	ck_assert(leaves_no_trace(SR_ERR_EXPIRED, 0, 0));
	ck_assert(leaves_no_trace(SR_ERR_EXPIRY_TOO_FAR, 0, now + VAULT_OP_LIFETIME_MAX_MS + 1));
	ck_assert(leaves_no_trace(SR_ERR_EXPIRY_TOO_FAR, 0, UINT64_MAX));
	ck_assert(!leaves_no_trace(SR_OK, 0, now + VAULT_OP_LIFETIME_MAX_MS));
	ck_assert(!leaves_no_trace(SR_OK, 1, now + 1));
	ck_assert_uint_eq(world_nonce(w, ALICE), 2);
	teardown();
}
END_TEST

START_TEST(when_all_accounts_are_taken_no_new_one_signs_or_receives)
{
	static const uint8_t name[] = { 'x' };
	union vault_op_body to_carol = { .nft_mint = { 0, { 0 }, { name, 1 } } };
	struct vault_key key = { { VAULT_REC_META, 1 } };
	struct sr_writer aux;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	sr_writer_init(&aux, 64); /* version, accounts, then the clock's three */
	sr_write_u8(&aux, 1);
	sr_write_u64(&aux, VAULT_ACCOUNTS_MAX);
	for (unsigned i = 0; i < 3; i++)
		sr_write_u64(&aux, 0);
	ck_ok(sr_writer_finish(&aux));
	ck_ok(vault_tree_put(&w->t, &key, aux.p, aux.n));
	sr_writer_clear(&aux);
	ck_error(world_mint(w, CAROL, BOB, NULL), SR_ERR_ACCOUNTS_FULL);
	to_carol.nft_mint.to = w->who[CAROL];
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, ALICE, VAULT_OP_NFT_MINT, &to_carol));
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	teardown();
}
END_TEST

START_TEST(another_chain_another_epoch_and_another_signer_are_refused_by_the_check)
{
	union vault_op_body b;
	struct vault_op op;

	setup();
	b = mint();
	world_sign(w, ALICE, VAULT_OP_NFT_MINT, &b);
	ck_ok(vault_op_check(&op, &w->block, w->bytes, w->bytes_n));
	w->block.chain_id.b[0] ^= 1;
	ck_error(vault_op_check(&op, &w->block, w->bytes, w->bytes_n), SR_ERR_WRONG_CHAIN);
	w->block.chain_id.b[0] ^= 1;
	w->block.epoch++;
	ck_error(vault_op_check(&op, &w->block, w->bytes, w->bytes_n), SR_ERR_WRONG_EPOCH);
	/* A cached verdict from the epoch before does not help it into a block. */
	ck_ok(vault_apply(&w->t, &w->receipt, &w->block, &op));
	ck_assert_uint_eq(w->receipt.code, SR_ERR_WRONG_EPOCH);
	w->block.epoch--;
	w->bytes[w->bytes_n - 1] ^= 1;
	ck_error(vault_op_check(&op, &w->block, w->bytes, w->bytes_n), SR_ERR_BAD_SIGNATURE);
	w->bytes[w->bytes_n - 1] ^= 1;
	ck_error(vault_op_check(&op, &w->block, w->bytes, w->bytes_n - 1), SR_ERR_TRUNCATED);
	teardown();
}
END_TEST

START_TEST(no_changed_byte_passes_the_check)
{
	union vault_op_body b;
	struct vault_op op;

	setup();
	b = mint();
	world_sign(w, ALICE, VAULT_OP_NFT_MINT, &b);
	for (size_t i = 0; i < w->bytes_n; i++) {
		w->bytes[i] ^= 0x10;
		ck_assert_int_ne((int)vault_op_check(&op, &w->block, w->bytes, w->bytes_n), SR_OK);
		w->bytes[i] ^= 0x10;
	}
	ck_ok(vault_op_check(&op, &w->block, w->bytes, w->bytes_n));
	teardown();
}
END_TEST

START_TEST(members_operations_are_not_for_clients)
{
	static const uint8_t body[] = { 0 };
	struct sr_writer out;
	struct sr_sig64 sig;
	struct vault_op op;

	setup();
	sr_writer_init(&out, SR_OP_MAX);
	vault_op_write_signed_raw(&out, &w->block.chain_id, w->block.epoch, &w->who[ALICE], 0,
	    w->block.time_ms + 1000, VAULT_OP_MEMBER_FIRST, (struct sr_bytes){ body, 1 });
	sr_sign(&sig, &w->sk[ALICE], "strongroom op v1", out.p, out.n);
	vault_op_write_signature(&out, sig.b, sizeof sig.b);
	ck_ok(sr_writer_finish(&out));
	ck_error(vault_op_check(&op, &w->block, out.p, out.n), SR_ERR_BAD_KIND);
	sr_writer_clear(&out);
	teardown();
}
END_TEST

START_TEST(a_refusal_uses_the_nonce_and_leaves_a_receipt_with_its_code)
{
	union vault_op_body b;
	struct vault_receipt kept;
	struct sr_writer out;
	struct sr_reader r;

	setup();
	b = (union vault_op_body){ .nft_burn = { 1, 1 } };
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_NFT, ALICE, VAULT_OP_NFT_BURN, &b));
	sr_writer_init(&out, 4096);
	ck_ok(vault_get(&out, w->t, VAULT_GET_RECEIPT, (struct sr_bytes){ w->op.hash.b, 32 },
	    &w->who[HEIDI]));
	sr_reader_init(&r, out.p, out.n);
	vault_receipt_read(&kept, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert_uint_eq(kept.code, SR_ERR_NO_SUCH_NFT);
	ck_assert_uint_eq(kept.height, w->block.height);
	ck_assert_uint_eq(kept.id, 0);
	ck_assert(sr_hash32_equal(&kept.op, &w->op.hash));
	sr_writer_clear(&out);
	teardown();
}
END_TEST

START_TEST(a_receipt_is_kept_until_ten_minutes_past_the_operations_expiry)
{
	struct vault_key key;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	key = vault_key_hash(VAULT_REC_RECEIPT, &w->op.hash);
	ck_assert(world_has(w, key));
	world_block(w, 60000 + VAULT_RECEIPT_KEEP_MS - 1);
	ck_assert(world_has(w, key));
	world_block(w, 1);
	ck_assert(!world_has(w, key));
	ck_assert_uint_eq(world_count(w, VAULT_REC_DEADLINE), 0);
	teardown();
}
END_TEST

START_TEST(admission_says_what_a_block_would_and_changes_nothing)
{
	union vault_op_body b;
	struct sr_hash32 before, after;
	struct vault_receipt said;
	struct vault_op op;

	setup();
	b = mint();
	before = world_root(w);
	world_sign(w, ALICE, VAULT_OP_NFT_MINT, &b);
	ck_ok(vault_op_check(&op, &w->block, w->bytes, w->bytes_n));
	for (unsigned i = 0; i < 3; i++) {
		ck_ok(vault_admit(w->t, &said, &w->block, &op));
		ck_assert_uint_eq(said.code, SR_OK);
		ck_assert_uint_eq(said.id, 1);
	}
	after = world_root(w);
	ck_assert(sr_hash32_equal(&before, &after));
	ck_ok(vault_apply(&w->t, &w->receipt, &w->block, &op));
	ck_assert_uint_eq(said.code, w->receipt.code);
	ck_assert_uint_eq(said.id, w->receipt.id);
	ck_assert_uint_eq(said.height, w->receipt.height);
	ck_ok(vault_admit(w->t, &said, &w->block, &op));
	ck_assert_uint_eq(said.code, SR_ERR_NONCE_REPLAYED);
	teardown();
}
END_TEST

START_TEST(a_heartbeats_event_passes_and_a_mints_stays)
{
	struct vault_switch_settings s = world_settings(1000000, 1000000);
	uint8_t nft[16] = { 1 };
	uint64_t sw;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_switch_new(w, ALICE, &s, &sw));
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_HEARTBEAT, sw));
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_HEARTBEAT, sw), 2);
	world_block(w, VAULT_EVENT_KEEP_MS);
	ck_assert_uint_eq(world_switch_events(w, VAULT_EVENT_HEARTBEAT, sw), 0);
	ck_assert_uint_eq(world_events(w, VAULT_EVENT_MINTED, VAULT_SUBJECT_NFT, nft), 1);
	teardown();
}
END_TEST

START_TEST(a_refusals_event_passes)
{
	struct vault_secret_id id;

	setup();
	ck_ok(world_put(w, ALICE, "s", "before(5)", &id));
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	world_block(w, VAULT_EVENT_KEEP_MS - 1);
	ck_assert_uint_eq(world_secret_events(w, VAULT_EVENT_REFUSED, &id), 1);
	world_block(w, 1);
	ck_assert_uint_eq(world_secret_events(w, VAULT_EVENT_REFUSED, &id), 0);
	ck_assert_uint_eq(world_secret_events(w, VAULT_EVENT_STORED, &id), 1);
	teardown();
}
END_TEST

START_TEST(every_account_is_counted_once)
{
	struct vault_aux aux;

	setup();
	ck_ok(vault_aux_load(w->t, &aux));
	ck_assert_uint_eq(aux.accounts, 0);
	ck_ok(world_mint(w, ALICE, BOB, NULL)); /* a signer and a recipient, both new */
	ck_ok(vault_aux_load(w->t, &aux));
	ck_assert_uint_eq(aux.accounts, 2);
	ck_ok(world_mint(w, BOB, ALICE, NULL));
	ck_ok(vault_aux_load(w->t, &aux));
	ck_assert_uint_eq(aux.accounts, 2);
	teardown();
}
END_TEST

TEST_MAIN("vault receipts", a_nonce_counts_up_from_zero, an_operation_applied_twice_counts_once,
    an_operation_lives_from_its_block_to_its_expiry_and_ten_minutes_at_most,
    when_all_accounts_are_taken_no_new_one_signs_or_receives,
    another_chain_another_epoch_and_another_signer_are_refused_by_the_check,
    no_changed_byte_passes_the_check, members_operations_are_not_for_clients,
    a_refusal_uses_the_nonce_and_leaves_a_receipt_with_its_code,
    a_receipt_is_kept_until_ten_minutes_past_the_operations_expiry,
    admission_says_what_a_block_would_and_changes_nothing,
    a_heartbeats_event_passes_and_a_mints_stays,
    every_account_is_counted_once, a_refusals_event_passes)
