/* node/table.c - the only file that includes Tokyo Cabinet. */
#define _GNU_SOURCE /* fallocate, sync_file_range */
#include "node/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tcbdb.h>
#include <tcutil.h>
#include <unistd.h>

#include "node/file.h"
#include "node/mend.h"
#include "node/row.h"

#define ASIDE ".new"
#define LEAVES 256
#define LEAVES_MADE 32                /* of a table that is made in order: only the last are used */
#define SPARE_BYTES (8u * 1024u * 1024u)
#define CACHED_BYTES (16u * 1024u * 1024u) /* that closing a table that is made may write */
#define ROOM_BYTES (16u * 1024u * 1024u)   /* asked of the disk at a time */
#define KEPT_BYTES (2u * 1024u * 1024u)    /* the newest, which may change again */
#define PUSH_BYTES (256u * 1024u)          /* and sent to it: more would make it wait */

struct table {
	TCBDB *db;
	char dir[1024], name[64];
	char letter;
	bool broken;                  /* a transaction is open, or a write failed */
	bool reading;
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

/* true: all of it is on the disk. Tokyo Cabinet does not sync what it writes on closing, and would
 * take half for all. */
static bool db_close(TCBDB *db, const char *dir, const char *name)
{
	bool ok = tcbdbclose(db);

	tcbdbdel(db);
	return file_sync(dir, name) == SR_OK && ok;
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

/* All of it onto the disk. err: what befell it until now; after a failure of the disk it is left as
 * it is, since to close it is to write on, and kills the process when that fails. */
static enum sr_error aside_close(TCBDB *db, const char *dir, const char *name, enum sr_error err)
{
	char aside[72];

	io_begin();
	if (err == SR_OK && (!tcbdbsync(db) || open_failed()))
		err = file_errno();
	if (err != SR_OK && err != SR_ERR_DAMAGED)
		return err;
	snprintf(aside, sizeof aside, "%s" ASIDE, name);
	if (!db_close(db, dir, aside) && err == SR_OK)
		err = file_errno();
	return err;
}

static enum sr_error aside_move(const char *dir, const char *name)
{
	char aside[72];

	snprintf(aside, sizeof aside, "%s" ASIDE, name);
	return file_move(dir, aside, name);
}

static enum sr_error db_create(const char *dir, const char *name)
{
	TCBDB *db = NULL;
	enum sr_error err = aside_open(&db, dir, name);

	if (db == NULL)
		return err;
	SR_TRY(aside_close(db, dir, name, err));
	return aside_move(dir, name);
}

/* Undoes what a transaction left open. */
static enum sr_error db_open(TCBDB **out, const char *dir, const char *name)
{
	char path[NODE_PATH_MAX];
	TCBDB *db;
	enum sr_error err;

	SR_TRY(file_path(path, dir, name));
	if (access(path, F_OK) != 0) {
		if (errno != ENOENT)
			return SR_ERR_IO;
		SR_TRY(db_create(dir, name));
	}
	SR_TRY(mend_before_open(dir, name));
	db = db_new(LEAVES);
	if (db == NULL)
		return SR_ERR_NO_MEMORY;
	io_begin();
	if (!tcbdbopen(db, path, BDBOWRITER | BDBOTSYNC | BDBOLCKNB)) {
		err = open_error(db);
		tcbdbdel(db);
		return err;
	}
	err = open_failed() ? file_errno() : mend_reserve(path);
	if (err == SR_OK)
		err = mend_after_open(dir, name);
	*out = db;
	return err;
}

/* --- Rebuilding ---
 * What Tokyo Cabinet finds its records by can be damaged where no row is: all rows read well, and
 * writing fails, at every start again. The transaction that failed so leaves a mark, and the next
 * opening copies the rows into a new table. */

/* After a failure: was it the table's fault, and not the disk's? A page that is missing is told as
 * a record that is. */
static bool db_damaged(TCBDB *db)
{
	int code = tcbdbecode(db);

	return !io_failed() &&
	    (code == TCEMETA || code == TCERHEAD || code == TCEREAD || code == TCEMISC ||
	    code == TCENOREC);
}

static enum sr_error mark_path(char out[72], const char *name)
{
	return snprintf(out, 72, "%s" TABLE_REBUILD, name) < 72 ? SR_OK : SR_ERR_TOO_LONG;
}

/* Should the mark not become durable, the next failure tries again. */
static enum sr_error tran_failed(const struct table *self)
{
	char mark[72];

	if (self->fd < 0 && db_damaged(self->db) && mark_path(mark, self->name) == SR_OK)
		(void)!file_replace(self->dir, mark, (const uint8_t *)"damaged\n", 8);
	return SR_ERR_IO;
}

static bool row_good(BDBCUR *cursor, char name)
{
	int key_n, n;
	const uint8_t *key = tcbdbcurkey3(cursor, &key_n);
	const uint8_t *row = tcbdbcurval3(cursor, &n);
	struct sr_bytes value;

	return key != NULL && row != NULL &&
	    row_read(&value, name, key, (size_t)key_n, row, (size_t)n) == SR_OK;
}

/* The row under the cursor. false: damaged, or not written; errno tells. */
static bool row_copied(TCBDB *to, BDBCUR *cursor, char name)
{
	int key_n, n;
	const uint8_t *key = tcbdbcurkey3(cursor, &key_n), *row;

	if (!row_good(cursor, name) || (row = tcbdbcurval3(cursor, &n)) == NULL)
		return false;
	return tcbdbput(to, key, key_n, row, n);
}

/* damaged: rows that were left out. */
static enum sr_error rows_copy(TCBDB *to, TCBDB *from, char name, uint64_t *damaged)
{
	BDBCUR *cursor = tcbdbcurnew(from);
	uint64_t copied = 0, left = tcbdbrnum(from); /* a damaged one may go round and round */
	enum sr_error err = SR_OK;

	io_begin();
	for (bool more = tcbdbcurfirst(cursor); more && !io_failed() && left > 0; left--) {
		copied += row_copied(to, cursor, name);
		more = tcbdbcurnext(cursor);
	}
	if (io_failed())
		err = file_errno();
	else if (tcbdbrnum(to) != copied)
		err = SR_ERR_DAMAGED;
	tcbdbcurdel(cursor);
	*damaged = tcbdbrnum(from) - copied;
	return err;
}


enum sr_error table_forget(const char *dir, const char *name)
{
	char mark[72];

	SR_TRY(mend_forget(dir, name));
	SR_TRY(mark_path(mark, name));
	return file_remove(dir, mark);
}

/* The new table in the place of the old one. */
static enum sr_error db_replace(const char *dir, const char *name)
{
	SR_TRY(mend_forget(dir, name));
	SR_TRY(aside_move(dir, name));
	return table_forget(dir, name);
}

/* from: closed. */
static enum sr_error db_rebuild(
    TCBDB *from, const struct table *self, uint64_t *damaged_rows, char *note)
{
	uint64_t damaged = 0, rows;
	TCBDB *to = NULL;
	enum sr_error err;

	if (file_free_bytes(self->dir) < tcbdbfsiz(from) + 2 * TABLE_ROOM_BYTES + SPARE_BYTES) {
		snprintf(note, TABLE_NOTE_MAX,
		    "%.300s: too little free space to make the damaged %s anew", self->dir,
		    self->name);
		(void)db_close(from, self->dir, self->name);
		return SR_ERR_DISK_FULL;
	}
	err = aside_open(&to, self->dir, self->name);
	if (err == SR_OK)
		err = rows_copy(to, from, self->letter, &damaged);
	rows = to != NULL ? tcbdbrnum(to) : 0;
	if (to != NULL)
		err = aside_close(to, self->dir, self->name, err);
	if ((err == SR_OK || err == SR_ERR_DAMAGED) && !db_close(from, self->dir, self->name) &&
	    err == SR_OK)
		err = SR_ERR_IO;
	SR_TRY(err);
	SR_TRY(db_replace(self->dir, self->name));
	*damaged_rows += damaged;
	snprintf(note, TABLE_NOTE_MAX,
	    "the index of %.300s/%s was damaged; its %llu rows were copied into a new table, "
	    "%llu were damaged",
	    self->dir, self->name, (unsigned long long)rows, (unsigned long long)damaged);
	return SR_OK;
}

static enum sr_error open_and_rebuild(struct table *self, uint64_t *damaged, char *note)
{
	char mark[72];
	TCBDB *from;
	bool marked;

	SR_TRY(mark_path(mark, self->name));
	SR_TRY(file_exists(&marked, self->dir, mark));
	SR_TRY(db_open(&self->db, self->dir, self->name));
	if (!marked)
		return SR_OK;
	from = self->db;
	self->db = NULL;
	SR_TRY(db_rebuild(from, self, damaged, note));
	return db_open(&self->db, self->dir, self->name);
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

enum sr_error table_open(struct table **out, const char *dir, const char *name, char letter,
    uint64_t *damaged, char note[TABLE_NOTE_MAX])
{
	struct table *self;
	enum sr_error err;

	SR_TRY(table_new(&self, dir, name, letter));
	err = open_and_rebuild(self, damaged, note);
	if (err == SR_OK) {
		*out = self;
		return SR_OK;
	}
	(void)table_close(self, err != SR_ERR_DAMAGED);
	return err;
}

bool table_close(struct table *self, bool leave)
{
	/* The next start rolls back; to close it is to write on, and kills the process when that
	 * fails. */
	bool ok = self->db != NULL && !self->broken && !leave;

	if (self->reading) {
		tcbdbdel(self->db);
		ok = true;
	} else if (ok) {
		ok = db_close(self->db, self->dir, self->name);
	}
	free(self);
	return ok;
}

/* --- Made once, then only read --- */

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
	self->reading = true;
	err = read_open(self);
	if (err == SR_OK) {
		*out = self;
		return SR_OK;
	}
	if (self->db != NULL)
		tcbdbdel(self->db);
	free(self);
	return err;
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
	return mend_reserve(path);
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

/* --- Transactions: broken until they have ended --- */

enum sr_error table_begin(struct table *self)
{
	SR_TRY(mend_save(self->dir, self->name, tcbdbbnum(self->db)));
	self->broken = true;
	io_begin();
	if (!tcbdbtranbegin(self->db) || io_failed())
		return tran_failed(self);
	/* The table changes before the end, and can be undone only if its log has a name. */
	return file_sync_dir(self->dir);
}

enum sr_error table_end(struct table *self)
{
	io_begin();
	/* The pages are written here, not in the commit, so that a failure is seen before it. */
	if (!tcbdbmemsync(self->db, false) || io_failed() || !tcbdbtrancommit(self->db))
		return tran_failed(self);
	SR_TRY(mend_ended(self->dir, self->name));
	self->broken = false;
	return SR_OK;
}

void table_abort(struct table *self)
{
	self->broken = false;
	tcbdbtranabort(self->db);
}

enum sr_error table_put(struct table *self, const uint8_t *key, size_t key_n, const uint8_t *value,
    size_t value_n)
{
	struct sr_writer w;
	bool ok;

	io_begin();
	if (value_n == 0) {
		ok = tcbdbout(self->db, key, (int)key_n) || tcbdbecode(self->db) == TCENOREC;
		return ok && !io_failed() ? SR_OK : tran_failed(self);
	}
	sr_writer_init(&w, ROW_OVERHEAD + key_n + value_n);
	row_write(&w, self->letter, key, key_n, value, value_n);
	ok = sr_writer_finish(&w) == SR_OK && tcbdbput(self->db, key, (int)key_n, w.p, (int)w.n);
	ok = ok && !io_failed();
	sr_writer_clear(&w);
	return ok ? SR_OK : tran_failed(self);
}

enum sr_error table_remove_first(struct table *self)
{
	BDBCUR *cursor = tcbdbcurnew(self->db);
	bool ok;

	io_begin();
	ok = tcbdbcurfirst(cursor) && tcbdbcurout(cursor) && !io_failed();
	tcbdbcurdel(cursor);
	return ok ? SR_OK : tran_failed(self);
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

enum sr_error table_edge(struct table *self, bool last, uint8_t *out, size_t n)
{
	BDBCUR *cursor = tcbdbcurnew(self->db);
	enum sr_error err = SR_ERR_NOT_FOUND;
	const uint8_t *key;
	int key_n;

	io_begin();
	if ((last ? tcbdbcurlast(cursor) : tcbdbcurfirst(cursor)) &&
	    (key = tcbdbcurkey3(cursor, &key_n)) != NULL && (size_t)key_n == n) {
		memcpy(out, key, n);
		err = SR_OK;
	}
	tcbdbcurdel(cursor);
	return io_failed() ? SR_ERR_IO : err;
}

enum sr_error table_check(struct table *self, uint64_t last, bool drop, uint64_t *damaged)
{
	BDBCUR *cursor = tcbdbcurnew(self->db);
	bool all = last >= tcbdbrnum(self->db), more;
	enum sr_error err = SR_OK;
	int n;

	io_begin();
	more = all ? tcbdbcurfirst(cursor) : tcbdbcurlast(cursor);
	for (uint64_t i = 1; more && !all && i < last; i++)
		more = tcbdbcurprev(cursor);
	while (more && err == SR_OK && !io_failed()) {
		if (row_good(cursor, self->letter)) {
			more = tcbdbcurnext(cursor);
			continue;
		}
		++*damaged;
		if (!drop || io_failed() || !tcbdbcurout(cursor))
			err = SR_ERR_DAMAGED;
		else
			more = tcbdbcurkey3(cursor, &n) != NULL; /* now at the row behind it */
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
