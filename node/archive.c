#include "node/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/file.h"
#include "node/store.h"

#define ARCHIVE "archive.tcb"
#define LETTER 'a'

static void height_key(uint8_t out[8], uint64_t height)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(height >> 8 * (7 - i));
}

static uint64_t key_height(const uint8_t *key)
{
	uint64_t height = 0;

	for (int i = 0; i < 8; i++)
		height = height << 8 | key[i];
	return height;
}
/* --- Opening --- */

/* What is older was synced long ago, and is checked when it is read. */
static enum sr_error newest_check(struct archive *self)
{
	SR_TRY(table_begin(self->table));
	SR_TRY(table_check(self->table, NODE_STORE_CHECK_ROWS, true, &self->damaged));
	return table_end(self->table);
}

static enum sr_error aside(struct archive *self, char *note)
{
	/* First its own log and the copy of it: they would be played into the new one. */
	SR_TRY(table_forget(self->dir, ARCHIVE));
	SR_TRY(file_move(self->dir, ARCHIVE, "archive.damaged"));
	snprintf(note, TABLE_NOTE_MAX,
	    "the archive in %.300s was damaged and moved to archive.damaged; old blocks come from "
	    "the peers "
	    "from now on",
	    self->dir);
	return table_open(&self->table, self->dir, ARCHIVE, LETTER, &self->damaged, note);
}

static enum sr_error ends_look(struct archive *self)
{
	uint8_t first[8], last[8];
	enum sr_error err = table_edge(self->table, false, first, sizeof first);

	if (err == SR_OK)
		err = table_edge(self->table, true, last, sizeof last);
	if (err != SR_OK)
		return err == SR_ERR_NOT_FOUND ? SR_OK : err;
	self->first = key_height(first);
	self->last = key_height(last);
	return SR_OK;
}

static enum sr_error open_and_check(struct archive *self, bool check, char *note)
{
	enum sr_error err =
	    table_open(&self->table, self->dir, ARCHIVE, LETTER, &self->damaged, note);

	if (err == SR_ERR_DAMAGED)
		return aside(self, note);
	if (err == SR_OK && check)
		err = newest_check(self);
	if (err != SR_ERR_DAMAGED)
		return err;
	table_abort(self->table);
	(void)table_close(self->table, false);
	self->table = NULL;
	return aside(self, note);
}

enum sr_error archive_open(struct archive *self, const char *dir, uint64_t blocks_max, bool check,
    char note[TABLE_NOTE_MAX])
{
	memset(self, 0, sizeof *self);
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	self->blocks_max = blocks_max;
	SR_TRY(open_and_check(self, check, note));
	return ends_look(self);
}

bool archive_close(struct archive *self, bool leave)
{
	bool clean = self->pile.rows == 0 && self->table != NULL;

	if (self->table != NULL)
		clean = table_close(self->table, leave) && clean;
	pile_clear(&self->pile);
	return clean;
}

/* --- Writing --- */

/* Drops the oldest blocks beyond blocks_max. */
static enum sr_error trim(struct archive *self)
{
	while (table_rows(self->table) > self->blocks_max)
		SR_TRY(table_remove_first(self->table));
	return SR_OK;
}

enum sr_error archive_commit(struct archive *self)
{
	if (self->pile.rows == 0)
		return SR_OK;
	if (file_free_bytes(self->dir) < 3 * self->pile.bytes + NODE_STORE_SPARE_BYTES)
		return SR_ERR_DISK_FULL;
	SR_TRY(table_begin(self->table));
	for (const struct waiting *row = self->pile.first; row != NULL; row = row->next)
		SR_TRY(table_put(
		    self->table, row->bytes, row->key_n, row->bytes + row->key_n, row->n));
	SR_TRY(trim(self));
	SR_TRY(table_end(self->table));
	pile_clear(&self->pile);
	return ends_look(self);
}

enum sr_error archive_put(struct archive *self, size_t room, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n)
{
	uint8_t key[8];
	enum sr_error err;

	height_key(key, height);
	SR_TRY(pile_add(
	    &self->pile, room, key, sizeof key, block->b, sizeof block->b, row, n));
	if (self->pile.rows < NODE_STORE_ARCHIVE_BATCH)
		return SR_OK;
	err = archive_commit(self);
	return err == SR_ERR_DISK_FULL ? SR_OK : err;
}

/* --- Reading --- */

/* A row as the enclave gave it. owned: to be freed. */
static enum sr_error row_get(struct archive *self, uint64_t height, uint8_t **owned,
    struct sr_bytes *row)
{
	uint8_t key[8];
	enum sr_error err;

	*owned = NULL;
	height_key(key, height);
	for (const struct waiting *w = self->pile.first; w != NULL; w = w->next)
		if (memcmp(w->bytes, key, sizeof key) == 0) {
			*row = (struct sr_bytes){ w->bytes + sizeof key + 32, w->n - 32 };
			return SR_OK;
		}
	err = table_get(self->table, owned, row, key, sizeof key);
	if (err == SR_OK && row->n < 32)
		err = SR_ERR_DAMAGED;
	self->damaged += err == SR_ERR_DAMAGED;
	SR_TRY(err);
	row->p += 32;
	row->n -= 32;
	return SR_OK;
}

enum sr_error archive_read(
    struct archive *self, uint64_t height, size_t max_bytes, struct sr_writer *out)
{
	size_t count_at = out->n, bytes = 0;
	uint32_t count = 0;

	sr_write_u32(out, 0);
	for (;; height++) {
		uint8_t *owned;
		struct sr_bytes row;
		bool last = row_get(self, height, &owned, &row) != SR_OK ||
			    (count > 0 && bytes + row.n > max_bytes);

		if (!last) {
			sr_write_blob(out, row.p, row.n);
			bytes += row.n;
			count++;
		}
		free(owned);
		if (last || out->error != SR_OK || height == UINT64_MAX)
			break;
	}
	if (out->error == SR_OK)
		for (int i = 0; i < 4; i++)
			out->p[count_at + (size_t)i] = (uint8_t)(count >> 8 * i);
	return out->error;
}

