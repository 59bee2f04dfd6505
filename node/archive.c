#include "node/archive.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/file.h"
#include "node/store.h"

#define NAME "archive."
#define DIGITS 20
#define DAMAGED "archive.damaged"
#define LETTER 'a'
#define KEY_BYTES 8u
#define PIECE_BYTES (1024u * 1024u)

static void height_key(uint8_t out[KEY_BYTES], uint64_t height)
{
	for (unsigned i = 0; i < KEY_BYTES; i++)
		out[i] = (uint8_t)(height >> 8 * (KEY_BYTES - 1 - i));
}

static uint64_t key_height(const uint8_t *key)
{
	uint64_t height = 0;

	for (unsigned i = 0; i < KEY_BYTES; i++)
		height = height << 8 | key[i];
	return height;
}

static void file_name(char out[32], uint64_t first)
{
	snprintf(out, 32, NAME "%0*llu", DIGITS, (unsigned long long)first);
}

/* --- The files --- */

static bool name_read(uint64_t *first, const char *name)
{
	const char *digits = name + sizeof NAME - 1;

	if (strncmp(name, NAME, sizeof NAME - 1) != 0 || strlen(digits) != DIGITS ||
	    strspn(digits, "0123456789") != DIGITS)
		return false;
	errno = 0;
	*first = strtoull(digits, NULL, 10);
	return errno == 0;
}

static enum sr_error file_add(struct archive *self, uint64_t first)
{
	if (self->files == self->room) {
		size_t room = self->room == 0 ? 16 : 2 * self->room;
		uint64_t *more = realloc(self->firsts, room * sizeof *more);

		if (more == NULL)
			return SR_ERR_NO_MEMORY;
		self->firsts = more;
		self->room = room;
	}
	self->firsts[self->files++] = first;
	return SR_OK;
}

static void file_forget(struct archive *self, size_t i)
{
	memmove(self->firsts + i, self->firsts + i + 1,
	    (self->files - i - 1) * sizeof *self->firsts);
	self->files--;
}

static int first_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static enum sr_error files_find(struct archive *self)
{
	DIR *dir = opendir(self->dir);
	struct dirent *entry;
	enum sr_error err = SR_OK;
	uint64_t first;

	if (dir == NULL)
		return SR_ERR_IO;
	errno = 0;
	while (err == SR_OK && (entry = readdir(dir)) != NULL) {
		if (name_read(&first, entry->d_name))
			err = file_add(self, first);
		errno = 0;
	}
	if (err == SR_OK && errno != 0)
		err = SR_ERR_IO;
	closedir(dir);
	if (self->files > 0)
		qsort(self->firsts, self->files, sizeof *self->firsts, first_compare);
	return err;
}

/* What is damaged of it is a gap. */
static enum sr_error file_open(struct delta **out, struct archive *self, size_t i)
{
	char name[32], note[NODE_LOG_NOTE_MAX];

	file_name(name, self->firsts[i]);
	SR_TRY(delta_open_lossy(out, self->dir, name, LETTER, note));
	self->damaged += (*out)->log.lost;
	return SR_OK;
}

/* Its blocks come from peers from now on. */
static enum sr_error file_aside(struct archive *self, size_t i)
{
	char name[32];

	file_name(name, self->firsts[i]);
	self->damaged++;
	file_forget(self, i);
	return file_move(self->dir, name, DAMAGED);
}

static enum sr_error file_drop(struct archive *self, size_t i)
{
	char name[32];

	file_name(name, self->firsts[i]);
	if (self->read != NULL && self->read_first == self->firsts[i]) {
		delta_close(self->read);
		self->read = NULL;
	}
	file_forget(self, i);
	return file_remove(self->dir, name);
}

/* --- Opening --- */

static uint64_t delta_last(const struct delta *delta)
{
	const struct index_row *row = NULL, *next = index_after(&delta->index, NULL, 0);

	while (next != NULL) {
		row = next;
		next = index_after(&delta->index, row->key, row->key_n);
	}
	return row != NULL && row->key_n == KEY_BYTES ? key_height(row->key) : 0;
}

/* false: there is nothing in it, or it was damaged, so that another one is the last. */
static enum sr_error last_open(struct archive *self, bool *found, char *note)
{
	size_t i = self->files - 1;
	enum sr_error err = file_open(&self->open, self, i);

	*found = err == SR_OK && self->open->index.rows > 0;
	if (err == SR_ERR_DAMAGED) {
		snprintf(note, NODE_LOG_NOTE_MAX,
		    "the newest blocks of the archive in %.300s were damaged and moved to " DAMAGED
		    "; they come from the peers from now on", self->dir);
		return file_aside(self, i);
	}
	if (err != SR_OK || *found)
		return err;
	delta_close(self->open);
	self->open = NULL;
	return file_drop(self, i);
}

enum sr_error archive_open(struct archive *self, const char *dir, uint64_t blocks_max,
    char note[NODE_LOG_NOTE_MAX])
{
	bool found = false;

	memset(self, 0, sizeof *self);
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	self->blocks_max = blocks_max;
	self->file_rows = ARCHIVE_FILE_ROWS;
	SR_TRY(files_find(self));
	while (self->files > 0 && !found)
		SR_TRY(last_open(self, &found, note));
	if (found) {
		self->last = delta_last(self->open);
		self->next = self->last + 1;
	}
	return SR_OK;
}

void archive_close(struct archive *self)
{
	delta_close(self->open);
	delta_close(self->read);
	pile_clear(&self->pile);
	free(self->firsts);
}

uint64_t archive_first(const struct archive *self)
{
	return self->files > 0 ? self->firsts[0] : 0;
}

uint64_t archive_rows(const struct archive *self)
{
	return self->files > 0 && self->last >= self->firsts[0]
	    ? self->last + 1 - self->firsts[0] : 0;
}

/* --- Writing --- */

static uint64_t pile_lowest(const struct pile *pile)
{
	uint64_t lowest = UINT64_MAX;

	for (const struct waiting *w = pile->first; w != NULL; w = w->next)
		if (key_height(w->bytes) < lowest)
			lowest = key_height(w->bytes);
	return lowest;
}

/* Another file, which begins with what waits. */
static enum sr_error file_turn(struct archive *self)
{
	struct delta *next = NULL;
	enum sr_error err;

	SR_TRY(file_add(self, pile_lowest(&self->pile)));
	err = file_open(&next, self, self->files - 1);
	if (err != SR_OK) {
		self->files--;
		return err;
	}
	if (self->open != NULL)
		err = delta_finish(self->open);
	delta_close(self->open);
	self->open = next;
	return err;
}

static bool is_full(const struct archive *self)
{
	return self->open->index.rows >= self->file_rows ||
	    delta_bytes(self->open) >= ARCHIVE_FILE_BYTES;
}

/* Whole files of blocks beyond blocks_max. */
static enum sr_error trim(struct archive *self)
{
	while (self->files > 1 && self->next - self->firsts[1] >= self->blocks_max)
		SR_TRY(file_drop(self, 0));
	return SR_OK;
}

static enum sr_error pile_write(struct archive *self)
{
	enum sr_error err = delta_put(self->open, &self->pile, PIECE_BYTES), undo;

	if (err == SR_OK)
		err = delta_commit(self->open);
	if (err == SR_OK)
		return SR_OK;
	undo = delta_abandon(self->open);
	return undo != SR_OK ? undo : err;
}

enum sr_error archive_commit(struct archive *self)
{
	if (self->pile.rows == 0)
		return SR_OK;
	if (file_free_bytes(self->dir) < 2 * self->pile.bytes + NODE_STORE_SPARE_BYTES)
		return SR_ERR_DISK_FULL;
	if (self->open == NULL || (is_full(self) &&
	    pile_lowest(&self->pile) > self->firsts[self->files - 1]))
		SR_TRY(file_turn(self));
	SR_TRY(pile_write(self));
	pile_clear(&self->pile);
	self->last = self->next - 1;
	return trim(self);
}

/* --- Reading --- */

/* The file that would have it. NOT_FOUND. */
static enum sr_error file_of(struct delta **out, struct archive *self, uint64_t height)
{
	size_t i = self->files;
	enum sr_error err;

	while (i > 0 && self->firsts[i - 1] > height)
		i--;
	if (i == 0)
		return SR_ERR_NOT_FOUND;
	if (i == self->files) {
		*out = self->open;
		return SR_OK;
	}
	i--;
	if (self->read == NULL || self->read_first != self->firsts[i]) {
		delta_close(self->read);
		self->read = NULL;
		err = file_open(&self->read, self, i);
		if (err == SR_ERR_DAMAGED)
			SR_TRY(file_aside(self, i));
		SR_TRY(err);
		self->read_first = self->firsts[i];
	}
	*out = self->read;
	return SR_OK;
}

/* A row with its block's hash before it. owned: to be freed. */
static enum sr_error row_find(struct archive *self, uint64_t height, uint8_t **owned,
    struct sr_bytes *row)
{
	const struct index_row *found;
	struct delta *delta;
	uint8_t key[KEY_BYTES];
	enum sr_error err;

	*owned = NULL;
	*row = (struct sr_bytes){ NULL, 0 };
	height_key(key, height);
	for (const struct waiting *w = self->pile.first; w != NULL; w = w->next)
		if (memcmp(w->bytes, key, sizeof key) == 0)
			*row = (struct sr_bytes){ w->bytes + sizeof key, w->n };
	if (row->p != NULL)
		return SR_OK;
	SR_TRY(file_of(&delta, self, height));
	found = index_find(&delta->index, key, sizeof key);
	if (found == NULL)
		return SR_ERR_NOT_FOUND;
	err = delta_read(delta, owned, row, found);
	if (err == SR_OK && row->n < 32)
		err = SR_ERR_DAMAGED;
	self->damaged += err == SR_ERR_DAMAGED;
	return err;
}

/* As the enclave gave it. */
static enum sr_error row_get(struct archive *self, uint64_t height, uint8_t **owned,
    struct sr_bytes *row)
{
	SR_TRY(row_find(self, height, owned, row));
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

/* --- Putting --- */

/* Where an epoch ended, blocks that only proved it give way to those of the next: files that begin
 * above hold no others. */
static enum sr_error files_void(struct archive *self, uint64_t height)
{
	while (self->files > 0 && self->firsts[self->files - 1] > height) {
		delta_close(self->open);
		self->open = NULL;
		SR_TRY(file_drop(self, self->files - 1));
		if (self->files > 0)
			SR_TRY(file_open(&self->open, self, self->files - 1));
	}
	if (self->read != NULL && self->files > 0 &&
	    self->read_first == self->firsts[self->files - 1]) {
		delta_close(self->read);
		self->read = NULL;
	}
	return SR_OK;
}

/* A height that was put before. again: the block is to be put. */
static enum sr_error again_look(
    bool *again, struct archive *self, uint64_t height, const struct sr_hash32 *block)
{
	struct sr_bytes row;
	uint8_t *owned;
	bool found = row_find(self, height, &owned, &row) == SR_OK;
	bool same = found && memcmp(row.p, block->b, sizeof block->b) == 0;

	free(owned);
	/* Of a gap, the last file's is filled; an older one is not worth the blocks above. */
	*again = found ? !same
		: self->files > 0 && height >= self->firsts[self->files - 1];
	return found && !same ? files_void(self, height) : SR_OK;
}

enum sr_error archive_put(struct archive *self, size_t room, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n)
{
	uint8_t key[KEY_BYTES];
	bool put = height != UINT64_MAX;
	enum sr_error err;

	if (height < self->next)
		SR_TRY(again_look(&put, self, height, block));
	if (!put)
		return SR_OK;
	height_key(key, height);
	SR_TRY(pile_add(
	    &self->pile, room, key, sizeof key, block->b, sizeof block->b, row, n));
	if (height >= self->next)
		self->next = height + 1;
	if (self->pile.rows < NODE_STORE_ARCHIVE_BATCH)
		return SR_OK;
	err = archive_commit(self);
	return err == SR_ERR_DISK_FULL ? SR_OK : err;
}
