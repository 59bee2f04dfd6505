#include "vault/internal.h"

/* A nonce is used once and in order, so an account's operations are applied in the order it signed
 * them. */
enum sr_error vault_account_admits(const struct vault_tree *t, const struct vault_op *op,
    const struct vault_key *key)
{
	struct vault_account_record record;
	struct vault_aux aux;
	bool known;

	SR_TRY(vault_account_load(t, &record, &known, &op->account, key));
	if (op->nonce < record.nonce)
		return SR_ERR_NONCE_REPLAYED;
	if (op->nonce > record.nonce)
		return SR_ERR_NONCE_AHEAD;
	if (known)
		return SR_OK;
	SR_TRY(vault_aux_load(t, &aux));
	return aux.accounts < VAULT_ACCOUNTS_MAX ? SR_OK : SR_ERR_ACCOUNTS_FULL;
}

/* Record and, when it is a new account's, the count of accounts. */
static enum sr_error account_store(struct vault_tx *tx, const struct vault_key *key,
    const struct vault_account_record *record, bool known)
{
	struct vault_aux aux;

	if (!known) {
		SR_TRY(vault_aux_load(tx->t, &aux));
		if (aux.accounts >= VAULT_ACCOUNTS_MAX)
			return SR_ERR_TOO_MANY;
		aux.accounts++;
		SR_TRY(vault_aux_store(tx, &aux));
	}
	sr_writer_reset(&tx->w);
	vault_account_record_write(&tx->w, record);
	if (tx->w.error != SR_OK)
		return tx->w.error == SR_ERR_NO_MEMORY ? SR_ERR_NO_MEMORY : SR_ERR_INTERNAL;
	return vault_tx_put(tx, key, tx->w.p, tx->w.n);
}

enum sr_error vault_account_use_nonce(struct vault_tx *tx)
{
	struct vault_account_record record;
	bool known;

	SR_TRY(vault_account_load(tx->t, &record, &known, &tx->op->account, &tx->account_key));
	record.nonce++;
	return account_store(tx, &tx->account_key, &record, known);
}

static uint64_t *holding(struct vault_account_record *record, enum vault_holding what,
    uint64_t *most)
{
	switch (what) {
	case VAULT_HOLDS_NFTS:
		*most = VAULT_ACCOUNT_NFTS_MAX;
		return &record->nfts;
	case VAULT_HOLDS_SECRETS:
		*most = VAULT_ACCOUNT_SECRETS_MAX;
		return &record->secrets;
	case VAULT_HOLDS_SWITCHES:
		break;
	}
	*most = VAULT_ACCOUNT_SWITCHES_MAX;
	return &record->switches;
}

enum sr_error vault_account_gain(struct vault_tx *tx, const struct vault_account *a,
    enum vault_holding what)
{
	struct vault_key key = vault_key_account(a);
	struct vault_account_record record;
	uint64_t *count, most;
	bool known;

	SR_TRY(vault_account_load(tx->t, &record, &known, a, &key));
	count = holding(&record, what, &most);
	if (*count >= most)
		return SR_ERR_ACCOUNT_LIMIT;
	++*count;
	return account_store(tx, &key, &record, known);
}

enum sr_error vault_account_lose(struct vault_tx *tx, const struct vault_account *a,
    enum vault_holding what)
{
	struct vault_key key = vault_key_account(a);
	struct vault_account_record record;
	uint64_t *count, most;
	bool known;

	SR_TRY(vault_account_load(tx->t, &record, &known, a, &key));
	count = holding(&record, what, &most);
	if (*count == 0)
		return SR_ERR_INTERNAL;
	--*count;
	return account_store(tx, &key, &record, known);
}
