#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"

static struct vault_world *w;

static void setup(void) { w = world_new(); }
static void teardown(void) { world_free(w); }

#define NAME(text) ((struct sr_bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

START_TEST(anyone_mints_in_the_open_collection_and_to_anyone)
{
	uint64_t id;
	struct vault_nft nft;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, &id));
	ck_assert_uint_eq(id, 1);
	nft = world_nft(w, id);
	ck_assert(vault_account_equal(&nft.owner, &w->who[BOB]));
	ck_assert_uint_eq(nft.version, 1);
	ck_assert_uint_eq(nft.held_since_ms, w->block.time_ms);
	ck_ok(world_mint(w, CAROL, CAROL, &id));
	ck_assert_uint_eq(id, 2);
	teardown();
}
END_TEST

START_TEST(only_a_collections_owner_mints_in_it)
{
	union vault_op_body create = { .collection_create = { NAME("art") } };
	union vault_op_body mint = { .nft_mint = { 1, { 0 }, NAME("x") } };

	setup();
	mint.nft_mint.to = w->who[BOB];
	ck_assert(world_refuses(w, SR_ERR_NOT_FOUND, ALICE, VAULT_OP_NFT_MINT, &mint));
	ck_ok(world_do(w, ALICE, VAULT_OP_COLLECTION_CREATE, &create));
	ck_assert_uint_eq(w->receipt.id, 1);
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_NFT_MINT, &mint));
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_MINT, &mint));
	ck_assert_uint_eq(world_nft(w, w->receipt.id).collection_id, 1);
	teardown();
}
END_TEST

START_TEST(the_owner_transfers_and_the_version_rises)
{
	union vault_op_body b = { .nft_transfer = { 1, 1, { 0 } } };
	struct vault_nft nft;

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	world_block(w, 5000);
	ck_ok(world_transfer(w, ALICE, 1, 1, BOB));
	nft = world_nft(w, 1);
	ck_assert(vault_account_equal(&nft.owner, &w->who[BOB]));
	ck_assert_uint_eq(nft.version, 2);
	ck_assert_uint_eq(nft.held_since_ms, w->block.time_ms);
	ck_assert_uint_lt(nft.minted_ms, nft.held_since_ms);
	b.nft_transfer.to = w->who[CAROL];
	ck_assert(world_refuses(w, SR_ERR_NOT_APPROVED, ALICE, VAULT_OP_NFT_TRANSFER, &b));
	ck_assert(world_refuses(w, SR_ERR_NFT_VERSION, BOB, VAULT_OP_NFT_TRANSFER, &b));
	b.nft_transfer.nft_id = 9;
	ck_assert(world_refuses(w, SR_ERR_NO_SUCH_NFT, BOB, VAULT_OP_NFT_TRANSFER, &b));
	teardown();
}
END_TEST

START_TEST(the_approved_moves_it_once_and_is_then_forgotten)
{
	union vault_op_body approve = { .nft_approve = { 1, 1, { 0 } } };
	union vault_op_body move = { .nft_transfer = { 1, 1, { 0 } } };
	struct vault_account nobody = { 0 };
	struct vault_nft nft;

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	approve.nft_approve.to = w->who[BOB];
	move.nft_transfer.to = w->who[CAROL];
	ck_assert(world_refuses(w, SR_ERR_NOT_APPROVED, BOB, VAULT_OP_NFT_TRANSFER, &move));
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_NFT_APPROVE, &approve));
	approve.nft_approve.nft_version = 2;
	ck_assert(world_refuses(w, SR_ERR_NFT_VERSION, ALICE, VAULT_OP_NFT_APPROVE, &approve));
	approve.nft_approve.nft_version = 1;
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_APPROVE, &approve));
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_NFT_APPROVE, &approve));
	ck_ok(world_do(w, BOB, VAULT_OP_NFT_TRANSFER, &move));
	nft = world_nft(w, 1);
	ck_assert(vault_account_equal(&nft.owner, &w->who[CAROL]));
	ck_assert(vault_account_equal(&nft.approved, &nobody));
	move.nft_transfer.nft_version = 2;
	ck_assert(world_refuses(w, SR_ERR_NOT_APPROVED, BOB, VAULT_OP_NFT_TRANSFER, &move));
	teardown();
}
END_TEST

START_TEST(an_approval_is_cleared_by_approving_nobody)
{
	union vault_op_body approve = { .nft_approve = { 1, 1, { 0 } } };
	union vault_op_body move = { .nft_transfer = { 1, 1, { 0 } } };

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	approve.nft_approve.to = w->who[BOB];
	move.nft_transfer.to = w->who[BOB];
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_APPROVE, &approve));
	approve.nft_approve.to = (struct vault_account){ 0 };
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_APPROVE, &approve));
	ck_assert(world_refuses(w, SR_ERR_NOT_APPROVED, BOB, VAULT_OP_NFT_TRANSFER, &move));
	teardown();
}
END_TEST

START_TEST(a_burned_nft_stays_as_a_record_that_nobody_owns)
{
	union vault_op_body burn = { .nft_burn = { 1, 1 } };
	union vault_op_body move = { .nft_transfer = { 1, 2, { 0 } } };
	uint64_t id;

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_assert(world_refuses(w, SR_ERR_NOT_OWNER, BOB, VAULT_OP_NFT_BURN, &burn));
	burn.nft_burn.nft_version = 7;
	ck_assert(world_refuses(w, SR_ERR_NFT_VERSION, ALICE, VAULT_OP_NFT_BURN, &burn));
	burn.nft_burn.nft_version = 1;
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_BURN, &burn));
	ck_assert_uint_eq(world_nft(w, 1).owner.kind, VAULT_ACCOUNT_NONE);
	move.nft_transfer.to = w->who[BOB];
	ck_assert(world_refuses(w, SR_ERR_DELETED, ALICE, VAULT_OP_NFT_TRANSFER, &move));
	ck_ok(world_mint(w, ALICE, ALICE, &id));
	ck_assert_uint_eq(id, 2);
	teardown();
}
END_TEST

START_TEST(an_open_ticket_blocks_transfer_and_burn_until_closed)
{
	union vault_op_body move = { .nft_transfer = { 1, 1, { 0 } } },
			    burn = { .nft_burn = { 1, 1 } };
	struct vault_secret_id id;
	struct sr_hash32 ticket;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 5));
	ticket = w->op.hash;
	move.nft_transfer.to = w->who[CAROL];
	ck_assert(world_refuses(w, SR_ERR_TICKET_OPEN, BOB, VAULT_OP_NFT_TRANSFER, &move));
	ck_assert(world_refuses(w, SR_ERR_TICKET_OPEN, BOB, VAULT_OP_NFT_BURN, &burn));
	ck_ok(world_close(w, BOB, &ticket));
	ck_ok(world_transfer(w, BOB, 1, 1, CAROL));
	teardown();
}
END_TEST

START_TEST(an_expired_ticket_blocks_no_longer)
{
	struct vault_secret_id id;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 5));
	world_block(w, 59999);
	ck_error(world_transfer(w, BOB, 1, 1, CAROL), SR_ERR_TICKET_OPEN);
	world_block(w, 1);
	ck_ok(world_transfer(w, BOB, 1, 1, CAROL));
	teardown();
}
END_TEST

/* Puts an account record straight into the state. */
static void account_force(unsigned who, uint64_t nfts, uint64_t secrets, uint64_t switches)
{
	struct vault_account_record record = { .account = w->who[who], .nonce = world_nonce(w, who),
		.nfts = nfts, .secrets = secrets, .switches = switches };
	struct vault_key key = vault_key_account(&w->who[who]);
	struct sr_writer out;

	sr_writer_init(&out, 1024);
	vault_account_record_write(&out, &record);
	ck_ok(sr_writer_finish(&out));
	ck_ok(vault_tree_put(&w->t, &key, out.p, out.n));
	sr_writer_clear(&out);
}

static void meta_force(struct vault_meta meta)
{
	struct vault_key key = vault_key_meta();
	struct sr_writer out;

	sr_writer_init(&out, 1024);
	vault_meta_write(&out, &meta);
	ck_ok(sr_writer_finish(&out));
	ck_ok(vault_tree_put(&w->t, &key, out.p, out.n));
	sr_writer_clear(&out);
}

START_TEST(each_limit_is_reached_and_no_more)
{
	union vault_op_body mint = { .nft_mint = { 0, { 0 }, NAME("x") } };
	union vault_op_body create = { .collection_create = { NAME("art") } };
	struct vault_switch_settings s = world_settings(1000, 1000);
	union vault_op_body sw = { .switch_create = { NAME("will"), s } };
	uint8_t policy[VAULT_POLICY_BYTES_MAX];
	union vault_op_body put;
	struct vault_meta meta;

	setup();
	mint.nft_mint.to = w->who[BOB];
	account_force(BOB, VAULT_ACCOUNT_NFTS_MAX - 1, VAULT_ACCOUNT_SECRETS_MAX - 1,
	    VAULT_ACCOUNT_SWITCHES_MAX - 1);
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_MINT, &mint));
	ck_assert(world_refuses(w, SR_ERR_ACCOUNT_LIMIT, ALICE, VAULT_OP_NFT_MINT, &mint));
	ck_ok(world_put(w, BOB, "one", "after(1)", NULL));
	put = world_put_body(w, BOB, "two", "after(1)", policy);
	ck_assert(world_refuses(w, SR_ERR_ACCOUNT_LIMIT, BOB, VAULT_OP_SECRET_PUT, &put));
	ck_ok(world_do(w, BOB, VAULT_OP_SWITCH_CREATE, &sw));
	ck_assert(world_refuses(w, SR_ERR_ACCOUNT_LIMIT, BOB, VAULT_OP_SWITCH_CREATE, &sw));
	meta = world_meta(w);
	meta.nfts = VAULT_NFTS_MAX - 1;
	meta.secrets = VAULT_SECRETS_MAX - 1;
	meta.switches = VAULT_SWITCHES_MAX - 1;
	meta.collections = VAULT_COLLECTIONS_MAX - 1;
	meta_force(meta);
	mint.nft_mint.to = w->who[CAROL];
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_MINT, &mint));
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, ALICE, VAULT_OP_NFT_MINT, &mint));
	ck_ok(world_put(w, ALICE, "one", "after(1)", NULL));
	put = world_put_body(w, ALICE, "two", "after(1)", policy);
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, ALICE, VAULT_OP_SECRET_PUT, &put));
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_CREATE, &sw));
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, ALICE, VAULT_OP_SWITCH_CREATE, &sw));
	ck_ok(world_do(w, ALICE, VAULT_OP_COLLECTION_CREATE, &create));
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, ALICE, VAULT_OP_COLLECTION_CREATE, &create));
	teardown();
}
END_TEST

START_TEST(a_transfer_leaves_both_accounts_with_the_right_number)
{
	struct sr_writer out;
	struct vault_account_record record;
	struct sr_reader r;

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_transfer(w, ALICE, 1, 1, BOB));
	for (unsigned who = ALICE; who <= BOB; who++) {
		struct sr_writer params;

		sr_writer_init(&params, 64);
		vault_account_write(&params, &w->who[who]);
		sr_writer_init(&out, 4096);
		ck_ok(vault_get(&out, w->t, VAULT_GET_ACCOUNT,
		    (struct sr_bytes){ params.p, params.n }, &w->who[CAROL]));
		sr_reader_init(&r, out.p, out.n);
		vault_account_record_read(&record, &r);
		ck_ok(sr_reader_finish(&r));
		ck_assert_uint_eq(record.nfts, 1);
		sr_writer_clear(&out);
		sr_writer_clear(&params);
	}
	teardown();
}
END_TEST

TEST_MAIN("vault nft", anyone_mints_in_the_open_collection_and_to_anyone,
    only_a_collections_owner_mints_in_it, the_owner_transfers_and_the_version_rises,
    the_approved_moves_it_once_and_is_then_forgotten, an_approval_is_cleared_by_approving_nobody,
    a_burned_nft_stays_as_a_record_that_nobody_owns,
    an_open_ticket_blocks_transfer_and_burn_until_closed, an_expired_ticket_blocks_no_longer,
    each_limit_is_reached_and_no_more, a_transfer_leaves_both_accounts_with_the_right_number)
