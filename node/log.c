#define _GNU_SOURCE /* fallocate, sync_file_range */
#include "node/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "node/file.h"

#define LOG_VERSION 1u
#define LOG_RESERVE (16u * 1024u * 1024u)
#define LOG_PENDING_MAX (64u * 1024u * 1024u)
#define SCAN_CHUNK (1024u * 1024u)
#define PUSH_BYTES (64u * 1024u)       /* of a batch that is not at its end: worth a write */

static const struct node_log_kind safety = { "SRSAFELG", ", so this node's votes are not known",
	false, false };

struct record { uint32_t length, crc; uint64_t batch; };

__attribute__((format(printf, 2, 3)))
static void say(char *note, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(note, NODE_LOG_NOTE_MAX, format, args);
	va_end(args);
}

static void put32(uint8_t *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *out, uint64_t v)
{
	put32(out, (uint32_t)v);
	put32(out + 4, (uint32_t)(v >> 32));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* --- Encoding --- */

static uint32_t record_check(const uint8_t *header, uint64_t position)
{
	uint8_t where[8];

	put64(where, position);
	return sr_crc32c(sr_crc32c(0, where, sizeof where), header, 16);
}

static void record_write(uint8_t *out, const struct record *r, uint64_t position)
{
	put32(out, r->length);
	put32(out + 4, r->crc);
	put64(out + 8, r->batch);
	put32(out + 16, record_check(out, position));
}

static bool record_read(struct record *r, const uint8_t *header, uint64_t position)
{
	r->length = get32(header);
	r->crc = get32(header + 4);
	r->batch = get32(header + 8) | (uint64_t)get32(header + 12) << 32;
	return get32(header + 16) == record_check(header, position)
	    && r->length <= NODE_LOG_RECORD_MAX;
}

static void header_write(uint8_t out[NODE_LOG_HEADER_BYTES], const struct node_log *self)
{
	memcpy(out, self->kind->magic, 8);
	put32(out + 8, LOG_VERSION);
	put32(out + 12, self->member);
	memcpy(out + 16, self->chain_id.b, 32);
	put32(out + 48, sr_crc32c(0, out, 48));
}

/* All n bytes, which the file has: a disk that does not read is not one that holds other bytes. */
static enum sr_error read_at(int fd, uint8_t *out, size_t n, uint64_t position)
{
	while (n > 0) {
		ssize_t got = pread(fd, out, n, (off_t)position);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return SR_ERR_IO;
		out += got;
		n -= (size_t)got;
		position += (uint64_t)got;
	}
	return SR_OK;
}

/* --- Opening --- */

static enum sr_error header_check(const struct node_log *self, uint64_t file_size, char *note)
{
	uint8_t h[NODE_LOG_HEADER_BYTES] = { 0 };

	if (file_size >= sizeof h)
		SR_TRY(read_at(self->fd, h, sizeof h, 0));
	if (memcmp(h, self->kind->magic, 8) != 0 || get32(h + 48) != sr_crc32c(0, h, 48)) {
		say(note,
		    "%s/%s does not begin as a log does: the disk is damaged; " NODE_RECOVER,
		    self->dir, self->name);
		return SR_ERR_DAMAGED;
	}
	if (get32(h + 8) != LOG_VERSION) {
		say(note, "%s/%s has version %u; this build reads %u", self->dir, self->name,
		    get32(h + 8), LOG_VERSION);
		return SR_ERR_BAD_VERSION;
	}
	if (get32(h + 12) != self->member || memcmp(h + 16, self->chain_id.b, 32) != 0) {
		say(note,
		    "%s/%s is member %u's of %s cluster. Point data_dir at this node's own "
		    "folder",
		    self->dir, self->name, get32(h + 12),
		    memcmp(h + 16, self->chain_id.b, 32) != 0 ? "another" : "this");
		return SR_ERR_FOREIGN_DATA;
	}
	return SR_OK;
}

/* A whole good record at position? scratch: NODE_LOG_RECORD_MAX bytes. */
static enum sr_error record_good(bool *good, const struct node_log *self, struct record *r,
    uint64_t position, uint64_t file_size, uint8_t *scratch)
{
	uint8_t header[NODE_LOG_RECORD_HEADER_BYTES];

	*good = false;
	if (file_size - position < sizeof header)
		return SR_OK;
	SR_TRY(read_at(self->fd, header, sizeof header, position));
	position += sizeof header;
	if (!record_read(r, header, position - sizeof header) || file_size - position < r->length)
		return SR_OK;
	SR_TRY(read_at(self->fd, scratch, r->length, position));
	*good = sr_crc32c(0, scratch, r->length) == r->crc;
	return SR_OK;
}

/* Where the next good record begins, from *position on. NOT_FOUND. */
static enum sr_error next_good(const struct node_log *self, uint64_t *position, uint64_t file_size,
    uint8_t *scratch)
{
	for (uint64_t at = *position; at + NODE_LOG_RECORD_HEADER_BYTES <= file_size; at++) {
		struct record r;
		bool good;

		SR_TRY(record_good(&good, self, &r, at, file_size, scratch));
		if (good) {
			*position = at;
			return SR_OK;
		}
	}
	return SR_ERR_NOT_FOUND;
}

/* The highest batch of the good records that begin in a chunk of the file. */
static enum sr_error newest_batch_in(uint64_t *batch, uint64_t *where, const struct node_log *self,
    const uint8_t *chunk, size_t n, uint64_t position, uint64_t file_size, uint8_t *scratch)
{
	for (size_t i = 0; i + NODE_LOG_RECORD_HEADER_BYTES <= n; i++) {
		struct record r;
		bool good;

		if (!record_read(&r, chunk + i, position + i) || r.batch >> 1 <= *batch)
			continue;
		SR_TRY(record_good(&good, self, &r, position + i, file_size, scratch));
		if (good) {
			*batch = r.batch >> 1;
			*where = position + i;
		}
	}
	return SR_OK;
}

/* The highest batch of any good record from position on; 0 when there is none. */
static enum sr_error newest_batch_after(uint64_t *batch, uint64_t *where,
    const struct node_log *self, uint64_t position, uint64_t file_size, uint8_t *scratch)
{
	uint8_t *chunk = malloc(SCAN_CHUNK);
	enum sr_error err = chunk != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	*batch = 0;
	while (err == SR_OK && file_size - position > NODE_LOG_RECORD_HEADER_BYTES) {
		size_t n = file_size - position < SCAN_CHUNK ? (size_t)(file_size - position)
							     : SCAN_CHUNK;

		err = read_at(self->fd, chunk, n, position);
		if (err == SR_OK)
			err = newest_batch_in(
			    batch, where, self, chunk, n, position, file_size, scratch);
		position += n - NODE_LOG_RECORD_HEADER_BYTES + 1;
	}
	free(chunk);
	return err;
}

static enum sr_error tail_cut(struct node_log *self, uint64_t file_size, char *note)
{
	if (ftruncate(self->fd, (off_t)self->size) != 0 || fsync(self->fd) != 0)
		return file_errno();
	say(note, "cut a torn tail of %llu bytes off %s/%s (normal after a crash)",
	    (unsigned long long)(file_size - self->size), self->dir, self->name);
	return SR_OK;
}

/* The record at self->size is bad. DAMAGED if it was ever synced. last: the good one before it
 * (batch 0: none). */
static enum sr_error bad_record(const struct node_log *self, const struct record *last,
    uint64_t file_size, uint8_t *scratch, char *note)
{
	uint64_t mine = (last->batch >> 1) + ((last->batch & 1) != 0 || last->batch == 0 ? 1 : 0);
	uint64_t newest, where = 0;

	SR_TRY(newest_batch_after(&newest, &where, self, self->size + 1, file_size, scratch));
	if (newest <= mine)
		return SR_OK;
	say(note,
	    "%s/%s is damaged at byte %llu, before good records at byte %llu. The disk "
	    "has changed what was written%s; " NODE_RECOVER,
	    self->dir, self->name, (unsigned long long)self->size, (unsigned long long)where,
	    self->kind->loss);
	return SR_ERR_DAMAGED;
}

/* An empty record that ends the batch of a crash: what is kept of it is synced and replayed from
 * now on. */
static enum sr_error mark_end(struct node_log *self, uint64_t batch)
{
	uint8_t header[NODE_LOG_RECORD_HEADER_BYTES];
	struct record r = { 0, 0, batch << 1 | 1 };

	record_write(header, &r, self->size);
	SR_TRY(file_write_all(self->fd, header, sizeof header));
	self->size += sizeof header;
	return SR_OK;
}

/* What the kernel shows may be what an earlier sync failed to write; replayed and then lost in a
 * power cut, it would be votes that nobody remembers. So what is read comes from the disk. */
static enum sr_error pages_drop(int fd)
{
	if (fdatasync(fd) != 0)
		return SR_ERR_IO;
	/* Advice: a file system without pages of its own has nothing to forget. */
	(void)!posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return SR_OK;
}

/* self->size: the end of what counts; last: the record before it. */
static enum sr_error records_scan(struct node_log *self, struct record *last, uint64_t file_size,
    uint8_t *scratch, char *note)
{
	struct record r, ended = *last;
	uint64_t end = NODE_LOG_HEADER_BYTES, records = 0;
	bool good;

	self->size = NODE_LOG_HEADER_BYTES;
	while (self->size < file_size) {
		SR_TRY(record_good(&good, self, &r, self->size, file_size, scratch));
		if (!good) {
			enum sr_error err = bad_record(self, last, file_size, scratch, note);

			if (err != SR_ERR_DAMAGED || !self->kind->lossy) {
				SR_TRY(err);
				break;
			}
			SR_TRY(next_good(self, &self->size, file_size, scratch));
			self->lost++;
			continue;
		}
		self->size += NODE_LOG_RECORD_HEADER_BYTES + r.length;
		self->records++;
		*last = r;
		if ((r.batch & 1) != 0)
			ended = r;
		if ((r.batch & 1) != 0 || r.length == 0) { /* or a seal */
			end = self->size;
			records = self->records;
		}
	}
	if (self->kind->whole) {
		*last = ended;
		self->size = end;
		self->records = records;
	}
	return SR_OK;
}

static enum sr_error log_scan(struct node_log *self, uint8_t *scratch, char *note)
{
	struct record last = { 0, 0, 0 };
	struct stat st;
	uint64_t file_size;

	SR_TRY(pages_drop(self->fd));
	if (fstat(self->fd, &st) != 0)
		return SR_ERR_IO;
	file_size = (uint64_t)st.st_size;
	SR_TRY(header_check(self, file_size, note));
	SR_TRY(records_scan(self, &last, file_size, scratch, note));
	if (self->size < file_size)
		SR_TRY(tail_cut(self, file_size, note));
	if (lseek(self->fd, (off_t)self->size, SEEK_SET) < 0)
		return SR_ERR_IO;
	if (last.batch != 0 && (last.batch & 1) == 0)
		SR_TRY(mark_end(self, last.batch >> 1));
	self->batch = (last.batch >> 1) + 1;
	self->reserved = self->synced_size = self->size;
	return fdatasync(self->fd) == 0 ? SR_OK : SR_ERR_IO;
}

static enum sr_error aside_path(char out[NODE_PATH_MAX], const struct node_log *self)
{
	char name[40];

	snprintf(name, sizeof name, "%s.new", self->name);
	return file_path(out, self->dir, name);
}

/* A new file with its header and first records, aside, synced, then in place. Replaces self->fd. */
static enum sr_error log_install(struct node_log *self, const uint8_t *records, size_t n)
{
	char path[NODE_PATH_MAX], aside[NODE_PATH_MAX];
	uint8_t header[NODE_LOG_HEADER_BYTES];
	enum sr_error err;
	int fd;

	SR_TRY(file_path(path, self->dir, self->name));
	SR_TRY(aside_path(aside, self));
	fd = open(aside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_errno();
	header_write(header, self);
	err = file_write_all(fd, header, sizeof header);
	if (err == SR_OK)
		err = file_write_all(fd, records, n);
	if (err == SR_OK && fsync(fd) != 0)
		err = file_errno();
	if (err != SR_OK) {
		close(fd);
		unlink(aside);
		return err;
	}
	if (rename(aside, path) != 0 || file_sync_dir(self->dir) != SR_OK) {
		close(fd);
		return SR_ERR_IO;
	}
	if (self->fd >= 0)
		close(self->fd);
	self->fd = fd;
	self->size = self->reserved = self->synced_size = sizeof header + n;
	return SR_OK;
}

static enum sr_error log_find(struct node_log *self, char *note)
{
	char path[NODE_PATH_MAX];
	uint8_t *scratch;
	enum sr_error err;

	SR_TRY(aside_path(path, self));
	if (unlink(path) != 0 && errno != ENOENT)
		return SR_ERR_IO;
	SR_TRY(file_path(path, self->dir, self->name));
	self->fd = open(path, O_RDWR | O_CLOEXEC);
	if (self->fd < 0 && errno != ENOENT)
		return SR_ERR_IO;
	if (self->fd < 0) {
		self->created = true;
		return log_install(self, NULL, 0);
	}
	scratch = malloc(NODE_LOG_RECORD_MAX);
	err = scratch != NULL ? log_scan(self, scratch, note) : SR_ERR_NO_MEMORY;
	free(scratch);
	return err;
}

enum sr_error node_log_open_as(struct node_log *self, const char *dir, const char *name,
    const struct node_log_kind *kind, const struct sr_hash32 *chain_id, uint32_t member,
    char note[NODE_LOG_NOTE_MAX])
{
	enum sr_error err;

	memset(self, 0, sizeof *self);
	self->fd = -1;
	self->kind = kind;
	self->chain_id = *chain_id;
	self->member = member;
	self->batch = 1;
	note[0] = '\0';
	sr_writer_init(&self->pending, LOG_PENDING_MAX);
	if (strlen(dir) >= sizeof self->dir || strlen(name) >= sizeof self->name)
		return SR_ERR_TOO_LONG;
	snprintf(self->dir, sizeof self->dir, "%s", dir);
	snprintf(self->name, sizeof self->name, "%s", name);
	err = log_find(self, note);
	if (err != SR_OK)
		node_log_close(self);
	return err;
}

enum sr_error node_log_open(struct node_log *self, const char *dir,
    const struct sr_hash32 *chain_id, uint32_t member, char note[NODE_LOG_NOTE_MAX])
{
	return node_log_open_as(self, dir, NODE_LOG_NAME, &safety, chain_id, member, note);
}

void node_log_close(struct node_log *self)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
	sr_writer_clear(&self->pending);
}

static enum sr_error damage_pass(const struct node_log *self, uint64_t *position)
{
	uint8_t *scratch = malloc(NODE_LOG_RECORD_MAX);
	enum sr_error err = scratch != NULL ? next_good(self, position, self->size, scratch)
					    : SR_ERR_NO_MEMORY;

	free(scratch);
	return err;
}

/* DAMAGED: position is that of the damaged record. */
static enum sr_error record_take(
    struct node_log *self, uint64_t *position, uint8_t **bytes, size_t *n)
{
	uint8_t header[NODE_LOG_RECORD_HEADER_BYTES];
	struct record r = { 0, 0, 0 };
	enum sr_error err;

	if (*position == 0)
		*position = NODE_LOG_HEADER_BYTES;
	while (r.length == 0) { /* an empty one only ends a batch */
		if (*position >= self->size)
			return SR_ERR_NOT_FOUND;
		SR_TRY(read_at(self->fd, header, sizeof header, *position));
		if (!record_read(&r, header, *position))
			return SR_ERR_DAMAGED;
		*position += sizeof header;
	}
	*bytes = malloc(r.length);
	if (*bytes == NULL)
		return SR_ERR_NO_MEMORY;
	err = read_at(self->fd, *bytes, r.length, *position);
	if (err == SR_OK && sr_crc32c(0, *bytes, r.length) != r.crc)
		err = SR_ERR_DAMAGED;
	if (err != SR_OK) {
		free(*bytes);
		*position -= sizeof header;
		return err;
	}
	*n = r.length;
	*position += r.length;
	return SR_OK;
}

enum sr_error node_log_next(struct node_log *self, uint64_t *position, uint8_t **bytes, size_t *n)
{
	enum sr_error err = record_take(self, position, bytes, n);

	while (err == SR_ERR_DAMAGED && self->kind->lossy) {
		SR_TRY(damage_pass(self, position));
		err = record_take(self, position, bytes, n);
	}
	return err;
}

enum sr_error node_log_read(
    const struct node_log *self, uint8_t *out, size_t n, uint64_t position)
{
	return read_at(self->fd, out, n, position);
}

/* --- Writing --- */

/* position: where the writer's first byte will be in the file. */
static enum sr_error batch_add(struct sr_writer *w, size_t *last, uint64_t position, uint64_t batch,
    const uint8_t *bytes, size_t n)
{
	uint8_t header[NODE_LOG_RECORD_HEADER_BYTES];
	struct record r;

	if (n == 0 || n > NODE_LOG_RECORD_MAX)
		return n == 0 ? SR_ERR_EMPTY : SR_ERR_TOO_LONG;
	r = (struct record){ (uint32_t)n, sr_crc32c(0, bytes, n), batch << 1 };
	record_write(header, &r, position + w->n);
	*last = w->n;
	sr_write_copy(w, header, sizeof header);
	sr_write_copy(w, bytes, n);
	return w->error;
}

/* Marks the last record of a batch, now that it is known to be the last. */
static void batch_end(struct sr_writer *w, size_t last, uint64_t position, uint64_t batch)
{
	struct record r = { get32(w->p + last), get32(w->p + last + 4), batch << 1 | 1 };

	record_write(w->p + last, &r, position + last);
}

enum sr_error node_log_append(struct node_log *self, const uint8_t *bytes, size_t n)
{
	return batch_add(&self->pending, &self->pending_last, self->size, self->batch, bytes, n);
}

static enum sr_error log_allocate(struct node_log *self, uint64_t n)
{
	if (fallocate(self->fd, FALLOC_FL_KEEP_SIZE, (off_t)self->size, (off_t)n) == 0) {
		self->reserved = self->size + n;
		return SR_OK;
	}
	/* A file system that cannot promise: what is written will tell. */
	return errno == EOPNOTSUPP || errno == ENOSYS ? SR_OK : file_errno();
}

/* Asks for room well before it is needed, so that a full disk is known while there is still some
 * left. */
static enum sr_error log_reserve(struct node_log *self, size_t n)
{
	enum sr_error err;

	if (self->size + n + LOG_RESERVE / 4 <= self->reserved)
		return SR_OK;
	err = log_allocate(self, n + LOG_RESERVE);
	if (err != SR_ERR_DISK_FULL) {
		self->nearly_full = false;
		return err;
	}
	self->nearly_full = true;
	return self->size + n <= self->reserved ? SR_OK : log_allocate(self, n);
}

bool node_log_has_room(struct node_log *self)
{
	return !self->nearly_full || (log_reserve(self, 0) == SR_OK && !self->nearly_full);
}

enum sr_error node_log_finish(struct node_log *self)
{
	SR_ASSERT(self->pending.n == 0);
	if (ftruncate(self->fd, (off_t)self->size) != 0)
		return SR_ERR_IO;
	self->reserved = self->size;
	return SR_OK;
}

/* Takes a part that was written back off the file. */
static enum sr_error log_undo(struct node_log *self, enum sr_error err)
{
	if (self->kind->whole)
		self->size = self->synced_size;
	if (ftruncate(self->fd, (off_t)self->size) != 0 ||
	    lseek(self->fd, (off_t)self->size, SEEK_SET) < 0)
		return SR_ERR_IO;
	self->reserved = self->size;
	return err;
}

enum sr_error node_log_discard(struct node_log *self)
{
	sr_writer_reset(&self->pending);
	return self->kind->whole && self->size > self->synced_size ? log_undo(self, SR_OK) : SR_OK;
}

static enum sr_error log_put(struct node_log *self)
{
	bool begun = self->kind->whole && self->size > self->synced_size;
	enum sr_error err = log_reserve(self, self->pending.n);

	if (err == SR_OK && self->size + self->pending.n > NODE_LOG_FILE_MAX)
		err = SR_ERR_DISK_FULL;
	if (err != SR_OK)
		return err == SR_ERR_DISK_FULL && begun ? log_undo(self, err) : err;
	err = file_write_all(self->fd, self->pending.p, self->pending.n);
	return err == SR_ERR_DISK_FULL ? log_undo(self, err) : err;
}

/* An empty record that begins the next batch: whoever finds it knows that the last one was synced,
 * and takes no damage in it for a torn tail. Itself it need not be there. */
static enum sr_error batch_seal(struct node_log *self)
{
	uint8_t header[NODE_LOG_RECORD_HEADER_BYTES];
	struct record r = { 0, 0, self->batch << 1 };

	record_write(header, &r, self->size);
	if (file_write_all(self->fd, header, sizeof header) != SR_OK)
		return log_undo(self, SR_OK);
	self->size += sizeof header;
	self->synced_size = self->size;
	return SR_OK;
}

/* The disk begins with what a large batch has so far, or its end would wait for all of it. */
static enum sr_error log_push(const struct node_log *self, uint64_t from, size_t n)
{
	if (!self->kind->whole || n < PUSH_BYTES ||
	    sync_file_range(self->fd, (off64_t)from, (off64_t)n, SYNC_FILE_RANGE_WRITE) == 0)
		return SR_OK;
	return errno == ENOSYS || errno == ESPIPE ? SR_OK : SR_ERR_IO;
}

enum sr_error node_log_write(struct node_log *self, bool sync)
{
	size_t n = self->pending.n;
	enum sr_error err = self->pending.error;

	if (err == SR_OK && n == 0)
		return SR_OK;
	if (err == SR_OK) {
		if (sync)
			batch_end(&self->pending, self->pending_last, self->size, self->batch);
		err = log_put(self);
	}
	if (err == SR_OK) {
		self->size += n;
		self->appended += n;
	}
	sr_writer_reset(&self->pending);
	if (err == SR_OK && !sync)
		return log_push(self, self->size - n, n);
	if (err != SR_OK)
		return err;
	/* After a failed fsync the kernel may have dropped the pages: nothing can be said about the
	 * file. */
	if (fdatasync(self->fd) != 0)
		return SR_ERR_IO;
	self->batch++;
	self->synced++;
	self->synced_size = self->size;
	return self->kind->whole ? batch_seal(self) : SR_OK;
}

enum sr_error node_log_rotate(struct node_log *self, const uint8_t *records, size_t n)
{
	struct sr_writer w;
	struct sr_reader r;
	size_t last = 0;
	uint32_t count;
	enum sr_error err = SR_OK;

	SR_ASSERT(self->pending.n == 0);
	sr_reader_init(&r, records, n);
	sr_writer_init(&w, LOG_PENDING_MAX);
	count = sr_read_u32(&r);
	for (uint32_t i = 0; i < count && err == SR_OK; i++) {
		struct sr_bytes record = sr_read_blob(&r, NODE_LOG_RECORD_MAX);

		err = r.error;
		if (err == SR_OK)
			err = batch_add(&w, &last, NODE_LOG_HEADER_BYTES, 1, record.p, record.n);
	}
	if (err == SR_OK)
		err = sr_reader_finish(&r);
	if (err == SR_OK && count > 0)
		batch_end(&w, last, NODE_LOG_HEADER_BYTES, 1);
	if (err == SR_OK)
		err = log_install(self, w.p, w.n);
	sr_writer_clear(&w);
	if (err != SR_OK)
		return err;
	self->batch = count > 0 ? 2 : 1;
	self->records = count;
	self->rotated++;
	return SR_OK;
}
