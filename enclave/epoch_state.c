/* enclave/epoch_state.c - the rows of epochs and rosters in the state. */
#include "enclave/epoch_state.h"

#include "vault/record.h"

#include <string.h>

struct vault_key epoch_row_key(enum epoch_row row, uint32_t index)
{
	struct vault_key key = { { VAULT_REC_EPOCH, (uint8_t)row } };

	for (size_t i = 0; i < 4; i++)
		key.b[2 + i] = (uint8_t)(index >> (24 - 8 * i));
	return key;
}

struct vault_key epoch_row_hash(enum epoch_row row, const struct sr_hash32 *hash)
{
	struct vault_key key = { { VAULT_REC_EPOCH, (uint8_t)row } };

	memcpy(key.b + 2, hash->b, 30);
	return key;
}

uint32_t epoch_row_index(const struct vault_key *key)
{
	return (uint32_t)key->b[2] << 24 | (uint32_t)key->b[3] << 16 | (uint32_t)key->b[4] << 8 |
	    key->b[5];
}

struct sr_bytes epoch_row_get(const struct vault_tree *t, enum epoch_row row, uint32_t index)
{
	struct vault_key key = epoch_row_key(row, index);

	return vault_tree_get(t, &key);
}

enum sr_error epoch_row_put(struct vault_tree **t, const struct vault_key *key,
    struct sr_writer *w)
{
	enum sr_error error = sr_writer_finish(w);

	if (error == SR_OK)
		error = vault_tree_put(t, key, w->p, w->n);
	sr_writer_clear(w);
	return error;
}

enum sr_error epoch_row_delete(struct vault_tree **t, enum epoch_row row, uint32_t index)
{
	struct vault_key key = epoch_row_key(row, index);

	return vault_tree_delete(t, &key);
}

void epoch_rows_walk(const struct vault_tree *t, enum epoch_row row,
    bool (*visit)(void *ctx, const struct vault_key *key, struct sr_bytes value), void *ctx)
{
	struct vault_key from = epoch_row_key(row, 0);

	vault_tree_walk(t, &from, 2, visit, ctx);
}

struct first { bool have; struct vault_key key; };

static bool first_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct first *first = ctx;

	(void)value;
	first->have = true;
	first->key = *key;
	return false;
}

/* A walk must not see its tree change: one walk for each row. */
enum sr_error epoch_rows_clear(struct vault_tree **t, enum epoch_row row)
{
	for (;;) {
		struct first first = { 0 };

		epoch_rows_walk(*t, row, first_visit, &first);
		if (!first.have)
			return SR_OK;
		SR_TRY(vault_tree_delete(t, &first.key));
	}
}
