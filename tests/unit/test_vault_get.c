#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"
#include "vault/proof.h"

static struct vault_world *w;
static struct sr_writer params, answer;
static const struct vault_account nobody;

static void setup(void)
{
	w = world_new();
	sr_writer_init(&params, 1024);
	sr_writer_init(&answer, 4 * 1024 * 1024);
}

static void teardown(void)
{
	sr_writer_clear(&params);
	sr_writer_clear(&answer);
	world_free(w);
}

/* --- parameters: each starts anew --- */

static void number(uint64_t v)
{
	sr_writer_reset(&params);
	sr_write_u64(&params, v);
}

static void account_after(unsigned who, uint64_t after)
{
	sr_writer_reset(&params);
	vault_account_write(&params, &w->who[who]);
	sr_write_u64(&params, after);
}

static void secret(const struct vault_secret_id *id)
{
	sr_writer_reset(&params);
	sr_write_copy(&params, id->b, sizeof id->b);
}

static void secret_version(const struct vault_secret_id *id, uint64_t version)
{
	secret(id);
	sr_write_u64(&params, version);
}

static void events_of(enum vault_subject subject, const uint8_t id[16], uint64_t after)
{
	sr_writer_reset(&params);
	sr_write_u8(&params, (uint8_t)subject);
	sr_write_copy(&params, id, 16);
	sr_write_u64(&params, after);
}

static enum sr_error get_as(enum vault_get_kind kind, const struct vault_account *who)
{
	sr_writer_reset(&answer);
	return vault_get(&answer, w->t, kind, (struct sr_bytes){ params.p, params.n }, who);
}

static enum sr_error get(enum vault_get_kind kind, unsigned who)
{
	return get_as(kind, &w->who[who]);
}

/* The answer as a list: how many, and the first and last entries. */
static uint32_t list(bool *more, struct sr_bytes *first, struct sr_bytes *last)
{
	struct sr_reader r;
	uint32_t n;

	sr_reader_init(&r, answer.p, answer.n);
	n = sr_read_u32(&r);
	*more = sr_read_bool(&r);
	for (uint32_t i = 0; i < n; i++) {
		*last = sr_read_blob(&r, VAULT_VALUE_MAX);
		if (i == 0)
			*first = *last;
	}
	ck_ok(sr_reader_finish(&r));
	return n;
}

static uint32_t list_length(void)
{
	struct sr_bytes first, last;
	bool more;
	uint32_t n = list(&more, &first, &last);

	ck_assert(!more);
	return n;
}

static struct vault_nft nft_of(struct sr_bytes bytes)
{
	struct vault_nft nft;
	struct sr_reader r;

	sr_reader_init(&r, bytes.p, bytes.n);
	vault_nft_read(&nft, &r);
	ck_ok(sr_reader_finish(&r));
	return nft;
}

/* --- tests --- */

START_TEST(accounts_nfts_collections_receipts_and_meta_are_public)
{
	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	number(1);
	ck_ok(get_as(VAULT_GET_NFT, &nobody));
	ck_assert_uint_eq(nft_of((struct sr_bytes){ answer.p, answer.n }).id, 1);
	number(2);
	ck_error(get_as(VAULT_GET_NFT, &nobody), SR_ERR_NO_SUCH_NFT);
	number(0);
	ck_ok(get_as(VAULT_GET_COLLECTION, &nobody));
	number(1);
	ck_error(get_as(VAULT_GET_COLLECTION, &nobody), SR_ERR_NOT_FOUND);
	sr_writer_reset(&params);
	sr_write_hash(&params, &w->op.hash);
	ck_ok(get_as(VAULT_GET_RECEIPT, &nobody));
	sr_writer_reset(&params);
	ck_ok(get_as(VAULT_GET_META, &nobody));
	vault_account_write(&params, &w->who[HEIDI]);
	ck_ok(get_as(VAULT_GET_ACCOUNT, &nobody)); /* unknown: zeros */
	teardown();
}
END_TEST

START_TEST(parameters_are_read_strictly)
{
	setup();
	number(1);
	sr_write_u8(&params, 0);
	ck_error(get(VAULT_GET_NFT, ALICE), SR_ERR_TRAILING_BYTES);
	sr_writer_reset(&params);
	sr_write_u32(&params, 1);
	ck_error(get(VAULT_GET_NFT, ALICE), SR_ERR_TRUNCATED);
	number(1);
	ck_error(get((enum vault_get_kind)99, ALICE), SR_ERR_BAD_KIND);
	ck_error(get((enum vault_get_kind)0, ALICE), SR_ERR_BAD_KIND);
	teardown();
}
END_TEST

START_TEST(an_accounts_nfts_come_in_order_and_in_pages)
{
	struct sr_bytes first, last;
	bool more;

	setup();
	for (unsigned i = 0; i < VAULT_LIST_MAX + 6; i++)
		ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_mint(w, ALICE, CAROL, NULL));
	ck_ok(world_transfer(w, BOB, 5, 1, CAROL));
	account_after(BOB, 0);
	ck_ok(get_as(VAULT_GET_NFTS, &nobody));
	ck_assert_uint_eq(list(&more, &first, &last), VAULT_LIST_MAX);
	ck_assert(more);
	ck_assert_uint_eq(nft_of(first).id, 1);
	ck_assert_uint_eq(nft_of(last).id, VAULT_LIST_MAX + 1);
	account_after(BOB, VAULT_LIST_MAX + 1);
	ck_ok(get_as(VAULT_GET_NFTS, &nobody));
	ck_assert_uint_eq(list(&more, &first, &last), 5);
	ck_assert(!more);
	ck_assert_uint_eq(nft_of(first).id, VAULT_LIST_MAX + 2);
	account_after(CAROL, 0);
	ck_ok(get_as(VAULT_GET_NFTS, &nobody));
	ck_assert_uint_eq(list(&more, &first, &last), 2);
	account_after(HEIDI, 0);
	ck_ok(get_as(VAULT_GET_NFTS, &nobody));
	ck_assert_uint_eq(list_length(), 0);
	teardown();
}
END_TEST

START_TEST(a_secret_is_seen_by_its_owner_and_by_those_its_policy_names)
{
	struct vault_switch_settings s = world_settings(100000, 100000);
	char policy[300], text[VAULT_ACCOUNT_TEXT_MAX];
	struct vault_secret_id id;
	union vault_op_body del;

	setup();
	s.heirs_n = 1;
	s.heirs[0] = w->who[DAVE];
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_switch_new(w, HEIDI, &s, NULL));
	vault_account_text(text, &w->who[CAROL]);
	snprintf(policy, sizeof policy, "holder(1) and account(%s) and not heir(1)", text);
	ck_ok(world_put(w, ALICE, "s", policy, &id));
	for (unsigned who = ALICE; who < WORLD_PEOPLE; who++) {
		enum sr_error expected = who <= DAVE ? SR_OK : SR_ERR_WRONG_KEY;

		secret(&id);
		ck_error(get(VAULT_GET_SECRET, who), expected);
		secret_version(&id, 0);
		ck_error(get(VAULT_GET_VERSION, who), expected);
		secret_version(&id, 1);
		ck_error(get(VAULT_GET_VERSION, who), expected);
		secret_version(&id, 0);
		ck_error(get(VAULT_GET_HISTORY, who), who == ALICE ? SR_OK : SR_ERR_NOT_OWNER);
	}
	secret(&id);
	ck_error(get_as(VAULT_GET_SECRET, &nobody), SR_ERR_WRONG_KEY);
	secret_version(&id, 2);
	ck_error(get(VAULT_GET_VERSION, ALICE), SR_ERR_NO_SUCH_VERSION);
	ck_ok(world_transfer(w, BOB, 1, 1, ERIN));
	secret(&id);
	ck_error(get(VAULT_GET_SECRET, BOB), SR_ERR_WRONG_KEY);
	ck_ok(get(VAULT_GET_SECRET, ERIN));
	del = (union vault_op_body){ .secret_delete = { id, 1 } };
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_DELETE, &del));
	ck_error(get(VAULT_GET_SECRET, ERIN), SR_ERR_WRONG_KEY);
	ck_ok(get(VAULT_GET_SECRET, ALICE));
	secret_version(&id, 1);
	ck_error(get(VAULT_GET_VERSION, ALICE), SR_ERR_DELETED);
	id.b[0] ^= 1;
	secret(&id);
	ck_error(get(VAULT_GET_SECRET, ALICE), SR_ERR_NO_SUCH_SECRET);
	teardown();
}
END_TEST

START_TEST(nobody_is_not_the_owner_of_a_burned_nft)
{
	union vault_op_body burn = { .nft_burn = { 1, 1 } };
	uint8_t nft[16] = { 1 };
	struct vault_secret_id id;

	setup();
	ck_ok(world_mint(w, ALICE, ALICE, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_ok(world_do(w, ALICE, VAULT_OP_NFT_BURN, &burn));
	secret(&id);
	ck_error(get_as(VAULT_GET_SECRET, &nobody), SR_ERR_WRONG_KEY);
	number(1);
	sr_write_copy(&params, (const uint8_t[16]){ 0 }, 16);
	ck_error(get_as(VAULT_GET_SECRETS_OF_NFT, &nobody), SR_ERR_NOT_HOLDER);
	events_of(VAULT_SUBJECT_NFT, nft, 0);
	ck_error(get_as(VAULT_GET_EVENTS, &nobody), SR_ERR_WRONG_KEY);
	teardown();
}
END_TEST

START_TEST(secrets_are_listed_for_their_owner_and_for_the_holder_of_an_nft)
{
	uint8_t policy[VAULT_POLICY_BYTES_MAX];
	union vault_op_body del, edit;
	struct vault_secret_id id, two, other;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "one", "holder(1)", &id));
	ck_ok(world_put(w, CAROL, "two", "holder(1) or after(5)", &two));
	ck_ok(world_put(w, ALICE, "three", "after(5)", &other));
	sr_writer_reset(&params);
	vault_account_write(&params, &w->who[ALICE]);
	sr_write_copy(&params, (const uint8_t[16]){ 0 }, 16);
	ck_ok(get(VAULT_GET_SECRETS, ALICE));
	ck_assert_uint_eq(list_length(), 2);
	ck_error(get(VAULT_GET_SECRETS, BOB), SR_ERR_NOT_OWNER);
	number(1);
	sr_write_copy(&params, (const uint8_t[16]){ 0 }, 16);
	ck_ok(get(VAULT_GET_SECRETS_OF_NFT, BOB));
	ck_assert_uint_eq(list_length(), 2);
	ck_error(get(VAULT_GET_SECRETS_OF_NFT, ALICE), SR_ERR_NOT_HOLDER);
	del = (union vault_op_body){ .secret_delete = { id, 1 } };
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_DELETE, &del));
	ck_ok(get(VAULT_GET_SECRETS_OF_NFT, BOB));
	ck_assert_uint_eq(list_length(), 1);
	/* A policy that no longer names the NFT takes the other from the list as well. */
	edit = (union vault_op_body){ .secret_policy = { .id = two, .version = 1 } };
	edit.secret_policy.policy = world_policy(policy, "after(6)");
	edit.secret_policy.key = world_key(w, &two, CAROL, edit.secret_policy.policy);
	ck_ok(world_do(w, CAROL, VAULT_OP_SECRET_POLICY, &edit));
	ck_ok(get(VAULT_GET_SECRETS_OF_NFT, BOB));
	ck_assert_uint_eq(list_length(), 0);
	teardown();
}
END_TEST

START_TEST(a_page_of_history_stays_under_a_mebibyte)
{
	static uint8_t big[SR_INLINE_PAYLOAD_MAX];
	uint8_t policy[VAULT_POLICY_BYTES_MAX];
	struct vault_secret_id id;
	union vault_op_body b;
	struct sr_bytes first, last;
	bool more = true;
	uint32_t n, total = 0, pages = 0;

	setup();
	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	for (uint64_t v = 1; v < 40; v++) {
		memset(&b, 0, sizeof b);
		b.secret_put.id = id;
		b.secret_put.version = v;
		b.secret_put.key = world_key(w, &id, ALICE, world_policy(policy, "after(5)"));
		b.secret_put.payload = world_payload("");
		b.secret_put.payload.inline_bytes = (struct sr_bytes){ big, sizeof big };
		ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_UPDATE, &b));
	}
	while (more) {
		secret_version(&id, total);
		ck_ok(get(VAULT_GET_HISTORY, ALICE));
		ck_assert_uint_le(answer.n, VAULT_LIST_BYTES_MAX + 5);
		n = list(&more, &first, &last);
		ck_assert_uint_gt(n, 0);
		total += n;
		pages++;
	}
	ck_assert_uint_eq(total, 40);
	ck_assert_uint_ge(pages, 3);
	teardown();
}
END_TEST

START_TEST(a_switch_is_seen_and_listed_by_those_it_concerns)
{
	struct vault_switch_settings s = world_settings(100000, 100000);

	setup();
	s.heartbeat = w->who[BOB];
	s.duress = w->who[CAROL];
	s.vetoer = w->who[DAVE];
	s.guardians_n = s.guardians_k = 1;
	s.guardians[0] = w->who[ERIN];
	s.heirs_n = 1;
	s.heirs[0] = w->who[FRANK];
	ck_ok(world_switch_new(w, ALICE, &s, NULL));
	for (unsigned who = ALICE; who < WORLD_PEOPLE; who++) {
		bool concerned = who != CAROL && who <= FRANK;

		number(1);
		ck_error(get(VAULT_GET_SWITCH, who), concerned ? SR_OK : SR_ERR_WRONG_KEY);
		account_after(who, 0);
		ck_ok(get(VAULT_GET_SWITCHES, who));
		ck_assert_uint_eq(list_length(), concerned ? 1 : 0);
		account_after(who, 1);
		ck_ok(get(VAULT_GET_SWITCHES, who));
		ck_assert_uint_eq(list_length(), 0);
	}
	account_after(ALICE, 0);
	ck_error(get(VAULT_GET_SWITCHES, BOB), SR_ERR_NOT_OWNER);
	teardown();
}
END_TEST

START_TEST(events_are_read_by_those_they_concern)
{
	struct vault_secret_id id;
	uint8_t nft[16] = { 1 };

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	ck_ok(world_put(w, ALICE, "s", "holder(1)", &id));
	ck_error(world_retrieve(w, CAROL, &id, 0, 0, 1), SR_ERR_POLICY_FALSE);
	ck_ok(world_retrieve(w, BOB, &id, 1, 1, 1));
	events_of(VAULT_SUBJECT_SECRET, id.b, 0);
	ck_ok(get(VAULT_GET_EVENTS, ALICE));
	ck_assert_uint_eq(list_length(), 3); /* stored, refused, ticket */
	ck_ok(get(VAULT_GET_EVENTS, BOB));
	ck_assert_uint_eq(list_length(), 1);
	ck_ok(get(VAULT_GET_EVENTS, CAROL));
	ck_assert_uint_eq(list_length(), 1);
	ck_ok(get(VAULT_GET_EVENTS, DAVE));
	ck_assert_uint_eq(list_length(), 0);
	events_of(VAULT_SUBJECT_NFT, nft, 0);
	ck_ok(get(VAULT_GET_EVENTS, BOB));
	ck_assert_uint_eq(list_length(), 2); /* minted, ticket */
	ck_ok(get(VAULT_GET_EVENTS, ALICE));
	ck_assert_uint_eq(list_length(), 1); /* the minting was hers */
	teardown();
}
END_TEST

START_TEST(a_ticket_is_seen_by_its_requester_and_the_secrets_owner)
{
	struct vault_secret_id id;

	setup();
	ck_ok(world_put(w, ALICE, "s", "after(5)", &id));
	ck_ok(world_retrieve(w, BOB, &id, 0, 0, 1));
	sr_writer_reset(&params);
	sr_write_hash(&params, &w->op.hash);
	ck_ok(get(VAULT_GET_TICKET, ALICE));
	ck_ok(get(VAULT_GET_TICKET, BOB));
	ck_error(get(VAULT_GET_TICKET, CAROL), SR_ERR_WRONG_KEY);
	teardown();
}
END_TEST

START_TEST(a_proof_for_the_key_shows_what_the_getter_says)
{
	struct sr_bytes value;
	struct sr_writer proof;
	struct sr_hash32 root;
	struct vault_key key;
	bool present;

	setup();
	ck_ok(world_mint(w, ALICE, BOB, NULL));
	number(1);
	ck_ok(get(VAULT_GET_NFT, BOB));
	ck_ok(vault_get_key(&key, VAULT_GET_NFT, (struct sr_bytes){ params.p, params.n }));
	sr_writer_init(&proof, VAULT_PROOF_MAX);
	vault_tree_prove(&proof, w->t, &key);
	ck_ok(sr_writer_finish(&proof));
	root = world_root(w);
	ck_ok(vault_proof_check(&present, &value, &root, &key, proof.p, proof.n));
	ck_assert(present);
	ck_assert_uint_eq(value.n, answer.n);
	ck_assert_int_eq(memcmp(value.p, answer.p, value.n), 0);
	sr_writer_clear(&proof);
	/* No key for lists, nor for a switch, whose raw record would tell a frozen one. */
	ck_error(vault_get_key(&key, VAULT_GET_SWITCH, (struct sr_bytes){ params.p, params.n }),
	    SR_ERR_BAD_KIND);
	account_after(BOB, 0);
	ck_error(vault_get_key(&key, VAULT_GET_NFTS, (struct sr_bytes){ params.p, params.n }),
	    SR_ERR_BAD_KIND);
	teardown();
}
END_TEST

START_TEST(a_delegate_sees_the_switch_until_he_is_none)
{
	struct vault_switch_settings s = world_settings(100000, 100000);
	union vault_op_body b = { .switch_delegate = { 1, true, { 0 }, 0 } };

	setup();
	ck_ok(world_switch_new(w, ALICE, &s, NULL));
	b.switch_delegate.to = w->who[GRACE];
	b.switch_delegate.until_ms = w->block.time_ms + 50000;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	account_after(GRACE, 0);
	ck_ok(get(VAULT_GET_SWITCHES, GRACE));
	ck_assert_uint_eq(list_length(), 1);
	b.switch_delegate.add = false;
	b.switch_delegate.until_ms = 0;
	ck_ok(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b));
	account_after(GRACE, 0);
	ck_ok(get(VAULT_GET_SWITCHES, GRACE));
	ck_assert_uint_eq(list_length(), 0);
	number(1);
	ck_error(get(VAULT_GET_SWITCH, GRACE), SR_ERR_WRONG_KEY);
	teardown();
}
END_TEST

TEST_MAIN("vault get", accounts_nfts_collections_receipts_and_meta_are_public,
    parameters_are_read_strictly, an_accounts_nfts_come_in_order_and_in_pages,
    a_secret_is_seen_by_its_owner_and_by_those_its_policy_names,
    nobody_is_not_the_owner_of_a_burned_nft,
    secrets_are_listed_for_their_owner_and_for_the_holder_of_an_nft,
    a_page_of_history_stays_under_a_mebibyte,
    a_switch_is_seen_and_listed_by_those_it_concerns, events_are_read_by_those_they_concern,
    a_ticket_is_seen_by_its_requester_and_the_secrets_owner,
    a_proof_for_the_key_shows_what_the_getter_says,
    a_delegate_sees_the_switch_until_he_is_none)
