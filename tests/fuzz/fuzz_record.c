/* tests/fuzz/fuzz_record.c - the records of the state, as clients read them in answers. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"
#include "vault/record.h"

FUZZ_RECODE(meta, struct vault_meta, vault_meta_read, vault_meta_write)
FUZZ_RECODE(account, struct vault_account_record, vault_account_record_read,
    vault_account_record_write)
FUZZ_RECODE(collection, struct vault_collection, vault_collection_read, vault_collection_write)
FUZZ_RECODE(nft, struct vault_nft, vault_nft_read, vault_nft_write)
FUZZ_RECODE(secret, struct vault_secret, vault_secret_read, vault_secret_write)
FUZZ_RECODE(version, struct vault_version, vault_version_read, vault_version_write)
FUZZ_RECODE(ticket, struct vault_ticket, vault_ticket_read, vault_ticket_write)
FUZZ_RECODE(switch_, struct vault_switch, vault_switch_read, vault_switch_write)
FUZZ_RECODE(receipt, struct vault_receipt, vault_receipt_read, vault_receipt_write)
FUZZ_RECODE(event, struct vault_event, vault_event_read, vault_event_write)
FUZZ_RECODE(pending, struct vault_pending, vault_pending_read, vault_pending_write)
FUZZ_RECODE(vote, struct vault_vote, vault_vote_read, vault_vote_write)
FUZZ_RECODE(attestation, struct vault_attestation, vault_attestation_read, vault_attestation_write)

static const struct { uint8_t type; fuzz_recode *recode; } records[] = {
	{ VAULT_REC_META, meta }, { VAULT_REC_ACCOUNT, account },
	{ VAULT_REC_COLLECTION, collection }, { VAULT_REC_NFT, nft }, { VAULT_REC_SECRET, secret },
	{ VAULT_REC_VERSION, version }, { VAULT_REC_TICKET, ticket },
	{ VAULT_REC_SWITCH, switch_ }, { VAULT_REC_RECEIPT, receipt }, { VAULT_REC_EVENT, event },
	{ VAULT_REC_PENDING, pending }, { VAULT_REC_VOTE, vote },
	{ VAULT_REC_ATTESTATION, attestation },
};
#define RECORDS_N (sizeof(records) / sizeof(records[0]))

void fuzz_record(const uint8_t *p, size_t n)
{
	if (n > 0)
		fuzz_canonical(records[p[0] % RECORDS_N].recode, p + 1, n - 1);
}

static bool seed_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	(void)ctx;
	for (uint8_t i = 0; i < RECORDS_N; i++) {
		struct sr_writer w;
		if (records[i].type != key->b[0])
			continue;
		sr_writer_init(&w, VAULT_VALUE_MAX);
		sr_write_copy(&w, value.p, value.n);
		fuzz_seed_of(i, "state", &w);
	}
	return true;
}

void seed_record(void)
{
	struct vault_secret_id ids[2];
	struct sr_hash32 ticket_id;
	struct vault_key first = { { 0 } };
	struct vault_world *w = sample_world(ids, &ticket_id);
	union vault_op_body b = { .switch_delegate = { 1, true, w->who[DAVE],
				      w->block.time_ms + 100000 } };
	FUZZ_CHECK(world_do(w, ALICE, VAULT_OP_SWITCH_DELEGATE, &b) == SR_OK);
	sample_attest(w, 0);
	sample_attest(w, 1);
	sample_attest(w, 3);
	vault_tree_walk(w->t, &first, 0, seed_visit, NULL);
	world_free(w);
}
