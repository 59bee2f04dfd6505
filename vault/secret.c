#include "vault/internal.h"

#include <string.h>

static enum sr_error secret_event(struct vault_tx *tx, enum vault_event_kind kind,
    const struct vault_secret *secret)
{
	struct vault_event e = vault_event_of_secret(kind, &secret->id);

	e.actor = tx->op->account;
	e.detail = secret->version;
	return vault_audit(tx, &e);
}

/* --- what an operation may bring --- */

static enum sr_error expiry_check(const struct vault_tx *tx, uint64_t expiry_ms)
{
	return expiry_ms == 0 || expiry_ms > tx->block->time_ms ? SR_OK : SR_ERR_SECRET_EXPIRED;
}

/* A blob's piece i belongs on seat i. How many seats there are may have changed while it was on its
 * way: that is no reason to refuse it, and any number that decodes is good. */
static enum sr_error payload_check(const struct vault_payload *p)
{
	if (p->inlined)
		return p->inline_bytes.n <= VAULT_INLINE_BYTES_MAX ? SR_OK : SR_ERR_PAYLOAD_SIZE;
	return p->plain_bytes <= VAULT_BLOB_PLAIN_MAX && p->cipher_bytes <= VAULT_BLOB_CIPHER_MAX
	    ? SR_OK
	    : SR_ERR_PAYLOAD_SIZE;
}

static enum sr_error switch_reference(
    const struct vault_tx *tx, const struct vault_policy_node *node)
{
	struct vault_switch w;

	SR_TRY(vault_switch_load(tx->t, &w, node->number));
	/* A stage that it does not have would never be reached. */
	return node->stage <= w.settings.stages_n ? SR_OK : SR_ERR_NO_SUCH_SWITCH;
}

static enum sr_error references_check(const struct vault_tx *tx, const struct vault_policy *p)
{
	struct vault_nft nft;

	for (uint32_t i = 0; i < p->nodes_n; i++) {
		const struct vault_policy_node *node = &p->nodes[i];
		enum sr_error error = SR_OK;

		if (node->kind == VAULT_POLICY_HOLDER)
			error = vault_nft_load(tx->t, &nft, node->number);
		else if (node->kind == VAULT_POLICY_SWITCH || node->kind == VAULT_POLICY_HEIR)
			error = switch_reference(tx, node);
		if (error == SR_ERR_NO_SUCH_NFT || error == SR_ERR_NO_SUCH_SWITCH)
			return SR_ERR_POLICY_REFERENCE;
		SR_TRY(error);
	}
	return SR_OK;
}

/* The wrapped key must be made for the label of this secret under this policy. */
static enum sr_error key_fits(const struct vault_tx *tx, const struct vault_wrapped_key *key,
    const struct vault_secret *secret)
{
	struct sr_hash32 policy_hash = vault_policy_hash(secret->policy);
	struct sr_hash32 label = vault_label(&tx->block->chain_id, &secret->id, &secret->owner,
	    &policy_hash);

	return vault_key_check(key, tx->block, &label);
}

/* --- indices --- */

static enum sr_error nft_index(struct vault_tx *tx, const struct vault_secret *secret, bool add)
{
	struct vault_policy policy;
	struct vault_key key;

	if (vault_policy_decode(&policy, secret->policy) != SR_OK)
		return SR_ERR_DAMAGED;
	for (uint32_t i = 0; i < policy.nodes_n; i++) {
		if (policy.nodes[i].kind != VAULT_POLICY_HOLDER)
			continue;
		key = vault_index_nft_secret(policy.nodes[i].number, &secret->id);
		SR_TRY(add ? vault_index_put_secret(tx, &key, &secret->id)
			   : vault_tx_delete(tx, &key));
	}
	return SR_OK;
}

static enum sr_error name_claim(struct vault_tx *tx, const struct vault_secret *secret)
{
	struct vault_key key = vault_index_name(&secret->owner, secret->name);

	if (!sr_name_valid(secret->name.p, secret->name.n))
		return SR_ERR_NAME_BAD;
	if (vault_tree_get(tx->t, &key).p != NULL)
		return SR_ERR_DUPLICATE;
	return vault_index_put_secret(tx, &key, &secret->id);
}

static enum sr_error name_free(struct vault_tx *tx, const struct vault_secret *secret)
{
	struct vault_key key = vault_index_name(&secret->owner, secret->name);

	return vault_tx_delete(tx, &key);
}

static enum sr_error policy_take(struct vault_tx *tx, struct vault_secret *secret,
    struct sr_bytes bytes)
{
	struct vault_policy policy;

	SR_TRY(vault_policy_decode(&policy, bytes));
	SR_TRY(references_check(tx, &policy));
	if (secret->policy.n > 0)
		SR_TRY(nft_index(tx, secret, false));
	secret->policy = bytes;
	return nft_index(tx, secret, true);
}

/* --- versions --- */

/* The next version becomes the latest, and of all the oldest beyond VAULT_VERSIONS_KEPT goes. */
static enum sr_error version_add(struct vault_tx *tx, struct vault_secret *secret,
    struct vault_version *version)
{
	struct vault_key oldest;

	secret->version++;
	secret->updated_ms = tx->block->time_ms;
	version->id = secret->id;
	version->version = secret->version;
	version->time_ms = tx->block->time_ms;
	version->policy_hash = vault_policy_hash(secret->policy);
	SR_TRY(vault_version_store(tx, version));
	if (vault_key_is_dealt(&version->key))
		SR_TRY(vault_hold_begin(tx, &secret->id, secret->version));
	if (secret->version > VAULT_VERSIONS_KEPT) {
		oldest = vault_key_version(&secret->id, secret->version - VAULT_VERSIONS_KEPT);
		SR_TRY(vault_tx_delete(tx, &oldest));
		SR_TRY(vault_hold_end(tx, &secret->id, secret->version - VAULT_VERSIONS_KEPT));
	}
	return vault_secret_store(tx, secret);
}

/* The signer's own secret, alive, at the version the operation was made for. */
static enum sr_error secret_claim(const struct vault_tx *tx, struct vault_secret *secret,
    const struct vault_secret_id *id, uint64_t version)
{
	SR_TRY(vault_secret_load(tx->t, secret, id));
	if (!vault_account_is(&secret->owner, &tx->op->account))
		return SR_ERR_NOT_OWNER;
	if (secret->deleted)
		return SR_ERR_DELETED;
	return secret->version == version ? SR_OK : SR_ERR_SECRET_VERSION;
}

/* --- operations --- */

enum sr_error vault_secret_put(struct vault_tx *tx, const struct vault_op_secret_put *b)
{
	const struct vault_account *owner = &tx->op->account;
	struct vault_secret_id id = vault_secret_id_derive(
	    &tx->block->chain_id, owner, tx->op->nonce);
	struct vault_secret secret = { .id = id, .owner = *owner, .name = b->name,
		.created_ms = tx->block->time_ms, .expiry_ms = b->expiry_ms };
	struct vault_version version = { .key = b->key, .payload = b->payload };
	struct vault_key key = vault_index_secret(owner, &id);

	if (memcmp(b->id.b, id.b, sizeof id.b) != 0)
		return SR_ERR_SECRET_ID;
	if (b->version != 0)
		return SR_ERR_SECRET_VERSION;
	SR_TRY(expiry_check(tx, b->expiry_ms));
	SR_TRY(payload_check(&b->payload));
	SR_TRY(vault_key_holders(tx, &b->key));
	if (tx->meta.secrets >= VAULT_SECRETS_MAX)
		return SR_ERR_TOO_MANY;
	SR_TRY(name_claim(tx, &secret));
	SR_TRY(policy_take(tx, &secret, b->policy));
	SR_TRY(vault_account_gain(tx, owner, VAULT_HOLDS_SECRETS));
	SR_TRY(vault_index_put_secret(tx, &key, &id));
	tx->meta.secrets++;
	tx->meta_changed = true;
	SR_TRY(version_add(tx, &secret, &version));
	return secret_event(tx, VAULT_EVENT_STORED, &secret);
}

/* A new payload under the key of the version before would use its nonces twice. */
static enum sr_error key_is_new(const struct vault_tx *tx, const struct vault_secret *secret,
    const struct vault_wrapped_key *key, enum sr_error refusal)
{
	struct vault_version latest;

	SR_TRY(vault_version_load(tx->t, &latest, &secret->id, secret->version));
	return vault_key_same(&latest.key, key) ? refusal : SR_OK;
}

enum sr_error vault_secret_update(struct vault_tx *tx, const struct vault_op_secret_put *b)
{
	struct vault_version version = { .key = b->key, .payload = b->payload };
	struct vault_secret secret;

	SR_TRY(secret_claim(tx, &secret, &b->id, b->version));
	SR_TRY(expiry_check(tx, b->expiry_ms));
	SR_TRY(payload_check(&b->payload));
	SR_TRY(vault_key_holders(tx, &b->key));
	SR_TRY(key_is_new(tx, &secret, &b->key, SR_ERR_DUPLICATE));
	if (b->policy.n > 0)
		SR_TRY(policy_take(tx, &secret, b->policy));
	else
		SR_TRY(key_fits(tx, &b->key, &secret)); /* else checked with the operation itself */
	if (b->name.n > 0) {
		SR_TRY(name_free(tx, &secret));
		secret.name = b->name;
		SR_TRY(name_claim(tx, &secret));
	}
	secret.expiry_ms = b->expiry_ms;
	SR_TRY(version_add(tx, &secret, &version));
	return secret_event(tx, VAULT_EVENT_UPDATED, &secret);
}

/* The payload of an older version becomes the latest, its key wrapped to the label of now. */
enum sr_error vault_secret_restore(struct vault_tx *tx, const struct vault_op_secret_restore *b)
{
	struct vault_version from;
	struct vault_secret secret;

	SR_TRY(secret_claim(tx, &secret, &b->id, b->version));
	SR_TRY(vault_version_load(tx->t, &from, &b->id, b->from_version));
	SR_TRY(vault_key_holders(tx, &b->key));
	SR_TRY(key_fits(tx, &b->key, &secret));
	from.key = b->key;
	from.from_version = b->from_version;
	SR_TRY(version_add(tx, &secret, &from));
	return secret_event(tx, VAULT_EVENT_RESTORED, &secret);
}

enum sr_error vault_secret_policy(struct vault_tx *tx, const struct vault_op_secret_policy *b)
{
	struct vault_version version;
	struct vault_secret secret;

	SR_TRY(secret_claim(tx, &secret, &b->id, b->version));
	SR_TRY(vault_key_holders(tx, &b->key));
	SR_TRY(key_is_new(tx, &secret, &b->key, SR_ERR_POLICY_UNCHANGED_LABEL));
	SR_TRY(vault_version_load(tx->t, &version, &b->id, secret.version));
	SR_TRY(policy_take(tx, &secret, b->policy));
	version.key = b->key;
	version.from_version = 0;
	SR_TRY(version_add(tx, &secret, &version));
	return secret_event(tx, VAULT_EVENT_POLICY, &secret);
}

/* Its versions leave the state; the record stays, marked, so that the id means this for ever. */
enum sr_error vault_secret_delete(struct vault_tx *tx, const struct vault_op_secret_delete *b)
{
	struct vault_secret secret;
	struct vault_key key;
	uint64_t first;

	SR_TRY(secret_claim(tx, &secret, &b->id, b->version));
	SR_TRY(nft_index(tx, &secret, false));
	SR_TRY(name_free(tx, &secret));
	key = vault_index_secret(&secret.owner, &secret.id);
	SR_TRY(vault_tx_delete(tx, &key));
	first = secret.version > VAULT_VERSIONS_KEPT ? secret.version - VAULT_VERSIONS_KEPT + 1 : 1;
	for (uint64_t v = first; v <= secret.version; v++) {
		key = vault_key_version(&secret.id, v);
		SR_TRY(vault_tx_delete(tx, &key));
		SR_TRY(vault_hold_end(tx, &secret.id, v));
	}
	SR_TRY(vault_account_lose(tx, &secret.owner, VAULT_HOLDS_SECRETS));
	secret.deleted = true;
	secret.updated_ms = tx->block->time_ms;
	SR_TRY(vault_secret_store(tx, &secret));
	return secret_event(tx, VAULT_EVENT_DELETED, &secret);
}
