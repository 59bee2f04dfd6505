#include "vault/internal.h"

#include <string.h>

/* --- the stateless check --- */

static enum sr_error signature_check(const struct vault_op *op, const struct vault_block *block)
{
	uint8_t address[20];
	struct sr_edpk pk;
	struct sr_sig64 sig;
	char text[96];

	if (op->account.kind == VAULT_ACCOUNT_ED25519) {
		if (op->signature_n != sizeof sig.b)
			return SR_ERR_BAD_SIGNATURE;
		memcpy(pk.b, op->account.b, sizeof pk.b);
		memcpy(sig.b, op->signature, sizeof sig.b);
		return sr_verify(
		    &pk, &sig, "strongroom op v1", op->signed_bytes.p, op->signed_bytes.n);
	}
	if (op->account.kind != VAULT_ACCOUNT_ETHEREUM || op->signature_n != sizeof op->signature)
		return SR_ERR_BAD_SIGNATURE;
	vault_op_ethereum_text(text, &op->signed_bytes);
	SR_TRY(block->hooks->ethereum_recover(address, text, strlen(text), op->signature));
	return memcmp(address, op->account.b, sizeof address) == 0 ? SR_OK : SR_ERR_BAD_SIGNATURE;
}

/* Where the operation itself brings the policy, the label needs nothing of the state. */
static enum sr_error wrapped_key_check(const struct vault_op *op, const struct vault_block *block,
    const struct vault_secret_id *id, struct sr_bytes policy, const struct vault_wrapped_key *key)
{
	struct sr_hash32 policy_hash, label;

	if (policy.n == 0)
		return SR_OK;
	policy_hash = vault_policy_hash(policy);
	label = vault_label(&block->chain_id, id, &op->account, &policy_hash);
	return vault_key_check(key, block, &label);
}

enum sr_error vault_op_judge(const struct vault_op *op, const struct vault_block *block)
{
	union vault_op_body body;

	if (!sr_hash32_equal(&op->chain_id, &block->chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (op->epoch != block->epoch)
		return SR_ERR_WRONG_EPOCH;
	SR_TRY(vault_op_body_decode(&body, op->kind, op->body));
	SR_TRY(signature_check(op, block));
	if (op->kind == VAULT_OP_SECRET_PUT || op->kind == VAULT_OP_SECRET_UPDATE)
		return wrapped_key_check(op, block, &body.secret_put.id, body.secret_put.policy,
		    &body.secret_put.key);
	if (op->kind == VAULT_OP_SECRET_POLICY)
		return wrapped_key_check(op, block, &body.secret_policy.id,
		    body.secret_policy.policy, &body.secret_policy.key);
	return SR_OK;
}

enum sr_error vault_op_check(struct vault_op *op, const struct vault_block *block,
    const uint8_t *bytes, size_t n)
{
	SR_TRY(vault_op_decode(op, bytes, n));
	return vault_op_judge(op, block);
}

/* --- applying --- */

static enum sr_error dispatch(struct vault_tx *tx, const union vault_op_body *b)
{
	switch (tx->op->kind) {
	case VAULT_OP_COLLECTION_CREATE:
		return vault_collection_create(tx, &b->collection_create);
	case VAULT_OP_NFT_MINT:
		return vault_nft_mint(tx, &b->nft_mint);
	case VAULT_OP_NFT_TRANSFER:
		return vault_nft_transfer(tx, &b->nft_transfer);
	case VAULT_OP_NFT_APPROVE:
		return vault_nft_approve(tx, &b->nft_approve);
	case VAULT_OP_NFT_BURN:
		return vault_nft_burn(tx, &b->nft_burn);
	case VAULT_OP_SECRET_PUT:
		return vault_secret_put(tx, &b->secret_put);
	case VAULT_OP_SECRET_UPDATE:
		return vault_secret_update(tx, &b->secret_put);
	case VAULT_OP_SECRET_RESTORE:
		return vault_secret_restore(tx, &b->secret_restore);
	case VAULT_OP_SECRET_POLICY:
		return vault_secret_policy(tx, &b->secret_policy);
	case VAULT_OP_SECRET_DELETE:
		return vault_secret_delete(tx, &b->secret_delete);
	case VAULT_OP_RETRIEVE:
		return vault_ticket_retrieve(tx, &b->retrieve);
	case VAULT_OP_TICKET_CLOSE:
		return vault_ticket_close(tx, &b->ticket_close);
	case VAULT_OP_SWITCH_CREATE:
		return vault_switch_create(tx, &b->switch_create);
	case VAULT_OP_SWITCH_HEARTBEAT:
		return vault_switch_heartbeat(tx, b->switch_ref.switch_id, false);
	case VAULT_OP_SWITCH_DURESS:
		return vault_switch_heartbeat(tx, b->switch_ref.switch_id, true);
	case VAULT_OP_SWITCH_VETO:
		return vault_switch_veto(tx, b->switch_ref.switch_id);
	case VAULT_OP_SWITCH_CONFIRM:
		return vault_switch_confirm(tx, b->switch_ref.switch_id);
	case VAULT_OP_SWITCH_CANCEL:
		return vault_switch_cancel(tx, b->switch_ref.switch_id);
	case VAULT_OP_SWITCH_PAUSE:
		return vault_switch_pause(tx, &b->switch_pause);
	case VAULT_OP_SWITCH_DELEGATE:
		return vault_switch_delegate(tx, &b->switch_delegate);
	case VAULT_OP_ATTEST_SUBMIT:
		return vault_attest_submit(tx, &b->attest_submit);
	case VAULT_OP_MEMBER_FIRST:
		break;
	}
	return SR_ERR_BAD_KIND;
}

/* Only admission says these; a rule that is judged later must have a code of its own. */
bool vault_code_is_traceless(enum sr_error code)
{
	return code == SR_ERR_WRONG_CHAIN || code == SR_ERR_WRONG_EPOCH || code == SR_ERR_EXPIRED ||
	    code == SR_ERR_EXPIRY_TOO_FAR || code == SR_ERR_NONCE_REPLAYED ||
	    code == SR_ERR_NONCE_AHEAD || code == SR_ERR_ACCOUNTS_FULL;
}

/* What leaves no trace when it is broken: whoever replays an operation must not be able to use up
 * anything. */
static enum sr_error admission(const struct vault_tree *t, const struct vault_block *block,
    const struct vault_op *op, const struct vault_key *account_key, union vault_op_body *body)
{
	if (!sr_hash32_equal(&op->chain_id, &block->chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (op->epoch != block->epoch)
		return SR_ERR_WRONG_EPOCH;
	if (op->expiry_ms <= block->time_ms)
		return SR_ERR_EXPIRED;
	if (op->expiry_ms - block->time_ms > VAULT_OP_LIFETIME_MAX_MS)
		return SR_ERR_EXPIRY_TOO_FAR;
	SR_TRY(vault_account_admits(t, op, account_key));
	return vault_op_body_decode(body, op->kind, op->body);
}

static enum sr_error refusal_audit(struct vault_tx *tx, enum sr_error code)
{
	struct vault_event e = vault_event_of_secret(VAULT_EVENT_REFUSED, &tx->watched);

	if (!tx->refusal_watched)
		return SR_OK;
	e.actor = tx->op->account;
	e.code = (uint16_t)code;
	e.detail = tx->receipt->detail;
	return vault_audit(tx, &e);
}

static enum sr_error receipt_keep(struct vault_tx *tx)
{
	struct vault_deadline d = { .clock = VAULT_CLOCK_WALL, .kind = VAULT_DEADLINE_RECEIPT,
		.due_ms = tx->receipt->expires_ms };

	memcpy(d.id, tx->receipt->op.b, sizeof d.id);
	SR_TRY(vault_deadline_add(tx, &d));
	return vault_receipt_store(tx, tx->receipt);
}

/* The nonce, then all of the operation or only its refusal's event, then the receipt. */
static enum sr_error op_run(struct vault_tx *tx, const union vault_op_body *body)
{
	struct vault_meta meta = tx->meta;
	struct vault_tree *start;
	enum sr_error code;

	SR_TRY(vault_account_use_nonce(tx));
	start = vault_tree_ref(tx->t);
	code = dispatch(tx, body);
	if (code != SR_OK && !vault_is_breakage(code)) {
		struct vault_tree *half_done = tx->t;

		tx->t = start;
		start = half_done;
		tx->meta = meta;
		tx->meta_changed = false;
		tx->receipt->id = 0;
	}
	vault_tree_unref(start);
	if (vault_is_breakage(code))
		return code;
	tx->receipt->code = (uint16_t)code;
	if (code != SR_OK)
		SR_TRY(refusal_audit(tx, code));
	return receipt_keep(tx);
}

static enum sr_error op_apply(struct vault_tree **t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op, bool keep)
{
	struct vault_key account_key = vault_key_account(&op->account);
	union vault_op_body body;
	struct vault_tx tx;
	enum sr_error error;

	*receipt = (struct vault_receipt){ .op = op->hash, .height = block->height,
		.expires_ms = vault_add_capped(op->expiry_ms, VAULT_RECEIPT_KEEP_MS) };
	error = admission(*t, block, op, &account_key, &body);
	if (error != SR_OK) {
		receipt->code = (uint16_t)error;
		return vault_is_breakage(error) ? error : SR_OK;
	}
	SR_TRY(vault_tx_begin(&tx, *t, block));
	tx.op = op;
	tx.account_key = account_key;
	tx.receipt = receipt;
	error = op_run(&tx, &body);
	if (error == SR_OK && keep)
		return vault_tx_commit(&tx, t);
	vault_tx_end(&tx);
	return error;
}

enum sr_error vault_apply(struct vault_tree **t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op)
{
	return op_apply(t, receipt, block, op, true);
}

enum sr_error vault_admit(struct vault_tree *t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op)
{
	return op_apply(&t, receipt, block, op, false);
}

/* --- the beginning --- */

static enum sr_error genesis_fill(struct vault_tx *tx, uint64_t time_ms)
{
	static const uint8_t name[] = { 'o', 'p', 'e', 'n' };
	struct vault_collection open = { .name = { name, sizeof name }, .created_ms = time_ms };
	struct vault_aux aux = { 0 };

	tx->meta.time_ms = time_ms;
	SR_TRY(vault_meta_store(tx));
	SR_TRY(vault_aux_store(tx, &aux));
	return vault_collection_store(tx, &open);
}

enum sr_error vault_genesis(struct vault_tree **t, uint64_t time_ms)
{
	struct vault_tx tx = { 0 };
	enum sr_error error;

	sr_writer_init(&tx.w, VAULT_VALUE_MAX);
	error = genesis_fill(&tx, time_ms);
	if (error == SR_OK) {
		*t = tx.t;
		tx.t = NULL;
	}
	vault_tx_end(&tx);
	return error;
}
