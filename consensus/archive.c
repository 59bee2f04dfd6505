/*
 * consensus/archive.c - catching up from far behind, forward by height: a batch of archived rows is
 * chained by hash up to a block with a FINAL certificate before anything of it is committed.
 */
#include "consensus/internal.h"

#include <stdlib.h>

#define ROW_VERSION 1u
#define ROWS_MAX 4096u
#define ROW_BYTES_MAX (SR_BLOCK_MAX + 32768u)

void consensus_archive_row_write(struct sr_writer *w, const struct consensus_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	sr_write_u8(w, ROW_VERSION);
	consensus_header_write(w, &block->header);
	sr_write_blob(w, block->body.p, block->body.n);
	sr_write_bool(w, notar != NULL);
	if (notar != NULL)
		consensus_cert_write(w, notar);
	sr_write_bool(w, final != NULL);
	if (final != NULL)
		consensus_cert_write(w, final);
}

enum sr_error consensus_archive_row_read(struct consensus_block *block,
    struct consensus_cert *notar, bool *has_notar, struct consensus_cert *final, bool *has_final,
    const uint8_t *row, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, row, n);
	if (sr_read_u8(&r) != ROW_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	consensus_header_read(&block->header, &r);
	block->hash = consensus_header_hash(&block->header);
	block->body = sr_read_blob(&r, SR_BLOCK_MAX);
	*has_notar = sr_read_bool(&r);
	if (*has_notar)
		consensus_cert_read(notar, &r);
	*has_final = sr_read_bool(&r);
	if (*has_final)
		consensus_cert_read(final, &r);
	return sr_reader_finish(&r);
}

/* --- asking --- */

bool cons_catchup_needed(const struct consensus *self)
{
	if (self->top_slot <= self->final.slot || self->stopped != SR_OK)
		return false;
	return self->archive_only || self->final.slot < self->low_slot ||
	    self->top_slot - self->final.slot > CONS_ARCHIVE_SLOTS;
}

static void row_free(struct cons_row *row)
{
	cons_block_free(row->block);
	free(row->notar);
	free(row->final);
	free(row);
}

static void row_pop(struct cons_catchup *c)
{
	struct cons_row *row = c->first;

	c->first = row->next;
	if (c->first == NULL)
		c->last = NULL;
	if (row->block != NULL)
		c->bytes -= row->block->body_n;
	row_free(row);
}

void cons_catchup_drop(struct consensus *self)
{
	while (self->catchup.first != NULL)
		row_pop(&self->catchup);
	self->catchup.bytes = 0;
	self->catchup.open = false;
}

static bool peer_ahead(const struct consensus *self, uint32_t peer)
{
	return self->peer_height[peer] > self->final.height ||
	    self->peer_top[peer] > self->final.slot;
}

/* The next peer in turn, preferably one that is known to be ahead. */
static uint32_t archive_pick(struct consensus *self)
{
	uint32_t n = self->config.n, last = self->archive_last;

	for (uint32_t i = 1; i <= 2 * n; i++) {
		uint32_t peer = (last + i) % n;

		if (peer == self->config.self || (i <= n && !peer_ahead(self, peer)))
			continue;
		self->archive_last = peer;
		return peer;
	}
	return last;
}

void cons_catchup_run(struct consensus *self)
{
	struct cons_catchup *c = &self->catchup;
	struct sr_writer w;

	if (cons_alone(self))
		return;
	if (!cons_catchup_needed(self)) {
		cons_catchup_drop(self);
		self->archive_only = self->archive_only && self->top_slot > self->final.slot;
		c->asked_ms = 0;
		return;
	}
	if (c->asked_ms != 0 && self->now_ms - c->asked_ms < CONS_ARCHIVE_RETRY_MS)
		return;
	/* Unanswered: start over with another peer. */
	if (c->open)
		cons_catchup_drop(self);
	if (c->first == NULL)
		c->peer = archive_pick(self);
	c->open = true;
	c->asked_ms = self->now_ms;
	sr_writer_init(&w, 256);
	cons_message_begin(self, &w, CONS_REQ_ROWS);
	sr_write_u64(&w, c->last != NULL ? c->last->block->header.height : self->final.height);
	sr_write_u32(&w, CONS_ARCHIVE_BYTES);
	cons_message_send(self, c->peer, CONSENSUS_CLASS_SYNC, &w);
}

/* --- answering --- */

enum sr_error cons_receive_req_rows(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	uint64_t after = sr_read_u64(r);
	uint32_t max_bytes = sr_read_u32(r);

	SR_TRY(sr_reader_finish(r));
	if (self->serving_ms[from] != 0 && self->now_ms - self->serving_ms[from] < 1000u)
		return SR_ERR_NOT_READY;
	self->serving_ms[from] = self->now_ms > 0 ? self->now_ms : 1;
	if (max_bytes > CONS_ARCHIVE_BYTES)
		max_bytes = CONS_ARCHIVE_BYTES;
	self->ports.archive_read(self->ports.ctx, from, after, max_bytes);
	return SR_OK;
}

/* A row of another epoch belongs to another instance. */
static enum sr_error row_epoch_check(const struct consensus *self, struct sr_bytes row)
{
	struct consensus_header h;
	struct sr_reader r;

	sr_reader_init(&r, row.p, row.n);
	if (sr_read_u8(&r) != ROW_VERSION)
		return SR_ERR_BAD_VERSION;
	consensus_header_read(&h, &r);
	if (r.error != SR_OK)
		return r.error;
	return h.epoch == self->config.epoch ? SR_OK : SR_ERR_WRONG_EPOCH;
}

enum sr_error cons_archive_send(struct consensus *self, uint32_t peer, const struct sr_bytes *rows,
    size_t rows_n)
{
	size_t n = 0, bytes = 64;
	struct sr_writer w;

	if (peer >= self->config.n + CONSENSUS_GUESTS_MAX || peer == self->config.self)
		return SR_ERR_NOT_A_MEMBER;
	self->serving_ms[peer] = 0;
	for (; n < rows_n && n < ROWS_MAX; n++) {
		SR_TRY(row_epoch_check(self, rows[n]));
		bytes += rows[n].n + 4;
		if (bytes > CONSENSUS_MESSAGE_MAX)
			break;
	}
	sr_writer_init(&w, CONSENSUS_MESSAGE_MAX);
	cons_message_begin(self, &w, CONS_ROWS);
	sr_write_u16(&w, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		sr_write_blob(&w, rows[i].p, rows[i].n);
	cons_message_send(self, peer, CONSENSUS_CLASS_SYNC, &w);
	return SR_OK;
}

/* --- applying --- */

static enum sr_error cert_keep(const struct consensus *self, struct consensus_cert **out,
    const struct consensus_cert *c, enum consensus_vote_kind kind, const struct cons_block *block)
{
	if (c->kind != kind || c->epoch != self->config.epoch || c->slot != block->header.slot ||
	    !sr_hash32_equal(&c->hash, &block->hash))
		return SR_ERR_BAD_PROOF;
	SR_TRY(consensus_cert_verify(c, &self->config.chain_id, self->config.keys, self->config.n));
	*out = malloc(consensus_cert_bytes(c));
	if (*out == NULL)
		return SR_ERR_NO_MEMORY;
	consensus_cert_copy(*out, c);
	return SR_OK;
}

static enum sr_error row_chain(const struct consensus *self, const struct consensus_header *h)
{
	const struct cons_row *last = self->catchup.last;
	struct cons_point p = last != NULL ? cons_block_point(last->block) : self->final;

	if (h->height != p.height + 1)
		return SR_ERR_NOT_FOUND;
	return h->parent_slot == p.slot && sr_hash32_equal(&h->parent_hash, &p.hash) ?
	    SR_OK : SR_ERR_BAD_PARENT;
}

static enum sr_error row_append(struct consensus *self, const struct consensus_block *view,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	struct cons_catchup *c = &self->catchup;
	struct cons_row *row;
	enum sr_error error;

	SR_TRY(cons_block_form(self, &view->header, view->body));
	SR_TRY(row_chain(self, &view->header));
	if (c->bytes + view->body.n > CONS_UNVERIFIED_BYTES)
		return SR_ERR_TOO_MANY;
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return SR_ERR_NO_MEMORY;
	error = cons_block_new(&row->block, &view->header, NULL, view->body);
	if (error == SR_OK && notar != NULL)
		error = cert_keep(self, &row->notar, notar, CONSENSUS_NOTAR, row->block);
	if (error == SR_OK && final != NULL)
		error = cert_keep(self, &row->final, final, CONSENSUS_FINAL, row->block);
	if (error != SR_OK) {
		row_free(row);
		return error;
	}
	if (c->last != NULL)
		c->last->next = row;
	else
		c->first = row;
	c->last = row;
	c->bytes += view->body.n;
	return SR_OK;
}

static enum sr_error row_receive(struct consensus *self, struct sr_bytes bytes)
{
	struct consensus_cert notar, final;
	bool has_notar, has_final;
	struct consensus_block view;

	SR_TRY(consensus_archive_row_read(&view, &notar, &has_notar, &final, &has_final, bytes.p,
	    bytes.n));
	if (view.header.height <= self->final.height)
		return SR_OK;
	return row_append(self, &view, has_notar ? &notar : NULL, has_final ? &final : NULL);
}

static const struct cons_row *rows_proven(const struct consensus *self)
{
	const struct cons_row *proven = NULL;

	for (const struct cons_row *row = self->catchup.first; row != NULL; row = row->next)
		if (row->final != NULL || sr_hash32_equal(&row->block->hash, &self->top_hash))
			proven = row;
	return proven;
}

/* The peer's, or my own when it is for this block. */
static const struct consensus_cert *row_final(const struct consensus *self,
    const struct cons_row *row)
{
	const struct consensus_cert *own =
	    cons_cert_of(self, CONSENSUS_FINAL, row->block->header.slot);

	if (row->final != NULL || own == NULL)
		return row->final;
	return sr_hash32_equal(&own->hash, &row->block->hash) ? own : NULL;
}

/* The block may be in the tree already; once committed it belongs there while its slot is
 * remembered. */
static enum sr_error row_commit(struct consensus *self, struct cons_row *row)
{
	struct cons_block *b = row->block;
	struct cons_block *held = cons_tree_find(self, b->header.slot, &b->hash);
	enum sr_error error;

	if (held != NULL)
		b = held;
	error = cons_block_validate(self, b);
	if (error == SR_ERR_NOT_READY || error == SR_ERR_NO_MEMORY)
		return error;
	SR_TRY(cons_fatal(self, error));
	/* Replayed in this order, the certificate proves the end of the epoch again: what comes
	 * after it in the log may be of the next one. */
	if (b->closing && row->final != NULL)
		SR_TRY(cons_log_cert(self, row->final));
	SR_TRY(cons_commit_one(self, b, row->notar, row_final(self, row)));
	if (row->final != NULL)
		SR_TRY(cons_pool_cert(self, row->final, true, false));
	if (row->notar != NULL && b->header.slot == self->top_slot)
		SR_TRY(cons_pool_cert(self, row->notar, true, false));
	if (held != NULL || b->header.slot < self->low_slot)
		return SR_OK;
	self->catchup.bytes -= b->body_n;
	row->block = NULL;
	error = cons_tree_add(self, b);
	if (error != SR_OK)
		cons_block_free(b);
	return error;
}

static enum sr_error rows_commit(struct consensus *self)
{
	const struct cons_row *proven = rows_proven(self);
	bool more = proven != NULL;

	while (more) {
		struct cons_row *row = self->catchup.first;

		more = row != proven;
		SR_TRY(row_commit(self, row));
		row_pop(&self->catchup);
	}
	cons_tree_forget_below(self);
	return SR_OK;
}

static enum sr_error rows_apply(struct consensus *self, struct sr_reader *r, uint32_t n)
{
	struct cons_catchup *c = &self->catchup;

	/* What was waiting may have become final in the meantime. */
	if (c->first != NULL && !cons_is_final(self, c->first->block->header.parent_slot,
	    &c->first->block->header.parent_hash))
		cons_catchup_drop(self);
	while (n-- > 0)
		SR_TRY(row_receive(self, sr_read_blob(r, ROW_BYTES_MAX)));
	return rows_commit(self);
}

enum sr_error cons_receive_rows(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	struct cons_catchup *c = &self->catchup;
	uint32_t n = sr_read_u16(r);
	struct sr_reader shape = *r;
	enum sr_error error;

	if (n > ROWS_MAX)
		return SR_ERR_TOO_LONG;
	for (uint32_t i = 0; i < n && shape.error == SR_OK; i++)
		(void)sr_read_blob(&shape, ROW_BYTES_MAX);
	SR_TRY(sr_reader_finish(&shape));
	if (!c->open || from != c->peer)
		return SR_OK;
	c->open = false;
	error = rows_apply(self, r, n);
	self->again = true;
	if (error != SR_OK)
		cons_catchup_drop(self);
	/* A batch that helped is followed by the next at once; otherwise another peer, a little
	 * later. */
	if (error == SR_OK && n > 0)
		c->asked_ms = 0;
	else
		c->asked_ms = self->now_ms - CONS_ARCHIVE_RETRY_MS + CONS_FETCH_RETRY_MS;
	return error;
}
