/* consensus/log.c - records of the safety log: writing, replaying, and the log's fresh
 * beginning. */
#include "consensus/internal.h"

#define RECORD_VERSION 1u

enum log_kind {
	LOG_VOTE = 1, LOG_PROPOSED, LOG_BLOCK, LOG_CERT, LOG_ROLLED_BACK, LOG_FLOOR, LOG_CLOSED,
};

static void record_begin(struct sr_writer *w, enum log_kind kind)
{
	sr_writer_init(w, CONS_RECORD_MAX);
	sr_write_u8(w, RECORD_VERSION);
	sr_write_u8(w, (uint8_t)kind);
}

/* A record that can't be made durable ends this instance's voting. */
static enum sr_error record_put(struct consensus *self, struct sr_writer *w, bool sync)
{
	enum sr_error error = self->stopped;

	if (error == SR_OK && !self->replaying) {
		error = sr_writer_finish(w);
		if (error == SR_OK)
			error = self->ports.persist(self->ports.ctx, w->p, w->n, sync);
		error = cons_fatal(self, error);
	}
	sr_writer_clear(w);
	return error;
}

static void vote_record(struct sr_writer *w, const struct consensus_vote *v,
    const struct cons_block *block)
{
	record_begin(w, LOG_VOTE);
	consensus_vote_write(w, v);
	sr_write_bool(w, block != NULL);
	if (block != NULL)
		cons_block_write(w, block);
}

static void proposed_record(struct sr_writer *w, const struct consensus_header *h,
    const struct sr_sig64 *sig)
{
	record_begin(w, LOG_PROPOSED);
	consensus_header_write(w, h);
	sr_write_sig(w, sig);
}

static void block_record(struct sr_writer *w, const struct cons_block *block, bool final)
{
	record_begin(w, LOG_BLOCK);
	sr_write_bool(w, final);
	cons_block_write(w, block);
}

static void cert_record(struct sr_writer *w, const struct consensus_cert *c)
{
	record_begin(w, LOG_CERT);
	consensus_cert_write(w, c);
}

static void floor_record(struct sr_writer *w, uint64_t floor)
{
	record_begin(w, LOG_FLOOR);
	sr_write_u64(w, floor);
}

enum sr_error cons_log_vote(struct consensus *self, const struct consensus_vote *v,
    struct cons_block *block)
{
	struct sr_writer w;

	vote_record(&w, v, block);
	SR_TRY(record_put(self, &w, true));
	if (block != NULL)
		block->logged = true;
	return SR_OK;
}

enum sr_error cons_log_proposed(struct consensus *self, const struct consensus_header *header,
    const struct sr_sig64 *sig)
{
	struct sr_writer w;

	proposed_record(&w, header, sig);
	return record_put(self, &w, true);
}

/* Peers have it too: not worth waiting for. */
enum sr_error cons_log_block(struct consensus *self, struct cons_block *block, bool final)
{
	struct sr_writer w;

	if (block->logged)
		return SR_OK;
	block_record(&w, block, final);
	SR_TRY(record_put(self, &w, false));
	block->logged = true;
	return SR_OK;
}

enum sr_error cons_log_cert(struct consensus *self, const struct consensus_cert *c)
{
	struct sr_writer w;

	cert_record(&w, c);
	return record_put(self, &w, false);
}

enum sr_error cons_log_rolled_back(struct consensus *self)
{
	struct sr_writer w;

	record_begin(&w, LOG_ROLLED_BACK);
	return record_put(self, &w, true);
}

enum sr_error cons_log_floor(struct consensus *self)
{
	struct sr_writer w;

	floor_record(&w, self->floor);
	return record_put(self, &w, true);
}

enum sr_error cons_log_closed(struct consensus *self)
{
	struct sr_writer w;

	record_begin(&w, LOG_CLOSED);
	return record_put(self, &w, false);
}

/* --- replay --- */

static enum sr_error replay_tree_add(struct consensus *self, struct cons_block *b)
{
	enum sr_error error;

	b->logged = true;
	error = cons_tree_add(self, b);
	if (error == SR_OK)
		return SR_OK;
	if (error == SR_ERR_DUPLICATE)
		cons_tree_find(self, b->header.slot, &b->hash)->logged = true;
	cons_block_free(b);
	return error == SR_ERR_DUPLICATE || error == SR_ERR_STALE ? SR_OK : error;
}

static enum sr_error replay_vote(struct consensus *self, struct sr_reader *r)
{
	struct cons_block *block = NULL;
	struct consensus_vote v;
	struct cons_slot *s;
	bool contradicts;
	enum sr_error error;

	consensus_vote_read(&v, r);
	if (sr_read_bool(r))
		SR_TRY(cons_block_read(&block, r));
	error = sr_reader_finish(r);
	if (error == SR_OK && (v.voter != self->config.self || v.epoch != self->config.epoch ||
	    (block != NULL && (!sr_hash32_equal(&block->hash, &v.hash) ||
		block->header.slot != v.slot))))
		error = SR_ERR_DAMAGED;
	if (error == SR_OK && v.slot >= self->low_slot)
		error = cons_slot_get(self, &s, v.slot);
	if (error != SR_OK || v.slot < self->low_slot) {
		cons_block_free(block);
		return error;
	}
	/* I never log two votes of a kind in a slot: the second would hide the first. */
	(void)cons_own_known(&s->own, &v, &contradicts);
	if (contradicts) {
		cons_block_free(block);
		return SR_ERR_DAMAGED;
	}
	cons_own_set(&s->own, &v);
	if (block != NULL)
		SR_TRY(replay_tree_add(self, block));
	return cons_pool_vote(self, self->config.self, &v);
}

static enum sr_error replay_proposed(struct consensus *self, struct sr_reader *r)
{
	struct consensus_header h;
	struct sr_sig64 sig;
	struct cons_slot *s;

	consensus_header_read(&h, r);
	sig = sr_read_sig(r);
	SR_TRY(sr_reader_finish(r));
	if (h.author != self->config.self || h.epoch != self->config.epoch)
		return SR_ERR_DAMAGED;
	if (h.slot < self->low_slot)
		return SR_OK;
	SR_TRY(cons_slot_get(self, &s, h.slot));
	s->own.proposed = true;
	s->own.proposal = h;
	s->own.proposal_sig = sig;
	return SR_OK;
}

/* A block that was logged because it was final: commits at once when it is the next one. */
static enum sr_error replay_final(struct consensus *self, struct cons_block *b)
{
	uint64_t slot = b->header.slot;      /* b itself may give way to the one that is held */
	struct cons_block *held = cons_tree_find(self, slot, &b->hash);
	enum sr_error error;

	if (held != NULL) {
		held->logged = true;
		cons_block_free(b);
		b = held;
	}
	b->logged = true;
	error = cons_block_validate(self, b);
	if (error == SR_OK)
		error = cons_commit_one(self, b, cons_cert_of(self, CONSENSUS_NOTAR, slot),
		    cons_cert_of(self, CONSENSUS_FINAL, slot));
	if (error == SR_OK && !b->in_tree && slot >= self->low_slot)
		error = cons_tree_add(self, b);
	if (!b->in_tree)
		cons_block_free(b);
	return error;
}

static enum sr_error replay_block(struct consensus *self, struct sr_reader *r)
{
	struct cons_block *b;
	bool final = sr_read_bool(r);
	enum sr_error error;

	SR_TRY(cons_block_read(&b, r));
	error = sr_reader_finish(r);
	if (error == SR_OK && b->header.epoch != self->config.epoch)
		error = SR_ERR_DAMAGED;
	if (error != SR_OK || b->header.slot <= self->final.slot) {
		cons_block_free(b);
		return error;
	}
	if (final && cons_is_final(self, b->header.parent_slot, &b->header.parent_hash))
		return replay_final(self, b);
	return replay_tree_add(self, b);
}

static enum sr_error replay_cert(struct consensus *self, struct sr_reader *r)
{
	struct consensus_cert c;

	consensus_cert_read(&c, r);
	SR_TRY(sr_reader_finish(r));
	return cons_pool_cert(self, &c, true, false);
}

static enum sr_error replay_floor(struct consensus *self, struct sr_reader *r)
{
	uint64_t floor = sr_read_u64(r);

	SR_TRY(sr_reader_finish(r));
	if (floor > self->floor)
		self->floor = floor;
	self->rolled_back = false;
	return SR_OK;
}

static enum sr_error replay_one(struct consensus *self, struct sr_reader *r)
{
	if (sr_read_u8(r) != RECORD_VERSION)
		return SR_ERR_DAMAGED;
	switch (sr_read_u8(r)) {
	case LOG_VOTE:
		return replay_vote(self, r);
	case LOG_PROPOSED:
		return replay_proposed(self, r);
	case LOG_BLOCK:
		return replay_block(self, r);
	case LOG_CERT:
		return replay_cert(self, r);
	case LOG_ROLLED_BACK:
		self->rolled_back = true;
		return sr_reader_finish(r);
	case LOG_FLOOR:
		return replay_floor(self, r);
	case LOG_CLOSED:
		self->closed = true;
		return sr_reader_finish(r);
	default:
		return SR_ERR_DAMAGED;
	}
}

enum sr_error consensus_replay(struct consensus *self, const uint8_t *record, size_t n)
{
	struct sr_reader r;
	enum sr_error error;

	SR_ASSERT(!self->started);
	sr_reader_init(&r, record, n);
	self->replaying = true;
	error = replay_one(self, &r);
	if (error == SR_OK)
		error = cons_commit(self);
	self->replaying = false;
	if (error != SR_OK && error != SR_ERR_NO_MEMORY)
		error = SR_ERR_DAMAGED;
	return error;
}

/* --- compact --- */

struct emitter {
	enum sr_error (*emit)(void *ctx, const uint8_t *record, size_t n);
	void *ctx;
};

static enum sr_error emit(const struct emitter *e, struct sr_writer *w)
{
	enum sr_error error = sr_writer_finish(w);

	if (error == SR_OK)
		error = e->emit(e->ctx, w->p, w->n);
	sr_writer_clear(w);
	return error;
}

static enum sr_error emit_cert(const struct consensus *self, const struct emitter *e,
    enum consensus_vote_kind kind, uint64_t slot)
{
	const struct consensus_cert *c = cons_cert_of(self, kind, slot);
	struct sr_writer w;

	if (c == NULL)
		return SR_OK;
	cert_record(&w, c);
	return emit(e, &w);
}

static enum sr_error emit_votes(const struct consensus *self, const struct emitter *e,
    const struct cons_slot *s)
{
	static const enum consensus_vote_kind kinds[] = {
		CONSENSUS_NOTAR, CONSENSUS_SKIP, CONSENSUS_FINAL,
	};
	bool cast[] = { s->own.notar, s->own.skip, s->own.final };
	struct sr_writer w;

	for (size_t i = 0; i < 3; i++) {
		const struct cons_block *block = NULL;
		struct consensus_vote v;

		if (!cast[i])
			continue;
		v = cons_ballot_vote(self, s, self->config.self, kinds[i]);
		if (kinds[i] == CONSENSUS_NOTAR)
			block = cons_tree_find(self, s->slot, &s->own.notar_hash);
		vote_record(&w, &v, block);
		SR_TRY(emit(e, &w));
	}
	return SR_OK;
}

static enum sr_error emit_slot(const struct consensus *self, const struct emitter *e,
    const struct cons_slot *s)
{
	struct sr_writer w;

	if (s->own.proposed) {
		proposed_record(&w, &s->own.proposal, &s->own.proposal_sig);
		SR_TRY(emit(e, &w));
	}
	for (const struct cons_block *b = s->blocks; b != NULL; b = b->next) {
		bool with_vote = s->own.notar && sr_hash32_equal(&b->hash, &s->own.notar_hash);

		if (b->committed || with_vote || !b->logged)
			continue;
		block_record(&w, b, false);
		SR_TRY(emit(e, &w));
	}
	SR_TRY(emit_votes(self, e, s));
	SR_TRY(emit_cert(self, e, CONSENSUS_NOTAR, s->slot));
	/* Below a final slot nobody asks who skipped. */
	return s->slot > self->top_slot ? emit_cert(self, e, CONSENSUS_SKIP, s->slot) : SR_OK;
}

enum sr_error consensus_compact(struct consensus *self,
    enum sr_error (*put)(void *ctx, const uint8_t *record, size_t n), void *ctx)
{
	struct emitter e = { put, ctx };
	struct sr_writer w;

	if (self->floor > 0) {
		floor_record(&w, self->floor);
		SR_TRY(emit(&e, &w));
	}
	if (self->rolled_back) {
		record_begin(&w, LOG_ROLLED_BACK);
		SR_TRY(emit(&e, &w));
	}
	if (self->closed) {
		record_begin(&w, LOG_CLOSED);
		SR_TRY(emit(&e, &w));
	}
	SR_TRY(emit_cert(self, &e, CONSENSUS_NOTAR, self->final.slot));
	SR_TRY(emit_cert(self, &e, CONSENSUS_FINAL, self->final.slot));
	if (self->top_slot > self->final.slot)
		SR_TRY(emit_cert(self, &e, CONSENSUS_FINAL, self->top_slot));
	for (uint64_t slot = cons_first_open(self); slot <= self->highest_slot; slot++) {
		const struct cons_slot *s = cons_slot_find(self, slot);

		if (s != NULL)
			SR_TRY(emit_slot(self, &e, s));
	}
	return SR_OK;
}
