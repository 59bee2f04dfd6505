/* node/table.c - the only file that includes Tokyo Cabinet. */
#define _GNU_SOURCE /* fallocate, sync_file_range */
#include "node/table.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tcbdb.h>
#include <tcutil.h>
#include <unistd.h>

#include "node/file.h"
#include "node/row.h"

#define ASIDE ".new"
#define LEAVES 256
#define LEAVES_MADE 32                /* of a table that is made in order: only the last are used */
#define CACHED_BYTES (16u * 1024u * 1024u) /* that closing a table that is made may write */
#define ROOM_BYTES (16u * 1024u * 1024u)   /* asked of the disk at a time */
#define KEPT_BYTES (2u * 1024u * 1024u)    /* the newest, which may change again */
#define PUSH_BYTES (256u * 1024u)          /* and sent to it: more would make it wait */

struct table {
	TCBDB *db;
	char dir[1024], name[64];
	char letter;
	int fd;                       /* of one that is made, else -1 */
	uint64_t reserved, pushed;    /* bytes of it: promised by the disk; on their way there */
};

/*
 * Tokyo Cabinet 1.4.48 takes a pread or pwrite that fails for one that did its work (it compares
 * -1, as a size, with the size). What it calls sets errno then, and hardly else while a table is
 * opened, read or written.
 */
static void io_begin(void)
{
	errno = 0;
}

/* A read that failed may be followed by another of what was never a length: all errors count. */
static bool io_failed(void)
{
	return errno != 0;
}

static bool open_failed(void)
{
	/* No failures: of readlink at what is no link, of a transaction's log that is not there. */
	return io_failed() && errno != EINVAL && errno != ENOENT;
}

/* It gives the processor away in nearly every call, for threads that share a table. None do here,
 * and on a busy machine each time costs a slice: this is the one that it finds. */
int sched_yield(void)
{
	return 0;
}

/* --- Opening --- */

/* leaves: how many pages are kept in memory, each of some 100 rows. */
static TCBDB *db_new(int leaves)
{
	TCBDB *db = tcbdbnew();

	SR_ASSERT(db != NULL);
	/* No mapping beyond the front: a full disk must be an error, not a signal. */
	if (!tcbdbtune(db, 0, 0, 0, -1, -1, BDBTLARGE) || !tcbdbsetxmsiz(db, 0) ||
	    !tcbdbsetcache(db, leaves, 128)) {
		tcbdbdel(db);
		return NULL;
	}
	return db;
}

/* Why a table did not open: only what was read from it can show damage. */
static enum sr_error open_error(TCBDB *db)
{
	int code = tcbdbecode(db);

	if (!open_failed() && (code == TCEMETA || code == TCERHEAD || code == TCEREAD))
		return SR_ERR_DAMAGED;
	return file_errno();
}

/* An empty table aside: one that is there under its name is whole. */
static enum sr_error aside_open(TCBDB **out, const char *dir, const char *name)
{
	char path[NODE_PATH_MAX], aside[NODE_PATH_MAX + 8];
	TCBDB *db;
	enum sr_error err = SR_OK;

	SR_TRY(file_path(path, dir, name));
	snprintf(aside, sizeof aside, "%s" ASIDE, path);
	if (unlink(aside) != 0 && errno != ENOENT)
		return SR_ERR_IO;
	db = db_new(LEAVES_MADE);
	if (db == NULL)
		return SR_ERR_NO_MEMORY;
	io_begin();
	if (!tcbdbopen(db, aside, BDBOWRITER | BDBOCREAT | BDBOTRUNC | BDBOTSYNC | BDBOLCKNB)) {
		err = file_errno();
		tcbdbdel(db);
		return err;
	}
	if (open_failed())
		err = file_errno();
	*out = db;
	return err;
}

static enum sr_error table_new(
    struct table **out, const char *dir, const char *name, char letter)
{
	struct table *self = calloc(1, sizeof *self);

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	snprintf(self->name, sizeof self->name, "%s", name);
	self->letter = letter;
	self->fd = -1;
	*out = self;
	return SR_OK;
}

/* --- Reading what was made --- */

static enum sr_error read_open(struct table *self)
{
	char path[NODE_PATH_MAX];
	bool there;

	SR_TRY(file_path(path, self->dir, self->name));
	SR_TRY(file_exists(&there, self->dir, self->name));
	if (!there)
		return SR_ERR_NOT_FOUND;
	self->db = db_new(LEAVES);
	if (self->db == NULL)
		return SR_ERR_NO_MEMORY;
	io_begin();
	if (!tcbdbopen(self->db, path, BDBOREADER | BDBOLCKNB))
		return open_error(self->db);
	return open_failed() ? SR_ERR_IO : SR_OK;
}

enum sr_error table_read(struct table **out, const char *dir, const char *name, char letter)
{
	struct table *self;
	enum sr_error err;

	SR_TRY(table_new(&self, dir, name, letter));
	err = read_open(self);
	if (err == SR_OK)
		*out = self;
	else
		table_close(self);
	return err;
}

void table_close(struct table *self)
{
	if (self->db != NULL)
		tcbdbdel(self->db);
	free(self);
}

/* --- Making one --- */

/* Tokyo Cabinet maps the front of a file: it must exist on the disk. The size stays: it is checked.
 */
static enum sr_error front_reserve(int fd)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, TABLE_ROOM_BYTES) != 0 && errno != EOPNOTSUPP)
		return file_errno();
	return SR_OK;
}

static enum sr_error make_open(struct table *self)
{
	char path[NODE_PATH_MAX], aside[72];

	SR_TRY(aside_open(&self->db, self->dir, self->name));
	snprintf(aside, sizeof aside, "%s" ASIDE, self->name);
	SR_TRY(file_path(path, self->dir, aside));
	self->fd = open(path, O_RDWR | O_CLOEXEC);
	if (self->fd < 0)
		return file_errno();
	return front_reserve(self->fd);
}

enum sr_error table_make(struct table **out, const char *dir, const char *name, char letter)
{
	struct table *self;
	enum sr_error err;

	SR_TRY(table_new(&self, dir, name, letter));
	err = make_open(self);
	if (err == SR_OK)
		*out = self;
	else
		table_make_drop(self, false);
	return err;
}

enum sr_error table_make_room(struct table *self, uint64_t bytes)
{
	uint64_t size = tcbdbfsiz(self->db), end = size + bytes + CACHED_BYTES;

	/* What was written last may be written again: it is left for later. */
	if (size > self->pushed + KEPT_BYTES) {
		if (sync_file_range(self->fd, (off64_t)self->pushed, PUSH_BYTES,
			SYNC_FILE_RANGE_WRITE) != 0 && errno != ENOSYS && errno != ESPIPE)
			return file_errno();
		self->pushed += PUSH_BYTES;
	}
	if (end <= self->reserved)
		return SR_OK;
	/* A file system that cannot promise: what is written will tell. */
	if (fallocate(self->fd, FALLOC_FL_KEEP_SIZE, (off_t)size,
		(off_t)(end + ROOM_BYTES - size)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
		return file_errno();
	self->reserved = end + ROOM_BYTES;
	return SR_OK;
}

/* Closing it writes little more than that it is closed. */
static enum sr_error make_close(struct table *self)
{
	bool ok = tcbdbclose(self->db);
	struct stat st;

	tcbdbdel(self->db);
	self->db = NULL;
	/* Of what the disk promised, what is not needed goes back. */
	if (!ok || fstat(self->fd, &st) != 0 || ftruncate(self->fd, st.st_size) != 0 ||
	    fsync(self->fd) != 0)
		return file_errno();
	return SR_OK;
}

enum sr_error table_make_end(struct table *self, uint64_t rows)
{
	bool whole = tcbdbrnum(self->db) == rows;
	enum sr_error err = SR_OK;

	io_begin();
	/* A sync that fails while it closes kills the process: what may fail is done before. */
	if (!tcbdbmemsync(self->db, false) || io_failed() || fsync(self->fd) != 0)
		err = file_errno();
	if (err == SR_OK)
		err = make_close(self);
	if (err == SR_OK && !whole)
		err = SR_ERR_IO;
	if (err != SR_OK) {
		table_make_drop(self, true);
		return err;
	}
	close(self->fd);
	free(self);
	return SR_OK;
}

void table_make_drop(struct table *self, bool hurt)
{
	char path[NODE_PATH_MAX + 8], name[NODE_PATH_MAX];

	if (self->db != NULL && !hurt) {
		(void)tcbdbclose(self->db);
		tcbdbdel(self->db);
	}
	if (self->fd >= 0)
		close(self->fd);
	if (file_path(name, self->dir, self->name) == SR_OK) {
		snprintf(path, sizeof path, "%s" ASIDE, name);
		(void)unlink(path); /* the next one that is made replaces it */
	}
	free(self);
}

enum sr_error table_put(struct table *self, const uint8_t *key, size_t key_n, const uint8_t *value,
    size_t value_n)
{
	struct sr_writer w;
	enum sr_error err;

	sr_writer_init(&w, ROW_OVERHEAD + key_n + value_n);
	row_write(&w, self->letter, key, key_n, value, value_n);
	err = sr_writer_finish(&w);
	io_begin();
	if (err == SR_OK && (!tcbdbput(self->db, key, (int)key_n, w.p, (int)w.n) || io_failed()))
		err = SR_ERR_IO;
	sr_writer_clear(&w);
	return err;
}

/* --- Reading --- */

enum sr_error table_get(struct table *self, uint8_t **row, struct sr_bytes *value,
    const uint8_t *key, size_t key_n)
{
	int n;

	*row = tcbdbget(self->db, key, (int)key_n, &n);
	return *row == NULL ? SR_ERR_NOT_FOUND
			    : row_read(value, self->letter, key, key_n, *row, (size_t)n);
}

uint64_t table_rows(const struct table *self)
{
	return tcbdbrnum(self->db);
}

uint64_t table_bytes(const struct table *self)
{
	return tcbdbfsiz(self->db);
}

static bool row_good(BDBCUR *cursor, char letter)
{
	int key_n, n;
	const uint8_t *key = tcbdbcurkey3(cursor, &key_n);
	const uint8_t *row = tcbdbcurval3(cursor, &n);
	struct sr_bytes value;

	return key != NULL && row != NULL &&
	    row_read(&value, letter, key, (size_t)key_n, row, (size_t)n) == SR_OK;
}

enum sr_error table_check(struct table *self)
{
	BDBCUR *cursor = tcbdbcurnew(self->db);
	enum sr_error err = SR_OK;
	bool more;

	io_begin();
	more = tcbdbcurfirst(cursor);
	while (more && err == SR_OK && !io_failed()) {
		err = row_good(cursor, self->letter) ? SR_OK : SR_ERR_DAMAGED;
		more = err == SR_OK && tcbdbcurnext(cursor);
	}
	if (err == SR_OK && tcbdbecode(self->db) != TCENOREC)
		err = SR_ERR_DAMAGED; /* not the end, but no way on */
	tcbdbcurdel(cursor);
	return io_failed() ? SR_ERR_IO : err;
}

/* --- Cursors --- */

/* What is under it. here: is there something? */
static enum sr_error cursor_take(struct table_cursor *self, bool here)
{
	const uint8_t *key, *row;
	enum sr_error err = SR_ERR_NOT_FOUND;
	int key_n, n;

	if (here && (key = tcbdbcurkey3(self->at, &key_n)) != NULL &&
	    (row = tcbdbcurval3(self->at, &n)) != NULL) {
		self->key = (struct sr_bytes){ key, (size_t)key_n };
		err = row_read(&self->value, self->table->letter, key, (size_t)key_n, row,
		    (size_t)n);
	}
	/* Else the rows would seem to end here. */
	return io_failed() ? SR_ERR_IO : err;
}

enum sr_error table_seek(struct table_cursor *self, struct table *table, const uint8_t *after,
    size_t after_n)
{
	const uint8_t *key;
	bool here;
	int n;

	*self = (struct table_cursor){ .at = tcbdbcurnew(table->db), .table = table };
	io_begin();
	here = after == NULL ? tcbdbcurfirst(self->at)
			     : tcbdbcurjump(self->at, after, (int)after_n);
	if (here && after != NULL && (key = tcbdbcurkey3(self->at, &n)) != NULL &&
	    (size_t)n == after_n && memcmp(key, after, after_n) == 0)
		here = tcbdbcurnext(self->at);
	return cursor_take(self, here);
}

enum sr_error table_next(struct table_cursor *self)
{
	io_begin();
	return cursor_take(self, tcbdbcurnext(self->at));
}

void table_cursor_close(struct table_cursor *self)
{
	if (self->at != NULL)
		tcbdbcurdel(self->at);
	*self = (struct table_cursor){ 0 };
}
