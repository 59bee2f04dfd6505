/*
 * node/fold.c - merges the base and the closed delta, in order of keys, into a new base; in steps
 * of so many bytes, since others wait meanwhile.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/file.h"
#include "node/state.h"

#define FREE_BYTES (4 * 1024 * 1024)  /* of what is not needed any more, in a step */

/* What is under way leaves nothing behind, but for what may not be closed. */
void fold_clear(struct state *self)
{
	struct fold *f = &self->fold;

	table_cursor_close(&f->base);
	for (int i = 0; i < 2; i++) {
		if (f->old[i] >= 0)
			close(f->old[i]);
		f->old[i] = -1;
	}
	if (f->to != NULL)
		table_make_drop(f->to, f->hurt);
	f->to = NULL;
	f->row = NULL;
	f->rows = 0;
	f->phase = FOLD_NONE;
}

bool fold_busy(const struct state *self)
{
	/* A batch ends in the delta that it began in. */
	return (self->fold.wanted && !self->fold.hurt && !delta_begun(self->open)) ||
	    self->fold.phase != FOLD_NONE;
}

static void say(const struct state *self, enum sr_error err, char *note)
{
	if (err == SR_ERR_DAMAGED)
		snprintf(note, TABLE_NOTE_MAX,
		    "%.300s/" NODE_STORE_STATE " or a delta of it is damaged: the next start will "
		    "refuse it; " NODE_RECOVER, self->dir);
	else
		snprintf(note, TABLE_NOTE_MAX,
		    "%.300s: folding changes into " NODE_STORE_STATE " failed (%s); nothing is "
		    "lost, and it is tried again %s",
		    self->dir, sr_error_message((unsigned)err),
		    self->fold.hurt ? "after the next start" : "later");
}

/* The deltas hold all of it: it is tried again after a later commit. */
static enum sr_error drop(struct state *self, enum sr_error err, char *note)
{
	struct fold *f = &self->fold;

	fold_clear(self);
	f->wanted = false;
	self->folds_dropped++;
	if (!f->told)
		say(self, err, note);
	f->told = true;
	return SR_OK;
}

/* --- Beginning --- */

/* From now on commits go to another delta. */
static enum sr_error delta_turn(struct state *self)
{
	char name[32], note[NODE_LOG_NOTE_MAX];
	struct delta *next;

	state_delta_name(name, self->number + 1);
	SR_TRY(delta_open(&next, self->dir, name, NODE_STORE_STATE_LETTER, note));
	self->closed = self->open;
	self->open = next;
	self->number++;
	return SR_OK;
}

/* What the cursor found is the base's next row, or there is none. */
static enum sr_error base_take(struct fold *f, enum sr_error err)
{
	f->has_base = err == SR_OK;
	return err == SR_ERR_NOT_FOUND ? SR_OK : err;
}

static enum sr_error begin(struct state *self)
{
	struct fold *f = &self->fold;

	if (file_free_bytes(self->dir) <
	    table_bytes(self->base) + delta_bytes(self->open) + NODE_STORE_FOLD_SPARE_BYTES)
		return SR_ERR_DISK_FULL;
	if (self->closed == NULL)
		SR_TRY(delta_turn(self));
	SR_TRY(table_make(&f->to, self->dir, NODE_STORE_STATE, NODE_STORE_STATE_LETTER));
	f->row = index_after(&self->closed->index, NULL, 0);
	return base_take(f, table_seek(&f->base, self->base, NULL, 0));
}

/* --- Merging --- */

static enum sr_error put(
    struct fold *f, const uint8_t *key, size_t key_n, const struct sr_bytes *value)
{
	enum sr_error err = table_put(f->to, key, key_n, value->p, value->n);

	f->hurt = f->hurt || err != SR_OK;
	f->rows += err == SR_OK;
	return err;
}

static enum sr_error delta_move(struct state *self, size_t *bytes)
{
	struct fold *f = &self->fold;
	const struct index_row *row = f->row;
	struct sr_bytes value;
	enum sr_error err = SR_OK;
	uint8_t *owned;

	if (!row->removed) {
		SR_TRY(delta_read(self->closed, &owned, &value, row));
		err = put(f, row->key, row->key_n, &value);
		free(owned);
	}
	*bytes += row->n;
	f->row = index_after(&self->closed->index, row->key, row->key_n);
	return err;
}

static enum sr_error base_move(struct fold *f, size_t *bytes)
{
	*bytes += f->base.key.n + f->base.value.n;
	SR_TRY(put(f, f->base.key.p, f->base.key.n, &f->base.value));
	return base_take(f, table_next(&f->base));
}

/* One row, or one of each that have the same key: the delta's counts. */
static enum sr_error row_move(struct state *self, size_t *bytes)
{
	struct fold *f = &self->fold;
	int order = !f->has_base ? 1 : f->row == NULL ? -1
		: index_compare(f->base.key.p, f->base.key.n, f->row->key, f->row->key_n);

	if (order < 0)
		return base_move(f, bytes);
	if (order == 0)
		SR_TRY(base_take(f, table_next(&f->base)));
	return delta_move(self, bytes);
}

/* --- Ending --- */

/* The new base in the place of the old one. Should it not come to be there, the closed delta says
 * again what it holds. */
static enum sr_error base_replace(struct state *self)
{
	enum sr_error err, again;
	char path[NODE_PATH_MAX];

	SR_TRY(file_path(path, self->dir, NODE_STORE_STATE));
	self->fold.old[0] = open(path, O_RDWR | O_CLOEXEC);
	table_cursor_close(&self->fold.base);
	table_close(self->base);
	self->base = NULL;
	err = file_move(self->dir, NODE_STORE_STATE ".new", NODE_STORE_STATE);
	again = table_read(&self->base, self->dir, NODE_STORE_STATE, NODE_STORE_STATE_LETTER);
	return again != SR_OK ? again : err;
}

static enum sr_error closed_remove(struct state *self)
{
	char path[NODE_PATH_MAX];

	SR_TRY(file_path(path, self->dir, self->closed->log.name));
	self->fold.old[1] = open(path, O_RDWR | O_CLOEXEC);
	SR_TRY(file_remove(self->dir, self->closed->log.name));
	delta_close(self->closed);
	self->closed = NULL;
	self->fold.wanted = self->fold.told = false;
	self->folds++;
	return SR_OK;
}

static enum sr_error new_end(struct fold *f)
{
	struct table *to = f->to;
	enum sr_error err;

	f->to = NULL;
	err = table_make_end(to, f->rows);
	f->hurt = err != SR_OK;
	return err;
}

/* The last name of a large file is quickly gone, and then the disk is busy with it: so these are
 * cut off bit by bit. They have no name any more, for good; what fails the system does as they are
 * closed. */
static bool old_free(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
		return true;
	return ftruncate(fd, st.st_size > FREE_BYTES ? st.st_size - FREE_BYTES : 0) != 0;
}

/* --- The steps --- */

static enum sr_error merge(struct state *self, size_t bytes)
{
	struct fold *f = &self->fold;
	enum sr_error err = table_make_room(f->to, bytes);
	size_t moved = 0;

	f->hurt = err != SR_OK && err != SR_ERR_DISK_FULL;
	SR_TRY(err);
	while (moved < bytes && (f->has_base || f->row != NULL))
		SR_TRY(row_move(self, &moved));
	if (!f->has_base && f->row == NULL)
		f->phase = FOLD_SYNC;
	return SR_OK;
}

/* Each sync is a step. */
static enum sr_error step(struct state *self, size_t bytes)
{
	struct fold *f = &self->fold;

	switch (f->phase) {
	case FOLD_NONE:
		SR_TRY(begin(self));
		f->phase = FOLD_MERGE;
		return SR_OK;
	case FOLD_MERGE:
		return merge(self, bytes);
	case FOLD_SYNC:
		SR_TRY(new_end(f));
		f->phase = FOLD_REPLACE;
		return SR_OK;
	case FOLD_REPLACE:
		SR_TRY(base_replace(self));
		f->phase = FOLD_REMOVE;
		return SR_OK;
	case FOLD_REMOVE:
		SR_TRY(closed_remove(self));
		f->phase = FOLD_FREE;
		return SR_OK;
	case FOLD_FREE:
		if (old_free(f->old[0]) && old_free(f->old[1])) {
			fold_clear(self);
			(void)malloc_trim(0); /* the closed delta's index was large */
		}
		return SR_OK;
	}
	return SR_ERR_INTERNAL;
}

enum sr_error fold_work(struct state *self, size_t bytes, char note[TABLE_NOTE_MAX])
{
	enum sr_error err;

	note[0] = '\0';
	if (!fold_busy(self))
		return SR_OK;
	err = step(self, bytes);
	if (err == SR_OK)
		return SR_OK;
	/* Without a base nothing can be read any more. */
	return self->base == NULL ? SR_ERR_IO : drop(self, err, note);
}
