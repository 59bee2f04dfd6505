#include "node/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/file.h"

#define NUMBERS 3u

void state_delta_name(char out[32], unsigned number)
{
	snprintf(out, 32, NODE_STORE_DELTA "%u", number % NUMBERS);
}

/* --- Opening --- */

static enum sr_error base_create(const char *dir)
{
	struct table *table;

	SR_TRY(table_make(&table, dir, NODE_STORE_STATE, NODE_STORE_STATE_LETTER));
	SR_TRY(table_make_end(table, 0));
	return file_move(dir, NODE_STORE_STATE ".new", NODE_STORE_STATE);
}

/* Which deltas are there, a bit each? */
static enum sr_error deltas_look(unsigned *bits, const char *dir)
{
	*bits = 0;
	for (unsigned i = 0; i < NUMBERS; i++) {
		char name[32];
		bool there;

		state_delta_name(name, i);
		SR_TRY(file_exists(&there, dir, name));
		*bits |= there ? 1u << i : 0;
	}
	return SR_OK;
}

/* The younger of two is the one that follows the other. */
static enum sr_error number_find(unsigned *number, bool *two, unsigned bits)
{
	*two = false;
	for (*number = 0; *number < NUMBERS; ++*number) {
		bool here = (bits >> *number & 1) != 0;
		bool before = (bits >> (*number + NUMBERS - 1) % NUMBERS & 1) != 0;
		bool behind = (bits >> (*number + 1) % NUMBERS & 1) != 0;

		*two = before;
		if (here && !behind)
			return SR_OK;
	}
	*number = 0;
	return bits == 0 ? SR_OK : SR_ERR_DAMAGED; /* three */
}

static enum sr_error one_open(
    struct state *self, struct delta **out, unsigned number, char *note)
{
	char name[32];

	state_delta_name(name, number);
	return delta_open(out, self->dir, name, NODE_STORE_STATE_LETTER, note);
}

static enum sr_error deltas_open(struct state *self, unsigned bits, char *note)
{
	bool two;

	SR_TRY(number_find(&self->number, &two, bits));
	if (two)
		SR_TRY(one_open(self, &self->closed, self->number + NUMBERS - 1, note));
	self->fold.wanted = two;
	return one_open(self, &self->open, self->number, note);
}

static enum sr_error parts_open(struct state *self, bool check, char *note)
{
	unsigned bits;
	bool there;

	SR_TRY(deltas_look(&bits, self->dir));
	SR_TRY(file_exists(&there, self->dir, NODE_STORE_STATE));
	if (!there && bits != 0)
		return SR_ERR_DAMAGED;
	SR_TRY(file_remove(self->dir, NODE_STORE_STATE ".new")); /* of a fold that was cut short */
	if (!there)
		SR_TRY(base_create(self->dir));
	SR_TRY(table_read(
	    &self->base, self->dir, NODE_STORE_STATE, NODE_STORE_STATE_LETTER));
	if (check)
		SR_TRY(table_check(self->base));
	return deltas_open(self, bits, note);
}

enum sr_error state_open(
    struct state *self, const char *dir, bool check, char note[TABLE_NOTE_MAX])
{
	enum sr_error err;

	memset(self, 0, sizeof *self);
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	self->fold.old[0] = self->fold.old[1] = -1;
	self->aside_from = NODE_STORE_ASIDE_BYTES;
	err = parts_open(self, check, note);
	if (err == SR_ERR_DAMAGED && note[0] == '\0')
		snprintf(note, TABLE_NOTE_MAX,
		    "%.300s/" NODE_STORE_STATE " or a delta of it is damaged; " NODE_RECOVER, dir);
	return err;
}

void state_close(struct state *self, bool leave)
{
	self->fold.hurt = self->fold.hurt || leave;
	fold_clear(self);
	delta_close(self->closed);
	delta_close(self->open);
	if (self->base != NULL)
		table_close(self->base);
	pile_clear(&self->pile);
}

/* --- Writing --- */

static uint64_t fold_from(const struct state *self)
{
	uint64_t half = table_bytes(self->base) / 2;

	if (self->fold_from != 0)
		return self->fold_from;
	return half > NODE_STORE_FOLD_BYTES ? half : NODE_STORE_FOLD_BYTES;
}

static bool has_room(const struct state *self)
{
	return file_free_bytes(self->dir) >= 2 * self->pile.bytes + NODE_STORE_SPARE_BYTES;
}

/* What was in the file already is gone: the batch can't be completed any more. */
static enum sr_error batch_failed(struct state *self, enum sr_error err, bool begun)
{
	enum sr_error undo = delta_abandon(self->open);

	self->lost = begun;
	return undo != SR_OK ? undo : err;
}

/* Not all of a large state waits in memory. */
static enum sr_error pile_aside(struct state *self)
{
	bool begun = delta_begun(self->open);
	enum sr_error err;

	if (!has_room(self))
		return SR_ERR_DISK_FULL;
	err = delta_put(self->open, &self->pile, self->aside_from / 4);
	if (err != SR_OK)
		return batch_failed(self, err, begun);
	pile_clear(&self->pile);
	return SR_OK;
}

enum sr_error state_put(struct state *self, size_t room, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t n)
{
	if (self->lost)
		return SR_ERR_DISK_FULL;
	SR_TRY(pile_add(&self->pile, room, key, key_n, value, n, NULL, 0));
	return self->pile.bytes < self->aside_from ? SR_OK : pile_aside(self);
}

static enum sr_error batch_end(struct state *self)
{
	bool begun = delta_begun(self->open);
	enum sr_error err;

	if (self->pile.rows == 0 && !begun)
		return SR_OK;
	if (!has_room(self))
		return SR_ERR_DISK_FULL;
	err = delta_put(self->open, &self->pile, self->aside_from / 4);
	if (err == SR_OK)
		err = delta_commit(self->open);
	if (err != SR_OK)
		return batch_failed(self, err, begun);
	pile_clear(&self->pile);
	return SR_OK;
}

enum sr_error state_commit(struct state *self)
{
	if (self->lost)
		return SR_ERR_DISK_FULL;
	SR_TRY(batch_end(self));
	self->fold.wanted = self->closed != NULL || delta_bytes(self->open) >= fold_from(self);
	return SR_OK;
}

enum sr_error state_abandon(struct state *self)
{
	pile_clear(&self->pile);
	self->lost = false;
	return delta_abandon(self->open);
}

/* --- Reading --- */

uint64_t state_rows(const struct state *self)
{
	const struct index *open = &self->open->index;
	uint64_t rows = table_rows(self->base) + open->rows - open->removed;

	if (self->closed != NULL)
		rows += self->closed->index.rows - self->closed->index.removed;
	return rows;
}

/* A row and where it stands; delta NULL: in the base. */
struct found { const struct index_row *row; struct delta *delta; };

/* The first of the deltas' rows behind this key; of two with the same name the open delta's. */
static struct found deltas_after(
    const struct state *self, const uint8_t *after, size_t after_n)
{
	struct found a = { index_after(&self->open->index, after, after_n), self->open }, b;

	if (self->closed == NULL)
		return a;
	b = (struct found){ index_after(&self->closed->index, after, after_n), self->closed };
	if (b.row == NULL || (a.row != NULL && index_compare(a.row->key, a.row->key_n, b.row->key,
	    b.row->key_n) <= 0))
		return a;
	return b;
}

static enum sr_error row_give(struct node_store_cursor *at, uint8_t **value, size_t *n,
    const struct sr_bytes *key, const struct sr_bytes *found)
{
	uint8_t *key_copy = malloc(key->n), *copy = malloc(found->n + 1);

	if (key_copy == NULL || copy == NULL) {
		free(key_copy);
		free(copy);
		return SR_ERR_NO_MEMORY;
	}
	memcpy(key_copy, key->p, key->n);
	memcpy(copy, found->p, found->n);
	free(at->key);
	at->key = key_copy;
	at->key_n = key->n;
	*value = copy;
	*n = found->n;
	return SR_OK;
}

static enum sr_error delta_give(struct node_store_cursor *at, uint8_t **value, size_t *n,
    const struct found *found)
{
	struct sr_bytes key = { found->row->key, found->row->key_n }, bytes;
	uint8_t *owned;
	enum sr_error err;

	SR_TRY(delta_read(found->delta, &owned, &bytes, found->row));
	err = row_give(at, value, n, &key, &bytes);
	free(owned);
	return err;
}

/* The lowest key behind the one that was last, wherever it stands; what is removed is passed. */
static enum sr_error next_give(struct state *self, struct node_store_cursor *at, uint8_t **value,
    size_t *n, struct table_cursor *base)
{
	const uint8_t *after = at->key;
	size_t after_n = at->key_n;
	enum sr_error err = table_seek(base, self->base, after, after_n);

	while (err == SR_OK || err == SR_ERR_NOT_FOUND) {
		struct found d = deltas_after(self, after, after_n);
		int order = err != SR_OK ? 1 : d.row == NULL ? -1
			: index_compare(base->key.p, base->key.n, d.row->key, d.row->key_n);

		if (order < 0)
			return row_give(at, value, n, &base->key, &base->value);
		if (d.row == NULL)
			return SR_ERR_NOT_FOUND;
		if (!d.row->removed)
			return delta_give(at, value, n, &d);
		after = d.row->key;
		after_n = d.row->key_n;
		if (order == 0)
			err = table_next(base);
	}
	return err;
}

enum sr_error state_next(struct state *self, struct node_store_cursor *at, uint8_t **value,
    size_t *n)
{
	struct table_cursor base;
	enum sr_error err = next_give(self, at, value, n, &base);

	table_cursor_close(&base);
	return err;
}

static enum sr_error row_get(struct state *self, const uint8_t *key, size_t key_n, uint8_t **row,
    struct sr_bytes *value)
{
	struct found f = { index_find(&self->open->index, key, key_n), self->open };

	if (f.row == NULL && self->closed != NULL)
		f = (struct found){ index_find(&self->closed->index, key, key_n), self->closed };
	if (f.row == NULL)
		return table_get(self->base, row, value, key, key_n);
	return f.row->removed ? SR_ERR_NOT_FOUND : delta_read(f.delta, row, value, f.row);
}

enum sr_error state_get(struct state *self, const uint8_t *key, size_t key_n, uint8_t **value,
    size_t *n)
{
	struct sr_bytes found = { NULL, 0 };
	uint8_t *row = NULL;
	enum sr_error err;

	*value = NULL;
	if (key_n == 0 || key_n > ROW_KEY_MAX)
		return SR_ERR_NOT_FOUND;
	err = row_get(self, key, key_n, &row, &found);
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
