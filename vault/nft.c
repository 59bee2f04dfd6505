#include "vault/internal.h"

static enum sr_error nft_event(struct vault_tx *tx, enum vault_event_kind kind, uint64_t id,
    uint64_t detail)
{
	struct vault_event e = vault_event_of_number(kind, VAULT_SUBJECT_NFT, id);

	e.actor = tx->op->account;
	e.detail = detail;
	return vault_audit(tx, &e);
}

enum sr_error vault_collection_create(
    struct vault_tx *tx, const struct vault_op_collection_create *b)
{
	struct vault_collection c = { .owner = tx->op->account, .name = b->name,
		.created_ms = tx->block->time_ms };

	if (!sr_name_valid(b->name.p, b->name.n))
		return SR_ERR_NAME_BAD;
	if (tx->meta.collections >= VAULT_COLLECTIONS_MAX)
		return SR_ERR_TOO_MANY;
	c.id = ++tx->meta.collections;
	tx->meta_changed = true;
	tx->receipt->id = c.id;
	return vault_collection_store(tx, &c);
}

/* Collection 0 is open to all; in the others only their owner mints. */
enum sr_error vault_nft_mint(struct vault_tx *tx, const struct vault_op_nft_mint *b)
{
	struct vault_nft nft = { .collection_id = b->collection_id,
		.version = 1,
		.owner = b->to,
		.name = b->name,
		.minted_ms = tx->block->time_ms,
		.held_since_ms = tx->block->time_ms };
	struct vault_collection collection;

	SR_TRY(vault_collection_load(tx->t, &collection, b->collection_id));
	if (b->collection_id != 0 && !vault_account_is(&collection.owner, &tx->op->account))
		return SR_ERR_NOT_OWNER;
	if (!sr_name_valid(b->name.p, b->name.n))
		return SR_ERR_NAME_BAD;
	if (tx->meta.nfts >= VAULT_NFTS_MAX)
		return SR_ERR_TOO_MANY;
	SR_TRY(vault_account_gain(tx, &b->to, VAULT_HOLDS_NFTS));
	nft.id = ++tx->meta.nfts;
	tx->meta_changed = true;
	tx->receipt->id = nft.id;
	SR_TRY(vault_index_put_number(tx, VAULT_INDEX_NFTS, &nft.owner, nft.id));
	SR_TRY(vault_nft_store(tx, &nft));
	return nft_event(tx, VAULT_EVENT_MINTED, nft.id, nft.version);
}

/* The NFT, when it is still there and the signer owns it (or, if may_be_approved, may move it). */
static enum sr_error nft_claim(struct vault_tx *tx, struct vault_nft *nft, uint64_t id,
    uint64_t version, bool may_be_approved)
{
	const struct vault_account *signer = &tx->op->account;

	SR_TRY(vault_nft_load(tx->t, nft, id));
	if (nft->owner.kind == VAULT_ACCOUNT_NONE)
		return SR_ERR_DELETED;
	if (!vault_account_is(&nft->owner, signer) &&
	    !(may_be_approved && vault_account_is(&nft->approved, signer)))
		return may_be_approved ? SR_ERR_NOT_APPROVED : SR_ERR_NOT_OWNER;
	return nft->version == version ? SR_OK : SR_ERR_NFT_VERSION;
}

/* Takes it from its owner; the next version begins here. */
static enum sr_error nft_leave(struct vault_tx *tx, struct vault_nft *nft)
{
	struct vault_key key = vault_index_number(VAULT_INDEX_NFTS, &nft->owner, nft->id);

	SR_TRY(vault_nft_unlocked(tx->t, nft, tx->block->time_ms, NULL));
	SR_TRY(vault_account_lose(tx, &nft->owner, VAULT_HOLDS_NFTS));
	SR_TRY(vault_tx_delete(tx, &key));
	nft->owner = (struct vault_account){ .kind = VAULT_ACCOUNT_NONE };
	nft->approved = nft->owner;
	nft->open_ticket = (struct sr_hash32){ { 0 } };
	nft->open_ticket_until_ms = 0;
	nft->held_since_ms = tx->block->time_ms;
	nft->version++;
	return SR_OK;
}

enum sr_error vault_nft_transfer(struct vault_tx *tx, const struct vault_op_nft_transfer *b)
{
	struct vault_nft nft;

	SR_TRY(nft_claim(tx, &nft, b->nft_id, b->nft_version, true));
	SR_TRY(nft_leave(tx, &nft));
	SR_TRY(vault_account_gain(tx, &b->to, VAULT_HOLDS_NFTS));
	nft.owner = b->to;
	SR_TRY(vault_index_put_number(tx, VAULT_INDEX_NFTS, &nft.owner, nft.id));
	SR_TRY(vault_nft_store(tx, &nft));
	return nft_event(tx, VAULT_EVENT_TRANSFERRED, nft.id, nft.version);
}

enum sr_error vault_nft_approve(struct vault_tx *tx, const struct vault_op_nft_approve *b)
{
	struct vault_nft nft;

	SR_TRY(nft_claim(tx, &nft, b->nft_id, b->nft_version, false));
	nft.approved = b->to;
	SR_TRY(vault_nft_store(tx, &nft));
	return nft_event(tx, VAULT_EVENT_APPROVED, nft.id, nft.version);
}

/* The record stays, with nobody as its owner: the id is never given again. */
enum sr_error vault_nft_burn(struct vault_tx *tx, const struct vault_op_nft_burn *b)
{
	struct vault_nft nft;

	SR_TRY(nft_claim(tx, &nft, b->nft_id, b->nft_version, false));
	SR_TRY(nft_leave(tx, &nft));
	SR_TRY(vault_nft_store(tx, &nft));
	return nft_event(tx, VAULT_EVENT_BURNED, nft.id, nft.version);
}
