#include "tests/fuzz/samples.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define BYTES(text) ((struct sr_bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

const enum vault_op_kind sample_kinds[SAMPLE_KINDS_N] = { VAULT_OP_COLLECTION_CREATE,
	VAULT_OP_NFT_MINT, VAULT_OP_NFT_TRANSFER, VAULT_OP_NFT_APPROVE, VAULT_OP_NFT_BURN,
	VAULT_OP_SECRET_PUT, VAULT_OP_SECRET_UPDATE, VAULT_OP_SECRET_RESTORE,
	VAULT_OP_SECRET_POLICY, VAULT_OP_SECRET_DELETE, VAULT_OP_RETRIEVE, VAULT_OP_TICKET_CLOSE,
	VAULT_OP_SWITCH_CREATE, VAULT_OP_SWITCH_HEARTBEAT, VAULT_OP_SWITCH_PAUSE,
	VAULT_OP_SWITCH_VETO, VAULT_OP_SWITCH_CONFIRM, VAULT_OP_SWITCH_DURESS,
	VAULT_OP_SWITCH_CANCEL, VAULT_OP_SWITCH_DELEGATE, VAULT_OP_ATTEST_SUBMIT };

static struct vault_account account(uint8_t fill)
{
	struct vault_account a = { .kind = fill % 2 ? VAULT_ACCOUNT_ED25519
						    : VAULT_ACCOUNT_ETHEREUM };
	memset(a.b, fill, fill % 2 ? 32 : 20);
	return a;
}

static struct vault_switch_settings settings(void)
{
	struct vault_switch_settings s = { .interval_ms = 100000,
		.grace_ms = 5000,
		.heartbeat = account(1),
		.duress = account(3),
		.vetoer = account(4),
		.guardians_n = 3,
		.guardians_k = 2,
		.heirs_n = 2,
		.stages_n = 2,
		.heir_delay_ms = { 0, 60000 },
		.stage_delay_ms = { 1, 1000 } };
	for (uint8_t i = 0; i < 3; i++)
		s.guardians[i] = account((uint8_t)(10 + i));
	for (uint8_t i = 0; i < 2; i++)
		s.heirs[i] = account((uint8_t)(20 + i));
	return s;
}

static struct vault_payload blob(void)
{
	struct vault_payload p = { .plain_bytes = 1 << 20, .cipher_bytes = (1 << 20) + 256,
		.data_pieces = 2, .pieces_n = 4, .stripe_bytes = 4096 };
	for (uint8_t i = 0; i < 4; i++)
		memset(p.piece_hash[i].b, i + 1, 32);
	return p;
}

static void secret_body(union vault_op_body *b, enum vault_op_kind kind)
{
	/* holder(12) or after(...) */
	static const uint8_t policy[] = { 1, VAULT_POLICY_ANY, 2, VAULT_POLICY_HOLDER, 12, 0, 0, 0,
		0, 0, 0, 0, VAULT_POLICY_AFTER, 0, 16, 0, 0, 0, 0, 0, 0 };
	const struct vault_secret_id id = { { 9, 8, 7 } };
	const struct sr_bytes policy_bytes = { policy, sizeof(policy) };
	const struct vault_wrapped_key key = { { 5 }, { 6 }, { 7 }, { NULL, 0 } };
	const struct vault_payload text = { .plain_bytes = 4, .inlined = true,
		.inline_bytes = BYTES("ciphertext and tag") };
	if (kind == VAULT_OP_SECRET_PUT)
		b->secret_put = (struct vault_op_secret_put){ id, 0, BYTES("seed words"),
			policy_bytes, 99, key, text };
	else if (kind == VAULT_OP_SECRET_UPDATE)
		b->secret_put = (struct vault_op_secret_put){ id, 3, { 0 }, { 0 }, 0, key, blob() };
	else if (kind == VAULT_OP_SECRET_RESTORE)
		b->secret_restore = (struct vault_op_secret_restore){ id, 3, 1, key };
	else if (kind == VAULT_OP_SECRET_POLICY)
		b->secret_policy = (struct vault_op_secret_policy){ id, 3, policy_bytes, key };
	else if (kind == VAULT_OP_SECRET_DELETE)
		b->secret_delete = (struct vault_op_secret_delete){ id, 3 };
	else
		b->retrieve = (struct vault_op_retrieve){ id, 0, 7, 2, { { 1, 2, 3 } } };
}

void sample_body(union vault_op_body *b, enum vault_op_kind kind)
{
	memset(b, 0, sizeof(*b));
	if (kind == VAULT_OP_COLLECTION_CREATE)
		b->collection_create.name = BYTES("keys");
	else if (kind == VAULT_OP_NFT_MINT)
		b->nft_mint = (struct vault_op_nft_mint){ 0, account(2), BYTES("key one") };
	else if (kind == VAULT_OP_NFT_TRANSFER)
		b->nft_transfer = (struct vault_op_nft_transfer){ 1, 2, account(3) };
	else if (kind == VAULT_OP_NFT_APPROVE)
		b->nft_approve = (struct vault_op_nft_approve){ 1, 2, { 0 } };
	else if (kind == VAULT_OP_NFT_BURN)
		b->nft_burn = (struct vault_op_nft_burn){ 1, 2 };
	else if (kind >= VAULT_OP_SECRET_PUT && kind <= VAULT_OP_RETRIEVE)
		secret_body(b, kind);
	else if (kind == VAULT_OP_TICKET_CLOSE)
		b->ticket_close.ticket.b[5] = 9;
	else if (kind == VAULT_OP_SWITCH_CREATE)
		b->switch_create = (struct vault_op_switch_create){ BYTES("estate"), settings() };
	else if (kind == VAULT_OP_SWITCH_PAUSE)
		b->switch_pause = (struct vault_op_switch_pause){ 1, 1234567 };
	else if (kind == VAULT_OP_SWITCH_DELEGATE)
		b->switch_delegate = (struct vault_op_switch_delegate){ 1, true, account(9), 7777 };
	else if (kind == VAULT_OP_ATTEST_SUBMIT)
		b->attest_submit = (struct vault_op_attest_submit){ BYTES("https://a.example"),
			BYTES("evidence") };
	else
		b->switch_ref.switch_id = 1;
}

struct vault_world *sample_world(struct vault_secret_id ids[2], struct sr_hash32 *ticket)
{
	struct vault_world *w = world_new();
	struct vault_switch_settings s = world_settings(60000, 5000);
	union vault_op_body collection = { .collection_create = { BYTES("keys") } };
	uint64_t nft, id;
	s.guardians_n = s.guardians_k = 1;
	s.guardians[0] = w->who[CAROL];
	s.heirs_n = 1;
	s.heirs[0] = w->who[BOB];
	s.duress = w->who[HEIDI];
	FUZZ_CHECK(world_do(w, ALICE, VAULT_OP_COLLECTION_CREATE, &collection) == SR_OK);
	FUZZ_CHECK(world_mint(w, ALICE, ALICE, &nft) == SR_OK && nft == 1);
	FUZZ_CHECK(world_mint(w, ALICE, BOB, &nft) == SR_OK && nft == 2);
	FUZZ_CHECK(world_switch_new(w, ALICE, &s, &id) == SR_OK && id == 1);
	FUZZ_CHECK(world_put(w, ALICE, "one", "holder(2) or heir(1)", &ids[0]) == SR_OK);
	FUZZ_CHECK(world_put(w, ALICE, "two", "switch(1, fired) and after(2027-01-31)", &ids[1]) ==
	    SR_OK);
	FUZZ_CHECK(world_retrieve(w, BOB, &ids[0], 2, 1, 9) == SR_OK);
	*ticket = w->op.hash;
	world_block(w, WORLD_SLOT_MS);
	return w;
}

struct sr_writer sample_facts(void)
{
	struct attest_facts f = { .kind = ATTEST_KIND_SGX, .status = ATTEST_UP_TO_DATE,
		.measurement_n = 32, .valid_to_s = UINT64_MAX };
	struct sr_writer w;
	memset(f.measurement, 0xa1, 32);
	memset(f.report_data, 7, 32);
	sr_writer_init(&w, ATTEST_FACTS_MAX);
	attest_facts_write(&w, &f);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
	return w;
}

struct sr_hash32 sample_attest(struct vault_world *w, uint32_t verdicts)
{
	union vault_op_body b;
	struct sr_hash32 id;
	struct sr_writer facts = sample_facts();
	sample_body(&b, VAULT_OP_ATTEST_SUBMIT);
	FUZZ_CHECK(world_do(w, ALICE, VAULT_OP_ATTEST_SUBMIT, &b) == SR_OK);
	id = w->op.hash;
	for (uint32_t i = 0; i < verdicts; i++)
		FUZZ_CHECK(vault_attest_verdict(&w->t, &w->block, &id, i, 4, 3, SR_OK,
		    (struct sr_bytes){ facts.p, facts.n }) == SR_OK);
	sr_writer_clear(&facts);
	return id;
}
