#include "node/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/file.h"
#include "node/store.h"

#define LETTER 's'

static enum sr_error damaged_say(const char *dir, char *note)
{
	snprintf(note, NODE_STORE_NOTE_MAX,
	    "%.300s/" NODE_STORE_STATE " is damaged; " NODE_RECOVER, dir);
	return SR_ERR_DAMAGED;
}

enum sr_error state_open(
    struct state *self, const char *dir, bool check, char note[TABLE_NOTE_MAX])
{
	enum sr_error err;
	uint64_t damaged = 0;

	memset(self, 0, sizeof *self);
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	err = table_open(&self->table, dir, NODE_STORE_STATE, LETTER, &damaged, note);
	if (err == SR_OK && check)
		err = table_check(self->table, UINT64_MAX, false, &damaged);
	return err == SR_ERR_DAMAGED ? damaged_say(dir, note) : err;
}

bool state_close(struct state *self, bool leave)
{
	bool clean = self->table != NULL && table_close(self->table, leave);

	pile_clear(&self->pile);
	return clean;
}

enum sr_error state_commit(struct state *self)
{
	if (self->pile.rows == 0)
		return SR_OK;
	if (file_free_bytes(self->dir) < 3 * self->pile.bytes + NODE_STORE_SPARE_BYTES)
		return SR_ERR_DISK_FULL;
	/* Names are blinded, so rows come in no order: sorted, each of the table's pages is read
	 * and written once, however large the table is. */
	pile_sort(&self->pile);
	SR_TRY(table_begin(self->table));
	for (const struct waiting *row = self->pile.first; row != NULL; row = row->next)
		SR_TRY(table_put(
		    self->table, row->bytes, row->key_n, row->bytes + row->key_n, row->n));
	SR_TRY(table_end(self->table));
	pile_clear(&self->pile);
	return SR_OK;
}

static enum sr_error row_copy(struct node_store_cursor *at, uint8_t **value, size_t *n,
    const uint8_t *key, size_t key_n, const struct sr_bytes *found)
{
	uint8_t *key_copy = malloc(key_n), *copy = malloc(found->n + 1);

	if (key_copy == NULL || copy == NULL) {
		free(key_copy);
		free(copy);
		return SR_ERR_NO_MEMORY;
	}
	memcpy(key_copy, key, key_n);
	memcpy(copy, found->p, found->n);
	free(at->key);
	at->key = key_copy;
	at->key_n = key_n;
	*value = copy;
	*n = found->n;
	return SR_OK;
}
enum sr_error state_next(struct state *self, struct node_store_cursor *at, uint8_t **value,
    size_t *n)
{
	struct table_cursor cursor;
	enum sr_error err;

	err = table_seek(&cursor, self->table, at->started ? at->key : NULL, at->key_n);
	at->started = true;
	if (err == SR_OK)
		err = row_copy(at, value, n, cursor.key.p, cursor.key.n, &cursor.value);
	table_cursor_close(&cursor);
	return err;
}

enum sr_error state_get(struct state *self, const uint8_t *key, size_t key_n, uint8_t **value,
    size_t *n)
{
	struct sr_bytes found;
	uint8_t *row;
	enum sr_error err;

	*value = NULL;
	if (key_n == 0 || key_n > ROW_KEY_MAX)
		return SR_ERR_NOT_FOUND;
	err = table_get(self->table, &row, &found, key, key_n);
	self->damaged += err == SR_ERR_DAMAGED;
	if (err != SR_OK) {
		free(row);
		return err;
	}
	memmove(row, found.p, found.n);
	*value = row;
	*n = found.n;
	return SR_OK;
}
