/* node/store.c - the only file that includes Tokyo Cabinet. */
#define _GNU_SOURCE /* fallocate */
#include "node/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tcbdb.h>
#include <tcutil.h>
#include <unistd.h>

#include "base/crypto.h"
#include "node/file.h"

#define ROW_VERSION 1u
#define ROW_OVERHEAD 9u               /* version u8, crc u32, key length u32 */
#define CLEAN_MARK "clean"
#define ARCHIVE "archive.tcb"
#define WAL ".wal"                    /* of a transaction in a table */
#define WAL_FIRST_BYTES 256
#define WAL_FIRST_AT 20               /* size u64, offset u64, length u32 */
#define UNDO ".undo"                  /* its copy until the table is on the disk */
#define UNDO_MAX ((size_t)1 << 30)
#define HEAD_BYTES 256
#define HEAD_FLAGS_AT 33
#define HEAD_OPEN 1u                  /* flag: an open transaction is to be undone */
#define FRONT ".front"                /* head and buckets before a transaction */
#define FRONT_COPY_MAX ((size_t)FRONT_BYTES)
#define REBUILD ".rebuild"            /* a mark: the table is damaged and to be made anew */
#define ASIDE ".new"
#define FRONT_BYTES                                                                                \
	(4u * 1024u * 1024u) /* Tokyo Cabinet maps the front of a file: it must exist on the disk  \
			      */
#define SPARE_BYTES (8u * 1024u * 1024u)

/* A row waiting for the next commit. */
struct waiting {
	struct waiting *next;
	size_t key_n, n;
	uint8_t bytes[];              /* key, value */
};

struct pile { struct waiting *first, *last; size_t rows, bytes; };

struct node_store {
	char dir[1024];
	TCBDB *state, *archive;
	bool broken;                  /* a write failed: the next start rolls it back */
	struct pile state_pile, archive_pile;
	uint64_t archive_blocks;
	struct node_store_figures figures;
};

/* --- Rows --- */

static uint32_t row_crc(
    char table, const uint8_t *key, size_t key_n, const uint8_t *value, size_t n)
{
	uint8_t head[6] = { ROW_VERSION, (uint8_t)table };

	for (int i = 0; i < 4; i++)
		head[2 + i] = (uint8_t)(key_n >> 8 * i);
	return sr_crc32c(sr_crc32c(sr_crc32c(0, head, sizeof head), key, key_n), value, n);
}

static void row_write(struct sr_writer *w, char table, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t n)
{
	sr_write_u8(w, ROW_VERSION);
	sr_write_u32(w, row_crc(table, key, key_n, value, n));
	sr_write_blob(w, key, key_n);
	sr_write_copy(w, value, n);
}

/* value: borrowed from the row. DAMAGED unless it is this key's, whole. */
static enum sr_error row_read(struct sr_bytes *value, char table, const uint8_t *key, size_t key_n,
    const uint8_t *row, size_t row_n)
{
	struct sr_reader r;
	struct sr_bytes own_key;
	uint32_t crc;

	sr_reader_init(&r, row, row_n);
	if (sr_read_u8(&r) != ROW_VERSION)
		return SR_ERR_DAMAGED;
	crc = sr_read_u32(&r);
	own_key = sr_read_blob(&r, NODE_STORE_KEY_MAX);
	*value = sr_read_view(&r, r.left);
	if (r.error != SR_OK || own_key.n != key_n || memcmp(own_key.p, key, key_n) != 0 ||
	    row_crc(table, key, key_n, value->p, value->n) != crc)
		return SR_ERR_DAMAGED;
	return SR_OK;
}

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

/* --- Piles --- */

static enum sr_error pile_add(struct node_store *self, struct pile *pile, const uint8_t *key,
    size_t key_n, const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n)
{
	size_t n = key_n + a_n + b_n;
	struct waiting *row;

	if (key_n == 0 || key_n > NODE_STORE_KEY_MAX || a_n + b_n > NODE_STORE_VALUE_MAX)
		return SR_ERR_TOO_LONG;
	if (self->state_pile.bytes + self->archive_pile.bytes + n > NODE_STORE_BUFFER_MAX)
		return SR_ERR_TOO_MANY;
	row = malloc(sizeof *row + n);
	if (row == NULL)
		return SR_ERR_NO_MEMORY;
	*row = (struct waiting){ NULL, key_n, a_n + b_n };
	memcpy(row->bytes, key, key_n);
	if (a_n > 0)
		memcpy(row->bytes + key_n, a, a_n);
	if (b_n > 0)
		memcpy(row->bytes + key_n + a_n, b, b_n);
	if (pile->last != NULL)
		pile->last->next = row;
	else
		pile->first = row;
	pile->last = row;
	pile->rows++;
	pile->bytes += n;
	return SR_OK;
}

/* As the table orders them. */
static int key_compare(const struct waiting *a, const struct waiting *b)
{
	size_t n = a->key_n < b->key_n ? a->key_n : b->key_n;
	int order = memcmp(a->bytes, b->bytes, n);

	return order != 0 ? order : (a->key_n > b->key_n) - (a->key_n < b->key_n);
}

/* Of rows with the same key the last stays last. */
static struct waiting *merge(struct waiting *a, struct waiting *b)
{
	struct waiting *first = NULL, **at = &first;

	while (a != NULL && b != NULL) {
		struct waiting **from = key_compare(b, a) < 0 ? &b : &a;

		*at = *from;
		*from = (*from)->next;
		at = &(*at)->next;
	}
	*at = a != NULL ? a : b;
	return first;
}

/* Names are blinded, so rows come in no order: sorted, each of the table's pages is read and
 * written once, however large the table is. */
static struct waiting *sorted(struct waiting *first, size_t n)
{
	struct waiting *half = first, *second;

	if (n < 2)
		return first;
	for (size_t i = 1; i < n / 2; i++)
		half = half->next;
	second = half->next;
	half->next = NULL;
	return merge(sorted(first, n / 2), sorted(second, n - n / 2));
}

static void pile_sort(struct pile *pile)
{
	pile->first = pile->last = sorted(pile->first, pile->rows);
	while (pile->last != NULL && pile->last->next != NULL)
		pile->last = pile->last->next;
}

static void pile_clear(struct pile *pile)
{
	while (pile->first != NULL) {
		struct waiting *row = pile->first;

		pile->first = row->next;
		free(row);
	}
	memset(pile, 0, sizeof *pile);
}

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

static TCBDB *table_new(void)
{
	TCBDB *table = tcbdbnew();

	SR_ASSERT(table != NULL);
	/* No mapping beyond the front: a full disk must be an error, not a signal. */
	if (!tcbdbtune(table, 0, 0, 0, -1, -1, BDBTLARGE) || !tcbdbsetxmsiz(table, 0) ||
	    !tcbdbsetcache(table, 256, 128)) {
		tcbdbdel(table);
		return NULL;
	}
	return table;
}

/* broken: left as a crash would leave it, with its transaction open. The next start rolls that
 * back; to close it is to write on, and kills the process when that fails. true: all of it is on
 * the disk. Tokyo Cabinet does not sync what it writes on closing, and would take half for all. */
static bool table_close(TCBDB *table, bool broken, const char *dir, const char *name)
{
	bool ok;

	if (table == NULL || broken)
		return false;
	ok = tcbdbclose(table);
	tcbdbdel(table);
	return file_sync(dir, name) == SR_OK && ok;
}

/* Its size stays: Tokyo Cabinet checks it. */
static enum sr_error front_reserve(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum sr_error err = SR_OK;

	if (fd < 0)
		return file_errno();
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, FRONT_BYTES) != 0 && errno != EOPNOTSUPP)
		err = file_errno();
	close(fd);
	return err;
}

static off_t wal_length(const uint8_t p[4], bool big)
{
	off_t n = 0;

	for (int i = 0; i < 4; i++)
		n |= (off_t)p[i] << 8 * (big ? 3 - i : i);
	return n;
}

/* Where the last whole entry of a transaction's log ends.
 * file = size u64 | entries: offset u64, length u32, bytes; in the order of bytes that Tokyo
 * Cabinet was built for. The first entry is the table's head. */
static enum sr_error wal_end(off_t *end, int fd, off_t size)
{
	uint8_t head[12];
	off_t length, at = 8;
	bool big = true;

	*end = 0;
	while (size - at >= (off_t)sizeof head) {
		if (pread(fd, head, sizeof head, at) != (ssize_t)sizeof head)
			return SR_ERR_IO;
		if (*end == 0)
			big = wal_length(head + 8, true) == WAL_FIRST_BYTES;
		length = wal_length(head + 8, big);
		if (size - at - (off_t)sizeof head < length ||
		    (*end == 0 && length != WAL_FIRST_BYTES))
			break;
		at += (off_t)sizeof head + length;
		*end = at;
	}
	return SR_OK;
}

/* Tokyo Cabinet refuses a log whose last entry is torn. What that entry was to save has not been
 * touched, since the entry is synced first: it is left out. */
static enum sr_error wal_mend(const char *path)
{
	char wal[NODE_PATH_MAX + 8];
	enum sr_error err = SR_OK;
	struct stat st;
	off_t end;
	int fd;

	snprintf(wal, sizeof wal, "%s" WAL, path);
	fd = open(wal, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? SR_OK : SR_ERR_IO;
	if (fstat(fd, &st) != 0)
		err = SR_ERR_IO;
	if (err == SR_OK)
		err = wal_end(&end, fd, st.st_size);
	if (err == SR_OK && end < st.st_size && (ftruncate(fd, end) != 0 || fsync(fd) != 0))
		err = file_errno();
	close(fd);
	return err;
}

/*
 * Tokyo Cabinet undoes an open transaction while it opens a table, and removes the log without
 * having synced what it wrote: after another power cut neither would be there. So the log is copied
 * first, and the copy goes when the table is on the disk.
 */
static enum sr_error undo_copy(const char *dir, const char *from, const char *to)
{
	char path[NODE_PATH_MAX];
	uint8_t *bytes;
	size_t n;
	enum sr_error err;

	SR_TRY(file_path(path, dir, from));
	err = file_read(&bytes, &n, path, UNDO_MAX);
	if (err != SR_OK)
		return err == SR_ERR_NOT_FOUND ? SR_OK : err;
	if (n > WAL_FIRST_BYTES)
		err = file_replace(dir, to, bytes, n);
	free(bytes);
	return err;
}

/*
 * Tokyo Cabinet logs each bucket before it changes it, and changes it even if the log took nothing
 * (a full disk, a bad one): undone, the bucket would lead to no record. So the front of the file is
 * copied before each transaction, while its log is empty. A log that is not empty belongs to this
 * copy.
 */
static enum sr_error front_save(const char *dir, const char *name, uint64_t buckets)
{
	char path[NODE_PATH_MAX], copy[64];
	size_t n = HEAD_BYTES + 8 * (size_t)buckets;
	enum sr_error err = SR_OK;
	uint8_t *front;
	int fd;

	SR_TRY(file_path(path, dir, name));
	snprintf(copy, sizeof copy, "%s" FRONT, name);
	if (n > FRONT_COPY_MAX)
		return SR_ERR_TOO_LONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return SR_ERR_IO;
	front = malloc(n);
	if (front == NULL)
		err = SR_ERR_NO_MEMORY;
	else if (pread(fd, front, n, 0) != (ssize_t)n)
		err = SR_ERR_IO;
	close(fd);
	if (err == SR_OK)
		err = file_replace(dir, copy, front, n);
	free(front);
	return err;
}

/* The flag, since Tokyo Cabinet takes it back before all that it undoes is on the disk, and then
 * would not undo the rest. front: n == 0 when there is none. */
static enum sr_error front_write(const char *path, const uint8_t *front, size_t n)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum sr_error err = SR_OK;
	uint8_t flags;

	if (fd < 0)
		return SR_ERR_IO;
	if (pread(fd, &flags, 1, HEAD_FLAGS_AT) != 1)
		err = SR_ERR_IO;
	flags |= HEAD_OPEN;
	if (err == SR_OK && pwrite(fd, &flags, 1, HEAD_FLAGS_AT) != 1)
		err = file_errno();
	if (err == SR_OK && n > HEAD_BYTES &&
	    pwrite(fd, front + HEAD_BYTES, n - HEAD_BYTES, HEAD_BYTES) !=
		(ssize_t)(n - HEAD_BYTES))
		err = file_errno();
	close(fd);
	return err;
}

/* Is this front of the log's transaction? Its first entry is the table's head at the beginning, but
 * for the flags. */
static enum sr_error front_belongs(
    bool *out, const uint8_t *front, size_t n, const char *dir, const char *undo)
{
	char path[NODE_PATH_MAX];
	uint8_t head[WAL_FIRST_AT + HEAD_BYTES];
	ssize_t got;
	int fd;

	*out = false;
	SR_TRY(file_path(path, dir, undo));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return SR_ERR_IO;
	got = pread(fd, head, sizeof head, 0);
	close(fd);
	if (got != (ssize_t)sizeof head)
		return SR_ERR_IO;
	head[WAL_FIRST_AT + HEAD_FLAGS_AT] = n > HEAD_BYTES ? front[HEAD_FLAGS_AT] : 0;
	*out = n > HEAD_BYTES && memcmp(head + WAL_FIRST_AT, front, HEAD_BYTES) == 0;
	return SR_OK;
}

/* Before Tokyo Cabinet undoes a transaction: what it may not undo. */
static enum sr_error front_restore(const char *dir, const char *name, const char *undo)
{
	char path[NODE_PATH_MAX], copy[64];
	uint8_t *front = NULL;
	size_t n = 0;
	enum sr_error err;
	bool there;

	SR_TRY(file_exists(&there, dir, undo));
	if (!there)
		return SR_OK;
	snprintf(copy, sizeof copy, "%s" FRONT, name);
	SR_TRY(file_path(path, dir, copy));
	err = file_read(&front, &n, path, FRONT_COPY_MAX);
	if (err != SR_OK && err != SR_ERR_NOT_FOUND)
		return err;
	err = front_belongs(&there, front, n, dir, undo);
	if (err == SR_OK)
		err = file_path(path, dir, name);
	if (err == SR_OK)
		err = front_write(path, front, there ? n : 0);
	free(front);
	return err;
}

static enum sr_error undo_end(const char *dir, const char *name, const char *undo)
{
	bool there;

	SR_TRY(file_exists(&there, dir, undo));
	if (!there)
		return SR_OK;
	SR_TRY(file_sync(dir, name));
	return file_remove(dir, undo);
}

/* Why a table did not open: only what was read from it can show damage. */
static enum sr_error open_error(TCBDB *table)
{
	int code = tcbdbecode(table);

	if (!open_failed() && (code == TCEMETA || code == TCERHEAD || code == TCEREAD))
		return SR_ERR_DAMAGED;
	return file_errno();
}

/* An empty table aside: one that is there under its name is whole. */
static enum sr_error aside_open(TCBDB **out, const char *dir, const char *name)
{
	char path[NODE_PATH_MAX], aside[NODE_PATH_MAX + 8];
	TCBDB *table;
	enum sr_error err = SR_OK;

	SR_TRY(file_path(path, dir, name));
	snprintf(aside, sizeof aside, "%s" ASIDE, path);
	if (unlink(aside) != 0 && errno != ENOENT)
		return SR_ERR_IO;
	table = table_new();
	if (table == NULL)
		return SR_ERR_NO_MEMORY;
	io_begin();
	if (!tcbdbopen(table, aside, BDBOWRITER | BDBOCREAT | BDBOTRUNC | BDBOTSYNC | BDBOLCKNB)) {
		err = file_errno();
		tcbdbdel(table);
		return err;
	}
	if (open_failed())
		err = file_errno();
	*out = table;
	return err;
}

/* All of it onto the disk. err: what befell it until now. */
static enum sr_error aside_close(TCBDB *table, const char *dir, const char *name, enum sr_error err)
{
	char aside[64];

	io_begin();
	if (err == SR_OK && (!tcbdbsync(table) || open_failed()))
		err = file_errno();
	snprintf(aside, sizeof aside, "%s" ASIDE, name);
	if (!table_close(table, err != SR_OK && err != SR_ERR_DAMAGED, dir, aside) && err == SR_OK)
		err = file_errno();
	return err;
}

static enum sr_error aside_move(const char *dir, const char *name)
{
	char aside[64];

	snprintf(aside, sizeof aside, "%s" ASIDE, name);
	return file_move(dir, aside, name);
}

static enum sr_error table_create(const char *dir, const char *name)
{
	TCBDB *table = NULL;
	enum sr_error err = aside_open(&table, dir, name);

	if (table == NULL)
		return err;
	SR_TRY(aside_close(table, dir, name, err));
	return aside_move(dir, name);
}

/* Undoes what a transaction left open. */
static enum sr_error table_open_as_it_is(TCBDB **out, const char *dir, const char *name)
{
	char path[NODE_PATH_MAX], wal[64], undo[64];
	TCBDB *table;
	enum sr_error err;

	SR_TRY(file_path(path, dir, name));
	if (access(path, F_OK) != 0) {
		if (errno != ENOENT)
			return SR_ERR_IO;
		SR_TRY(table_create(dir, name));
	}
	snprintf(wal, sizeof wal, "%s" WAL, name);
	snprintf(undo, sizeof undo, "%s" UNDO, name);
	SR_TRY(undo_copy(dir, undo, wal));
	SR_TRY(wal_mend(path));
	SR_TRY(undo_copy(dir, wal, undo));
	SR_TRY(front_restore(dir, name, undo));
	table = table_new();
	if (table == NULL)
		return SR_ERR_NO_MEMORY;
	io_begin();
	if (!tcbdbopen(table, path, BDBOWRITER | BDBOTSYNC | BDBOLCKNB)) {
		err = open_error(table);
		tcbdbdel(table);
		return err;
	}
	err = open_failed() ? file_errno() : front_reserve(path);
	if (err == SR_OK)
		err = undo_end(dir, name, undo);
	*out = table;
	return err;
}

/* --- Rebuilding ---
 * What Tokyo Cabinet finds its records by can be damaged where no row is: all rows read well, and
 * writing fails, at every start again. The transaction that failed so leaves a mark, and the next
 * opening copies the rows into a new table. */

/* After a failure: was it the table's fault, and not the disk's? */
static bool table_damaged(TCBDB *table)
{
	int code = tcbdbecode(table);

	return !io_failed() &&
	    (code == TCEMETA || code == TCERHEAD || code == TCEREAD || code == TCEMISC);
}

/* Should the mark not become durable, the next failure tries again. */
static enum sr_error tran_failed(const struct node_store *self, TCBDB *table)
{
	const char *mark = table == self->state ? NODE_STORE_STATE REBUILD : ARCHIVE REBUILD;

	if (table_damaged(table))
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

/* The new table in the place of the old one, whose logs must not be played into it. */
static enum sr_error table_replace(const char *dir, const char *name)
{
	char other[64];

	snprintf(other, sizeof other, "%s" UNDO, name);
	SR_TRY(file_remove(dir, other));
	snprintf(other, sizeof other, "%s" WAL, name);
	SR_TRY(file_remove(dir, other));
	SR_TRY(file_sync_dir(dir)); /* Tokyo Cabinet may have removed them */
	SR_TRY(aside_move(dir, name));
	snprintf(other, sizeof other, "%s" REBUILD, name);
	return file_remove(dir, other);
}

/* Of the state all rows must be good. from: closed. */
static enum sr_error table_rebuild(
    struct node_store *self, TCBDB *from, const char *name, char *note)
{
	uint64_t damaged = 0, rows;
	TCBDB *to = NULL;
	enum sr_error err;

	if (file_free_bytes(self->dir) < tcbdbfsiz(from) + 2 * FRONT_BYTES + SPARE_BYTES) {
		snprintf(note, NODE_STORE_NOTE_MAX,
		    "%.300s: too little free space to make the damaged %s anew", self->dir, name);
		(void)table_close(from, false, self->dir, name);
		return SR_ERR_DISK_FULL;
	}
	err = aside_open(&to, self->dir, name);
	if (err == SR_OK)
		err = rows_copy(to, from, name[0], &damaged);
	if (err == SR_OK && damaged > 0 && name[0] == 's')
		err = SR_ERR_DAMAGED;
	rows = to != NULL ? tcbdbrnum(to) : 0;
	if (to != NULL)
		err = aside_close(to, self->dir, name, err);
	if (!table_close(from, err != SR_OK && err != SR_ERR_DAMAGED, self->dir, name) &&
	    err == SR_OK)
		err = SR_ERR_IO;
	SR_TRY(err);
	SR_TRY(table_replace(self->dir, name));
	self->figures.damaged_rows += damaged;
	snprintf(note, NODE_STORE_NOTE_MAX,
	    "the index of %.300s/%s was damaged; its %llu rows were copied into a new table, "
	    "%llu were damaged",
	    self->dir, name, (unsigned long long)rows, (unsigned long long)damaged);
	return SR_OK;
}

static enum sr_error table_open(
    struct node_store *self, TCBDB **out, const char *name, char *note)
{
	char mark[64];
	TCBDB *from;
	bool marked;

	snprintf(mark, sizeof mark, "%s" REBUILD, name);
	SR_TRY(file_exists(&marked, self->dir, mark));
	SR_TRY(table_open_as_it_is(out, self->dir, name));
	if (!marked)
		return SR_OK;
	from = *out;
	*out = NULL;
	SR_TRY(table_rebuild(self, from, name, note));
	return table_open_as_it_is(out, self->dir, name);
}

/* --- Transactions: broken until they have ended --- */

static enum sr_error tran_begin(struct node_store *self, TCBDB *table)
{
	SR_TRY(front_save(self->dir, table == self->state ? NODE_STORE_STATE : ARCHIVE,
	    tcbdbbnum(table)));
	self->broken = true;
	io_begin();
	if (!tcbdbtranbegin(table) || io_failed())
		return tran_failed(self, table);
	/* The table changes before the end, and can be undone only if its log has a name. */
	return file_sync_dir(self->dir);
}

static enum sr_error tran_end(struct node_store *self, TCBDB *table)
{
	/* The pages are written here, not in the commit, so that a failure is seen before it. */
	if (!tcbdbmemsync(table, false) || io_failed() || !tcbdbtrancommit(table))
		return tran_failed(self, table);
	/* Its log is empty now; should a power cut bring it back, all would be undone. */
	SR_TRY(file_sync(self->dir, table == self->state ? NODE_STORE_STATE WAL : ARCHIVE WAL));
	self->broken = false;
	return SR_OK;
}

/* --- Checking --- */

/* Checks the last rows. Damaged ones: dropped from the table (drop), else DAMAGED at once. IO: what
 * the table holds is not known. */
static enum sr_error table_check(
    TCBDB *table, char name, uint64_t last, bool drop, uint64_t *damaged)
{
	BDBCUR *cursor = tcbdbcurnew(table);
	bool all = last >= tcbdbrnum(table), more;
	enum sr_error err = SR_OK;
	int n;

	io_begin();
	more = all ? tcbdbcurfirst(cursor) : tcbdbcurlast(cursor);
	for (uint64_t i = 1; more && !all && i < last; i++)
		more = tcbdbcurprev(cursor);
	while (more && err == SR_OK && !io_failed()) {
		if (row_good(cursor, name)) {
			more = tcbdbcurnext(cursor);
			continue;
		}
		++*damaged;
		if (!drop || io_failed() || !tcbdbcurout(cursor))
			err = SR_ERR_DAMAGED;
		else
			more = tcbdbcurkey3(cursor, &n) != NULL; /* now at the row behind it */
	}
	if (err == SR_OK && tcbdbecode(table) != TCENOREC)
		err = SR_ERR_DAMAGED; /* not the end, but no way on */
	tcbdbcurdel(cursor);
	return io_failed() ? SR_ERR_IO : err;
}

/* What is older was synced long ago, and is checked when it is read. */
static enum sr_error archive_check(struct node_store *self)
{
	SR_TRY(tran_begin(self, self->archive));
	SR_TRY(table_check(self->archive, 'a', NODE_STORE_CHECK_ROWS, true,
	    &self->figures.damaged_rows));
	return tran_end(self, self->archive);
}

static enum sr_error archive_replace(struct node_store *self, char *note)
{
	/* First its own log and the copy of it: they would be played into the new one. */
	SR_TRY(file_remove(self->dir, ARCHIVE UNDO));
	SR_TRY(file_remove(self->dir, ARCHIVE WAL));
	SR_TRY(file_remove(self->dir, ARCHIVE REBUILD));
	SR_TRY(file_move(self->dir, ARCHIVE, "archive.damaged"));
	snprintf(note, NODE_STORE_NOTE_MAX,
	    "the archive in %.300s was damaged and moved to archive.damaged; old blocks come from "
	    "the peers "
	    "from now on",
	    self->dir);
	return table_open(self, &self->archive, ARCHIVE, note);
}

static enum sr_error state_damaged(const struct node_store *self, char *note)
{
	snprintf(note, NODE_STORE_NOTE_MAX,
	    "%.300s/" NODE_STORE_STATE " is damaged; " NODE_RECOVER, self->dir);
	return SR_ERR_DAMAGED;
}

static void archive_ends(struct node_store *self)
{
	BDBCUR *cursor = tcbdbcurnew(self->archive);
	const uint8_t *key;
	int n;

	if (tcbdbcurfirst(cursor) && (key = tcbdbcurkey3(cursor, &n)) != NULL && n == 8)
		self->figures.archive_first = key_height(key);
	if (tcbdbcurlast(cursor) && (key = tcbdbcurkey3(cursor, &n)) != NULL && n == 8)
		self->figures.archive_last = key_height(key);
	tcbdbcurdel(cursor);
}

static enum sr_error tables_open(struct node_store *self, char *note)
{
	enum sr_error err = table_open(self, &self->state, NODE_STORE_STATE, note);
	uint64_t damaged = 0;

	if (err == SR_ERR_DAMAGED)
		return state_damaged(self, note);
	if (err != SR_OK)
		return err;
	err = table_open(self, &self->archive, ARCHIVE, note);
	if (err == SR_ERR_DAMAGED)
		err = archive_replace(self, note);
	if (err != SR_OK || !self->figures.unclean)
		return err;
	err = table_check(self->state, 's', UINT64_MAX, false, &damaged);
	if (err == SR_ERR_DAMAGED && tcbdbrnum(self->state) > 0)
		return state_damaged(self, note);
	if (err == SR_OK || err == SR_ERR_DAMAGED)
		err = archive_check(self);
	if (err != SR_ERR_DAMAGED)
		return err;
	self->broken = false;
	tcbdbtranabort(self->archive);
	(void)table_close(self->archive, false, self->dir, ARCHIVE);
	self->archive = NULL;
	return archive_replace(self, note);
}

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

enum sr_error node_store_open(struct node_store **out, const char *dir, uint64_t archive_blocks,
    char note[NODE_STORE_NOTE_MAX])
{
	struct node_store *self;
	enum sr_error err;

	note[0] = '\0';
	if (strlen(dir) >= sizeof self->dir)
		return SR_ERR_TOO_LONG;
	if (file_free_bytes(dir) < 2 * FRONT_BYTES + SPARE_BYTES) {
		snprintf(note, NODE_STORE_NOTE_MAX,
		    "%.300s: too little free space to open the store", dir);
		return SR_ERR_DISK_FULL;
	}
	self = calloc(1, sizeof *self);
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	self->archive_blocks = archive_blocks;
	err = stop_look(self);
	/* The mark goes before the first write, and comes back after the last. */
	if (err == SR_OK)
		err = file_remove(dir, CLEAN_MARK);
	if (err == SR_OK)
		err = tables_open(self, note);
	if (err == SR_OK) {
		io_begin();
		archive_ends(self);
		err = io_failed() ? SR_ERR_IO : SR_OK;
	}
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
	clean = clean && self->archive_pile.rows == 0 && !self->broken;
	clean = table_close(self->state, self->broken, self->dir, NODE_STORE_STATE) && clean;
	clean = table_close(self->archive, self->broken, self->dir, ARCHIVE) && clean;
	pile_clear(&self->state_pile);
	pile_clear(&self->archive_pile);
	/* Without the mark the next start only checks more. */
	if (clean)
		(void)!file_replace(self->dir, CLEAN_MARK, (const uint8_t *)"clean\n", 6);
	free(self);
}

/* --- Writing --- */

enum sr_error node_store_state_put(struct node_store *self, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t n)
{
	return pile_add(self, &self->state_pile, key, key_n, value, n, NULL, 0);
}

void node_store_abandon(struct node_store *self)
{
	pile_clear(&self->state_pile);
}

static bool row_put(TCBDB *table, char name, const struct waiting *row)
{
	struct sr_writer w;
	bool ok;

	if (row->n == 0)
		return tcbdbout(table, row->bytes, (int)row->key_n)
		    || tcbdbecode(table) == TCENOREC;
	sr_writer_init(&w, ROW_OVERHEAD + row->key_n + row->n);
	row_write(&w, name, row->bytes, row->key_n, row->bytes + row->key_n, row->n);
	ok = sr_writer_finish(&w) == SR_OK &&
	     tcbdbput(table, row->bytes, (int)row->key_n, w.p, (int)w.n);
	sr_writer_clear(&w);
	return ok;
}

/* Drops the oldest blocks beyond archive_blocks. */
static bool archive_trim(struct node_store *self)
{
	while (tcbdbrnum(self->archive) > self->archive_blocks) {
		BDBCUR *cursor = tcbdbcurnew(self->archive);
		bool ok = tcbdbcurfirst(cursor) && tcbdbcurout(cursor);

		tcbdbcurdel(cursor);
		if (!ok)
			return false;
	}
	return true;
}

/* One synced transaction. */
static enum sr_error pile_commit(
    struct node_store *self, TCBDB *table, char name, struct pile *pile)
{
	bool ok = true;

	if (pile->rows == 0)
		return SR_OK;
	if (file_free_bytes(self->dir) < 3 * pile->bytes + SPARE_BYTES)
		return SR_ERR_DISK_FULL;
	pile_sort(pile);
	SR_TRY(tran_begin(self, table));
	for (const struct waiting *row = pile->first; ok && row != NULL; row = row->next)
		ok = row_put(table, name, row) && !io_failed();
	if (ok && name == 'a')
		ok = archive_trim(self);
	if (!ok)
		return tran_failed(self, table);
	SR_TRY(tran_end(self, table));
	pile_clear(pile);
	if (name == 'a')
		archive_ends(self);
	return SR_OK;
}

enum sr_error node_store_commit(struct node_store *self)
{
	enum sr_error err = pile_commit(self, self->archive, 'a', &self->archive_pile);

	if (err == SR_OK)
		err = pile_commit(self, self->state, 's', &self->state_pile);
	if (err == SR_OK)
		self->figures.checkpoints++;
	else if (err == SR_ERR_DISK_FULL)
		self->figures.checkpoints_put_off++;
	return err;
}

enum sr_error node_store_archive_put(struct node_store *self, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n)
{
	uint8_t key[8];
	enum sr_error err;

	height_key(key, height);
	SR_TRY(pile_add(
	    self, &self->archive_pile, key, sizeof key, block->b, sizeof block->b, row, n));
	if (self->archive_pile.rows < NODE_STORE_ARCHIVE_BATCH)
		return SR_OK;
	err = pile_commit(self, self->archive, 'a', &self->archive_pile);
	return err == SR_ERR_DISK_FULL ? SR_OK : err;
}

/* --- Reading --- */

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

enum sr_error node_store_state_next(struct node_store *self, struct node_store_cursor *at,
    uint8_t **value, size_t *n)
{
	BDBCUR *cursor = tcbdbcurnew(self->state);
	const uint8_t *key, *row;
	enum sr_error err = SR_ERR_NOT_FOUND;
	struct sr_bytes found;
	int key_n, row_n;
	bool here;

	io_begin();
	here = !at->started
	    ? tcbdbcurfirst(cursor)
	    : tcbdbcurjump(cursor, at->key, (int)at->key_n) && tcbdbcurnext(cursor);
	at->started = true;
	if (here && (key = tcbdbcurkey3(cursor, &key_n)) != NULL &&
	    (row = tcbdbcurval3(cursor, &row_n)) != NULL) {
		err = row_read(&found, 's', key, (size_t)key_n, row, (size_t)row_n);
		if (io_failed())
			err = SR_ERR_IO;
		else if (err == SR_OK)
			err = row_copy(at, value, n, key, (size_t)key_n, &found);
	}
	tcbdbcurdel(cursor);
	/* Else the rows would seem to end here. */
	return err != SR_OK && io_failed() ? SR_ERR_IO : err;
}

void node_store_cursor_clear(struct node_store_cursor *at)
{
	free(at->key);
	memset(at, 0, sizeof *at);
}

enum sr_error node_store_state_get(struct node_store *self, const uint8_t *key, size_t key_n,
    uint8_t **value, size_t *n)
{
	struct sr_bytes found;
	uint8_t *row;
	int row_n;

	*value = NULL;
	if (key_n == 0 || key_n > NODE_STORE_KEY_MAX)
		return SR_ERR_NOT_FOUND;
	row = tcbdbget(self->state, key, (int)key_n, &row_n);
	if (row == NULL)
		return SR_ERR_NOT_FOUND;
	if (row_read(&found, 's', key, key_n, row, (size_t)row_n) != SR_OK) {
		self->figures.damaged_rows++;
		free(row);
		return SR_ERR_DAMAGED;
	}
	memmove(row, found.p, found.n);
	*value = row;
	*n = found.n;
	return SR_OK;
}

/* A row of the archive as the enclave gave it; FOUND rows are malloc'd by the table's copy. */
static enum sr_error archive_get(struct node_store *self, uint64_t height, uint8_t **row_out,
    struct sr_bytes *row)
{
	uint8_t key[8];
	int n;

	*row_out = NULL;
	height_key(key, height);
	for (const struct waiting *w = self->archive_pile.first; w != NULL; w = w->next)
		if (memcmp(w->bytes, key, sizeof key) == 0) {
			*row = (struct sr_bytes){ w->bytes + sizeof key + 32, w->n - 32 };
			return SR_OK;
		}
	*row_out = tcbdbget(self->archive, key, sizeof key, &n);
	if (*row_out == NULL)
		return SR_ERR_NOT_FOUND;
	if (row_read(row, 'a', key, sizeof key, *row_out, (size_t)n) != SR_OK || row->n < 32) {
		self->figures.damaged_rows++;
		return SR_ERR_DAMAGED;
	}
	row->p += 32;
	row->n -= 32;
	return SR_OK;
}

enum sr_error node_store_archive_read(struct node_store *self, uint64_t height, size_t max_bytes,
    struct sr_writer *out)
{
	size_t count_at = out->n, bytes = 0;
	uint32_t count = 0;

	sr_write_u32(out, 0);
	for (;; height++) {
		uint8_t *owned;
		struct sr_bytes row;
		bool last = archive_get(self, height, &owned, &row) != SR_OK ||
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

void node_store_figures(struct node_store_figures *out, const struct node_store *self)
{
	*out = self->figures;
	out->state_rows = tcbdbrnum(self->state);
	out->archive_rows = tcbdbrnum(self->archive);
	out->buffered_bytes = self->state_pile.bytes + self->archive_pile.bytes;
}
