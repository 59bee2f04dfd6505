#include "vault/internal.h"

#include <stdlib.h>
#include <string.h>

#define DEADLINE_ID_IN_KEY 21u

/* d | clock | due, big-endian | kind | id: a walk over d | clock meets what is due first. */
static struct vault_key deadline_key(const struct vault_deadline *d)
{
	struct vault_key key = { { 0 } };

	key.b[0] = VAULT_REC_DEADLINE;
	key.b[1] = (uint8_t)d->clock;
	vault_put_be64(key.b + 2, d->due_ms);
	key.b[10] = (uint8_t)d->kind;
	memcpy(key.b + 11, d->id + sizeof d->id - DEADLINE_ID_IN_KEY, DEADLINE_ID_IN_KEY);
	return key;
}

enum sr_error vault_deadline_add(struct vault_tx *tx, const struct vault_deadline *d)
{
	struct vault_key key = deadline_key(d);

	return vault_tx_put(tx, &key, d->id, sizeof d->id);
}

enum sr_error vault_deadline_drop(struct vault_tx *tx, const struct vault_deadline *d)
{
	struct vault_key key = deadline_key(d);

	return vault_tx_delete(tx, &key);
}

/* --- what is due --- */

struct due_list {
	uint64_t now_ms;
	size_t n, most;
	struct vault_deadline list[VAULT_DEADLINES_PER_BLOCK];
};

static bool due_collect(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct due_list *due = ctx;
	struct vault_deadline *d;

	if (due->n == due->most || vault_get_be64(key->b + 2) > due->now_ms)
		return false;
	d = &due->list[due->n++];
	d->clock = (enum vault_clock)key->b[1];
	d->due_ms = vault_get_be64(key->b + 2);
	d->kind = (enum vault_deadline_kind)key->b[10];
	memset(d->id, 0, sizeof d->id);
	if (value.n == sizeof d->id)
		memcpy(d->id, value.p, sizeof d->id);
	return true;
}

static enum sr_error deadline_run(struct vault_tx *tx, const struct vault_aux *aux,
    const struct vault_deadline *d)
{
	struct sr_hash32 hash;
	struct vault_key key;

	SR_TRY(vault_deadline_drop(tx, d));
	memcpy(hash.b, d->id, sizeof hash.b);
	memcpy(key.b, d->id, sizeof key.b);
	switch (d->kind) {
	case VAULT_DEADLINE_SWITCH:
		return vault_switch_due(tx, aux, vault_get_be64(d->id + 24));
	case VAULT_DEADLINE_RECEIPT:
		key = vault_key_hash(VAULT_REC_RECEIPT, &hash);
		return vault_tx_delete(tx, &key);
	case VAULT_DEADLINE_TICKET:
		key = vault_key_hash(VAULT_REC_TICKET, &hash);
		return vault_tx_delete(tx, &key);
	case VAULT_DEADLINE_EVENT:
		return vault_tx_delete(tx, &key);
	case VAULT_DEADLINE_ATTEST:
		return vault_attest_due(tx, &hash);
	}
	return SR_ERR_DAMAGED;
}

static enum sr_error deadlines_run(struct vault_tx *tx, const struct vault_aux *aux,
    struct due_list *due, enum vault_clock clock, uint64_t now_ms)
{
	struct vault_key from = { { VAULT_REC_DEADLINE, (uint8_t)clock } };
	size_t first = due->n;

	due->now_ms = now_ms;
	vault_tree_walk(tx->t, &from, 2, due_collect, due);
	for (size_t i = first; i < due->n; i++)
		SR_TRY(deadline_run(tx, aux, &due->list[i]));
	return SR_OK;
}

/* --- the uptime clock (the rule stands in vault.h) --- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t vault_amnesty_until(const struct vault_aux *aux, uint64_t interval_ms)
{
	return least(aux->hold_until_uptime_ms,
	    vault_add_capped(aux->outage_uptime_ms, interval_ms / 10));
}

static enum sr_error clock_advance(struct vault_tx *tx, struct vault_aux *aux)
{
	const struct vault_block *block = tx->block;
	struct vault_aux before = *aux;
	uint64_t dt_ms = block->time_ms - tx->meta.time_ms, back_ms;

	if (block->ingress_ok)
		tx->meta.uptime_ms = vault_add_capped(tx->meta.uptime_ms,
		    least(dt_ms, VAULT_UPTIME_STEP_MAX_MS));
	if (block->ingress_ok && dt_ms <= VAULT_UPTIME_STEP_MAX_MS)
		aux->stalled_ms = 0;
	else
		aux->stalled_ms = vault_add_capped(aux->stalled_ms, dt_ms);
	if (aux->stalled_ms > VAULT_UPTIME_STEP_MAX_MS) {
		back_ms = most(aux->stalled_ms, VAULT_AMNESTY_MIN_MS);
		back_ms = vault_add_capped(tx->meta.uptime_ms, back_ms);
		aux->outage_uptime_ms = tx->meta.uptime_ms;
		aux->hold_until_uptime_ms = most(aux->hold_until_uptime_ms, back_ms);
	}
	tx->meta.time_ms = block->time_ms;
	tx->meta.height = block->height;
	tx->meta_changed = true;
	return memcmp(&before, aux, sizeof before) == 0 ? SR_OK : vault_aux_store(tx, aux);
}

static enum sr_error block_begin(struct vault_tx *tx)
{
	struct due_list *due;
	struct vault_aux aux;
	enum sr_error error;

	memset(&aux, 0, sizeof aux);
	SR_TRY(vault_aux_load(tx->t, &aux));
	SR_TRY(clock_advance(tx, &aux));
	due = malloc(sizeof *due);
	if (due == NULL)
		return SR_ERR_NO_MEMORY;
	due->n = 0;
	due->most = VAULT_DEADLINES_PER_BLOCK;
	/* Switches first: their lateness is seen by people, a receipt's is not. Without ingress
	 * none moves. */
	error = tx->block->ingress_ok ?
	    deadlines_run(tx, &aux, due, VAULT_CLOCK_UPTIME, tx->meta.uptime_ms) : SR_OK;
	if (error == SR_OK)
		error = deadlines_run(tx, &aux, due, VAULT_CLOCK_WALL, tx->meta.time_ms);
	free(due);
	return error;
}

enum sr_error vault_begin_block(struct vault_tree **t, const struct vault_block *block)
{
	struct vault_tx tx;
	enum sr_error error;

	SR_TRY(vault_tx_begin(&tx, *t, block));
	if (block->time_ms <= tx.meta.time_ms) {
		vault_tx_end(&tx);
		return SR_ERR_BAD_TIME;
	}
	error = block_begin(&tx);
	if (error == SR_OK)
		return vault_tx_commit(&tx, t);
	vault_tx_end(&tx);
	return error;
}
