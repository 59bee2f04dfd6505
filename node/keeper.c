#include "node/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "node/file.h"

#define IDENTITY_MAX 65536u
#define STATE_KEY_BYTES 32u              /* of a STATE_READ */
#define IDENTITY_NAME "identity"
#define SLOW_US 1000000u
#define WORK_BYTES (32u * 1024u)         /* of rows, at a time */

/* --- Opening --- */

static enum sr_error log_open(
    struct keeper *self, const struct sr_hash32 *chain_id, uint32_t member, char *note)
{
	enum sr_error err = node_log_open(&self->log, self->dir.path, chain_id, member, note);

	self->doing = "safety.log";
	if (err == SR_OK && note[0] != '\0')
		sr_log(SR_LOG_WARN, "log", "%s", note);
	return err;
}

static enum sr_error store_open(struct keeper *self, uint64_t archive_blocks, char *note)
{
	enum sr_error err =
	    node_store_open(&self->store, self->dir.path, archive_blocks, note);
	struct node_store_figures figures;

	self->doing = "store";
	if (err != SR_OK)
		return err;
	if (note[0] != '\0')
		sr_log(SR_LOG_WARN, "store", "%s", note);
	node_store_figures(&figures, self->store);
	if (figures.unclean)
		sr_log(SR_LOG_WARN, "store",
		    "was not closed in order; its rows were checked damaged=%llu",
		    (unsigned long long)figures.damaged_rows);
	return SR_OK;
}

/* The log is there before the store is: looked at before either is opened, since opening makes
 * what is missing. */
static enum sr_error log_is_there(struct keeper *self, char *note)
{
	bool store, log;

	self->doing = "safety.log";
	SR_TRY(file_exists(&store, self->dir.path, NODE_STORE_STATE));
	SR_TRY(file_exists(&log, self->dir.path, NODE_LOG_NAME));
	if (log || !store)
		return SR_OK;
	snprintf(note, NODE_LOG_NOTE_MAX,
	    "it is missing though the store is there: what this node voted is not known; "
	    NODE_RECOVER);
	return SR_ERR_DAMAGED;
}

enum sr_error keeper_open(struct keeper *self, const char *path, const struct sr_hash32 *chain_id,
    uint32_t member, uint64_t archive_blocks, char note[NODE_LOG_NOTE_MAX])
{
	enum sr_error err;

	memset(self, 0, sizeof *self);
	self->log.fd = self->dir.lock = -1;
	self->doing = "data_dir";
	err = node_dir_open(&self->dir, path, chain_id, member, note);
	if (err == SR_OK)
		err = log_is_there(self, note);
	if (err == SR_OK)
		err = log_open(self, chain_id, member, note);
	return err == SR_OK ? store_open(self, archive_blocks, note) : err;
}

void keeper_close(struct keeper *self, bool clean)
{
	node_store_cursor_clear(&self->cursor);
	if (self->store != NULL) {
		node_store_abandon(self->store); /* rows of a checkpoint that never came */
		clean = clean && node_store_commit(self->store) == SR_OK;
		node_store_close(self->store, clean);
		self->store = NULL;
	}
	node_log_close(&self->log);
	node_dir_close(&self->dir);
}

/* --- An enclave that starts --- */

enum sr_error keeper_rewind(struct keeper *self, uint8_t **identity, size_t *n)
{
	char path[NODE_PATH_MAX];

	node_store_abandon(self->store);
	node_store_cursor_clear(&self->cursor);
	self->log_position = self->replayed = 0;
	self->rows_told = false;
	self->doing = "reading the sealed identity (data_dir/" IDENTITY_NAME ")";
	SR_TRY(file_path(path, self->dir.path, IDENTITY_NAME));
	return file_read(identity, n, path, IDENTITY_MAX);
}

static enum sr_error next_row(struct keeper *self, struct enclave_event *ev, uint8_t **bytes)
{
	size_t n = 0;

	self->doing = "reading state.tcb; " NODE_RECOVER;
	SR_TRY(node_store_state_next(self->store, &self->cursor, bytes, &n));
	*ev = (struct enclave_event){ .kind = ENCLAVE_EV_STORE_ROW };
	ev->a = (struct sr_bytes){ self->cursor.key, self->cursor.key_n };
	ev->b = (struct sr_bytes){ *bytes, n };
	self->replayed++;
	return SR_OK;
}

static enum sr_error next_record(struct keeper *self, struct enclave_event *ev, uint8_t **bytes)
{
	size_t n = 0;

	self->doing = "reading safety.log";
	SR_TRY(node_log_next(&self->log, &self->log_position, bytes, &n));
	*ev = (struct enclave_event){ .kind = ENCLAVE_EV_LOG_RECORD };
	ev->a = (struct sr_bytes){ *bytes, n };
	self->replayed++;
	return SR_OK;
}

enum sr_error keeper_next(struct keeper *self, struct enclave_event *ev, uint8_t **bytes)
{
	*bytes = NULL;
	if (!self->rows_told) {
		enum sr_error err = next_row(self, ev, bytes);

		if (err != SR_ERR_NOT_FOUND)
			return err;
		node_store_cursor_clear(&self->cursor);
		self->rows_told = true;
	}
	return next_record(self, ev, bytes);
}

bool keeper_blank(const struct keeper *self)
{
	struct node_store_figures figures;

	node_store_figures(&figures, self->store);
	return figures.state_rows == 0;
}

bool keeper_fresh(const struct keeper *self)
{
	return self->log.size == NODE_LOG_HEADER_BYTES && keeper_blank(self);
}

/* --- Its effects --- */

static uint64_t microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t took(uint64_t *sum, uint64_t *most, uint64_t from)
{
	uint64_t us = microseconds() - from;

	*sum += us;
	if (us > *most)
		*most = us;
	return us;
}

/* Whoever wonders why this node is late finds it here. */
static void slow_tell(const struct keeper *self, uint64_t us)
{
	if (us >= SLOW_US)
		sr_log(SR_LOG_WARN, "store", "%s took %u ms: the disk is slow or busy",
		    self->doing, (unsigned)(us / 1000));
}

/* All records of a stretch, one write, at most one sync. */
static enum sr_error persist(struct keeper *self, const struct enclave_effect *fx, size_t n)
{
	enum sr_error err = SR_OK;
	bool sync = false;
	uint64_t from;

	for (size_t i = 0; i < n && err == SR_OK; i++) {
		if (fx[i].kind != ENCLAVE_FX_PERSIST)
			continue;
		err = node_log_append(&self->log, fx[i].a.p, fx[i].a.n);
		sync = sync || fx[i].number == 1;
	}
	from = microseconds();
	if (err == SR_OK)
		err = node_log_write(&self->log, sync);
	if (err != SR_OK) {
		self->doing = "writing safety.log";
		if (node_log_discard(&self->log) != SR_OK)
			err = SR_ERR_IO;
	} else if (sync) {
		(void)took(&self->sync_us, &self->sync_max_us, from);
	}
	return err;
}

static enum sr_error archive_put(struct keeper *self, const struct enclave_effect *fx)
{
	struct sr_hash32 hash;

	self->doing = "writing the archive";
	if (fx->a.n != sizeof hash.b)
		return SR_ERR_BAD_ENCODING;
	memcpy(hash.b, fx->a.p, sizeof hash.b);
	return node_store_archive_put(self->store, fx->number, &hash, fx->b.p, fx->b.n);
}

/* The store first, then the fresh log: a stop in between finds the new rows and the old log, which
 * only says again what the rows hold. */
static enum sr_error checkpoint(struct keeper *self, const struct enclave_effect *fx)
{
	self->doing = "writing a checkpoint";
	SR_TRY(node_store_commit(self->store));
	return node_log_rotate(&self->log, fx->a.p, fx->a.n);
}

static bool is_mine(const struct enclave_effect *fx)
{
	return fx->kind == ENCLAVE_FX_PERSIST || fx->kind == ENCLAVE_FX_ARCHIVE_PUT ||
	    fx->kind == ENCLAVE_FX_STATE_PUT || fx->kind == ENCLAVE_FX_CHECKPOINT ||
	    fx->kind == ENCLAVE_FX_IDENTITY;
}

static enum sr_error keep(struct keeper *self, const struct enclave_effect *fx)
{
	if (fx->kind == ENCLAVE_FX_ARCHIVE_PUT)
		return archive_put(self, fx);
	if (fx->kind == ENCLAVE_FX_CHECKPOINT)
		return checkpoint(self, fx);
	if (fx->kind == ENCLAVE_FX_STATE_PUT) {
		self->doing = "keeping a row for the checkpoint";
		return node_store_state_put(self->store, fx->a.p, fx->a.n, fx->b.p, fx->b.n);
	}
	if (fx->kind == ENCLAVE_FX_IDENTITY) {
		self->doing = "writing the sealed identity";
		return file_replace(self->dir.path, IDENTITY_NAME, fx->a.p, fx->a.n);
	}
	return SR_OK; /* PERSIST: done before */
}

static enum sr_error keep_timed(struct keeper *self, const struct enclave_effect *fx)
{
	uint64_t from = microseconds();

	SR_TRY(keep(self, fx));
	/* Of PERSIST the time counts as the log's. */
	if (fx->kind != ENCLAVE_FX_PERSIST)
		slow_tell(self, took(&self->store_us, &self->store_max_us, from));
	return SR_OK;
}

static bool ends_stretch(const struct enclave_effect *fx)
{
	return fx->kind == ENCLAVE_FX_CHECKPOINT || fx->kind == ENCLAVE_FX_IDENTITY;
}

enum sr_error keeper_run(struct keeper *self, const struct enclave_effect *fx, size_t n,
    keeper_other *other, void *ctx)
{
	size_t from = 0;

	while (from < n) {
		size_t to = from;

		while (to < n && !ends_stretch(&fx[to]))
			to++;
		SR_TRY(persist(self, fx + from, to - from));
		for (; from < n && from <= to; from++) {
			if (is_mine(&fx[from]))
				SR_TRY(keep_timed(self, &fx[from]));
			else if (!other(ctx, &fx[from]))
				return SR_OK;
		}
	}
	return SR_OK;
}

bool keeper_busy(const struct keeper *self)
{
	return self->store != NULL && node_store_busy(self->store);
}

enum sr_error keeper_work(struct keeper *self)
{
	char note[NODE_STORE_NOTE_MAX];

	self->doing = "folding changes into state.tcb";
	SR_TRY(node_store_work(self->store, WORK_BYTES, note));
	if (note[0] != '\0')
		sr_log(SR_LOG_WARN, "store", "%s", note);
	return SR_OK;
}

enum sr_error keeper_archive_read(
    struct keeper *self, const struct enclave_effect *fx, struct sr_writer *out)
{
	size_t max = (size_t)fx->member * 1024;

	if (max > HOST_FRAME_MAX / 2)
		max = HOST_FRAME_MAX / 2;
	return node_store_archive_read(self->store, fx->number, max, out);
}

enum sr_error keeper_state_read(
    struct keeper *self, const struct enclave_effect *fx, struct sr_writer *out)
{
	size_t max = (size_t)fx->member * 1024, count_at = out->n, bytes = 0;
	uint32_t count = 0;

	if (max > HOST_FRAME_MAX / 2)
		max = HOST_FRAME_MAX / 2;
	sr_write_u32(out, 0);
	for (size_t at = 0; at + STATE_KEY_BYTES <= fx->a.n; at += STATE_KEY_BYTES) {
		uint8_t *value = NULL;
		size_t n = 0;
		bool last = node_store_state_get(self->store, fx->a.p + at, STATE_KEY_BYTES, &value,
				&n) != SR_OK || (count > 0 && bytes + n > max);

		if (!last) {
			sr_write_blob(out, value, n);
			bytes += n;
			count++;
		}
		free(value);
		if (last || out->error != SR_OK)
			break;
	}
	if (out->error == SR_OK)
		for (int i = 0; i < 4; i++)
			out->p[count_at + (size_t)i] = (uint8_t)(count >> 8 * i);
	return out->error;
}

bool keeper_low(struct keeper *self, bool was_low, uint64_t free_bytes, uint64_t min_bytes)
{
	bool low = was_low ? free_bytes < min_bytes + min_bytes / 4 : free_bytes < min_bytes;

	return low || !node_log_has_room(&self->log);
}
