#include "node/delta.h"

#include <stdlib.h>
#include <string.h>

/* Of a row of the open batch. */
struct place {
	struct place *next;
	uint64_t at;
	size_t key_n, n;
	bool removed;
	uint8_t key[];
};

static const struct node_log_kind kind = { "SRDELTA1", "", true, false };
static const struct node_log_kind lossy = { "SRDELTA1", "", true, true };

/* --- Opening --- */

/* The key as the row has it, for row_read to check. */
static enum sr_error row_key(struct sr_bytes *key, const uint8_t *row, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, row, n);
	(void)sr_read_u8(&r);
	(void)sr_read_u32(&r);
	*key = sr_read_blob(&r, ROW_KEY_MAX);
	return r.error == SR_OK && key->n > 0 ? SR_OK : SR_ERR_DAMAGED;
}

static enum sr_error row_load(struct delta *self, const uint8_t *row, size_t n, uint64_t at)
{
	struct sr_bytes key, value;

	SR_TRY(row_key(&key, row, n));
	SR_TRY(row_read(&value, self->letter, key.p, key.n, row, n));
	SR_TRY(index_room(&self->index, 1, key.n));
	index_put(&self->index, key.p, key.n, at, (uint32_t)n, value.n == 0);
	return SR_OK;
}

static enum sr_error rows_load(struct delta *self)
{
	uint64_t position = 0;
	enum sr_error err;
	uint8_t *bytes;
	size_t n;

	while ((err = node_log_next(&self->log, &position, &bytes, &n)) == SR_OK) {
		err = row_load(self, bytes, n, position - n);
		free(bytes);
		SR_TRY(err);
	}
	return err == SR_ERR_NOT_FOUND ? SR_OK : err;
}

static enum sr_error open_as(struct delta **out, const char *dir, const char *name, char letter,
    const struct node_log_kind *as, char *note)
{
	/* Whose it is VERSION says. */
	static const struct sr_hash32 nobody;
	struct delta *self = calloc(1, sizeof *self);
	enum sr_error err;

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->letter = letter;
	err = node_log_open_as(&self->log, dir, name, as, &nobody, 0, note);
	if (err != SR_OK) {
		free(self);
		return err;
	}
	err = index_init(&self->index);
	if (err == SR_OK)
		err = rows_load(self);
	if (err != SR_OK) {
		delta_close(self);
		return err;
	}
	*out = self;
	return SR_OK;
}

enum sr_error delta_open(struct delta **out, const char *dir, const char *name, char letter,
    char note[NODE_LOG_NOTE_MAX])
{
	return open_as(out, dir, name, letter, &kind, note);
}

enum sr_error delta_open_lossy(struct delta **out, const char *dir, const char *name, char letter,
    char note[NODE_LOG_NOTE_MAX])
{
	return open_as(out, dir, name, letter, &lossy, note);
}

static void places_clear(struct delta *self)
{
	while (self->first != NULL) {
		struct place *place = self->first;

		self->first = place->next;
		free(place);
	}
	self->last = NULL;
	self->open_rows = self->open_key_bytes = 0;
}

void delta_close(struct delta *self)
{
	if (self == NULL)
		return;
	places_clear(self);
	node_log_close(&self->log);
	index_clear(&self->index);
	free(self);
}

/* --- Writing --- */

static size_t record_bytes(const struct waiting *row)
{
	return ROW_OVERHEAD + row->key_n + row->n;
}

static enum sr_error row_append(struct delta *self, const struct waiting *row)
{
	struct sr_writer w;
	enum sr_error err;

	sr_writer_init(&w, record_bytes(row));
	row_write(&w, self->letter, row->bytes, row->key_n, row->bytes + row->key_n, row->n);
	err = sr_writer_finish(&w);
	if (err == SR_OK)
		err = node_log_append(&self->log, w.p, w.n);
	sr_writer_clear(&w);
	return err;
}

static enum sr_error place_add(struct delta *self, const struct waiting *row)
{
	struct place *place = malloc(sizeof *place + row->key_n);

	if (place == NULL)
		return SR_ERR_NO_MEMORY;
	*place = (struct place){ .key_n = row->key_n, .n = record_bytes(row),
		.at = self->log.size + self->log.pending.n + NODE_LOG_RECORD_HEADER_BYTES,
		.removed = row->n == 0 };
	memcpy(place->key, row->bytes, row->key_n);
	if (self->last != NULL)
		self->last->next = place;
	else
		self->first = place;
	self->last = place;
	self->open_rows++;
	self->open_key_bytes += row->key_n;
	return SR_OK;
}

/* The last row stays in memory: it is to carry the batch's end. */
enum sr_error delta_put(struct delta *self, const struct pile *pile, size_t piece_bytes)
{
	for (const struct waiting *row = pile->first; row != NULL; row = row->next) {
		SR_TRY(place_add(self, row));
		SR_TRY(row_append(self, row));
		if (self->log.pending.n > piece_bytes && row->next != NULL)
			SR_TRY(node_log_write(&self->log, false));
	}
	return SR_OK;
}

enum sr_error delta_commit(struct delta *self)
{
	SR_TRY(index_room(&self->index, self->open_rows, self->open_key_bytes));
	SR_TRY(node_log_write(&self->log, true));
	for (const struct place *p = self->first; p != NULL; p = p->next)
		index_put(&self->index, p->key, p->key_n, p->at, (uint32_t)p->n, p->removed);
	places_clear(self);
	return SR_OK;
}

enum sr_error delta_abandon(struct delta *self)
{
	places_clear(self);
	return node_log_discard(&self->log);
}

enum sr_error delta_finish(struct delta *self)
{
	return node_log_finish(&self->log);
}

bool delta_begun(const struct delta *self)
{
	return self->open_rows > 0;
}

/* --- Reading --- */

enum sr_error delta_read(const struct delta *self, uint8_t **bytes, struct sr_bytes *value,
    const struct index_row *row)
{
	uint8_t *p = malloc(row->n);
	enum sr_error err;

	*bytes = NULL;
	if (p == NULL)
		return SR_ERR_NO_MEMORY;
	err = node_log_read(&self->log, p, row->n, row->at);
	if (err == SR_OK)
		err = row_read(value, self->letter, row->key, row->key_n, p, row->n);
	if (err != SR_OK) {
		free(p);
		return err;
	}
	*bytes = p;
	return SR_OK;
}

uint64_t delta_bytes(const struct delta *self)
{
	return self->log.size - NODE_LOG_HEADER_BYTES;
}
