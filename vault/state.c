#include "vault/internal.h"

#include <string.h>

#define AUX_VERSION 1u

bool vault_is_breakage(enum sr_error error)
{
	return error == SR_ERR_INTERNAL || error == SR_ERR_NO_MEMORY || error == SR_ERR_DAMAGED;
}

void vault_put_be64(uint8_t out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

uint64_t vault_get_be64(const uint8_t in[8])
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | in[i];
	return v;
}

uint64_t vault_add_capped(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

bool vault_account_is(const struct vault_account *a, const struct vault_account *who)
{
	return who->kind != VAULT_ACCOUNT_NONE && vault_account_equal(a, who);
}

/* --- a change --- */

enum sr_error vault_tx_begin(struct vault_tx *tx, struct vault_tree *t,
    const struct vault_block *block)
{
	memset(tx, 0, sizeof *tx);
	tx->block = block;
	SR_TRY(vault_meta_load(t, &tx->meta));
	sr_writer_init(&tx->w, VAULT_VALUE_MAX);
	tx->t = vault_tree_draft(t);
	return tx->t != NULL ? SR_OK : SR_ERR_NO_MEMORY;
}

void vault_tx_end(struct vault_tx *tx)
{
	vault_tree_unref(tx->t);
	tx->t = NULL;
	sr_writer_clear(&tx->w);
}

enum sr_error vault_tx_commit(struct vault_tx *tx, struct vault_tree **t)
{
	enum sr_error error = tx->meta_changed ? vault_meta_store(tx) : SR_OK;

	if (error == SR_OK) {
		error = vault_tree_settle(t, tx->t);
		tx->t = NULL;
	}
	vault_tx_end(tx);
	return error;
}

/* Writing a record fails only for want of memory, or because we made a record that can't be. */
static enum sr_error breakage(enum sr_error error)
{
	return error == SR_OK || error == SR_ERR_NO_MEMORY ? error : SR_ERR_INTERNAL;
}

enum sr_error vault_tx_put(struct vault_tx *tx, const struct vault_key *key, const uint8_t *value,
    size_t n)
{
	return breakage(vault_tree_put(&tx->t, key, value, n));
}

enum sr_error vault_tx_delete(struct vault_tx *tx, const struct vault_key *key)
{
	if (vault_tree_get(tx->t, key).p == NULL)
		return SR_OK;
	return breakage(vault_tree_delete(&tx->t, key));
}

/* --- records --- */

/* The reader over a record's bytes; absent: the refusal. */
static enum sr_error record_open(struct sr_reader *r, const struct vault_tree *t,
    const struct vault_key *key, enum sr_error absent)
{
	struct sr_bytes value = vault_tree_get(t, key);

	if (value.p == NULL)
		return absent;
	sr_reader_init(r, value.p, value.n);
	return SR_OK;
}

static enum sr_error record_close(const struct sr_reader *r)
{
	return sr_reader_finish(r) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}

static enum sr_error record_put(struct vault_tx *tx, struct vault_key key)
{
	if (tx->w.error != SR_OK) {
		enum sr_error error = tx->w.error;

		sr_writer_reset(&tx->w);
		return breakage(error);
	}
	return vault_tx_put(tx, &key, tx->w.p, tx->w.n);
}

#define LOAD(name, type, params, keyed, absent)                                                    \
	enum sr_error vault_##name##_load params                                                   \
	{                                                                                          \
		struct vault_key key = keyed;                                                      \
		struct sr_reader r;                                                                \
		SR_TRY(record_open(&r, t, &key, absent));                                          \
		vault_##name##_read(v, &r);                                                        \
		return record_close(&r);                                                           \
	}
#define STORE(name, type, keyed)                                                                   \
	enum sr_error vault_##name##_store(struct vault_tx *tx, const struct type *v)              \
	{                                                                                          \
		sr_writer_reset(&tx->w);                                                           \
		vault_##name##_write(&tx->w, v);                                                   \
		return record_put(tx, keyed);                                                      \
	}

LOAD(meta, vault_meta, (const struct vault_tree *t, struct vault_meta *v), vault_key_meta(),
    SR_ERR_DAMAGED)
LOAD(collection, vault_collection,
    (const struct vault_tree *t, struct vault_collection *v, uint64_t id),
    vault_key_number(VAULT_REC_COLLECTION, id), SR_ERR_NOT_FOUND)
LOAD(nft, vault_nft, (const struct vault_tree *t, struct vault_nft *v, uint64_t id),
    vault_key_number(VAULT_REC_NFT, id), SR_ERR_NO_SUCH_NFT)
LOAD(secret, vault_secret,
    (const struct vault_tree *t, struct vault_secret *v, const struct vault_secret_id *id),
    vault_key_secret(id), SR_ERR_NO_SUCH_SECRET)
LOAD(version, vault_version,
    (const struct vault_tree *t, struct vault_version *v, const struct vault_secret_id *id,
    uint64_t version), vault_key_version(id, version), SR_ERR_NO_SUCH_VERSION)
LOAD(ticket, vault_ticket,
    (const struct vault_tree *t, struct vault_ticket *v, const struct sr_hash32 *id),
    vault_key_hash(VAULT_REC_TICKET, id), SR_ERR_NO_SUCH_TICKET)
LOAD(switch, vault_switch, (const struct vault_tree *t, struct vault_switch *v, uint64_t id),
    vault_key_number(VAULT_REC_SWITCH, id), SR_ERR_NO_SUCH_SWITCH)

LOAD(pending, vault_pending,
    (const struct vault_tree *t, struct vault_pending *v, const struct sr_hash32 *id),
    vault_key_hash(VAULT_REC_PENDING, id), SR_ERR_NOT_FOUND)
LOAD(attestation, vault_attestation,
    (const struct vault_tree *t, struct vault_attestation *v, const struct sr_hash32 *id),
    vault_key_hash(VAULT_REC_ATTESTATION, id), SR_ERR_NOT_ATTESTED)

STORE(collection, vault_collection, vault_key_number(VAULT_REC_COLLECTION, v->id))
STORE(nft, vault_nft, vault_key_number(VAULT_REC_NFT, v->id))
STORE(secret, vault_secret, vault_key_secret(&v->id))
STORE(version, vault_version, vault_key_version(&v->id, v->version))
STORE(ticket, vault_ticket, vault_key_hash(VAULT_REC_TICKET, &v->id))
STORE(switch, vault_switch, vault_key_number(VAULT_REC_SWITCH, v->id))
STORE(receipt, vault_receipt, vault_key_hash(VAULT_REC_RECEIPT, &v->op))
STORE(pending, vault_pending, vault_key_hash(VAULT_REC_PENDING, &v->id))
STORE(attestation, vault_attestation, vault_key_hash(VAULT_REC_ATTESTATION, &v->id))

enum sr_error vault_meta_store(struct vault_tx *tx)
{
	sr_writer_reset(&tx->w);
	vault_meta_write(&tx->w, &tx->meta);
	tx->meta_changed = false;
	return record_put(tx, vault_key_meta());
}

enum sr_error vault_event_store(struct vault_tx *tx, const struct vault_key *key,
    const struct vault_event *v)
{
	sr_writer_reset(&tx->w);
	vault_event_write(&tx->w, v);
	return record_put(tx, *key);
}

enum sr_error vault_account_load(const struct vault_tree *t, struct vault_account_record *v,
    bool *known, const struct vault_account *a, const struct vault_key *key)
{
	struct sr_reader r;

	memset(v, 0, sizeof *v);
	v->account = *a;
	*known = record_open(&r, t, key, SR_ERR_NOT_FOUND) == SR_OK;
	if (!*known)
		return SR_OK;
	vault_account_record_read(v, &r);
	return record_close(&r);
}

static struct vault_key aux_key(void)
{
	struct vault_key key = vault_key_meta();

	key.b[1] = 1;
	return key;
}

enum sr_error vault_aux_load(const struct vault_tree *t, struct vault_aux *v)
{
	struct vault_key key = aux_key();
	struct sr_reader r;

	SR_TRY(record_open(&r, t, &key, SR_ERR_DAMAGED));
	if (sr_read_u8(&r) != AUX_VERSION)
		return SR_ERR_DAMAGED;
	v->accounts = sr_read_u64(&r);
	v->stalled_ms = sr_read_u64(&r);
	v->outage_uptime_ms = sr_read_u64(&r);
	v->hold_until_uptime_ms = sr_read_u64(&r);
	return record_close(&r);
}

enum sr_error vault_aux_store(struct vault_tx *tx, const struct vault_aux *v)
{
	sr_writer_reset(&tx->w);
	sr_write_u8(&tx->w, AUX_VERSION);
	sr_write_u64(&tx->w, v->accounts);
	sr_write_u64(&tx->w, v->stalled_ms);
	sr_write_u64(&tx->w, v->outage_uptime_ms);
	sr_write_u64(&tx->w, v->hold_until_uptime_ms);
	return record_put(tx, aux_key());
}

enum sr_error vault_vote_store(struct vault_tx *tx, const struct vault_key *key,
    const struct vault_vote *v)
{
	sr_writer_reset(&tx->w);
	vault_vote_write(&tx->w, v);
	return record_put(tx, *key);
}

static struct vault_key attest_counts_key(void)
{
	struct vault_key key = vault_key_meta();

	key.b[1] = 2;
	return key;
}

enum sr_error vault_attest_counts_load(const struct vault_tree *t, struct vault_attest_counts *v)
{
	struct vault_key key = attest_counts_key();
	struct sr_reader r;

	memset(v, 0, sizeof *v);
	if (record_open(&r, t, &key, SR_ERR_NOT_FOUND) != SR_OK)
		return SR_OK;
	if (sr_read_u8(&r) != AUX_VERSION)
		return SR_ERR_DAMAGED;
	v->submitted = sr_read_u64(&r);
	v->pending = sr_read_u64(&r);
	v->attestations = sr_read_u64(&r);
	return record_close(&r);
}

enum sr_error vault_attest_counts_store(struct vault_tx *tx, const struct vault_attest_counts *v)
{
	sr_writer_reset(&tx->w);
	sr_write_u8(&tx->w, AUX_VERSION);
	sr_write_u64(&tx->w, v->submitted);
	sr_write_u64(&tx->w, v->pending);
	sr_write_u64(&tx->w, v->attestations);
	return record_put(tx, attest_counts_key());
}
