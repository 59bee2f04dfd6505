#include "node/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/archive.h"
#include "node/file.h"
#include "node/state.h"

#define CLEAN_MARK "clean"

struct node_store {
	char dir[1024];
	struct state state;
	struct archive archive;
	bool broken;                  /* a write failed: all is left as it is */
	struct node_store_figures figures;
};

/* --- Opening --- */

/* How it was left. */
static enum sr_error stop_look(struct node_store *self)
{
	bool there, clean;

	SR_TRY(file_exists(&there, self->dir, NODE_STORE_STATE));
	SR_TRY(file_exists(&clean, self->dir, CLEAN_MARK));
	self->figures.created = !there;
	self->figures.unclean = there && !clean;
	return SR_OK;
}

static enum sr_error parts_open(struct node_store *self, uint64_t archive_blocks, char *note)
{
	SR_TRY(stop_look(self));
	/* The mark goes before the first write, and comes back after the last. */
	SR_TRY(file_remove(self->dir, CLEAN_MARK));
	SR_TRY(state_open(&self->state, self->dir, self->figures.unclean, note));
	return archive_open(&self->archive, self->dir, archive_blocks, note);
}

enum sr_error node_store_open(struct node_store **out, const char *dir, uint64_t archive_blocks,
    char note[NODE_STORE_NOTE_MAX])
{
	struct node_store *self;
	enum sr_error err;

	note[0] = '\0';
	if (strlen(dir) >= sizeof self->dir)
		return SR_ERR_TOO_LONG;
	if (file_free_bytes(dir) < TABLE_ROOM_BYTES + NODE_STORE_SPARE_BYTES) {
		snprintf(note, NODE_STORE_NOTE_MAX,
		    "%.300s: too little free space to open the store", dir);
		return SR_ERR_DISK_FULL;
	}
	self = calloc(1, sizeof *self);
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->state.fold.old[0] = self->state.fold.old[1] = -1;
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	err = parts_open(self, archive_blocks, note);
	if (err != SR_OK) {
		self->broken = err != SR_ERR_DAMAGED;
		node_store_close(self, false);
		return err;
	}
	*out = self;
	return SR_OK;
}

void node_store_close(struct node_store *self, bool clean)
{
	if (self == NULL)
		return;
	state_close(&self->state, self->broken);
	clean = clean && !self->broken && self->archive.pile.rows == 0;
	archive_close(&self->archive);
	/* Without the mark the next start only checks more. */
	if (clean)
		(void)!file_replace(self->dir, CLEAN_MARK, (const uint8_t *)"clean\n", 6);
	free(self);
}

/* --- Writing --- */

/* Bytes that may still wait. */
static size_t room(const struct node_store *self)
{
	return NODE_STORE_BUFFER_MAX - self->state.pile.bytes - self->archive.pile.bytes;
}

static enum sr_error ended(struct node_store *self, enum sr_error err)
{
	self->broken = self->broken || err == SR_ERR_IO;
	return err;
}

enum sr_error node_store_state_put(struct node_store *self, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t n)
{
	return ended(self, state_put(&self->state, room(self), key, key_n, value, n));
}

void node_store_abandon(struct node_store *self)
{
	(void)!ended(self, state_abandon(&self->state));
}

enum sr_error node_store_commit(struct node_store *self)
{
	enum sr_error err = self->broken ? SR_ERR_IO : ended(self, archive_commit(&self->archive));

	if (err == SR_OK)
		err = ended(self, state_commit(&self->state));
	if (err == SR_OK)
		self->figures.checkpoints++;
	else if (err == SR_ERR_DISK_FULL)
		self->figures.checkpoints_put_off++;
	return err;
}

bool node_store_busy(const struct node_store *self)
{
	return fold_busy(&self->state) && !self->broken;
}

enum sr_error node_store_work(
    struct node_store *self, size_t bytes, char note[NODE_STORE_NOTE_MAX])
{
	return ended(self, fold_work(&self->state, bytes, note));
}

void node_store_fold_from(struct node_store *self, uint64_t bytes)
{
	self->state.fold_from = bytes;
}

void node_store_aside_from(struct node_store *self, size_t bytes)
{
	self->state.aside_from = bytes;
}

enum sr_error node_store_archive_put(struct node_store *self, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n)
{
	return ended(self, archive_put(&self->archive, room(self), height, block, row, n));
}

/* --- Reading --- */

enum sr_error node_store_state_next(struct node_store *self, struct node_store_cursor *at,
    uint8_t **value, size_t *n)
{
	return state_next(&self->state, at, value, n);
}

void node_store_cursor_clear(struct node_store_cursor *at)
{
	free(at->key);
	memset(at, 0, sizeof *at);
}

enum sr_error node_store_state_get(struct node_store *self, const uint8_t *key, size_t key_n,
    uint8_t **value, size_t *n)
{
	return state_get(&self->state, key, key_n, value, n);
}

enum sr_error node_store_archive_read(struct node_store *self, uint64_t height, size_t max_bytes,
    struct sr_writer *out)
{
	return archive_read(&self->archive, height, max_bytes, out);
}

void node_store_figures(struct node_store_figures *out, const struct node_store *self)
{
	*out = self->figures;
	out->state_rows = state_rows(&self->state);
	out->delta_bytes = delta_bytes(self->state.open) +
	    (self->state.closed != NULL ? delta_bytes(self->state.closed) : 0);
	out->folds = self->state.folds;
	out->folds_dropped = self->state.folds_dropped;
	out->archive_rows = archive_rows(&self->archive);
	out->archive_first = archive_first(&self->archive);
	out->archive_last = self->archive.last;
	out->damaged_rows = self->state.damaged + self->archive.damaged;
	out->buffered_bytes = self->state.pile.bytes + self->archive.pile.bytes;
}
